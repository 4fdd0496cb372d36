// From a checked request to the pieces of its answers: one path for every API.
#ifndef RUNTIME_SERVER_GENERATION_H
#define RUNTIME_SERVER_GENERATION_H

#include "runtime/server/AnswerFilter.h"
#include "runtime/server/Http.h"
#include "runtime/server/Metrics.h"
#include "runtime/server/Problem.h"
#include "runtime/server/Scheduler.h"
#include "runtime/text/Output.h"

#include <deque>
#include <optional>

namespace gemmart::server {

/// What is to be generated. Every API is translated into this.
struct Task {
  std::vector<std::vector<int32_t>> prompts; ///< one answer for each, times `answers`
  int answers = 1;
  SamplerOptions sampling; ///< answer j of a prompt draws with a seed made from the seed and j
  int64_t maxTokens = INT64_MAX, contextTokens = 0;
  std::vector<std::string> stops;
  std::vector<int32_t> stopIds;
  int best = -1;             ///< likeliest tokens told beside each; -1: no probabilities
  bool scorePrompt = false;  ///< the prompt's tokens are judged, too
  bool takeApart = true;     ///< thoughts and calls are no content; false: all is content
  bool calls = false;        ///< tools were declared
  bool oneCall = false;      ///< the answer ends after one call
  bool showThoughts = false; ///< otherwise they are dropped
  bool startsInThought = false;
  int64_t thoughtTokens = -1; ///< longest thought; -1: any
  std::optional<double>
      keepAlive;     ///< seconds that the model stays in memory afterwards; the server's default if not set
  AnswerRules rules; ///< what the tokens must obey
};

/// A call of a tool.
struct Call {
  std::string name;
  Value arguments; ///< an object
};

/// A token with its probabilities, and where its text went.
struct Judged {
  Drawn drawn;
  bool inContent = true; ///< false: part of a thought, a call, or a control token
};

/// What a step added to an answer.
struct Delta {
  std::string content, thought;
  std::vector<Call> calls;
  std::vector<Judged> tokens; ///< those of the text in this delta
  bool empty() const { return content.empty() && thought.empty() && calls.empty(); }
};

/// Why an answer is over.
enum class Cause { End, StopString, Calls, Length, Context };

/// One answer, complete.
struct Answer {
  Delta all;                   ///< every delta together
  std::vector<int32_t> tokens; ///< all that were drawn but the end token
  Cause cause = Cause::End;
  std::string stopString; ///< of Cause::StopString
  Usage usage;
  int64_t thoughtTokens = 0, brokenCalls = 0;
  std::vector<Drawn> prompt; ///< of scorePrompt
};

/// Gets the answers on the engine's thread.
class Listener {
public:
  virtual ~Listener() = default;
  /// Something was added to answer `index`. Not called with an empty delta.
  virtual void delta(size_t index, const Delta &delta) = 0;
  /// Answer `index` is complete.
  virtual void finished(size_t index, const Answer &answer) = 0;
  /// All are complete.
  virtual void complete(const std::vector<Answer> &answers) = 0;
  /// Something went wrong; nothing else will come.
  virtual void failed(const Problem &problem) = 0;
  /// Nothing was sent for a while; or (`probe`) the client sends no more, and must be sent something without meaning,
  /// so that it is noticed if it is gone. Called on the connection's thread.
  virtual void sendNothing(bool probe) = 0;
};

/// Submits a task. A returned problem means that nothing was started.
Problem start(Task task, std::shared_ptr<Exchange> exchange, std::shared_ptr<Listener> listener, Scheduler &scheduler,
              Metrics &metrics, const Tokenizer &tokenizer);

/// Cuts a text off at the first of some strings, and holds back what may become the start of one.
class StopFinder {
public:
  explicit StopFinder(std::vector<std::string> stops) : stops(std::move(stops)) {}
  /// The text that is certain; `found` when a stop string was met: nothing follows.
  std::string push(std::string_view text);
  std::string finish();
  const std::string *found() const { return hit; }

private:
  std::vector<std::string> stops;
  std::string held;
  const std::string *hit = nullptr;
};

/// The value of a parsed argument.
Value toValue(const Json &json);
/// A request's value for the template.
Json toJson(const Value &value);

} // namespace gemmart::server
#endif
