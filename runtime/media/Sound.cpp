// Formats told apart, channels mixed, limits kept. The decoders are in files of their own.
#include "runtime/media/SoundCodecs.h"

#include "runtime/base/Text.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string_view>

namespace gemmart {

Status SoundSink::begin(int64_t rate, int64_t channelCount) {
  if (channels != 0) {
    if (rate == sound.rate && channelCount == channels)
      return {};
    return inputError("its rate or its channels change on the way");
  }
  if (rate < limits.lowestRate || rate > limits.highestRate)
    return inputError(format("it has %lld samples a second; %lld to %lld are read", (long long)rate,
                             (long long)limits.lowestRate, (long long)limits.highestRate));
  if (channelCount < 1 || channelCount > limits.channels)
    return inputError(
        format("it has %lld channels; 1 to %lld are read", (long long)channelCount, (long long)limits.channels));
  sound.rate = rate;
  channels = channelCount;
  return {};
}

Status SoundSink::add(std::span<const float> interleaved) {
  size_t frames = interleaved.size() / size_t(channels);
  if (double(sound.samples.size() + frames) > limits.seconds * double(sound.rate))
    return inputError(format("it is longer than %g s", limits.seconds));
  for (size_t i = 0; i < frames; ++i) {
    float sum = 0;
    for (size_t c = 0; c < size_t(channels); ++c)
      sum += interleaved[i * size_t(channels) + c];
    float mean = sum / float(channels);
    sound.samples.push_back(std::isfinite(mean) ? mean : 0); // a file of floats may hold anything
  }
  return {};
}

Result<Sound> SoundSink::finish() {
  if (sound.samples.empty())
    return inputError("it has no samples");
  return std::move(sound);
}

static bool startsWith(std::span<const uint8_t> file, std::string_view magic, size_t at = 0) {
  return file.size() >= at + magic.size() && memcmp(file.data() + at, magic.data(), magic.size()) == 0;
}

static Result<Sound> decode(std::span<const uint8_t> file, const SoundLimits &limits) {
  if ((startsWith(file, "RIFF") || startsWith(file, "RF64")) && startsWith(file, "WAVE", 8))
    return decodeWav(file, limits);
  if (startsWith(file, "fLaC"))
    return decodeFlac(file, limits);
  if (startsWith(file, "OggS"))
    return startsWith(file, "OpusHead", 28) ? decodeOpus(file, limits) : decodeVorbis(file, limits);
  if (startsWith(file, "ID3") || (file.size() > 1 && file[0] == 0xff && (file[1] & 0xe0) == 0xe0))
    return decodeMp3(file, limits);
  return inputError("it is no WAV, FLAC, MP3, Ogg Vorbis or Ogg Opus file");
}

Result<Sound> decodeSound(std::span<const uint8_t> file, const std::string &name, const SoundLimits &limits) {
  Result<Sound> sound = decode(file, limits);
  if (!sound)
    return inputError(name + ": cannot read this sound: " + sound.status().message());
  return sound;
}

} // namespace gemmart
