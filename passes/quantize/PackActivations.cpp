// Where a value that feeds a projection is laid out for it: in the phase that computes it, while it is still in the
// cache.
#include "passes/quantize/Passes.h"

#include "dialects/gemma/Gemma.h"

#include "mlir/IR/PatternMatch.h"

namespace gemmac::quantize {
#define GEN_PASS_DEF_PACKACTIVATIONS
#include "passes/quantize/Passes.h.inc"
} // namespace gemmac::quantize

using namespace mlir;
using namespace gemmac;
using namespace gemmac::gemma;

namespace {

/// The same phase with other results: `keep` of the present ones, then `added` values of its body.
PhaseOp rebuild(IRRewriter &rewriter, PhaseOp phase, ArrayRef<unsigned> keep, ArrayRef<Value> added) {
  auto yield = cast<YieldOp>(phase.getBody().front().back());
  SmallVector<Value> yielded;
  for (unsigned index : keep)
    yielded.push_back(yield.getOperand(index));
  llvm::append_range(yielded, added);
  rewriter.setInsertionPoint(phase);
  auto fresh = PhaseOp::create(rewriter, phase.getLoc(), TypeRange(ValueRange(yielded)), phase.getKind());
  fresh.getBody().takeBody(phase.getBody());
  rewriter.modifyOpInPlace(yield, [&] { yield.getValuesMutable().assign(yielded); });
  for (auto [position, index] : llvm::enumerate(keep))
    rewriter.replaceAllUsesWith(phase.getResult(index), fresh.getResult(position));
  rewriter.eraseOp(phase);
  return fresh;
}

/// Attention hands its result over head by head: groups of 32 columns must not cross heads.
bool canPackInside(PhaseOp phase, Value inner) {
  if (phase.getKind() == PhaseKind::Experts)
    return false;
  if (auto attention = inner.getDefiningOp<AttentionOp>())
    return attention.getHeadDim() % kernel::kGroupColumns == 0;
  return true;
}

class Packer {
public:
  explicit Packer(MLIRContext *context) : rewriter(context) {}

  void run(func::FuncOp function) {
    SmallVector<ProjectOp> projections;
    function.walk([&](ProjectOp op) { projections.push_back(op); });
    for (ProjectOp op : projections)
      pack(op);
    SmallVector<PhaseOp> phases(function.getBody().getOps<PhaseOp>());
    for (PhaseOp phase : phases)
      dropUnused(phase);
  }

private:
  void pack(ProjectOp op) {
    kernel::Packing kind = packedKind(op.getWeight().getDefiningOp<WeightOp>());
    Value input = op.getInput();
    // The value may be known by another name by now: phases are rebuilt. So look for a pack next to its definition.
    auto phase = input.getDefiningOp<PhaseOp>();
    if (!phase) { // an argument; anything else breaks the contract of fuse, and the verifier after this says so
      if (auto argument = dyn_cast<BlockArgument>(input))
        packArgument(op, argument, kind);
      return;
    }
    unsigned index = cast<OpResult>(input).getResultNumber();
    Value inner = phase.getBody().front().back().getOperand(index);
    Value packed = find(phase, inner, input, kind);
    if (!packed)
      packed = canPackInside(phase, inner) ? packInside(phase, inner, kind) : packAfter(phase, input, kind);
    rewriter.modifyOpInPlace(op, [&] { op.getInputMutable().assign(packed); });
  }

  Value find(PhaseOp phase, Value inner, Value outer, kernel::Packing kind) {
    Operation *yield = &phase.getBody().front().back();
    for (auto [position, value] : llvm::enumerate(yield->getOperands()))
      if (auto pack = value.getDefiningOp<PackOp>();
          pack && pack.getInput() == inner && pack.getType().getKind() == kind)
        return phase.getResult(position);
    return findAfter(outer, kind);
  }

  /// What packAfter made of this value before.
  Value findAfter(Value value, kernel::Packing kind) {
    for (Operation *user : value.getUsers())
      if (auto pack = dyn_cast<PackOp>(user); pack && pack.getType().getKind() == kind)
        return cast<PhaseOp>(pack->getParentOp()).getResult(0);
    return {};
  }

  void packArgument(ProjectOp op, BlockArgument argument, kernel::Packing kind) {
    Value packed = findAfter(argument, kind);
    if (!packed) {
      rewriter.setInsertionPointToStart(argument.getOwner());
      packed = packInPhase(argument, kind);
    }
    rewriter.modifyOpInPlace(op, [&] { op.getInputMutable().assign(packed); });
  }

  Value makePack(Location loc, Value value, kernel::Packing kind) {
    auto type = PackedType::get(value.getContext(), columnsOf(value.getType()), kind, rowsOf(value.getType()));
    return PackOp::create(rewriter, loc, type, value);
  }

  Value packInside(PhaseOp phase, Value inner, kernel::Packing kind) {
    rewriter.setInsertionPoint(&phase.getBody().front().back());
    Value packed = makePack(inner.getLoc(), inner, kind);
    SmallVector<unsigned> keep = llvm::to_vector(llvm::seq<unsigned>(0, phase.getNumResults()));
    return rebuild(rewriter, phase, keep, packed).getResults().back();
  }

  Value packAfter(PhaseOp phase, Value value, kernel::Packing kind) {
    rewriter.setInsertionPointAfter(phase);
    return packInPhase(value, kind);
  }

  /// A phase of its own at the insertion point.
  Value packInPhase(Value value, kernel::Packing kind) {
    OpBuilder::InsertionGuard guard(rewriter);
    Type type = PackedType::get(value.getContext(), columnsOf(value.getType()), kind, rowsOf(value.getType()));
    auto fresh = PhaseOp::create(rewriter, value.getLoc(), TypeRange(type), PhaseKind::Rows);
    rewriter.createBlock(&fresh.getBody());
    Value packed = makePack(value.getLoc(), value, kind);
    YieldOp::create(rewriter, value.getLoc(), packed);
    return fresh.getResult(0);
  }

  void dropUnused(PhaseOp phase) {
    SmallVector<unsigned> keep;
    for (OpResult result : phase.getResults())
      if (!result.use_empty())
        keep.push_back(result.getResultNumber());
    if (keep.size() != phase.getNumResults())
      rebuild(rewriter, phase, keep, {});
  }

  IRRewriter rewriter;
};

struct PackActivations : quantize::impl::PackActivationsBase<PackActivations> {
  void runOnOperation() override { Packer(&getContext()).run(getOperation()); }
};

} // namespace
