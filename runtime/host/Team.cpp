// Threads and barrier, see Team.h.
#include "runtime/host/Team.h"

#include "runtime/base/File.h"
#include "runtime/base/Text.h"
#include "runtime/host/Quota.h"

#include <algorithm>
#include <climits>
#include <cmath>
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
  // A quota stops all threads together when it is used up, so a started CPU is worth a thread.
  double count = std::min(double(allowedCpus().size()), std::ceil(cpuQuota()));
  return std::max<int64_t>(1, int64_t(count));
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
// at the word (in the kernel), who sets it changes the word and then looks at the count.
void Signal::set(uint32_t value) {
  word.store(value, std::memory_order_seq_cst);
  if (sleepers.load(std::memory_order_seq_cst) != 0)
    syscall(SYS_futex, reinterpret_cast<uint32_t *>(&word), FUTEX_WAKE_PRIVATE, INT_MAX, nullptr, nullptr, 0);
}

int64_t Signal::await(uint32_t old) {
  constexpr int kPausesPerLook = 32; // at the clock
  int64_t begin = nowNs();
  if (spinNs > 0) {
    int64_t time = begin;
    do {
      for (int pause = 0; pause < kPausesPerLook; ++pause) {
        if (word.load(std::memory_order_acquire) != old)
          return time - begin;
        gmTargetPause();
      }
      time = nowNs();
    } while (time - begin < spinNs);
  }
  sleepers.fetch_add(1, std::memory_order_seq_cst);
  while (word.load(std::memory_order_seq_cst) == old)
    sleepWhile(word, old);
  sleepers.fetch_sub(1, std::memory_order_relaxed);
  return nowNs() - begin;
}

struct Team::Worker {
  Team *team;
  int64_t thread;
  pthread_t handle;
};

Team::Team(int64_t threads, int64_t spinNs)
    : count(threads), phases{Barrier(spinNs), std::make_unique<StepBarrier::Waited[]>(size_t(threads))}, start(spinNs),
      done(spinNs), workers(std::make_unique<Worker[]>(size_t(threads))), adapts(spinNs > 0), elastic(threads),
      waitedSeconds(size_t(threads)) {}

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
  team->callerCpus = cpus;
  for (int64_t thread = 1; thread < threads; ++thread) {
    Worker &worker = team->workers[size_t(thread)];
    worker = {team.get(), thread, {}};
    if (int failure = startBlocked(&worker.handle, workerMain, &worker))
      return inputError(format("cannot start thread %lld of %lld: ", (long long)thread + 1, (long long)threads) +
                        errorText(failure));
    ++team->started;
  }
  return team;
}

/// The threads that take part stand in the low bits of `start`, the number of the task above them. A thread that sits
/// many tasks out may sleep through them; that it misses exactly so many that the number is the same again would take a
/// thread that does not run for weeks.
static constexpr uint32_t kThreadBits = 11;
static_assert(Team::kMaxThreads < 1 << kThreadBits);

/// On its own CPU while all threads run; on any CPU while some sit out, for then it is the kernel that knows which are
/// free.
void Team::place(int64_t thread, int64_t threads, bool &onOwnCpu) {
  if (!isPinned || onOwnCpu == (threads == count))
    return;
  onOwnCpu = !onOwnCpu;
  pinTo(onOwnCpu ? std::span(callerCpus).subspan(size_t(thread), 1) : std::span(callerCpus));
}

void *Team::workerMain(void *argument) {
  Worker &worker = *static_cast<Worker *>(argument);
  Team &team = *worker.team;
  bool onOwnCpu = false;
  for (uint32_t seen = 0;;) {
    team.start.await(seen);
    seen = team.start.value();
    int64_t threads = seen & ((1u << kThreadBits) - 1);
    if (worker.thread >= threads)
      continue;
    if (!team.task)
      return nullptr;
    team.place(worker.thread, threads, onOwnCpu);
    team.task(team.context, worker.thread);
    team.done.arrive([] {});
  }
}

/// Lets threads 1..threads - 1 look at `task`.
void Team::call(int64_t threads) {
  start.set(((start.value() >> kThreadBits) + 1) << kThreadBits | uint32_t(threads));
}

void Team::runTask(Task work, void *argument, int64_t threads) {
  task = work;
  context = argument;
  done.expect(threads);
  call(threads);
  place(0, threads, callerOnOwnCpu);
  work(argument, 0);
  done.arrive([] {});
}

void Team::runStep(GmEntry entry, GmStep &step) {
  int64_t threads = elastic.threads();
  step.threads = threads;
  step.barrier = &phases;
  step.claim = 0;
  phases.barrier.expect(threads);
  for (int64_t thread = 0; thread < threads; ++thread)
    phases.waited[size_t(thread)].ns = 0;
  struct Call {
    GmEntry entry;
    GmStep *step;
  } call{entry, &step};
  int64_t begin = nowNs();
  runTask(
      [](void *argument, int64_t thread) {
        auto &call = *static_cast<Call *>(argument);
        call.entry(call.step, thread);
      },
      &call, threads);
  double seconds = double(nowNs() - begin) * 1e-9;
  for (int64_t thread = 0; thread < threads; ++thread)
    waitedSeconds[size_t(thread)] = double(phases.waited[size_t(thread)].ns) * 1e-9;
  if (adapts)
    elastic.ran(step.token_count, seconds, std::span(waitedSeconds).first(size_t(threads)));
}

Team::~Team() {
  task = nullptr;
  call(count);
  for (int64_t thread = 1; thread <= started; ++thread)
    pthread_join(workers[size_t(thread)].handle, nullptr);
  if (callerOnOwnCpu)
    pinTo(callerCpus);
}

} // namespace gemmart

void gmBarrier(GmStep *step, int64_t thread) {
  auto &phases = *static_cast<gemmart::Team::StepBarrier *>(step->barrier);
  phases.waited[size_t(thread)].ns += phases.barrier.arrive([step] {
    // Atomic, because generated code adds to it atomically.
    __atomic_store_n(&step->claim, 0, __ATOMIC_RELAXED);
  });
}
