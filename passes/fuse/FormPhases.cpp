// Phases are what a barrier costs for: the fewer, the better. A single sweep in program order gives every operation the
// earliest phase it can have; nothing is undone, so the result is easy to predict from the rules in Passes.td.
#include "passes/fuse/Passes.h"

#include "dialects/gemma/Gemma.h"

#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/Remarks.h"

#define DEBUG_TYPE "gemma-form-phases"

namespace gemmac::fuse {
#define GEN_PASS_DEF_FORMPHASES
#include "passes/fuse/Passes.h.inc"
} // namespace gemmac::fuse

using namespace mlir;
using namespace gemmac;
using namespace gemmac::gemma;

namespace {

/// Whether a slice is only read where a row's columns can be found at an offset. Projections, attention, experts and
/// last_rows read whole buffers: for them a slice is copied, as an operation of a phase like any other.
bool isView(SliceOp slice) {
  return llvm::all_of(slice->getUsers(), [](Operation *user) { return user->hasTrait<ReadsViews>(); });
}

/// The slice that a value is, if it is a view.
SliceOp viewOf(Value value) {
  auto slice = value.getDefiningOp<SliceOp>();
  return slice && isView(slice) ? slice : SliceOp();
}

struct Phase {
  PhaseKind kind;
  Rows rows;
  SmallVector<Operation *> ops;
};

class PhaseBuilder {
public:
  explicit PhaseBuilder(Block &block) : block(block) {}

  void assign();
  /// Moves every operation into the phase it was assigned to.
  void build(IRRewriter &rewriter);
  ArrayRef<Phase> all() const { return phases; }

private:
  /// The phase that defines a value, seen through views; -1 for arguments and weights.
  int phaseOf(Value value) const {
    if (SliceOp view = viewOf(value))
      return phaseOf(view.getInput());
    auto found = assigned.find(value.getDefiningOp());
    return found == assigned.end() ? -1 : found->second;
  }
  int latestOperand(Operation *op) const {
    int latest = -1;
    for (Value operand : op->getOperands())
      latest = std::max(latest, phaseOf(operand));
    return latest;
  }
  bool joinsProjection(Operation *op, int phase) const;
  int place(Operation *op);
  int append(PhaseKind kind, Rows rows) {
    phases.push_back({kind, rows, {}});
    return phases.size() - 1;
  }
  int firstFrom(int from, PhaseKind kind, Rows rows) {
    for (int p = std::max(from, 0), e = phases.size(); p < e; ++p)
      if (phases[p].kind == kind && phases[p].rows == rows)
        return p;
    return append(kind, rows);
  }

  Block &block;
  SmallVector<Phase> phases;
  DenseMap<Operation *, int> assigned;
};

/// Element by element on a projection's result: then it can be done while the result is still in the cache. Operands
/// from other phases must be earlier; a view of a result of the same phase would need other columns.
bool PhaseBuilder::joinsProjection(Operation *op, int phase) const {
  if (phase < 0 || phases[phase].kind != PhaseKind::Project || !op->hasTrait<Elementwise>())
    return false;
  return llvm::none_of(op->getOperands(), [&](Value operand) { return viewOf(operand) && phaseOf(operand) == phase; });
}

int PhaseBuilder::place(Operation *op) {
  int latest = latestOperand(op);
  if (auto tap = dyn_cast<TapOp>(op))
    return append(PhaseKind::Tap, rowsOf(tap.getInput().getType()));
  Rows rows = rowsOf(op->getResult(0).getType());
  if (joinsProjection(op, latest) && phases[latest].rows == rows)
    return latest;
  if (isa<ProjectOp>(op))
    return firstFrom(latest + 1, PhaseKind::Project, rows);
  if (isa<AttentionOp>(op))
    return append(PhaseKind::Attention, rows);
  if (isa<ExpertsOp>(op))
    return append(PhaseKind::Experts, rows);
  bool same = latest >= 0 && phases[latest].kind == PhaseKind::Rows && phases[latest].rows == rows;
  return firstFrom(same ? latest : latest + 1, PhaseKind::Rows, rows);
}

void PhaseBuilder::assign() {
  for (Operation &op : block) {
    auto slice = dyn_cast<SliceOp>(op);
    if (isa<WeightOp>(op) || (slice && isView(slice)) || op.hasTrait<OpTrait::IsTerminator>())
      continue;
    int phase = place(&op);
    phases[phase].ops.push_back(&op);
    assigned[&op] = phase;
  }
}

void PhaseBuilder::build(IRRewriter &rewriter) {
  Operation *terminator = block.getTerminator();
  for (Phase &phase : phases) {
    llvm::SmallPtrSet<Operation *, 16> members(phase.ops.begin(), phase.ops.end());
    // A view used here becomes an operation of this phase.
    for (Operation *op : phase.ops)
      for (OpOperand &operand : op->getOpOperands())
        if (SliceOp view = viewOf(operand.get()); view && !members.contains(view)) {
          rewriter.setInsertionPoint(op);
          operand.set(rewriter.clone(*view)->getResult(0));
          members.insert(operand.get().getDefiningOp());
        }
    SmallVector<Operation *> ordered; // program order, clones included
    for (Operation &op : block)
      if (members.contains(&op))
        ordered.push_back(&op);
    SmallVector<Value> results;
    for (Operation *op : ordered)
      if (llvm::any_of(op->getUsers(), [&](Operation *user) { return !members.contains(user); }))
        results.push_back(op->getResult(0));
    rewriter.setInsertionPoint(terminator);
    auto phaseOp = PhaseOp::create(rewriter, ordered.front()->getLoc(), TypeRange(ValueRange(results)), phase.kind);
    Block *body = rewriter.createBlock(&phaseOp.getBody());
    for (Operation *op : ordered)
      op->moveBefore(body, body->end());
    for (auto [inside, outside] : llvm::zip(results, phaseOp.getOutputs()))
      rewriter.replaceUsesWithIf(inside, outside, [&](OpOperand &use) { return use.getOwner()->getBlock() != body; });
    rewriter.setInsertionPointToEnd(body);
    YieldOp::create(rewriter, phaseOp.getLoc(), results);
  }
}

struct FormPhases : fuse::impl::FormPhasesBase<FormPhases> {
  void runOnOperation() override {
    PhaseBuilder builder(getOperation().getBody().front());
    builder.assign();
    for (const Phase &phase : builder.all())
      remark::passed(phase.ops.front()->getLoc(), remark::RemarkOpts::name("phase").category(DEBUG_TYPE))
          << remark::reason("{0} phase of {1} operations", stringifyPhaseKind(phase.kind), phase.ops.size());
    IRRewriter rewriter(&getContext());
    builder.build(rewriter);
    // Views whose users took copies.
    getOperation().walk([](SliceOp slice) {
      if (slice->use_empty())
        slice->erase();
    });
  }
};

} // namespace
