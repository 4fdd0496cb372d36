// Binding: candidates, concatenations, stacks, scalars, and every kind of mismatch with its exact message.
#include "test/compiler/import/Files.h"

#include <algorithm>
#include <gtest/gtest.h>

namespace gemmac::import {
namespace {

/// A checkpoint of the given names and shapes, without data.
class Names : public Checkpoint {
public:
  Names(std::vector<std::pair<std::string, std::vector<int64_t>>> tensors, Source source = Source::HuggingFace) {
    kind = source;
    where = "FOLDER";
    for (auto &[name, shape] : tensors) {
      Tensor t;
      t.name = name;
      t.type = name == "ints" ? DType::Other : DType::F32;
      t.typeName = name == "ints" ? "I64" : "F32";
      t.shape = shape;
      t.file = "FILE";
      all.push_back(t);
    }
    std::sort(all.begin(), all.end(), [](const Tensor &a, const Tensor &b) { return a.name < b.name; });
  }
  Status read(const Tensor &, int64_t, std::span<float>) const override { return Ok{}; }
  std::span<const uint8_t> &dataOf(std::string_view name) {
    return std::find_if(all.begin(), all.end(), [&](const Tensor &t) { return t.name == name; })->data;
  }
};

config::Weight weight(std::string name, std::vector<int64_t> shape, std::vector<std::vector<std::string>> names) {
  config::Weight w{std::move(name), std::move(shape), std::move(names), "", 0, 0, {}};
  w.where = {"model.toml", 12, 5};
  return w;
}

std::string problems(const config::Model &model, const Checkpoint &checkpoint) {
  auto bindings = bindWeights(model, checkpoint);
  return bindings ? "" : bindings.error().message;
}

TEST(Bind, firstCandidateThatIsThere) {
  config::Model m;
  m.weights.push_back(weight("w", {2, 3}, {{"hf.w"}, {"gguf.w"}}));
  Names c({{"gguf.w", {2, 3}}});
  auto bindings = bindWeights(m, c);
  ASSERT_TRUE(bindings) << bindings.error().message;
  EXPECT_EQ(bindings->weights[0].parts, (std::vector<const Tensor *>{c.find("gguf.w")}));
}

TEST(Bind, concatenationsStacksAndScalars) {
  config::Model m;
  m.weights.push_back(weight("joined", {5, 4}, {{"p", "q"}}));
  m.weights.push_back(weight("stack", {3, 6, 4}, {{"gate", "up"}}));
  m.weights.push_back(weight("members", {2, 3, 4}, {{"e0", "e1"}}));
  m.weights.push_back(weight("vector", {7}, {{"v0", "v1"}}));
  m.weights.push_back(weight("one", {1}, {{"s"}}));
  m.weights.push_back(weight("none", {}, {{"t"}}));
  Names c({{"p", {2, 4}},
           {"q", {3, 4}},
           {"gate", {3, 2, 4}},
           {"up", {3, 4, 4}},
           {"e0", {3, 4}},
           {"e1", {3, 4}},
           {"v0", {3}},
           {"v1", {4}},
           {"s", {}},
           {"t", {1}}});
  auto bindings = bindWeights(m, c);
  ASSERT_TRUE(bindings) << bindings.error().message;
  EXPECT_EQ(bindings->weights[1].parts, (std::vector<const Tensor *>{c.find("gate"), c.find("up")}));
}

TEST(Bind, concatenationsThatDoNotFit) {
  config::Model m;
  m.weights.push_back(weight("joined", {5, 4}, {{"p", "q"}}));
  EXPECT_EQ(problems(m, Names({{"p", {2, 4}}, {"q", {2, 4}}})),
            "model.toml:12:5: tensors of FILE with shapes [2, 4] + [2, 4] do not make [5, 4] of weight 'joined'");
  EXPECT_EQ(problems(m, Names({{"p", {2, 4}}, {"q", {3, 5}}})),
            "model.toml:12:5: tensors of FILE with shapes [2, 4] + [3, 5] do not make [5, 4] of weight 'joined'");
  EXPECT_EQ(problems(m, Names({{"p", {2, 4}}, {"q", {12}}})),
            "model.toml:12:5: tensors of FILE with shapes [2, 4] + [12] do not make [5, 4] of weight 'joined'");
}

TEST(Bind, ignoredTensorsAreGrouped) {
  config::Model m;
  m.weights.push_back(weight("w", {1}, {{"w"}}));
  m.ignored = {{"vision.*", "vision tower"}, {"*.k_proj.*", "unused keys"}, {"exact", "an exact name"}};
  Names c({{"w", {1}}, {"vision.a", {1}}, {"vision.b", {1}}, {"l.7.k_proj.weight", {1}}, {"exact", {1}}});
  auto bindings = bindWeights(m, c);
  ASSERT_TRUE(bindings) << bindings.error().message;
  EXPECT_EQ(bindings->leftOut,
            (std::vector<std::string>{"an exact name: 1 tensor", "unused keys: 1 tensor", "vision tower: 2 tensors"}));
}

TEST(Bind, ignoredPatternsDoNotTakeBoundTensors) {
  config::Model m;
  m.weights.push_back(weight("w", {1}, {{"l.0.k_proj"}}));
  m.ignored = {{"*k_proj", "unused"}};
  auto bindings = bindWeights(m, Names({{"l.0.k_proj", {1}}}));
  ASSERT_TRUE(bindings);
  EXPECT_TRUE(bindings->leftOut.empty());
}

TEST(Bind, copiesAreCopies) {
  config::Model m;
  m.weights.push_back(weight("embed", {2, 2}, {{"w"}}));
  m.ignored = {{"head", "copy of the embedding", "embed"}};
  const uint8_t original[16] = {1, 2, 3, 4, 5, 6, 7, 8}, other[16] = {1, 2, 3, 4, 5, 6, 7, 9};
  Names c({{"head", {2, 2}}, {"w", {2, 2}}});
  c.dataOf("w") = original;
  c.dataOf("head") = original;
  EXPECT_EQ(problems(m, c), "");
  c.dataOf("head") = other;
  EXPECT_EQ(problems(m, c), "FILE: tensor 'head' would be left out as copy of the embedding, but differs from 'w': "
                            "first at byte 7");
  EXPECT_EQ(problems(m, Names({{"head", {3, 2}}, {"w", {2, 2}}})),
            "FILE: tensor 'head' would be left out as copy of the embedding, but differs from 'w': [3, 2] and [2, 2]");
  m.ignored = {{"ints", "copy of the embedding", "embed"}};
  EXPECT_EQ(problems(m, Names({{"ints", {2, 2}}, {"w", {2, 2}}})),
            "FILE: tensor 'ints' would be left out as copy of the embedding, but differs from 'w': I64 and F32");
}

TEST(Bind, missingWithASuggestion) {
  config::Model m;
  m.weights.push_back(weight("w", {2}, {{"layers.0.norm.weight"}, {"blk.0.norm.weight"}}));
  EXPECT_EQ(
      problems(m, Names({{"layers.0.nrom.weight", {2}}})),
      "model.toml:12:5: weight 'w' [2]: no tensor 'layers.0.norm.weight' or 'blk.0.norm.weight' in FOLDER; did you "
      "mean 'layers.0.nrom.weight'?\n"
      "FILE: tensor 'layers.0.nrom.weight' of shape [2] is used by no weight of the description");
}

TEST(Bind, missingPartNamesBothSides) {
  config::Model m;
  m.weights.push_back(weight("w", {4}, {{"x", "y"}}));
  m.ignored = {{"x", "half"}};
  EXPECT_EQ(problems(m, Names({{"x", {2}}})),
            "model.toml:12:5: weight 'w' [4]: no tensor 'x' + 'y' in FOLDER; 'y' is absent beside 'x'");
}

TEST(Bind, everyKindOfErrorInOneRun) {
  config::Model m;
  m.weights.push_back(weight("a", {2, 3}, {{"a"}}));
  m.weights.push_back(weight("b", {2}, {{"b"}}));
  m.weights.push_back(weight("again", {2}, {{"b"}}));
  m.weights.push_back(weight("i", {2}, {{"ints"}}));
  m.weights.push_back(weight("gone", {2}, {{"completely.gone"}}));
  std::string text = problems(m, Names({{"a", {3, 2}}, {"b", {2}}, {"ints", {2}}, {"surplus", {9}}}));
  EXPECT_EQ(
      text,
      "model.toml:12:5: tensor 'a' of FILE has shape [3, 2], but weight 'a' has [2, 3]\n"
      "model.toml:12:5: tensor 'b' of FILE is bound twice: by weight 'b' and by weight 'again'\n"
      "FILE: tensor 'ints' of weight 'i' has type I64; readable types are F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, "
      "Q8_0, Q4_K, Q5_K, Q6_K\n"
      "model.toml:12:5: weight 'gone' [2]: no tensor 'completely.gone' in FOLDER\n"
      "FILE: tensor 'surplus' of shape [9] is used by no weight of the description");
}

TEST(Bind, interleavedHeadsMustDivide) {
  config::Model m;
  m.weights.push_back(weight("q", {6, 4}, {{"q"}}));
  m.weights[0].interleavedHeads = 2; // 3 rows a head: not pairs
  EXPECT_EQ(problems(m, Names({{"q", {6, 4}}})), "model.toml:12:5: weight 'q' has shape [6, 4], which 2 heads of an "
                                                 "even number of interleaved rows do not divide");
  m.weights[0].interleavedHeads = 3;
  EXPECT_EQ(problems(m, Names({{"q", {6, 4}}})), "");
}

/// A weight of some rows of tensor "qkv".
config::Weight rowsOf(std::string name, int64_t rows, config::RowPart part) {
  config::Weight w = weight(std::move(name), {rows, 4}, {{"qkv"}});
  w.part = part;
  return w;
}

TEST(Bind, partsShareATensor) {
  config::Model m;
  m.weights = {rowsOf("q", 4, {0, 2, 6}), rowsOf("k", 4, {2, 2, 6}), rowsOf("v", 4, {4, 2, 6})};
  Names c({{"qkv", {12, 4}}});
  auto bindings = bindWeights(m, c);
  ASSERT_TRUE(bindings) << bindings.error().message;
  EXPECT_EQ(bindings->weights[1].parts, (std::vector<const Tensor *>{c.find("qkv")}));
  EXPECT_EQ(bindings->weights[1].rows, (config::RowPart{2, 2, 6}));
}

TEST(Bind, partsMustCoverATensorOnce) {
  config::Model m;
  m.weights = {rowsOf("q", 4, {1, 2, 6}), rowsOf("v", 4, {4, 2, 6})};
  EXPECT_EQ(problems(m, Names({{"qkv", {12, 4}}})),
            "model.toml:12:5: rows 0 .. 0 of every 6 of tensor 'qkv' of FILE are used by no weight; 'q' takes 1 .. 2 "
            "of every 6\n"
            "model.toml:12:5: rows 3 .. 3 of every 6 of tensor 'qkv' of FILE are used by no weight; 'q' takes 1 .. 2 "
            "of every 6");
  m.weights = {rowsOf("q", 6, {0, 3, 6}), rowsOf("k", 8, {2, 4, 6})};
  EXPECT_EQ(problems(m, Names({{"qkv", {12, 4}}})),
            "model.toml:12:5: tensor 'qkv' of FILE is bound twice: by weight 'q' and by weight 'k'");
  m.weights = {rowsOf("q", 6, {0, 3, 6}), rowsOf("all", 12, {})};
  EXPECT_EQ(problems(m, Names({{"qkv", {12, 4}}})),
            "model.toml:12:5: tensor 'qkv' of FILE is bound twice: by weight 'q' and by weight 'all'");
  m.weights = {rowsOf("q", 6, {0, 3, 3}), rowsOf("k", 6, {0, 6, 12})};
  EXPECT_EQ(problems(m, Names({{"qkv", {12, 4}}})).substr(0, 70),
            "model.toml:12:5: tensor 'qkv' of FILE has shape [12, 4], but weight 'q");
}

TEST(Bind, partsAndTransposedShapes) {
  config::Model m;
  m.weights = {rowsOf("q", 8, {0, 4, 8}), rowsOf("k", 8, {4, 4, 8})};
  EXPECT_EQ(problems(m, Names({{"qkv", {12, 4}}})),
            "model.toml:12:5: tensor 'qkv' of FILE has shape [12, 4], but weight 'q' has [8, 4], rows 0 .. 3 of every "
            "8\n"
            "model.toml:12:5: tensor 'qkv' of FILE has shape [12, 4], but weight 'k' has [8, 4], rows 4 .. 7 of every "
            "8");
  m.weights[0].transposed = m.weights[1].transposed = true;
  EXPECT_EQ(problems(m, Names({{"qkv", {4, 16}}})), "");
  m.weights = {weight("w", {3, 5}, {{"w"}})};
  m.weights[0].transposed = true;
  EXPECT_EQ(problems(m, Names({{"w", {3, 5}}})),
            "model.toml:12:5: tensor 'w' of FILE has shape [3, 5], but weight 'w' has [3, 5], transposed");
  EXPECT_EQ(problems(m, Names({{"w", {5, 3}}})), "");
}

TEST(Bind, randomWeightsOfPartsAreTheirOwn) {
  config::Model m;
  m.weights = {rowsOf("q", 8, {0, 4, 8}), rowsOf("k", 8, {4, 4, 8}), weight("w", {3, 5}, {{"w"}})};
  m.weights[2].transposed = true;
  std::unique_ptr<Checkpoint> random = randomCheckpoint(m, 1);
  auto bindings = bindWeights(m, *random);
  ASSERT_TRUE(bindings) << bindings.error().message;
  EXPECT_NE(bindings->weights[0].parts, bindings->weights[1].parts);
  EXPECT_EQ(bindings->weights[0].rows, config::RowPart());
  EXPECT_FALSE(bindings->weights[2].transposed);
}

TEST(Bind, hundredsOfErrorsAreCut) {
  config::Model m;
  for (int i = 0; i < 300; ++i)
    m.weights.push_back(weight("w" + std::to_string(i), {1}, {{"w" + std::to_string(i)}}));
  std::string text = problems(m, Names({}));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 20);
  EXPECT_TRUE(text.ends_with("... and 280 more like these")) << text;
}

} // namespace
} // namespace gemmac::import
