// Values to codes, 32 at a time. Only numbers: no files, no layouts.
#ifndef COMPILER_PACK_QUANTIZE_H
#define COMPILER_PACK_QUANTIZE_H

#include "dialects/kernel/Format.h"

namespace gemmac::pack {

/// 32 codes with f16 scale and minimum; for q6, `min` is the scale of the upper 16 values instead. value = scale *
/// (code - zero) + min, where zero is 8 for q4, 32 for q6 and 128 for q8 (and min is then 0), 0 for q4m and q8m. Codes
/// of q8m end at 127.
struct Group {
  uint8_t code[32];
  uint16_t scale, min;
};

/// Zero of the codes of a Group of this format.
constexpr int zeroCode(kernel::Format format) {
  return format == kernel::Format::Q4 ? 8 : format == kernel::Format::Q6 ? 32 : format == kernel::Format::Q8 ? 128 : 0;
}

/// Quantises values[0..31] into one of the integer formats; elements from `valid` on are padding: they are 0 and
/// come back as exactly 0. All values are finite. False if a scale or minimum does not fit an f16. Values that lie on a
/// grid of the format (scale an f16, symmetric formats) land exactly.
bool quantizeGroup(kernel::Format format, const float *values, int valid, Group &out);

} // namespace gemmac::pack
#endif
