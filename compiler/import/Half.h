// Conversions between float and the two 16-bit formats, on bits, so that compilers vectorise them without any
// instruction set. Every NaN and infinity stays one; narrowing rounds to nearest even.
#ifndef COMPILER_IMPORT_HALF_H
#define COMPILER_IMPORT_HALF_H

#include <bit>
#include <cstdint>

namespace gemmac::import {

inline float halfToFloat(uint16_t half) {
  // The exponent is rebased by a multiplication, which also normalises subnormals; all-ones exponents are put back by
  // hand.
  uint32_t bits = static_cast<uint32_t>(half & 0x7fff) << 13;
  uint32_t value = std::bit_cast<uint32_t>(std::bit_cast<float>(bits) * 0x1p112f);
  uint32_t special = bits >= 0x0f800000 ? 0x7f800000 : 0;
  return std::bit_cast<float>(value | special | static_cast<uint32_t>(half & 0x8000) << 16);
}

inline uint16_t floatToHalf(float value) {
  uint32_t bits = std::bit_cast<uint32_t>(value);
  uint32_t sign = bits >> 16 & 0x8000;
  bits &= 0x7fffffff;
  if (bits >= 0x47800000) // 65536 and more, infinity, NaN
    return static_cast<uint16_t>(sign | (bits > 0x7f800000 ? 0x7e00 : 0x7c00));
  if (bits < 0x38800000) { // subnormal: adding 0.5 lets the adder round at 2^-24
    uint32_t sum = std::bit_cast<uint32_t>(std::bit_cast<float>(bits) + 0.5f);
    return static_cast<uint16_t>(sign | (sum - 0x3f000000));
  }
  bits += 0xc8000fff + (bits >> 13 & 1);
  return static_cast<uint16_t>(sign | bits >> 13);
}

inline float bf16ToFloat(uint16_t value) {
  return std::bit_cast<float>(static_cast<uint32_t>(value) << 16);
}

inline uint16_t floatToBf16(float value) {
  uint32_t bits = std::bit_cast<uint32_t>(value);
  if ((bits & 0x7fffffff) > 0x7f800000)
    return static_cast<uint16_t>(bits >> 16 | 0x40); // a NaN must not round up to infinity
  return static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

inline bool isFiniteHalf(uint16_t half) {
  return (half & 0x7c00) != 0x7c00;
}

} // namespace gemmac::import
#endif
