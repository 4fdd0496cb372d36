// WAV of every kind, limits, resampling with its measured rejection. The compressed formats are tested by e2e/media.py.
#include "runtime/media/Sound.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <gtest/gtest.h>
#include <numbers>

namespace gemmart {
namespace {

void put(std::vector<uint8_t> &file, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i)
    file.push_back(uint8_t(value >> 8 * i));
}

struct Wav {
  uint32_t kind = 1, channels = 1, rate = 16000, bits = 16;
  bool extensible = false;
  uint32_t claimed = 0; ///< bytes of data in the header; 0: as they are
};

std::vector<uint8_t> makeWav(const Wav &wav, const std::vector<uint8_t> &data) {
  std::vector<uint8_t> file;
  auto word = [&](const char *text) { file.insert(file.end(), text, text + 4); };
  word("RIFF"), put(file, 0, 4), word("WAVE"), word("fmt "), put(file, wav.extensible ? 40 : 16, 4);
  put(file, wav.extensible ? 0xfffe : wav.kind, 2), put(file, wav.channels, 2), put(file, wav.rate, 4);
  put(file, 0, 4), put(file, wav.channels * wav.bits / 8, 2), put(file, wav.bits, 2);
  if (wav.extensible) {
    put(file, 22, 2), put(file, wav.bits, 2), put(file, 0, 4), put(file, wav.kind, 2);
    file.resize(file.size() + 14);
  }
  word("LIST"), put(file, 3, 4), put(file, 0, 4); // an odd chunk and its padding
  word("data"), put(file, wav.claimed ? wav.claimed : data.size(), 4);
  file.insert(file.end(), data.begin(), data.end());
  return file;
}

TEST(Sound, samplesOfEveryWidth) {
  // 0.5 and -1 in each kind.
  struct Case {
    Wav wav;
    uint64_t half, least;
  };
  const Case cases[] = {
      {{1, 1, 16000, 8}, 192, 0},
      {{1, 1, 16000, 16}, 0x4000, 0x8000},
      {{1, 1, 16000, 24}, 0x400000, 0x800000},
      {{1, 1, 16000, 32}, 0x40000000, 0x80000000},
      {{3, 1, 16000, 32}, std::bit_cast<uint32_t>(0.5f), std::bit_cast<uint32_t>(-1.0f)},
      {{3, 1, 16000, 64}, std::bit_cast<uint64_t>(0.5), std::bit_cast<uint64_t>(-1.0)},
      {{1, 1, 16000, 24, true}, 0x400000, 0x800000},
  };
  for (const Case &c : cases) {
    std::vector<uint8_t> data;
    put(data, c.half, int(c.wav.bits / 8)), put(data, c.least, int(c.wav.bits / 8));
    Result<Sound> sound = decodeSound(makeWav(c.wav, data), "x.wav");
    ASSERT_TRUE(sound) << sound.status().message();
    EXPECT_EQ(sound->samples, (std::vector<float>{0.5f, -1.0f})) << c.wav.kind << " " << c.wav.bits;
  }
}

TEST(Sound, channelsAreMixed) {
  std::vector<uint8_t> data;
  put(data, 0x4000, 2), put(data, 0, 2);
  Result<Sound> sound = decodeSound(makeWav({1, 2, 44100, 16}, data), "x.wav");
  ASSERT_TRUE(sound);
  EXPECT_EQ(sound->rate, 44100);
  EXPECT_EQ(sound->samples, std::vector<float>{0.25f});
}

TEST(Sound, whatIsWrongIsSaid) {
  auto message = [](const std::vector<uint8_t> &file, const SoundLimits &limits = {}) {
    return decodeSound(file, "x.wav", limits).status().message();
  };
  std::vector<uint8_t> second(32000);
  EXPECT_EQ(message({}), "x.wav: cannot read this sound: it is no WAV, FLAC, MP3, Ogg Vorbis or Ogg Opus file");
  EXPECT_EQ(message(makeWav({}, {})), "x.wav: cannot read this sound: it has no samples");
  EXPECT_EQ(message(makeWav({2}, second)), "x.wav: cannot read this sound: its samples are of kind 2 with 16 bits; "
                                           "integers of 8, 16, 24 and 32 bits and floats are read");
  EXPECT_EQ(message(makeWav({1, 1, 5}, second)),
            "x.wav: cannot read this sound: it has 5 samples a second; 1000 to 768000 are read");
  EXPECT_EQ(message(makeWav({1, 0}, second)), "x.wav: cannot read this sound: it has 0 channels; 1 to 64 are read");
  EXPECT_EQ(message(makeWav({}, second), {0.5}), "x.wav: cannot read this sound: it is longer than 0.5 s");
  // A header that claims 4 GiB gives what is there.
  Result<Sound> claimed = decodeSound(makeWav({1, 1, 16000, 16, false, 0xfffffff0}, second), "x.wav");
  ASSERT_TRUE(claimed);
  EXPECT_EQ(claimed->samples.size(), 16000u);
}

/// Root mean square of the middle of a resampled sine of amplitude 1, in dB below the sine's own.
double gain(int64_t from, int64_t to, double hz) {
  Sound sound{from, {}};
  for (int64_t i = 0; i < from / 4; ++i)
    sound.samples.push_back(float(std::sin(2 * std::numbers::pi * hz * double(i) / double(from))));
  std::vector<float> out = resample(sound, to).samples;
  size_t edge = out.size() / 5;
  double sum = 0;
  for (size_t i = edge; i < out.size() - edge; ++i)
    sum += double(out[i]) * double(out[i]);
  return 10 * std::log10(sum / double(out.size() - 2 * edge) / 0.5 + 1e-30);
}

TEST(Sound, resamplingRejectsWhatWouldAlias) {
  for (int64_t from : {44100, 48000, 22050, 96000})
    for (double hz = 8400; hz < double(from) / 2; hz += double(from) / 40)
      EXPECT_LT(gain(from, 16000, hz), -90) << from << " Hz, a sine of " << hz;
}

TEST(Sound, resamplingKeepsWhatIsBelow) {
  for (int64_t from : {44100, 48000, 22050, 8000, 11025})
    for (double hz = 200; hz < 0.92 * std::min(8000.0, double(from) / 2); hz += 700)
      EXPECT_NEAR(gain(from, 16000, hz), 0, 0.15) << from << " Hz, a sine of " << hz;
}

TEST(Sound, resamplingKeepsPlaceLengthAndLevel) {
  Sound sound{48000, std::vector<float>(4801, 0.5f)};
  Sound out = resample(sound, 16000);
  EXPECT_EQ(out.rate, 16000);
  ASSERT_EQ(out.samples.size(), 1601u);
  EXPECT_NEAR(out.samples[800], 0.5f, 1e-6);
  std::vector<float> impulse(3000);
  impulse[1500] = 1;
  std::vector<float> moved = resample({48000, impulse}, 16000).samples;
  EXPECT_EQ(std::max_element(moved.begin(), moved.end()) - moved.begin(), 500);
}

} // namespace
} // namespace gemmart
