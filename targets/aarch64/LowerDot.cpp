// sdot multiplies signed bytes, four to a lane: what kernel.dot means for codes up to 127, which is why this target
// packs 8-bit codes signed. A wider code would be a mistake of the level's numbers, and is refused.
#include "targets/aarch64/LowerDot.h"

#include "dialects/kernel/Kernel.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace gemmac;

namespace {

struct LowerDot : PassWrapper<LowerDot, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(LowerDot)
  StringRef getArgument() const override { return "aarch64-lower-dot"; }
  StringRef getDescription() const override { return "kernel.dot as sdot, kernel.lookup as tbl"; }
  void getDependentDialects(DialectRegistry &registry) const override { registry.insert<LLVM::LLVMDialect>(); }

  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    auto result = getOperation().walk([&](kernel::DotOp dot) {
      int64_t lanes = cast<VectorType>(dot.getAcc().getType()).getNumElements();
      if (lanes != 4 || (!dot.getSignedWeights() && dot.getMaxCode() > 127)) {
        dot.emitError() << "sdot takes 4 lanes and codes up to 127, not " << lanes << " lanes and codes up to "
                        << dot.getMaxCode();
        return WalkResult::interrupt();
      }
      rewriter.setInsertionPoint(dot);
      auto call = LLVM::CallIntrinsicOp::create(rewriter, dot.getLoc(), dot.getType(),
                                                rewriter.getStringAttr("llvm.aarch64.neon.sdot.v4i32.v16i8"),
                                                ValueRange{dot.getAcc(), dot.getWeights(), dot.getInputs()});
      rewriter.replaceOp(dot, call);
      return WalkResult::advance();
    });
    getOperation().walk([&](kernel::LookupOp lookup) {
      auto bytes = cast<VectorType>(lookup.getType());
      if (bytes.getNumElements() != 16)
        return; // for the arithmetic that every machine has
      rewriter.setInsertionPoint(lookup);
      Value table =
          LLVM::ConstantOp::create(rewriter, lookup.getLoc(), bytes, DenseElementsAttr::get(bytes, lookup.getTable()));
      rewriter.replaceOp(lookup, LLVM::CallIntrinsicOp::create(rewriter, lookup.getLoc(), bytes,
                                                               rewriter.getStringAttr("llvm.aarch64.neon.tbl1.v16i8"),
                                                               ValueRange{table, lookup.getCodes()}));
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }
};

} // namespace

std::unique_ptr<Pass> gemmac::aarch64::createLowerDot() {
  return std::make_unique<LowerDot>();
}
