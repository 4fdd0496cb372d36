// Whole weights: every format and layout, odd shapes, concatenation, stacks, permutation, offset, threads, errors.
#include "compiler/pack/Pack.h"
#include "compiler/pack/Unpack.h"
#include "test/compiler/pack/Support.h"

#include <cmath>
#include <cstring>
#include <gtest/gtest.h>
#include <tuple>

namespace gemmac::pack {
namespace {

using kernel::Format;
using kernel::Layout;

/// Largest error allowed for values of size up to 3.
float tolerance(Format format) {
  switch (format) {
  case Format::F32:
    return 0;
  case Format::BF16:
    return 3.0f / 256;
  case Format::Q8:
    return 0.014f;
  case Format::Q8M:
    return 0.03f;
  default:
    return 0.42f;
  }
}

void expectNear(const std::vector<float> &got, const std::vector<float> &wanted, float allowed,
                const std::string &what) {
  ASSERT_EQ(got.size(), wanted.size()) << what;
  for (size_t i = 0; i < got.size(); ++i)
    ASSERT_LE(std::fabs(got[i] - wanted[i]), allowed) << what << " element " << i << ": " << got[i] << " " << wanted[i];
}

TEST(Pack, everyFormatLayoutAndOddShape) {
  for (auto [rows, columns] :
       {std::pair<int64_t, int64_t>{1, 1}, {1, 33}, {31, 32}, {33, 31}, {64, 96}, {70, 129}, {5, 257}}) {
    std::vector<float> x = numbers(static_cast<size_t>(rows * columns), 7);
    config::Model model;
    model.weights.push_back(weight({rows, columns}, {"t"}));
    Memory memory;
    memory.add("t", {rows, columns}, x);
    for (const kernel::FormatInfo &f : kernel::kFormats)
      for (Layout layout : {Layout::Panel, Layout::Rows}) {
        std::string what = kernel::name(f.format);
        what += " " + kernel::name(layout) + " " + std::to_string(rows) + "x" + std::to_string(columns);
        Packed packed = packOne(model, memory, f.format, layout);
        ASSERT_EQ(packed.error, "") << what;
        expectNear(unpackWeight(f.format, layout, packed.bytes, rows, columns), x, tolerance(f.format), what);
      }
    Packed packed = packOne(model, memory, Format::F32, Layout::Vector);
    ASSERT_EQ(packed.error, "");
    EXPECT_EQ(packed.bytes.size() % 64, 0u);
    EXPECT_EQ(unpackWeight(Format::F32, Layout::Vector, packed.bytes, rows, columns), x);
  }
}

TEST(Pack, bytesOfAPanelBlock) { // by hand, from the description of the formats
  std::vector<float> x(64, 0.0f);
  for (int c = 0; c < 32; ++c) {
    x[c] = static_cast<float>(c % 16 - 8); // row 0: scale 1, codes 0..15
    x[32 + c] = 0.5f * static_cast<float>(c % 2 ? 7 : -8);
  }
  config::Model model;
  model.weights.push_back(weight({2, 32}, {"t"}));
  Memory memory;
  memory.add("t", {2, 32}, x);
  Packed q4 = packOne(model, memory, Format::Q4, Layout::Panel);
  ASSERT_EQ(q4.error, "");
  ASSERT_EQ(q4.bytes.size(), 576u);
  for (int k = 0; k < 4; ++k)
    for (int j = 0; j < 4; ++j) {
      EXPECT_EQ(q4.bytes[k * 128 + j], ((8 * k + j) % 16) | ((8 * k + 4 + j) % 16) << 4);
      EXPECT_EQ(q4.bytes[k * 128 + 4 + j], j % 2 ? 0xff : 0x00);
      EXPECT_EQ(q4.bytes[k * 128 + 8 + j], 0x88); // a row of padding
    }
  uint16_t scales[32];
  std::memcpy(scales, q4.bytes.data() + 512, 64);
  EXPECT_EQ(scales[0], 0x3c00);
  EXPECT_EQ(scales[1], 0x3800);
  EXPECT_EQ(scales[2], 0);

  Packed f32 = packOne(model, memory, Format::F32, Layout::Panel);
  float value;
  std::memcpy(&value, f32.bytes.data() + 4 * (32 * 9 + 1), 4); // c = 9, r = 1
  EXPECT_EQ(value, 3.5f);
  Packed bf16 = packOne(model, memory, Format::BF16, Layout::Panel);
  uint16_t half;
  std::memcpy(&half, bf16.bytes.data() + 2 * (4 * 64 + 1 * 2 + 1), 2); // c = 9, r = 1
  EXPECT_EQ(half, 0x4060);
}

TEST(Pack, zeroOfQ8Codes) {
  std::vector<float> x(32, 0.0f);
  x[0] = 127, x[1] = -127, x[2] = 1;
  config::Model model;
  model.weights.push_back(weight({1, 32}, {"t"}));
  Memory memory;
  memory.add("t", {1, 32}, x);
  Options options;
  Packed biased = packOne(model, memory, Format::Q8, Layout::Panel, options);
  EXPECT_EQ(biased.bytes[0], 255);
  EXPECT_EQ(biased.bytes[1], 1);
  EXPECT_EQ(biased.bytes[3], 128);
  EXPECT_EQ(biased.bytes[4], 128); // padding
  options.q8Zero = 0;
  Packed plain = packOne(model, memory, Format::Q8, Layout::Panel, options);
  EXPECT_EQ(plain.bytes[0], 127);
  EXPECT_EQ(plain.bytes[1], 0x81);
  EXPECT_EQ(plain.bytes[3], 0);
  EXPECT_EQ(plain.bytes[4], 0);
  EXPECT_EQ(unpackWeight(Format::Q8, Layout::Panel, plain.bytes, 1, 32, 0), x);
  EXPECT_EQ(packOne(model, memory, Format::Q8, Layout::Rows, options).bytes,
            packOne(model, memory, Format::Q8, Layout::Rows).bytes); // always signed there
  options.q8Zero = 7;
  EXPECT_EQ(packOne(model, memory, Format::Q8, Layout::Panel, options).error,
            "packing weights: the zero of q8 codes is 0 or 128, not 7");
}

TEST(Pack, concatenationAndOffset) {
  std::vector<float> x = numbers(50 * 40, 8);
  config::Model model;
  model.weights.push_back(weight({50, 40}, {"a", "b", "c"}));
  model.weights.push_back(weight({9}, {"v0", "v1"}));
  model.weights[0].offset = 1.5;
  model.weights[1].offset = 1;
  Memory memory;
  memory.add("a", {3, 40}, std::vector<float>(x.begin(), x.begin() + 120));
  memory.add("b", {40, 40}, std::vector<float>(x.begin() + 120, x.begin() + 1720));
  memory.add("c", {7, 40}, std::vector<float>(x.begin() + 1720, x.end()));
  memory.add("v0", {4}, {0, 1, 2, 3});
  memory.add("v1", {5}, {4, 5, 6, 7, 8});
  for (float &value : x)
    value += 1.5f;
  for (Layout layout : {Layout::Panel, Layout::Rows, Layout::Vector}) {
    Packed packed = packOne(model, memory, Format::F32, layout);
    ASSERT_EQ(packed.error, "");
    EXPECT_EQ(unpackWeight(Format::F32, layout, packed.bytes, 50, 40), x);
  }
  Packed vector = packOne(model, memory, Format::F32, Layout::Vector, {}, 1, 1);
  ASSERT_EQ(vector.error, "");
  EXPECT_EQ(unpackWeight(Format::F32, Layout::Vector, vector.bytes, 1, 9),
            (std::vector<float>{1, 2, 3, 4, 5, 6, 7, 8, 9}));
}

TEST(Pack, stacksWhole_SplitAndConcatenatedPerMember) {
  constexpr int64_t E = 3, N = 40, K = 33;
  std::vector<float> x = numbers(E * N * K, 9), gate, up;
  for (int64_t e = 0; e < E; ++e) {
    auto at = x.begin() + e * N * K;
    gate.insert(gate.end(), at, at + N / 2 * K);
    up.insert(up.end(), at + N / 2 * K, at + N * K);
  }
  config::Model one, two, members;
  one.weights.push_back(weight({E, N, K}, {"all"}));
  two.weights.push_back(weight({E, N, K}, {"gate", "up"}));
  members.weights.push_back(weight({E, N, K}, {"e0", "e1", "e2"}));
  Memory whole, parts, each;
  whole.add("all", {E, N, K}, x);
  parts.add("gate", {E, N / 2, K}, gate);
  parts.add("up", {E, N / 2, K}, up);
  for (int64_t e = 0; e < E; ++e)
    each.add("e" + std::to_string(e), {N, K}, std::vector<float>(x.begin() + e * N * K, x.begin() + (e + 1) * N * K));
  for (Layout layout : {Layout::Panel, Layout::Rows})
    for (int64_t split : {1, 2}) {
      Packed packed = packOne(one, whole, Format::F32, layout, {}, split);
      ASSERT_EQ(packed.error, "");
      int64_t size = kernel::weightBytes(Format::F32, layout, N / split, K);
      for (int64_t m = 0; m < E * split; ++m) {
        auto begin = x.begin() + m * N / split * K;
        EXPECT_EQ(unpackWeight(Format::F32, layout, std::span(packed.bytes).subspan(m * size, size), N / split, K),
                  std::vector<float>(begin, begin + N / split * K));
      }
      EXPECT_EQ(packOne(two, parts, Format::F32, layout, {}, split).bytes, packed.bytes);
      EXPECT_EQ(packOne(members, each, Format::F32, layout, {}, split).bytes, packed.bytes);
    }
}

TEST(Pack, interleavedHeads) {
  // Two heads of six rows. The file has pairs: its rows 0 and 1 are dimension 0 and dimension 3 of the head.
  config::Model model;
  model.weights.push_back(weight({12, 1}, {"q"}));
  model.weights[0].interleavedHeads = 2;
  Memory memory;
  memory.add("q", {12, 1}, {0, 3, 1, 4, 2, 5, 10, 13, 11, 14, 12, 15});
  for (Layout layout : {Layout::Panel, Layout::Rows, Layout::Vector}) {
    Packed packed = packOne(model, memory, Format::F32, layout);
    ASSERT_EQ(packed.error, "");
    EXPECT_EQ(unpackWeight(Format::F32, layout, packed.bytes, 12, 1),
              (std::vector<float>{0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15}));
  }
}

TEST(Pack, anyNumberOfThreadsGivesTheSameBytes) {
  config::Model model;
  model.weights.push_back(weight({700, 2100}, {"big"}));
  model.weights.push_back(weight({3}, {"small"}));
  model.weights.push_back(weight({40, 70000}, {"wide"}));
  for (int i = 0; i < 3; ++i)
    model.weights[i].name = "w" + std::to_string(i);
  auto checkpoint = import::randomCheckpoint(model, 3);
  auto bindings = import::bindWeights(model, *checkpoint);
  ASSERT_TRUE(bindings);
  std::vector<Item> items;
  int64_t offset = 0;
  for (auto [index, format, layout] : {std::tuple{0, Format::Q4, Layout::Panel},
                                       {1, Format::F32, Layout::Vector},
                                       {0, Format::Q8, Layout::Rows},
                                       {2, Format::Q4, Layout::Panel},
                                       {2, Format::BF16, Layout::Rows}}) {
    const auto &shape = model.weights[index].shape;
    int64_t bytes = kernel::weightBytes(format, layout, shape.size() > 1 ? shape[0] : 1, shape.back());
    items.push_back({index, format, layout, offset, bytes});
    offset += bytes + 4096; // a gap
  }
  std::vector<uint8_t> first;
  for (int threads : {1, 2, 5}) {
    std::vector<uint8_t> section(static_cast<size_t>(offset));
    int64_t end = 0, progress = 0, total = 0;
    Options options;
    options.threads = threads;
    options.progress = [&](int64_t done, int64_t all) {
      EXPECT_GT(done, progress);
      progress = done;
      total = all;
    };
    Status status = packWeights(model, *checkpoint, *bindings, items, options,
                                [&](int64_t at, std::span<const uint8_t> data) -> Status {
                                  EXPECT_GE(at, end);
                                  EXPECT_LE(data.size(), size_t(8) << 20);
                                  end = at + static_cast<int64_t>(data.size());
                                  std::memcpy(section.data() + at, data.data(), data.size());
                                  return Ok{};
                                });
    ASSERT_TRUE(status) << status.error().message;
    EXPECT_EQ(progress, total);
    if (first.empty())
      first = section;
    EXPECT_EQ(section, first) << threads;
  }
  // Wide rows are cut into strips: the values are those of the whole.
  std::vector<float> wide = values(*checkpoint, "wide");
  expectNear(unpackWeight(Format::BF16, Layout::Rows, std::span(first).subspan(items[4].offset), 40, 70000), wide,
             1e-4f, "");
  expectNear(unpackWeight(Format::Q4, Layout::Panel, std::span(first).subspan(items[3].offset), 40, 70000), wide,
             1.5e-3f, "");
}

TEST(Pack, problemsStopEverything) {
  config::Model model;
  model.weights.push_back(weight({600, 2048}, {"t"}));
  Memory memory;
  std::vector<float> x = numbers(600 * 2048, 10);
  x[599 * 2048 + 77] = NAN;
  memory.add("t", {600, 2048}, x);
  EXPECT_EQ(packOne(model, memory, Format::Q4, Layout::Panel).error,
            "MEMORY: tensor 't': element 1226829 is NaN or infinite");
  x[599 * 2048 + 77] = 1e30f;
  Memory large;
  large.add("t", {600, 2048}, x);
  EXPECT_EQ(packOne(model, large, Format::Q4, Layout::Panel).error,
            "MEMORY: tensor 't': values too large for format q4, whose scales are f16, at element 1226816");
  EXPECT_EQ(packOne(model, large, Format::F32, Layout::Panel).error, "");
  // A sink that fails.
  auto bindings = import::bindWeights(model, large);
  Item item{0, Format::F32, Layout::Rows, 0, kernel::weightBytes(Format::F32, Layout::Rows, 600, 2048)};
  int calls = 0;
  Status status =
      packWeights(model, large, *bindings, std::span(&item, 1), {}, [&](int64_t, std::span<const uint8_t>) -> Status {
        ++calls;
        return Error{"disk full"};
      });
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message, "disk full");
  EXPECT_EQ(calls, 1);
}

TEST(Pack, itemsThatDoNotFitAreToldApart) {
  config::Model model;
  model.weights.push_back(weight({2, 32}, {"t"}));
  Memory memory;
  memory.add("t", {2, 32}, numbers(64, 1));
  auto bindings = import::bindWeights(model, memory);
  ASSERT_TRUE(bindings);
  auto problem = [&](std::vector<Item> items) {
    Status status = packWeights(model, memory, *bindings, items, {},
                                [](int64_t, std::span<const uint8_t>) -> Status { return Ok{}; });
    return status ? "" : status.error().message;
  };
  EXPECT_EQ(problem({}), "");
  EXPECT_EQ(problem({{1, Format::F32, Layout::Panel, 0, 4096}}), "packing weights: weight number 1 does not exist");
  EXPECT_EQ(problem({{0, Format::F32, Layout::Panel, 0, 4095}}),
            "packing weights: weight 'w': takes 4096 bytes as f32 panel, but its place has 4095");
  EXPECT_EQ(problem({{0, Format::Q4, Layout::Panel, 0, 576}, {0, Format::Q4, Layout::Panel, 575, 576}}),
            "packing weights: weight 'w': its place at 575 begins before the previous one ends at 576");
  EXPECT_EQ(problem({{0, Format::Q4, Layout::Panel, 0, 576, 3}}),
            "packing weights: weight 'w': its 2 rows cannot be cut into 3 parts");
}

} // namespace
} // namespace gemmac::pack
