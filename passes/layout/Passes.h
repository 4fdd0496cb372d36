// The layout stage: where everything lies.
#ifndef PASSES_LAYOUT_PASSES_H
#define PASSES_LAYOUT_PASSES_H

#include "dialects/kernel/Kernel.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassManager.h"

namespace gemmac::layout {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/layout/Passes.h.inc"

/// The stage, in order. Registered as `gemma-stage-layout`.
void buildPipeline(mlir::OpPassManager &pm, const ConvertGemmaToKernelOptions &options = {});

} // namespace gemmac::layout
#endif
