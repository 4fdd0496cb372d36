// GGUF blocks into our formats without a detour through floats: bit for bit where codes and scales fit.
#include "compiler/import/Dequantize.h"
#include "compiler/import/Half.h"
#include "compiler/pack/Unpack.h"
#include "test/compiler/pack/Support.h"

#include <array>
#include <cmath>
#include <cstring>
#include <gtest/gtest.h>

namespace gemmac::pack {
namespace {

using import::DType;
using kernel::Format;
using kernel::Layout;

constexpr int64_t N = 45, K = 512;

struct OneTensor {
  config::Model model;
  Memory memory;
  explicit OneTensor(DType type, uint32_t seed = 11) {
    model.weights.push_back(weight({N, K}, {"t"}));
    memory.add("t", type, {N, K}, blocks(type, N * K, seed));
  }
  std::vector<float> packed(Format format, Layout layout, std::string &error, Options options = {}) {
    Packed p = packOne(model, memory, format, layout, options);
    error = p.error;
    return unpackWeight(format, layout, p.bytes, N, K, options.q8Zero);
  }
};

TEST(Copy, keptFormatsAreExact) {
  for (DType type : {DType::Q4_0, DType::Q4_1, DType::Q5_0, DType::Q5_1, DType::Q8_0})
    for (Layout layout : {Layout::Panel, Layout::Rows})
      for (int zero : {128, 0}) {
        OneTensor s(type);
        Options options;
        options.q8Zero = zero;
        std::string error;
        EXPECT_EQ(s.packed(keptFormat(type), layout, error, options), values(s.memory, "t"))
            << import::typeInfo(type).name << " " << kernel::name(layout) << error;
      }
}

TEST(Copy, widerFormatsAreExactToo) {
  for (auto [type, format] : {std::pair{DType::Q4_0, Format::Q8},
                              {DType::Q4_0, Format::Q4M},
                              {DType::Q4_0, Format::Q8M},
                              {DType::Q5_0, Format::Q8M},
                              {DType::Q4_1, Format::Q8M}})
    for (Layout layout : {Layout::Panel, Layout::Rows}) {
      OneTensor s(type);
      std::string error;
      std::vector<float> got = s.packed(format, layout, error), wanted = values(s.memory, "t");
      ASSERT_EQ(got.size(), wanted.size()) << error;
      for (size_t i = 0; i < got.size(); ++i) // scale * code + min rounds once more than scale * (code - zero)
        ASSERT_NEAR(got[i], wanted[i], 1e-7f) << import::typeInfo(type).name << " " << i;
    }
}

TEST(Copy, productsOfScalesAreRoundedToHalf) {
  for (DType type : {DType::Q4_K, DType::Q5_K})
    for (Layout layout : {Layout::Panel, Layout::Rows}) {
      OneTensor s(type);
      std::string error;
      std::vector<float> got = s.packed(keptFormat(type), layout, error), wanted;
      ASSERT_EQ(error, "");
      import::CodeGroup g;
      const import::Tensor *tensor = s.memory.find("t");
      for (int64_t group = 0; group < N * K / 32; ++group) {
        import::decodeGroup(type, tensor->data.data(), group, g);
        float scale = import::halfToFloat(import::floatToHalf(g.scale[0]));
        float min = import::halfToFloat(import::floatToHalf(g.min));
        for (uint8_t code : g.code)
          wanted.push_back(scale * static_cast<float>(code) + min);
      }
      EXPECT_EQ(got, wanted) << import::typeInfo(type).name;
    }
}

TEST(Copy, sixBitsKeepTheirCodesAndBothScales) {
  for (Layout layout : {Layout::Panel, Layout::Rows}) {
    OneTensor s(DType::Q6_K);
    std::string error;
    std::vector<float> got = s.packed(keptFormat(DType::Q6_K), layout, error), wanted;
    ASSERT_EQ(error, "");
    import::CodeGroup g;
    const import::Tensor *tensor = s.memory.find("t");
    for (int64_t group = 0; group < N * K / 32; ++group) {
      import::decodeGroup(DType::Q6_K, tensor->data.data(), group, g);
      for (int i = 0; i < 32; ++i)
        wanted.push_back(import::halfToFloat(import::floatToHalf(g.scale[i / 16])) *
                         static_cast<float>(g.code[i] - 32));
    }
    EXPECT_EQ(got, wanted) << kernel::name(layout);
  }
}

TEST(Copy, bytesOfQ4_0AndQ8_0RowsAreTheFiles) {
  for (DType type : {DType::Q4_0, DType::Q8_0}) {
    OneTensor s(type);
    Packed packed = packOne(s.model, s.memory, keptFormat(type), Layout::Rows);
    std::span<const uint8_t> file = s.memory.find("t")->data;
    ASSERT_GE(packed.bytes.size(), file.size());
    EXPECT_EQ(std::memcmp(packed.bytes.data(), file.data(), file.size()), 0);
    for (size_t i = file.size(); i < packed.bytes.size(); ++i)
      EXPECT_EQ(packed.bytes[i], 0);
  }
}

TEST(Copy, scalesOfQ4_0PanelsAreTheFiles) {
  OneTensor s(DType::Q4_0);
  Packed packed = packOne(s.model, s.memory, Format::Q4, Layout::Panel);
  const uint8_t *file = s.memory.find("t")->data.data();
  for (int64_t r = 0; r < N; ++r)
    for (int64_t g = 0; g < K / 32; ++g) {
      const uint8_t *block = packed.bytes.data() + (r / 32 * (K / 32) + g) * 576;
      EXPECT_EQ(std::memcmp(block + 512 + 2 * (r % 32), file + (r * (K / 32) + g) * 18, 2), 0);
    }
}

TEST(Copy, permutedHeadsMoveWholeRows) {
  OneTensor plain(DType::Q4_0);
  config::Model model = plain.model;
  model.weights[0].shape = {44, K};
  model.weights[0].interleavedHeads = 11; // four rows a head: 0, 2, 1, 3
  Memory memory;
  memory.add("t", DType::Q4_0, {44, K}, blocks(DType::Q4_0, 44 * K, 11));
  Packed packed = packOne(model, memory, Format::Q4, Layout::Panel);
  ASSERT_EQ(packed.error, "");
  std::vector<float> got = unpackWeight(Format::Q4, Layout::Panel, packed.bytes, 44, K), file = values(memory, "t");
  for (int64_t r = 0; r < 44; ++r) {
    int64_t from = r / 4 * 4 + std::array{0, 2, 1, 3}[r % 4];
    ASSERT_TRUE(std::equal(got.begin() + r * K, got.begin() + (r + 1) * K, file.begin() + from * K)) << r;
  }
}

TEST(Copy, mixedPartsOfOneWeight) { // one part is copied, the other quantised
  config::Model model;
  model.weights.push_back(weight({20, K}, {"a", "b"}));
  Memory memory;
  memory.add("a", DType::Q4_0, {7, K}, blocks(DType::Q4_0, 7 * K, 12));
  memory.add("b", {13, K}, numbers(13 * K, 13));
  Packed packed = packOne(model, memory, Format::Q4, Layout::Panel);
  ASSERT_EQ(packed.error, "");
  std::vector<float> got = unpackWeight(Format::Q4, Layout::Panel, packed.bytes, 20, K), a = values(memory, "a"),
                     b = values(memory, "b");
  EXPECT_TRUE(std::equal(a.begin(), a.end(), got.begin()));
  for (size_t i = 0; i < b.size(); ++i)
    ASSERT_NEAR(got[a.size() + i], b[i], 0.42f);
}

TEST(Copy, anOffsetGoesThroughFloats) {
  OneTensor s(DType::Q4_0);
  s.model.weights[0].offset = 1;
  std::string error;
  std::vector<float> got = s.packed(Format::F32, Layout::Panel, error), wanted = values(s.memory, "t");
  for (float &value : wanted)
    value += 1;
  EXPECT_EQ(got, wanted);
  got = s.packed(Format::Q4, Layout::Panel, error);
  ASSERT_EQ(error, "");
  for (size_t i = 0; i < got.size(); ++i)
    ASSERT_NEAR(got[i], wanted[i], 0.08f);
}

TEST(Copy, badScalesNameTensorAndElement) {
  for (uint16_t bad : {0x7e00, 0xfc00}) {
    OneTensor s(DType::Q4_0);
    std::vector<uint8_t> bytes = blocks(DType::Q4_0, N * K, 11);
    std::memcpy(bytes.data() + (3 * K / 32 + 2) * 18, &bad, 2);
    Memory memory;
    memory.add("t", DType::Q4_0, {N, K}, bytes);
    EXPECT_EQ(packOne(s.model, memory, Format::Q4, Layout::Panel).error,
              "MEMORY: tensor 't': a scale or minimum is NaN or infinite, or too large for an f16, at element 1600");
    EXPECT_EQ(packOne(s.model, memory, Format::F32, Layout::Panel).error,
              "MEMORY: tensor 't': the scale of the block at element 1600 is NaN or infinite");
  }
}

TEST(Copy, keptFormatOfEveryType) {
  EXPECT_EQ(keptFormat(DType::F32), Format::F32);
  EXPECT_EQ(keptFormat(DType::F16), Format::F32);
  EXPECT_EQ(keptFormat(DType::BF16), Format::BF16);
  EXPECT_EQ(keptFormat(DType::Q4_0), Format::Q4);
  EXPECT_EQ(keptFormat(DType::Q4_1), Format::Q4M);
  EXPECT_EQ(keptFormat(DType::Q5_0), Format::Q8);
  EXPECT_EQ(keptFormat(DType::Q5_1), Format::Q8M);
  EXPECT_EQ(keptFormat(DType::Q8_0), Format::Q8);
  EXPECT_EQ(keptFormat(DType::Q4_K), Format::Q4M);
  EXPECT_EQ(keptFormat(DType::Q5_K), Format::Q8M);
  EXPECT_EQ(keptFormat(DType::Q6_K), Format::Q6);
}

} // namespace
} // namespace gemmac::pack
