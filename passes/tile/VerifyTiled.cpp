// The contract between tile and lower.
#include "passes/tile/Passes.h"

namespace gemmac::tile {
#define GEN_PASS_DEF_VERIFYTILED
#include "passes/tile/Passes.h.inc"
} // namespace gemmac::tile

using namespace mlir;
using namespace gemmac;

namespace {

struct VerifyTiled : tile::impl::VerifyTiledBase<VerifyTiled> {
  void runOnOperation() override {
    auto result = getOperation().walk([](Operation *op) {
      StringRef dialect = op->getName().getDialectNamespace();
      if ((dialect == "kernel" && !isa<kernel::DotOp, kernel::PairDotOp, kernel::LookupOp>(op)) || dialect == "gemma") {
        op->emitError() << "after tile: " << op->getName() << " should have become loops and vectors";
        return WalkResult::interrupt();
      }
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }
};

} // namespace
