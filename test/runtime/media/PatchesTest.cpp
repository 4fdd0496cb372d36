// Sizes within a budget, the integer bicubic filter, patches. The expected numbers are transformers' and torch's.
#include "runtime/media/Patches.h"

#include <gtest/gtest.h>

namespace gemmart {
namespace {

Picture column(std::initializer_list<int> values) {
  Picture picture{1, int64_t(values.size()), {}};
  for (int value : values)
    picture.rgb.insert(picture.rgb.end(), 3, uint8_t(value));
  return picture;
}

TEST(Patches, sizesOfTheReference) {
  struct Case {
    int64_t height, width, budget, tall, wide, softTokens;
  };
  const Case cases[] = {
      {1080, 1920, 70, 288, 528, 66},  {1080, 1920, 1120, 1200, 2112, 1100},
      {512, 512, 280, 768, 768, 256},  {480, 640, 140, 480, 624, 130},
      {10, 5000, 70, 48, 3360, 70},    {10, 5000, 1120, 48, 35904, 748},
      {5000, 10, 280, 13440, 48, 280}, {1, 1, 70, 384, 384, 64},
      {333, 200, 70, 480, 288, 60},
  };
  for (const Case &c : cases) {
    PictureSize size = fitPicture(c.width, c.height, c.budget, {});
    EXPECT_EQ(size.height, c.tall) << c.height << " x " << c.width << " in " << c.budget;
    EXPECT_EQ(size.width, c.wide) << c.height << " x " << c.width << " in " << c.budget;
    EXPECT_EQ(size.softTokens, c.softTokens) << c.height << " x " << c.width << " in " << c.budget;
  }
}

TEST(Patches, neverAboveTheBudgetAndAlwaysWholeBlocks) {
  uint64_t state = 1;
  auto random = [&](int64_t most) {
    state = state * 6364136223846793005 + 1442695040888963407;
    return int64_t(state >> 33) % most + 1;
  };
  for (int i = 0; i < 100000; ++i) {
    int64_t width = random(8000), height = random(8000), budget = random(1120);
    PictureSize size = fitPicture(width, height, budget, {});
    ASSERT_TRUE(size.width % 48 == 0 && size.height % 48 == 0 && size.width > 0 && size.height > 0)
        << width << " x " << height << " in " << budget;
    ASSERT_LE(size.softTokens, budget) << width << " x " << height;
  }
}

TEST(Patches, enlargesAsTorchDoes) {
  Picture tall = resizePicture(column({0, 255, 0, 255, 10}), 1, 48);
  const int expected[] = {0, 0, 0, 0, 0, 12, 34, 63, 96, 131, 167, 201, 229, 249, 255, 246, 224, 192, 155};
  for (size_t i = 0; i < std::size(expected); ++i)
    EXPECT_EQ(tall.rgb[i * 3], expected[i]) << i;
}

TEST(Patches, aPictureOfOneColourKeepsIt) {
  Picture gray{7, 5, std::vector<uint8_t>(7 * 5 * 3, 77)};
  for (auto [width, height] : {std::pair{48, 48}, {3, 2}, {7, 96}, {96, 5}})
    for (uint8_t value : resizePicture(gray, width, height).rgb)
      ASSERT_EQ(value, 77) << width << " x " << height;
}

TEST(Patches, cutsInRowMajorOrder) {
  Picture picture{4, 4, {}};
  for (int i = 0; i < 16; ++i)
    picture.rgb.insert(picture.rgb.end(), {uint8_t(i), 0, 255});
  Patches patches = cutPatches(picture, {2, 1, false});
  ASSERT_EQ(patches.count, 4);
  EXPECT_EQ(patches.positions, (std::vector<int32_t>{0, 0, 1, 0, 0, 1, 1, 1}));
  float scale = float(1.0 / 255.0);
  EXPECT_EQ(patches.values[12], 2 * scale);     // patch (1, 0), pixel (0, 0), red
  EXPECT_EQ(patches.values[12 + 6], 6 * scale); // its pixel (0, 1)
  EXPECT_EQ(patches.values[2], 255 * scale);    // blue
  EXPECT_EQ(cutPatches(picture, {2, 1, true}).values[2], 1.0f);
}

} // namespace
} // namespace gemmart
