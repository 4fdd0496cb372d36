// One conversation, see Session.h.
#include "runtime/model/Session.h"

#include "runtime/base/Text.h"

#include <algorithm>
#include <climits>

namespace gemmart {

Result<Session> Session::open(const GmModel &model, const GmLevel &level, std::span<const uint8_t> weights, Team &team,
                              int64_t contextTokens) {
  Result<std::shared_ptr<Engine>> engine = Engine::open(model, level, weights, team, {contextTokens});
  if (!engine)
    return engine.status();
  return (*engine)->newSession();
}

Session::Session(std::shared_ptr<Engine> owner)
    : engine(std::move(owner)), sequence(*engine->model, engine->pool, engine->level->max_chunk_tokens),
      chunkTokens(engine->level->max_chunk_tokens) {
  if (engine->model->block_tokens > 0)
    blockEnds.resize(size_t(engine->level->max_chunk_tokens));
}

Session Session::fork() const {
  Session copy(engine, sequence.fork());
  copy.blockEnds.resize(blockEnds.size());
  copy.chunkTokens = chunkTokens;
  return copy;
}

Status Session::watchLayers() {
  int64_t bytes;
  if (engine->model->hidden_floats < 1 ||
      __builtin_mul_overflow(engine->level->max_last_rows, engine->model->hidden_floats * int64_t(sizeof(float)),
                             &bytes))
    return bugError("the model table in this executable makes no sense: hidden rows of no size, or beyond 2^63 bytes");
  Result<Pages> pages = Pages::reserve(bytes, "layers' outputs", false);
  if (!pages)
    return pages.status();
  engine->hiddenRows = std::move(*pages);
  return {};
}

Status Session::check(std::span<const int32_t> tokens) const {
  for (size_t index = 0; index < tokens.size(); ++index)
    if (Status status = checkToken(*engine->model, int64_t(index), tokens[index]); !status)
      return status;
  int64_t count = int64_t(tokens.size()), held = position();
  if (count > context() - held && held == 0)
    return inputError(
        format("the prompt has %lld tokens, the context holds %lld", (long long)count, (long long)context()));
  if (count > context() - held)
    return inputError(format("%lld tokens and %lld more do not fit the context of %lld", (long long)held,
                             (long long)count, (long long)context()));
  int64_t needed = sequence.pagesNeeded(count);
  return needed <= engine->pool->left() ? Status() : engine->noPages(format("%lld tokens", (long long)count), needed);
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
  const GmLevel *level = engine->level;
  if (engine->model->block_tokens <= 0)
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
  GmSequence own = sequence.step();
  step.sequences = &own;
  step.sequence_count = 1;
  step.tokens = tokens.data();
  step.token_count = int64_t(tokens.size());
  step.first_row = firstRow;
  step.last_rows = rows;
  step.block_ends = hasBlocks ? blockEnds.data() : nullptr;
  engine->run(step);
}

Status Session::feed(std::span<const int32_t> tokens, int64_t lastRows, const RowSink &sink,
                     std::span<const int32_t> blocks) {
  if (Status status = check(tokens); !status)
    return status;
  if (Status status = checkBlocks(tokens, blocks); !status)
    return status;
  int64_t left = int64_t(tokens.size()), offset = 0, most = engine->level->max_last_rows;
  while (left > 0) {
    int64_t count = std::min(left, chunkTokens), silent = std::max<int64_t>(left - lastRows, 0);
    // A step ends early rather than owe more rows than fit.
    count = std::min(count, silent + most);
    if (!blocks.empty())
      count = stepTokens(blocks.subspan(size_t(offset)), count);
    if (!sequence.reserve(count))
      return engine->noPages(format("%lld tokens", (long long)count), sequence.pagesNeeded(count));
    bool hasBlocks = !blocks.empty() && findEnds(blocks.subspan(size_t(offset), size_t(count)));
    // Only a block can owe more: its step runs again for the next rows, and writes the same keys and values again.
    int64_t first = std::min(silent, count), rows = 0;
    do {
      rows = std::min(count - first, most);
      runStep(tokens.subspan(size_t(offset), size_t(count)), first, rows, hasBlocks);
      for (int64_t index = 0; index < rows; ++index) {
        shownRow = index;
        if (Status status =
                sink(position() + first + index, {engine->logitRow(index), size_t(engine->model->vocab_tokens)});
            !status)
          return status;
      }
      first += rows;
    } while (first < count);
    sequence.advance(count);
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
