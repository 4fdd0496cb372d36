// How many threads a step takes, on machines that are made up: the seconds of a step for each number of threads.
#include "runtime/host/Elastic.h"

#include <functional>
#include <gtest/gtest.h>
#include <vector>

using namespace gemmart;

namespace {

/// A step's seconds, and the share of it that the first thread waits for the last.
struct Machine {
  std::function<double(int64_t threads)> seconds;
  std::function<double(int64_t threads)> waiting;
};

constexpr double kStep = 0.04;

Machine quiet() {
  return {[](int64_t threads) { return kStep / double(threads); }, [](int64_t) { return 0.02; }};
}

/// One of two cores is taken half the time: two threads are slower than one.
Machine contended() {
  return {[](int64_t threads) { return threads == 2 ? 1.25 * kStep : kStep; },
          [](int64_t threads) { return threads == 2 ? 0.4 : 0; }};
}

/// Runs so many seconds; returns the steps, and those that took all threads.
std::pair<int, int> run(Elastic &elastic, const Machine &machine, int64_t most, double seconds, int64_t tokens = 1) {
  int steps = 0, all = 0;
  while (seconds > 0) {
    int64_t threads = elastic.threads();
    EXPECT_GE(threads, 1);
    EXPECT_LE(threads, most);
    double time = machine.seconds(threads);
    std::vector<double> waited(size_t(threads), machine.waiting(threads) * time);
    waited.back() = 0;
    elastic.ran(tokens, time, waited);
    seconds -= time;
    ++steps;
    all += threads == most;
  }
  return {steps, all};
}

TEST(Elastic, KeepsAllThreadsOnAQuietMachine) {
  Elastic elastic(2);
  auto [steps, all] = run(elastic, quiet(), 2, 60);
  EXPECT_EQ(steps, all);
}

TEST(Elastic, TakesFewerWhileACoreIsTaken) {
  Elastic elastic(2);
  auto [steps, all] = run(elastic, contended(), 2, 60);
  EXPECT_LT(all, steps / 10) << "of " << steps;
  auto [freeSteps, freeAll] = run(elastic, quiet(), 2, 20);
  EXPECT_GT(freeAll, freeSteps * 7 / 10) << "grows again once the core is free, within four seconds";
  EXPECT_EQ(elastic.threads(), 2);
}

TEST(Elastic, UnevenPhasesCostNextToNothing) {
  // Half of each step is waited for, and still all threads are fastest.
  Machine uneven = quiet();
  uneven.waiting = [](int64_t) { return 0.5; };
  Elastic elastic(2);
  auto [steps, all] = run(elastic, uneven, 2, 120);
  EXPECT_GT(all, steps * 97 / 100) << "of " << steps;
  EXPECT_LT(all, steps) << "it was tried";
}

TEST(Elastic, LeavesOutAsManyAsAreLate) {
  // Threads 5, 6, 7 of 8 are held up; with five all is well.
  Elastic elastic(8);
  for (int step = 0; step < 200; ++step) {
    int64_t threads = elastic.threads();
    double time = threads > 5 ? 0.05 : 0.02;
    std::vector<double> waited(size_t(threads), threads > 5 ? 0.02 : 0.0001);
    for (int64_t late = 5; late < threads; ++late)
      waited[size_t(late)] = 0.001;
    elastic.ran(1, time, waited);
    if (threads < 8)
      EXPECT_EQ(threads, 5);
  }
  EXPECT_EQ(elastic.threads(), 5);
}

TEST(Elastic, ComparesOnlyStepsOfAsManyTokens) {
  // Prompts and decoding take turns: a trial of either is never judged by the other's seconds.
  Elastic elastic(2);
  int few = 0, steps = 400;
  for (int step = 0; step < steps; ++step) {
    bool prompt = step / 2 % 2;
    int64_t threads = elastic.threads();
    double time = (prompt ? 10 : 1) * kStep / double(threads);
    std::vector<double> waited{0.5 * time, 0.0};
    elastic.ran(prompt ? 128 : 1, time, std::span(waited).first(size_t(threads)));
    few += threads == 1;
  }
  EXPECT_EQ(elastic.threads(), 2);
  EXPECT_LT(few, steps / 20);
}

TEST(Elastic, OneThreadStaysOne) {
  Elastic elastic(1);
  double waited[] = {1.0};
  for (int step = 0; step < 100; ++step)
    elastic.ran(1, 1, waited);
  EXPECT_EQ(elastic.threads(), 1);
}

} // namespace
