// Formats told apart, orientation, transparency. The decoders are in files of their own.
#include "runtime/media/PictureCodecs.h"

#include "runtime/base/Text.h"

#include <cstring>
#include <string_view>

namespace gemmart {

Status checkSize(int64_t width, int64_t height, const PictureLimits &limits) {
  if (width < 1 || height < 1)
    return inputError("it has no pixels");
  if (width > limits.pixels / height)
    return inputError(format("it has %lld x %lld pixels, more than %lld", (long long)width, (long long)height,
                             (long long)limits.pixels));
  return {};
}

Picture opaque(const uint8_t *rgba, int64_t width, int64_t height) {
  Picture picture{width, height, std::vector<uint8_t>(size_t(width * height * 3))};
  uint8_t *to = picture.rgb.data();
  for (const uint8_t *from = rgba, *end = rgba + width * height * 4; from < end; from += 4, to += 3)
    for (int c = 0; c < 3; ++c)
      to[c] = overWhite(from[c], from[3]);
  return picture;
}

int exifOrientation(std::span<const uint8_t> tiff) {
  if (tiff.size() < 8)
    return 1;
  bool little = tiff[0] == 'I';
  auto number = [&](size_t at, size_t bytes) -> uint32_t {
    uint32_t value = 0;
    for (size_t i = 0; i < bytes; ++i)
      value |= uint32_t(tiff[at + i]) << 8 * (little ? i : bytes - 1 - i);
    return value;
  };
  size_t directory = number(4, 4);
  if (directory > tiff.size() - 2 || tiff.size() < 2)
    return 1;
  size_t entries = number(directory, 2);
  for (size_t i = 0; i < entries; ++i) {
    size_t at = directory + 2 + 12 * i;
    if (at + 12 > tiff.size())
      return 1;
    constexpr uint32_t orientationTag = 0x0112;
    if (number(at, 2) != orientationTag)
      continue;
    uint32_t value = number(at + 8, 2);
    return value >= 1 && value <= 8 ? int(value) : 1;
  }
  return 1;
}

Picture upright(Picture picture, int orientation) {
  if (orientation == 1)
    return picture;
  bool swapped = orientation >= 5;
  int64_t width = picture.width, height = picture.height;
  Picture turned{swapped ? height : width, swapped ? width : height, std::vector<uint8_t>(picture.rgb.size())};
  // Where the pixel of the upright picture at (x, y) lies in the stored one.
  bool mirrorX = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  bool mirrorY = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  for (int64_t y = 0; y < turned.height; ++y)
    for (int64_t x = 0; x < turned.width; ++x) {
      int64_t fromX = swapped ? y : x, fromY = swapped ? x : y;
      if (mirrorX)
        fromX = width - 1 - fromX;
      if (mirrorY)
        fromY = height - 1 - fromY;
      memcpy(&turned.rgb[size_t((y * turned.width + x) * 3)], &picture.rgb[size_t((fromY * width + fromX) * 3)], 3);
    }
  return turned;
}

static bool startsWith(std::span<const uint8_t> file, std::string_view magic, size_t at = 0) {
  return file.size() >= at + magic.size() && memcmp(file.data() + at, magic.data(), magic.size()) == 0;
}

static Animation still(Picture picture) {
  Animation one;
  one.frames.push_back(std::move(picture));
  one.seconds.push_back(0);
  return one;
}

static Result<Animation> decode(std::span<const uint8_t> file, const PictureLimits &limits, int64_t frames) {
  using namespace std::string_view_literals;
  if (startsWith(file, "RIFF") && startsWith(file, "WEBP", 8))
    return decodeWebp(file, limits, frames);
  if (startsWith(file, "GIF87a") || startsWith(file, "GIF89a"))
    return decodeGif(file, limits, frames);
  Result<Picture> picture = inputError("it is no PNG, JPEG, WebP, GIF or BMP file");
  if (startsWith(file, "\x89PNG\r\n\x1a\n"))
    picture = decodePng(file, limits);
  else if (startsWith(file, "\xff\xd8\xff"))
    picture = decodeJpeg(file, limits);
  else if (startsWith(file, "BM"))
    picture = decodeBmp(file, limits);
  if (!picture)
    return picture.status();
  return still(std::move(*picture));
}

Result<Animation> decodeAnimation(std::span<const uint8_t> file, const std::string &name, const PictureLimits &limits) {
  Result<Animation> animation = decode(file, limits, limits.frames);
  if (!animation)
    return inputError(name + ": cannot read this picture: " + animation.status().message());
  return animation;
}

Result<Picture> decodePicture(std::span<const uint8_t> file, const std::string &name, const PictureLimits &limits) {
  Result<Animation> animation = decode(file, limits, 1);
  if (!animation)
    return inputError(name + ": cannot read this picture: " + animation.status().message());
  return std::move(animation->frames.front());
}

} // namespace gemmart
