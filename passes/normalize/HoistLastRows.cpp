// Only the last row of a prompt meets the head, and layers without keys and values of their own serve only that row.
// Must come after ExpandRoute and FoldScales, so that it sees the final operations.
#include "passes/normalize/Passes.h"

#include "dialects/gemma/Gemma.h"

#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/Remarks.h"

#define DEBUG_TYPE "gemma-hoist-last-rows"

namespace gemmac::normalize {
#define GEN_PASS_DEF_HOISTLASTROWS
#include "passes/normalize/Passes.h.inc"
} // namespace gemmac::normalize

using namespace mlir;
using namespace gemmac;
using namespace gemmac::gemma;

namespace {

/// Taps show the last rows of whatever they are given: they neither hinder nor cause anything.
bool onlyOneLastRowsUses(Value value) {
  return llvm::all_of(value.getUsers(), llvm::IsaPred<LastRowsOp, TapOp>) &&
         llvm::count_if(value.getUsers(), llvm::IsaPred<LastRowsOp>) == 1;
}

/// Operands that have to be cut to the last rows when the operation's result is.
SmallVector<OpOperand *> rowOperands(Operation *op) {
  if (auto attention = dyn_cast<AttentionOp>(op))
    return {&attention.getQueryMutable()};
  SmallVector<OpOperand *> operands;
  for (OpOperand &operand : op->getOpOperands())
    if (!operand.get().getDefiningOp<WeightOp>())
      operands.push_back(&operand);
  return operands;
}

bool canHoistThrough(Operation *op) {
  return op && !isa<EmbedOp, LastRowsOp, WeightOp>(op) &&
         (op->hasTrait<RowWise>() || isa<ProjectOp, AttentionOp, ExpertsOp>(op));
}

/// `last(f(a, b))` becomes `f(last(a), last(b))`; one last_rows for each value, however many use it.
void hoist(IRRewriter &rewriter, LastRowsOp last, Operation *producer, DenseMap<Value, LastRowsOp> &cut) {
  IRMapping mapping;
  for (OpOperand *operand : rowOperands(producer)) {
    Value value = operand->get();
    LastRowsOp &known = cut[value];
    OpBuilder::InsertionGuard guard(rewriter);
    rewriter.setInsertionPointAfterValue(value);
    if (!known)
      known = LastRowsOp::create(rewriter, last.getLoc(), withRows(value.getType(), Rows::Last), value);
    else if (producer->isBeforeInBlock(known)) // made for another user, further down
      rewriter.moveOpBefore(known, rewriter.getInsertionBlock(), rewriter.getInsertionPoint());
    mapping.map(value, known.getResult());
  }
  rewriter.setInsertionPoint(producer);
  Operation *clone = producer->clone();
  rewriter.insert(clone);
  for (auto [before, after] : llvm::zip(rowOperands(producer), rowOperands(clone)))
    after->set(mapping.lookup(before->get()));
  clone->getResult(0).setType(withRows(producer->getResult(0).getType(), Rows::Last));
  cut.erase(last.getInput());
  rewriter.replaceOp(last, clone->getResults());
  rewriter.replaceAllUsesWith(producer->getResults(), clone->getResults()); // taps
  rewriter.eraseOp(producer);
}

struct HoistLastRows : normalize::impl::HoistLastRowsBase<HoistLastRows> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    DenseMap<Value, LastRowsOp> cut;
    getOperation().walk([&](LastRowsOp op) { cut[op.getInput()] = op; });
    int64_t moved = 0;
    for (bool changed = true; changed;) {
      changed = false;
      // A copy: hoisting changes the map. The order of the map does not matter, the end result is the same.
      SmallVector<LastRowsOp> all;
      getOperation().walk([&](LastRowsOp op) { all.push_back(op); });
      for (LastRowsOp last : llvm::reverse(all)) {
        Operation *producer = last.getInput().getDefiningOp();
        if (!canHoistThrough(producer) || producer->getNumResults() != 1 ||
            !onlyOneLastRowsUses(producer->getResult(0)))
          continue;
        hoist(rewriter, last, producer, cut);
        ++moved;
        changed = true;
      }
    }
    remark::passed(getOperation().getLoc(), remark::RemarkOpts::name("last-rows").category(DEBUG_TYPE))
        << remark::metric("operations_on_last_rows", moved);
  }
};

} // namespace
