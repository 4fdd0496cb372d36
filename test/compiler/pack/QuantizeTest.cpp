// Groups of 32: exact grids, size of errors, padding, and numbers that do not fit.
#include "compiler/pack/Quantize.h"
#include "compiler/import/Half.h"
#include "test/compiler/pack/Support.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>

namespace gemmac::pack {
namespace {

using import::floatToBf16;
using import::floatToHalf;
using import::halfToFloat;
using kernel::Format;

float value(Format format, const Group &g, int i) {
  float scale = halfToFloat(format == Format::Q6 && i >= 16 ? g.min : g.scale);
  if (kernel::info(format).hasMin)
    return scale * static_cast<float>(g.code[i]) + halfToFloat(g.min);
  return scale * static_cast<float>(g.code[i] - zeroCode(format));
}

/// Root of the mean squared error, relative to the values.
double relativeError(Format format, const std::vector<float> &x) {
  double error = 0, total = 0;
  for (size_t at = 0; at + 32 <= x.size(); at += 32) {
    Group g;
    EXPECT_TRUE(quantizeGroup(format, x.data() + at, 32, g));
    for (int i = 0; i < 32; ++i) {
      double off = value(format, g, i) - x[at + i];
      error += off * off;
      total += static_cast<double>(x[at + i]) * x[at + i];
    }
  }
  return std::sqrt(error / total);
}

TEST(Quantize, errorsAreAsSmallAsTheFormatsAllow) {
  std::vector<float> x = numbers(32 * 4000, 1);
  EXPECT_LT(relativeError(Format::Q8, x), 0.0056);
  EXPECT_LT(relativeError(Format::Q8M, x), 0.0100);
  EXPECT_LT(relativeError(Format::Q4, x), 0.0800); // extreme / -8 alone gives more: see below
  EXPECT_LT(relativeError(Format::Q4M, x), 0.0780);
}

TEST(Quantize, searchBeatsThePlainScale) { // in what it minimises: errors of large values count for more
  std::vector<float> x = numbers(32 * 4000, 1);
  double plain = 0, searched = 0;
  for (size_t at = 0; at < x.size(); at += 32) {
    float extreme = 0;
    double squares = 0;
    for (int i = 0; i < 32; ++i) {
      extreme = std::fabs(x[at + i]) > std::fabs(extreme) ? x[at + i] : extreme;
      squares += static_cast<double>(x[at + i]) * x[at + i] / 32;
    }
    Group g;
    ASSERT_TRUE(quantizeGroup(Format::Q4, x.data() + at, 32, g));
    float scale = halfToFloat(floatToHalf(extreme / -8));
    for (int i = 0; i < 32; ++i) {
      double weight = squares + static_cast<double>(x[at + i]) * x[at + i];
      double off = x[at + i] - scale * std::clamp(std::nearbyint(x[at + i] / scale), -8.0f, 7.0f);
      plain += weight * off * off;
      off = x[at + i] - value(Format::Q4, g, i);
      searched += weight * off * off;
    }
  }
  EXPECT_LT(std::sqrt(searched), 0.96 * std::sqrt(plain));
}

TEST(Quantize, gridsLandExactly) {
  std::vector<float> random = numbers(3000, 2);
  for (int reach = 1; reach <= 8; ++reach) // how far from zero the codes of the group go
    for (int trial = 0; trial < 100; ++trial) {
      float scale = halfToFloat(floatToHalf(random[trial] * 0.02f));
      if (scale == 0)
        continue;
      float x[32];
      for (int i = 0; i < 32; ++i) {
        float code = std::clamp(std::nearbyint(random[100 + trial * 20 + i] * static_cast<float>(reach)),
                                static_cast<float>(-reach), std::min(static_cast<float>(reach), 7.0f));
        x[i] = scale * code;
      }
      x[trial % 32] = scale * static_cast<float>(-reach);
      Group g;
      for (Format format : {Format::Q4, Format::Q8}) {
        if (format == Format::Q8 && reach < 8)
          continue;
        ASSERT_TRUE(quantizeGroup(format, x, 32, g));
        if (format == Format::Q4)
          for (int i = 0; i < 32; ++i)
            ASSERT_EQ(value(format, g, i), x[i]) << "reach " << reach << " trial " << trial << " element " << i;
      }
    }
}

TEST(Quantize, gridsOfQ8LandExactly) {
  std::vector<float> random = numbers(64, 3);
  float scale = halfToFloat(floatToHalf(0.0123f)), x[32];
  for (int i = 0; i < 32; ++i)
    x[i] = scale * std::nearbyint(random[i] * 40);
  x[5] = scale * 127;
  Group g;
  ASSERT_TRUE(quantizeGroup(Format::Q8, x, 32, g));
  for (int i = 0; i < 32; ++i)
    ASSERT_EQ(value(Format::Q8, g, i), x[i]);
}

TEST(Quantize, gridsRoundedToBf16KeepTheirCodes) { // what models trained for 4 bits are published as
  std::vector<float> random = numbers(32 * 200, 4);
  for (int trial = 0; trial < 200; ++trial) {
    float scale = import::bf16ToFloat(floatToBf16(0.003f + 0.0001f * static_cast<float>(trial)));
    float x[32], codes[32];
    for (int i = 0; i < 32; ++i) {
      codes[i] = std::clamp(std::nearbyint(random[trial * 32 + i] * 3), -7.0f, 7.0f);
      x[i] = import::bf16ToFloat(floatToBf16(scale * codes[i]));
    }
    Group g;
    ASSERT_TRUE(quantizeGroup(Format::Q4, x, 32, g));
    for (int i = 0; i < 32; ++i)
      ASSERT_LE(std::fabs(value(Format::Q4, g, i) - x[i]), 0.005f * std::fabs(x[i])) << trial << " " << i;
  }
}

TEST(Quantize, zerosAndTinyValues) {
  for (Format format : {Format::Q8, Format::Q8M, Format::Q4, Format::Q4M})
    for (float size : {0.0f, 1e-38f, 1e-12f}) {
      float x[32] = {};
      x[3] = size;
      Group g;
      ASSERT_TRUE(quantizeGroup(format, x, 32, g));
      for (int i = 0; i < 32; ++i)
        ASSERT_NEAR(value(format, g, i), 0, 1e-9f);
    }
}

TEST(Quantize, constantGroups) {
  for (Format format : {Format::Q8, Format::Q8M, Format::Q4, Format::Q4M})
    for (float size : {0.25f, -0.25f}) {
      std::vector<float> x(32, size);
      Group g;
      ASSERT_TRUE(quantizeGroup(format, x.data(), 32, g));
      for (int i = 0; i < 32; ++i)
        ASSERT_NEAR(value(format, g, i), size, 2e-4f) << kernel::name(format);
    }
}

TEST(Quantize, paddingIsExactlyZero) {
  for (Format format : {Format::Q8, Format::Q8M, Format::Q4, Format::Q4M})
    for (int valid : {1, 7, 31}) {
      std::vector<float> x = numbers(32, 5);
      for (int i = 0; i < 32; ++i)
        x[i] = i < valid ? x[i] + 3 : 0; // far from zero: an asymmetric range would not hold 0
      Group g;
      ASSERT_TRUE(quantizeGroup(format, x.data(), valid, g));
      for (int i = 0; i < valid; ++i)
        ASSERT_NEAR(value(format, g, i), x[i], 0.35f);
      for (int i = valid; i < 32; ++i)
        ASSERT_EQ(value(format, g, i), 0.0f) << kernel::name(format) << " " << i;
    }
}

TEST(Quantize, codesStayInRange) {
  std::vector<float> x = numbers(32 * 500, 6);
  for (const kernel::FormatInfo &f : kernel::kFormats)
    if (f.integer)
      for (size_t at = 0; at < x.size(); at += 32) {
        Group g;
        ASSERT_TRUE(quantizeGroup(f.format, x.data() + at, at % 64 ? 32 : 30, g));
        for (uint8_t code : g.code)
          ASSERT_LE(code, f.format == Format::Q8M ? 127 : (1 << f.codeBits) - 1);
      }
}

TEST(Quantize, scalesThatDoNotFit) {
  for (Format format : {Format::Q8, Format::Q8M, Format::Q6, Format::Q4, Format::Q4M}) {
    float x[32] = {};
    x[1] = 1e30f;
    x[2] = -1e30f;
    Group g;
    EXPECT_FALSE(quantizeGroup(format, x, 32, g));
  }
}

} // namespace
} // namespace gemmac::pack
