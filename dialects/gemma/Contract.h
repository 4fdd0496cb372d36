// What the stages take for granted of a model's function beyond the operations' own constraints. IR may come from a
// file of anybody: each stage's contract asks here, so that nothing behind it has to ask again.
#ifndef DIALECTS_GEMMA_CONTRACT_H
#define DIALECTS_GEMMA_CONTRACT_H

#include "dialects/gemma/Gemma.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace gemmac::gemma {

/// A body of one block that returns one value of rows; weights are gemma.weight and stand nowhere else; no phase and no
/// packed value yet. Reports what breaks this, "after <stage>: ...".
mlir::LogicalResult checkFlat(mlir::func::FuncOp function, llvm::StringRef stage);

/// A body of one block of weights and phases. A phase's operations hold the same rows, and read what earlier phases or
/// the phase itself yield, in the ways that the layout stage can place.
mlir::LogicalResult checkPhases(mlir::func::FuncOp function, llvm::StringRef stage);

} // namespace gemmac::gemma
#endif
