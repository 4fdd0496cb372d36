// See Mapped.h.
#include "compiler/import/Mapped.h"

#include "compiler/import/Dequantize.h"

#include <algorithm>

namespace gemmac::import {

Status MappedCheckpoint::read(const Tensor &tensor, int64_t first, std::span<float> out) const {
  const TypeInfo &type = typeInfo(tensor.type);
  auto count = static_cast<int64_t>(out.size());
  auto error = [&](const std::string &what) {
    return Error{tensor.file + ": tensor '" + printable(tensor.name) + "': " + what};
  };
  if (type.blockBytes == 0)
    return error("type " + tensor.typeName + " cannot be read; readable: " + readableTypes());
  if (first < 0 || first % type.blockElements || count % type.blockElements)
    return error("elements " + std::to_string(first) + " + " + std::to_string(count) + " do not fall on blocks of " +
                 std::to_string(type.blockElements));
  int64_t elements = static_cast<int64_t>(tensor.data.size()) / type.blockBytes * type.blockElements;
  if (count > elements || first > elements - count)
    return error("elements " + std::to_string(first) + " + " + std::to_string(count) + " lie outside of its " +
                 std::to_string(elements));
  const uint8_t *data = tensor.data.data() + first / type.blockElements * type.blockBytes;
  int64_t bad = dequantize(tensor.type, data, count, out.data());
  if (bad < 0)
    return Ok{};
  std::string what = type.blockElements > 1 ? "the scale of the block at element " : "element ";
  return error(what + std::to_string(first + bad) + " is NaN or infinite");
}

std::optional<int64_t> elementCount(std::span<const int64_t> shape) {
  int64_t product = 1;
  bool zero = false;
  for (int64_t dimension : shape) {
    if (dimension < 0)
      return std::nullopt;
    if (dimension == 0)
      zero = true;
    else if (product > (int64_t(1) << 62) / dimension)
      return std::nullopt;
    else
      product *= dimension;
  }
  return zero ? 0 : product;
}

std::string shapeText(std::span<const int64_t> shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i)
    text += (i ? ", " : "") + std::to_string(shape[i]);
  return text + "]";
}

std::string printable(std::string_view text) {
  std::string out;
  for (char c : text.substr(0, 80))
    out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  return text.size() > 80 ? out + "..." : out;
}

Status sortTensors(std::vector<Tensor> &tensors) {
  std::sort(tensors.begin(), tensors.end(), [](const Tensor &a, const Tensor &b) { return a.name < b.name; });
  for (size_t i = 1; i < tensors.size(); ++i) {
    const Tensor &a = tensors[i - 1], &b = tensors[i];
    if (a.name == b.name)
      return Error{a.file + ": tensor '" + printable(a.name) + "' stands twice" +
                   (a.file == b.file ? std::string() : ", the second time in " + b.file)};
  }
  return Ok{};
}

Status checkOverlap(std::span<const Tensor> tensors) {
  std::vector<const Tensor *> order;
  for (const Tensor &t : tensors)
    if (!t.data.empty())
      order.push_back(&t);
  std::sort(order.begin(), order.end(),
            [](const Tensor *a, const Tensor *b) { return a->data.data() < b->data.data(); });
  for (size_t i = 1; i < order.size(); ++i)
    if (order[i - 1]->data.data() + order[i - 1]->data.size() > order[i]->data.data())
      return Error{order[i]->file + ": tensors '" + printable(order[i - 1]->name) + "' and '" +
                   printable(order[i]->name) + "' share bytes"};
  return Ok{};
}

} // namespace gemmac::import
