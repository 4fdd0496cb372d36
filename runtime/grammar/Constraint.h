// One answer under a grammar: which tokens may come next, and where the answer stands.
#ifndef RUNTIME_GRAMMAR_CONSTRAINT_H
#define RUNTIME_GRAMMAR_CONSTRAINT_H

#include "runtime/grammar/Grammar.h"

namespace gemmart {

/// The control tokens around a thought, or -1. Before the answer a model may think freely, once.
struct ThoughtTokens {
  int32_t opens = -1, closes = -1;
};

/// Of one sequence; a copy goes its own way (for drafts). Not for several threads at once.
class Constraint {
public:
  explicit Constraint(std::shared_ptr<const Grammar> grammar, ThoughtTokens thought = {});

  /// A bit for each token, bit id % 64 of word id / 64: set if it may come next. Needs grammar().vocabulary().words()
  /// words. Stop tokens may come where the answer is complete.
  void mask(std::span<uint64_t> bits);
  /// Makes the logits [vocabulary] of all other tokens minus infinity. Logits beyond the vocabulary likewise. Fails
  /// when no token is left, which can be where the vocabulary has no token for some byte.
  Status apply(std::span<float> logits);
  /// Fails, and changes nothing, if the token may not come next.
  Status accept(int32_t token);

  bool isThinking() const { return phase == Thought; }
  /// The text so far is a whole answer.
  bool isComplete() const { return phase == Answer && state.complete; }
  /// And nothing can be added to it.
  bool isFinished() const { return isComplete() && state.places.empty(); }
  const Grammar &grammar() const { return *shared; }

private:
  enum Phase { Before, Thought, Answer };
  bool advance(int32_t token, GrammarState &out);
  std::shared_ptr<const Grammar> shared;
  ThoughtTokens thought;
  Phase phase;
  Machine machine;
  GrammarState state;
  std::vector<uint64_t> scratch; ///< of apply
};

} // namespace gemmart
#endif
