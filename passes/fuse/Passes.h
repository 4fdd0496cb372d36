// The fuse stage: operations into phases.
#ifndef PASSES_FUSE_PASSES_H
#define PASSES_FUSE_PASSES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassManager.h"

namespace gemmac::fuse {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/fuse/Passes.h.inc"

/// The stage, in order. Registered as `gemma-stage-fuse`.
void buildPipeline(mlir::OpPassManager &pm);

} // namespace gemmac::fuse
#endif
