// The sizes of models/gemma4.toml against the published numbers, and a test of that test: each line of [sizes.*] and
// each default that no golden uses is changed, one at a time, and the comparison has to notice. Its output lists the
// lines.
#include "compiler/config/Description.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <unistd.h>

using namespace gemmac;
using namespace gemmac::config;

namespace {

const std::string kFamily = GEMMAC_SOURCE_DIR "/models/gemma4.toml";

/// Written down from transformers' convert_gemma4_weights.py and configuration_gemma4.py and google-deepmind/gemma's
/// gm/nn/gemma4/_gemma4.py, which agree; not from our TOML. Layer i is global if i % period == period - 1.
struct Published {
  const char *size;
  int64_t hidden, layers, period, heads, kv, globalKv, ffn, sharedFfn, ple, window, sharing;
  int64_t slidingSource, globalSource; ///< of the layers that share
  bool keysAreValues;
  int64_t experts, topK, expertFfn, context;
};
constexpr Published kPublished[] = {
    {"e2b", 1536, 35, 5, 8, 1, 1, 6144, 12288, 256, 512, 20, 13, 14, false, 0, 0, 0, 131072},
    {"e4b", 2560, 42, 6, 8, 2, 2, 10240, 10240, 256, 512, 18, 22, 23, false, 0, 0, 0, 131072},
    {"12b", 3840, 48, 6, 16, 8, 1, 15360, 0, 0, 1024, 0, -1, -1, true, 0, 0, 0, 262144},
    {"26b-a4b", 2816, 30, 6, 16, 8, 2, 2112, 0, 0, 1024, 0, -1, -1, true, 128, 8, 704, 262144},
    {"31b", 5376, 60, 6, 32, 16, 4, 21504, 0, 0, 1024, 0, -1, -1, true, 0, 0, 0, 262144},
};
constexpr int64_t kVocab = 262144, kHead = 256, kGlobalHead = 512;
constexpr double kEpsilon = 1e-6, kTheta = 1e4, kGlobalTheta = 1e6, kCap = 30;

/// What a model says differently, one name an entry.
class Comparison {
public:
  Comparison(const Model &model, const Published &p) : model(model), p(p) {
    for (const Step &step : model.steps)
      steps[step.name] = &step;
    for (const Weight &weight : model.weights)
      shapes[weight.name] = weight.shape;
    whole();
    for (int64_t i = 0; i < p.layers; ++i)
      layer(i);
    for (const Step &step : model.steps)
      if (step.op == "rms_norm")
        same(step.name, "eps", kEpsilon);
    expect("weights left", shapes.size(), counted);
  }
  std::vector<std::string> found;

private:
  template <class T, class U> void expect(const std::string &what, const T &got, const U &want) {
    if (!(got == want))
      found.push_back(what);
  }
  void shape(const std::string &name, std::vector<int64_t> want) {
    auto at = shapes.find(name);
    expect("shape of " + name, at == shapes.end() ? std::vector<int64_t>() : at->second, want);
    ++counted;
  }
  void same(const std::string &step, const char *attribute, double want) {
    auto at = steps.find(step);
    if (at == steps.end() || !at->second->attributes.count(attribute))
      return found.push_back(step + " has no " + attribute);
    const Attribute &value = at->second->attributes.at(attribute);
    const int64_t *whole = std::get_if<int64_t>(&value);
    const double *real = std::get_if<double>(&value);
    expect(step + "." + attribute, whole ? double(*whole) : real ? *real : -1, want);
  }
  void input(const std::string &step, size_t index, const std::string &want) {
    auto at = steps.find(step);
    bool there = at != steps.end() && index < at->second->inputs.size();
    expect("input of " + step, there ? at->second->inputs[index] : "nothing", want);
  }

  void whole() {
    expect("layers", model.layers, p.layers);
    expect("vocab", model.vocab, kVocab);
    expect("context", model.context, p.context);
    expect("bos", model.bos, 2);
    expect("stop ids", model.stopIds, std::vector<int64_t>({1, 106, 50}));
    expect("temperature", model.temperature, 1.0);
    expect("top p", model.topP, 0.95);
    expect("top k", model.topK, 64);
    expect("last step", model.steps.back().op, "softcap");
    same(model.steps.back().name, "cap", kCap);
    shape("embed", {kVocab, p.hidden});
    shape("final_norm", {p.hidden});
    expect("layers of per-layer embeddings", steps.count("ple_token") == 1, p.ple > 0);
    if (p.ple == 0)
      return;
    shape("ple_table", {kVocab, p.layers * p.ple});
    shape("ple_projection", {p.layers * p.ple, p.hidden});
    shape("ple_norm", {p.ple});
  }

  void layer(int64_t i) {
    std::string at = "layers." + std::to_string(i) + ".";
    bool global = i % p.period == p.period - 1, owns = i < p.layers - p.sharing;
    bool valuesAreKeys = global && p.keysAreValues;
    int64_t head = global ? kGlobalHead : kHead, kv = global ? p.globalKv : p.kv;
    int64_t source = owns ? i : global ? p.globalSource : p.slidingSource, ffn = owns ? p.ffn : p.sharedFfn;
    shape(at + "q_proj", {p.heads * head, p.hidden});
    shape(at + "o_proj", {p.hidden, p.heads * head});
    shape(at + "q_norm", {head});
    if (owns) {
      shape(at + "k_proj", {kv * head, p.hidden});
      shape(at + "k_norm", {head});
      if (!valuesAreKeys)
        shape(at + "v_proj", {kv * head, p.hidden});
      input(at + "v", 0, at + (valuesAreKeys ? "k_raw" : "v_raw"));
    }
    same(at + "q", "theta", global ? kGlobalTheta : kTheta);
    same(at + "q", "pairs", global ? 64 : 128);
    same(at + "q", "denominator", double(head));
    same(at + "attended", "heads", double(p.heads));
    same(at + "attended", "kv_heads", double(kv));
    same(at + "attended", "head_dim", double(head));
    same(at + "attended", "window", global ? 0 : double(p.window));
    same(at + "attended", "scale", 1);
    same(at + "attended", "blocks", global || p.ple > 0 ? 0 : 280); // tokens of an image
    input(at + "attended", 1, "layers." + std::to_string(source) + ".k");
    input(at + "attended", 2, "layers." + std::to_string(source) + ".v");
    shape(at + "gate_proj", {ffn, p.hidden});
    shape(at + "up_proj", {ffn, p.hidden});
    shape(at + "down_proj", {p.hidden, ffn});
    for (const char *norm : {"attn_norm", "post_attn_norm", "ffn_norm", "post_ffn_norm"})
      shape(at + norm, {p.hidden});
    shape(at + "layer_scalar", {1});
    if (p.ple > 0) {
      shape(at + "ple_gate", {p.ple, p.hidden});
      shape(at + "ple_proj", {p.hidden, p.ple});
      shape(at + "post_ple_norm", {p.hidden});
    }
    if (p.experts > 0)
      experts(at);
  }

  void experts(const std::string &at) {
    shape(at + "router", {p.experts, p.hidden});
    shape(at + "router_expert_scale", {p.experts});
    shape(at + "experts_gate_up", {p.experts, 2 * p.expertFfn, p.hidden});
    shape(at + "experts_down", {p.experts, p.hidden, p.expertFfn});
    for (const char *norm : {"router_scale", "expert_norm", "post_dense_norm", "post_expert_norm"})
      shape(at + norm, {p.hidden});
    same(at + "routing", "top_k", double(p.topK));
  }

  const Model &model;
  const Published &p;
  std::map<std::string, const Step *> steps;
  std::map<std::string, std::vector<int64_t>> shapes;
  size_t counted = 0;
};

/// The first thing that some size says differently, or why it does not elaborate; empty if nothing.
std::string noticed(const std::string &file, const std::string &only) {
  for (const Published &p : kPublished) {
    if (!only.empty() && only != p.size)
      continue;
    Result<Model> model = elaborate(file, p.size, nullptr);
    if (!model)
      return "refused: " + model.error().message.substr(0, model.error().message.find('\n'));
    if (std::vector<std::string> found = Comparison(*model, p).found; !found.empty())
      return std::string(p.size) + ": " + found.front();
  }
  return "";
}

/// Another value of the same type.
std::string changed(const std::string &value) {
  if (value == "true" || value == "false")
    return value == "true" ? "false" : "true";
  if (value.front() == '"')
    return "\"none\"";
  if (value.front() == '[') { // the kinds of layers: the first becomes global
    std::string text = value;
    return text.replace(text.find("sliding_attention"), 17, "full_attention");
  }
  if (value.find_first_of(".e") != std::string::npos)
    return std::to_string(std::stod(value) < 0.1 ? 0.01 : std::stod(value) / 2);
  return std::to_string(std::stoll(value) == 0 ? 2 : std::stoll(value) * 2);
}

struct Mutant {
  std::string name, size, text;
};

/// Numbers whose default every size of this file takes. The others' are written in [sizes].
const std::vector<std::string> kDefaults = {
    "norm_eps",    "image_tokens", "rope_theta", "global_rope_theta", "global_rope_part", "bos_id", "eos_ids",
    "temperature", "top_p",        "top_k"};

std::vector<Mutant> mutants() {
  std::ifstream in(kFamily);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);)
    lines.push_back(line);
  auto with = [&](size_t at, const std::string &line) {
    std::ostringstream text;
    for (size_t i = 0; i < lines.size(); ++i)
      text << (i == at ? line : lines[i]) << '\n';
    return text.str();
  };
  std::vector<Mutant> all;
  std::string size;
  std::smatch found;
  for (size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].starts_with("["))
      size = std::regex_match(lines[i], found, std::regex(R"(\[sizes\.(.+)\].*)")) ? found[1].str() : "";
    if (!size.empty() && std::regex_match(lines[i], found, std::regex(R"((\w+) = (\[.*\]|[^ ]+).*)"))) {
      std::string value = changed(found[2]);
      all.push_back({size + "." + found[1].str() + " = " + value, size, with(i, found[1].str() + " = " + value)});
    }
    for (const std::string &name : kDefaults)
      if (std::regex_match(lines[i], found, std::regex("(" + name + R"( .*\bdefault = )([-+.\w]+)(.*))"))) {
        std::string value = changed(found[2]);
        all.push_back({"default of " + name + " = " + value, "", with(i, found[1].str() + value + found[3].str())});
      }
  }
  return all;
}

TEST(Published, SizesAreTheirs) {
  for (const Published &p : kPublished) {
    Result<Model> model = elaborate(kFamily, p.size, nullptr);
    ASSERT_TRUE(model) << model.error().message;
    EXPECT_EQ(Comparison(*model, p).found, std::vector<std::string>()) << p.size;
  }
}

TEST(Published, EveryNumberOfASizeIsNoticed) {
  std::string file = std::filesystem::temp_directory_path() / ("gemmac-sizes-" + std::to_string(getpid()) + ".toml");
  std::vector<Mutant> all = mutants();
  EXPECT_EQ(all.size(), 93 + kDefaults.size());
  for (const Mutant &mutant : all) {
    std::ofstream(file) << mutant.text;
    std::string what = noticed(file, mutant.size);
    std::printf("  %-60.60s %s\n", mutant.name.c_str(), what.empty() ? "no effect" : what.c_str());
    // Only layers that share keys and values are ever double wide; these sizes have none.
    bool without = mutant.name.ends_with("double_wide = true") && mutant.size[0] != 'e';
    EXPECT_EQ(what.empty(), without) << mutant.name << (without ? " has an effect" : " is not noticed");
  }
  std::filesystem::remove(file);
}

} // namespace
