// See Memory.h.
#include "runtime/model/Memory.h"

#include "runtime/model/Sequence.h"

#include <algorithm>
#include <span>

namespace gemmart {

MemoryStatement memoryStatement(const GmModel &model, const GmLevel &level, int64_t contextTokens, int64_t fileBytes) {
  MemoryStatement memory;
  memory.weights = model.weight_bytes;
  memory.restOfFile = std::max<int64_t>(fileBytes - model.weight_bytes, 0);
  memory.kv = pagesOfSequence(model, contextTokens, level.max_chunk_tokens) * model.page_bytes;
  int64_t growing = 0; // pages
  for (const GmPageClass &layers : std::span(model.page_classes, size_t(model.page_class_count)))
    if (layers.window_tokens <= 0) {
      growing += (contextTokens + layers.page_slots - 1) / layers.page_slots;
      memory.kvToken += (model.page_bytes + layers.page_slots - 1) / layers.page_slots;
    }
  memory.kvFixed = memory.kv - growing * model.page_bytes;
  memory.arena = level.arena_bytes;
  memory.logits = 3 * model.vocab_tokens * int64_t(sizeof(float));
  return memory;
}

int64_t fullCacheBytes(const GmModel &model) {
  return pagesOfSequence(model, model.context_tokens, model.levels[0].max_chunk_tokens) * model.page_bytes;
}

int64_t cacheBytesRead(const GmModel &model, int64_t position) {
  constexpr int64_t kBlock = 32;
  int64_t bytes = 0;
  for (const GmCacheRead &read : std::span(model.cache_reads, size_t(model.cache_read_count))) {
    int64_t first = read.window_tokens > 0 ? std::max<int64_t>(position - read.window_tokens + 1, 0) : 0;
    bytes += (position / kBlock - first / kBlock + 1) * read.block_bytes;
  }
  return bytes;
}

} // namespace gemmart
