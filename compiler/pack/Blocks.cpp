// See Blocks.h.
#include "compiler/pack/Blocks.h"

#include "compiler/import/Half.h"

#include <bit>
#include <cstring>

namespace gemmac::pack {

static_assert(std::endian::native == std::endian::little, "the section's bytes are little endian");

namespace {

using kernel::Format;
constexpr int kRows = kernel::kPanelRows, kColumns = kernel::kGroupColumns;

uint32_t load32(const uint8_t *p) {
  uint32_t value;
  std::memcpy(&value, p, 4);
  return value;
}

void store32(uint8_t *p, uint32_t value) {
  std::memcpy(p, &value, 4);
}
void store16(uint8_t *p, uint16_t value) {
  std::memcpy(p, &value, 2);
}

} // namespace

void clearGroup(Format format, Group &out) {
  std::memset(out.code, zeroCode(format), sizeof out.code);
  out.scale = out.min = 0;
}

void writePanelBlock(Format format, const Block &block, int q8Zero, uint8_t *out) {
  if (kernel::info(format).codeBits == 8) {
    uint32_t flip = format == Format::Q8 && q8Zero == 0 ? 0x80808080 : 0; // code - 128, as signed bytes
    for (int c4 = 0; c4 < kColumns / 4; ++c4)
      for (int r = 0; r < kRows; ++r, out += 4)
        store32(out, load32(block.rows[r].code + 4 * c4) ^ flip);
  } else {
    for (int k = 0; k < kColumns / 8; ++k)
      for (int r = 0; r < kRows; ++r, out += 4)
        store32(out, (load32(block.rows[r].code + 8 * k) & 0x0f0f0f0f) |
                         (load32(block.rows[r].code + 8 * k + 4) & 0x0f0f0f0f) << 4);
  }
  if (kernel::info(format).codeBits == 6)
    for (int m = 0; m < 2; ++m)
      for (int r = 0; r < kRows; ++r, out += 4) {
        uint32_t high = 0;
        for (int q = 0; q < 4; ++q)
          high |= (load32(block.rows[r].code + 16 * m + 4 * q) >> 4 & 0x03030303) << 2 * q;
        store32(out, high);
      }
  for (int r = 0; r < kRows; ++r, out += 2)
    store16(out, block.rows[r].scale);
  if (kernel::info(format).hasMin || kernel::info(format).scales == 2)
    for (int r = 0; r < kRows; ++r, out += 2)
      store16(out, block.rows[r].min);
}

void writePanelBlock(Format format, const float *values, int64_t stride, int rows, int columns, uint8_t *out) {
  if (rows < kRows || columns < kColumns)
    std::memset(out, 0, static_cast<size_t>(kernel::info(format).panelBlockBytes));
  for (int r = 0; r < rows; ++r)
    for (int c = 0; c < columns; ++c) {
      float value = values[r * stride + c];
      if (format == Format::F32)
        std::memcpy(out + 4 * (c * kRows + r), &value, 4);
      else
        store16(out + 2 * (c / 2 * 2 * kRows + 2 * r + c % 2), import::floatToBf16(value));
    }
}

void writeRowGroup(Format format, const Group &group, uint8_t *out) {
  store16(out, group.scale);
  out += 2;
  if (kernel::info(format).hasMin || kernel::info(format).scales == 2) {
    store16(out, group.min);
    out += 2;
  }
  if (kernel::info(format).codeBits == 8) {
    uint8_t flip = format == Format::Q8 ? 0x80 : 0; // always signed here
    for (int i = 0; i < kColumns; ++i)
      out[i] = group.code[i] ^ flip;
  } else {
    for (int i = 0; i < kColumns / 2; ++i)
      out[i] = static_cast<uint8_t>((group.code[i] & 15) | (group.code[i + kColumns / 2] & 15) << 4);
    if (kernel::info(format).codeBits == 6)
      for (int i = 0; i < kColumns / 4; ++i)
        for (int part = 0; part < 4; ++part)
          out[kColumns / 2 + i] |= static_cast<uint8_t>(group.code[i + 8 * part] >> 4 << 2 * part);
  }
}

void writeRowGroup(Format format, const float *values, int columns, uint8_t *out) {
  if (columns < kColumns)
    std::memset(out, 0, static_cast<size_t>(kernel::info(format).rowGroupBytes));
  if (format == Format::F32)
    std::memcpy(out, values, static_cast<size_t>(columns) * 4);
  else
    for (int i = 0; i < columns; ++i)
      store16(out + 2 * i, import::floatToBf16(values[i]));
}

} // namespace gemmac::pack
