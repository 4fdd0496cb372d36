// BMP through stb_image, which is compiled here with every other format left out.
#include "runtime/media/PictureCodecs.h"

#include <climits>
#include <memory>

#define STBI_ONLY_BMP
#define STBI_NO_STDIO
#define STBI_NO_FAILURE_STRINGS
#define STB_IMAGE_STATIC
#define STB_IMAGE_IMPLEMENTATION
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything"
#include <stb/stb_image.h>
#pragma clang diagnostic pop

namespace gemmart {

Result<Picture> decodeBmp(std::span<const uint8_t> file, const PictureLimits &limits) {
  int width = 0, height = 0, channels = 0;
  if (file.size() > INT_MAX)
    return inputError("it is longer than 2 GiB");
  if (!stbi_info_from_memory(file.data(), int(file.size()), &width, &height, &channels))
    return inputError("its header is broken, or it is of an unusual kind");
  if (Status status = checkSize(width, height, limits); !status)
    return status;
  std::unique_ptr<uint8_t, decltype(&stbi_image_free)> rgba(
      stbi_load_from_memory(file.data(), int(file.size()), &width, &height, &channels, 4), stbi_image_free);
  if (!rgba)
    return inputError("it is broken, cut off or of an unusual kind");
  return opaque(rgba.get(), width, height);
}

} // namespace gemmart
