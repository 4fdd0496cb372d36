// The contract between layout and tile.
#include "passes/layout/Passes.h"

namespace gemmac::layout {
#define GEN_PASS_DEF_VERIFYLAIDOUT
#include "passes/layout/Passes.h.inc"
} // namespace gemmac::layout

using namespace mlir;
using namespace gemmac;

namespace {

struct VerifyLaidOut : layout::impl::VerifyLaidOutBase<VerifyLaidOut> {
  void runOnOperation() override {
    for (Operation &op : getOperation().getBody().front()) {
      if (auto cache = dyn_cast<kernel::CacheOp>(op); cache && !cache.getOffset()) {
        op.emitError() << "after layout: a cache has no place in pages: " << cache.getType();
        return signalPassFailure();
      }
      if (!isa<kernel::BufferOp, kernel::WeightOp, kernel::CacheOp, kernel::Phase, func::ReturnOp>(op)) {
        op.emitError() << "after layout: " << op.getName() << " is no part of a plan";
        return signalPassFailure();
      }
    }
  }
};

} // namespace
