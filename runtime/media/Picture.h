// A decoded picture: 8-bit RGB, upright, opaque. Decoders of the formats that people have, each bounded before it
// decodes.
#ifndef RUNTIME_MEDIA_PICTURE_H
#define RUNTIME_MEDIA_PICTURE_H

#include "runtime/base/Status.h"

#include <cstdint>
#include <span>
#include <vector>

namespace gemmart {

/// Row-major RGB, three bytes a pixel.
struct Picture {
  int64_t width = 0, height = 0;
  std::vector<uint8_t> rgb; ///< [height, width, 3]
};

/// What a file may ask for; checked against its header before anything is allocated.
struct PictureLimits {
  int64_t pixels = 100'000'000; ///< of a picture, or of all frames of an animation together
  int64_t frames = 4096;        ///< of an animation
};

/// Frames of an animation with their times.
struct Animation {
  std::vector<Picture> frames;
  std::vector<double> seconds; ///< when each frame appears
};

/// Decodes PNG, JPEG, WebP, GIF (first frame) or BMP, told apart by their first bytes. Gray, palettes, 16 bits (the
/// upper eight) and CMYK become RGB; transparency is laid over white; an EXIF orientation is applied. The pixels of a
/// PNG or a JPEG are those of libpng and libjpeg-turbo, which Pillow uses too. `name` stands in messages.
Result<Picture> decodePicture(std::span<const uint8_t> file, const std::string &name, const PictureLimits &limits = {});

/// All frames of an animated GIF or WebP; a file of another format is one frame at 0 seconds.
Result<Animation> decodeAnimation(std::span<const uint8_t> file, const std::string &name,
                                  const PictureLimits &limits = {});

} // namespace gemmart
#endif
