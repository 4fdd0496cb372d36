// JPEG through libjpeg-turbo, with its slow exact IDCT and smooth upsampling: the pixels that Pillow gives. Errors
// leave by longjmp, so what lives across them is plain data in one struct.
#include "runtime/media/PictureCodecs.h"

#include <csetjmp>
#include <cstdio>
#include <cstring>

#include <jpeglib.h>

namespace gemmart {

namespace {

struct JpegReader {
  jpeg_decompress_struct jpeg;
  jpeg_error_mgr errors;
  char message[JMSG_LENGTH_MAX] = "";
  jmp_buf failed;
};

void onError(j_common_ptr common) {
  auto *reader = static_cast<JpegReader *>(common->client_data);
  common->err->format_message(common, reader->message);
  longjmp(reader->failed, 1);
}

/// A cut file is an error here, not a picture with a gray end.
void onMessage(j_common_ptr common, int level) {
  if (level < 0)
    onError(common);
}

bool readHeader(JpegReader &reader, std::span<const uint8_t> file) {
  if (setjmp(reader.failed))
    return false;
  jpeg_create_decompress(&reader.jpeg);
  reader.jpeg.client_data = &reader;
  reader.jpeg.mem->max_memory_to_use = 1'500'000'000; // of a progressive picture's coefficients
  jpeg_save_markers(&reader.jpeg, JPEG_APP0 + 1, 0xffff);
  jpeg_mem_src(&reader.jpeg, file.data(), file.size());
  jpeg_read_header(&reader.jpeg, TRUE);
  return true;
}

bool readRows(JpegReader &reader, std::vector<uint8_t> &samples, int64_t rowBytes) {
  if (setjmp(reader.failed))
    return false;
  jpeg_start_decompress(&reader.jpeg);
  while (reader.jpeg.output_scanline < reader.jpeg.output_height) {
    // A hostile progressive file has thousands of scans, each as long as the picture.
    if (reader.jpeg.input_scan_number > 500) {
      snprintf(reader.message, sizeof reader.message, "it has more than 500 scans");
      return false;
    }
    JSAMPROW row = samples.data() + int64_t(reader.jpeg.output_scanline) * rowBytes;
    jpeg_read_scanlines(&reader.jpeg, &row, 1);
  }
  return true;
}

/// Pillow's conversion; inks of files by Adobe are stored inverted.
void cmykToRgb(const std::vector<uint8_t> &inks, bool inverted, std::vector<uint8_t> &rgb) {
  for (size_t pixel = 0; pixel < rgb.size() / 3; ++pixel) {
    const uint8_t *from = &inks[pixel * 4];
    auto ink = [&](int i) { return inverted ? 255 - from[i] : int(from[i]); };
    int white = 255 - ink(3);
    for (int c = 0; c < 3; ++c) {
      int t = ink(c) * white + 128, value = white - (((t >> 8) + t) >> 8);
      rgb[pixel * 3 + size_t(c)] = uint8_t(value < 0 ? 0 : value);
    }
  }
}

int orientationOf(const jpeg_decompress_struct &jpeg) {
  for (jpeg_saved_marker_ptr marker = jpeg.marker_list; marker; marker = marker->next)
    if (marker->data_length > 6 && memcmp(marker->data, "Exif\0\0", 6) == 0)
      return exifOrientation({marker->data + 6, marker->data_length - 6});
  return 1;
}

} // namespace

Result<Picture> decodeJpeg(std::span<const uint8_t> file, const PictureLimits &limits) {
  JpegReader reader{};
  reader.jpeg.err = jpeg_std_error(&reader.errors);
  reader.errors.error_exit = onError;
  reader.errors.emit_message = onMessage;
  reader.jpeg.client_data = &reader;
  struct Owner {
    jpeg_decompress_struct &jpeg;
    ~Owner() { jpeg_destroy_decompress(&jpeg); }
  } owner{reader.jpeg};
  if (!readHeader(reader, file))
    return inputError(reader.message);
  int64_t width = reader.jpeg.image_width, height = reader.jpeg.image_height;
  if (Status status = checkSize(width, height, limits); !status)
    return status;
  bool inks = reader.jpeg.num_components == 4;
  reader.jpeg.out_color_space = inks ? JCS_CMYK : JCS_RGB;
  reader.jpeg.dct_method = JDCT_ISLOW;
  std::vector<uint8_t> samples(size_t(width * height * (inks ? 4 : 3)));
  if (!readRows(reader, samples, width * (inks ? 4 : 3)))
    return inputError(reader.message);
  Picture picture{width, height, {}};
  if (inks) {
    picture.rgb.resize(size_t(width * height * 3));
    cmykToRgb(samples, reader.jpeg.saw_Adobe_marker, picture.rgb);
  } else {
    picture.rgb = std::move(samples);
  }
  return upright(std::move(picture), orientationOf(reader.jpeg));
}

} // namespace gemmart
