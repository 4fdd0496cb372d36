// The queue in front of the engine: first come, first served, and the loop that keeps the engine going.
#ifndef RUNTIME_SERVER_SCHEDULER_H
#define RUNTIME_SERVER_SCHEDULER_H

#include "runtime/server/Engine.h"

#include <condition_variable>
#include <deque>
#include <mutex>

namespace gemmart::server {

/// submit(), busy() and the like may be called by any thread; run() belongs to the engine's.
class Scheduler {
public:
  Scheduler(Engine &engine, int64_t maxQueue) : engine(engine), maxQueue(maxQueue) {}

  /// Puts sequences at the end of the queue, all or none. False when the queue is full or the server is leaving: no
  /// callback will come then.
  bool submit(std::span<const std::shared_ptr<Sequence>> sequences);

  /// Runs until stop(): admits, steps, ends what was cancelled while it waited.
  void run();

  /// No new sequences from now on; the ones in flight go on.
  void drain();
  /// Cancels everything and lets run() return.
  void stop();
  /// Something was cancelled: look.
  void wake();
  /// How long an idle model keeps its memory, in seconds; below 0 for ever. Counts from the last end.
  void keepAlive(double seconds);
  /// Lets go of the memory as soon as nothing runs.
  void unload();
  /// Allocates the memory at the next request's turn only; the model counts as loaded from now on.
  void load();

  int64_t queued() const;
  int64_t busy() const { return running.load(std::memory_order_relaxed); }
  int64_t slots() const { return slotCount; }
  bool loaded() const { return isLoaded.load(std::memory_order_relaxed); }
  bool draining() const { return isDraining.load(std::memory_order_relaxed); }
  /// Unix time at which the memory is given back, in seconds; below 0 never.
  double expires() const { return expiry.load(std::memory_order_relaxed); }
  int64_t cacheBytes() const { return cache.load(std::memory_order_relaxed); }

private:
  void admitWaiting(std::unique_lock<std::mutex> &lock);
  void dropCancelled(std::unique_lock<std::mutex> &lock);
  void setExpiry();

  Engine &engine;
  const int64_t maxQueue;
  const int64_t slotCount = engine.slots();
  mutable std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::shared_ptr<Sequence>> waiting;
  std::vector<std::weak_ptr<Sequence>> admitted; ///< to be cancelled when the server stops
  bool stopping = false, releaseWanted = false;
  double keepSeconds = 300;
  std::atomic<bool> isDraining{false}, isLoaded{false};
  std::atomic<int64_t> running{0}, cache{0};
  std::atomic<double> expiry{-1};
};

} // namespace gemmart::server
#endif
