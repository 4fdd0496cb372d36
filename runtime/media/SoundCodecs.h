// The decoders behind Sound.h, one file for each library.
#ifndef RUNTIME_MEDIA_SOUNDCODECS_H
#define RUNTIME_MEDIA_SOUNDCODECS_H

#include "runtime/media/Sound.h"

namespace gemmart {

/// Collects interleaved blocks as one channel, within the limits.
class SoundSink {
public:
  explicit SoundSink(const SoundLimits &limits) : limits(limits) {}

  /// To be called before the first block, and again where a stream changes them: that is an error.
  Status begin(int64_t rate, int64_t channels);
  /// Interleaved samples of whole frames. Fails when the sound grows longer than allowed.
  Status add(std::span<const float> interleaved);
  Result<Sound> finish();

private:
  SoundLimits limits;
  Sound sound;
  int64_t channels = 0;
};

Result<Sound> decodeWav(std::span<const uint8_t> file, const SoundLimits &limits);
Result<Sound> decodeFlac(std::span<const uint8_t> file, const SoundLimits &limits);
Result<Sound> decodeMp3(std::span<const uint8_t> file, const SoundLimits &limits);
Result<Sound> decodeVorbis(std::span<const uint8_t> file, const SoundLimits &limits);
Result<Sound> decodeOpus(std::span<const uint8_t> file, const SoundLimits &limits);

} // namespace gemmart
#endif
