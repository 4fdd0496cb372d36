// The order of the layout stage.
#include "passes/layout/Passes.h"

void gemmac::layout::buildPipeline(mlir::OpPassManager &pm, const ConvertGemmaToKernelOptions &options) {
  pm.addPass(createConvertGemmaToKernel(options));
  pm.addPass(createPlanPages());
  pm.nest<mlir::func::FuncOp>().addPass(createVerifyLaidOut());
}
