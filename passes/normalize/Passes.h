// The normalize stage: one form for each thing, before anything is decided.
#ifndef PASSES_NORMALIZE_PASSES_H
#define PASSES_NORMALIZE_PASSES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassManager.h"

namespace gemmac::normalize {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/normalize/Passes.h.inc"

/// The stage, in order. Registered as `gemma-stage-normalize`.
void buildPipeline(mlir::OpPassManager &pm);

} // namespace gemmac::normalize
#endif
