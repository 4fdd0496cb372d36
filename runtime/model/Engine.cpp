// See Engine.h.
#include "runtime/model/Engine.h"

#include "runtime/base/Text.h"
#include "runtime/model/Session.h"

#include <algorithm>

namespace gemmart {

Result<std::shared_ptr<Engine>> Engine::open(const GmModel &model, const GmLevel &level,
                                             std::span<const uint8_t> weights, Team &team,
                                             const EngineOptions &options) {
  if (int64_t(weights.size()) != model.weight_bytes)
    return inputError(format("section 'weights' has %lld bytes, the code was compiled for %lld",
                             (long long)weights.size(), (long long)model.weight_bytes));
  if (options.contextTokens < 1 || options.contextTokens > model.context_tokens)
    return usageError(format("a context of %lld tokens; this model was compiled for 1 to %lld",
                             (long long)options.contextTokens, (long long)model.context_tokens));
  int64_t logitBytes, most, wanted = 0;
  if (__builtin_mul_overflow(level.max_last_rows, model.vocab_tokens * int64_t(sizeof(float)), &logitBytes))
    return bugError("the model table in this executable makes no sense: logits beyond 2^63 bytes");
  if (__builtin_mul_overflow(pagesOfSequence(model, options.contextTokens, level.max_chunk_tokens), options.sequences,
                             &most))
    return usageError(format("%lld sequences are too many", (long long)options.sequences));
  wanted = options.kvBytes > 0 && model.page_bytes > 0 ? options.kvBytes / model.page_bytes : most;
  if (wanted < 1 && most > 0)
    return usageError(format("--kv-memory of %s: not one page of keys and values, which takes %s",
                             formatBytes(options.kvBytes).c_str(), formatBytes(model.page_bytes).c_str()));
  std::shared_ptr<Engine> engine(new Engine(model, level, team));
  Result<std::shared_ptr<PagePool>> pool = PagePool::create(model.page_bytes, wanted);
  if (!pool)
    return pool.status();
  Result<Pages> arena = Pages::reserve(level.arena_bytes, "arena", true);
  if (!arena)
    return arena.status();
  Result<Pages> logits = Pages::reserve(logitBytes, "logits", false);
  if (!logits)
    return logits.status();
  engine->pool = std::move(*pool);
  engine->arena = std::move(*arena);
  engine->logits = std::move(*logits);
  engine->weights = weights.data();
  engine->context = options.contextTokens;
  return engine;
}

Session Engine::newSession() {
  return Session(shared_from_this());
}

void Engine::run(GmStep &step) {
  step.weights = weights;
  step.arena = arena.data();
  step.kv = pool->data();
  step.kv_bytes = pool->bytes();
  step.logits = logitRow(0);
  step.hidden = reinterpret_cast<float *>(hiddenRows.data());
  team->runStep(step.token_count == 1 && !step.hidden ? level->decode : level->prefill, step);
  pool->openUsed();
}

Status checkToken(const GmModel &model, int64_t index, int32_t token) {
  if (token >= 0 && token < model.vocab_tokens)
    return {};
  return inputError(format("token %lld of the input is %d; ids of this model go from 0 to %lld", (long long)index + 1,
                           token, (long long)model.vocab_tokens - 1));
}

Status Engine::noPages(const std::string &what, int64_t needed) const {
  constexpr int64_t kMebibyte = 1 << 20;
  int64_t bytes = needed * pool->pageBytes(), all = bytes + pool->used() * pool->pageBytes();
  return inputError(format("%s: keys and values need %lld pages of %s, which is %s; %lld of %lld pages are left. "
                           "--kv-memory %lld (MiB) would do",
                           what.c_str(), (long long)needed, formatBytes(pool->pageBytes()).c_str(),
                           formatBytes(bytes).c_str(), (long long)pool->left(), (long long)pool->capacity(),
                           (long long)((all + kMebibyte - 1) / kMebibyte)));
}

Status Engine::checkRows(std::span<Session *const> sessions, std::span<const int32_t> tokens) const {
  if (sessions.size() != tokens.size())
    return bugError(format("%zu tokens for %zu sequences", tokens.size(), sessions.size()));
  int64_t needed = 0;
  for (size_t index = 0; index < sessions.size(); ++index) {
    const Session &session = *sessions[index];
    if (session.engine.get() != this ||
        std::find(sessions.begin(), sessions.begin() + ptrdiff_t(index), &session) - sessions.begin() <
            ptrdiff_t(index))
      return bugError("a sequence stands twice in a step, or belongs to another engine");
    if (Status status = checkToken(*model, int64_t(index), tokens[index]); !status)
      return status;
    if (session.position() >= context)
      return inputError(format("sequence %zu: its context of %lld tokens is full", index + 1, (long long)context));
    needed += session.sequence.pagesNeeded(1);
  }
  return needed <= pool->left() ? Status()
                                : noPages(format("a token for each of %zu sequences", tokens.size()), needed);
}

Status Engine::decode(std::span<Session *const> sessions, std::span<const int32_t> tokens, const RowSink &sink) {
  if (Status status = checkRows(sessions, tokens); !status)
    return status;
  std::vector<GmSequence> rows;
  for (size_t first = 0; first < sessions.size(); first += rows.size()) {
    rows.clear();
    size_t end = std::min(sessions.size(), first + size_t(mostRows()));
    for (size_t index = first; index < end; ++index) {
      if (!sessions[index]->sequence.reserve(1))
        return noPages("a token", 1);
      rows.push_back(sessions[index]->sequence.step());
    }
    alignas(64) GmStep step{};
    step.tokens = tokens.data() + first;
    step.token_count = step.sequence_count = step.last_rows = int64_t(rows.size());
    step.sequences = rows.data();
    run(step);
    for (size_t index = first; index < end; ++index)
      sessions[index]->sequence.advance(1);
    for (size_t index = first; index < end; ++index)
      if (Status status = sink(index, {logitRow(int64_t(index - first)), size_t(model->vocab_tokens)}); !status)
        return status;
  }
  return {};
}

} // namespace gemmart
