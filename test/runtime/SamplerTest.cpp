// The sampler: exact where the answer is one token, statistical where it is a distribution, repeatable by its seed.
#include "runtime/model/Sampler.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <map>

using namespace gemmart;

namespace {

constexpr float kInf = std::numeric_limits<float>::infinity(), kNaN = std::numeric_limits<float>::quiet_NaN();

/// Draws `count` tokens from the same logits.
std::map<int32_t, int> histogram(const SamplerOptions &options, std::vector<float> logits, int count) {
  Sampler sampler(options, int64_t(logits.size()));
  std::map<int32_t, int> seen;
  for (int draw = 0; draw < count; ++draw) {
    std::vector<float> copy = logits;
    Result<int32_t> token = sampler.sample(copy);
    EXPECT_TRUE(token);
    ++seen[*token];
  }
  return seen;
}

std::vector<double> softmax(const std::vector<float> &logits, double temperature) {
  std::vector<double> weights;
  double sum = 0;
  for (float logit : logits)
    sum += std::exp(double(logit) / temperature);
  for (float logit : logits)
    weights.push_back(std::exp(double(logit) / temperature) / sum);
  return weights;
}

/// Every count within five standard deviations of its expectation, and nothing beyond the support.
void expectDistribution(const std::map<int32_t, int> &seen, const std::vector<double> &probabilities, int count) {
  for (size_t token = 0; token < probabilities.size(); ++token) {
    auto found = seen.find(int32_t(token));
    double got = found == seen.end() ? 0 : found->second, mean = probabilities[token] * count;
    EXPECT_LE(std::abs(got - mean), 5 * std::sqrt(mean * (1 - probabilities[token])) + 1e-9) << "token " << token;
  }
}

TEST(Random, GivesThePublishedSequence) {
  Random random(0); // xoshiro256** after splitmix64(0)
  EXPECT_EQ(random.next(), 11091344671253066420u);
  EXPECT_EQ(random.next(), 13793997310169335082u);
  EXPECT_EQ(random.next(), 1900383378846508768u);
}

TEST(Sampler, GreedyTakesTheLowestOfEquals) {
  EXPECT_EQ(histogram({.temperature = 0}, {1, 3, -2, 3}, 3), (std::map<int32_t, int>{{1, 3}}));
  EXPECT_EQ(histogram({.temperature = 0}, {-kInf, kNaN, -5}, 1), (std::map<int32_t, int>{{2, 1}}));
}

TEST(Sampler, NearlyNoTemperatureIsNone) {
  for (double temperature : {1e-300, 1e-40, 1e-9})
    EXPECT_EQ(histogram({.temperature = temperature}, {1, 3, -2, 3}, 3), (std::map<int32_t, int>{{1, 3}}));
}

TEST(Sampler, RefusesLogitsThatAreNoNumbers) {
  for (double temperature : {0.0, 1.0})
    for (std::vector<float> logits : {std::vector<float>{kNaN, kNaN}, {-kInf, -kInf}, {1, kInf}}) {
      Sampler sampler({.temperature = temperature}, 2);
      Result<int32_t> token = sampler.sample(logits);
      ASSERT_FALSE(token);
      EXPECT_EQ(token.status().code(), Code::Input);
    }
}

TEST(Sampler, FollowsTheDistribution) {
  std::vector<float> logits = {0.5f, 2, -1, 1.25f, 0};
  for (double temperature : {0.5, 1.0, 2.0})
    expectDistribution(histogram({.temperature = temperature, .seed = 7}, logits, 20000), softmax(logits, temperature),
                       20000);
}

TEST(Sampler, NeverDrawsNaN) {
  std::map<int32_t, int> seen = histogram({.temperature = 5, .seed = 1}, {kNaN, 0, -kInf, 0.1f}, 1000);
  EXPECT_EQ(seen.size(), 2u);
  EXPECT_TRUE(seen.count(1) && seen.count(3));
}

TEST(Sampler, TopKKeepsTheBest) {
  std::vector<float> logits = {0.5f, 2, -1, 1.25f, 0};
  std::vector<double> expected = softmax({2, 1.25f}, 1);
  expectDistribution(histogram({.topK = 2, .seed = 3}, logits, 20000), {0, expected[0], 0, expected[1], 0}, 20000);
  EXPECT_EQ(histogram({.topK = 1, .seed = 3}, logits, 100).size(), 1u);
  expectDistribution(histogram({.topK = 99, .seed = 3}, logits, 20000), softmax(logits, 1), 20000);
}

TEST(Sampler, TopKTakesLowIdsOfEquals) {
  std::map<int32_t, int> seen = histogram({.topK = 2, .seed = 3}, std::vector<float>(1000, 1), 500);
  EXPECT_EQ(seen.size(), 2u);
  EXPECT_TRUE(seen.count(0) && seen.count(1));
}

TEST(Sampler, TopPKeepsTheNucleus) {
  // Probabilities 0.4, 0.3, 0.2, 0.1 in a mixed order.
  std::vector<float> logits = {std::log(0.1f), std::log(0.4f), std::log(0.2f), std::log(0.3f)};
  expectDistribution(histogram({.topP = 0.6, .seed = 5}, logits, 20000), {0, 4 / 7.0, 0, 3 / 7.0}, 20000);
  expectDistribution(histogram({.topP = 0.75, .seed = 5}, logits, 20000), {0, 4 / 9.0, 2 / 9.0, 3 / 9.0}, 20000);
  EXPECT_EQ(histogram({.topP = 0, .seed = 5}, logits, 50), (std::map<int32_t, int>{{1, 50}})); // at least one
  EXPECT_EQ(histogram({.topP = 1, .seed = 5}, logits, 2000).size(), 4u);
}

TEST(Sampler, TopPReachesBeyondTheFirstFront) {
  // 1,000 equal tokens: half of the mass is 500 of them, more than one front of the partial selection.
  std::map<int32_t, int> seen = histogram({.topP = 0.5, .seed = 5}, std::vector<float>(1000, 0.25f), 6000);
  EXPECT_LE(seen.size(), 501u);
  EXPECT_GT(seen.size(), 490u);
  EXPECT_LE(seen.rbegin()->first, 500);
}

TEST(Sampler, MinPKeepsWhatIsLikelyEnough) {
  std::vector<float> logits = {std::log(0.1f), std::log(0.4f), std::log(0.2f), std::log(0.3f)};
  expectDistribution(histogram({.minP = 0.45, .seed = 5}, logits, 20000), {0, 4 / 9.0, 2 / 9.0, 3 / 9.0}, 20000);
  EXPECT_EQ(histogram({.minP = 1, .seed = 5}, logits, 50), (std::map<int32_t, int>{{1, 50}}));
}

TEST(Sampler, TemperatureComesLast) {
  // At temperature 3 the nucleus of 0.6 would hold more; what is cut away does not depend on it.
  std::vector<float> logits = {std::log(0.1f), std::log(0.4f), std::log(0.2f), std::log(0.3f)};
  std::vector<double> expected = softmax({std::log(0.4f), std::log(0.3f)}, 3);
  expectDistribution(histogram({.temperature = 3, .topP = 0.6, .seed = 5}, logits, 20000),
                     {0, expected[0], 0, expected[1]}, 20000);
}

TEST(Sampler, TypicalPKeepsUsualSurprise) {
  // Entropy 1.28: the surprises 0.92, 1.20, 1.61 and 2.30 lie 0.36, 0.08, 0.33 and 1.02 from it.
  std::vector<float> logits = {std::log(0.1f), std::log(0.4f), std::log(0.2f), std::log(0.3f)};
  EXPECT_EQ(histogram({.typicalP = 0.2, .seed = 5}, logits, 50), (std::map<int32_t, int>{{3, 50}}));
  expectDistribution(histogram({.typicalP = 0.45, .seed = 5}, logits, 20000), {0, 0, 0.4, 0.6}, 20000);
}

TEST(Sampler, BiasFavoursAndForbids) {
  EXPECT_EQ(histogram({.temperature = 0, .bias = {{2, 5.0f}}}, {1, 2, 0}, 1), (std::map<int32_t, int>{{2, 1}}));
  EXPECT_EQ(histogram({.temperature = 0, .bias = {{1, -100.0f}}}, {1, 200, 0}, 1), (std::map<int32_t, int>{{0, 1}}));
}

TEST(Sampler, PenaltiesForgetWhatLeftTheWindow) {
  Sampler sampler({.temperature = 0, .repetitionPenalty = 2, .penaltyWindow = 2}, 3);
  for (int32_t token : {0, 1, 1})
    sampler.accept(token, true);
  std::vector<float> logits = {2, 2, 2};
  EXPECT_TRUE(sampler.sample(logits));
  EXPECT_EQ(logits, (std::vector<float>{2, 1, 2}));
}

TEST(Sampler, PenaltiesChangeTheLogits) {
  auto penalised = [](SamplerOptions options) {
    options.temperature = 0;
    Sampler sampler(options, 4);
    sampler.accept(0, false); // in the prompt
    sampler.accept(1, true);  // twice in the answer
    sampler.accept(1, true);
    sampler.accept(2, true);
    std::vector<float> logits = {2, 2, -2, 2};
    EXPECT_TRUE(sampler.sample(logits));
    return logits;
  };
  EXPECT_EQ(penalised({.repetitionPenalty = 2}), (std::vector<float>{1, 1, -4, 2}));
  EXPECT_EQ(penalised({.presencePenalty = 0.5}), (std::vector<float>{2, 1.5, -2.5, 2}));
  EXPECT_EQ(penalised({.frequencyPenalty = 0.5}), (std::vector<float>{2, 1, -2.5, 2}));
  EXPECT_EQ(penalised({}), (std::vector<float>{2, 2, -2, 2}));
}

TEST(Sampler, SameSeedSameTokens) {
  std::vector<float> logits(5000);
  for (size_t token = 0; token < logits.size(); ++token)
    logits[token] = float(token * 7919 % 1000) * 0.004f;
  for (SamplerOptions options :
       {SamplerOptions{}, {.topK = 40}, {.topP = 0.9}, {.topK = 500, .topP = 0.9, .minP = 0.05}}) {
    auto draw = [&](uint64_t seed) {
      options.seed = seed;
      Sampler sampler(options, int64_t(logits.size()));
      std::vector<int32_t> tokens;
      for (int step = 0; step < 50; ++step) {
        std::vector<float> copy = logits;
        tokens.push_back(*sampler.sample(copy));
      }
      return tokens;
    };
    EXPECT_EQ(draw(1), draw(1));
    EXPECT_NE(draw(1), draw(2));
  }
}

TEST(Sampler, LikelihoodIsStable) {
  EXPECT_NEAR(negativeLogLikelihood(std::vector<float>{0, 0, 0, 0}, 2), std::log(4.0), 1e-12);
  EXPECT_NEAR(negativeLogLikelihood(std::vector<float>{1000, 0}, 0), 0, 1e-12);
  EXPECT_NEAR(negativeLogLikelihood(std::vector<float>{1000, 0}, 1), 1000, 1e-9);
}

} // namespace
