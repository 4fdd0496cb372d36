// See Unpack.h. Written element by element from the format's description, independently of the packer.
#include "compiler/pack/Unpack.h"

#include "compiler/import/Half.h"

#include <cstring>

namespace gemmac::pack {
namespace {

using kernel::Format;
using kernel::Layout;

float halfAt(const uint8_t *p) {
  uint16_t half;
  std::memcpy(&half, p, 2);
  return import::halfToFloat(half);
}

float bf16At(const uint8_t *p) {
  uint16_t value;
  std::memcpy(&value, p, 2);
  return import::bf16ToFloat(value);
}

float floatAt(const uint8_t *p) {
  float value;
  std::memcpy(&value, p, 4);
  return value;
}

/// Element (r, c) of a panel block.
float panelValue(Format format, const uint8_t *block, int r, int c, int q8Zero) {
  switch (format) {
  case Format::F32:
    return floatAt(block + 4 * (32 * c + r));
  case Format::BF16:
    return bf16At(block + 2 * (c / 2 * 64 + r * 2 + c % 2));
  case Format::Q8:
  case Format::Q8M: {
    uint8_t code = block[c / 4 * 128 + r * 4 + c % 4];
    float scale = halfAt(block + 1024 + 2 * r);
    if (format == Format::Q8M)
      return scale * static_cast<float>(code) + halfAt(block + 1088 + 2 * r);
    return scale * static_cast<float>(q8Zero ? code - q8Zero : static_cast<int8_t>(code));
  }
  case Format::Q4:
  case Format::Q4M: {
    uint8_t byte = block[c / 8 * 128 + r * 4 + c % 4];
    int code = c % 8 < 4 ? byte & 15 : byte >> 4;
    float scale = halfAt(block + 512 + 2 * r);
    return format == Format::Q4M ? scale * static_cast<float>(code) + halfAt(block + 576 + 2 * r)
                                 : scale * static_cast<float>(code - 8);
  }
  case Format::Q6: {
    uint8_t byte = block[c / 8 * 128 + r * 4 + c % 4], high = block[512 + c / 16 * 128 + r * 4 + c % 4];
    int code = (c % 8 < 4 ? byte & 15 : byte >> 4) | (high >> c % 16 / 4 * 2 & 3) << 4;
    return halfAt(block + 768 + c / 16 * 64 + 2 * r) * static_cast<float>(code - 32);
  }
  }
  return 0;
}

/// Element c of a group of layout "rows".
float rowValue(Format format, const uint8_t *group, int c) {
  switch (format) {
  case Format::F32:
    return floatAt(group + 4 * c);
  case Format::BF16:
    return bf16At(group + 2 * c);
  case Format::Q8:
    return halfAt(group) * static_cast<float>(static_cast<int8_t>(group[2 + c]));
  case Format::Q8M:
    return halfAt(group) * static_cast<float>(group[4 + c]) + halfAt(group + 2);
  case Format::Q4:
    return halfAt(group) * static_cast<float>((c < 16 ? group[2 + c] & 15 : group[2 + c - 16] >> 4) - 8);
  case Format::Q6: {
    int code = (c < 16 ? group[4 + c] & 15 : group[4 + c - 16] >> 4) | (group[20 + c % 8] >> c / 8 * 2 & 3) << 4;
    return halfAt(group + c / 16 * 2) * static_cast<float>(code - 32);
  }
  case Format::Q4M:
    return halfAt(group) * static_cast<float>(c < 16 ? group[4 + c] & 15 : group[4 + c - 16] >> 4) + halfAt(group + 2);
  }
  return 0;
}

} // namespace

std::vector<float> unpackWeight(Format format, Layout layout, std::span<const uint8_t> bytes, int64_t rows,
                                int64_t columns, int q8Zero) {
  if (static_cast<int64_t>(bytes.size()) < kernel::weightBytes(format, layout, rows, columns))
    return {};
  std::vector<float> values(static_cast<size_t>(rows * columns));
  int64_t groups = kernel::ceilDiv(columns, kernel::kGroupColumns);
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 0; c < columns; ++c) {
      float &value = values[static_cast<size_t>(r * columns + c)];
      if (layout == Layout::Vector)
        value = floatAt(bytes.data() + 4 * (r * columns + c));
      else if (layout == Layout::Panel)
        value = panelValue(format, bytes.data() + (r / 32 * groups + c / 32) * kernel::info(format).panelBlockBytes,
                           static_cast<int>(r % 32), static_cast<int>(c % 32), q8Zero);
      else
        value = rowValue(format, bytes.data() + (r * groups + c / 32) * kernel::info(format).rowGroupBytes,
                         static_cast<int>(c % 32));
    }
  return values;
}

} // namespace gemmac::pack
