// The meaning of kernel.pair_dot in float32: a bfloat16 number is the upper half of a float32 one.
#include "passes/lower/Passes.h"

#include "mlir/IR/PatternMatch.h"

namespace gemmac::lower {
#define GEN_PASS_DEF_EXPANDPAIRDOT
#include "passes/lower/Passes.h.inc"
} // namespace gemmac::lower

using namespace mlir;
using namespace gemmac;

namespace {

/// The lower and the upper number of each pair.
std::pair<Value, Value> numbers(OpBuilder &b, Location loc, Value pairs) {
  auto words = cast<VectorType>(pairs.getType());
  auto floats = VectorType::get(words.getShape(), b.getF32Type());
  auto constant = [&](int32_t value) {
    return arith::ConstantOp::create(b, loc, DenseElementsAttr::get(words, b.getI32IntegerAttr(value)));
  };
  Value low = arith::ShLIOp::create(b, loc, pairs, constant(16));
  Value high = arith::AndIOp::create(b, loc, pairs, constant(static_cast<int32_t>(0xffff0000)));
  return {vector::BitCastOp::create(b, loc, floats, low), vector::BitCastOp::create(b, loc, floats, high)};
}

struct ExpandPairDot : lower::impl::ExpandPairDotBase<ExpandPairDot> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    getOperation().walk([&](kernel::PairDotOp dot) {
      rewriter.setInsertionPoint(dot);
      Location loc = dot.getLoc();
      auto [w0, w1] = numbers(rewriter, loc, dot.getWeights());
      auto [x0, x1] = numbers(rewriter, loc, dot.getInputs());
      Type type = dot.getType();
      Value sum = LLVM::FMulAddOp::create(rewriter, loc, type, w0, x0, dot.getAcc());
      rewriter.replaceOpWithNewOp<LLVM::FMulAddOp>(dot, type, w1, x1, sum);
    });
  }
};

} // namespace
