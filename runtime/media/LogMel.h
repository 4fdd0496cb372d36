// From sound to what an audio encoder reads: log-mel features, or plain frames of samples. The reference is
// transformers' feature extractor.
#ifndef RUNTIME_MEDIA_LOGMEL_H
#define RUNTIME_MEDIA_LOGMEL_H

#include <cstdint>
#include <span>
#include <vector>

namespace gemmart {

/// Numbers of the feature extractor.
struct MelFormat {
  int64_t sampleRate = 16000;     ///< Hz
  int64_t frame = 320, hop = 160; ///< samples
  int64_t fft = 512;              ///< samples, a power of two
  int64_t bands = 128;
  double low = 0, high = 8000; ///< Hz: the outer edges of the bands
  double floor = 0.001;        ///< added before the logarithm
  int64_t longest = 480000;    ///< samples; what is longer is cut off by the reference
};

/// Frames of `samples` samples that consist of real samples only: max(0, ceil(samples / hop) - 1), of at most
/// format.longest.
int64_t validFrames(int64_t samples, const MelFormat &format);

/// Frames that the reference makes: it fills the sound up to a multiple of 128 samples, and masks what is not valid.
int64_t paddedFrames(int64_t samples, const MelFormat &format);

/// Soft tokens of so many valid frames: two convolutions of stride 2.
inline int64_t audioSoftTokens(int64_t frames) {
  return (frames + 3) / 4;
}

/// features[i, b] = ln(sum_k filter[b, k] |FFT(window * frame i)|_k + floor), in float64, with half a frame of silence
/// before the sound. `samples`: mono in [-1, 1] at format.sampleRate. Returns [validFrames, bands]; what the reference
/// computes beyond the valid frames is masked with zeros.
std::vector<float> logMel(std::span<const float> samples, const MelFormat &format);

/// Frames of raw samples [ceil(samples / frame), frame], the last one filled up with zeros.
std::vector<float> sampleFrames(std::span<const float> samples, int64_t frame);

} // namespace gemmart
#endif
