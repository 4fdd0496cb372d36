// The contract between normalize and fuse.
#include "passes/normalize/Passes.h"

#include "dialects/gemma/Gemma.h"

namespace gemmac::normalize {
#define GEN_PASS_DEF_VERIFYNORMALIZED
#include "passes/normalize/Passes.h.inc"
} // namespace gemmac::normalize

using namespace mlir;
using namespace gemmac;
using namespace gemmac::gemma;

namespace {

struct VerifyNormalized : normalize::impl::VerifyNormalizedBase<VerifyNormalized> {
  void runOnOperation() override {
    constexpr int mostMessages = 10;
    int failed = 0;
    auto broken = [&](Operation *op, const Twine &why) {
      if (failed++ < mostMessages)
        op->emitError() << "after normalize: " << why;
    };
    getOperation().walk([&](Operation *op) {
      if (isa<RouteOp>(op))
        broken(op, "route should have been expanded");
      if (auto scale = dyn_cast<ScaleOp>(op); scale && isa_and_nonnull<ScaleOp>(scale.getInput().getDefiningOp()))
        broken(op, "two scales in a row should have been folded");
      if (isa<GemmaDialect>(op->getDialect()) && op->use_empty() && op->getNumResults())
        broken(op, "nothing uses the result of " + op->getName().getStringRef());
      if (auto last = dyn_cast<LastRowsOp>(op); last && isa<RoutingType>(last.getType()))
        broken(op, "the choice of experts should have been made for the last rows only");
      if (auto ret = dyn_cast<func::ReturnOp>(op))
        if (ret.getNumOperands() != 1 || rowsOf(ret.getOperand(0).getType()) != Rows::Last)
          broken(op, "the function should return one value, the logits of the last rows");
    });
    if (failed)
      signalPassFailure();
  }
};

} // namespace
