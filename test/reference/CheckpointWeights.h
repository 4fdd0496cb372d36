// The interpreter's weights from a real checkpoint: a description, the files and what the one says about the other.
#ifndef TEST_REFERENCE_CHECKPOINTWEIGHTS_H
#define TEST_REFERENCE_CHECKPOINTWEIGHTS_H

#include "compiler/config/Model.h"
#include "compiler/import/Checkpoint.h"
#include "test/reference/Interpreter.h"

#include <optional>

namespace gemmac::reference {

struct BoundModel {
  config::Model model;
  std::unique_ptr<import::Checkpoint> checkpoint;
  import::Bindings bindings;
};

/// Reads a description for a checkpoint (a folder or a .gguf file) and finds its tensors. `gemma.weight`'s index is the
/// index in the model's weights. Without `size`, the numbers are the checkpoint's own.
Result<BoundModel> bindModel(const std::string &description, const std::string &checkpoint,
                             const std::optional<std::string> &size);

/// The checkpoint's values as float32, straight from its tensors. `bound` must outlive the source.
WeightSource checkpointWeights(const BoundModel &bound);

/// The same, packed into the operation's `format` (f32 where it has none) and unpacked again: what compiled code
/// multiplies with.
WeightSource packedWeights(const BoundModel &bound);

} // namespace gemmac::reference
#endif
