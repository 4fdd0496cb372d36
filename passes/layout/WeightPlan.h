// Places of the weights in the weights section, in the order in which a step reads them, and what one decode step
// reads.
#ifndef PASSES_LAYOUT_WEIGHTPLAN_H
#define PASSES_LAYOUT_WEIGHTPLAN_H

#include "dialects/gemma/Gemma.h"
#include "dialects/kernel/Kernel.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"

namespace gemmac::layout {

class WeightPlan {
public:
  explicit WeightPlan(mlir::OpBuilder &builder) : b(builder) {}

  /// Weights are declared at the start of this block.
  void begin(mlir::Block *block) { declarations = block; }

  /// The place of a weight: made on first request. Matrices that a projection reads lie in panels, tables that are only
  /// gathered from lie in rows, anything of one dimension is a vector.
  kernel::WeightOp place(gemma::WeightOp weight);

  /// The place of a stack of experts, each cut into `parts` matrices of the same height.
  kernel::WeightOp placeStack(gemma::WeightOp weight, int64_t parts);

  int64_t bytes() const { return nextOffset; }
  /// Bytes of weights that one decode step reads, and the multiply and add operations it makes with them.
  int64_t decodeBytes() const { return readBytes; }
  int64_t decodeOps() const { return operations; }
  /// Operations for a row whose logits are not wanted.
  int64_t prefillOps() const { return allRowOperations; }

private:
  kernel::WeightOp declare(gemma::WeightOp weight, kernel::Layout layout, int64_t members, int64_t rows,
                           int64_t columns);
  void account(gemma::WeightOp weight, kernel::WeightOp placed);

  mlir::OpBuilder &b;
  mlir::Block *declarations = nullptr;
  mlir::DenseMap<mlir::Operation *, kernel::WeightOp> placed;
  mlir::Operation *last = nullptr; ///< the latest declaration: they stay in order
  int64_t nextOffset = 0, readBytes = 0, operations = 0, allRowOperations = 0;
};

} // namespace gemmac::layout
#endif
