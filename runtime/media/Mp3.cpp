// MP3 through the decoder inside miniaudio, which is compiled here with everything else left out.
#include "runtime/media/SoundCodecs.h"

#include <memory>

#define MA_NO_DEVICE_IO
#define MA_NO_THREADING
#define MA_NO_ENCODING
#define MA_NO_WAV
#define MA_NO_FLAC
#define MA_NO_GENERATION
#define MA_NO_ENGINE
#define MA_NO_NODE_GRAPH
#define MA_NO_RESOURCE_MANAGER
#define MA_API static
#define MINIAUDIO_IMPLEMENTATION
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything"
#include <miniaudio.h>
#pragma clang diagnostic pop

namespace gemmart {

Result<Sound> decodeMp3(std::span<const uint8_t> file, const SoundLimits &limits) {
  ma_dr_mp3 mp3;
  if (!ma_dr_mp3_init_memory(&mp3, file.data(), file.size(), nullptr))
    return inputError("it holds no MP3 data that can be read");
  std::unique_ptr<ma_dr_mp3, decltype(&ma_dr_mp3_uninit)> owner(&mp3, ma_dr_mp3_uninit);
  SoundSink sink(limits);
  if (Status status = sink.begin(mp3.sampleRate, mp3.channels); !status)
    return status;
  std::vector<float> block(size_t(4096 * mp3.channels));
  while (ma_uint64 frames = ma_dr_mp3_read_pcm_frames_f32(&mp3, 4096, block.data()))
    if (Status status = sink.add({block.data(), size_t(frames * mp3.channels)}); !status)
      return status;
  return sink.finish();
}

} // namespace gemmart
