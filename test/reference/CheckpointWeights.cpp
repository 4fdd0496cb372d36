// See CheckpointWeights.h. How parts make a weight is written down a second time here, on purpose: compiler/pack has
// its own.
#include "test/reference/CheckpointWeights.h"

#include "compiler/pack/Pack.h"
#include "compiler/pack/Unpack.h"

#include <numeric>

using namespace gemmac;
using namespace gemmac::reference;

static int64_t product(std::span<const int64_t> shape) {
  return std::accumulate(shape.begin(), shape.end(), int64_t(1), std::multiplies<>());
}

/// Whether the operation means this weight of the model: its index and shape.
static Status checkWeight(const Inputs &inputs, gemma::WeightOp op) {
  if (op.getIndex() >= inputs.model.weights.size())
    return Error{"weight '" + op.getName().str() + "' has index " + std::to_string(op.getIndex()) +
                 ", but the model has " + std::to_string(inputs.model.weights.size()) + " weights"};
  const config::Weight &weight = inputs.model.weights[op.getIndex()];
  auto shape = mlir::cast<mlir::RankedTensorType>(op.getType()).getShape();
  if (weight.name != op.getName().str() || shape != llvm::ArrayRef(weight.shape))
    return Error{"weight '" + op.getName().str() + "' of index " + std::to_string(op.getIndex()) + " is '" +
                 weight.name + "' in the model, or has another shape there"};
  return Ok{};
}

/// Stored as pairs (0, half), (1, half + 1), ... per head; wanted: first halves, then second halves.
static void untangle(std::vector<float> &values, int64_t columns, int64_t heads) {
  int64_t rows = static_cast<int64_t>(values.size()) / columns, head = rows / heads, half = head / 2;
  std::vector<float> stored = values;
  for (int64_t row = 0; row < rows; ++row) {
    int64_t pair = row % head / 2, to = row - row % head + pair + (row % 2 == 1 ? half : 0);
    std::copy_n(stored.begin() + row * columns, columns, values.begin() + to * columns);
  }
}

/// The weight's elements of a tensor that is stored as [in, out], or of which only some rows count.
static std::vector<float> partOf(std::vector<float> stored, const import::Binding &binding) {
  std::vector<int64_t> shape = binding.parts[0]->shape;
  if (binding.transposed) {
    std::vector<float> other;
    for (int64_t out = 0; out < shape[1]; ++out)
      for (int64_t in = 0; in < shape[0]; ++in)
        other.push_back(stored[in * shape[1] + out]);
    stored = std::move(other);
    std::swap(shape[0], shape[1]);
  }
  if (binding.rows.every == 0)
    return stored;
  std::vector<float> values;
  int64_t columns = shape.size() > 1 ? shape[1] : 1;
  for (int64_t row = 0; row < shape[0]; ++row) {
    int64_t in = row % binding.rows.every - binding.rows.offset;
    if (in >= 0 && in < binding.rows.size)
      values.insert(values.end(), stored.begin() + row * columns, stored.begin() + (row + 1) * columns);
  }
  return values;
}

WeightSource reference::checkpointWeights(const Inputs &inputs) {
  return [&inputs](gemma::WeightOp op) -> Result<std::vector<float>> {
    if (Status known = checkWeight(inputs, op); !known)
      return known.error();
    const config::Weight &weight = inputs.model.weights[op.getIndex()];
    // Parts of a stack lie side by side in every member, all others one after another.
    bool stack = weight.shape.size() == 3, whole = true;
    std::vector<std::vector<float>> parts;
    for (const import::Tensor *part : inputs.bindings.weights[op.getIndex()].parts) {
      whole = whole && part->shape.size() == 3;
      parts.emplace_back(product(part->shape));
      if (Status read = inputs.checkpoint->read(*part, 0, parts.back()); !read)
        return read.error();
    }
    if (parts.size() == 1)
      parts[0] = partOf(std::move(parts[0]), inputs.bindings.weights[op.getIndex()]);
    int64_t members = stack && whole ? weight.shape[0] : 1;
    std::vector<float> values;
    for (int64_t member = 0; member < members; ++member)
      for (const std::vector<float> &part : parts) {
        int64_t size = static_cast<int64_t>(part.size()) / members;
        values.insert(values.end(), part.begin() + member * size, part.begin() + (member + 1) * size);
      }
    for (float &value : values)
      value += static_cast<float>(weight.offset);
    if (weight.interleavedHeads > 0)
      untangle(values, weight.shape.back(), weight.interleavedHeads);
    return values;
  };
}

WeightSource reference::packedWeights(const Inputs &inputs) {
  return [&inputs](gemma::WeightOp op) -> Result<std::vector<float>> {
    if (Status known = checkWeight(inputs, op); !known)
      return known.error();
    kernel::Format format = op.getFormat().value_or(kernel::Format::F32);
    const std::vector<int64_t> &shape = inputs.model.weights[op.getIndex()].shape;
    int64_t columns = shape.back(), rows = shape.size() > 1 ? shape[shape.size() - 2] : 1;
    int64_t members = shape.size() > 2 ? shape[0] : 1;
    auto layout = shape.size() > 1 ? kernel::Layout::Panel : kernel::Layout::Vector;
    int64_t bytes = kernel::weightBytes(format, layout, rows, columns);

    pack::Item item;
    item.weight = static_cast<int64_t>(op.getIndex());
    item.format = format;
    item.layout = layout;
    item.bytes = members * bytes;
    std::vector<uint8_t> section(item.bytes);
    auto sink = [&](int64_t offset, std::span<const uint8_t> data) -> Status {
      std::copy(data.begin(), data.end(), section.begin() + offset);
      return Ok{};
    };
    pack::Options options;
    Status packed = pack::packWeights(inputs.model, *inputs.checkpoint, inputs.bindings, {&item, 1}, options, sink);
    if (!packed)
      return packed.error();
    std::vector<float> values;
    for (int64_t member = 0; member < members; ++member) {
      std::vector<float> one = pack::unpackWeight(format, layout, std::span(section).subspan(member * bytes, bytes),
                                                  rows, columns, options.q8Zero);
      values.insert(values.end(), one.begin(), one.end());
    }
    return values;
  };
}
