// The gemma dialect: the model on tensors. See README.md beside this file.
#ifndef DIALECTS_GEMMA_GEMMA_H
#define DIALECTS_GEMMA_GEMMA_H

#include "dialects/kernel/Format.h"

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dialects/gemma/GemmaDialect.h.inc"
#include "dialects/gemma/GemmaEnums.h.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/gemma/GemmaAttributes.h.inc"
#define GET_TYPEDEF_CLASSES
#include "dialects/gemma/GemmaTypes.h.inc"
#define GET_OP_CLASSES
#include "dialects/gemma/GemmaOps.h.inc"

namespace gemmac::gemma {

/// Of an activation tensor, a packed or a routing value.
Rows rowsOf(mlir::Type type);

/// Columns of an activation tensor or packed value.
int64_t columnsOf(mlir::Type type);

/// `tensor<?xCOLUMNSxf32>` holding these rows.
mlir::RankedTensorType rowsType(mlir::MLIRContext *context, int64_t columns, Rows rows = Rows::All);

/// The same type, holding these rows.
mlir::Type withRows(mlir::Type type, Rows rows);

/// True for operations that work on each row by itself and need no matrix product: what a phase of kind "rows" may
/// hold.
bool isRowWise(mlir::Operation *op);

/// True for operations whose output column j needs only column j of the operands.
bool isElementwise(mlir::Operation *op);

/// The kind of packed rows that a projection with this weight reads: i8 for formats of small integers, bf16 for bf16,
/// else f32.
kernel::Packing packedKind(WeightOp weight);

} // namespace gemmac::gemma
#endif
