// The contract between quantize and layout.
#include "passes/quantize/Passes.h"

#include "dialects/gemma/Gemma.h"

namespace gemmac::quantize {
#define GEN_PASS_DEF_VERIFYQUANTIZED
#include "passes/quantize/Passes.h.inc"
} // namespace gemmac::quantize

using namespace mlir;
using namespace gemmac;
using namespace gemmac::gemma;

namespace {

struct VerifyQuantized : quantize::impl::VerifyQuantizedBase<VerifyQuantized> {
  void runOnOperation() override {
    constexpr int mostMessages = 10;
    int failed = 0;
    getOperation().walk([&](Operation *op) {
      if (failed >= mostMessages)
        return;
      if (auto weight = dyn_cast<WeightOp>(op); weight && !weight.getFormat()) {
        op->emitError() << "after quantize: weight " << weight.getName() << " has no format";
        ++failed;
      }
      auto project = dyn_cast<ProjectOp>(op);
      if (!project)
        return;
      if (!project.getWeight().getDefiningOp<WeightOp>()) {
        op->emitError() << "after quantize: the weight of a projection should be a gemma.weight";
        ++failed;
        return;
      }
      auto packed = dyn_cast<PackedType>(project.getInput().getType());
      kernel::Packing wanted = packedKind(project.getWeight().getDefiningOp<WeightOp>());
      if (!packed || packed.getKind() != wanted) {
        op->emitError() << "after quantize: a projection with this weight must read rows packed as "
                        << kernel::stringifyPacking(wanted);
        ++failed;
      }
    });
    if (failed)
      signalPassFailure();
  }
};

} // namespace
