// What runs the model for the server: sequences that advance step by step, so that one can end between any two.
#ifndef RUNTIME_SERVER_ENGINE_H
#define RUNTIME_SERVER_ENGINE_H

#include "runtime/model/Memory.h"
#include "runtime/model/Sampler.h"
#include "runtime/model/Session.h"
#include "runtime/model/TokenFilter.h"

#include <atomic>
#include <memory>
#include <optional>

namespace gemmart::server {

/// A token and the natural logarithm of its probability, before penalties, masks and temperature.
struct Candidate {
  int32_t token = 0;
  double logProbability = 0;
};

/// One token of an answer.
struct Drawn {
  Candidate chosen;
  std::vector<Candidate> best; ///< the likeliest, descending, as many as were asked for
  bool isEnd = false;          ///< a stop token: not part of the text
};

enum class EndReason { StopToken, Caller, Length, Context, Cancelled, Failed };

/// What a sequence cost.
struct Usage {
  int64_t promptTokens = 0, cachedTokens = 0; ///< cached ones are part of the prompt
  int64_t drawnTokens = 0;                    ///< thoughts and the end token included
  double queueSeconds = 0, promptSeconds = 0, decodeSeconds = 0, firstTokenSeconds = 0;
};

/// A prompt, how to go on from it, and who is told. Fields below the line belong to the engine once it is submitted.
struct Sequence {
  std::vector<int32_t> prompt; ///< at least one id
  SamplerOptions sampling;
  int64_t maxTokens = 0;               ///< longest answer; 0: only the prompt is read
  int64_t contextTokens = 0;           ///< prompt and answer together
  std::vector<int32_t> stopIds;        ///< end the answer
  int best = -1;                       ///< candidates told beside each token; -1: no probabilities at all
  bool scorePrompt = false;            ///< onPrompt is called for each token of the prompt but the first
  std::shared_ptr<TokenFilter> filter; ///< may be null
  /// Called on the engine's thread. onToken says whether to go on; onEnd comes once, last.
  std::function<bool(const Drawn &)> onToken;
  std::function<void(const Drawn &)> onPrompt;
  std::function<void(EndReason, const Usage &, const Status &)> onEnd;
  /// May be set by any thread; seen within one step.
  std::atomic<bool> cancelled{false};
  // ---
  Usage usage;
  double submitted = 0;
};

/// Runs admitted sequences, one step of all of them at a time. Used by one thread.
class Engine {
public:
  virtual ~Engine() = default;
  virtual int64_t slots() const = 0;
  virtual int64_t busy() const = 0;
  /// Takes a sequence; only while busy() < slots().
  virtual void admit(std::shared_ptr<Sequence> sequence) = 0;
  /// One chunk of a prompt or one token for those that are due; ends cancelled ones first.
  virtual void step() = 0;
  /// Frees keys, values and scratch memory; only while busy() is 0. The next sequence allocates them anew.
  virtual void release() = 0;
  /// Bytes of keys and values now, and with full contexts.
  virtual int64_t cacheBytes() const = 0;
  virtual int64_t cacheBytesMax() const = 0;
};

/// One session, one sequence at a time. A prompt that goes on from what the session holds is not read again.
class SingleEngine : public Engine {
public:
  using Open = std::function<Result<Session>()>;
  SingleEngine(const GmModel &model, const GmLevel &level, Open open)
      : model(model), chunk(level.max_chunk_tokens), open(std::move(open)) {}
  int64_t slots() const override { return 1; }
  int64_t busy() const override { return current ? 1 : 0; }
  void admit(std::shared_ptr<Sequence> sequence) override;
  void step() override;
  void release() override;
  int64_t cacheBytes() const override;
  int64_t cacheBytesMax() const override { return fullCacheBytes(model); }

private:
  Status prepare();
  Status readPrompt();
  void tellPrompt(int64_t position, std::span<const float> row);
  Status draw();
  void end(EndReason reason, const Status &status = {});

  const GmModel &model;
  const int64_t chunk;
  Open open;
  std::optional<Session> session;
  std::vector<int32_t> held; ///< the ids whose keys and values the session has
  std::shared_ptr<Sequence> current;
  std::optional<Sampler> sampler;
  std::span<float> logits; ///< of the last token fed; empty while the prompt is read
  bool ready = false;      ///< prepare() was done for `current`
};

/// The candidate for one token of a row of logits, and the `best` likeliest beside it.
Drawn judge(std::span<const float> logits, int32_t token, int best);

} // namespace gemmart::server
#endif
