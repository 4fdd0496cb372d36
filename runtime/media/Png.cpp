// PNG through libpng. Its errors leave by longjmp, so what lives across them is plain data in one struct.
#include "runtime/media/PictureCodecs.h"

#include <csetjmp>
#include <cstring>
#include <png.h>

namespace gemmart {

namespace {

struct PngReader {
  std::span<const uint8_t> left;
  char message[128] = "";
  jmp_buf failed;
};

void onError(png_structp png, png_const_charp text) {
  auto *reader = static_cast<PngReader *>(png_get_error_ptr(png));
  snprintf(reader->message, sizeof reader->message, "%s", text);
  longjmp(reader->failed, 1);
}

void onWarning(png_structp, png_const_charp) {}

void readData(png_structp png, png_bytep to, size_t bytes) {
  auto *reader = static_cast<PngReader *>(png_get_io_ptr(png));
  if (bytes > reader->left.size())
    png_error(png, "it ends in the middle");
  memcpy(to, reader->left.data(), bytes);
  reader->left = reader->left.subspan(bytes);
}

/// Everything becomes 8-bit RGBA, as Pillow would convert it.
void askForRgba(png_structp png) {
  png_set_strip_16(png);
  png_set_expand(png);
  png_set_gray_to_rgb(png);
  png_set_add_alpha(png, 0xff, PNG_FILLER_AFTER);
  png_set_interlace_handling(png);
}

/// The part that may jump: reads into `rows`, which the caller owns.
bool readRows(PngReader &reader, png_structp png, png_infop info, std::vector<png_bytep> &rows) {
  if (setjmp(reader.failed))
    return false;
  png_read_image(png, rows.data());
  png_read_end(png, info);
  return true;
}

bool readHeader(PngReader &reader, png_structp png, png_infop info) {
  if (setjmp(reader.failed))
    return false;
  png_read_info(png, info);
  return true;
}

bool update(PngReader &reader, png_structp png, png_infop info) {
  if (setjmp(reader.failed))
    return false;
  askForRgba(png);
  png_read_update_info(png, info);
  return true;
}

} // namespace

Result<Picture> decodePng(std::span<const uint8_t> file, const PictureLimits &limits) {
  PngReader reader{file, {}, {}};
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &reader, onError, onWarning);
  png_infop info = png ? png_create_info_struct(png) : nullptr;
  struct Owner {
    png_structp png;
    png_infop info;
    ~Owner() { png_destroy_read_struct(&png, &info, nullptr); }
  } owner{png, info};
  if (!info)
    return inputError("there is no memory for it");
  png_set_read_fn(png, &reader, readData);
  // Side chunks cannot make it allocate more than this, and their number is bounded.
  png_set_chunk_malloc_max(png, 8'000'000);
  png_set_chunk_cache_max(png, 64);
  if (!readHeader(reader, png, info))
    return inputError(reader.message);
  int64_t width = png_get_image_width(png, info), height = png_get_image_height(png, info);
  if (Status status = checkSize(width, height, limits); !status)
    return status;
  if (!update(reader, png, info))
    return inputError(reader.message);
  if (int64_t(png_get_rowbytes(png, info)) != width * 4)
    return bugError("libpng gives rows of another length than asked for");
  std::vector<uint8_t> rgba(size_t(width * height * 4));
  std::vector<png_bytep> rows;
  for (int64_t y = 0; y < height; ++y)
    rows.push_back(rgba.data() + y * width * 4);
  if (!readRows(reader, png, info, rows))
    return inputError(reader.message);
  int orientation = 1;
  png_bytep exif = nullptr;
  png_uint_32 exifBytes = 0;
  if (png_get_eXIf_1(png, info, &exifBytes, &exif))
    orientation = exifOrientation({exif, exifBytes});
  return upright(opaque(rgba.data(), width, height), orientation);
}

} // namespace gemmart
