// WebP, still and animated, through libwebp.
#include "runtime/media/PictureCodecs.h"

#include <algorithm>
#include <memory>
#include <webp/demux.h>

namespace gemmart {

Result<Animation> decodeWebp(std::span<const uint8_t> file, const PictureLimits &limits, int64_t frames) {
  WebPData data{file.data(), file.size()};
  int width = 0, height = 0;
  if (!WebPGetInfo(file.data(), file.size(), &width, &height))
    return inputError("its WebP header is broken");
  if (Status status = checkSize(width, height, limits); !status)
    return status;
  WebPAnimDecoderOptions options;
  if (!WebPAnimDecoderOptionsInit(&options))
    return bugError("libwebp is of another version than its header");
  options.color_mode = MODE_RGBA;
  std::unique_ptr<WebPAnimDecoder, decltype(&WebPAnimDecoderDelete)> decoder(WebPAnimDecoderNew(&data, &options),
                                                                             WebPAnimDecoderDelete);
  WebPAnimInfo info;
  if (!decoder || !WebPAnimDecoderGetInfo(decoder.get(), &info))
    return inputError("its WebP data is broken or cut off");
  if (Status status = checkSize(info.canvas_width, info.canvas_height, limits); !status)
    return status;
  if (std::min<int64_t>(info.frame_count, frames) > limits.pixels / (int64_t(info.canvas_width) * info.canvas_height))
    return inputError("its frames have more than " + std::to_string(limits.pixels) + " pixels together");
  Animation animation;
  double begins = 0;
  while (int64_t(animation.frames.size()) < frames && WebPAnimDecoderHasMoreFrames(decoder.get())) {
    uint8_t *rgba = nullptr;
    int ends = 0; // in milliseconds: when the frame goes
    if (!WebPAnimDecoderGetNext(decoder.get(), &rgba, &ends))
      return inputError("its WebP data is broken or cut off");
    animation.frames.push_back(opaque(rgba, info.canvas_width, info.canvas_height));
    animation.seconds.push_back(begins);
    begins = ends / 1000.0;
  }
  if (animation.frames.empty())
    return inputError("it has no frame");
  return animation;
}

} // namespace gemmart
