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
  }
};

} // namespace
