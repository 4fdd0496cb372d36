// Threads and barrier, see Team.h.
#include "runtime/host/Team.h"

#include "runtime/base/File.h"
#include "runtime/base/Text.h"

#include <algorithm>
#include <climits>
#include <csignal>
#include <ctime>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <span>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace gemmart {

/// The CPUs of the affinity mask, in order. The mask is asked for with room for more CPUs than cpu_set_t has.
static std::vector<int> allowedCpus() {
  constexpr int kMostCpus = 1 << 16;
  std::vector<int> cpus;
  std::vector<unsigned long> mask(kMostCpus / (8 * sizeof(unsigned long)));
  long bytes = syscall(SYS_sched_getaffinity, 0, mask.size() * sizeof mask[0], mask.data());
  for (long bit = 0; bit < bytes * 8; ++bit)
    if (mask[size_t(bit) / (8 * sizeof mask[0])] >> (size_t(bit) % (8 * sizeof mask[0])) & 1)
      cpus.push_back(int(bit));
  return cpus;
}

int64_t availableCpus() {
  size_t count = allowedCpus().size();
  return count == 0 ? 1 : int64_t(count);
}

/// Only this thread's mask. Failure is no error: the thread then runs wherever the kernel puts it.
static void pinTo(std::span<const int> cpus) {
  std::vector<unsigned long> mask;
  for (int cpu : cpus) {
    size_t word = size_t(cpu) / (8 * sizeof mask[0]);
    mask.resize(std::max(mask.size(), word + 1));
    mask[word] |= 1ul << (size_t(cpu) % (8 * sizeof mask[0]));
  }
  syscall(SYS_sched_setaffinity, 0, mask.size() * sizeof mask[0], mask.data());
}

static int64_t nowNs() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

static void sleepWhile(std::atomic<uint32_t> &word, uint32_t value) {
  syscall(SYS_futex, reinterpret_cast<uint32_t *>(&word), FUTEX_WAIT_PRIVATE, value, nullptr, nullptr, 0);
}

// Sleeping is race free because both sides order their two accesses (seq_cst): a sleeper counts itself and then looks
// at the generation (in the kernel), the releaser changes the generation and then looks at the count.
void Barrier::release() {
  generation.fetch_add(1, std::memory_order_seq_cst);
  if (sleepers.load(std::memory_order_seq_cst) != 0)
    syscall(SYS_futex, reinterpret_cast<uint32_t *>(&generation), FUTEX_WAKE_PRIVATE, INT_MAX, nullptr, nullptr, 0);
}

void Barrier::await(uint32_t turn) {
  constexpr int kPausesPerLook = 32; // at the clock
  if (spinNs > 0) {
    int64_t deadline = nowNs() + spinNs;
    do {
      for (int pause = 0; pause < kPausesPerLook; ++pause) {
        if (generation.load(std::memory_order_acquire) != turn)
          return;
        gmTargetPause();
      }
    } while (nowNs() < deadline);
  }
  sleepers.fetch_add(1, std::memory_order_seq_cst);
  while (generation.load(std::memory_order_seq_cst) == turn)
    sleepWhile(generation, turn);
  sleepers.fetch_sub(1, std::memory_order_relaxed);
}

struct Team::Worker {
  Team *team;
  int64_t thread;
  int cpu; // or -1: not pinned
  pthread_t handle;
};

Team::Team(int64_t threads, int64_t spinNs)
    : count(threads), phases(threads, spinNs), start(threads, spinNs), done(threads, spinNs),
      workers(std::make_unique<Worker[]>(size_t(threads))) {}

/// A thread that takes no signals: those are the caller's, which may hold them back. But faults are the thread's own.
static int startBlocked(pthread_t *handle, void *(*work)(void *), void *argument) {
  sigset_t all, before;
  sigfillset(&all);
  for (int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT})
    sigdelset(&all, fault);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int failure = pthread_create(handle, nullptr, work, argument);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return failure;
}

Result<std::unique_ptr<Team>> Team::create(int64_t threads) {
  if (threads < 1 || threads > kMaxThreads)
    return usageError(format("%lld threads; 1 to %lld are possible", (long long)threads, (long long)kMaxThreads));
  std::vector<int> cpus = allowedCpus();
  // Longer than the unevenness of a phase, shorter than a scheduler's time slice. With fewer CPUs than threads the one
  // that is waited for needs the CPU of the one that waits.
  constexpr int64_t kSpinNs = 200'000;
  std::unique_ptr<Team> team(new Team(threads, threads <= int64_t(cpus.size()) ? kSpinNs : 0));
  team->isPinned = threads == int64_t(cpus.size());
  for (int64_t thread = 1; thread < threads; ++thread) {
    Worker &worker = team->workers[size_t(thread)];
    worker = {team.get(), thread, team->isPinned ? cpus[size_t(thread)] : -1, {}};
    if (int failure = startBlocked(&worker.handle, workerMain, &worker))
      return inputError(format("cannot start thread %lld of %lld: ", (long long)thread + 1, (long long)threads) +
                        errorText(failure));
    ++team->started;
  }
  if (team->isPinned)
    pinTo(std::span(cpus).first(1));
  team->callerCpus = std::move(cpus);
  return team;
}

void *Team::workerMain(void *argument) {
  Worker &worker = *static_cast<Worker *>(argument);
  Team &team = *worker.team;
  if (worker.cpu >= 0)
    pinTo({&worker.cpu, 1});
  while (true) {
    team.start.arrive([] {});
    if (!team.task)
      return nullptr;
    team.task(team.context, worker.thread);
    team.done.arrive([] {});
  }
}

void Team::runTask(Task work, void *argument) {
  task = work;
  context = argument;
  start.arrive([] {});
  work(argument, 0);
  done.arrive([] {});
}

void Team::runStep(GmEntry entry, GmStep &step) {
  step.threads = count;
  step.barrier = &phases;
  step.claim = 0;
  run([&](int64_t thread) { entry(&step, thread); });
}

Team::~Team() {
  task = nullptr;
  for (int64_t missing = started + 1; missing < count; ++missing)
    start.arriveForMissing();
  start.arrive([] {});
  for (int64_t thread = 1; thread <= started; ++thread)
    pthread_join(workers[size_t(thread)].handle, nullptr);
  if (isPinned && !callerCpus.empty())
    pinTo(callerCpus);
}

} // namespace gemmart

void gmBarrier(GmStep *step, int64_t thread) {
  static_cast<gemmart::Barrier *>(step->barrier)->arrive([step] {
    // Atomic, because generated code adds to it atomically.
    __atomic_store_n(&step->claim, 0, __ATOMIC_RELAXED);
  });
}
