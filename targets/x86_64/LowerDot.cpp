// Products of unsigned and signed bytes, four to a lane.
//
//   vpdpbusd             does it in one instruction.
//   vpmaddubsw           adds two products in 16 bits and saturates: right only while 2 * max_code * 127 < 2^15, that
//   is for
//                        codes up to 127. vpmaddwd with ones adds the pairs.
//   vpmaddwd alone       for larger codes: even and odd bytes widened to 16 bits, two exact sums of two. Every x86-64
//   has it.
#include "targets/x86_64/LowerDot.h"

#include "passes/lower/Passes.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace gemmac;

namespace {

class Writer {
public:
  Writer(IRRewriter &b, kernel::DotOp dot, const x86_64::DotInstructions &has)
      : b(b), dot(dot), has(has), loc(dot.getLoc()),
        bits(cast<VectorType>(dot.getAcc().getType()).getNumElements() * 32) {}

  Value write() {
    if (has.vnni && bits == 512)
      return call("llvm.x86.avx512.vpdpbusd.512", dot.getAcc().getType(),
                  {dot.getAcc(), dot.getWeights(), dot.getInputs()});
    Value sum;
    if (has.maddubs && dot.getMaxCode() <= 127) {
      Value pairs = call(bits == 512 ? "llvm.x86.avx512.pmaddubs.w.512" : "llvm.x86.avx2.pmadd.ub.sw", shorts(),
                         {dot.getWeights(), dot.getInputs()});
      Value ones = arith::ConstantOp::create(b, loc, DenseElementsAttr::get(shorts(), b.getI16IntegerAttr(1)));
      sum = madd(pairs, ones);
    } else {
      auto [wEven, wOdd] = lower::evenOdd(b, loc, dot.getWeights(), dot.getSignedWeights());
      auto [xEven, xOdd] = lower::evenOdd(b, loc, dot.getInputs(), true);
      sum = arith::AddIOp::create(b, loc, madd(wEven, xEven), madd(wOdd, xOdd));
    }
    return arith::AddIOp::create(b, loc, dot.getAcc(), sum);
  }

private:
  VectorType shorts() { return VectorType::get({bits / 16}, b.getI16Type()); }
  Value call(StringRef name, Type type, ValueRange operands) {
    return LLVM::CallIntrinsicOp::create(b, loc, type, b.getStringAttr(name), operands).getResults();
  }
  Value madd(Value a, Value c) {
    StringRef name = bits == 512   ? "llvm.x86.avx512.pmaddw.d.512"
                     : bits == 256 ? "llvm.x86.avx2.pmadd.wd"
                                   : "llvm.x86.sse2.pmadd.wd";
    return call(name, dot.getAcc().getType(), {a, c});
  }

  IRRewriter &b;
  kernel::DotOp dot;
  const x86_64::DotInstructions &has;
  Location loc;
  int64_t bits;
};

struct LowerDot : PassWrapper<LowerDot, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(LowerDot)
  explicit LowerDot(x86_64::DotInstructions has) : has(has) {}

  StringRef getArgument() const override { return "x86-64-lower-dot"; }
  StringRef getDescription() const override { return "kernel.dot in x86-64's byte product instructions"; }
  void getDependentDialects(DialectRegistry &registry) const override {
    registry.insert<arith::ArithDialect, vector::VectorDialect, LLVM::LLVMDialect>();
  }
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    getOperation().walk([&](kernel::DotOp dot) {
      rewriter.setInsertionPoint(dot);
      // All these instructions take unsigned weights; this target packs them so.
      assert(!dot.getSignedWeights() && "x86-64 packs unsigned codes");
      rewriter.replaceOp(dot, Writer(rewriter, dot, has).write());
    });
    if (has.bf16)
      getOperation().walk([&](kernel::PairDotOp dot) { lowerPair(rewriter, dot); });
  }

  static void lowerPair(IRRewriter &rewriter, kernel::PairDotOp dot) {
    auto words = cast<VectorType>(dot.getWeights().getType());
    if (words.getNumElements() != 16)
      return;
    rewriter.setInsertionPoint(dot);
    auto pairs = VectorType::get({32}, rewriter.getBF16Type());
    Value w = vector::BitCastOp::create(rewriter, dot.getLoc(), pairs, dot.getWeights());
    Value x = vector::BitCastOp::create(rewriter, dot.getLoc(), pairs, dot.getInputs());
    auto call = LLVM::CallIntrinsicOp::create(rewriter, dot.getLoc(), dot.getType(),
                                              rewriter.getStringAttr("llvm.x86.avx512bf16.dpbf16ps.512"),
                                              ValueRange{dot.getAcc(), w, x});
    rewriter.replaceOp(dot, call);
  }

  x86_64::DotInstructions has;
};

} // namespace

std::unique_ptr<Pass> gemmac::x86_64::createLowerDot(DotInstructions instructions) {
  return std::make_unique<LowerDot>(instructions);
}
