// What all sequences of a process share: the weights, the team, the scratch memory of a step, and the pool of pages.
#ifndef RUNTIME_MODEL_ENGINE_H
#define RUNTIME_MODEL_ENGINE_H

#include "runtime/abi/Step.h"
#include "runtime/host/Team.h"
#include "runtime/model/Sequence.h"

#include <functional>
#include <span>

namespace gemmart {

class Session;

struct EngineOptions {
  int64_t contextTokens = 0; ///< longest sequence: 1..model.context_tokens
  int64_t kvBytes = 0;       ///< most memory for keys and values (--kv-memory); 0: what `sequences` full contexts need
  int64_t sequences = 1;     ///< 1 or more
};

/// Runs the compiled entry points, one step at a time: one thread at a time may use an engine and its sessions. The
/// model, the weights and the team outlive it; sessions keep it alive.
class Engine : public std::enable_shared_from_this<Engine> {
public:
  /// All allocation happens here, but for the tables of sequences.
  static Result<std::shared_ptr<Engine>> open(const GmModel &model, const GmLevel &level,
                                              std::span<const uint8_t> weights, Team &team,
                                              const EngineOptions &options);

  /// An empty sequence: costs its table, no pages.
  Session newSession();

  /// Called with the logits [vocab] of a session's new token; the row may be changed, and is overwritten by the next
  /// step.
  using RowSink = std::function<Status(size_t index, std::span<float> logits)>;

  /// Appends one token to each of several sessions of this engine, all different, in as few steps as can be; the bits
  /// are those that each would have had alone. Fails before it computes anything when a token is not in the vocabulary,
  /// a context is full, or the pool has not enough pages for all.
  Status decode(std::span<Session *const> sessions, std::span<const int32_t> tokens, const RowSink &sink);

  /// Sessions that one step of decode() can hold.
  int64_t mostRows() const { return std::min(level->max_chunk_tokens, level->max_last_rows); }
  int64_t contextTokens() const { return context; }
  const GmModel &compiled() const { return *model; }
  PagePool &pages() { return *pool; }
  const PagePool &pages() const { return *pool; }

  /// Why the pool refuses, with sizes and the option that helps; `what` is what needs `needed` pages.
  Status noPages(const std::string &what, int64_t needed) const;

private:
  friend class Session;
  Engine(const GmModel &model, const GmLevel &level, Team &team) : model(&model), level(&level), team(&team) {}
  /// Fills in what all steps have, and runs it.
  void run(GmStep &step);
  float *logitRow(int64_t row) { return reinterpret_cast<float *>(logits.data()) + row * model->vocab_tokens; }
  Status checkRows(std::span<Session *const> sessions, std::span<const int32_t> tokens) const;

  const GmModel *model;
  const GmLevel *level;
  Team *team;
  const uint8_t *weights = nullptr;
  std::shared_ptr<PagePool> pool;
  Pages arena, logits, hiddenRows;
  int64_t context = 0;
};

/// An id that the model knows? `index` counts from 0.
Status checkToken(const GmModel &model, int64_t index, int32_t token);

} // namespace gemmart
#endif
