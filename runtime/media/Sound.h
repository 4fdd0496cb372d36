// Decoded sound: one channel of float samples. Decoders of the formats that people have, each bounded before it
// decodes, and resampling to the rate that an encoder wants.
#ifndef RUNTIME_MEDIA_SOUND_H
#define RUNTIME_MEDIA_SOUND_H

#include "runtime/base/Status.h"

#include <cstdint>
#include <span>
#include <vector>

namespace gemmart {

/// Mono: the mean of the file's channels.
struct Sound {
  int64_t rate = 0;           ///< Hz
  std::vector<float> samples; ///< in [-1, 1] but for overshoot in files of floats
};

/// What a file may ask for.
struct SoundLimits {
  double seconds = 1800;
  int64_t lowestRate = 1000, highestRate = 768000; ///< Hz
  int64_t channels = 64;
};

/// Decodes WAV (8 to 32 bits, float, extensible), FLAC, MP3, Ogg Vorbis or Ogg Opus, told apart by their first bytes. A
/// file that holds less than its header claims gives what is there, as other readers do. `name` stands in messages.
Result<Sound> decodeSound(std::span<const uint8_t> file, const std::string &name, const SoundLimits &limits = {});

/// The same sound at another rate by a polyphase filter: a Kaiser-windowed sinc of 64 zero crossings on either side,
/// which passes what is below 0.92 of the lower rate's half and rejects what would alias by more than 90 dB. Sample 0
/// stays in its place; there are ceil(samples * rate / sound.rate) of them.
Sound resample(const Sound &sound, int64_t rate);

} // namespace gemmart
#endif
