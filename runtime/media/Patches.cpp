// Sizes, bicubic resizing and patches, see Patches.h.
#include "runtime/media/Patches.h"

#include <algorithm>
#include <cmath>

namespace gemmart {

PictureSize fitPicture(int64_t width, int64_t height, int64_t budget, const PatchFormat &format) {
  int64_t side = format.side();
  // float64 in this order: another one differs on some sizes.
  double factor = std::sqrt(double(budget * side * side) / double(height * width));
  int64_t tall = int64_t(std::floor(factor * double(height) / double(side))) * side;
  int64_t wide = int64_t(std::floor(factor * double(width) / double(side))) * side;
  if (tall == 0) {
    tall = side;
    wide = std::min(width / height, budget) * side;
  } else if (wide == 0) {
    wide = side;
    tall = std::min(height / width, budget) * side;
  }
  return {wide, tall, wide / side * (tall / side)};
}

namespace {

/// The weights of one pass, from `in` to `out` samples, as integers of `bits` fraction bits.
struct Weights {
  int bits;
  int64_t width; ///< longest run of inputs of an output
  std::vector<int64_t> first, count;
  std::vector<int32_t> values; ///< [out, width]
};

double cubic(double x) {
  constexpr double a = -0.5;
  x = std::abs(x);
  if (x < 1)
    return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2)
    return a * (((x - 5) * x + 8) * x - 4);
  return 0;
}

Weights makeWeights(int64_t in, int64_t out) {
  double scale = double(in) / double(out), stretch = std::max(scale, 1.0), reach = 2 * stretch;
  Weights weights{
      0, int64_t(std::ceil(reach)) * 2 + 1, std::vector<int64_t>(size_t(out)), std::vector<int64_t>(size_t(out)), {}};
  std::vector<double> exact(size_t(out * weights.width));
  double largest = 0;
  for (int64_t i = 0; i < out; ++i) {
    double centre = (double(i) + 0.5) * scale, sum = 0;
    int64_t low = std::max(int64_t(centre - reach + 0.5), int64_t(0));
    int64_t high = std::min(int64_t(centre + reach + 0.5), in);
    double *row = &exact[size_t(i * weights.width)];
    for (int64_t j = low; j < high; ++j)
      sum += row[j - low] = cubic((double(j) - centre + 0.5) / stretch);
    for (int64_t j = 0; j < high - low; ++j)
      largest = std::max(largest, row[j] /= sum);
    weights.first[size_t(i)] = low;
    weights.count[size_t(i)] = high - low;
  }
  // As many bits as let the largest weight stay a signed 16-bit number.
  while (weights.bits < 22 && int64_t(0.5 + largest * double(int64_t(1) << (weights.bits + 1))) < 1 << 15)
    ++weights.bits;
  for (double w : exact)
    weights.values.push_back(int32_t(w * double(int64_t(1) << weights.bits) + (w < 0 ? -0.5 : 0.5)));
  return weights;
}

uint8_t toByte(int32_t sum, int bits) {
  return uint8_t(std::clamp(sum >> bits, 0, 255));
}

Picture resizeWidth(const Picture &from, int64_t width) {
  Weights weights = makeWeights(from.width, width);
  Picture to{width, from.height, std::vector<uint8_t>(size_t(width * from.height * 3))};
  for (int64_t y = 0; y < from.height; ++y)
    for (int64_t x = 0; x < width; ++x) {
      const uint8_t *in = &from.rgb[size_t((y * from.width + weights.first[size_t(x)]) * 3)];
      const int32_t *w = &weights.values[size_t(x * weights.width)];
      int32_t half = 1 << (weights.bits - 1), red = half, green = half, blue = half;
      for (int64_t j = 0; j < weights.count[size_t(x)]; ++j, in += 3) {
        red += w[j] * in[0];
        green += w[j] * in[1];
        blue += w[j] * in[2];
      }
      uint8_t *out = &to.rgb[size_t((y * width + x) * 3)];
      out[0] = toByte(red, weights.bits);
      out[1] = toByte(green, weights.bits);
      out[2] = toByte(blue, weights.bits);
    }
  return to;
}

Picture resizeHeight(const Picture &from, int64_t height) {
  Weights weights = makeWeights(from.height, height);
  int64_t row = from.width * 3;
  Picture to{from.width, height, std::vector<uint8_t>(size_t(height * row))};
  std::vector<int32_t> sums(static_cast<size_t>(row)); // a whole row at a time: inputs are read in order
  for (int64_t y = 0; y < height; ++y) {
    std::fill(sums.begin(), sums.end(), 1 << (weights.bits - 1));
    for (int64_t j = 0; j < weights.count[size_t(y)]; ++j) {
      const uint8_t *in = &from.rgb[size_t((weights.first[size_t(y)] + j) * row)];
      int32_t w = weights.values[size_t(y * weights.width + j)];
      for (int64_t i = 0; i < row; ++i)
        sums[size_t(i)] += w * in[i];
    }
    for (int64_t i = 0; i < row; ++i)
      to.rgb[size_t(y * row + i)] = toByte(sums[size_t(i)], weights.bits);
  }
  return to;
}

} // namespace

Picture resizePicture(const Picture &picture, int64_t width, int64_t height) {
  Picture resized = width == picture.width ? picture : resizeWidth(picture, width);
  return height == resized.height ? resized : resizeHeight(resized, height);
}

Patches cutPatches(const Picture &picture, const PatchFormat &format) {
  int64_t columns = picture.width / format.patch, rows = picture.height / format.patch;
  Patches patches{columns * rows, {}, {}};
  patches.values.reserve(picture.rgb.size());
  float scale = float(1.0 / 255.0);
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t column = 0; column < columns; ++column) {
      patches.positions.insert(patches.positions.end(), {int32_t(column), int32_t(row)});
      for (int64_t y = 0; y < format.patch; ++y) {
        const uint8_t *in =
            &picture.rgb[size_t(((row * format.patch + y) * picture.width + column * format.patch) * 3)];
        for (int64_t i = 0; i < format.patch * 3; ++i)
          patches.values.push_back(format.dividePixels ? float(in[i]) / 255.0f : float(in[i]) * scale);
      }
    }
  return patches;
}

} // namespace gemmart
