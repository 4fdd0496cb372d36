// Log-mel features against numbers that the reference gives for a sine, and the counts of frames.
#include "runtime/media/LogMel.h"

#include <cmath>
#include <gtest/gtest.h>
#include <numbers>

namespace gemmart {
namespace {

TEST(LogMel, aSineOf1000Hz) {
  std::vector<float> samples;
  for (int n = 0; n < 16000; ++n)
    samples.push_back(float(0.5 * std::sin(2 * std::numbers::pi * 1000 * n / 16000)));
  std::vector<float> features = logMel(samples, {});
  ASSERT_EQ(features.size(), size_t(99 * 128));
  struct Case {
    size_t frame, band;
    double expected;
  };
  for (const Case &c : {Case{10, 0, -6.90776},
                        {10, 10, -6.54283},
                        {10, 30, -4.72378},
                        {10, 44, 3.63048},
                        {10, 45, 3.60519},
                        {10, 46, 3.00765},
                        {10, 47, 1.45620},
                        {10, 64, -5.39236},
                        {10, 127, -6.89090},
                        {0, 44, 3.01294},
                        {0, 30, 0.37581},
                        {0, 127, -1.32641}})
    EXPECT_NEAR(features[c.frame * 128 + c.band], c.expected, 2e-5) << "frame " << c.frame << ", band " << c.band;
}

TEST(LogMel, counts) {
  struct Case {
    int64_t samples, valid, padded, softTokens;
  };
  for (const Case &c : {Case{0, 0, 0, 0},
                        {160, 0, 1, 0},
                        {161, 1, 1, 1},
                        {6400, 39, 39, 10},
                        {20800, 129, 130, 33},
                        {49120, 306, 307, 77},
                        {480000, 2999, 2999, 750},
                        {500000, 2999, 2999, 750}}) {
    EXPECT_EQ(validFrames(c.samples, {}), c.valid) << c.samples;
    EXPECT_EQ(paddedFrames(c.samples, {}), c.padded) << c.samples;
    EXPECT_EQ(audioSoftTokens(validFrames(c.samples, {})), c.softTokens) << c.samples;
  }
}

TEST(LogMel, silenceIsTheLogarithmOfTheFloor) {
  std::vector<float> silence(3200);
  for (float feature : logMel(silence, {}))
    ASSERT_FLOAT_EQ(feature, std::log(0.001f));
}

TEST(LogMel, framesOfSamplesAreFilledUp) {
  std::vector<float> samples(650, 0.25f);
  std::vector<float> frames = sampleFrames(samples, 640);
  ASSERT_EQ(frames.size(), 1280u);
  EXPECT_EQ(frames[649], 0.25f);
  EXPECT_EQ(frames[650], 0.0f);
}

} // namespace
} // namespace gemmart
