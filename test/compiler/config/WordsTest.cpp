// Words of the description language, one description with small changes: what they make of a weight or a step, and what
// is said where they do not fit.
#include "compiler/config/Description.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

using namespace gemmac;
using namespace gemmac::config;

namespace {

constexpr const char *kBase = R"(schema = 1
family = "tiny"
before = [
  { name = "embedded", op = "embed", in = "ids", weight = "embed" },
]
after = [
  { name = "wanted", op = "last_rows", in = "x" },
  { name = "logits", op = "project", in = "wanted", weight = "embed" },
]
[numbers]
vocab   = { type = "int", hf = "vocab_size" }
width   = { type = "int", hf = "hidden_size", min = 1 }
factors = { type = "float", list = true, hf = "factors", default = 1.0 }
listed  = { type = "int", list = true, hf = "listed", default = "null" }
biased  = { type = "bool", hf = "biased", default = false }
[weights]
embed = { shape = ["vocab", "width"], hf = "embed" }
[layer]
count = 1
in    = "embedded"
out   = "y"
steps = [
  @STEP
]
[layer.weights]
@WEIGHT
[runtime]
vocab   = "vocab"
context = 64
)";

class WordsTest : public testing::Test {
protected:
  WordsTest() {
    path = std::filesystem::temp_directory_path() / ("words-" + std::to_string(getpid()) + ".toml");
    facts.source = Facts::Source::HuggingFace;
    facts.path = "FOLDER";
    for (auto [key, number] : {std::pair("vocab_size", 96.0), {"hidden_size", 8.0}})
      facts.numbers[key].scalar = number;
  }
  ~WordsTest() override { std::filesystem::remove(path); }

  Result<Model> run(const std::string &step, const std::string &weights) {
    std::string text = kBase;
    text.replace(text.find("@STEP"), 5, step);
    text.replace(text.find("@WEIGHT"), 7, weights);
    std::ofstream(path) << text;
    return elaborate(path, std::nullopt, &facts);
  }
  /// The first line of what is wrong, without the place.
  std::string fault(const std::string &step, const std::string &weights) {
    Result<Model> model = run(step, weights);
    if (model)
      return "";
    std::string line = model.error().message.substr(0, model.error().message.find('\n'));
    return line.substr(line.find("error: ") + 7);
  }
  Model good(const std::string &step, const std::string &weights) {
    Result<Model> model = run(step, weights);
    EXPECT_TRUE(model) << model.error().message;
    return model ? std::move(*model) : Model();
  }

  std::string path;
  Facts facts;
};

const std::string kProject = R"({ name = "y", op = "project", in = "x", weight = ["w", "b?"] },)";
std::string rope(const std::string &more) {
  return R"({ name = "y", op = "rope", in = "x", head_dim = 8, pairs = 2, )" + more + " },";
}

TEST_F(WordsTest, AnOptionalWeightFollowsItsConditionOrTheCheckpoint) {
  const std::string w = "w = { shape = [8, 8], hf = \"w\" }\n";
  EXPECT_EQ(good(kProject, w + R"(b = { shape = [8], hf = "b", when = "biased" })").steps[1].weights.size(), 1u);
  EXPECT_EQ(good(kProject, w + R"(b = { shape = [8], hf = "b" })").steps[1].weights.size(), 1u);
  facts.tensors["b"] = {8};
  EXPECT_EQ(good(kProject, w + R"(b = { shape = [8], hf = "b" })").steps[1].weights.size(), 2u);
  facts.numbers["biased"].scalar = true;
  EXPECT_EQ(good(kProject, w + R"(b = { shape = [8], hf = "b", when = "biased" })").steps[1].weights.size(), 2u);
  EXPECT_EQ(fault(kProject, w + R"(b = { shape = [7], hf = "b" })"),
            "layer 0: weight 'layers.0.b' has shape [7], but this step needs [8]");
  EXPECT_EQ(fault(R"({ name = "y", op = "project", in = "x", weight = ["w?", "b"] },)",
                  w + R"(b = { shape = [8], hf = "b" })"),
            "only the last weights of a step may be left out, but 'b' follows 'w?'");
  EXPECT_EQ(fault(R"({ name = "y", op = "project", in = "x", weight = "w?" },)", w),
            "'project' needs 1 weights, but only 0 exist here");
}

TEST_F(WordsTest, PartsOfATensor) {
  Model model = good(kProject, R"(w = { shape = [8, 8], hf = "qkv", part_hf = [4, "width / 2", 12] }
b = { shape = [8], hf = "b" })");
  EXPECT_EQ(model.weights[1].part, (RowPart{4, 4, 12}));
  auto part = [&](const std::string &numbers) {
    return fault(R"({ name = "y", op = "project", in = "x", weight = "w" },)",
                 R"(w = { shape = [8, 8], hf = "qkv", part_hf = )" + numbers + " }");
  };
  EXPECT_EQ(part("[0, 3, 12]"), "rows 0 .. 2 of every 12 do not make the 8 rows of weight 'layers.0.w'");
  EXPECT_EQ(part("[9, 4, 12]"), "rows 9 .. 12 of every 12 do not make the 8 rows of weight 'layers.0.w'");
  EXPECT_EQ(part("[0, 0, 12]"), "the size of a part = 0 must be in 1 .. 2147483647");
  EXPECT_EQ(part("[0, 4]"), "part_hf must be a list of three numbers, [offset, size, every], found a list");
  EXPECT_EQ(fault(kProject, R"(w = { shape = [8, 8], hf = [["q", "k"]], part_hf = [0, 4, 8] }
b = { shape = [8], hf = "b" })"),
            "part_hf takes rows of one tensor; here is a concatenation");
}

TEST_F(WordsTest, TransposedTensors) {
  EXPECT_TRUE(good(kProject, R"(w = { shape = [8, 8], hf = "w", transposed_hf = true }
b = { shape = [8], hf = "b" })")
                  .weights[1]
                  .transposed);
  facts.tensors["b"] = {8};
  EXPECT_EQ(fault(kProject, R"(w = { shape = [8, 8], hf = "w" }
b = { shape = [8], hf = "b", transposed_hf = true })"),
            "weight 'layers.0.b' has 1 axes; only two can be transposed");
}

TEST_F(WordsTest, ATensorForEachExpert) {
  const std::string steps = R"({ name = "r", op = "route", in = "x", weight = "router", top_k = 1, normalise = false },
  { name = "y", op = "experts", in = ["x", "r"], weight = ["up", "down"], activation = "silu" },)";
  const std::string router = "router = { shape = [2, 8], hf = \"r\" }\ndown = { shape = [2, 8, 4], hf = \"d.{e}\" }\n";
  Model model = good(steps, router + R"(up = { shape = [2, 8, 8], hf = [["g.{e}.{i}", "u.{e}"]] })");
  EXPECT_EQ(model.weights[2].names, (std::vector<std::vector<std::string>>{{"g.0.0", "u.0", "g.1.0", "u.1"}}));
  EXPECT_EQ(std::get<int64_t>(model.steps[1].attributes.at("normalise")), 0);
  EXPECT_EQ(fault(steps, router + R"(up = { shape = [2, 8, 8], hf = [["g.{e}", "u"]] })"),
            "weight 'layers.0.up': with {e} in a tensor's name, the shape is [experts, out, in] with at most 1024 "
            "experts, and every name has it");
  EXPECT_EQ(
      fault(R"({ name = "y", op = "project", in = "x", weight = "w" },)", R"(w = { shape = [8, 8], hf = "w.{e}" })"),
      "weight 'layers.0.w': with {e} in a tensor's name, the shape is [experts, out, in] with at most 1024 "
      "experts, and every name has it");
}

TEST_F(WordsTest, FrequenciesOfARotation) {
  Model model = good(rope(R"T(width = 4, frequency = "each(2, 2^-j / factors[j])", magnitude = 1.5)T"), "");
  EXPECT_EQ(std::get<std::vector<double>>(model.steps[1].attributes.at("frequency")), (std::vector<double>{1, 0.5}));
  EXPECT_EQ(fault(rope("theta = 10"), ""), "'rope' needs either 'theta' and 'denominator' or 'frequency'");
  EXPECT_EQ(fault(rope("theta = 10, denominator = 8, frequency = [1, 2]"), ""),
            "'rope' needs either 'theta' and 'denominator' or 'frequency'");
  EXPECT_EQ(fault(rope("frequency = [1, 2, 3]"), ""), "layer 0: frequency has 3 numbers for 2 pairs");
  EXPECT_EQ(fault(rope(R"T(frequency = "each(2, j - 1)")T"), ""),
            "frequency must be a list of numbers in 0 .. 1e+30, found -1");
  EXPECT_EQ(fault(rope(R"T(frequency = "each(2, j == 1)")T"), ""),
            "frequency must be a list of numbers in 0 .. 1e+30, found false");
  EXPECT_EQ(fault(rope("width = 3, theta = 10, denominator = 8"), ""),
            "layer 0: width = 3 must be even and at most head_dim = 8");
  EXPECT_EQ(fault(rope("width = 2, theta = 10, denominator = 8"), ""),
            "layer 0: pairs = 2, but width = 2 has only 1 pairs");
}

TEST_F(WordsTest, LayerNormAndConditionsOfRoutes) {
  const std::string norm =
      R"({ name = "y", op = "layer_norm", in = "x", weight = ["w", "b"], eps = 1e-5, group = 4 },)";
  EXPECT_EQ(good(norm, "w = { shape = [4], hf = \"w\" }\nb = { shape = [4], hf = \"b\" }").steps[1].weights.size(), 2u);
  EXPECT_EQ(fault(norm, "w = { shape = [4], hf = \"w\" }\nb = { shape = [8], hf = \"b\" }"),
            "layer 0: weight 'layers.0.b' has shape [8], but this step needs [4]");
  EXPECT_EQ(fault(R"({ name = "r", op = "route", in = "x", weight = "w", top_k = 1, normalise = 1 },
  { name = "y", op = "act", in = "x", activation = "relu2" },)",
                  "w = { shape = [4, 8], hf = \"w\" }"),
            "normalise must be true or false, found 1");
}

TEST_F(WordsTest, EmptyListsOfACheckpoint) {
  facts.numbers["listed"].isList = true;
  EXPECT_EQ(good(R"({ name = "y", op = "scale", in = "x", by = "contains(listed, i) ? 2 : 3" },)", "").steps.size(),
            4u);
}

} // namespace
