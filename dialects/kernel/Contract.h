// What the tile stage takes for granted of a plan beyond the operations' own constraints; see
// dialects/gemma/Contract.h.
#ifndef DIALECTS_KERNEL_CONTRACT_H
#define DIALECTS_KERNEL_CONTRACT_H

#include "dialects/kernel/Kernel.h"

#include "mlir/IR/BuiltinOps.h"

namespace gemmac::kernel {

/// One function that takes the ids, holds one block of places and phases, and returns nothing. What a phase's
/// operations read and yield fits the places it stands for, in kind, rows and size; sizes of a step are ones that a
/// buffer can have. Reports what breaks this, "after layout: ...".
mlir::LogicalResult checkPlan(mlir::ModuleOp module);

} // namespace gemmac::kernel
#endif
