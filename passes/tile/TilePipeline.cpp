// The order of the tile stage.
#include "passes/tile/Passes.h"

#include "mlir/Transforms/Passes.h"

void gemmac::tile::buildPipeline(mlir::OpPassManager &pm, const TilePhasesOptions &options) {
  pm.addPass(createAssignArena());
  pm.addPass(createTilePhases(options));
  pm.nest<mlir::func::FuncOp>().addPass(
      mlir::createCSEPass()); // address arithmetic is written out without looking back
  pm.addPass(createVerifyTiled());
}
