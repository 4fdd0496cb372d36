// Products of unsigned and signed bytes, four to a lane.
//
//   vpdpbusd             does it in one instruction.
//   vpmaddubsw           adds two products in 16 bits and saturates: right only while 2 * max_code * 127 < 2^15, that
//                        is for codes up to 129. Sums of several products still fit 16 bits when codes are small (eight
//                        of 4-bit codes, two of 6-bit ones): so many products of a chain are added there before
//                        vpmaddwd with ones adds the pairs to the 32-bit sum.
//   vpsignb              for signed codes: |weight| times the input with the weight's sign.
//   vpshufb              is kernel.lookup.
//   vpmaddwd alone       for larger codes: even and odd bytes widened to 16 bits, two exact sums of two. Every x86-64
//                        has it.
#include "targets/x86_64/LowerDot.h"

#include "passes/lower/Passes.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace gemmac;

namespace {

/// The sum of a chain of dots so far: acc + the pairs of `shorts`, whose magnitudes are at most `bound`.
struct Chain {
  Value acc, shorts;
  int64_t bound = 0;
};

class DotLowering {
public:
  DotLowering(IRRewriter &b, const x86_64::DotInstructions &has) : b(b), has(has) {}

  void run(ModuleOp module) {
    SmallVector<kernel::DotOp> dots;
    module.walk([&](kernel::DotOp dot) { dots.push_back(dot); });
    for (kernel::DotOp dot : dots)
      lower(dot);
    for (kernel::DotOp dot : llvm::reverse(linked)) // the users of each are gone by now
      b.eraseOp(dot);
  }

private:
  void lower(kernel::DotOp dot);
  Chain append(kernel::DotOp dot);
  Value pairs(kernel::DotOp dot);
  Value flush(const Chain &chain);
  Value whole(kernel::DotOp dot, Value acc);

  /// The most that a sum of two products can be.
  static int64_t pairBound(kernel::DotOp dot) { return 2 * dot.getMaxCode() * 127; }
  static constexpr int64_t kShortMax = 32767;
  bool fitsPairs(kernel::DotOp dot) const {
    return has.maddubs && pairBound(dot) <= kShortMax && !(dot.getSignedWeights() && bitsOf(dot) == 512);
  }
  bool isOneInstruction(kernel::DotOp dot) const { return bitsOf(dot) == has.vnniBits && !dot.getSignedWeights(); }
  static int64_t bitsOf(kernel::DotOp dot) { return cast<VectorType>(dot.getType()).getNumElements() * 32; }
  VectorType shortsOf(kernel::DotOp dot) { return VectorType::get({bitsOf(dot) / 16}, b.getI16Type()); }
  Value call(StringRef name, Type type, ValueRange operands) {
    return LLVM::CallIntrinsicOp::create(b, loc, type, b.getStringAttr(name), operands).getResults();
  }
  /// Sums of two 16-bit products.
  Value madd(Value a, Value c) {
    int64_t words = cast<VectorType>(a.getType()).getNumElements() / 2;
    StringRef name = words == 16  ? "llvm.x86.avx512.pmaddw.d.512"
                     : words == 8 ? "llvm.x86.avx2.pmadd.wd"
                                  : "llvm.x86.sse2.pmadd.wd";
    return call(name, VectorType::get({words}, b.getI32Type()), {a, c});
  }

  IRRewriter &b;
  const x86_64::DotInstructions &has;
  Location loc = b.getUnknownLoc();
  DenseMap<Value, Chain> open;       ///< by the result of the dot that the next one of the chain takes
  SmallVector<kernel::DotOp> linked; ///< dots whose result only the chain had
};

/// Sums of two products in 16 bits.
Value DotLowering::pairs(kernel::DotOp dot) {
  Value weights = dot.getWeights(), inputs = dot.getInputs();
  if (dot.getSignedWeights()) {
    inputs = call("llvm.x86.avx2.psign.b", inputs.getType(), {inputs, weights});
    weights = math::AbsIOp::create(b, loc, weights); // -128 becomes 128, unsigned
  }
  return call(bitsOf(dot) == 512 ? "llvm.x86.avx512.pmaddubs.w.512" : "llvm.x86.avx2.pmadd.ub.sw", shortsOf(dot),
              {weights, inputs});
}

Value DotLowering::flush(const Chain &chain) {
  auto type = cast<VectorType>(chain.shorts.getType());
  Value ones = arith::ConstantOp::create(b, loc, DenseElementsAttr::get(type, b.getI16IntegerAttr(1)));
  return arith::AddIOp::create(b, loc, chain.acc, madd(chain.shorts, ones));
}

/// The chain with one more dot. What does not fit 16 bits any more is added in 32 bits first.
Chain DotLowering::append(kernel::DotOp dot) {
  Value term = pairs(dot);
  int64_t bound = pairBound(dot);
  auto found = open.find(dot.getAcc());
  if (found == open.end())
    return {dot.getAcc(), term, bound};
  Chain before = found->second;
  open.erase(found);
  if (before.bound + bound > kShortMax)
    return {flush(before), term, bound};
  return {before.acc, arith::AddIOp::create(b, loc, before.shorts, term), before.bound + bound};
}

/// A dot that is summed in 32 bits at once.
Value DotLowering::whole(kernel::DotOp dot, Value acc) {
  if (isOneInstruction(dot))
    return call(bitsOf(dot) == 512 ? "llvm.x86.avx512.vpdpbusd.512" : "llvm.x86.avx512.vpdpbusd.256", acc.getType(),
                {acc, dot.getWeights(), dot.getInputs()});
  auto [wEven, wOdd] = lower::evenOdd(b, loc, dot.getWeights(), dot.getSignedWeights());
  auto [xEven, xOdd] = lower::evenOdd(b, loc, dot.getInputs(), true);
  Value sum = arith::AddIOp::create(b, loc, madd(wEven, xEven), madd(wOdd, xOdd));
  return arith::AddIOp::create(b, loc, acc, sum);
}

void DotLowering::lower(kernel::DotOp dot) {
  b.setInsertionPoint(dot);
  loc = dot.getLoc();
  if (isOneInstruction(dot) || !fitsPairs(dot))
    return b.replaceOp(dot, whole(dot, dot.getAcc()));
  Chain chain = append(dot);
  auto next = dot->hasOneUse() ? dyn_cast<kernel::DotOp>(*dot->user_begin()) : kernel::DotOp();
  if (!next || next.getAcc() != dot.getResult() || next->getBlock() != dot->getBlock() || !fitsPairs(next))
    return b.replaceOp(dot, flush(chain));
  open[dot.getResult()] = chain;
  linked.push_back(dot);
}

struct LowerDot : PassWrapper<LowerDot, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(LowerDot)
  explicit LowerDot(x86_64::DotInstructions has) : has(has) {}

  StringRef getArgument() const override { return "x86-64-lower-dot"; }
  StringRef getDescription() const override { return "kernel.dot and kernel.lookup in x86-64's byte instructions"; }
  void getDependentDialects(DialectRegistry &registry) const override {
    registry.insert<arith::ArithDialect, math::MathDialect, vector::VectorDialect, LLVM::LLVMDialect>();
  }
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    DotLowering(rewriter, has).run(getOperation());
    if (has.maddubs)
      getOperation().walk([&](kernel::LookupOp lookup) { lowerLookup(rewriter, lookup); });
    if (has.bf16)
      getOperation().walk([&](kernel::PairDotOp dot) { lowerPair(rewriter, dot); });
  }

  /// vpshufb takes the numbers of each 128 bits from the same 128 bits of its table.
  static void lowerLookup(IRRewriter &b, kernel::LookupOp lookup) {
    auto bytes = cast<VectorType>(lookup.getType());
    int64_t count = bytes.getNumElements();
    StringRef name = count == 64   ? "llvm.x86.avx512.pshuf.b.512"
                     : count == 32 ? "llvm.x86.avx2.pshuf.b"
                     : count == 16 ? "llvm.x86.ssse3.pshuf.b.128"
                                   : "";
    if (name.empty())
      return; // for the arithmetic that every machine has
    b.setInsertionPoint(lookup);
    SmallVector<int8_t> table;
    for (int64_t i = 0; i < count; ++i)
      table.push_back(lookup.getTable()[i % 16]);
    Value numbers = arith::ConstantOp::create(b, lookup.getLoc(), DenseElementsAttr::get(bytes, ArrayRef(table)));
    b.replaceOp(lookup, LLVM::CallIntrinsicOp::create(b, lookup.getLoc(), bytes, b.getStringAttr(name),
                                                      ValueRange{numbers, lookup.getCodes()}));
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
