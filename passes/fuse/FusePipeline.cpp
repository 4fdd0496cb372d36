// The order of the fuse stage.
#include "passes/fuse/Passes.h"

void gemmac::fuse::buildPipeline(mlir::OpPassManager &pm) {
  auto &functions = pm.nest<mlir::func::FuncOp>();
  functions.addPass(createFormPhases());
  functions.addPass(createVerifyFused());
}
