// Pictures written here byte by byte or by the libraries' own encoders; broken and hostile ones.
#include "runtime/media/PictureCodecs.h"

#include <cstdio>
#include <cstring>
#include <gtest/gtest.h>

#include <jpeglib.h>
#include <png.h>
#include <webp/encode.h>

namespace gemmart {
namespace {

using Bytes = std::vector<uint8_t>;

Bytes makePng(int width, int height, int bits, int type, const std::vector<Bytes> &rows, bool palette = false) {
  Bytes file;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  png_set_write_fn(
      png, &file,
      [](png_structp p, png_bytep data, size_t size) {
        auto *to = static_cast<Bytes *>(png_get_io_ptr(p));
        to->insert(to->end(), data, data + size);
      },
      nullptr);
  png_set_IHDR(png, info, png_uint_32(width), png_uint_32(height), bits, type, PNG_INTERLACE_NONE, 0, 0);
  png_color colors[2] = {{10, 20, 30}, {200, 100, 50}};
  if (palette)
    png_set_PLTE(png, info, colors, 2);
  png_write_info(png, info);
  for (const Bytes &row : rows)
    png_write_row(png, row.data());
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  return file;
}

/// A JPEG of one colour, with an optional block of EXIF that holds an orientation.
Bytes makeJpeg(int width, int height, int components, const Bytes &samples, int orientation = 0) {
  jpeg_compress_struct jpeg;
  jpeg_error_mgr errors;
  jpeg.err = jpeg_std_error(&errors);
  jpeg_create_compress(&jpeg);
  unsigned char *data = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&jpeg, &data, &size);
  jpeg.image_width = JDIMENSION(width);
  jpeg.image_height = JDIMENSION(height);
  jpeg.input_components = components;
  jpeg.in_color_space = components == 4 ? JCS_CMYK : components == 3 ? JCS_RGB : JCS_GRAYSCALE;
  jpeg_set_defaults(&jpeg);
  jpeg_set_quality(&jpeg, 100, TRUE);
  for (int i = 0; i < jpeg.num_components; ++i)
    jpeg.comp_info[i].h_samp_factor = jpeg.comp_info[i].v_samp_factor = 1;
  jpeg_start_compress(&jpeg, TRUE);
  if (orientation) {
    const uint8_t exif[] = {'E', 'x', 'i', 'f', 0,    0, 'M', 'M', 0, 42, 0, 0, 0,
                            8,   0,   1,   1,   0x12, 0, 3,   0,   0, 0,  1, 0, uint8_t(orientation),
                            0,   0,   0,   0,   0,    0};
    jpeg_write_marker(&jpeg, JPEG_APP0 + 1, exif, sizeof exif);
  }
  while (jpeg.next_scanline < jpeg.image_height) {
    JSAMPROW row =
        const_cast<JSAMPROW>(samples.data()) + jpeg.next_scanline * jpeg.image_width * JDIMENSION(components);
    jpeg_write_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_compress(&jpeg);
  Bytes file(data, data + size);
  free(data);
  jpeg_destroy_compress(&jpeg);
  return file;
}

Bytes repeat(std::initializer_list<uint8_t> pixel, size_t count) {
  Bytes out;
  for (size_t i = 0; i < count; ++i)
    out.insert(out.end(), pixel);
  return out;
}

Bytes pixelOf(const Picture &picture, int64_t x, int64_t y) {
  auto at = picture.rgb.begin() + (y * picture.width + x) * 3;
  return {at, at + 3};
}

TEST(Picture, pngOfEveryKindBecomesRgb) {
  struct Case {
    int bits, type;
    Bytes row, first, second;
    bool palette = false;
  };
  const Case cases[] = {
      {8, PNG_COLOR_TYPE_GRAY, {7, 200}, {7, 7, 7}, {200, 200, 200}},
      {1, PNG_COLOR_TYPE_GRAY, {0x40}, {0, 0, 0}, {255, 255, 255}},
      {16, PNG_COLOR_TYPE_GRAY, {0x12, 0xff, 0x80, 0x00}, {0x12, 0x12, 0x12}, {0x80, 0x80, 0x80}},
      {8, PNG_COLOR_TYPE_RGB, {1, 2, 3, 4, 5, 6}, {1, 2, 3}, {4, 5, 6}},
      {8, PNG_COLOR_TYPE_PALETTE, {0, 1}, {10, 20, 30}, {200, 100, 50}, true},
      {8, PNG_COLOR_TYPE_RGB_ALPHA, {100, 0, 0, 255, 100, 0, 0, 0}, {100, 0, 0}, {255, 255, 255}},
      {8, PNG_COLOR_TYPE_GRAY_ALPHA, {100, 128, 0, 255}, {177, 177, 177}, {0, 0, 0}},
  };
  for (const Case &c : cases) {
    Result<Picture> picture = decodePicture(makePng(2, 1, c.bits, c.type, {c.row}, c.palette), "x.png");
    ASSERT_TRUE(picture) << picture.status().message();
    EXPECT_EQ(pixelOf(*picture, 0, 0), c.first) << c.bits << " bits, type " << c.type;
    EXPECT_EQ(pixelOf(*picture, 1, 0), c.second) << c.bits << " bits, type " << c.type;
  }
}

TEST(Picture, orientationIsApplied) {
  // Red in the stored top left corner, and where it must appear.
  Bytes samples = repeat({0, 0, 0}, 16 * 8);
  for (int y = 0; y < 4; ++y)
    for (int x = 0; x < 4; ++x)
      samples[size_t((y * 16 + x) * 3)] = 255;
  const std::pair<int64_t, int64_t> corners[] = {{0, 0}, {15, 0}, {15, 7}, {0, 7}, {0, 0}, {7, 0}, {7, 15}, {0, 15}};
  for (int orientation = 1; orientation <= 8; ++orientation) {
    Result<Picture> picture = decodePicture(makeJpeg(16, 8, 3, samples, orientation), "x.jpg");
    ASSERT_TRUE(picture) << picture.status().message();
    EXPECT_EQ(picture->width, orientation > 4 ? 8 : 16);
    auto [x, y] = corners[orientation - 1];
    EXPECT_GT(pixelOf(*picture, x, y)[0], 200) << orientation;
    EXPECT_LT(pixelOf(*picture, picture->width - 1 - x, picture->height - 1 - y)[0], 60) << orientation;
  }
}

TEST(Picture, inksBecomeRgb) {
  // libjpeg writes an Adobe marker with CMYK: the inks count as inverted, 255 is none.
  Result<Picture> picture = decodePicture(makeJpeg(8, 8, 4, repeat({255, 255, 0, 255}, 64)), "x.jpg");
  ASSERT_TRUE(picture) << picture.status().message();
  Bytes yellow = pixelOf(*picture, 4, 4);
  EXPECT_GT(yellow[0], 250);
  EXPECT_LT(yellow[2], 5);
}

TEST(Picture, gifFramesAndTransparency) {
  // Two frames of 2 x 1: blue and white; then only the first pixel becomes white.
  const Bytes gif = {'G', 'I', 'F', '8', '9', 'a', 2, 0, 1, 0, 0x80, 0, 0, 0, 0, 255, 255, 255, 255, // palette: blue,
                                                                                                     // white
                     0x21, 0xf9, 4, 0, 10, 0, 0, 0, 0x2c, 0, 0, 0, 0, 2, 0, 1, 0, 0, 2, 2, 0x44, 0x0a, 0, 0x21, 0xf9, 4,
                     0, 20, 0, 0, 0, 0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x4c, 0x01, 0, 0x3b};
  Result<Animation> animation = decodeAnimation(gif, "x.gif");
  ASSERT_TRUE(animation) << animation.status().message();
  ASSERT_EQ(animation->frames.size(), 2u);
  EXPECT_EQ(animation->seconds, (std::vector<double>{0, 0.1}));
  EXPECT_EQ(pixelOf(animation->frames[0], 0, 0), (Bytes{0, 0, 255}));
  EXPECT_EQ(pixelOf(animation->frames[0], 1, 0), (Bytes{255, 255, 255}));
  EXPECT_EQ(pixelOf(animation->frames[1], 0, 0), (Bytes{255, 255, 255}));
}

TEST(Picture, webpAndBmp) {
  uint8_t *data = nullptr;
  Bytes samples = repeat({9, 99, 199}, 4);
  size_t size = WebPEncodeLosslessRGB(samples.data(), 2, 2, 6, &data);
  Result<Picture> webp = decodePicture({data, size}, "x.webp");
  WebPFree(data);
  ASSERT_TRUE(webp) << webp.status().message();
  EXPECT_EQ(pixelOf(*webp, 1, 1), (Bytes{9, 99, 199}));
  Bytes bmp = {'B', 'M', 58, 0, 0, 0, 0, 0, 0, 0, 54, 0, 0, 0, 40, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 24, 0};
  bmp.resize(54);
  bmp.insert(bmp.end(), {30, 20, 10, 0}); // blue first
  Result<Picture> one = decodePicture(bmp, "x.bmp");
  ASSERT_TRUE(one) << one.status().message();
  EXPECT_EQ(pixelOf(*one, 0, 0), (Bytes{10, 20, 30}));
}

TEST(Picture, whatIsWrongIsSaid) {
  auto message = [](const Bytes &file, const PictureLimits &limits = {}) {
    return decodePicture(file, "x", limits).status().message();
  };
  Bytes png = makePng(2, 1, 8, PNG_COLOR_TYPE_GRAY, {{7, 200}});
  EXPECT_EQ(message({1, 2, 3}), "x: cannot read this picture: it is no PNG, JPEG, WebP, GIF or BMP file");
  EXPECT_EQ(message(png, {1}), "x: cannot read this picture: it has 2 x 1 pixels, more than 1");
  Bytes bomb = png; // 2^31 - 1 on a side, refused by its header alone
  for (size_t at : {16, 20})
    bomb[at] = 0x7f, bomb[at + 1] = bomb[at + 2] = bomb[at + 3] = 0xff;
  EXPECT_FALSE(message(bomb).empty());
  Bytes jpeg = makeJpeg(64, 64, 3, repeat({1, 2, 3}, 64 * 64));
  EXPECT_FALSE(message(Bytes(jpeg.begin(), jpeg.end() - 60)).empty());
  for (const Bytes &whole : {png, jpeg}) // cut anywhere: an error or a picture, never a crash
    for (size_t length = 0; length < whole.size(); ++length)
      (void)message(Bytes(whole.begin(), whole.begin() + ptrdiff_t(length)));
}

} // namespace
} // namespace gemmart
