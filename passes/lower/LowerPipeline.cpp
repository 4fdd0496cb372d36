// The order of the lower stage.
#include "passes/lower/Passes.h"

#include "mlir/Pass/PassRegistry.h"
#include "llvm/Support/ErrorHandling.h"

void gemmac::lower::buildPipeline(mlir::OpPassManager &pm) {
  pm.addPass(createExpandPairDot());
  pm.addPass(createExpandLookup());
  pm.addPass(createExpandMath());
  // By name: the headers of MLIR's conversions cost more to include than all of this stage. Vectors go first, while
  // their masks are still operations; control flow before functions.
  static constexpr llvm::StringRef conversions =
      "canonicalize,cse,convert-vector-to-scf,convert-scf-to-cf,convert-vector-to-llvm,"
      "convert-math-to-llvm,convert-arith-to-llvm,convert-cf-to-llvm,"
      "convert-func-to-llvm,reconcile-unrealized-casts,canonicalize,cse";
  if (failed(mlir::parsePassPipeline(conversions, pm)))
    llvm::report_fatal_error("MLIR's conversions are not registered");
  pm.addPass(createVerifyLowered());
}
