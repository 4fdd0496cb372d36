// How many threads the next step takes: fewer while other work holds a core, all of them again when it is free.
// No clock and no thread of its own: it judges what it is told of the steps that ran.
#ifndef RUNTIME_HOST_ELASTIC_H
#define RUNTIME_HOST_ELASTIC_H

#include <cstdint>
#include <span>

namespace gemmart {

/// A thread whose core is taken makes all others wait at every barrier. Much waiting is only a hint, for phases may be
/// uneven: a trial with fewer threads, compared with the steps before, decides. With fewer threads a trial of all
/// follows after a while, and the more of them change nothing the longer is the while. Only steps of as many tokens are
/// compared.
class Elastic {
public:
  explicit Elastic(int64_t most) : most(most), now(most) {}
  int64_t threads() const { return now; }

  /// A step of `tokens` tokens took `seconds`; thread i of threads() waited waited[i] seconds at barriers.
  void ran(int64_t tokens, double seconds, std::span<const double> waited);

private:
  /// A trial runs with another number of threads than the steps before it.
  enum class State { Steady, Trial };
  void observe(int64_t tokens, double seconds, std::span<const double> waited);
  void judge(int64_t tokens, double seconds);
  void settle(int64_t threads);
  void tryOut(int64_t threads);

  static constexpr double kMuch = 0.15;     ///< of a step that the thread waits which waits most
  static constexpr double kClearly = 0.97;  ///< of the time before: what counts as faster
  static constexpr double kFresh = 0.25;    ///< weight of the last step in averages
  static constexpr int kSteps = 3;          ///< at least so many are averaged, or make a trial
  static constexpr double kTrial = 0.03;    ///< seconds that a trial takes at least
  static constexpr double kShortest = 0.25; ///< seconds until the next trial
  static constexpr double kLongest = 4;

  const int64_t most;
  int64_t now;        ///< threads
  int64_t before = 0; ///< threads outside of the trial
  State state = State::Steady;
  int64_t tokens = 0;      ///< of the steps that are compared
  int64_t steps = 0;       ///< of them, with these threads
  double average = 0;      ///< seconds of a step outside of the trial
  double waiting = 0;      ///< share of a step that is waited for, on average
  double sum = 0;          ///< seconds of the trial
  double rest = kShortest; ///< seconds until the next trial may begin
  double patience = kShortest;
};

} // namespace gemmart
#endif
