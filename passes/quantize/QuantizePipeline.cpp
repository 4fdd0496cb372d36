// The order of the quantize stage.
#include "passes/quantize/Passes.h"

void gemmac::quantize::buildPipeline(mlir::OpPassManager &pm, const ChooseFormatsOptions &options) {
  auto &functions = pm.nest<mlir::func::FuncOp>();
  functions.addPass(createChooseFormats(options));
  functions.addPass(createPackActivations()); // the kind of packing follows from the weight's format
  functions.addPass(createVerifyQuantized());
}
