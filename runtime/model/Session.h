// One conversation: the key/value cache, the scratch arena, and the position. Runs the compiled entry points.
#ifndef RUNTIME_MODEL_SESSION_H
#define RUNTIME_MODEL_SESSION_H

#include "runtime/abi/Step.h"
#include "runtime/base/File.h"
#include "runtime/base/Status.h"
#include "runtime/host/Team.h"

#include <algorithm>
#include <functional>
#include <span>
#include <vector>

namespace gemmart {

/// What the memory of a process will be when its context is full, known before it starts: bytes that the kernel counts.
/// Left out is what no model's size changes, 2 to 3 MB: heap, stacks, the pages of the C library.
struct MemoryStatement {
  int64_t weights = 0, restOfFile = 0; ///< mapped; the rest is the tokenizer and the code
  int64_t kv = 0, arena = 0;
  int64_t logits = 0; ///< one row, and the sampler's two tables; the command `logits` takes up to max_last_rows rows
  int64_t total() const { return weights + restOfFile + kv + arena + logits; }
};
MemoryStatement memoryStatement(const GmModel &model, const GmLevel &level, int64_t contextTokens, int64_t fileBytes);

/// Bytes of keys and values that a decode step at `position` reads. Layers that share a cache read it each.
int64_t cacheBytesRead(const GmModel &model, int64_t position);

/// Mutable, owned by one thread at a time. The model, the weights and the team outlive it.
class Session {
public:
  /// All allocation happens here. `contextTokens`: 1..model.context_tokens.
  static Result<Session> open(const GmModel &model, const GmLevel &level, std::span<const uint8_t> weights, Team &team,
                              int64_t contextTokens);

  /// Called with the logits [vocab] of one position, in order. The row may be changed; it is overwritten by the next
  /// chunk.
  using RowSink = std::function<Status(int64_t position, std::span<float> logits)>;

  /// Appends tokens to the sequence; the last `lastRows` of them (0..tokens.size()) get logits, given to `sink`.
  /// `blocks`: the block number of each token, 0 outside of blocks; empty: no blocks. Neighbours of one number are a
  /// block: they see each other where the model's mask says so, and are computed in one step.
  /// Fails before it computes anything when an id is not in the vocabulary, the context has no room, the model's mask
  /// is causal, or a block is longer than a step.
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
    return {reinterpret_cast<const float *>(hiddenRows.data()) + shownRow * model->hidden_floats,
            size_t(model->hidden_floats)};
  }

  int64_t chunk() const { return chunkTokens; } ///< most tokens of one step
  int64_t position() const { return next; }     ///< of the next token = tokens held
  int64_t context() const { return contextTokens; }
  /// Forgets the sequence. What the cache held stays there, unread: a key is read only at positions below the current
  /// one.
  void reset() { next = 0; }
  /// For measuring only: goes back to a smaller position, as deep in the cache as before, with whatever it then holds.
  void rewindForBench(int64_t position) { next = position; }

private:
  Session(const GmModel &model, const GmLevel &level, Team &team)
      : model(&model), level(&level), team(&team), chunkTokens(level.max_chunk_tokens) {}
  Status check(std::span<const int32_t> tokens) const;
  Status checkBlocks(std::span<const int32_t> tokens, std::span<const int32_t> blocks) const;
  bool findEnds(std::span<const int32_t> blocks);
  void runStep(std::span<const int32_t> tokens, int64_t firstRow, int64_t rows, bool hasBlocks);

  const GmModel *model;
  const GmLevel *level;
  Team *team;
  const uint8_t *weights = nullptr;
  Pages kv, arena, logits, hiddenRows;
  int64_t shownRow = 0;           ///< of hiddenRows: the one that belongs to the sink's
  std::vector<int32_t> blockEnds; ///< of the rows of a step; empty where the mask is causal
  int64_t contextTokens = 0, next = 0, chunkTokens;
};

} // namespace gemmart
#endif
