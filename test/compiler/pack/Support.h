// Checkpoints in memory, and packing into memory.
#ifndef TEST_COMPILER_PACK_SUPPORT_H
#define TEST_COMPILER_PACK_SUPPORT_H

#include "compiler/import/Mapped.h"
#include "compiler/pack/Pack.h"

#include <map>
#include <string>

namespace gemmac::pack {

/// Tensors whose bytes the test owns; reads through the same code as files.
class Memory : public import::MappedCheckpoint {
public:
  Memory();
  void add(const std::string &name, import::DType type, std::vector<int64_t> shape, std::vector<uint8_t> bytes);
  void add(const std::string &name, std::vector<int64_t> shape, const std::vector<float> &values); ///< F32
  void release(std::span<const uint8_t>) const override {} // not a file: dropped pages would come back as zeros

private:
  std::map<std::string, std::vector<uint8_t>> bytesOf;
};

struct Packed {
  std::vector<uint8_t> bytes;
  std::string error;
};

/// Packs weight `index` of the model alone.
Packed packOne(const config::Model &model, const import::Checkpoint &checkpoint, kernel::Format format,
               kernel::Layout layout, Options options = {}, int64_t split = 1, int64_t index = 0);

config::Weight weight(std::vector<int64_t> shape, std::vector<std::string> parts);

/// Reproducible, about normal, deviation 1.
std::vector<float> numbers(size_t count, uint32_t seed);

/// Random blocks of a type, their f16 scales and minima about 0.01.
std::vector<uint8_t> blocks(import::DType type, int64_t elements, uint32_t seed);

std::vector<float> values(const import::Checkpoint &checkpoint, const std::string &name);

} // namespace gemmac::pack
#endif
