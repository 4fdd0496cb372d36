// See Source.h.
#include "compiler/pack/Source.h"

#include "compiler/import/Dequantize.h"
#include "compiler/import/Half.h"
#include "compiler/import/Mapped.h"

#include <algorithm>
#include <cstring>

namespace gemmac::pack {

using import::DType;
using import::Tensor;
using kernel::Format;

Source::Source(const config::Weight &weight, const import::Binding &binding, const import::Checkpoint &checkpoint,
               int64_t split)
    : split(split), weight(weight), binding(binding), checkpoint(checkpoint) {
  size_t rank = weight.shape.size();
  if (rank > 0)
    columns = weight.shape[rank - 1];
  if (rank > 1)
    rows = weight.shape[rank - 2];
  if (rank > 2)
    experts = weight.shape[0];
  experts *= split;
  rows /= split;
  int64_t end = 0;
  for (const Tensor *part : binding.parts) {
    end += part->shape.empty() ? 1 : part->shape.size() == 3 ? part->shape[0] * part->shape[1] : part->shape[0];
    ends.push_back(end);
  }
}

int64_t Source::rowOfPart(int64_t row) const {
  const config::RowPart &part = binding.rows;
  return part.every ? row / part.size * part.every + part.offset + row % part.size : row;
}

Source::Row Source::locate(int64_t expert, int64_t row) const {
  row += expert % split * rows;
  expert /= split;
  const int64_t rows = this->rows * split;
  if (weight.interleavedHeads > 0) {
    // The file holds each head's rows as pairs (0, half), (1, half + 1), ...; we want the first halves, then the second
    // ones.
    int64_t head = rows / weight.interleavedHeads, half = head / 2, in = row % head;
    row = row - in + in % half * 2 + in / half;
  }
  const std::vector<const Tensor *> &parts = binding.parts;
  if (binding.transposed)
    return {parts[0], rowOfPart(row), parts[0]->shape[1]};
  if (parts.size() == 1)
    return {parts[0], rowOfPart(expert * rows + row) * columns};
  if (parts[0]->shape.size() == 3) { // parts side by side within every member of the stack
    for (const Tensor *part : parts) {
      int64_t own = part->shape[1];
      if (row < own)
        return {part, (expert * own + row) * columns};
      row -= own;
    }
    return {};
  }
  int64_t flat = expert * rows + row;
  auto found = std::upper_bound(ends.begin(), ends.end(), flat); // there may be hundreds: a matrix for each expert
  if (found == ends.end())
    return {};
  return {parts[found - ends.begin()], (flat - (found == ends.begin() ? 0 : found[-1])) * columns};
}

Status Source::readVector(int64_t column, std::span<float> out) const {
  if (binding.rows.every) {
    for (float &value : out)
      if (Status read = checkpoint.read(*binding.parts[0], rowOfPart(column++), std::span(&value, 1)); !read)
        return read;
    return Ok{};
  }
  for (const Tensor *part : binding.parts) {
    int64_t own = part->shape.empty() ? 1 : part->shape[0];
    auto count = std::min<int64_t>(static_cast<int64_t>(out.size()), own - column);
    if (count > 0) {
      if (Status read = checkpoint.read(*part, column, out.first(static_cast<size_t>(count))); !read)
        return read;
      out = out.subspan(static_cast<size_t>(count));
      column += count;
    }
    column -= own;
  }
  return Ok{};
}

Status Source::readTransposed(const Row &at, int64_t count, int64_t column, int64_t width, std::span<float> out) const {
  std::vector<float> across(static_cast<size_t>(count));
  for (int64_t c = 0; c < width; ++c) {
    if (Status read = checkpoint.read(*at.tensor, at.first + (column + c) * at.step, across); !read)
      return read;
    for (int64_t r = 0; r < count; ++r)
      out[static_cast<size_t>(r * width + c)] = across[static_cast<size_t>(r)];
  }
  return Ok{};
}

Status Source::read(int64_t expert, int64_t row, int64_t count, int64_t column, std::span<float> out) const {
  auto width = static_cast<int64_t>(out.size()) / std::max<int64_t>(count, 1);
  if (weight.shape.size() <= 1) {
    if (Status read = readVector(column, out); !read)
      return read;
  } else {
    for (int64_t i = 0; i < count;) {
      Row at = locate(expert, row + i);
      if (!at.tensor)
        return Error{"weight '" + weight.name + "': its tensors do not cover row " + std::to_string(row + i)};
      bool transposed = at.step != 1;
      int64_t run = 1; // whole rows that follow one another in the file are read at once
      while ((width == columns || transposed) && i + run < count) {
        Row next = locate(expert, row + i + run);
        if (next.tensor != at.tensor || next.first != at.first + run * (transposed ? 1 : columns))
          break;
        ++run;
      }
      std::span<float> to = out.subspan(static_cast<size_t>(i * width), static_cast<size_t>(run * width));
      Status read =
          transposed ? readTransposed(at, run, column, width, to) : checkpoint.read(*at.tensor, at.first + column, to);
      if (!read)
        return read;
      i += run;
    }
  }
  if (weight.offset != 0)
    for (float &value : out)
      value += static_cast<float>(weight.offset);
  return Ok{};
}

bool Source::copies(const Row &row, Format format) const {
  if (weight.offset != 0 || weight.shape.size() < 2 || !row.tensor || row.step != 1 || columns % 32)
    return false;
  switch (row.tensor->type) {
  case DType::Q4_0:
    return kernel::info(format).integer;
  case DType::Q8_0: // its 255 codes are too many for q8m
    return format == Format::Q8;
  case DType::Q5_0:
    return format == Format::Q8 || format == Format::Q8M;
  case DType::Q6_K: // two scales, as the block has
    return format == Format::Q6;
  case DType::Q4_1:
  case DType::Q4_K:
    return format == Format::Q4M || format == Format::Q8M;
  case DType::Q5_1:
  case DType::Q5_K:
    return format == Format::Q8M;
  default:
    return false;
  }
}

Error Source::error(const Row &row, int64_t column, const std::string &what) const {
  if (!row.tensor)
    return Error{"weight '" + weight.name + "': " + what};
  return Error{row.tensor->file + ": tensor '" + import::printable(row.tensor->name) + "': " + what + " at element " +
               std::to_string(row.first + column * row.step)};
}

bool copyGroup(const Tensor &tensor, int64_t element, Format format, Group &out) {
  import::CodeGroup g;
  import::decodeGroup(tensor.type, tensor.data.data(), element / 32, g);
  out.scale = import::floatToHalf(g.scale[0]);
  float min = g.min;
  if (g.zero == 0) {
    std::memcpy(out.code, g.code, sizeof out.code);
  } else if (kernel::info(format)
                 .hasMin) { // symmetric codes from 0 on: the minimum is exact, the zero being a power of two
    std::memcpy(out.code, g.code, sizeof out.code);
    min = -g.scale[0] * static_cast<float>(g.zero);
  } else {
    auto shift = static_cast<uint8_t>(zeroCode(format) - g.zero);
    for (int i = 0; i < 32; ++i)
      out.code[i] = static_cast<uint8_t>(g.code[i] + shift);
  }
  out.min = import::floatToHalf(format == Format::Q6 ? g.scale[1] : min);
  return import::isFiniteHalf(out.scale) && import::isFiniteHalf(out.min);
}

} // namespace gemmac::pack
