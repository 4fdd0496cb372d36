// See Contract.h.
#include "dialects/kernel/Contract.h"

#include "dialects/gemma/Gemma.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace gemmac;
using namespace gemmac::kernel;

namespace {

constexpr int64_t kMostRows = int64_t(1) << 20;  ///< of a step
constexpr int64_t kMostBytes = int64_t(1) << 44; ///< of a buffer

LogicalResult fail(Operation *op, const Twine &why) {
  return op->emitError() << "after layout: " << why;
}

bool isIds(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && tensor.getRank() == 1 && tensor.isDynamicDim(0) && tensor.getElementType().isInteger(32);
}

/// Whether a value of this type inside of a phase can stand for, or go to, a place of that type.
bool fits(Type inner, Type place) {
  auto buffer = dyn_cast<BufferType>(place);
  if (auto packed = dyn_cast<gemma::PackedType>(inner))
    return buffer && buffer.getKind() == bufferKind(packed.getKind()) && buffer.getWidth() == packed.getWidth() &&
           buffer.getRows() == bufferRows(packed.getRows());
  if (auto routing = dyn_cast<gemma::RoutingType>(inner))
    return buffer && buffer.getKind() == BufferKind::Routing && buffer.getWidth() == routing.getTopK() &&
           buffer.getRows() == bufferRows(routing.getRows());
  auto tensor = dyn_cast<RankedTensorType>(inner);
  if (!tensor)
    return false;
  if (isIds(inner))
    return isIds(place);
  if (auto weight = dyn_cast<WeightType>(place))
    return tensor.hasStaticShape() && tensor.getRank() <= 2 && weight.getMembers() == 1 &&
           weight.getColumns() == tensor.getShape().back() &&
           weight.getRows() == (tensor.getRank() == 2 ? tensor.getShape()[0] : 1);
  if (tensor.getRank() != 2 || !tensor.isDynamicDim(0) || !tensor.getElementType().isF32())
    return false;
  if (auto cache = dyn_cast<CacheType>(place))
    return cache.getHeads() * cache.getHeadDim() == tensor.getShape()[1];
  return buffer && (buffer.getKind() == BufferKind::F32 || buffer.getKind() == BufferKind::Table) &&
         buffer.getWidth() == tensor.getShape()[1] && buffer.getRows() == bufferRows(gemma::rowsOf(inner));
}

/// The phases with a region of gemma operations.
template <class Phase> class PhaseCheck {
public:
  explicit PhaseCheck(Phase phase) : phase(phase), body(phase.getBody().front()) {}

  LogicalResult run() {
    for (auto [argument, place] : llvm::zip(body.getArguments(), phase.getIns()))
      if (!fits(argument.getType(), place.getType()))
        return phase.emitError() << "after layout: argument " << argument.getArgNumber() << " is " << argument.getType()
                                 << ", which does not fit " << place.getType();
    for (auto [value, place] : llvm::zip(body.back().getOperands(), phase.getOuts())) {
      bool writes = isa<BufferType>(place.getType()) || (isa<CacheType>(place.getType()) && isa<RowsOp>(phase));
      if (!writes || !fits(value.getType(), place.getType()))
        return phase.emitError() << "after layout: a value of " << value.getType() << " does not fit "
                                 << place.getType();
    }
    for (Operation &op : llvm::drop_end(body)) {
      if (gemma::rowsOf(op.getResult(0).getType()) != phase.getRows())
        return fail(&op, "all of a phase should hold its rows");
      if (failed(operation(&op)))
        return failure();
    }
    return success();
  }

private:
  /// Where an argument of the region lies; nothing for other values.
  Type place(Value value) {
    auto argument = dyn_cast<BlockArgument>(value);
    return argument ? phase.getIns()[argument.getArgNumber()].getType() : Type();
  }
  bool yielded(Value value) { return llvm::is_contained(body.back().getOperands(), value); }

  LogicalResult weight(Operation *op, Value value, std::initializer_list<Layout> layouts) {
    auto type = dyn_cast_or_null<WeightType>(place(value));
    for (Layout layout : layouts)
      if (type && type.getLayout() == layout)
        return success();
    return fail(op,
                op->getName().getStringRef() + " should read a weight in layout " + stringifyLayout(*layouts.begin()));
  }

  /// A value of rows that can be read at an offset: of this phase, or of a buffer.
  LogicalResult rows(Operation *op, Value value) {
    Type type = place(value);
    auto buffer = dyn_cast_or_null<BufferType>(type);
    if (isa<gemma::PackedType, gemma::RoutingType>(value.getType()) ||
        (type && !(buffer && buffer.getKind() == BufferKind::F32)))
      return fail(op, op->getName().getStringRef() + " should read rows of numbers");
    return success();
  }

  LogicalResult rope(gemma::RopeOp op) {
    int64_t index = op.getTable() ? static_cast<int64_t>(*op.getTable()) : -1;
    if (index < 0 || index >= int64_t(phase.getIns().size()))
      return fail(op, "a rotation needs 'table', the number of the input that has its angles");
    auto table = dyn_cast<BufferType>(phase.getIns()[index].getType());
    if (!table || table.getKind() != BufferKind::Table || table.getRows() != BufferRows::All ||
        table.getWidth() != 2 * static_cast<int64_t>(op.getPairs()))
      return fail(op, "input " + Twine(index) + " should be a table for " + Twine(op.getPairs()) + " pairs");
    return rows(op, op.getInput());
  }

  LogicalResult attention(gemma::AttentionOp op) {
    auto keys = dyn_cast_or_null<CacheType>(place(op.getKeys()));
    auto values = dyn_cast_or_null<CacheType>(place(op.getValues()));
    if (!place(op.getQuery()) || !keys || !values || keys.getKind() != CacheKind::Keys ||
        values.getKind() != CacheKind::Values)
      return fail(op, "attention should read queries from a buffer, keys and values from caches");
    if (keys.getHeads() != int64_t(op.getKvHeads()) || keys.getHeadDim() != int64_t(op.getHeadDim()) ||
        values.getHeads() != keys.getHeads() || values.getHeadDim() != keys.getHeadDim() ||
        values.getWindow() != keys.getWindow() || values.getPage() != keys.getPage() ||
        values.getTable() != keys.getTable())
      return fail(op, "its caches should have its heads, and lie in the same pages");
    return rows(op, op.getQuery());
  }

  LogicalResult project(gemma::ProjectOp op) {
    if (failed(weight(op, op.getWeight(), {Layout::Panel})))
      return failure();
    auto type = cast<WeightType>(place(op.getWeight()));
    auto input = dyn_cast_or_null<BufferType>(place(op.getInput()));
    BufferKind kind = bufferKind(packingOf(type.getFormat()));
    if (!input || input.getKind() != kind)
      return fail(op, "a projection with this weight should read a buffer of kind " + stringifyBufferKind(kind));
    return success();
  }

  LogicalResult operation(Operation *op) {
    if (isa<ProjectOp>(phase) && isa<gemma::SliceOp>(op) && !place(op->getOperand(0)))
      return fail(op, "a slice should be of what another phase wrote");
    return TypeSwitch<Operation *, LogicalResult>(op)
        .Case([&](gemma::EmbedOp e) {
          return isIds(e.getIds().getType()) ? weight(op, e.getTable(), {Layout::Rows, Layout::Panel}) : failure();
        })
        .Case([&](gemma::RmsNormOp n) {
          if (n.getWeight() && failed(weight(op, n.getWeight(), {Layout::Vector})))
            return failure();
          return rows(op, n.getInput());
        })
        .Case([&](gemma::ScaleByOp s) {
          return success(succeeded(weight(op, s.getWeight(), {Layout::Vector})) && succeeded(rows(op, s.getInput())));
        })
        .Case([&](gemma::TopKOp t) {
          if (!yielded(t.getResult()))
            return fail(op, "what it chooses should leave the phase");
          if (failed(weight(op, t.getPerExpert(), {Layout::Vector})) || failed(rows(op, t.getScores())))
            return failure();
          return t.getNoiseScores() ? rows(op, t.getNoiseScores()) : success();
        })
        .Case([&](gemma::LastRowsOp l) {
          return place(l.getInput()) ? rows(op, l.getInput()) : fail(op, "last_rows should read a buffer");
        })
        .Case([&](gemma::PackOp p) {
          bool here = isa<RowsOp>(phase) || !place(p.getInput());
          return here && yielded(p.getResult()) ? rows(op, p.getInput()) : fail(op, "a pack should leave its phase");
        })
        .Case([&](gemma::RopeOp r) { return rope(r); })
        .Case([&](gemma::AttentionOp a) { return attention(a); })
        .Case([&](gemma::ProjectOp p) { return project(p); })
        .Default([&](Operation *) {
          for (Value operand : op->getOperands())
            if (failed(rows(op, operand)))
              return failure();
          return success();
        });
  }

  Phase phase;
  Block &body;
};

/// The phase of a projection computes only what depends on one: anything else would have no panel to stand in.
LogicalResult checkProjected(ProjectOp phase) {
  llvm::SmallPtrSet<Operation *, 16> projected;
  for (Operation &op : llvm::drop_end(phase.getBody().front())) {
    if (isa<gemma::SliceOp>(op))
      continue;
    if (!isa<gemma::ProjectOp>(op) &&
        llvm::none_of(op.getOperands(), [&](Value operand) { return projected.contains(operand.getDefiningOp()); }))
      return fail(&op, op.getName().getStringRef() + " should read a result of this phase's projections");
    projected.insert(&op);
  }
  for (Value value : phase.getBody().front().back().getOperands())
    if (!projected.contains(value.getDefiningOp()))
      return fail(phase, "a phase should yield what it computes");
  return success();
}

/// The phases of experts: one number of experts, and buffers of these kinds (none: packed ones) that fit each other.
LogicalResult checkExperts(Operation *op, ArrayRef<std::pair<Value, std::optional<BufferKind>>> buffers) {
  auto k = op->getAttrOfType<IntegerAttr>("top_k"), experts = op->getAttrOfType<IntegerAttr>("experts");
  if (!k || !experts || k.getInt() < 1 || k.getInt() > experts.getInt() || experts.getInt() > 65536)
    return fail(op, "top_k should be from 1 to experts, and experts at most 65536");
  for (auto [value, kind] : buffers) {
    auto type = cast<BufferType>(value.getType());
    if (kind ? type.getKind() != *kind : !packingOf(type.getKind()))
      return op->emitError() << "after layout: needs a buffer of kind "
                             << (kind ? stringifyBufferKind(*kind) : StringRef("packed")) << " but has " << type;
    if (stepRows(type.getRows()) != stepRows(cast<BufferType>(buffers.front().first.getType()).getRows()))
      return fail(op, "its buffers should hold the same rows");
  }
  return success();
}

LogicalResult checkExpertProject(ExpertProjectOp op) {
  auto weight = op.getWeight().getType();
  int64_t parts = op.getActivation() ? 2 : 1;
  std::optional<BufferKind> result;
  if (!op.getActivation())
    result = BufferKind::F32;
  if (failed(checkExperts(
          op, {{op.getPacked(), std::nullopt}, {op.getSlots(), BufferKind::Slots}, {op.getResult(), result}})))
    return failure();
  if (weight.getLayout() != Layout::Panel || weight.getMembers() != parts * static_cast<int64_t>(op.getExperts()) ||
      op.getPacked().getType().getKind() != bufferKind(packingOf(weight.getFormat())) ||
      op.getPacked().getType().getWidth() != weight.getColumns() ||
      op.getResult().getType().getWidth() != weight.getRows())
    return op.emitError() << "after layout: " << weight << " does not fit the rows it reads and writes";
  return success();
}

LogicalResult checkPhase(Operation *op) {
  return TypeSwitch<Operation *, LogicalResult>(op)
      .Case([](RowsOp p) { return PhaseCheck<RowsOp>(p).run(); })
      .Case([](ProjectOp p) {
        return success(succeeded(PhaseCheck<ProjectOp>(p).run()) && succeeded(checkProjected(p)));
      })
      .Case([](AttentionOp p) { return PhaseCheck<AttentionOp>(p).run(); })
      .Case([](RopeTableOp p) {
        auto type = p.getTable().getType();
        return type.getKind() == BufferKind::Table && type.getRows() == BufferRows::All
                   ? success()
                   : fail(p, "needs a table for all rows");
      })
      .Case([](ExpertSlotsOp p) {
        return checkExperts(p, {{p.getRouting(), BufferKind::Routing}, {p.getSlots(), BufferKind::Slots}});
      })
      .Case([](ExpertGatherOp p) {
        if (p.getInput().getType().getWidth() != p.getPacked().getType().getWidth())
          return fail(p, "should pack rows of one width");
        return checkExperts(
            p, {{p.getInput(), BufferKind::F32}, {p.getSlots(), BufferKind::Slots}, {p.getPacked(), std::nullopt}});
      })
      .Case([](ExpertProjectOp p) { return checkExpertProject(p); })
      .Case([](ExpertCombineOp p) {
        if (p.getInput().getType().getWidth() != p.getResult().getType().getWidth())
          return fail(p, "should sum rows of one width");
        return checkExperts(p, {{p.getInput(), BufferKind::F32},
                                {p.getRouting(), BufferKind::Routing},
                                {p.getSlots(), BufferKind::Slots},
                                {p.getResult(), BufferKind::F32}});
      })
      .Default([](Operation *) { return success(); });
}

/// Rows of a step times what a row of the widest buffer can take.
LogicalResult checkSizes(ModuleOp module, func::FuncOp plan) {
  PlanAttr facts = planOf(module);
  if (!facts)
    return fail(plan, "the module needs its kernel.plan");
  int64_t rows = std::max(facts.getChunk(), facts.getLastRows());
  if (rows > kMostRows)
    return plan.emitError() << "after layout: a step has at most " << kMostRows << " rows, not " << rows;
  for (auto buffer : plan.getBody().getOps<BufferOp>()) {
    int64_t bytes = rows * 8, members = 1;
    for (Operation *user : buffer->getUsers())
      if (auto k = user->getAttrOfType<IntegerAttr>("top_k"); k && k.getInt() > 0)
        members = std::max(members, k.getInt() + user->getAttrOfType<IntegerAttr>("experts").getInt());
    if (llvm::MulOverflow(bytes, members, bytes) ||
        llvm::MulOverflow(bytes, int64_t(buffer.getType().getWidth()), bytes) || bytes > kMostBytes)
      return buffer.emitError() << "after layout: too large for a step of " << rows << " rows: " << buffer.getType();
  }
  return success();
}

} // namespace

LogicalResult kernel::checkPlan(ModuleOp module) {
  SmallVector<func::FuncOp> plans(module.getOps<func::FuncOp>());
  if (plans.size() != 1 || !llvm::hasSingleElement(module.getBodyRegion().getOps()))
    return emitError(module.getLoc()) << "after layout: the module should hold one function, the plan";
  func::FuncOp plan = plans.front();
  if (!plan.getBody().hasOneBlock())
    return fail(plan, "the plan should hold one block");
  for (Operation &op : plan.getBody().front())
    if (!isa<BufferOp, WeightOp, CacheOp, func::ReturnOp>(op) && !isa<Phase>(op))
      return fail(&op, op.getName().getStringRef() + " is no part of a plan");
  if (plan.getNumArguments() != 1 || plan.getNumResults() != 0 || !isIds(plan.getArgument(0).getType()))
    return fail(plan, "the plan should take the ids, tensor<?xi32>, and return nothing");
  for (Operation &op : plan.getBody().front()) {
    if (auto buffer = dyn_cast<BufferOp>(op);
        buffer && buffer.getExternal() && *buffer.getExternal() == External::Hidden && !buffer.getOffset())
      return fail(&op, "a part of the hidden rows needs its offset");
    if (failed(checkPhase(&op)))
      return failure();
  }
  return checkSizes(module, plan);
}
