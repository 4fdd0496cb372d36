// The lower stage: from loops and vectors to the LLVM dialect. The target's own passes come first.
#ifndef PASSES_LOWER_PASSES_H
#define PASSES_LOWER_PASSES_H

#include "dialects/kernel/Kernel.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassManager.h"

namespace gemmac::lower {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/lower/Passes.h.inc"

/// The stage, in order, after the passes that a target adds: what these leave of pair_dot and lookup becomes plain
/// arithmetic.
/// Registered as `gemma-stage-lower` (with kernel-expand-dot first).
void buildPipeline(mlir::OpPassManager &pm);

/// Splits bytes into their even and odd ones, as 16-bit numbers: sign-extended, or zero-extended.
std::pair<mlir::Value, mlir::Value> evenOdd(mlir::OpBuilder &b, mlir::Location loc, mlir::Value bytes, bool isSigned);

} // namespace gemmac::lower
#endif
