// Ogg Vorbis and Ogg Opus through libvorbisfile and libopusfile.
#include "runtime/media/SoundCodecs.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <opus/opusfile.h>

#define OV_EXCLUDE_STATIC_CALLBACKS
#include <vorbis/vorbisfile.h>

namespace gemmart {

namespace {

struct Input {
  std::span<const uint8_t> left;
};

size_t readVorbis(void *to, size_t size, size_t count, void *source) {
  auto *input = static_cast<Input *>(source);
  size_t bytes = std::min(size * count, input->left.size());
  memcpy(to, input->left.data(), bytes);
  input->left = input->left.subspan(bytes);
  return size ? bytes / size : 0;
}

} // namespace

Result<Sound> decodeVorbis(std::span<const uint8_t> file, const SoundLimits &limits) {
  Input input{file};
  OggVorbis_File vorbis;
  if (ov_open_callbacks(&input, &vorbis, nullptr, 0, {readVorbis, nullptr, nullptr, nullptr}) != 0)
    return inputError("its Ogg stream is no Vorbis or Opus, or its header is broken");
  std::unique_ptr<OggVorbis_File, decltype(&ov_clear)> owner(&vorbis, ov_clear);
  SoundSink sink(limits);
  std::vector<float> block;
  for (int section = 0;;) {
    float **channels = nullptr;
    long frames = ov_read_float(&vorbis, &channels, 4096, &section);
    if (frames == OV_HOLE) // a gap: players go on
      continue;
    if (frames < 0)
      return inputError("its Vorbis data is broken");
    if (frames == 0)
      return sink.finish();
    const vorbis_info *info = ov_info(&vorbis, -1);
    if (Status status = sink.begin(info->rate, info->channels); !status)
      return status;
    block.clear();
    for (long i = 0; i < frames; ++i)
      for (int c = 0; c < info->channels; ++c)
        block.push_back(channels[c][i]);
    if (Status status = sink.add(block); !status)
      return status;
  }
}

Result<Sound> decodeOpus(std::span<const uint8_t> file, const SoundLimits &limits) {
  int error = 0;
  std::unique_ptr<OggOpusFile, decltype(&op_free)> opus(op_open_memory(file.data(), file.size(), &error), op_free);
  if (!opus)
    return inputError("its Opus header is broken");
  SoundSink sink(limits);
  // Opus always decodes to 48 kHz; two channels whatever the file has, so that links of a chain may differ.
  if (Status status = sink.begin(48000, 2); !status)
    return status;
  std::vector<float> block(2 * 5760); // the longest packet
  for (;;) {
    int frames = op_read_float_stereo(opus.get(), block.data(), int(block.size()));
    if (frames == OP_HOLE)
      continue;
    if (frames < 0)
      return inputError("its Opus data is broken");
    if (frames == 0)
      return sink.finish();
    if (Status status = sink.add({block.data(), size_t(frames) * 2}); !status)
      return status;
  }
}

} // namespace gemmart
