// The team of threads that runs a step together, and the barrier between its phases.
// Threads spin for a short time and then sleep, so that a step costs no system call on an idle machine and an
// oversubscribed one still makes progress.
#ifndef RUNTIME_HOST_TEAM_H
#define RUNTIME_HOST_TEAM_H

#include "runtime/abi/Step.h"
#include "runtime/base/Status.h"

#include <atomic>
#include <memory>
#include <type_traits>
#include <vector>

namespace gemmart {

/// CPUs that this process may use (its affinity mask), at least 1.
int64_t availableCpus();

/// Lets `threads` threads wait for each other. What a thread wrote before it arrived is visible to all after they
/// leave.
class Barrier {
public:
  /// `spinNs`: how long a thread spins before it sleeps.
  Barrier(int64_t threads, int64_t spinNs) : threads(int32_t(threads)), spinNs(spinNs) {}
  /// Called by every thread; the last to arrive runs `last()` before it lets the others go.
  template <class Last> void arrive(Last last) {
    uint32_t turn = generation.load(std::memory_order_relaxed);
    if (waiting.fetch_add(1, std::memory_order_acq_rel) + 1 == threads) {
      waiting.store(0, std::memory_order_relaxed);
      last();
      release();
    } else {
      await(turn);
    }
  }

  /// For a thread that could never be started: counts as its arrival. Not the last one.
  void arriveForMissing() { waiting.fetch_add(1, std::memory_order_acq_rel); }

private:
  void release();
  void await(uint32_t turn);
  // Three lines: the arrivals of the late must not take the line that the early read.
  alignas(64) std::atomic<int32_t> waiting{0};
  alignas(64) std::atomic<uint32_t> generation{0};
  alignas(64) std::atomic<int32_t> sleepers{0};
  const int32_t threads;
  const int64_t spinNs;
};

/// N threads; the caller of run() is thread 0. One owner at a time.
class Team {
public:
  /// Starts threads - 1 workers (1 <= threads <= kMaxThreads). Pinned one to a CPU when there is one for each and none
  /// left over; a smaller team is left to the kernel, so that two programs do not choose the same CPU.
  static Result<std::unique_ptr<Team>> create(int64_t threads);
  ~Team();
  Team(const Team &) = delete;

  static constexpr int64_t kMaxThreads = 1024;
  int64_t threads() const { return count; }
  bool pinned() const { return isPinned; }

  /// Runs work(thread) on every thread and returns when all are done.
  template <class Work> void run(Work &&work) {
    using Plain = std::remove_reference_t<Work>;
    runTask([](void *context, int64_t thread) { (*static_cast<Plain *>(context))(thread); }, &work);
  }

  /// Runs an entry point on every thread; fills step.threads, step.barrier and step.claim.
  void runStep(GmEntry entry, GmStep &step);

private:
  using Task = void (*)(void *context, int64_t thread);
  struct Worker;
  Team(int64_t threads, int64_t spinNs);
  void runTask(Task task, void *context);
  static void *workerMain(void *argument);

  const int64_t count;
  bool isPinned = false;
  std::vector<int> callerCpus; ///< the caller's mask, given back at the end
  Barrier phases, start, done; // between phases, before a task, after it
  Task task = nullptr;         // null: leave
  void *context = nullptr;
  std::unique_ptr<Worker[]> workers;
  int64_t started = 0;
};

} // namespace gemmart
#endif
