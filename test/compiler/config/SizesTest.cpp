// The published sizes: counts and shapes that docs of the family give, and the places where sizes differ.
#include "compiler/config/Description.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>

using namespace gemmac;
using namespace gemmac::config;

namespace {

const std::string kFamily = GEMMAC_SOURCE_DIR "/models/gemma4.toml";
const std::string kOlder = GEMMAC_SOURCE_DIR "/models/gemma3.toml";

Model make(const std::string &file, const std::string &size) {
  Result<Model> model = elaborate(file, size, nullptr);
  EXPECT_TRUE(model) << (model ? "" : model.error().message);
  return model ? *model : Model();
}
const Step *step(const Model &model, const std::string &name) {
  for (const Step &one : model.steps)
    if (one.name == name)
      return &one;
  return nullptr;
}
std::vector<int64_t> shape(const Model &model, const std::string &name) {
  for (const Weight &weight : model.weights)
    if (weight.name == name)
      return weight.shape;
  return {};
}
int64_t integer(const Model &model, const std::string &name, const char *attribute) {
  const Step *one = step(model, name);
  return one ? std::get<int64_t>(one->attributes.at(attribute)) : -1;
}
double real(const Model &model, const std::string &name, const char *attribute) {
  const Step *one = step(model, name);
  return one ? std::get<double>(one->attributes.at(attribute)) : -1;
}

/// Facts that fit the description: the size's own names and shapes.
Facts factsOf(const Model &model, const std::string &type) {
  Facts facts;
  facts.source = Facts::Source::HuggingFace;
  facts.path = "folder/config.json";
  for (const Weight &weight : model.weights)
    facts.tensors[weight.names[0][0]] = weight.shape;
  auto set = [&](const char *key, Scalar scalar) { facts.numbers[key].scalar = std::move(scalar); };
  set("model_type", type);
  set("vocab_size", 512.0);
  set("max_position_embeddings", 4096.0);
  set("hidden_size", 64.0);
  set("num_hidden_layers", 6.0);
  set("sliding_window", 16.0);
  set("num_attention_heads", 4.0);
  set("num_key_value_heads", 2.0);
  set("head_dim", 32.0);
  set("global_head_dim", 64.0);
  set("intermediate_size", 96.0);
  return facts;
}

/// The message of a checkpoint with one more key.
std::string withKey(const std::string &file, const std::string &key, Scalar scalar) {
  Facts facts = factsOf(make(file, "e2b"), "gemma4_text");
  facts.numbers[key].scalar = std::move(scalar);
  Result<Model> model = elaborate(file, std::nullopt, &facts);
  return model ? "" : model.error().message;
}

TEST(Keys, EachIsReadIgnoredOrAnError) {
  std::string message = withKey(kFamily, "embedding_multiplier", 12.0);
  EXPECT_NE(message.find("no number of " + kFamily + " reads 'embedding_multiplier' = 12"), std::string::npos)
      << message;
  message = withKey(kFamily, "text_config.rope_scaling.factor", 8.0);
  EXPECT_NE(message.find("reads 'text_config.rope_scaling.factor' = 8"), std::string::npos) << message;
  message = withKey(kFamily, "text_config.sliding_windw", 8.0);
  EXPECT_NE(message.find("; did you mean 'text_config.sliding_window'?"), std::string::npos) << message;
  auto unread = [&](const std::string &key, Scalar scalar) {
    return withKey(kFamily, key, std::move(scalar)).find("no number of") != std::string::npos;
  };
  EXPECT_FALSE(unread("transformers_version", std::string("5")));     // never matters
  EXPECT_FALSE(unread("text_config.dtype", std::string("bfloat16"))); // nor here
  EXPECT_FALSE(unread("vision_config.hidden_size", 64.0));            // ignored, with a reason
  EXPECT_FALSE(unread("boi_token_id", 64.0));
  EXPECT_FALSE(unread("embedding_multiplier", Scalar()));             // null is absent
  EXPECT_TRUE(unread("text_config.vision_config.hidden_size", 64.0)); // ignored at the root only
  EXPECT_TRUE(unread("xdtype", 64.0));
}

struct Published {
  const char *size;
  size_t tensors; ///< of a GGUF, less rope_freqs and what sharing layers leave unused
  double billions;
};

TEST(Sizes, CountsAndParameters) {
  for (Published p : {Published{"e2b", 540, 4.63},
                      {"e4b", 665, 7.46},
                      {"12b", 666, 11.91},
                      {"26b-a4b", 657, 25.23},
                      {"31b", 832, 30.70}}) {
    Model model = make(kFamily, p.size);
    EXPECT_EQ(model.weights.size(), p.tensors) << p.size;
    double elements = 0;
    for (const Weight &weight : model.weights) {
      double n = 1;
      for (int64_t axis : weight.shape)
        n *= double(axis);
      elements += n;
    }
    EXPECT_NEAR(elements / 1e9, p.billions, 0.005) << p.size;
    EXPECT_EQ(model.vocab, 262144) << p.size;
    EXPECT_EQ(model.stopIds, (std::vector<int64_t>{1, 106, 50})) << p.size;
    EXPECT_EQ(model.emptyThought, p.size[0] != 'e') << p.size;
    EXPECT_EQ(model.size, p.size);
    std::set<std::string> names, steps;
    for (const Weight &weight : model.weights)
      EXPECT_TRUE(names.insert(weight.names[0][0]).second) << weight.names[0][0];
    for (const Step &one : model.steps)
      EXPECT_TRUE(steps.insert(one.name).second) << one.name;
  }
}

TEST(Sizes, EveryInputIsAnEarlierStep) {
  for (const char *size : {"e2b", "e4b", "12b", "26b-a4b", "31b"}) {
    Model model = make(kFamily, size);
    std::set<std::string> known = {"ids"}, weights;
    for (const Weight &weight : model.weights)
      weights.insert(weight.name);
    for (const Step &one : model.steps) {
      for (const std::string &input : one.inputs)
        EXPECT_TRUE(known.count(input)) << size << " " << one.name << " reads " << input;
      for (const std::string &weight : one.weights)
        EXPECT_TRUE(weights.count(weight)) << size << " " << one.name << " uses " << weight;
      known.insert(one.name);
      EXPECT_GT(one.where.line, 0);
    }
  }
}

TEST(Sizes, SharedKeysAndDoubleWidth) {
  Model model = make(kFamily, "e2b");
  EXPECT_EQ(step(model, "layers.14.attended")->inputs[1], "layers.14.k");
  EXPECT_EQ(step(model, "layers.15.attended")->inputs[1], "layers.13.k");
  EXPECT_EQ(step(model, "layers.19.attended")->inputs[2], "layers.14.v");
  EXPECT_EQ(step(model, "layers.15.k"), nullptr);
  EXPECT_EQ(shape(model, "layers.14.gate_proj"), (std::vector<int64_t>{6144, 1536}));
  EXPECT_EQ(shape(model, "layers.15.gate_proj"), (std::vector<int64_t>{12288, 1536}));
  EXPECT_EQ(shape(model, "layers.4.q_proj"), (std::vector<int64_t>{4096, 1536}));
  EXPECT_EQ(integer(model, "layers.3.attended", "window"), 512);
  EXPECT_EQ(integer(model, "layers.4.attended", "window"), 0);
  EXPECT_EQ(integer(model, "layers.4.q", "pairs"), 64);
  EXPECT_EQ(real(model, "layers.4.q", "denominator"), 512);
  EXPECT_EQ(real(model, "layers.4.q", "theta"), 1e6);
  EXPECT_EQ(integer(model, "layers.3.q", "pairs"), 128);
  EXPECT_EQ(integer(model, "layers.34.ple_slice", "offset"), 34 * 256);
  EXPECT_NEAR(real(model, "embedded", "scale"), 39.19184, 1e-5);
  EXPECT_EQ(real(model, "ple_token", "scale"), 16);
  EXPECT_NEAR(real(model, "ple_scaled", "by"), 0.025515518, 1e-9);
  EXPECT_NEAR(real(model, "ple_rows", "by"), 0.70710678, 1e-8);
  EXPECT_EQ(step(model, "head_out")->weights[0], "embed");
  EXPECT_EQ(model.steps.back().op, "softcap");
}

TEST(Sizes, ValuesFromKeysAndExperts) {
  Model model = make(kFamily, "26b-a4b");
  EXPECT_EQ(step(model, "layers.5.v_raw"), nullptr);
  EXPECT_EQ(step(model, "layers.5.v")->inputs[0], "layers.5.k_raw");
  EXPECT_EQ(step(model, "layers.4.v")->inputs[0], "layers.4.v_raw");
  EXPECT_EQ(integer(model, "layers.5.attended", "kv_heads"), 2);
  EXPECT_EQ(integer(model, "layers.4.attended", "kv_heads"), 8);
  EXPECT_EQ(shape(model, "layers.0.experts_gate_up"), (std::vector<int64_t>{128, 1408, 2816}));
  EXPECT_EQ(step(model, "layers.0.ffn_normed")->inputs[0], "layers.0.ffn_sum");
  EXPECT_EQ(step(make(kFamily, "31b"), "layers.0.ffn_normed")->inputs[0], "layers.0.dense");
  EXPECT_EQ(step(model, "ple_token"), nullptr);
}

TEST(Sizes, ImageBlocksOnSlidingLayersOfTheLargeSizes) {
  for (const char *size : {"e2b", "e4b", "12b", "26b-a4b", "31b"}) {
    Model model = make(kFamily, size);
    for (const Step &one : model.steps)
      if (one.op == "attention") {
        bool sees = size[0] != 'e' && std::get<int64_t>(one.attributes.at("window")) > 0;
        EXPECT_EQ(std::get<int64_t>(one.attributes.at("blocks")), sees ? 280 : 0) << size << " " << one.name;
      }
  }
}

TEST(Sizes, LayersHaveTheirClass) {
  Model model = make(kFamily, "e2b");
  ASSERT_EQ(model.layerList.size(), 35u);
  EXPECT_EQ(model.layerList[0].layerClass, "sliding, per-layer embedding");
  EXPECT_EQ(model.layerList[4].layerClass, "global, per-layer embedding");
  EXPECT_EQ(model.layerList[15].layerClass, "sliding, shared keys and values, double-wide, per-layer embedding");
  EXPECT_EQ(model.layerList[34].output, "layers.34.scaled");
  EXPECT_EQ(make(kFamily, "26b-a4b").layerList[5].layerClass, "global, values = keys, experts");
  // Without words in the description: the same operations and shapes.
  std::string path = testing::TempDir() + "plain.toml";
  std::ifstream in(kFamily);
  std::ofstream out(path);
  for (std::string line; std::getline(in, line);)
    if (!line.starts_with("class = "))
      out << line << "\n";
  out.close();
  Model plain = make(path, "e2b");
  EXPECT_EQ(plain.layerList[0].layerClass, "class 1");
  EXPECT_EQ(plain.layerList[3].layerClass, "class 1");
  EXPECT_EQ(plain.layerList[4].layerClass, "class 2");
  EXPECT_EQ(plain.layerList[15].layerClass, "class 3");
}

TEST(Sizes, OlderFamily) {
  Model model = make(kOlder, "270m");
  EXPECT_EQ(model.weights.size(), 236u);
  EXPECT_EQ(integer(model, "layers.5.attended", "window"), 0);
  EXPECT_EQ(integer(model, "layers.6.attended", "window"), 512);
  EXPECT_EQ(real(model, "layers.0.attended", "scale"), 0.0625);
  EXPECT_EQ(real(model, "layers.0.q", "theta"), 1e4);
  for (const Weight &weight : model.weights)
    EXPECT_EQ(weight.offset, weight.shape.size() == 1 ? 1 : 0) << weight.name;
}

TEST(Checkpoint, NumbersComeFromIt) {
  Facts facts = factsOf(make(kFamily, "31b"), "gemma4_text");
  Result<Model> model = elaborate(kFamily, std::nullopt, &facts);
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ(model->layers, 6);
  EXPECT_EQ(model->size, "checkpoint");
  EXPECT_EQ(model->numbers.at("hidden_size").where.file, "folder/config.json");
  EXPECT_EQ(model->weights[0].names[0][0], "model.language_model.embed_tokens.weight");
}

TEST(Checkpoint, SaysWhetherImagesAreBlocks) {
  Facts facts = factsOf(make(kFamily, "31b"), "gemma4_text");
  Result<Model> causal = elaborate(kFamily, std::nullopt, &facts);
  ASSERT_TRUE(causal) << causal.error().message;
  EXPECT_EQ(integer(*causal, "layers.0.attended", "blocks"), 0);
  facts.numbers["use_bidirectional_attention"].scalar = std::string("vision");
  facts.numbers["vision_soft_tokens_per_image"].scalar = 70.0;
  Result<Model> model = elaborate(kFamily, std::nullopt, &facts);
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ(integer(*model, "layers.0.attended", "blocks"), 70);
  EXPECT_EQ(integer(*model, "layers.5.attended", "blocks"), 0);
  facts.numbers["use_bidirectional_attention"].scalar = std::string("all");
  Result<Model> all = elaborate(kFamily, std::nullopt, &facts);
  ASSERT_FALSE(all);
  EXPECT_NE(all.error().message.find("text must be causal"), std::string::npos);
}

TEST(Checkpoint, PrefixIsTheOneOfTheFirstWeight) {
  Facts facts = factsOf(make(kFamily, "31b"), "gemma4_text");
  facts.tensors = {{"model.embed_tokens.weight", {512, 64}}};
  Result<Model> model = elaborate(kFamily, std::nullopt, &facts);
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ(model->weights[1].names[0][0], "model.layers.0.input_layernorm.weight");
}

TEST(Checkpoint, DifferencesNameBothPlaces) {
  Facts facts = factsOf(make(kFamily, "31b"), "gemma4_text");
  Result<Model> model = elaborate(kFamily, "31b", &facts);
  ASSERT_FALSE(model);
  const std::string &message = model.error().message;
  EXPECT_NE(message.find("error: layers = 60, but the checkpoint has 6\nlayers = 60\n"), std::string::npos) << message;
  EXPECT_NE(message.find("folder/config.json: note: num_hidden_layers = 6"), std::string::npos) << message;
  EXPECT_NE(message.find("error: hidden_size = 5376, but the checkpoint has 64"), std::string::npos) << message;
}

TEST(Checkpoint, AnotherFamilyIsRefused) {
  Facts facts = factsOf(make(kFamily, "31b"), "llama");
  Result<Model> model = elaborate(kFamily, std::nullopt, &facts);
  ASSERT_FALSE(model);
  EXPECT_NE(model.error().message.find("but this checkpoint is of type 'llama'"), std::string::npos);
  Result<bool> known = recognises(kFamily, facts);
  ASSERT_TRUE(known);
  EXPECT_FALSE(*known);
}

TEST(Checkpoint, HeadsPerLayer) {
  Facts facts = factsOf(make(kFamily, "31b"), "gemma4_text");
  facts.numbers.erase("global_head_dim");
  facts.numbers["per_layer_config.5.head_dim"].scalar = 128.0;
  facts.numbers["per_layer_config.5.num_key_value_heads"].scalar = 1.0;
  Result<Model> model = elaborate(kFamily, std::nullopt, &facts);
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ(shape(*model, "layers.5.k_proj"), (std::vector<int64_t>{128, 64}));
  EXPECT_EQ(shape(*model, "layers.4.k_proj"), (std::vector<int64_t>{64, 64}));
}

TEST(Checkpoint, NoSizeAndNoCheckpoint) {
  Result<Model> model = elaborate(kFamily, std::nullopt, nullptr);
  ASSERT_FALSE(model);
  EXPECT_NE(model.error().message.find("it has the sizes e2b, e4b, 12b, 26b-a4b, 31b"), std::string::npos);
  Result<std::vector<std::string>> sizes = listSizes(kFamily);
  ASSERT_TRUE(sizes);
  EXPECT_EQ(sizes->size(), 5u);
  EXPECT_TRUE(check(kFamily));
  EXPECT_TRUE(check(kOlder));
}

} // namespace
