// Polyphase resampling, see Sound.h.
#include "runtime/media/Sound.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

namespace gemmart {

namespace {

constexpr int64_t kZeroCrossings = 64; ///< of the sinc, on either side
constexpr double kPassband = 0.96;     ///< the cutoff, as a part of half the lower rate
constexpr double kKaiserBeta = 10;     ///< about 100 dB

/// The modified Bessel function of the first kind, order 0, by its series.
double bessel(double x) {
  double sum = 1, term = 1;
  for (int k = 1; term > sum * 1e-17; ++k) {
    term *= x * x / (4.0 * k * k);
    sum += term;
  }
  return sum;
}

/// The filter at `time` input samples from its centre; `cutoff` in (0, 1] of the input's half rate, `reach` its half
/// width.
double filter(double time, double cutoff, double reach) {
  double t = time / reach;
  if (std::abs(t) >= 1)
    return 0;
  double x = std::numbers::pi * cutoff * time;
  double sinc = x == 0 ? 1 : std::sin(x) / x;
  return cutoff * sinc * bessel(kKaiserBeta * std::sqrt(1 - t * t)) / bessel(kKaiserBeta);
}

} // namespace

Sound resample(const Sound &sound, int64_t rate) {
  if (sound.rate == rate)
    return sound;
  int64_t common = std::gcd(sound.rate, rate), up = rate / common, down = sound.rate / common;
  double cutoff = kPassband * std::min(1.0, double(rate) / double(sound.rate)), reach = double(kZeroCrossings) / cutoff;
  int64_t half = int64_t(std::ceil(reach)), taps = 2 * half;
  int64_t count = (int64_t(sound.samples.size()) * up + down - 1) / down, length = int64_t(sound.samples.size());
  // One row of taps for each of the `up` places between two input samples; rates without a common divisor have many
  // rows and use few of them, so each is made when it is first needed.
  std::vector<std::vector<float>> phases(static_cast<size_t>(up));
  Sound out{rate, std::vector<float>(static_cast<size_t>(count))};
  for (int64_t i = 0; i < count; ++i) {
    int64_t base = i * down / up, phase = i * down % up;
    std::vector<float> &row = phases[size_t(phase)];
    if (row.empty()) {
      for (int64_t k = 0; k < taps; ++k)
        row.push_back(float(filter(double(k - half + 1) - double(phase) / double(up), cutoff, reach)));
      float sum = std::accumulate(row.begin(), row.end(), 0.0f); // a constant stays itself
      for (float &tap : row)
        tap /= sum;
    }
    int64_t first = base - half + 1, from = std::max<int64_t>(0, -first), to = std::min(taps, length - first);
    float sum = 0;
    for (int64_t k = from; k < to; ++k)
      sum += row[size_t(k)] * sound.samples[size_t(first + k)];
    out.samples[size_t(i)] = sum;
  }
  return out;
}

} // namespace gemmart
