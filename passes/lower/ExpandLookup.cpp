// The meaning of kernel.lookup in operations that every machine has: one comparison and one choice for each number.
#include "passes/lower/Passes.h"

#include "mlir/IR/PatternMatch.h"

namespace gemmac::lower {
#define GEN_PASS_DEF_EXPANDLOOKUP
#include "passes/lower/Passes.h.inc"
} // namespace gemmac::lower

using namespace mlir;
using namespace gemmac;

namespace {

struct ExpandLookup : lower::impl::ExpandLookupBase<ExpandLookup> {
  void runOnOperation() override {
    IRRewriter b(&getContext());
    getOperation().walk([&](kernel::LookupOp op) {
      b.setInsertionPoint(op);
      Location loc = op.getLoc();
      auto bytes = cast<VectorType>(op.getType());
      auto constant = [&](int8_t value) -> Value {
        return arith::ConstantOp::create(b, loc, DenseElementsAttr::get(bytes, b.getI8IntegerAttr(value)));
      };
      Value found = constant(op.getTable().front());
      for (auto [code, number] : llvm::drop_begin(llvm::enumerate(op.getTable()))) {
        Value here =
            arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, op.getCodes(), constant(static_cast<int8_t>(code)));
        found = arith::SelectOp::create(b, loc, here, constant(number), found);
      }
      b.replaceOp(op, found);
    });
  }
};

} // namespace
