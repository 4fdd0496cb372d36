// From logits to the next token: bias, penalties, top-k, typical-p, top-p, min-p, temperature, and a random draw that a
// seed repeats.
#ifndef RUNTIME_MODEL_SAMPLER_H
#define RUNTIME_MODEL_SAMPLER_H

#include "runtime/base/Status.h"

#include <cstdint>
#include <deque>
#include <functional>
#include <span>
#include <utility>
#include <vector>

namespace gemmart {

/// xoshiro256** (Blackman and Vigna), seeded through splitmix64. The same seed gives the same numbers on every machine.
class Random {
public:
  explicit Random(uint64_t seed);
  uint64_t next();
  double uniform() { return double(next() >> 11) * 0x1p-53; } ///< in [0, 1)

private:
  uint64_t state[4];
};

/// The neutral values choose from the whole distribution.
struct SamplerOptions {
  double temperature = 1;       ///< 0 (or below 1e-6): the most likely token
  int64_t topK = 0;             ///< 0: off
  double typicalP = 1;          ///< 1: off; else the tokens of most usual surprise that make up so much
  double topP = 1;              ///< 1: off
  double minP = 0;              ///< 0: off; relative to the most likely token
  double repetitionPenalty = 1; ///< divides (multiplies, below zero) the logit of every token of prompt and answer
  int64_t penaltyWindow = -1;   ///< tokens that the penalties look back at; -1: all
  double presencePenalty = 0;   ///< subtracted once for a token of the answer
  double frequencyPenalty = 0;  ///< subtracted for each time it is in the answer
  std::vector<std::pair<int32_t, float>> bias = {}; ///< added to the logits of these ids; -100 and less forbids one
  uint64_t seed = 0;
};

/// Linear in the vocabulary: candidates are selected partially, never all sorted.
class Sampler {
public:
  Sampler(const SamplerOptions &options, int64_t vocabTokens);

  /// Counts a token of the prompt (`generated` false) or of the answer. Ids lie in the vocabulary.
  void accept(int32_t token, bool generated);

  /// Sets the logits of tokens that must not come to minus infinity.
  using Mask = std::function<void(std::span<float> logits)>;

  /// The next token; changes `logits` [vocab]. Order: bias, penalties, `mask`, top-k, typical-p, top-p, min-p,
  /// temperature: what is cut away does not depend on the temperature. The lowest id wins a tie. Fails when no logit is
  /// a finite number.
  Result<int32_t> sample(std::span<float> logits, const Mask &mask = {});

private:
  void applyPenalties(std::span<float> logits) const;
  void forgetOldest();
  int64_t selectTypical(std::span<const float> logits, int64_t count, double total);
  int64_t selectTopK(std::span<const float> logits);
  int64_t selectTopP(std::span<const float> logits, int64_t count, double total);

  SamplerOptions options;
  Random random;
  std::vector<int32_t> promptCount, answerCount; ///< [vocab] or empty when no penalty asks for them
  std::vector<int32_t> seen;                     ///< the distinct tokens of both
  std::deque<std::pair<int32_t, bool>> window;   ///< what the penalties see, where that is not all
  std::vector<int32_t> order;                    ///< [vocab] the candidates, in front
  std::vector<float> mass;                       ///< [vocab] of the candidates, by id: the likeliest has 1
};

/// The most likely token, or -1 when no logit is a number above minus infinity.
int32_t mostLikely(std::span<const float> logits);

/// -log softmax(logits)[token], in double.
double negativeLogLikelihood(std::span<const float> logits, int32_t token);

} // namespace gemmart
#endif
