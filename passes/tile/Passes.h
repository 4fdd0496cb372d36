// The tile stage: loops, vectors and addresses of each phase.
#ifndef PASSES_TILE_PASSES_H
#define PASSES_TILE_PASSES_H

#include "dialects/kernel/Kernel.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassManager.h"

namespace gemmac::tile {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/tile/Passes.h.inc"

/// The stage, in order. Registered as `gemma-stage-tile`.
void buildPipeline(mlir::OpPassManager &pm, const TilePhasesOptions &options);

} // namespace gemmac::tile
#endif
