// The weight formats as numbers: what the packer writes, the passes size, and the code generator reads. Their words are
// enums of Format.td, the same for IR, passes and packer; the table here says of each format what its word means. The
// enums' code needs headers of LLVM, but no library.
//
// A weight of N rows (outputs) and K columns (inputs) is stored as ceil(N/32) panels of 32 rows; a panel is ceil(K/32)
// blocks along K; a block is 32 rows x 32 columns, in this order (r = row in the block, c = column in the block):
//   f32        float w[c = 0..31][r = 0..31]                                                        4096 bytes
//   bf16       u16   w[c/2 = 0..15][r = 0..31][c%2]                                                 2048 bytes
//   q8, q8m    u8    code[c/4 = 0..7][r = 0..31][c%4], then f16 scale[32], then (q8m) f16 min[32]   1088, 1152 bytes
//   q4, q4m    u8    byte[k = 0..3][r = 0..31][j = 0..3], low nibble = code of column 8k + j, high nibble = of 8k + 4 +
//   j,
//                    then f16 scale[32], then (q4m) f16 min[32]                                      576,  640 bytes
//   q6         as q4 the low four bits, then u8 high[m = 0..1][r = 0..31][j = 0..3], bits 2q and 2q + 1 = the upper two
//   of column
//              16m + 4q + j, then f16 scale[32] of columns 0..15, then of columns 16..31                          896
// value = scale * (code - zero)   for q4 (zero 8), q6 (zero 32) and q8 (zero = TargetInfo's: 128 or 0; with 0 the codes
// are signed) value = scale * code + min      for q4m and q8m (zero 0, codes unsigned, at most 127: they fit signed
// products too) Rows and columns of padding have value 0. A stack of E experts is E such weights one after another.
//
// Layout "rows" (tables that are only gathered from, never multiplied with): row after row, each ceil(K/32) groups:
//   f32: float[32]; bf16: u16[32]; q8: f16 scale, i8 code[32] (34 bytes, code signed, zero 0);
//   q4: f16 scale, u8[16]: byte j = code of column j | code of column j + 16 << 4 (18 bytes, zero 8), as GGUF's Q8_0
//   and Q4_0 q6: f16 scale[2], u8[16] low bits as q4, u8[8]: byte j = upper two bits of columns j, j + 8, j + 16, j +
//   24 (28 bytes) q8m: f16 scale, f16 min, u8 code[32]; q4m: f16 scale, f16 min, u8[16]
// Layout "vector" (norm weights, scalars): float[K], rounded up to a multiple of 64 bytes.
#ifndef DIALECTS_KERNEL_FORMAT_H
#define DIALECTS_KERNEL_FORMAT_H

#include "mlir/Support/LLVM.h"
#include "llvm/ADT/DenseMapInfo.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/raw_ostream.h"

#include <cstdint>
#include <iterator>
#include <optional>
#include <string>

#include "dialects/kernel/Format.h.inc"

namespace gemmac::kernel {

inline constexpr int64_t kPanelRows = 32;
inline constexpr int64_t kGroupColumns = 32;
inline constexpr int64_t kWeightAlignBytes = 64;

struct FormatInfo {
  Format format;
  int codeBits; ///< 32, 16, 8, 6, 4
  bool integer; ///< multiplied with 8-bit activations
  bool hasMin;
  int scales;              ///< of a row and group: 2 means one for each half of the columns
  int64_t panelBlockBytes; ///< 32 x 32 values in layout panel
  int64_t rowGroupBytes;   ///< 32 values in layout rows
};

/// One row for each case of Format, in order.
inline constexpr FormatInfo kFormats[] = {
    {Format::F32, 32, false, false, 0, 4096, 128}, {Format::BF16, 16, false, false, 0, 2048, 64},
    {Format::Q8, 8, true, false, 1, 1088, 34},     {Format::Q8M, 8, true, true, 1, 1152, 36},
    {Format::Q4, 4, true, false, 1, 576, 18},      {Format::Q4M, 4, true, true, 1, 640, 20},
    {Format::Q6, 6, true, false, 2, 896, 28},
};

constexpr const FormatInfo &info(Format format) {
  return kFormats[static_cast<int>(format)];
}

/// Whether the table has a row for each case, and in its place.
consteval bool formatsAreInOrder() {
  for (unsigned i = 0; i < std::size(kFormats); ++i)
    if (kFormats[i].format != static_cast<Format>(i))
      return false;
  return std::size(kFormats) == getMaxEnumValForFormat() + 1;
}
static_assert(formatsAreInOrder());

constexpr Packing packingOf(Format format) {
  return info(format).integer ? Packing::I8 : format == Format::BF16 ? Packing::BF16 : Packing::F32;
}

/// The words for them, as IR, messages and reports have them.
inline std::string name(Format format) {
  return stringifyFormat(format).str();
}
inline std::string name(Layout layout) {
  return stringifyLayout(layout).str();
}

constexpr int64_t ceilDiv(int64_t a, int64_t b) {
  return (a + b - 1) / b;
}

/// Bytes of one weight of `rows` x `columns` (for a stack: of one member). Callers bound rows and columns below 2^31.
constexpr int64_t weightBytes(Format format, Layout layout, int64_t rows, int64_t columns) {
  switch (layout) {
  case Layout::Panel:
    return ceilDiv(rows, kPanelRows) * ceilDiv(columns, kGroupColumns) * info(format).panelBlockBytes;
  case Layout::Rows:
    return ceilDiv(rows * ceilDiv(columns, kGroupColumns) * info(format).rowGroupBytes, kWeightAlignBytes) *
           kWeightAlignBytes;
  case Layout::Vector:
    return ceilDiv(rows * columns * 4, kWeightAlignBytes) * kWeightAlignBytes;
  }
  return 0;
}

} // namespace gemmac::kernel
#endif
