// The quantize stage: in which format each weight and each projection's input is.
#ifndef PASSES_QUANTIZE_PASSES_H
#define PASSES_QUANTIZE_PASSES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassManager.h"

namespace gemmac::quantize {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/quantize/Passes.h.inc"

/// The stage, in order. Registered as `gemma-stage-quantize`.
void buildPipeline(mlir::OpPassManager &pm, const ChooseFormatsOptions &options = {});

} // namespace gemmac::quantize
#endif
