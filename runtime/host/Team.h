// The team of threads that runs a step together, and the barrier between its phases.
// Threads spin for a short time and then sleep, so that a step costs no system call on an idle machine and an
// oversubscribed one still makes progress. While other work holds a core a step takes fewer threads (Elastic.h).
#ifndef RUNTIME_HOST_TEAM_H
#define RUNTIME_HOST_TEAM_H

#include "runtime/abi/Step.h"
#include "runtime/base/Status.h"
#include "runtime/host/Elastic.h"

#include <atomic>
#include <memory>
#include <type_traits>
#include <vector>

namespace gemmart {

/// CPUs that this process may use, at least 1: its affinity mask, and no more than the quotas of its control groups
/// give.
int64_t availableCpus();

/// A word that one thread sets and others wait for.
class Signal {
public:
  /// `spinNs`: how long a thread spins before it sleeps.
  explicit Signal(int64_t spinNs) : spinNs(spinNs) {}
  uint32_t value() const { return word.load(std::memory_order_acquire); }
  void set(uint32_t value);
  /// Returns once the word is not `old` any more, with the nanoseconds that this took; 0 for a moment.
  int64_t await(uint32_t old);

private:
  // Two lines: who goes to sleep must not take the line that others read.
  alignas(64) std::atomic<uint32_t> word{0};
  alignas(64) std::atomic<int32_t> sleepers{0};
  const int64_t spinNs;
};

/// Lets some threads wait for each other. What a thread wrote before it arrived is visible to all after they leave.
class Barrier {
public:
  explicit Barrier(int64_t spinNs) : generation(spinNs) {}
  /// How many threads arrive from now on. Nobody is waiting.
  void expect(int64_t count) { threads = int32_t(count); }
  /// Called by every thread; the last to arrive runs `last()` before it lets the others go. Returns the nanoseconds
  /// that this thread waited.
  template <class Last> int64_t arrive(Last last) {
    int32_t all = threads; // before arriving: afterwards expect() may be called
    uint32_t turn = generation.value();
    if (waiting.fetch_add(1, std::memory_order_acq_rel) + 1 < all)
      return generation.await(turn);
    waiting.store(0, std::memory_order_relaxed);
    last();
    generation.set(turn + 1);
    return 0;
  }

private:
  alignas(64) std::atomic<int32_t> waiting{0}; ///< a line of its own: the late must not take the one the early read
  Signal generation;
  int32_t threads = 1;
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
    runTask([](void *context, int64_t thread) { (*static_cast<Plain *>(context))(thread); }, &work, count);
  }

  /// Runs an entry point on as many threads as are worth it now; fills step.threads, step.barrier and step.claim.
  void runStep(GmEntry entry, GmStep &step);

  /// What a step's barrier is to generated code.
  struct StepBarrier {
    struct alignas(64) Waited {
      int64_t ns = 0;
    };
    Barrier barrier;
    std::unique_ptr<Waited[]> waited; ///< of each thread, in this step
  };

private:
  using Task = void (*)(void *context, int64_t thread);
  struct Worker;
  Team(int64_t threads, int64_t spinNs);
  void runTask(Task task, void *context, int64_t threads);
  void call(int64_t threads);
  void place(int64_t thread, int64_t threads, bool &onOwnCpu);
  static void *workerMain(void *argument);

  const int64_t count;
  bool isPinned = false;
  bool callerOnOwnCpu = false;
  std::vector<int> callerCpus; ///< the caller's mask, given back at the end
  StepBarrier phases;
  Signal start; ///< a number of the task, and the threads that take part in it
  Barrier done;
  Task task = nullptr; // null: leave
  void *context = nullptr;
  std::unique_ptr<Worker[]> workers;
  int64_t started = 0;
  const bool adapts; ///< not with more threads than CPUs: whoever asks for them gets them
  Elastic elastic;
  std::vector<double> waitedSeconds; ///< room for what `elastic` is told
};

} // namespace gemmart
#endif
