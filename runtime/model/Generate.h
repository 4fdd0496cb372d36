// The loop from a prompt to an answer: feed, sample, hand on, until something stops it.
#ifndef RUNTIME_MODEL_GENERATE_H
#define RUNTIME_MODEL_GENERATE_H

#include "runtime/grammar/Constraint.h"
#include "runtime/model/Sampler.h"
#include "runtime/model/Session.h"

namespace gemmart {

enum class StopReason { StopToken, Length, Context, Caller };

/// "stop", "length", "context", "cancelled".
const char *stopName(StopReason reason);

struct GenerateOptions {
  int64_t maxTokens = 0;                ///< longest answer
  std::span<const int32_t> stopIds;     ///< end the answer; not part of it
  Constraint *constraint = nullptr;     ///< what the answer must look like; null: anything
  std::function<bool()> cancelled = {}; ///< asked between the steps of the prompt; empty: never
};

struct Generation {
  std::vector<int32_t> tokens; ///< the answer, without the stop token
  StopReason reason = StopReason::Length;
  int64_t promptTokens = 0, decodeSteps = 0;
  double promptSeconds = 0, decodeSeconds = 0;
  double promptRate() const { return promptSeconds > 0 ? double(promptTokens) / promptSeconds : 0; } ///< tokens/s
  double decodeRate() const { return decodeSeconds > 0 ? double(decodeSteps) / decodeSeconds : 0; }  ///< tokens/s
};

/// Feeds `prompt` (at least one token) and generates. `onToken` sees each token of the answer and returns whether to go
/// on.
Result<Generation> generate(Session &session, Sampler &sampler, std::span<const int32_t> prompt,
                            const GenerateOptions &options, const std::function<bool(int32_t)> &onToken);

} // namespace gemmart
#endif
