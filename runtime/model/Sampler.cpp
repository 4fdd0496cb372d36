// From logits to the next token, see Sampler.h.
#include "runtime/model/Sampler.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace gemmart {

constexpr double kColdest =
    1e-6; // below it nothing but the likeliest token has a mass, and 1 / temperature may overflow

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
  bool penalises = options.repetitionPenalty != 1 || options.presencePenalty != 0 || options.frequencyPenalty != 0;
  if (penalises && options.penaltyWindow != 0) {
    promptCount.resize(size_t(vocabTokens));
    answerCount.resize(size_t(vocabTokens));
  }
  if (options.temperature >= kColdest) {
    order.resize(size_t(vocabTokens));
    mass.resize(size_t(vocabTokens));
  }
}

void Sampler::accept(int32_t token, bool generated) {
  if (promptCount.empty())
    return;
  size_t index = size_t(token);
  if (promptCount[index] == 0 && answerCount[index] == 0)
    seen.push_back(token);
  ++(generated ? answerCount : promptCount)[index];
  if (options.penaltyWindow < 0)
    return;
  window.emplace_back(token, generated);
  if (int64_t(window.size()) > options.penaltyWindow)
    forgetOldest();
}

void Sampler::forgetOldest() {
  auto [token, generated] = window.front();
  window.pop_front();
  size_t index = size_t(token);
  --(generated ? answerCount : promptCount)[index];
  if (promptCount[index] == 0 && answerCount[index] == 0)
    seen.erase(std::find(seen.begin(), seen.end(), token));
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

namespace {

/// Larger logit first, then the smaller id: a strict order, so that a draw depends on nothing but the numbers.
struct Better {
  std::span<const float> logits;
  bool operator()(int32_t left, int32_t right) const {
    float leftLogit = logits[size_t(left)], rightLogit = logits[size_t(right)];
    return leftLogit != rightLogit ? leftLogit > rightLogit : left < right;
  }
};

} // namespace

/// Puts the candidates that top-k leaves at the front of `order`; without top-k all that are numbers.
int64_t Sampler::selectTopK(std::span<const float> logits) {
  int64_t vocab = int64_t(logits.size()), most = options.topK > 0 ? std::min(options.topK, vocab) : vocab, count = 0,
          token = 0;
  for (; token < vocab && count < most; ++token)
    if (logits[size_t(token)] > -std::numeric_limits<float>::infinity())
      order[size_t(count++)] = int32_t(token);
  if (token == vocab)
    return count;
  // A heap of the best so far, the worst of them in front: most of the rest is turned away by one comparison. Ids only
  // grow, so an equal logit never enters.
  Better better{logits};
  auto first = order.begin(), last = order.begin() + count;
  std::make_heap(first, last, better);
  float worst = logits[size_t(*first)];
  for (; token < vocab; ++token) {
    if (!(logits[size_t(token)] > worst))
      continue;
    std::pop_heap(first, last, better);
    *(last - 1) = int32_t(token);
    std::push_heap(first, last, better);
    worst = logits[size_t(*first)];
  }
  return count;
}

/// How many of the first `count` candidates top-p leaves, moved to the front. At least one. Halves the range that the
/// last one lies in, so it is linear without sorting.
int64_t Sampler::selectTopP(std::span<const float> logits, int64_t count, double total) {
  int64_t low = 0, high = count; // the nucleus ends in (low, high]
  double need = options.topP * total;
  while (high - low > 1) {
    int64_t middle = low + (high - low) / 2;
    std::nth_element(order.begin() + low, order.begin() + middle, order.begin() + high, Better{logits});
    double sum = 0;
    for (int64_t index = low; index < middle; ++index)
      sum += mass[size_t(order[size_t(index)])];
    if (sum >= need) {
      high = middle;
    } else {
      need -= sum;
      low = middle;
    }
  }
  return high;
}

/// How many of the first `count` candidates typical-p leaves, moved to the front. At least one. A token is typical when
/// its surprise is near the mean one (Meister et al., Locally typical sampling).
int64_t Sampler::selectTypical(std::span<const float> logits, int64_t count, double total) {
  double entropy = 0;
  for (int64_t index = 0; index < count; ++index)
    if (double share = mass[size_t(order[size_t(index)])] / total; share > 0)
      entropy -= share * std::log(share);
  auto distance = [&](int32_t token) {
    double share = mass[size_t(token)] / total;
    return share > 0 ? std::abs(-std::log(share) - entropy) : std::numeric_limits<double>::infinity();
  };
  std::sort(order.begin(), order.begin() + count, [&](int32_t left, int32_t right) {
    double leftDistance = distance(left), rightDistance = distance(right);
    return leftDistance != rightDistance ? leftDistance < rightDistance : left < right;
  });
  double sum = 0;
  for (int64_t index = 0; index < count; ++index)
    if ((sum += mass[size_t(order[size_t(index)])]) >= options.typicalP * total)
      return index + 1;
  return count;
}

Result<int32_t> Sampler::sample(std::span<float> logits, const Mask &mask) {
  constexpr float kForbidden = -100;
  for (auto [token, bias] : options.bias)
    logits[size_t(token)] = bias <= kForbidden ? -std::numeric_limits<float>::infinity() : logits[size_t(token)] + bias;
  if (!seen.empty())
    applyPenalties(logits);
  if (mask)
    mask(logits);
  int32_t best = mostLikely(logits);
  if (best < 0 || !std::isfinite(logits[size_t(best)]))
    return inputError("the model gave no finite logit; the weights may hold values that are not numbers");
  if (options.temperature < kColdest)
    return best;
  float largest = logits[size_t(best)], scale = float(1 / options.temperature);
  int64_t count = selectTopK(logits);
  auto weigh = [&](float by) {
    double total = 0;
    for (int64_t index = 0; index < count; ++index) {
      size_t token = size_t(order[size_t(index)]);
      total += mass[token] = std::exp((logits[token] - largest) * by);
    }
    return total;
  };
  if (options.typicalP < 1 || options.topP < 1 || options.minP > 0) {
    double total = weigh(1);
    if (options.typicalP < 1) {
      count = selectTypical(logits, count, total);
      total = weigh(1);
    }
    if (options.topP < 1)
      count = selectTopP(logits, count, total);
    auto unlikely = [&](int32_t token) { return double(mass[size_t(token)]) < options.minP; };
    auto kept = std::remove_if(order.begin(), order.begin() + count, unlikely);
    // Typical tokens may all be less likely than min-p allows; one must stay.
    count = std::max<int64_t>(kept - order.begin(), 1);
  }
  double sum = weigh(scale);
  int64_t kept = count;
  double draw = random.uniform() * sum;
  for (int64_t index = 0; index < kept; ++index)
    if ((draw -= mass[size_t(order[size_t(index)])]) < 0)
      return order[size_t(index)];
  return order[size_t(kept) - 1]; // rounding used up the last bit of the sum
}

} // namespace gemmart
