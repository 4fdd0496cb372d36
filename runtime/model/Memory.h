// What a process will need, known before it starts.
#ifndef RUNTIME_MODEL_MEMORY_H
#define RUNTIME_MODEL_MEMORY_H

#include "runtime/abi/Step.h"

namespace gemmart {

/// What the memory of a process will be when its context is full: bytes that the kernel counts.
/// Left out is what no model's size changes, 2 to 3 MB: heap, stacks, the pages of the C library.
struct MemoryStatement {
  int64_t weights = 0, restOfFile = 0; ///< mapped; the rest is the tokenizer and the code
  int64_t kv = 0, arena = 0;           ///< kv: pages of one sequence that fills the context
  int64_t logits = 0; ///< one row, and the sampler's two tables; the command `logits` takes up to max_last_rows rows
  int64_t kvFixed = 0, kvToken = 0; ///< of kv: what does not grow, and what each further token adds
  int64_t total() const { return weights + restOfFile + kv + arena + logits; }
};
MemoryStatement memoryStatement(const GmModel &model, const GmLevel &level, int64_t contextTokens, int64_t fileBytes);

/// Bytes of keys and values of one sequence that fills the compiled context.
int64_t fullCacheBytes(const GmModel &model);

/// Bytes of keys and values that a decode step at `position` reads. Layers that share a cache read it each.
int64_t cacheBytesRead(const GmModel &model, int64_t position);

} // namespace gemmart
#endif
