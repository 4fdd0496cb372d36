// The contract between fuse and quantize.
#include "passes/fuse/Passes.h"

#include "dialects/gemma/Gemma.h"

namespace gemmac::fuse {
#define GEN_PASS_DEF_VERIFYFUSED
#include "passes/fuse/Passes.h.inc"
} // namespace gemmac::fuse

using namespace mlir;
using namespace gemmac;
using namespace gemmac::gemma;

namespace {

struct VerifyFused : fuse::impl::VerifyFusedBase<VerifyFused> {
  void runOnOperation() override {
    for (Operation &op : getOperation().getBody().front())
      if (!isa<WeightOp, PhaseOp, func::ReturnOp>(op)) {
        op.emitError() << "after fuse: " << op.getName() << " should stand in a phase";
        return signalPassFailure();
      }
    getOperation().walk([&](ProjectOp op) {
      Value input = op.getInput();
      if (isa<BlockArgument>(input) || input.getDefiningOp<PhaseOp>())
        return;
      op.emitError() << "after fuse: a projection should read what another phase yields, not "
                     << input.getDefiningOp()->getName();
      signalPassFailure();
    });
  }
};

} // namespace
