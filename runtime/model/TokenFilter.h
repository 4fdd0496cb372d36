// What a request asks of the tokens of its answer: a grammar, a schema, the end of a thought.
#ifndef RUNTIME_MODEL_TOKENFILTER_H
#define RUNTIME_MODEL_TOKENFILTER_H

#include <cstdint>
#include <span>

namespace gemmart {

/// One per sequence, used by one thread at a time. Sees the logits before anything is drawn, and every token drawn.
class TokenFilter {
public:
  virtual ~TokenFilter() = default;
  /// Sets the logits [vocab] of tokens that must not come next to minus infinity, and leaves at least one.
  virtual void restrict(std::span<float> logits) = 0;
  /// A token of the answer, end tokens included.
  virtual void accept(int32_t token) = 0;
};

} // namespace gemmart
#endif
