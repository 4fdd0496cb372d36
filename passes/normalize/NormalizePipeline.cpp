// The order of the normalize stage.
#include "passes/normalize/Passes.h"

#include "mlir/Transforms/Passes.h"

void gemmac::normalize::buildPipeline(mlir::OpPassManager &pm) {
  auto &functions = pm.nest<mlir::func::FuncOp>();
  functions.addPass(createFoldScales());
  functions.addPass(createExpandRoute());
  functions.addPass(mlir::createCSEPass()); // one op for each value, so that "other users" means what it says
  functions.addPass(createHoistLastRows());
  functions.addPass(mlir::createCanonicalizerPass()); // drops what hoisting left unused
  functions.addPass(createVerifyNormalized());
}
