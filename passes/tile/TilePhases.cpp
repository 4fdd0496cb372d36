// Entry points and the functions they call. A phase's function depends on what it does and on its sizes, not on where
// its operands lie: layers of one class share it, so code size does not grow with their number.
#include "passes/tile/Guard.h"
#include "passes/tile/Kernels.h"

#include "llvm/ADT/MapVector.h"

namespace gemmac::tile {
#define GEN_PASS_DEF_TILEPHASES
#include "passes/tile/Passes.h.inc"
} // namespace gemmac::tile

using namespace mlir;
using namespace gemmac;
using namespace gemmac::tile;

namespace {

/// A phase as text without its operands' identities: equal keys, equal code.
void appendKey(Operation *op, DenseMap<Value, unsigned> &numbers, llvm::raw_ostream &os) {
  os << op->getName();
  for (Value operand : op->getOperands())
    os << " %" << numbers.try_emplace(operand, numbers.size()).first->second << ":" << operand.getType();
  os << op->getAttrDictionary() << op->getResultTypes();
  for (Value result : op->getResults())
    numbers.try_emplace(result, numbers.size());
  for (Region &region : op->getRegions())
    for (Block &block : region) {
      for (Value argument : block.getArguments())
        numbers.try_emplace(argument, numbers.size());
      for (Operation &inner : block)
        appendKey(&inner, numbers, os << "\n");
    }
}

std::string phaseKey(Operation *phase) {
  std::string key;
  llvm::raw_string_ostream os(key);
  DenseMap<Value, unsigned> numbers;
  appendKey(phase, numbers, os);
  return key;
}

bool isLast(Operation *phase) {
  if (auto rows = phase->getAttrOfType<gemma::RowsAttr>("rows"))
    return rows.getValue() == gemma::Rows::Last;
  return llvm::any_of(phase->getOperandTypes(), [](Type type) {
    auto buffer = dyn_cast<kernel::BufferType>(type);
    return buffer && kernel::stepRows(buffer.getRows()) == gemma::Rows::Last;
  });
}

/// Visible in this object only, and never inlined: one copy of each loop, in one place to look at.
void makeLocal(func::FuncOp function) {
  MLIRContext *context = function.getContext();
  function.setPrivate();
  function->setAttr("llvm.linkage", LLVM::LinkageAttr::get(context, LLVM::Linkage::Internal));
  function->setAttr("passthrough", Builder(context).getStrArrayAttr({"noinline"}));
}

} // namespace

Tiler::Tiler(ModuleOp module, const kernel::LevelInfo &level, bool guard)
    : module(module), b(module.getContext()), level(level), guard(guard) {}

Value PhaseCode::rowCount(gemma::Rows rows) const {
  return e.stepField(step, rows == gemma::Rows::Last ? GM_STEP_LAST_ROWS : GM_STEP_TOKEN_COUNT, e.i64());
}

Value PhaseCode::firstRow(gemma::Rows rows) const {
  return rows == gemma::Rows::Last ? e.stepField(step, GM_STEP_FIRST_ROW, e.i64()) : e.number(0);
}

func::FuncOp Tiler::makeFunction(const std::string &name, int64_t pointers, Location loc) {
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToEnd(module.getBody());
  Type ptr = LLVM::LLVMPointerType::get(b.getContext());
  SmallVector<Type> inputs{ptr, b.getI64Type()};
  inputs.append(pointers, ptr);
  auto function = func::FuncOp::create(b, loc, name, b.getFunctionType(inputs, {}));
  function.addEntryBlock();
  return function;
}

func::FuncOp Tiler::dot(kernel::Format format, kernel::Packing inputs, int64_t tile, Location loc,
                        std::optional<int64_t> some) {
  int64_t tokens = some.value_or(tile);
  func::FuncOp &known = dots[{format, inputs, tile, tokens}];
  if (known)
    return known;
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToEnd(module.getBody());
  Type ptr = LLVM::LLVMPointerType::get(b.getContext());
  std::string name =
      ("dot_" + kernel::stringifyFormat(format) + "_" + kernel::stringifyPacking(inputs) + "_" + Twine(tokens)).str();
  if (tokens < tile)
    name += "_of_" + std::to_string(tile);
  known = func::FuncOp::create(b, loc, name, b.getFunctionType({ptr, ptr, b.getI64Type(), ptr}, {}));
  makeLocal(known);
  b.setInsertionPointToStart(known.addEntryBlock());
  Emitter e(b, loc, level);
  writeDot(e, known, format, inputs, tokens, tile);
  func::ReturnOp::create(b, loc);
  return known;
}

void Tiler::writePhase(Operation *phase, func::FuncOp function) {
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(&function.getBody().front());
  Emitter e(b, phase->getLoc(), level);
  PhaseCode code{*this, e, function.getArgument(0), function.getArgument(1), function.getArguments().drop_front(2)};
  TypeSwitch<Operation *>(phase)
      .Case([&](kernel::RowsOp op) { writeRows(code, op); })
      .Case([&](kernel::ProjectOp op) { writeProject(code, op); })
      .Case([&](kernel::AttentionOp op) { writeAttention(code, op); })
      .Case([&](kernel::RopeTableOp op) { writeRopeTable(code, op); })
      .Case([&](kernel::ExpertSlotsOp op) { writeExpertSlots(code, op); })
      .Case([&](kernel::ExpertGatherOp op) { writeExpertGather(code, op); })
      .Case([&](kernel::ExpertProjectOp op) { writeExpertProject(code, op); })
      .Case([&](kernel::ExpertCombineOp op) { writeExpertCombine(code, op); })
      .Case([&](kernel::TapOp op) { writeTap(code, op); });
  func::ReturnOp::create(b, phase->getLoc());
}

func::FuncOp Tiler::phaseFunction(Operation *phase) {
  func::FuncOp &known = functions[prefix + phaseKey(phase)];
  if (known)
    return known;
  StringRef kind = phase->getName().stripDialect();
  func::FuncOp function = makeFunction(prefix + "_" + kind.str() + "_" + std::to_string(functions.size() - 1),
                                       phase->getNumOperands(), phase->getLoc());
  makeLocal(function);
  known = function;
  writePhase(phase, function);
  return function;
}

Value Tiler::address(Emitter &e, Value place, Value step) {
  if (auto weight = place.getDefiningOp<kernel::WeightOp>())
    return e.at(e.stepField(step, GM_STEP_WEIGHTS, e.ptr()), static_cast<int64_t>(weight.getOffset()));
  if (auto cache = place.getDefiningOp<kernel::CacheOp>())
    return e.at(e.stepField(step, GM_STEP_KV, e.ptr()), static_cast<int64_t>(cache.getOffset()));
  if (auto buffer = place.getDefiningOp<kernel::BufferOp>()) {
    if (buffer.getExternal() == kernel::External::Hidden)
      return e.at(e.stepField(step, GM_STEP_HIDDEN, e.ptr()), static_cast<int64_t>(*buffer.getOffset()));
    if (buffer.getExternal())
      return e.stepField(step, GM_STEP_LOGITS, e.ptr());
    return e.at(e.stepField(step, GM_STEP_ARENA, e.ptr()), static_cast<int64_t>(*buffer.getOffset()));
  }
  return e.stepField(step, GM_STEP_TOKENS, e.ptr()); // the plan's argument: the ids
}

void Tiler::writeEntry(func::FuncOp plan, const std::string &name, const StepShape &stepShape, bool taps) {
  shape = stepShape;
  prefix = name;
  func::FuncOp entry = makeFunction(name, 0, plan.getLoc());
  b.setInsertionPointToStart(&entry.getBody().front());
  Value step = entry.getArgument(0), thread = entry.getArgument(1);
  auto barrier = module.lookupSymbol<func::FuncOp>("gmBarrier");
  Guard guarded(*this, guard, step, thread);
  Emitter whole(b, plan.getLoc(), level);
  guarded.begin(whole);
  for (Operation &op : plan.getBody().front()) {
    bool isTap = isa<kernel::TapOp>(op);
    if (!kernel::isPhase(&op) || (isTap && !taps))
      continue;
    func::FuncOp function = phaseFunction(&op);
    Emitter e(b, op.getLoc(), level);
    auto call = [&] {
      SmallVector<Value> arguments{step, thread};
      for (Value operand : op.getOperands())
        arguments.push_back(address(e, operand, step));
      func::CallOp::create(b, op.getLoc(), function, arguments);
      func::CallOp::create(b, op.getLoc(), barrier, ValueRange{step, thread});
    };
    auto guardedCall = [&] { guarded.around(e, &op, call); };
    if (isTap)
      e.ifThen(e.less(e.number(0), e.stepField(step, GM_STEP_HIDDEN, e.i64())), guardedCall);
    else if (isLast(&op))
      e.ifThen(e.less(e.number(0), e.stepField(step, GM_STEP_LAST_ROWS, e.i64())), guardedCall);
    else
      guardedCall();
  }
  guarded.end(whole);
  func::ReturnOp::create(b, plan.getLoc());
}

void Tiler::writeRead(const std::string &name) {
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToEnd(module.getBody());
  Location loc = module.getLoc();
  Type ptr = LLVM::LLVMPointerType::get(b.getContext());
  auto function = func::FuncOp::create(b, loc, name, b.getFunctionType({ptr, b.getI64Type(), ptr}, {}));
  b.setInsertionPointToStart(function.addEntryBlock());
  Emitter e(b, loc, level);
  auto words = e.vec(e.lanes() / 2, e.i64());
  constexpr int64_t streams = 8; // independent sums, so that additions do not wait for each other
  SmallVector<Value> zeros(streams, e.integer(0, words));
  int64_t bytes = e.lanes() * 4;
  auto sums = e.loop(e.number(0), function.getArgument(1), bytes * streams, zeros, [&](Value offset, ValueRange acc) {
    SmallVector<Value> next;
    for (int64_t s = 0; s < streams; ++s)
      next.push_back(e.add(acc[s], e.load(words, e.at(e.at(function.getArgument(0), offset), s * bytes))));
    return next;
  });
  Value total = e.integer(0, e.i64());
  for (Value sum : sums)
    total = e.add(total, e.sumInt(sum));
  e.store(total, function.getArgument(2));
  func::ReturnOp::create(b, loc);
}

namespace {

struct TilePhases : tile::impl::TilePhasesBase<TilePhases> {
  using TilePhasesBase::TilePhasesBase;
  void runOnOperation() override {
    ModuleOp module = getOperation();
    kernel::LevelInfo level = kernel::LevelInfo::fromModule(module);
    SmallVector<func::FuncOp> plans(module.getOps<func::FuncOp>());
    kernel::PlanAttr facts = kernel::planOf(module);
    if (plans.size() != 1 || level.symbol.empty() || !facts || !facts.getArenaBytes()) {
      module.emitError() << "needs one plan, kernel.level, and kernel.plan with arena_bytes from kernel-assign-arena";
      return signalPassFailure();
    }
    Tiler tiler(module, level, guard);
    tiler.b.setInsertionPointToEnd(module.getBody());
    Type ptr = LLVM::LLVMPointerType::get(&getContext());
    auto barrier = func::FuncOp::create(tiler.b, module.getLoc(), "gmBarrier",
                                        tiler.b.getFunctionType({ptr, tiler.b.getI64Type()}, {}));
    barrier.setPrivate();
    std::string prefix = "gm_" + level.symbol;
    tiler.writeEntry(plans[0], prefix + "_decode", {1, 1, 1}, /*taps=*/false);
    tiler.writeEntry(plans[0], prefix + "_prefill", {facts.getChunk(), facts.getLastRows(), level.tokenTile},
                     /*taps=*/true);
    tiler.writeRead(prefix + "_read");
    plans[0].erase();
  }
};

} // namespace
