// See Contract.h.
#include "dialects/gemma/Contract.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace gemmac::gemma;

namespace {

/// The operands of an operation that must be weights.
SmallVector<Value> weightsOf(Operation *op) {
  SmallVector<Value> weights;
  TypeSwitch<Operation *>(op)
      .Case([&](EmbedOp e) { weights = {e.getTable()}; })
      .Case([&](RmsNormOp n) { weights = {n.getWeight()}; })
      .Case([&](ProjectOp p) { weights = {p.getWeight()}; })
      .Case([&](ScaleByOp s) { weights = {s.getWeight()}; })
      .Case([&](RouteOp r) { weights = {r.getWeight(), r.getPerExpert(), r.getNoiseWeight()}; })
      .Case([&](TopKOp t) { weights = {t.getPerExpert()}; })
      .Case([&](ExpertsOp e) { weights = {e.getGateUp(), e.getDown()}; });
  llvm::erase(weights, Value());
  return weights;
}

/// Reports the first thing that does not hold.
class Check {
public:
  Check(func::FuncOp function, StringRef stage) : function(function), stage(stage) {}
  LogicalResult flat();
  LogicalResult phases();

private:
  LogicalResult fail(Operation *op, const Twine &why) { return op->emitError() << "after " << stage << ": " << why; }
  LogicalResult body();
  LogicalResult weights(Operation *op);
  LogicalResult phase(PhaseOp phase);
  LogicalResult member(PhaseOp phase, Operation *op, Rows rows);
  LogicalResult projectMember(PhaseOp phase, Operation *op);
  LogicalResult sharedCache(Value value);

  func::FuncOp function;
  StringRef stage;
  llvm::SmallPtrSet<Operation *, 16> projected; ///< of the phase at hand: what depends on one of its projections
};

LogicalResult Check::body() {
  if (!function.getBody().hasOneBlock())
    return fail(function, "the function needs a body of one block");
  auto ret = dyn_cast<func::ReturnOp>(function.getBody().front().getTerminator());
  auto logits =
      ret && ret.getNumOperands() == 1 ? dyn_cast<RankedTensorType>(ret.getOperand(0).getType()) : RankedTensorType();
  if (!logits || logits.getRank() != 2 || !logits.isDynamicDim(0) || !logits.getElementType().isF32() ||
      ret.getOperand(0).getDefiningOp<WeightOp>())
    return fail(ret ? ret : function, "the function should return one value of rows, the logits");
  return success();
}

LogicalResult Check::weights(Operation *op) {
  for (Value weight : weightsOf(op))
    if (!weight.getDefiningOp<WeightOp>())
      return fail(op, "the weight of " + op->getName().getStringRef() + " should be a gemma.weight");
  return success();
}

LogicalResult Check::flat() {
  if (!function.getBody().hasOneBlock())
    return body();
  for (Operation &op : function.getBody().front()) {
    if (isa<func::ReturnOp>(op))
      continue;
    if (!isa<GemmaDialect>(op.getDialect()) || isa<PhaseOp, YieldOp, PackOp>(op))
      return fail(&op, op.getName().getStringRef() + " should not stand in the function itself");
    auto project = dyn_cast<ProjectOp>(op);
    if (project && !isa<RankedTensorType>(project.getInput().getType()))
      return fail(&op, "a projection should not read packed rows yet");
    if (failed(weights(&op)))
      return failure();
  }
  return body();
}

/// The keys or values of several attentions are one cache.
LogicalResult Check::sharedCache(Value value) {
  AttentionOp first;
  for (OpOperand &use : value.getUses()) {
    auto attention = dyn_cast<AttentionOp>(use.getOwner());
    if (!attention || use.getOperandNumber() == 0)
      continue;
    if (first && (first.getKvHeads() != attention.getKvHeads() || first.getHeadDim() != attention.getHeadDim()))
      return fail(attention, "attentions that read the same keys or values should see the same heads in them");
    first = attention;
  }
  return success();
}

/// In a phase of projections: element by element on what a projection of the phase gives.
LogicalResult Check::projectMember(PhaseOp phase, Operation *op) {
  Block *body = &phase.getBody().front();
  auto inside = [&](Value value) { return value.getParentBlock() == body; };
  if (isa<ProjectOp>(op)) {
    projected.insert(op);
    return inside(op->getOperand(0)) ? fail(op, "a projection should read what another phase yields") : success();
  }
  if (isa<SliceOp>(op))
    return inside(op->getOperand(0)) ? fail(op, "a slice should be of what another phase yields") : success();
  bool depends =
      llvm::any_of(op->getOperands(), [&](Value operand) { return projected.contains(operand.getDefiningOp()); });
  if (!depends)
    return fail(op, op->getName().getStringRef() + " should read a result of this phase's projections");
  projected.insert(op);
  return success();
}

LogicalResult Check::member(PhaseOp phase, Operation *op, Rows rows) {
  Block *body = &phase.getBody().front();
  if (failed(weights(op)))
    return failure();
  if (op->getNumResults() == 1 && rowsOf(op->getResult(0).getType()) != rows)
    return fail(op, "all of a phase should hold the same rows");
  for (OpOperand &operand : op->getOpOperands()) {
    Value value = operand.get();
    Operation *from = value.getDefiningOp();
    bool fromPhase = isa_and_nonnull<PhaseOp>(from), ids = isa<EmbedOp>(op) && isa<BlockArgument>(value);
    bool argument = isa<BlockArgument>(value) && isa<RankedTensorType>(value.getType());
    bool inside = value.getParentBlock() == body && !isa<AttentionOp, ExpertsOp, TapOp>(op);
    bool packed = isa<PackedType>(value.getType()) && !isa<ProjectOp>(op);
    if (packed || !(fromPhase || inside || ids || argument || isa_and_nonnull<WeightOp>(from)))
      return fail(op, "operand " + Twine(operand.getOperandNumber()) + " should be what a phase yields");
  }
  if (auto last = dyn_cast<LastRowsOp>(op);
      last && (last.getInput().getParentBlock() == body || isa<RoutingType>(last.getType())))
    return fail(op, "last_rows should cut rows that another phase yields");
  if (isa<TopKOp, PackOp>(op) && !llvm::is_contained(body->back().getOperands(), op->getResult(0)))
    return fail(op, "what " + op->getName().getStringRef() + " gives should leave its phase");
  if (phase.getKind() == PhaseKind::Project)
    return projectMember(phase, op);
  return success();
}

LogicalResult Check::phase(PhaseOp phase) {
  Block &block = phase.getBody().front();
  size_t operations = llvm::range_size(llvm::drop_end(block));
  if (operations == 0)
    return fail(phase, "a phase should hold an operation");
  if ((phase.getKind() == PhaseKind::Experts || phase.getKind() == PhaseKind::Tap) &&
      (operations != 1 || phase.getNumResults() != block.front().getNumResults()))
    return fail(phase, "a phase of kind " + stringifyPhaseKind(phase.getKind()) +
                           " should hold one operation and yield its result");
  if (phase.getKind() == PhaseKind::Attention &&
      (!isa<AttentionOp>(block.front()) || llvm::range_size(block.getOps<AttentionOp>()) != 1))
    return fail(phase, "a phase of kind attention should begin with its one attention");
  for (Value value : block.back().getOperands())
    if (value.getParentBlock() != &block)
      return fail(phase, "a phase should yield what it computes");
  projected.clear();
  Operation *first = &block.front();
  Rows rows = first->getNumResults() ? rowsOf(first->getResult(0).getType()) : Rows::All;
  for (Operation &op : llvm::drop_end(block))
    if (failed(member(phase, &op, rows)))
      return failure();
  for (Value value : block.back().getOperands())
    if (auto pack = value.getDefiningOp<PackOp>();
        pack && phase.getKind() != PhaseKind::Rows && pack.getInput().getParentBlock() != &block)
      return fail(pack, "a pack should be of what its phase computes");
  for (Value result : phase.getResults())
    if (failed(sharedCache(result)))
      return failure();
  return success();
}

LogicalResult Check::phases() {
  if (!function.getBody().hasOneBlock())
    return body();
  for (Operation &op : function.getBody().front()) {
    if (!isa<WeightOp, PhaseOp, func::ReturnOp>(op))
      return fail(&op, op.getName().getStringRef() + " should stand in a phase");
    if (auto inner = dyn_cast<PhaseOp>(op); inner && failed(phase(inner)))
      return failure();
  }
  return body();
}

} // namespace

LogicalResult gemmac::gemma::checkFlat(func::FuncOp function, StringRef stage) {
  return Check(function, stage).flat();
}

LogicalResult gemmac::gemma::checkPhases(func::FuncOp function, StringRef stage) {
  return Check(function, stage).phases();
}
