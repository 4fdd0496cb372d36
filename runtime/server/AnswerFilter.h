// What the tokens of an answer must obey: the form of its text, the schemas of the tools it calls, or both.
#ifndef RUNTIME_SERVER_ANSWERFILTER_H
#define RUNTIME_SERVER_ANSWERFILTER_H

#include "runtime/grammar/Constraint.h"
#include "runtime/model/TokenFilter.h"

#include <memory>

namespace gemmart::server {

/// The rules of one request; each of its answers gets a filter of its own.
struct AnswerRules {
  std::shared_ptr<const Grammar> text;  ///< what the answer's text looks like; null: anything
  std::shared_ptr<const Grammar> calls; ///< a call, from behind the token that opens it; null: no tools were declared
  int32_t callOpens = -1;               ///< that token
  bool mustCall = false;                ///< the answer begins with a call
  ThoughtTokens thought;                ///< a thought may come before all that; -1: the model was not asked to think
  bool empty() const { return !text && !calls; }
};

/// Before any text the answer may think once and may call tools; behind a call that rules allow or ask for come further
/// calls or the end. Where neither the text has a form nor a call must come, only the calls are looked at.
std::shared_ptr<TokenFilter> makeAnswerFilter(const AnswerRules &rules);

} // namespace gemmart::server
#endif
