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

namespace gemmac::gemma {

/// Works on each row by itself and needs no matrix product: what a phase of rows may hold.
template <class Op> struct RowWise : mlir::OpTrait::TraitBase<Op, RowWise> {};

/// Output column j needs only column j of the operands: it can be done while a projection's result is in the cache.
template <class Op> struct Elementwise : mlir::OpTrait::TraitBase<Op, Elementwise> {};

/// Reads rows where they lie, also at an offset in wider ones: a slice that it reads is not copied.
template <class Op> struct ReadsViews : mlir::OpTrait::TraitBase<Op, ReadsViews> {};

} // namespace gemmac::gemma

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

/// The kind of packed rows that a projection with this weight reads: i8 for formats of small integers, bf16 for bf16,
/// else f32.
kernel::Packing packedKind(WeightOp weight);

} // namespace gemmac::gemma
#endif
