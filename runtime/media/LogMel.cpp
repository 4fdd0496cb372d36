// Log-mel features, see LogMel.h.
#include "runtime/media/LogMel.h"

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>

namespace gemmart {

int64_t validFrames(int64_t samples, const MelFormat &format) {
  samples = std::min(samples, format.longest);
  return std::max<int64_t>(0, (samples + format.hop - 1) / format.hop - 1);
}

int64_t paddedFrames(int64_t samples, const MelFormat &format) {
  constexpr int64_t multiple = 128;
  samples = (std::min(samples, format.longest) + multiple - 1) / multiple * multiple;
  return std::max<int64_t>(0, (samples + format.hop - 1) / format.hop - 1);
}

namespace {

/// A radix-2 transform of a fixed size: tables made once.
class Fft {
public:
  explicit Fft(int64_t size) : size(size), turns(size_t(size / 2)), order(size_t(size)) {
    for (int64_t k = 0; k < size / 2; ++k)
      turns[size_t(k)] = std::polar(1.0, -2 * std::numbers::pi * double(k) / double(size));
    for (int64_t i = 1, bit = size / 2; i < size; ++i) // position i with its bits reversed
      order[size_t(i)] = order[size_t(i / 2)] / 2 + (i & 1 ? bit : 0);
  }
  /// In place.
  void run(std::vector<std::complex<double>> &x) const {
    for (int64_t i = 0; i < size; ++i)
      if (i < order[size_t(i)])
        std::swap(x[size_t(i)], x[size_t(order[size_t(i)])]);
    for (int64_t half = 1; half < size; half *= 2)
      for (int64_t begin = 0; begin < size; begin += 2 * half)
        for (int64_t k = 0; k < half; ++k) {
          std::complex<double> &a = x[size_t(begin + k)], &b = x[size_t(begin + k + half)];
          std::complex<double> w = turns[size_t(k * (size / 2 / half))];
          std::complex<double> turned(b.real() * w.real() - b.imag() * w.imag(),
                                      b.real() * w.imag() + b.imag() * w.real());
          b = a - turned;
          a += turned;
        }
  }

private:
  int64_t size;
  std::vector<std::complex<double>> turns;
  std::vector<int64_t> order;
};

/// The bins of a band that are not 0, and their weights.
struct Band {
  int64_t first = 0;
  std::vector<double> weights;
};

/// Triangles between edges that are equally far apart in mel (2595 log10(1 + f / 700)), linear in Hz, without
/// normalising their areas.
std::vector<Band> melBands(const MelFormat &format) {
  auto mel = [](double hz) { return 2595 * std::log10(1 + hz / 700); };
  auto hz = [](double mel) { return 700 * (std::pow(10, mel / 2595) - 1); };
  double low = mel(format.low), step = (mel(format.high) - low) / double(format.bands + 1);
  std::vector<Band> bands(size_t(format.bands));
  for (int64_t b = 0; b < format.bands; ++b) {
    double left = hz(low + step * double(b)), centre = hz(low + step * double(b + 1)),
           right = hz(low + step * double(b + 2));
    for (int64_t k = 0; k <= format.fft / 2; ++k) {
      double f = double(k * format.sampleRate) / double(format.fft);
      double weight = std::min((f - left) / (centre - left), (right - f) / (right - centre));
      if (weight <= 0)
        continue;
      if (bands[size_t(b)].weights.empty())
        bands[size_t(b)].first = k;
      bands[size_t(b)].weights.push_back(weight);
    }
  }
  return bands;
}

} // namespace

std::vector<float> logMel(std::span<const float> samples, const MelFormat &format) {
  int64_t frames = validFrames(int64_t(samples.size()), format), before = format.frame / 2;
  std::vector<Band> bands = melBands(format);
  std::vector<double> window(size_t(format.frame)), magnitudes(size_t(format.fft / 2 + 1));
  for (int64_t n = 0; n < format.frame; ++n)
    window[size_t(n)] = 0.5 - 0.5 * std::cos(2 * std::numbers::pi * double(n) / double(format.frame));
  Fft fft(format.fft);
  std::vector<std::complex<double>> spectrum(size_t(format.fft));
  std::vector<float> features;
  features.reserve(size_t(frames * format.bands));
  for (int64_t i = 0; i < frames; ++i) {
    std::fill(spectrum.begin(), spectrum.end(), 0);
    for (int64_t n = 0; n < format.frame; ++n)
      if (int64_t at = i * format.hop + n - before; at >= 0 && at < int64_t(samples.size()))
        spectrum[size_t(n)] = window[size_t(n)] * double(samples[size_t(at)]);
    fft.run(spectrum);
    for (size_t k = 0; k < magnitudes.size(); ++k)
      magnitudes[k] = std::sqrt(std::norm(spectrum[k]));
    for (const Band &band : bands) {
      double sum = format.floor;
      for (size_t k = 0; k < band.weights.size(); ++k)
        sum += band.weights[k] * magnitudes[size_t(band.first) + k];
      features.push_back(float(std::log(sum)));
    }
  }
  return features;
}

std::vector<float> sampleFrames(std::span<const float> samples, int64_t frame) {
  std::vector<float> frames(samples.begin(), samples.end());
  frames.resize((frames.size() + size_t(frame) - 1) / size_t(frame) * size_t(frame));
  return frames;
}

} // namespace gemmart
