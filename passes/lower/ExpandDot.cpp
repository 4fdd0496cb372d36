// The meaning of kernel.dot in operations that every machine has. Slow where there is an instruction, right everywhere.
#include "passes/lower/Passes.h"

#include "mlir/IR/PatternMatch.h"

namespace gemmac::lower {
#define GEN_PASS_DEF_EXPANDDOT
#include "passes/lower/Passes.h.inc"
} // namespace gemmac::lower

using namespace mlir;
using namespace gemmac;

std::pair<Value, Value> lower::evenOdd(OpBuilder &b, Location loc, Value bytes, bool isSigned) {
  int64_t count = cast<VectorType>(bytes.getType()).getNumElements();
  auto shorts = VectorType::get({count / 2}, b.getI16Type());
  Value words = vector::BitCastOp::create(b, loc, shorts, bytes);
  Value eight = arith::ConstantOp::create(b, loc, DenseElementsAttr::get(shorts, b.getI16IntegerAttr(8)));
  if (isSigned) {
    Value low = arith::ShRSIOp::create(b, loc, arith::ShLIOp::create(b, loc, words, eight), eight);
    return {low, arith::ShRSIOp::create(b, loc, words, eight)};
  }
  Value mask = arith::ConstantOp::create(b, loc, DenseElementsAttr::get(shorts, b.getI16IntegerAttr(255)));
  return {arith::AndIOp::create(b, loc, words, mask), arith::ShRUIOp::create(b, loc, words, eight)};
}

namespace {

/// Sum of the two 16-bit products that share a 32-bit lane.
Value pairSums(OpBuilder &b, Location loc, Value weights, Value inputs) {
  int64_t count = cast<VectorType>(weights.getType()).getNumElements();
  auto words = VectorType::get({count / 2}, b.getI32Type());
  Value sixteen = arith::ConstantOp::create(b, loc, DenseElementsAttr::get(words, b.getI32IntegerAttr(16)));
  auto split = [&](Value shorts) {
    Value both = vector::BitCastOp::create(b, loc, words, shorts);
    Value low = arith::ShRSIOp::create(b, loc, arith::ShLIOp::create(b, loc, both, sixteen), sixteen);
    return std::pair<Value, Value>(low, arith::ShRSIOp::create(b, loc, both, sixteen));
  };
  auto [w0, w1] = split(weights);
  auto [x0, x1] = split(inputs);
  return arith::AddIOp::create(b, loc, arith::MulIOp::create(b, loc, w0, x0), arith::MulIOp::create(b, loc, w1, x1));
}

struct ExpandDot : lower::impl::ExpandDotBase<ExpandDot> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    getOperation().walk([&](kernel::DotOp dot) {
      rewriter.setInsertionPoint(dot);
      Location loc = dot.getLoc();
      auto [wEven, wOdd] = lower::evenOdd(rewriter, loc, dot.getWeights(), dot.getSignedWeights());
      auto [xEven, xOdd] = lower::evenOdd(rewriter, loc, dot.getInputs(), true);
      Value sum = arith::AddIOp::create(rewriter, loc, pairSums(rewriter, loc, wEven, xEven),
                                        pairSums(rewriter, loc, wOdd, xOdd));
      rewriter.replaceOpWithNewOp<arith::AddIOp>(dot, dot.getAcc(), sum);
    });
  }
};

} // namespace
