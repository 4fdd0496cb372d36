// Each operation on numbers small enough to be worked out by hand (the sums are in the comments).
#include "test/reference/Operations.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace gemmac;
using namespace gemmac::reference;

static Tensor rows(int64_t columns, std::vector<float> data) {
  return {columns, std::move(data), {}};
}

static void expectNear(const Tensor &got, const std::vector<float> &want, double tolerance = 1e-6) {
  ASSERT_EQ(got.data.size(), want.size());
  for (size_t i = 0; i < want.size(); ++i)
    EXPECT_NEAR(got.data[i], want[i], tolerance) << "element " << i;
}

TEST(Embed, GathersScaledRows) {
  Result<Tensor> result = embed({1, {}, {2, 0}}, rows(2, {1, 2, 3, 4, 5, 6}), 0.5);
  ASSERT_TRUE(result);
  expectNear(*result, {2.5, 3, 0.5, 1});
}

TEST(Embed, RefusesIdsOutsideOfTheTable) {
  for (int32_t id : {-1, 3, 2147483647}) {
    Result<Tensor> result = embed({1, {}, {0, id}}, rows(2, {1, 2, 3, 4, 5, 6}), 1);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().message, "token 1 has id " + std::to_string(id) + ", but the table has 3 rows");
  }
}

TEST(EmbedPositions, GathersTheRowsFromAPositionOn) {
  Result<Tensor> result = embedPositions(1, 2, rows(2, {1, 2, 3, 4, 5, 6}), 0.5);
  ASSERT_TRUE(result);
  expectNear(*result, {1.5, 2, 2.5, 3});
  Result<Tensor> beyond = embedPositions(1, 3, rows(2, {1, 2, 3, 4, 5, 6}), 1);
  ASSERT_FALSE(beyond);
  EXPECT_EQ(beyond.error().message, "token 2 has id 3, but the table has 3 rows");
}

TEST(LayerNorm, SubtractsTheMeanAndDividesByTheDeviation) {
  // 1, 3: mean 2, deviation 1; 0, 4: mean 2, variance 4, with eps 12: 2 / 4. Then times 10, 20 and plus 1, 2.
  Tensor weight = rows(2, {10, 20}), bias = rows(2, {1, 2});
  expectNear(layerNorm(rows(2, {1, 3}), nullptr, nullptr, 1e-12, 2), {-1, 1});
  expectNear(layerNorm(rows(4, {0, 4, 4, 0}), &weight, nullptr, 12, 2), {-5, 10, 5, -10});
  expectNear(layerNorm(rows(2, {0, 4}), &weight, &bias, 12, 2), {-4, 12});
}

TEST(RmsNorm, DividesEachRow) { // mean of squares (9 + 16) / 2 = 12.5; (0 + 4) / 2 = 2
  double a = std::sqrt(12.5), b = std::sqrt(2);
  expectNear(rmsNorm(rows(2, {3, 4, 0, 2}), nullptr, 1e-12, 2), {float(3 / a), float(4 / a), 0, float(2 / b)});
}

TEST(RmsNorm, WeightsAndEpsInGroups) { // groups of one: x / sqrt(x^2 + 3) * 10: 1 / 2 and -1 / 2
  Tensor weight = rows(1, {10});
  expectNear(rmsNorm(rows(2, {1, -1}), &weight, 3, 1), {5, -5});
}

TEST(Project, MultipliesWithTheWeightsRows) {
  float weight[] = {1, 0, -1, 2, 1, 0};
  expectNear(project(rows(3, {1, 2, 3, 4, 5, 6}), weight, 2), {-2, 4, -2, 13});
}

TEST(Bias, AddsTheSameToEveryRow) {
  expectNear(bias(rows(2, {1, 2, 3, 4}), rows(2, {10, 20})), {11, 22, 13, 24});
}

TEST(Pack, RoundsToTheNearestCodeAndTiesToEven) {
  // Largest 127, so the scale is 1: halves go to the even code. The second group has its own scale, 254 / 127 = 2.
  Tensor input = rows(34, std::vector<float>(34));
  std::vector<float> values = {127, 0.5, 1.5, 2.5, -0.5, -1.5, 3.4f, -3.6f};
  std::copy(values.begin(), values.end(), input.data.begin());
  input.data[32] = 254;
  input.data[33] = 5.1f;
  std::vector<float> want(34);
  std::vector<float> rounded = {127, 0, 2, 2, 0, -2, 3, -4};
  std::copy(rounded.begin(), rounded.end(), want.begin());
  want[32] = 254;
  want[33] = 6; // 5.1 / 2 = 2.55 -> 3
  expectNear(packI8(input), want);
}

TEST(Pack, LeavesZerosAlone) {
  expectNear(packI8(rows(3, {0, 0, 0})), {0, 0, 0});
}

TEST(Elementwise, ScaleAddMulSlice) {
  Tensor a = rows(2, {1, 2, 3, 4}), b = rows(2, {10, 20, 30, 40});
  expectNear(scale(a, -2), {-2, -4, -6, -8});
  expectNear(add(a, b), {11, 22, 33, 44});
  expectNear(mul(a, b), {10, 40, 90, 160});
  expectNear(slice(rows(3, {1, 2, 3, 4, 5, 6}), 1, 2), {2, 3, 5, 6});
}

TEST(Gated, KnowsBothActivations) {
  // silu(1) = 1 / (1 + 1/e) = 0.731059; gelu_tanh(1) = 0.5 (1 + tanh(0.797885 * 1.044715)) = 0.841192
  Tensor gate = rows(3, {1, -1, 0}), up = rows(3, {2, 2, 7});
  expectNear(gated(gate, up, gemma::Activation::Silu), {1.4621172f, -0.5378828f, 0});
  expectNear(gated(gate, up, gemma::Activation::GeluTanh), {1.6823840f, -0.3176160f, 0});
}

TEST(Act, KnowsEveryActivation) { // gelu(1) = (1 + erf(1 / sqrt(2))) / 2 = 0.8413447
  Tensor input = rows(3, {1, -2, 0});
  expectNear(act(input, gemma::Activation::Gelu), {0.8413447f, -0.0455003f, 0});
  expectNear(act(input, gemma::Activation::GeluTanh), {0.8411920f, -0.0454023f, 0});
  expectNear(act(input, gemma::Activation::Silu), {0.7310586f, -0.2384058f, 0});
  expectNear(act(rows(3, {3, -2, 0}), gemma::Activation::Relu), {3, 0, 0});
  expectNear(act(rows(3, {3, -2, 0}), gemma::Activation::Relu2), {9, 0, 0});
}

TEST(Softcap, BendsTowardsTheCap) { // 2 tanh(0.5) = 0.924234
  expectNear(softcap(rows(3, {1, 1000, -1000}), 2), {0.9242343f, 2, -2});
}

TEST(Rope, TurnsHalfPairsAndPassesTheRest) {
  // One pair of (x0, x2); position 0 stays. Frequency of pair 0 is 1: position 1 turns (1, 0) by one radian.
  Tensor input = rows(4, {1, 5, 0, 6, 1, 5, 0, 6});
  auto cosine = float(std::cos(1.0)), sine = float(std::sin(1.0));
  expectNear(rope(input, 0, 4, 4, powers(10000, 4, 1), 1), {1, 5, 0, 6, cosine, 5, sine, 6});
}

TEST(Rope, DenominatorSetsTheFrequencies) {
  // Pair 1 of denominator 4 has frequency 100^(-2/4) = 0.1; at position 20 that is 2 radians. Two heads turn alike.
  Tensor input = rows(8, {0, 1, 0, 0, 0, 0, 0, 1});
  auto cosine = float(std::cos(2.0)), sine = float(std::sin(2.0));
  expectNear(rope(input, 20, 4, 4, powers(100, 4, 2), 1), {0, cosine, 0, sine, 0, -sine, 0, cosine});
}

TEST(Rope, TurnsOnlyTheFirstColumnsOfAHead) {
  // Width 2 of 4: the pair (x0, x1) of each head. Frequency 0.5 at position 2 is one radian, then twice as long.
  Tensor input = rows(8, {1, 0, 5, 6, 0, 1, 7, 8});
  auto cosine = float(2 * std::cos(1.0)), sine = float(2 * std::sin(1.0));
  std::vector<float> frequencies = {0.5f};
  expectNear(rope(input, 2, 4, 2, frequencies, 2), {cosine, sine, 5, 6, -sine, cosine, 7, 8});
}

TEST(Attention, IsCausal) { // equal scores: the mean of the values so far
  Tensor zeros = rows(1, {0, 0, 0}), values = rows(1, {3, 5, 10});
  expectNear(attention(zeros, zeros, values, 0, 1, 1, 1, 1, 0, 0), {3, 4, 6});
}

TEST(Attention, WindowHoldsTheRowItself) {
  Tensor zeros = rows(1, {0, 0, 0}), values = rows(1, {3, 5, 10});
  expectNear(attention(zeros, zeros, values, 0, 1, 1, 1, 1, 1, 0), {3, 5, 10});
  expectNear(attention(zeros, zeros, values, 0, 1, 1, 1, 1, 2, 0), {3, 4, 7.5});
}

TEST(Attention, BlocksSeeTheirEnd) { // neighbours of one number above 0 are a block; the window bounds the left alone
  Tensor zeros = rows(1, {0, 0, 0, 0, 0}), values = rows(1, {3, 5, 10, 20, 60});
  auto blocks = [&](std::vector<int32_t> numbers, int64_t window) {
    return attention(zeros, zeros, values, 0, 1, 1, 1, 1, window, 0, numbers);
  };
  expectNear(blocks({0, 4, 4, 0, 0}, 0), {3, 6, 6, 9.5, 19.6f});
  expectNear(blocks({0, 4, 4, 0, 0}, 1), {3, 7.5, 10, 20, 60});
  expectNear(blocks({1, 1, 1, 1, 1}, 2), {19.6f, 19.6f, 23.75, 30, 40});
  expectNear(blocks({1, 1, 2, 2, 1}, 0), {4, 4, 9.5, 9.5, 19.6f}); // two neighbours; the last 1 is a block of its own
  expectNear(attention(rows(1, {0, 0}), zeros, values, 3, 1, 1, 1, 1, 2, 0, std::vector<int32_t>{0, 0, 0, 7, 7}),
             {30, 40}); // last rows
}

TEST(Attention, LastRowsStandAtTheEnd) {
  Tensor zeros = rows(1, {0, 0, 0}), values = rows(1, {3, 5, 10});
  expectNear(attention(rows(1, {0}), zeros, values, 2, 1, 1, 1, 1, 0, 0), {6});
}

TEST(Attention, WeighsWithScaleAndCap) {
  // Scores log 3 * scale of key 1 against 0 of key 0: weights 1 : 3. With a cap, log 3 becomes 0.5 tanh(2 log 3) =
  // 0.487805.
  Tensor query = rows(1, {0, 1}), keys = rows(1, {0, float(std::log(3.0) / 2)}), values = rows(1, {4, 8});
  expectNear(attention(query, keys, values, 0, 1, 1, 1, 2, 0, 0), {4, 7});
  double e = std::exp(0.5 * std::tanh(2 * std::log(3.0)));
  expectNear(attention(query, keys, values, 0, 1, 1, 1, 2, 0, 0.5), {4, float((4 + 8 * e) / (1 + e))});
}

TEST(Attention,
     QueryHeadsShareKeyHeadsInOrder) { // four heads of size one over two: 0 and 1 read the first, 2 and 3 the second
  expectNear(attention(rows(4, {1, 1, 1, 1}), rows(2, {0, 0}), rows(2, {5, 9}), 0, 4, 2, 1, 1, 0, 0), {5, 5, 9, 9});
}

TEST(TopK, ListsTheLargestWithWeightsThatSumToOne) {
  // p is proportional to 1, 4, 2; of the best two 4/6 and 2/6, times 3 and 6.
  Tensor scores = rows(3, {0, float(std::log(4.0)), float(std::log(2.0))});
  Tensor factors = rows(3, {1, 3, 6});
  Tensor routing = topK(scores, &factors, 2);
  EXPECT_EQ(routing.ids, (std::vector<int32_t>{1, 2}));
  expectNear(routing, {2, 2});
}

TEST(TopK, UnnormalisedWeightsAreSharesOfAll) { // p is 1/7, 4/7, 2/7
  Tensor scores = rows(3, {0, float(std::log(4.0)), float(std::log(2.0))});
  expectNear(topK(scores, nullptr, 2, /*normalised=*/false), {4.0f / 7, 2.0f / 7});
}

TEST(TopK, EqualScoresGoToTheLowerIndex) {
  Tensor routing = topK(rows(4, {1, 2, 2, 2}), nullptr, 3);
  EXPECT_EQ(routing.ids, (std::vector<int32_t>{1, 2, 3}));
}

/// By the descriptions' words, worked out in Python; the first numbers of SplitMix64 are in its authors' own test.
TEST(GateNoise, IsANormalNumberOfSeedPositionAndExpert) {
  EXPECT_NEAR(gateNoise(7, 0, 0), -0.9060739093900168, 1e-12);
  EXPECT_NEAR(gateNoise(7, 0, 1), 1.7891827282650283, 1e-12);
  EXPECT_NEAR(gateNoise(7, 1, 0), 0.11713443299413645, 1e-12);
  EXPECT_NEAR(gateNoise(8, 0, 0), 0.358422912723983, 1e-12);
  EXPECT_NEAR(gateNoise(7, 262143, 127), -0.9306283576764942, 1e-12);
}

TEST(GateNoise, IsSpreadAsANormalNumber) {
  double sum = 0, squares = 0, inside = 0, neighbours = 0, count = 500 * 128;
  for (int64_t position = 0; position < 500; ++position)
    for (int64_t expert = 0; expert < 128; ++expert) {
      double z = gateNoise(3, position, expert);
      sum += z;
      squares += z * z;
      inside += std::fabs(z) < 1;
      neighbours += z * gateNoise(3, position, expert + 1) + z * gateNoise(3, position + 1, expert);
    }
  EXPECT_NEAR(sum / count, 0, 0.02); // five deviations of the mean of 64,000
  EXPECT_NEAR(squares / count, 1, 0.03);
  EXPECT_NEAR(inside / count, 0.6827, 0.01);
  EXPECT_NEAR(neighbours / count, 0, 0.03);
}

TEST(NoisyScores, NoiseIsSpreadBySoftplus) { // softplus(0) = log 2, softplus(100) = 100, softplus(-100) = 0
  Tensor scores = rows(3, {1, 2, 3, 4, 5, 6}), deviations = rows(3, {0, 100, -100, 0, 0, 0});
  auto z = [](int64_t position, int64_t expert) { return gateNoise(7, position, expert); };
  float half = float(std::log(2.0));
  expectNear(noisyScores(scores, &deviations, 7, 10),
             {float(1 + z(10, 0) * half), float(2 + z(10, 1) * 100), 3, float(4 + z(11, 0) * half),
              float(5 + z(11, 1) * half), float(6 + z(11, 2) * half)},
             1e-5);
  expectNear(noisyScores(scores, nullptr, 7, 10), {float(1 + z(10, 0)), float(2 + z(10, 1)), float(3 + z(10, 2)),
                                                   float(4 + z(11, 0)), float(5 + z(11, 1)), float(6 + z(11, 2))});
}

TEST(TopK, ScoresThatDifferOnlyBeforeTheSoftmaxDiffer) { // both would be weights of 0 in float32
  Tensor routing = topK(rows(3, {-201, -200, 0}), nullptr, 2);
  EXPECT_EQ(routing.ids, (std::vector<int32_t>{2, 1}));
}

TEST(Experts, SumTheChosenWithTheirWeights) {
  // Width 1, hidden 1, two experts. Expert e: down * silu(gate x) * (up x), x = 1.
  Tensor routing{2, {0.25f, 2}, {1, 0}};
  Tensor gateUp = rows(1, {1, 10, -1, 20}), down = rows(1, {3, 5});
  double first = 5 * (-1 / (1 + std::exp(1.0))) * 20, second = 3 * (1 / (1 + std::exp(-1.0))) * 10;
  expectNear(experts(rows(1, {1}), routing, gateUp, down, 1, gemma::Activation::Silu, kernel::Packing::F32,
                     kernel::Packing::F32),
             {float(0.25 * first + 2 * second)}, 1e-5);
  // One column is one group, so 8 bits hold it exactly; bfloat16 rounds the inner products.
  expectNear(experts(rows(1, {1}), routing, gateUp, down, 1, gemma::Activation::Silu, kernel::Packing::I8,
                     kernel::Packing::I8),
             {float(0.25 * first + 2 * second)}, 1e-5);
  Tensor rounded = experts(rows(1, {1}), routing, gateUp, down, 1, gemma::Activation::Silu, kernel::Packing::F32,
                           kernel::Packing::BF16);
  EXPECT_GT(std::abs(rounded.data[0] - (0.25 * first + 2 * second)), 1e-5);
  expectNear(rounded, {float(0.25 * first + 2 * second)}, 0.1);
}

TEST(LastRows, KeepsTheEnd) {
  expectNear(lastRows(rows(2, {1, 2, 3, 4, 5, 6}), 2), {3, 4, 5, 6});
}
