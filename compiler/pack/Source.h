// One weight as rows, whatever tensors it is made of: concatenated parts, stacks of experts, interleaved heads, an
// offset.
#ifndef COMPILER_PACK_SOURCE_H
#define COMPILER_PACK_SOURCE_H

#include "compiler/import/Checkpoint.h"
#include "compiler/pack/Quantize.h"

namespace gemmac::pack {

class Source {
public:
  /// With `split` > 1, every member of a stack counts as so many members of the same height, one after another.
  Source(const config::Weight &weight, const import::Binding &binding, const import::Checkpoint &checkpoint,
         int64_t split = 1);

  int64_t experts = 1, rows = 1, columns = 1;

  /// Where a row of the weight lies: `first` is the element of the tensor at which it begins.
  struct Row {
    const import::Tensor *tensor = nullptr;
    int64_t first = 0;
    int64_t step = 1; ///< elements from one column to the next: more than 1 in a transposed tensor
  };
  Row locate(int64_t expert, int64_t row) const;

  /// Reads columns [column, column + out.size()) of `count` rows from `row` on, row after row in `out`, offset added.
  Status read(int64_t expert, int64_t row, int64_t count, int64_t column, std::span<float> out) const;

  /// Whether the row's own codes and scales can be copied into `format`, so that nothing is rounded but products of
  /// scales.
  bool copies(const Row &row, kernel::Format format) const;

  /// The error that names the row's tensor and element.
  Error error(const Row &row, int64_t column, const std::string &what) const;

private:
  int64_t split = 1;
  std::vector<int64_t> ends; ///< the number of rows up to the end of each of several parts
  Status readVector(int64_t column, std::span<float> out) const;
  /// Reads `count` rows that lie beside each other in a transposed tensor, from `at` on.
  Status readTransposed(const Row &at, int64_t count, int64_t column, int64_t width, std::span<float> out) const;
  /// Which row of the tensor is a row of the part that the weight is.
  int64_t rowOfPart(int64_t row) const;

  const config::Weight &weight;
  const import::Binding &binding;
  const import::Checkpoint &checkpoint;
};

/// Copies 32 elements of a block type from `element` (a multiple of 32) on. False if a scale or minimum is not finite
/// in f16.
bool copyGroup(const import::Tensor &tensor, int64_t element, kernel::Format format, Group &out);

} // namespace gemmac::pack
#endif
