// Threads and barrier under stress: every phase complete before the next, claims reset, no lost wake-up.
#include "runtime/host/Team.h"

#include <gtest/gtest.h>
#include <numeric>
#include <sched.h>
#include <unistd.h>
#include <vector>

using namespace gemmart;

namespace {

std::unique_ptr<Team> makeTeam(int64_t threads) {
  Result<std::unique_ptr<Team>> team = Team::create(threads);
  EXPECT_TRUE(team);
  return std::move(*team);
}

constexpr int64_t kTiles = 37, kPhases = 200;

/// Each phase doubles what the one before it left, tile by tile by claim; a missed barrier or claim breaks the numbers.
void phases(GmStep *step, int64_t thread) {
  int64_t *buffers[2] = {reinterpret_cast<int64_t *>(step->arena), reinterpret_cast<int64_t *>(step->arena) + kTiles};
  for (int64_t phase = 0; phase < kPhases; ++phase) {
    int64_t *from = buffers[phase % 2], *to = buffers[1 - phase % 2], tile;
    while ((tile = __atomic_fetch_add(&step->claim, 1, __ATOMIC_RELAXED)) < kTiles)
      to[tile] = from[(tile + 1) % kTiles] + 1;
    gmBarrier(step, thread);
  }
}

class TeamSizes : public testing::TestWithParam<int> {};

TEST_P(TeamSizes, PhasesSeeEachOthersWork) {
  std::unique_ptr<Team> team = makeTeam(GetParam());
  for (int repeat = 0; repeat < 5; ++repeat) {
    std::vector<int64_t> arena(2 * kTiles);
    std::iota(arena.begin(), arena.begin() + kTiles, 0);
    GmStep step{};
    step.arena = reinterpret_cast<uint8_t *>(arena.data());
    team->runStep(phases, step);
    for (int64_t tile = 0; tile < kTiles; ++tile)
      ASSERT_EQ(arena[size_t(tile)], (tile + kPhases) % kTiles + kPhases);
    EXPECT_EQ(step.claim, 0);
    EXPECT_EQ(step.threads, GetParam());
  }
}

TEST_P(TeamSizes, RunsEveryThreadOnce) {
  std::unique_ptr<Team> team = makeTeam(GetParam());
  for (int repeat = 0; repeat < 100; ++repeat) {
    std::vector<int> calls(size_t(GetParam()), 0);
    team->run([&](int64_t thread) { ++calls[size_t(thread)]; });
    ASSERT_EQ(calls, std::vector<int>(size_t(GetParam()), 1));
  }
}

// More threads than CPUs sleep at once; as many spin first.
INSTANTIATE_TEST_SUITE_P(Threads, TeamSizes, testing::Values(1, 2, 3, 8, 33));

TEST(Team, WakesThreadsThatFellAsleep) {
  std::unique_ptr<Team> team = makeTeam(2);
  int64_t sum = 0;
  for (int repeat = 0; repeat < 20; ++repeat) {
    team->run([&](int64_t thread) {
      if (thread == repeat % 2)
        usleep(2000); // longer than the spinning
    });
    usleep(1000);
    team->run([&](int64_t thread) { __atomic_fetch_add(&sum, thread + 1, __ATOMIC_RELAXED); });
  }
  EXPECT_EQ(sum, 20 * 3);
}

TEST(Team, RefusesSenselessSizes) {
  EXPECT_EQ(Team::create(0).status().message(), "0 threads; 1 to 1024 are possible");
  EXPECT_EQ(Team::create(-3).status().code(), Code::Usage);
  EXPECT_EQ(Team::create(1 << 20).status().code(), Code::Usage);
}

TEST(Team, GivesTheCallersMaskBack) {
  int64_t before = availableCpus();
  EXPECT_GE(before, 1);
  {
    std::unique_ptr<Team> team = makeTeam(before);
  }
  EXPECT_EQ(availableCpus(), before);
}

TEST(Team, RespectsTheAffinityMask) {
  cpu_set_t all, one;
  ASSERT_EQ(sched_getaffinity(0, sizeof all, &all), 0);
  CPU_ZERO(&one);
  for (int cpu = CPU_SETSIZE - 1; cpu >= 0; --cpu)
    if (CPU_ISSET(cpu, &all) && CPU_COUNT(&one) == 0)
      CPU_SET(cpu, &one);
  ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
  EXPECT_EQ(availableCpus(), 1);
  {
    std::unique_ptr<Team> team = makeTeam(2);
    EXPECT_FALSE(team->pinned());
    std::vector<int> ran(2);
    team->run([&](int64_t thread) { ran[size_t(thread)] = sched_getcpu(); });
    EXPECT_TRUE(CPU_ISSET(ran[0], &one) && CPU_ISSET(ran[1], &one));
  }
  sched_setaffinity(0, sizeof all, &all);
}

} // namespace
