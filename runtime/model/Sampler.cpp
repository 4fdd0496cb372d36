// From logits to the next token, see Sampler.h.
#include "runtime/model/Sampler.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace gemmart {

Random::Random(uint64_t seed) {
  for (uint64_t &word : state) {
    uint64_t mixed = seed += 0x9e3779b97f4a7c15u;
    mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9u;
    mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111ebu;
    word = mixed ^ mixed >> 31;
  }
}

static uint64_t rotateLeft(uint64_t value, int by) {
  return value << by | value >> (64 - by);
}

uint64_t Random::next() {
  uint64_t result = rotateLeft(state[1] * 5, 7) * 9, shifted = state[1] << 17;
  state[2] ^= state[0];
  state[3] ^= state[1];
  state[1] ^= state[2];
  state[0] ^= state[3];
  state[2] ^= shifted;
  state[3] = rotateLeft(state[3], 45);
  return result;
}

int32_t mostLikely(std::span<const float> logits) {
  int32_t best = -1;
  float largest = -std::numeric_limits<float>::infinity();
  for (size_t token = 0; token < logits.size(); ++token)
    if (logits[token] > largest) { // false for NaN
      largest = logits[token];
      best = int32_t(token);
    }
  return best;
}

double negativeLogLikelihood(std::span<const float> logits, int32_t token) {
  double largest = -std::numeric_limits<double>::infinity(), sum = 0;
  for (float logit : logits)
    largest = std::max(largest, double(logit));
  for (float logit : logits)
    sum += std::exp(double(logit) - largest);
  return largest + std::log(sum) - double(logits[size_t(token)]);
}

Sampler::Sampler(const SamplerOptions &options, int64_t vocabTokens) : options(options), random(options.seed) {
  if (options.repetitionPenalty != 1 || options.presencePenalty != 0 || options.frequencyPenalty != 0) {
    promptCount.resize(size_t(vocabTokens));
    answerCount.resize(size_t(vocabTokens));
  }
  if (options.temperature > 0) {
    order.resize(size_t(vocabTokens));
    weight.resize(size_t(vocabTokens));
  }
}

void Sampler::accept(int32_t token, bool generated) {
  if (promptCount.empty())
    return;
  size_t index = size_t(token);
  if (promptCount[index] == 0 && answerCount[index] == 0)
    seen.push_back(token);
  ++(generated ? answerCount : promptCount)[index];
}

void Sampler::applyPenalties(std::span<float> logits) const {
  for (int32_t token : seen) {
    double logit = logits[size_t(token)];
    logit = logit > 0 ? logit / options.repetitionPenalty : logit * options.repetitionPenalty;
    if (int32_t count = answerCount[size_t(token)]; count > 0)
      logit -= options.presencePenalty + options.frequencyPenalty * count;
    logits[size_t(token)] = float(logit);
  }
}

/// Puts the candidates that top-k leaves at the front of `order`; without top-k all that are numbers.
int64_t Sampler::selectTopK(std::span<const float> logits) {
  int64_t count = 0;
  for (size_t token = 0; token < logits.size(); ++token)
    if (logits[token] > -std::numeric_limits<float>::infinity())
      order[size_t(count++)] = int32_t(token);
  if (options.topK > 0 && options.topK < count) {
    auto better = [&](int32_t left, int32_t right) {
      return logits[size_t(left)] != logits[size_t(right)] ? logits[size_t(left)] > logits[size_t(right)]
                                                           : left < right;
    };
    std::nth_element(order.begin(), order.begin() + options.topK - 1, order.begin() + count, better);
    count = options.topK;
    // A fixed order, whatever the library's selection left: the draw must not depend on it.
    std::sort(order.begin(), order.begin() + count, better);
  }
  return count;
}

/// How many of the first `count` candidates top-p leaves, moved to the front, best first. At least one.
int64_t Sampler::selectTopP(std::span<const float> logits, int64_t count, float largest) {
  double total = 0;
  auto mass = [&](int32_t token) { return std::exp((double(logits[size_t(token)]) - largest) / options.temperature); };
  for (int64_t index = 0; index < count; ++index)
    total += mass(order[size_t(index)]);
  auto better = [&](int32_t left, int32_t right) {
    return logits[size_t(left)] != logits[size_t(right)] ? logits[size_t(left)] > logits[size_t(right)] : left < right;
  };
  // The nucleus is mostly small: sort ever longer fronts until one holds enough.
  double sum = 0;
  int64_t done = 0;
  for (int64_t front = 256; done < count; front *= 8) {
    int64_t end = std::min(front, count);
    if (end < count)
      std::nth_element(order.begin() + done, order.begin() + end - 1, order.begin() + count, better);
    std::sort(order.begin() + done, order.begin() + end, better);
    for (; done < end; ++done) {
      sum += mass(order[size_t(done)]);
      if (sum >= options.topP * total)
        return done + 1;
    }
  }
  return count;
}

Result<int32_t> Sampler::sample(std::span<float> logits) {
  if (!seen.empty())
    applyPenalties(logits);
  int32_t best = mostLikely(logits);
  if (best < 0 || !std::isfinite(logits[size_t(best)]))
    return inputError("the model gave no finite logit; the weights may hold values that are not numbers");
  if (options.temperature == 0)
    return best;
  float largest = logits[size_t(best)];
  int64_t count = selectTopK(logits);
  if (options.topP < 1)
    count = selectTopP(logits, count, largest);
  double sum = 0;
  int64_t kept = 0;
  for (int64_t index = 0; index < count; ++index) {
    int32_t token = order[size_t(index)];
    double mass = std::exp((double(logits[size_t(token)]) - largest) / options.temperature);
    if (mass < options.minP) // the best token's mass is 1
      continue;
    order[size_t(kept)] = token;
    weight[size_t(kept++)] = mass;
    sum += mass;
  }
  double draw = random.uniform() * sum;
  for (int64_t index = 0; index < kept; ++index)
    if ((draw -= weight[size_t(index)]) < 0)
      return order[size_t(index)];
  return order[size_t(kept) - 1]; // rounding used up the last bit of the sum
}

} // namespace gemmart
