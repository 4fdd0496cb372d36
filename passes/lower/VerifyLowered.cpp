// The contract after lower, before code generation.
#include "passes/lower/Passes.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

namespace gemmac::lower {
#define GEN_PASS_DEF_VERIFYLOWERED
#include "passes/lower/Passes.h.inc"
} // namespace gemmac::lower

using namespace mlir;
using namespace gemmac;

namespace {

struct VerifyLowered : lower::impl::VerifyLoweredBase<VerifyLowered> {
  void runOnOperation() override {
    auto result = getOperation().walk([](Operation *op) {
      if (isa<ModuleOp>(op) || isa<LLVM::LLVMDialect>(op->getDialect()))
        return WalkResult::advance();
      op->emitError() << "after lower: " << op->getName() << " has no form in the LLVM dialect";
      return WalkResult::interrupt();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }
};

} // namespace
