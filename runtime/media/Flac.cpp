// FLAC through libFLAC.
#include "runtime/media/SoundCodecs.h"

#include <FLAC/stream_decoder.h>
#include <algorithm>
#include <cstring>
#include <memory>

namespace gemmart {

namespace {

struct FlacReader {
  std::span<const uint8_t> left;
  SoundSink sink;
  Status status;
  std::vector<float> block;
};

FLAC__StreamDecoderReadStatus readData(const FLAC__StreamDecoder *, FLAC__byte to[], size_t *bytes, void *client) {
  auto *reader = static_cast<FlacReader *>(client);
  *bytes = std::min(*bytes, reader->left.size());
  memcpy(to, reader->left.data(), *bytes);
  reader->left = reader->left.subspan(*bytes);
  return *bytes ? FLAC__STREAM_DECODER_READ_STATUS_CONTINUE : FLAC__STREAM_DECODER_READ_STATUS_END_OF_STREAM;
}

FLAC__StreamDecoderWriteStatus takeBlock(const FLAC__StreamDecoder *, const FLAC__Frame *frame,
                                         const FLAC__int32 *const samples[], void *client) {
  auto *reader = static_cast<FlacReader *>(client);
  reader->status = reader->sink.begin(frame->header.sample_rate, frame->header.channels);
  if (!reader->status)
    return FLAC__STREAM_DECODER_WRITE_STATUS_ABORT;
  reader->block.clear();
  float scale = 1.0f / float(int64_t(1) << (frame->header.bits_per_sample - 1));
  for (uint32_t i = 0; i < frame->header.blocksize; ++i)
    for (uint32_t c = 0; c < frame->header.channels; ++c)
      reader->block.push_back(float(samples[c][i]) * scale);
  reader->status = reader->sink.add(reader->block);
  return reader->status ? FLAC__STREAM_DECODER_WRITE_STATUS_CONTINUE : FLAC__STREAM_DECODER_WRITE_STATUS_ABORT;
}

void onError(const FLAC__StreamDecoder *, FLAC__StreamDecoderErrorStatus, void *client) {
  auto *reader = static_cast<FlacReader *>(client);
  if (reader->status)
    reader->status = inputError("its FLAC data is broken");
}

} // namespace

Result<Sound> decodeFlac(std::span<const uint8_t> file, const SoundLimits &limits) {
  FlacReader reader{file, SoundSink(limits), {}, {}};
  std::unique_ptr<FLAC__StreamDecoder, decltype(&FLAC__stream_decoder_delete)> decoder(FLAC__stream_decoder_new(),
                                                                                       FLAC__stream_decoder_delete);
  if (!decoder ||
      FLAC__stream_decoder_init_stream(decoder.get(), readData, nullptr, nullptr, nullptr, nullptr, takeBlock, nullptr,
                                       onError, &reader) != FLAC__STREAM_DECODER_INIT_STATUS_OK)
    return inputError("there is no memory for it");
  while (reader.status && FLAC__stream_decoder_get_state(decoder.get()) < FLAC__STREAM_DECODER_END_OF_STREAM)
    if (!FLAC__stream_decoder_process_single(decoder.get()))
      break;
  if (!reader.status)
    return reader.status;
  return reader.sink.finish();
}

} // namespace gemmart
