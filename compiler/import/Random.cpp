// Reproducible random weights. Element i of a tensor depends on the seed, the tensor's name and i alone, so that any
// piece can be made by any thread in any order.
#include "compiler/import/Checkpoint.h"

#include "compiler/import/Mapped.h"

#include <algorithm>
#include <cmath>
#include <set>

#pragma STDC FP_CONTRACT OFF

namespace gemmac::import {
namespace {

uint64_t mix(uint64_t x) { // a bijection whose output bits all depend on all input bits (the finaliser of splitmix64)
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
  x = (x ^ x >> 27) * 0x94d049bb133111eb;
  return x ^ x >> 31;
}

uint64_t hashName(std::string_view name, uint64_t seed) {
  uint64_t hash = mix(seed + 0x9e3779b97f4a7c15);
  for (char c : name)
    hash = mix(hash ^ static_cast<unsigned char>(c)) + 0x9e3779b97f4a7c15;
  return hash;
}

/// Two numbers from one hash: each is the sum of two uniform 16-bit numbers, so a triangle with mean 65535 and this
/// deviation.
constexpr float kTriangleMean = 65535.0f;
constexpr float kTriangleDeviation = 26754.5f; // sqrt(2 * (65536^2 - 1) / 12)

/// Element i of the stream: mean + deviation * t, where t has mean 0 and variance 1.
struct Stream {
  uint64_t key;
  float mean, scale;

  float element(uint64_t i) const {
    uint64_t hash = mix(key + (i >> 1) * 0x9e3779b97f4a7c15);
    auto bits = static_cast<uint32_t>(i & 1 ? hash >> 32 : hash);
    return mean + scale * (static_cast<float>((bits & 0xffff) + (bits >> 16)) - kTriangleMean);
  }

  void fill(uint64_t first, std::span<float> out) const {
    size_t i = 0;
    if (first % 2 && !out.empty())
      out[i++] = element(first);
    constexpr size_t kBatch = 64; // hashes first, then floats: the second loop is vectorised
    for (; i + 2 * kBatch <= out.size(); i += 2 * kBatch) {
      uint32_t bits[2 * kBatch];
      uint64_t counter = key + ((first + i) >> 1) * 0x9e3779b97f4a7c15;
      for (size_t j = 0; j < kBatch; ++j, counter += 0x9e3779b97f4a7c15) {
        uint64_t hash = mix(counter);
        bits[2 * j] = static_cast<uint32_t>(hash);
        bits[2 * j + 1] = static_cast<uint32_t>(hash >> 32);
      }
      float *to = out.data() + i;
      for (size_t j = 0; j < 2 * kBatch; ++j) {
        auto sum = static_cast<int32_t>((bits[j] & 0xffff) + (bits[j] >> 16));
        to[j] = mean + scale * (static_cast<float>(sum) - kTriangleMean);
      }
    }
    for (; i < out.size(); ++i)
      out[i] = element(first + i);
  }
};

class RandomCheckpoint : public Checkpoint {
public:
  RandomCheckpoint(const config::Model &model, uint64_t seed);
  Status read(const Tensor &tensor, int64_t first, std::span<float> out) const override;

private:
  std::vector<Stream> streams; ///< parallel to `all`
};

RandomCheckpoint::RandomCheckpoint(const config::Model &model, uint64_t seed) {
  kind = Source::Random;
  where = "random:" + std::to_string(seed);
  std::set<std::string_view> tables; // weights whose rows are gathered: they become activations
  for (const config::Step &step : model.steps)
    if (step.op == "embed")
      tables.insert(step.weights.begin(), step.weights.end());

  struct Entry {
    Tensor tensor;
    Stream stream;
  };
  std::vector<Entry> entries;
  for (const config::Weight &weight : model.weights) {
    Entry entry;
    entry.tensor.name = randomName(weight);
    if (entry.tensor.name.empty())
      continue; // bindWeights reports it
    entry.tensor.type = DType::F32;
    entry.tensor.typeName = "F32";
    entry.tensor.shape = weight.shape;
    entry.tensor.file = where;
    std::optional<int64_t> elements = elementCount(weight.shape);
    double mean = 0, deviation = 1;
    if (elements == 1) {
      mean = 0.75, deviation = 0.1;
    } else if (weight.shape.size() <= 1) {
      mean = 1, deviation = 0.1;
    } else if (!tables.count(weight.name)) {
      deviation = 1 / std::sqrt(static_cast<double>(std::max<int64_t>(weight.shape.back(), 1)));
    }
    entry.stream.key = hashName(entry.tensor.name, seed);
    entry.stream.mean = static_cast<float>(mean - weight.offset); // the offset comes back when the weight is packed
    entry.stream.scale = static_cast<float>(deviation / kTriangleDeviation);
    entries.push_back(std::move(entry));
  }
  std::sort(entries.begin(), entries.end(),
            [](const Entry &a, const Entry &b) { return a.tensor.name < b.tensor.name; });
  for (Entry &entry : entries) {
    all.push_back(std::move(entry.tensor));
    streams.push_back(entry.stream);
  }
}

Status RandomCheckpoint::read(const Tensor &tensor, int64_t first, std::span<float> out) const {
  const Tensor *own = find(tensor.name);
  std::optional<int64_t> elements = elementCount(tensor.shape);
  auto count = static_cast<int64_t>(out.size());
  if (!own || !elements || first < 0 || count > *elements || first > *elements - count)
    return Error{where + ": tensor '" + tensor.name + "' of shape " + shapeText(tensor.shape) + " has no elements " +
                 std::to_string(first) + " + " + std::to_string(count)};
  streams[static_cast<size_t>(own - all.data())].fill(static_cast<uint64_t>(first), out);
  return Ok{};
}

} // namespace

std::string randomName(const config::Weight &weight) {
  if (weight.names.empty() || weight.names[0].empty())
    return "";
  return weight.part.every ? weight.names[0][0] + " " + weight.name : weight.names[0][0];
}

std::unique_ptr<Checkpoint> randomCheckpoint(const config::Model &model, uint64_t seed) {
  return std::make_unique<RandomCheckpoint>(model, seed);
}

} // namespace gemmac::import
