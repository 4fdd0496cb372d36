// See RegisterAll.h.
#include "compiler/RegisterAll.h"

#include "compiler/pipeline/Stages.h"
#include "dialects/gemma/Gemma.h"
#include "dialects/kernel/Kernel.h"
#include "passes/fuse/Passes.h"
#include "passes/layout/Passes.h"
#include "passes/lower/Passes.h"
#include "passes/normalize/Passes.h"
#include "passes/quantize/Passes.h"
#include "passes/tile/Passes.h"
#include "targets/Target.h"

#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"

void gemmac::registerAllDialects(mlir::DialectRegistry &registry) {
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  registry.insert<gemma::GemmaDialect, kernel::KernelDialect>();
}

void gemmac::registerAllPasses() {
  mlir::registerAllPasses();
  normalize::registernormalizePasses();
  fuse::registerfusePasses();
  quantize::registerquantizePasses();
  layout::registerlayoutPasses();
  tile::registertilePasses();
  lower::registerlowerPasses();
  pipeline::registerStages();
}
