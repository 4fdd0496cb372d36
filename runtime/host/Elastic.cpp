// See Elastic.h.
#include "runtime/host/Elastic.h"

#include <algorithm>

namespace gemmart {

void Elastic::settle(int64_t threads) {
  state = State::Steady;
  now = threads;
  steps = 0;
  rest = patience;
}

void Elastic::tryOut(int64_t threads) {
  state = State::Trial;
  before = now;
  now = threads;
  steps = 0;
  sum = 0;
}

/// A step outside of a trial.
void Elastic::observe(int64_t count, double seconds, std::span<const double> waited) {
  double longest = *std::max_element(waited.begin(), waited.end());
  bool first = count != tokens || steps == 0;
  auto mix = [&](double &into, double value) { into = first ? value : into + kFresh * (value - into); };
  mix(average, seconds);
  mix(waiting, longest / seconds);
  steps = first ? 1 : steps + 1;
  tokens = count;
  if (rest > 0 || steps < kSteps)
    return;
  if (now < most)
    return tryOut(most);
  // The late are those who hardly waited.
  auto late = std::count_if(waited.begin(), waited.end(), [&](double own) { return own < longest / 2; });
  if (waiting > kMuch)
    tryOut(std::max<int64_t>(1, most - late));
}

/// A step of a trial. In the first the threads move to their CPUs: it does not count.
void Elastic::judge(int64_t count, double seconds) {
  if (count != tokens)
    return settle(before);
  if (++steps > 1)
    sum += seconds;
  if (steps < kSteps || sum < kTrial)
    return;
  bool faster = sum / double(steps - 1) < kClearly * average;
  patience = faster ? kShortest : std::min(2 * patience, kLongest);
  settle(faster ? now : before);
}

void Elastic::ran(int64_t count, double seconds, std::span<const double> waited) {
  if (most < 2 || seconds <= 0)
    return;
  rest -= seconds;
  if (state == State::Trial)
    judge(count, seconds);
  else
    observe(count, seconds, waited);
}

} // namespace gemmart
