// One conversation, see Session.h.
#include "runtime/model/Session.h"

#include "runtime/base/Text.h"

#include <algorithm>
#include <climits>

namespace gemmart {

MemoryStatement memoryStatement(const GmModel &model, const GmLevel &level, int64_t contextTokens, int64_t fileBytes) {
  MemoryStatement memory;
  memory.weights = model.weight_bytes;
  memory.restOfFile = std::max<int64_t>(fileBytes - model.weight_bytes, 0);
  // The file rounds its growing part up to blocks, so a full context is what the compiler says, not a product.
  memory.kv = contextTokens == model.context_tokens
                  ? model.kv_bytes
                  : std::min(model.kv_bytes, model.kv_fixed_bytes + contextTokens * model.kv_token_bytes);
  memory.arena = level.arena_bytes;
  memory.logits = 3 * model.vocab_tokens * int64_t(sizeof(float));
  return memory;
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

Result<Session> Session::open(const GmModel &model, const GmLevel &level, std::span<const uint8_t> weights, Team &team,
                              int64_t contextTokens) {
  if (int64_t(weights.size()) != model.weight_bytes)
    return inputError(format("section 'weights' has %lld bytes, the code was compiled for %lld",
                             (long long)weights.size(), (long long)model.weight_bytes));
  if (contextTokens < 1 || contextTokens > model.context_tokens)
    return usageError(format("a context of %lld tokens; this model was compiled for 1 to %lld",
                             (long long)contextTokens, (long long)model.context_tokens));
  int64_t logitBytes;
  if (__builtin_mul_overflow(level.max_last_rows, model.vocab_tokens * int64_t(sizeof(float)), &logitBytes))
    return bugError("the model table in this executable makes no sense: logits beyond 2^63 bytes");
  Session session(model, level, team);
  session.contextTokens = contextTokens;
  session.weights = weights.data();
  // Each head's slots lie together, as many as the context was compiled for. With a much shorter one, large pages would
  // be touched in front and stay empty behind.
  bool large = memoryStatement(model, level, contextTokens, 0).kv >= model.kv_bytes / 2;
  Result<Pages> kv = Pages::reserve(model.kv_bytes, "key/value cache", large);
  if (!kv)
    return kv.status();
  Result<Pages> arena = Pages::reserve(level.arena_bytes, "arena", true);
  if (!arena)
    return arena.status();
  Result<Pages> logits = Pages::reserve(logitBytes, "logits", false);
  if (!logits)
    return logits.status();
  session.kv = std::move(*kv);
  session.arena = std::move(*arena);
  session.logits = std::move(*logits);
  if (model.block_tokens > 0)
    session.blockEnds.resize(size_t(level.max_chunk_tokens));
  return session;
}

Status Session::watchLayers() {
  int64_t bytes;
  if (model->hidden_floats < 1 ||
      __builtin_mul_overflow(level->max_last_rows, model->hidden_floats * int64_t(sizeof(float)), &bytes))
    return bugError("the model table in this executable makes no sense: hidden rows of no size, or beyond 2^63 bytes");
  Result<Pages> pages = Pages::reserve(bytes, "layers' outputs", false);
  if (!pages)
    return pages.status();
  hiddenRows = std::move(*pages);
  return {};
}

Status Session::check(std::span<const int32_t> tokens) const {
  for (size_t index = 0; index < tokens.size(); ++index)
    if (tokens[index] < 0 || tokens[index] >= model->vocab_tokens)
      return inputError(format("token %lld of the input is %d; ids of this model go from 0 to %lld",
                               (long long)index + 1, tokens[index], (long long)model->vocab_tokens - 1));
  int64_t count = int64_t(tokens.size());
  if (count <= contextTokens - next)
    return {};
  if (next == 0)
    return inputError(
        format("the prompt has %lld tokens, the context holds %lld", (long long)count, (long long)contextTokens));
  return inputError(format("%lld tokens and %lld more do not fit the context of %lld", (long long)next,
                           (long long)count, (long long)contextTokens));
}

/// One past the last token of the block that `at` stands in; `at` + 1 outside of blocks.
static int64_t blockEnd(std::span<const int32_t> blocks, int64_t at) {
  int64_t end = at + 1;
  while (blocks[size_t(at)] != 0 && end < int64_t(blocks.size()) && blocks[size_t(end)] == blocks[size_t(at)])
    ++end;
  return end;
}

Status Session::checkBlocks(std::span<const int32_t> tokens, std::span<const int32_t> blocks) const {
  if (blocks.empty())
    return {};
  if (model->block_tokens <= 0)
    return inputError("block numbers were given, but this model's mask is causal: no token sees a later one");
  if (blocks.size() != tokens.size())
    return inputError(
        format("%zu block numbers for %zu tokens; there must be one for each", blocks.size(), tokens.size()));
  for (int64_t at = 0, end; at < int64_t(blocks.size()); at = end) {
    end = blockEnd(blocks, at);
    if (end - at > level->max_chunk_tokens)
      return inputError(format("tokens %lld to %lld are a block of %lld, which one step must hold; this model was "
                               "compiled for steps of %lld: build it with --chunk %lld",
                               (long long)at + 1, (long long)end, (long long)(end - at),
                               (long long)level->max_chunk_tokens, (long long)(end - at)));
  }
  return {};
}

/// Sets the ends of the rows of a step; false if there is no block that needs them.
bool Session::findEnds(std::span<const int32_t> blocks) {
  bool found = false;
  for (int64_t at = 0, end; at < int64_t(blocks.size()); at = end) {
    end = blockEnd(blocks, at);
    found |= end - at > 1;
    std::fill(blockEnds.begin() + at, blockEnds.begin() + end, int32_t(end - 1));
  }
  return found;
}

/// Tokens of the next step: at most `most`, more only where the first block is longer. A step ends before a block that
/// it cannot hold.
static int64_t stepTokens(std::span<const int32_t> blocks, int64_t most) {
  int64_t count = 0;
  for (int64_t end; count < int64_t(blocks.size()); count = end) {
    end = blockEnd(blocks, count);
    if (end > most && count > 0)
      break;
  }
  return count;
}

void Session::runStep(std::span<const int32_t> tokens, int64_t firstRow, int64_t rows, bool hasBlocks) {
  alignas(64) GmStep step{};
  step.weights = weights;
  step.arena = arena.data();
  step.kv = kv.data();
  step.tokens = tokens.data();
  step.token_count = int64_t(tokens.size());
  step.position = next;
  step.first_row = firstRow;
  step.last_rows = rows;
  step.block_ends = hasBlocks ? blockEnds.data() : nullptr;
  step.logits = reinterpret_cast<float *>(logits.data());
  step.hidden = reinterpret_cast<float *>(hiddenRows.data());
  team->runStep(step.token_count == 1 && !step.hidden ? level->decode : level->prefill, step);
}

Status Session::feed(std::span<const int32_t> tokens, int64_t lastRows, const RowSink &sink,
                     std::span<const int32_t> blocks) {
  if (Status status = check(tokens); !status)
    return status;
  if (Status status = checkBlocks(tokens, blocks); !status)
    return status;
  int64_t left = int64_t(tokens.size()), offset = 0, vocab = model->vocab_tokens;
  float *row = reinterpret_cast<float *>(logits.data());
  while (left > 0) {
    int64_t count = std::min(left, chunkTokens), silent = std::max<int64_t>(left - lastRows, 0);
    // A step ends early rather than owe more rows than fit.
    count = std::min(count, silent + level->max_last_rows);
    if (!blocks.empty())
      count = stepTokens(blocks.subspan(size_t(offset)), count);
    bool hasBlocks = !blocks.empty() && findEnds(blocks.subspan(size_t(offset), size_t(count)));
    // Only a block can owe more: its step runs again for the next rows, and writes the same keys and values again.
    int64_t first = std::min(silent, count), rows = 0;
    do {
      rows = std::min(count - first, level->max_last_rows);
      runStep(tokens.subspan(size_t(offset), size_t(count)), first, rows, hasBlocks);
      for (int64_t index = 0; index < rows; ++index) {
        shownRow = index;
        if (Status status = sink(next + first + index, {row + index * vocab, size_t(vocab)}); !status)
          return status;
      }
      first += rows;
    } while (first < count);
    next += count;
    offset += count;
    left -= count;
  }
  return {};
}

Result<std::span<float>> Session::feed(std::span<const int32_t> tokens) {
  std::span<float> last;
  Status status = feed(tokens, std::min<int64_t>(1, int64_t(tokens.size())), [&](int64_t, std::span<float> row) {
    last = row;
    return Status();
  });
  if (!status)
    return status;
  return last;
}

} // namespace gemmart
