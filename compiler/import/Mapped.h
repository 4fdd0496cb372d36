// What both kinds of checkpoint files share: reading a tensor whose bytes are mapped, and checks over the whole set of
// tensors.
#ifndef COMPILER_IMPORT_MAPPED_H
#define COMPILER_IMPORT_MAPPED_H

#include "compiler/import/Checkpoint.h"
#include "compiler/import/MappedFile.h"

#include <optional>

namespace gemmac::import {

class MappedCheckpoint : public Checkpoint {
public:
  Status read(const Tensor &tensor, int64_t first, std::span<float> out) const override;
  void release(std::span<const uint8_t> data) const override { MappedFile::release(data); }

protected:
  std::vector<std::unique_ptr<MappedFile>> files;
};

/// Product of the dimensions; nothing if it does not fit 62 bits or a dimension is negative.
std::optional<int64_t> elementCount(std::span<const int64_t> shape);

/// "[2, 3]"
std::string shapeText(std::span<const int64_t> shape);

/// Text from a file, fit for a message: at most 80 bytes, control characters replaced.
std::string printable(std::string_view text);

/// Sorts by name; the same name twice is an error naming the file or both files.
Status sortTensors(std::vector<Tensor> &tensors);

/// Two tensors of one file whose data share bytes: an error naming both.
Status checkOverlap(std::span<const Tensor> tensors);

} // namespace gemmac::import
#endif
