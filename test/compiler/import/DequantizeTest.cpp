// Values of every type against gguf-py's (dequantize.golden.txt) and against hand-made numbers.
#include "compiler/import/Dequantize.h"
#include "compiler/import/Half.h"

#include <cmath>
#include <cstring>
#include <fstream>
#include <gtest/gtest.h>

namespace gemmac::import {
namespace {

std::vector<uint8_t> fromHex(const std::string &text) {
  std::vector<uint8_t> bytes;
  for (size_t i = 0; i + 1 < text.size(); i += 2)
    bytes.push_back(static_cast<uint8_t>(std::stoi(text.substr(i, 2), nullptr, 16)));
  return bytes;
}

TEST(Dequantize, everyBlockTypeIsExactlyTheReference) {
  std::ifstream file(IMPORT_TEST_DATA "/dequantize.golden.txt");
  ASSERT_TRUE(file);
  std::string line, blocksHex, valuesHex;
  int types = 0;
  while (std::getline(file, line)) {
    if (line.empty() || line[0] == '#')
      continue;
    std::getline(file, blocksHex);
    std::getline(file, valuesHex);
    std::vector<uint8_t> blocks = fromHex(blocksHex), wanted = fromHex(valuesHex);
    DType type = DType::Other;
    for (int t = 0; t < static_cast<int>(DType::Other); ++t)
      if (typeInfo(static_cast<DType>(t)).name == line)
        type = static_cast<DType>(t);
    ASSERT_NE(type, DType::Other) << line;
    std::vector<float> values(wanted.size() / 4), reference(values.size());
    std::memcpy(reference.data(), wanted.data(), wanted.size());
    ASSERT_EQ(values.size() * typeInfo(type).blockBytes, blocks.size() * typeInfo(type).blockElements);
    EXPECT_EQ(dequantize(type, blocks.data(), static_cast<int64_t>(values.size()), values.data()), -1);
    for (size_t i = 0; i < values.size(); ++i)
      ASSERT_EQ(values[i], reference[i]) << line << " element " << i;
    ++types;
  }
  EXPECT_EQ(types, 8);
}

TEST(Dequantize, groupsOfCodesGiveTheSameValues) {
  std::ifstream file(IMPORT_TEST_DATA "/dequantize.golden.txt");
  std::string line, blocksHex, valuesHex;
  while (std::getline(file, line)) {
    if (line.empty() || line[0] == '#')
      continue;
    std::getline(file, blocksHex);
    std::getline(file, valuesHex);
    std::vector<uint8_t> blocks = fromHex(blocksHex), wanted = fromHex(valuesHex);
    DType type = DType::Other;
    for (int t = 0; t < static_cast<int>(DType::Other); ++t)
      if (typeInfo(static_cast<DType>(t)).name == line)
        type = static_cast<DType>(t);
    for (size_t g = 0; g < wanted.size() / 128; ++g) {
      CodeGroup group;
      decodeGroup(type, blocks.data(), static_cast<int64_t>(g), group);
      for (size_t i = 0; i < 32; ++i) {
        float value;
        std::memcpy(&value, wanted.data() + 4 * (32 * g + i), 4);
        float product = group.scale[i / 16] * static_cast<float>(group.code[i] - group.zero);
        ASSERT_EQ(product + group.min, value) << line << " group " << g << " element " << i;
      }
    }
  }
}

TEST(Half, everyHalfSurvivesTheWayThroughFloat) {
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    auto half = static_cast<uint16_t>(bits);
    float value = halfToFloat(half);
    bool special = (half & 0x7c00) == 0x7c00;
    ASSERT_EQ(isFiniteHalf(half), !special);
    if (special)
      ASSERT_EQ(std::isnan(value), (half & 0x3ff) != 0) << bits;
    else
      ASSERT_EQ(std::ldexp(static_cast<float>((half & 0x3ff) | (half & 0x7c00 ? 0x400 : 0)),
                           std::max(half >> 10 & 31, 1) - 25) *
                    (half & 0x8000 ? -1.0f : 1.0f),
                value)
          << bits;
    if (std::isnan(value))
      ASSERT_TRUE(std::isnan(halfToFloat(floatToHalf(value))));
    else
      ASSERT_EQ(floatToHalf(value), half);
  }
}

TEST(Half, narrowingRoundsToNearestEven) {
  EXPECT_EQ(floatToHalf(1.0f + 0x1p-11f), 0x3c00);            // tie, to even
  EXPECT_EQ(floatToHalf(1.0f + 3 * 0x1p-11f), 0x3c02);        // tie, to even
  EXPECT_EQ(floatToHalf(1.0f + 0x1p-11f + 0x1p-20f), 0x3c01); // above the tie
  EXPECT_EQ(floatToHalf(65519.0f), 0x7bff);
  EXPECT_EQ(floatToHalf(65520.0f), 0x7c00);
  EXPECT_EQ(floatToHalf(0x1p-25f), 0x0000); // tie, to even
  EXPECT_EQ(floatToHalf(0x1.8p-25f), 0x0001);
  EXPECT_EQ(floatToHalf(-0x1p-24f), 0x8001);
  EXPECT_EQ(floatToBf16(1.0f + 0x1p-8f), 0x3f80);
  EXPECT_EQ(floatToBf16(1.0f + 3 * 0x1p-8f), 0x3f82);
  EXPECT_EQ(floatToBf16(NAN) & 0x7fc0, 0x7fc0);
  EXPECT_EQ(floatToBf16(INFINITY), 0x7f80);
}

TEST(Dequantize, badNumbersAreFound) {
  std::vector<float> out(64);
  std::vector<uint16_t> halves(64, 0x3c00);
  halves[37] = 0x7e00;
  EXPECT_EQ(dequantize(DType::F16, reinterpret_cast<uint8_t *>(halves.data()), 64, out.data()), 37);
  EXPECT_EQ(dequantize(DType::F16, reinterpret_cast<uint8_t *>(halves.data()), 37, out.data()), -1);
  std::vector<uint16_t> bf16(64, 0x3f80);
  bf16[5] = 0xff80;
  EXPECT_EQ(dequantize(DType::BF16, reinterpret_cast<uint8_t *>(bf16.data()), 64, out.data()), 5);
  std::vector<uint8_t> blocks(36, 0);
  blocks[18] = 0, blocks[19] = 0x7c; // infinite scale of the second block
  EXPECT_EQ(dequantize(DType::Q4_0, blocks.data(), 64, out.data()), 32);
}

} // namespace
} // namespace gemmac::import
