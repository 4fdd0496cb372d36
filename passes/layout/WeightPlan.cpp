// See WeightPlan.h.
#include "passes/layout/WeightPlan.h"

using namespace mlir;
using namespace gemmac;
using namespace gemmac::layout;

kernel::WeightOp WeightPlan::declare(gemma::WeightOp weight, kernel::Layout layout, int64_t members, int64_t rows,
                                     int64_t columns) {
  OpBuilder::InsertionGuard guard(b);
  if (last)
    b.setInsertionPointAfter(last);
  else
    b.setInsertionPointToStart(declarations);
  auto type = kernel::WeightType::get(b.getContext(), *weight.getFormat(), layout, members, rows, columns);
  auto op = kernel::WeightOp::create(b, weight.getLoc(), type, weight.getNameAttr(), weight.getIndexAttr(),
                                     b.getI64IntegerAttr(nextOffset));
  last = op;
  nextOffset += kernel::ceilDiv(kernel::totalBytes(type), kernel::kWeightAlignBytes) * kernel::kWeightAlignBytes;
  placed[weight] = op;
  account(weight, op);
  return op;
}

/// A projection reads all of its weight, an embedding one row, a choice of k experts k of them.
void WeightPlan::account(gemma::WeightOp weight, kernel::WeightOp place) {
  kernel::WeightType type = place.getType();
  auto compute = [&](Operation *user, int64_t members) {
    int64_t made = 2 * members * type.getRows() * type.getColumns();
    operations += made;
    if (gemma::rowsOf(user->getResult(0).getType()) == gemma::Rows::All)
      allRowOperations += made;
  };
  for (Operation *user : weight->getUsers()) {
    if (auto experts = dyn_cast<gemma::ExpertsOp>(user)) {
      gemma::RoutingType routing = experts.getRouting().getType();
      int64_t members = routing.getTopK() * (type.getMembers() / routing.getExperts());
      readBytes += members * kernel::memberBytes(type);
      compute(user, members);
    } else if (isa<gemma::EmbedOp, gemma::EmbedPositionsOp>(user)) {
      readBytes += kernel::memberBytes(type) / std::max<int64_t>(type.getRows(), 1);
    } else {
      readBytes += kernel::totalBytes(type);
      if (isa<gemma::ProjectOp>(user))
        compute(user, 1);
    }
  }
}

kernel::WeightOp WeightPlan::place(gemma::WeightOp weight) {
  if (auto known = placed.lookup(weight))
    return known;
  ArrayRef<int64_t> shape = cast<RankedTensorType>(weight.getType()).getShape();
  if (shape.size() == 1)
    return declare(weight, kernel::Layout::Vector, 1, 1, shape[0]);
  bool gathered = llvm::all_of(weight->getUsers(), llvm::IsaPred<gemma::EmbedOp, gemma::EmbedPositionsOp>);
  return declare(weight, gathered ? kernel::Layout::Rows : kernel::Layout::Panel, 1, shape[0], shape[1]);
}

kernel::WeightOp WeightPlan::placeStack(gemma::WeightOp weight, int64_t parts) {
  if (auto known = placed.lookup(weight))
    return known;
  ArrayRef<int64_t> shape = cast<RankedTensorType>(weight.getType()).getShape();
  return declare(weight, kernel::Layout::Panel, shape[0] * parts, shape[1] / parts, shape[2]);
}
