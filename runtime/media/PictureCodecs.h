// The decoders behind Picture.h, one file for each library. Pixels with transparency are laid over white by them all.
#ifndef RUNTIME_MEDIA_PICTURECODECS_H
#define RUNTIME_MEDIA_PICTURECODECS_H

#include "runtime/media/Picture.h"

namespace gemmart {

Result<Picture> decodePng(std::span<const uint8_t> file, const PictureLimits &limits);
Result<Picture> decodeJpeg(std::span<const uint8_t> file, const PictureLimits &limits);
Result<Picture> decodeBmp(std::span<const uint8_t> file, const PictureLimits &limits);
/// At most `frames` of them.
Result<Animation> decodeWebp(std::span<const uint8_t> file, const PictureLimits &limits, int64_t frames);
Result<Animation> decodeGif(std::span<const uint8_t> file, const PictureLimits &limits, int64_t frames);

/// The EXIF orientation 1 to 8 in a block of TIFF data; 1 where there is none or it cannot be read.
int exifOrientation(std::span<const uint8_t> tiff);

/// Turns and mirrors the picture as an EXIF orientation asks.
Picture upright(Picture picture, int orientation);

/// Fails when a header asks for no pixels or for more than the limit.
Status checkSize(int64_t width, int64_t height, const PictureLimits &limits);

/// One channel over white: the rounding that Pillow's alpha_composite and paste use.
inline uint8_t overWhite(uint8_t value, uint8_t alpha) {
  int t = value * alpha + 255 * (255 - alpha) + 128;
  return uint8_t((t + (t >> 8)) >> 8);
}

/// RGBA rows become an opaque picture.
Picture opaque(const uint8_t *rgba, int64_t width, int64_t height);

} // namespace gemmart
#endif
