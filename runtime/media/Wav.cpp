// WAV: chunks of RIFF, samples of 8 to 32 bits or floats.
#include "runtime/media/SoundCodecs.h"

#include "runtime/base/Text.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace gemmart {

namespace {

constexpr uint32_t kPcm = 1, kFloat = 3, kExtensible = 0xfffe;

struct WavFormat {
  uint32_t kind = 0, channels = 0, rate = 0, frameBytes = 0, bits = 0;
};

uint32_t number(std::span<const uint8_t> bytes, size_t at, size_t count) {
  uint32_t value = 0;
  for (size_t i = 0; i < count; ++i)
    value |= uint32_t(bytes[at + i]) << 8 * i;
  return value;
}

WavFormat readFormat(std::span<const uint8_t> chunk) {
  WavFormat format{number(chunk, 0, 2), number(chunk, 2, 2), number(chunk, 4, 4), number(chunk, 12, 2),
                   number(chunk, 14, 2)};
  if (format.kind == kExtensible && chunk.size() >= 40) // the first two bytes of the sub-format's GUID
    format.kind = number(chunk, 24, 2);
  return format;
}

float sample(std::span<const uint8_t> bytes, size_t at, const WavFormat &format) {
  size_t count = format.bits / 8;
  if (format.kind == kFloat && count == 8) {
    uint64_t low = number(bytes, at, 4), high = number(bytes, at + 4, 4);
    return float(std::bit_cast<double>(low | high << 32));
  }
  uint32_t raw = number(bytes, at, count);
  if (format.kind == kFloat)
    return std::bit_cast<float>(raw);
  if (count == 1)
    return float(int(raw) - 128) / 128.0f;
  return float(int32_t(raw << (32 - format.bits))) / 2147483648.0f;
}

Status checkFormat(const WavFormat &wav) {
  bool integer = wav.kind == kPcm && wav.bits >= 8 && wav.bits <= 32 && wav.bits % 8 == 0;
  bool real = wav.kind == kFloat && (wav.bits == 32 || wav.bits == 64);
  if (!integer && !real)
    return inputError(
        format("its samples are of kind %u with %u bits; integers of 8, 16, 24 and 32 bits and floats are read",
               wav.kind, wav.bits));
  if (wav.frameBytes != wav.channels * (wav.bits / 8))
    return inputError(format("%u channels of %u bits do not make the %u bytes a frame of its header", wav.channels,
                             wav.bits, wav.frameBytes));
  return {};
}

} // namespace

Result<Sound> decodeWav(std::span<const uint8_t> file, const SoundLimits &limits) {
  WavFormat format;
  SoundSink sink(limits);
  size_t at = 12;
  while (at + 8 <= file.size()) {
    std::span<const uint8_t> name = file.subspan(at, 4);
    size_t claimed = number(file, at + 4, 4), bytes = std::min(claimed, file.size() - at - 8);
    std::span<const uint8_t> chunk = file.subspan(at + 8, bytes);
    at += 8 + bytes + (bytes & 1);
    if (memcmp(name.data(), "fmt ", 4) == 0) {
      if (bytes < 16)
        return inputError("its format chunk is too short");
      format = readFormat(chunk);
      if (Status status = checkFormat(format); !status)
        return status;
      if (Status status = sink.begin(format.rate, format.channels); !status)
        return status;
    } else if (memcmp(name.data(), "data", 4) == 0) {
      if (format.channels == 0)
        return inputError("its samples come before its format");
      std::vector<float> block;
      for (size_t from = 0; from + format.frameBytes <= chunk.size();) {
        block.clear();
        for (; from + format.frameBytes <= chunk.size() && block.size() < 65536; from += format.frameBytes)
          for (size_t c = 0; c < format.channels; ++c)
            block.push_back(sample(chunk, from + c * (format.bits / 8), format));
        if (Status status = sink.add(block); !status)
          return status;
      }
      return sink.finish();
    }
  }
  return inputError("it has no samples");
}

} // namespace gemmart
