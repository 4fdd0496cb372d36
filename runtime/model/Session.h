// One conversation: a sequence of tokens, its keys and values, and the position.
#ifndef RUNTIME_MODEL_SESSION_H
#define RUNTIME_MODEL_SESSION_H

#include "runtime/model/Engine.h"

#include <algorithm>
#include <functional>
#include <span>
#include <vector>

namespace gemmart {

/// Mutable, owned by one thread at a time, together with the engine and its other sessions.
class Session {
public:
  /// A session with an engine of its own. `contextTokens`: 1..model.context_tokens.
  static Result<Session> open(const GmModel &model, const GmLevel &level, std::span<const uint8_t> weights, Team &team,
                              int64_t contextTokens);

  /// A session with the same tokens; both go on by themselves. Copies nothing: what they share is copied when one of
  /// them writes to it, a page at a time.
  Session fork() const;

  /// Called with the logits [vocab] of one position, in order. The row may be changed; it is overwritten by the next
  /// chunk.
  using RowSink = std::function<Status(int64_t position, std::span<float> logits)>;

  /// Appends tokens to the sequence; the last `lastRows` of them (0..tokens.size()) get logits, given to `sink`.
  /// `blocks`: the block number of each token, 0 outside of blocks; empty: no blocks. Neighbours of one number are a
  /// block: they see each other where the model's mask says so, and are computed in one step.
  /// Fails before it computes anything when an id is not in the vocabulary, the context or the pool of pages has no
  /// room, the model's mask is causal, or a block is longer than a step.
  Status feed(std::span<const int32_t> tokens, int64_t lastRows, const RowSink &sink,
              std::span<const int32_t> blocks = {});

  /// Appends tokens and returns the logits [vocab] of the last one, valid until the next call.
  Result<std::span<float>> feed(std::span<const int32_t> tokens);

  /// At most so many tokens (1 or more) in one step from now on, but for a longer block; results do not depend on it.
  void limitChunk(int64_t tokens) { chunkTokens = std::min(chunkTokens, tokens); }

  /// From now on, each row that gets logits shows what leaves each layer, too. Costs memory for so many rows, and one
  /// copy of them per layer. Everything then runs as prefill does.
  Status watchLayers();

  /// What left each layer, layer after layer [hidden_floats], for the row that a sink is being given; after
  /// watchLayers().
  std::span<const float> hidden() const {
    int64_t floats = engine->model->hidden_floats;
    return {reinterpret_cast<const float *>(engine->hiddenRows.data()) + shownRow * floats, size_t(floats)};
  }

  int64_t position() const { return sequence.position(); } ///< of the next token = tokens held
  int64_t context() const { return engine->context; }
  /// Whether one more token fits: the context, and the pool of pages.
  bool hasRoom() const { return position() < context() && fits(1); }
  /// Whether the pool has pages for so many more tokens.
  bool fits(int64_t tokens) const { return sequence.pagesNeeded(tokens) <= engine->pool->left(); }
  /// Forgets the sequence and gives its pages back.
  void reset() { sequence.clear(); }
  /// Forgets the tokens from `position` on. False, and nothing is forgotten, where that is further back than what
  /// sliding layers still hold.
  bool rewind(int64_t position) { return sequence.rewind(position); }
  int64_t pages() const {
    return sequence.pages();
  } ///< of keys and values that it holds, alone or together with others
  const Sequence &keysAndValues() const { return sequence; }
  /// See Sequence::restore.
  bool restore(int64_t tokens, std::span<const PageRange> ranges, std::span<const uint8_t> contents) {
    return sequence.restore(tokens, ranges, contents);
  }

private:
  friend class Engine;
  explicit Session(std::shared_ptr<Engine> engine);
  Session(std::shared_ptr<Engine> engine, Sequence sequence)
      : engine(std::move(engine)), sequence(std::move(sequence)) {}
  Status check(std::span<const int32_t> tokens) const;
  Status checkBlocks(std::span<const int32_t> tokens, std::span<const int32_t> blocks) const;
  bool findEnds(std::span<const int32_t> blocks);
  void runStep(std::span<const int32_t> tokens, int64_t firstRow, int64_t rows, bool hasBlocks);

  std::shared_ptr<Engine> engine;
  Sequence sequence;
  int64_t shownRow = 0;           ///< of the engine's hidden rows: the one that belongs to the sink's
  std::vector<int32_t> blockEnds; ///< of the rows of a step; empty where the mask is causal
  int64_t chunkTokens = 0;
};

} // namespace gemmart
#endif
