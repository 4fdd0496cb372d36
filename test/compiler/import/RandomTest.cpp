// Random weights: the same numbers however they are read, and of useful size.
#include "compiler/import/Checkpoint.h"

#include <cmath>
#include <gtest/gtest.h>

namespace gemmac::import {
namespace {

config::Model model() {
  config::Model m;
  m.weights.push_back({"w", {64, 256}, {{"w.weight"}, {"blk.w"}}, "", 0, 0, {}});
  m.weights.push_back({"norm", {512}, {{"norm.weight"}}, "", 1, 0, {}});
  m.weights.push_back({"scale", {1}, {{"scale"}}, "", 0, 0, {}});
  m.weights.push_back({"table", {128, 64}, {{"table.weight"}}, "", 0, 0, {}});
  m.weights.push_back({"joined", {64, 256}, {{"a", "b"}}, "", 0, 0, {}});
  m.steps.push_back({"x0", "embed", {"ids"}, {"table"}, {}, -1, {}});
  return m;
}

std::vector<float> readAll(const Checkpoint &c, const std::string &name, int64_t count) {
  std::vector<float> values(static_cast<size_t>(count));
  Status status = c.read(*c.find(name), 0, values);
  EXPECT_TRUE(status) << status.error().message;
  return values;
}

double deviation(const std::vector<float> &values, double mean) {
  double sum = 0;
  for (float v : values)
    sum += (v - mean) * (v - mean);
  return std::sqrt(sum / static_cast<double>(values.size()));
}

TEST(Random, anyPieceInAnyOrderIsTheSame) {
  config::Model m = model();
  auto c = randomCheckpoint(m, 5);
  std::vector<float> whole = readAll(*c, "w.weight", 64 * 256);
  for (int64_t first : {0, 1, 2, 127, 128, 1001, 16000})
    for (int64_t count : {1, 2, 3, 63, 130, 257, 300}) {
      std::vector<float> piece(static_cast<size_t>(count));
      ASSERT_TRUE(c->read(*c->find("w.weight"), first, piece));
      for (int64_t i = 0; i < count; ++i)
        ASSERT_EQ(piece[i], whole[first + i]) << first << " + " << i;
    }
  EXPECT_EQ(readAll(*randomCheckpoint(m, 5), "w.weight", 64 * 256), whole);
  EXPECT_NE(readAll(*randomCheckpoint(m, 6), "w.weight", 64 * 256), whole);
  EXPECT_NE(readAll(*c, "a", 64 * 256), whole); // same shape, another name
}

TEST(Random, numbersAreFixedForever) {
  config::Model m = model();
  std::vector<float> values = readAll(*randomCheckpoint(m, 5), "w.weight", 64 * 256);
  for (size_t i = 0; const double wanted : {0.0597306, 0.0166444, -0.0464198, -0.00913164})
    EXPECT_NEAR(values[i++], wanted, 1e-7);
}

TEST(Random, sizesSuitTheirPlaces) {
  config::Model m = model();
  auto c = randomCheckpoint(m, 5);
  EXPECT_NEAR(deviation(readAll(*c, "w.weight", 64 * 256), 0), 1 / 16.0, 0.002);
  EXPECT_NEAR(deviation(readAll(*c, "table.weight", 128 * 64), 0), 1, 0.03);
  EXPECT_NEAR(deviation(readAll(*c, "norm.weight", 512), 0), 0.1, 0.02); // 1 + noise once the offset 1 is added
  float scale = readAll(*c, "scale", 1)[0];
  EXPECT_GE(scale, 0.5f);
  EXPECT_LE(scale, 1.0f);
}

TEST(Random, bindsWholeAndRejectsOutside) {
  config::Model m = model();
  auto c = randomCheckpoint(m, 5);
  auto bindings = bindWeights(m, *c);
  ASSERT_TRUE(bindings) << bindings.error().message;
  EXPECT_EQ(bindings->weights[4].parts.size(), 1u);
  EXPECT_TRUE(bindings->leftOut.empty());
  std::vector<float> out(2);
  EXPECT_FALSE(c->read(*c->find("scale"), 0, out));
  EXPECT_FALSE(c->read(*c->find("norm.weight"), 511, out));
  EXPECT_FALSE(c->read(*c->find("norm.weight"), -1, out));
}

} // namespace
} // namespace gemmac::import
