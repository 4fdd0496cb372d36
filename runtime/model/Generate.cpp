// The generation loop, see Generate.h.
#include "runtime/model/Generate.h"

#include "runtime/base/Clock.h"

#include <algorithm>

namespace gemmart {

const char *stopName(StopReason reason) {
  switch (reason) {
  case StopReason::StopToken:
    return "stop";
  case StopReason::Length:
    return "length";
  case StopReason::Context:
    return "context";
  case StopReason::Caller:
    return "cancelled";
  }
  return "";
}

Result<Generation> generate(Session &session, Sampler &sampler, std::span<const int32_t> prompt,
                            const GenerateOptions &options, const std::function<bool(int32_t)> &onToken) {
  Generation result;
  result.promptTokens = int64_t(prompt.size());
  double start = secondsNow();
  Result<std::span<float>> logits = session.feed(prompt);
  if (!logits)
    return logits.status();
  result.promptSeconds = secondsNow() - start;
  for (int32_t token : prompt)
    sampler.accept(token, false);
  while (true) {
    if (int64_t(result.tokens.size()) >= options.maxTokens) {
      result.reason = StopReason::Length;
      return result;
    }
    if (options.constraint)
      if (Status status = options.constraint->apply(*logits); !status)
        return status;
    Result<int32_t> token = sampler.sample(*logits);
    if (!token)
      return token.status();
    if (std::find(options.stopIds.begin(), options.stopIds.end(), *token) != options.stopIds.end()) {
      result.reason = StopReason::StopToken;
      return result;
    }
    if (options.constraint)
      if (Status status = options.constraint->accept(*token); !status)
        return status;
    result.tokens.push_back(*token);
    sampler.accept(*token, true);
    if (!onToken(*token)) {
      result.reason = StopReason::Caller;
      return result;
    }
    if (options.constraint && options.constraint->isFinished()) {
      result.reason = StopReason::StopToken; // which is all that could follow
      return result;
    }
    if (!session.hasRoom()) {
      result.reason = StopReason::Context;
      return result;
    }
    if (int64_t(result.tokens.size()) >= options.maxTokens)
      continue; // the last token needs no step
    start = secondsNow();
    logits = session.feed({&*token, 1});
    if (!logits)
      return logits.status();
    result.decodeSeconds += secondsNow() - start;
    ++result.decodeSteps;
  }
}

} // namespace gemmart
