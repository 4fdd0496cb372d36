// See Support.h.
#include "test/compiler/pack/Support.h"

#include "compiler/import/Dequantize.h"
#include "compiler/import/Half.h"

#include <algorithm>
#include <cstring>
#include <random>

namespace gemmac::pack {

using import::DType;

Memory::Memory() {
  kind = import::Source::Gguf;
  where = "MEMORY";
}

void Memory::add(const std::string &name, DType type, std::vector<int64_t> shape, std::vector<uint8_t> bytes) {
  std::vector<uint8_t> &own = bytesOf[name] = std::move(bytes);
  import::Tensor tensor;
  tensor.name = name;
  tensor.type = type;
  tensor.typeName = import::typeInfo(type).name;
  tensor.shape = std::move(shape);
  tensor.data = own;
  tensor.file = "MEMORY";
  all.push_back(std::move(tensor));
  std::sort(all.begin(), all.end(), [](const auto &a, const auto &b) { return a.name < b.name; });
}

void Memory::add(const std::string &name, std::vector<int64_t> shape, const std::vector<float> &values) {
  std::vector<uint8_t> bytes(values.size() * 4);
  std::memcpy(bytes.data(), values.data(), bytes.size());
  add(name, DType::F32, std::move(shape), std::move(bytes));
}

Packed packOne(const config::Model &model, const import::Checkpoint &checkpoint, kernel::Format format,
               kernel::Layout layout, Options options, int64_t split, int64_t index) {
  auto bindings = import::bindWeights(model, checkpoint);
  if (!bindings)
    return {{}, bindings.error().message};
  const std::vector<int64_t> &shape = model.weights[static_cast<size_t>(index)].shape;
  size_t rank = shape.size();
  int64_t columns = rank > 0 ? shape[rank - 1] : 1, rows = rank > 1 ? shape[rank - 2] : 1;
  int64_t experts = rank > 2 ? shape[0] : 1;
  Item item{index, format, layout, 128, experts * split * kernel::weightBytes(format, layout, rows / split, columns)};
  item.split = split;
  Packed packed;
  int64_t at = item.offset;
  Status status = packWeights(model, checkpoint, *bindings, std::span(&item, 1), options,
                              [&](int64_t offset, std::span<const uint8_t> data) -> Status {
                                if (offset != at)
                                  return Error{"out of order"};
                                at += static_cast<int64_t>(data.size());
                                packed.bytes.insert(packed.bytes.end(), data.begin(), data.end());
                                return Ok{};
                              });
  if (!status)
    packed.error = status.error().message;
  else if (static_cast<int64_t>(packed.bytes.size()) != item.bytes)
    packed.error = "wrote " + std::to_string(packed.bytes.size()) + " bytes of " + std::to_string(item.bytes);
  return packed;
}

config::Weight weight(std::vector<int64_t> shape, std::vector<std::string> parts) {
  return {"w", std::move(shape), {std::move(parts)}, "", 0, 0, {}};
}

std::vector<float> numbers(size_t count, uint32_t seed) {
  std::mt19937 bits(seed); // its numbers are fixed by the standard, those of the distributions are not
  std::vector<float> out(count);
  for (float &value : out) {
    float sum = 0;
    for (int i = 0; i < 3; ++i)
      sum += static_cast<float>(bits() >> 8) * 0x1p-24f - 0.5f;
    value = 2 * sum;
  }
  return out;
}

std::vector<uint8_t> blocks(DType type, int64_t elements, uint32_t seed) {
  const import::TypeInfo &info = import::typeInfo(type);
  std::mt19937 bits(seed);
  std::vector<uint8_t> out(static_cast<size_t>(elements / info.blockElements * info.blockBytes));
  for (uint8_t &byte : out)
    byte = static_cast<uint8_t>(bits());
  bool twoScales = type == DType::Q4_1 || type == DType::Q5_1 || type == DType::Q4_K || type == DType::Q5_K;
  for (size_t block = 0; block < out.size(); block += static_cast<size_t>(info.blockBytes))
    for (size_t at : {size_t(0), size_t(2)}) {
      if (at == 2 && !twoScales)
        continue;
      uint16_t half = import::floatToHalf((static_cast<float>(bits() % 1000) - 500) * 2e-5f);
      std::memcpy(out.data() + block + (type == DType::Q6_K ? 208 : at), &half, 2);
    }
  return out;
}

std::vector<float> values(const import::Checkpoint &checkpoint, const std::string &name) {
  const import::Tensor *tensor = checkpoint.find(name);
  std::vector<float> out(static_cast<size_t>(*import::elementCount(tensor->shape)));
  if (!checkpoint.read(*tensor, 0, out))
    out.clear();
  return out;
}

} // namespace gemmac::pack
