// Bit layouts of GGUF's block types, and their values. Products are rounded to float one by one, as the reference
// (gguf-py) does: no contraction to fused operations.
#include "compiler/import/Dequantize.h"

#include "compiler/import/Half.h"

#include <cmath>
#include <cstring>

#pragma STDC FP_CONTRACT OFF

namespace gemmac::import {
namespace {

constexpr TypeInfo kTypes[] = {
    {DType::F32, "F32", 1, 4},       {DType::F16, "F16", 1, 2},       {DType::BF16, "BF16", 1, 2},
    {DType::Q4_0, "Q4_0", 32, 18},   {DType::Q4_1, "Q4_1", 32, 20},   {DType::Q5_0, "Q5_0", 32, 22},
    {DType::Q5_1, "Q5_1", 32, 24},   {DType::Q8_0, "Q8_0", 32, 34},   {DType::Q4_K, "Q4_K", 256, 144},
    {DType::Q5_K, "Q5_K", 256, 176}, {DType::Q6_K, "Q6_K", 256, 210}, {DType::Other, "other", 1, 0},
};

uint16_t load16(const uint8_t *p) {
  uint16_t value;
  std::memcpy(&value, p, 2);
  return value;
}

uint32_t load32(const uint8_t *p) {
  uint32_t value;
  std::memcpy(&value, p, 4);
  return value;
}

float loadHalf(const uint8_t *p) {
  return halfToFloat(load16(p));
}

/// 16 bytes of nibbles: elements 0..15 are the low ones, 16..31 the high ones.
void splitNibbles(const uint8_t *q, uint8_t *code) {
  for (int i = 0; i < 16; ++i) {
    code[i] = q[i] & 15;
    code[i + 16] = q[i] >> 4;
  }
}

/// Bit i of `high` is bit 4 of code i.
void addFifthBits(uint32_t high, uint8_t *code) {
  for (int i = 0; i < 32; ++i)
    code[i] |= (high >> i & 1) << 4;
}

struct ScaleMin {
  int scale, min;
};

/// The 6-bit scale and minimum of group 0..7, from the 12 bytes that Q4_K and Q5_K share.
ScaleMin scaleMin(const uint8_t *s, int group) {
  if (group < 4)
    return {s[group] & 63, s[group + 4] & 63};
  return {(s[group + 4] & 15) | (s[group - 4] >> 2 & 0x30), s[group + 4] >> 4 | (s[group] >> 2 & 0x30)};
}

template <DType type> void decode(const uint8_t *blocks, int64_t group, CodeGroup &out) {
  constexpr const TypeInfo &t = kTypes[static_cast<int>(type)];
  constexpr int64_t groupsPerBlock = t.blockElements / 32;
  const uint8_t *b = blocks + group / groupsPerBlock * t.blockBytes;
  int g = static_cast<int>(group % groupsPerBlock);
  out.min = 0;
  out.zero = 0;
  out.halfScale = true;
  if constexpr (type == DType::Q4_0 || type == DType::Q5_0 || type == DType::Q4_1 || type == DType::Q5_1) {
    constexpr bool five = type == DType::Q5_0 || type == DType::Q5_1,
                   hasMin = type == DType::Q4_1 || type == DType::Q5_1;
    constexpr int at = hasMin ? 4 : 2;
    out.codeBits = five ? 5 : 4;
    out.zero = hasMin ? 0 : five ? 16 : 8;
    out.scale[0] = out.scale[1] = loadHalf(b);
    if (hasMin)
      out.min = loadHalf(b + 2);
    splitNibbles(b + at + (five ? 4 : 0), out.code);
    if (five)
      addFifthBits(load32(b + at), out.code);
  } else if constexpr (type == DType::Q8_0) {
    out.codeBits = 8;
    out.zero = 128;
    out.scale[0] = out.scale[1] = loadHalf(b);
    for (int i = 0; i < 32; ++i)
      out.code[i] = b[2 + i] ^ 0x80;
  } else if constexpr (type == DType::Q4_K || type == DType::Q5_K) {
    constexpr bool five = type == DType::Q5_K;
    ScaleMin s = scaleMin(b + 4, g);
    out.codeBits = five ? 5 : 4;
    out.halfScale = false;
    out.scale[0] = out.scale[1] = loadHalf(b) * static_cast<float>(s.scale);
    out.min = -(loadHalf(b + 2) * static_cast<float>(s.min));
    const uint8_t *q = b + (five ? 48 : 16) + g / 2 * 32;
    int shift = g % 2 * 4;
    for (int i = 0; i < 32; ++i)
      out.code[i] = q[i] >> shift & 15;
    if (five)
      for (int i = 0; i < 32; ++i)
        out.code[i] |= (b[16 + i] >> g & 1) << 4;
  } else {
    static_assert(type == DType::Q6_K);
    int half = g / 4, t4 = g % 4;
    const uint8_t *low = b + 64 * half + 32 * (t4 % 2), *high = b + 128 + 32 * half;
    int lowShift = t4 / 2 * 4, highShift = t4 * 2;
    out.codeBits = 6;
    out.zero = 32;
    out.halfScale = false;
    float d = loadHalf(b + 208);
    for (int i = 0; i < 2; ++i)
      out.scale[i] = d * static_cast<float>(static_cast<int8_t>(b[192 + 2 * g + i]));
    for (int i = 0; i < 32; ++i)
      out.code[i] = static_cast<uint8_t>((low[i] >> lowShift & 15) | (high[i] >> highShift & 3) << 4);
  }
}

template <DType type> int64_t dequantizeBlocks(const uint8_t *data, int64_t count, float *out) {
  CodeGroup g;
  for (int64_t group = 0; group < count / 32; ++group, out += 32) {
    decode<type>(data, group, g);
    if (!std::isfinite(g.scale[0]) || !std::isfinite(g.scale[1]) || !std::isfinite(g.min))
      return group * 32;
    constexpr bool hasMin = type == DType::Q4_1 || type == DType::Q5_1 || type == DType::Q4_K || type == DType::Q5_K;
    for (int half = 0; half < 2; ++half)
      for (int i = 16 * half; i < 16 * half + 16; ++i)
        out[i] = hasMin ? g.scale[0] * static_cast<float>(g.code[i]) + g.min
                        : g.scale[half] * static_cast<float>(g.code[i] - g.zero);
  }
  return -1;
}

/// Elements of one number each. `convert` maps the index to a float; the check is one pass over what was written.
template <class Convert> int64_t convertElements(int64_t count, float *out, Convert convert) {
  constexpr uint32_t exponent = 0x7f800000;
  uint32_t bad = 0;
  for (int64_t i = 0; i < count; ++i) {
    float value = convert(i);
    out[i] = value;
    bad |= (std::bit_cast<uint32_t>(value) & exponent) == exponent ? 1u : 0u;
  }
  if (!bad)
    return -1;
  for (int64_t i = 0; i < count; ++i)
    if (!std::isfinite(out[i]))
      return i;
  return -1;
}

} // namespace

const TypeInfo &typeInfo(DType type) {
  return kTypes[static_cast<int>(type)];
}

std::string readableTypes() {
  std::string list;
  for (const TypeInfo &t : kTypes)
    if (t.blockBytes)
      list += (list.empty() ? "" : ", ") + std::string(t.name);
  return list;
}

void decodeGroup(DType type, const uint8_t *blocks, int64_t group, CodeGroup &out) {
  switch (type) {
  case DType::Q4_0:
    return decode<DType::Q4_0>(blocks, group, out);
  case DType::Q4_1:
    return decode<DType::Q4_1>(blocks, group, out);
  case DType::Q5_0:
    return decode<DType::Q5_0>(blocks, group, out);
  case DType::Q5_1:
    return decode<DType::Q5_1>(blocks, group, out);
  case DType::Q8_0:
    return decode<DType::Q8_0>(blocks, group, out);
  case DType::Q4_K:
    return decode<DType::Q4_K>(blocks, group, out);
  case DType::Q5_K:
    return decode<DType::Q5_K>(blocks, group, out);
  case DType::Q6_K:
    return decode<DType::Q6_K>(blocks, group, out);
  default:
    out = {};
  }
}

int64_t dequantize(DType type, const uint8_t *data, int64_t count, float *out) {
  switch (type) {
  case DType::F32:
    return convertElements(count, out, [data](int64_t i) { return std::bit_cast<float>(load32(data + 4 * i)); });
  case DType::F16:
    return convertElements(count, out, [data](int64_t i) { return halfToFloat(load16(data + 2 * i)); });
  case DType::BF16:
    return convertElements(count, out, [data](int64_t i) { return bf16ToFloat(load16(data + 2 * i)); });
  case DType::Q4_0:
    return dequantizeBlocks<DType::Q4_0>(data, count, out);
  case DType::Q4_1:
    return dequantizeBlocks<DType::Q4_1>(data, count, out);
  case DType::Q5_0:
    return dequantizeBlocks<DType::Q5_0>(data, count, out);
  case DType::Q5_1:
    return dequantizeBlocks<DType::Q5_1>(data, count, out);
  case DType::Q8_0:
    return dequantizeBlocks<DType::Q8_0>(data, count, out);
  case DType::Q4_K:
    return dequantizeBlocks<DType::Q4_K>(data, count, out);
  case DType::Q5_K:
    return dequantizeBlocks<DType::Q5_K>(data, count, out);
  case DType::Q6_K:
    return dequantizeBlocks<DType::Q6_K>(data, count, out);
  case DType::Other:
    break;
  }
  return 0;
}

} // namespace gemmac::import
