// The interpreter's weights from what a build starts from: an elaborated model, a checkpoint, and which tensors hold
// which weight.
#ifndef TEST_REFERENCE_CHECKPOINTWEIGHTS_H
#define TEST_REFERENCE_CHECKPOINTWEIGHTS_H

#include "compiler/Inputs.h"
#include "test/reference/Interpreter.h"

namespace gemmac::reference {

/// The checkpoint's values as float32, straight from its tensors. `gemma.weight`'s index is the index in the model's
/// weights. `inputs` must outlive the source.
WeightSource checkpointWeights(const Inputs &inputs);

/// The same, packed into the operation's `format` (f32 where it has none) and unpacked again: what compiled code
/// multiplies with.
WeightSource packedWeights(const Inputs &inputs);

} // namespace gemmac::reference
#endif
