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

/// Feeds all but what the last step takes, as long as nobody cancels; what is left is for feed().
static Result<std::span<const int32_t>> feedMost(Session &session, std::span<const int32_t> prompt,
                                                 const std::function<bool()> &cancelled) {
  if (int64_t(prompt.size()) > session.context() - session.position())
    return prompt; // refused as a whole
  while (int64_t(prompt.size()) > session.chunk() && !cancelled()) {
    size_t count = size_t(session.chunk());
    if (Status status = session.feed(prompt.first(count), 0, {}); !status)
      return status;
    prompt = prompt.subspan(count);
  }
  return prompt;
}

Result<Generation> generate(Session &session, Sampler &sampler, std::span<const int32_t> prompt,
                            const GenerateOptions &options, const std::function<bool(int32_t)> &onToken) {
  Generation result;
  result.promptTokens = int64_t(prompt.size());
  double start = secondsNow();
  std::span<const int32_t> last = prompt;
  if (options.cancelled) {
    Result<std::span<const int32_t>> rest = feedMost(session, prompt, options.cancelled);
    if (!rest)
      return rest.status();
    last = *rest;
    if (int64_t(last.size()) > session.chunk() && last.size() <= size_t(session.context() - session.position())) {
      result.reason = StopReason::Caller;
      return result;
    }
  }
  Result<std::span<float>> logits = session.feed(last);
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
    if (session.position() >= session.context()) {
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
