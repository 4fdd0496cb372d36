// Entry points and the functions they call. A phase's function depends on what it does and on its sizes, not on where
// its operands lie: layers of one class share it, so code size does not grow with their number.
#include "passes/tile/Guard.h"
#include "passes/tile/PhaseCode.h"

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

/// Writes entry points, and the functions of the phases that they call.
class Tiler {
public:
  /// `guard`: entry points tell AddressSanitizer which memory is a phase's own, see Guard.h.
  Tiler(ModuleOp module, const kernel::LevelInfo &level, bool guard)
      : b(module.getContext()), module(module), level(level), dots(module, level), guard(guard) {}

  /// Writes `name(step, thread)`: the phases of the plan in order, with a barrier after each; taps only if `taps`, and
  /// then run only where the step has memory for what they show.
  void writeEntry(func::FuncOp plan, const std::string &name, const StepShape &shape, bool taps);
  /// Writes the function that only reads memory (GmRead).
  void writeRead(const std::string &name);

  OpBuilder b;

private:
  func::FuncOp phaseFunction(Operation *phase);
  func::FuncOp makeFunction(const std::string &name, int64_t pointers, Location loc);

  ModuleOp module;
  const kernel::LevelInfo &level;
  DotFunctions dots;
  StepShape shape{};
  std::map<std::string, func::FuncOp> functions; ///< phases by what they do, see phaseKey
  std::string prefix;
  bool guard;
};

} // namespace

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

func::FuncOp Tiler::phaseFunction(Operation *phase) {
  func::FuncOp &known = functions[prefix + phaseKey(phase)];
  if (known)
    return known;
  StringRef kind = phase->getName().stripDialect();
  func::FuncOp function = makeFunction(prefix + "_" + kind.str() + "_" + std::to_string(functions.size() - 1),
                                       phase->getNumOperands(), phase->getLoc());
  makeLocal(function);
  known = function;
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(&function.getBody().front());
  Emitter e(b, phase->getLoc(), level);
  writePhase(
      {module, dots, shape, e, function.getArgument(0), function.getArgument(1), function.getArguments().drop_front(2)},
      phase);
  func::ReturnOp::create(b, phase->getLoc());
  return function;
}

void Tiler::writeEntry(func::FuncOp plan, const std::string &name, const StepShape &stepShape, bool taps) {
  shape = stepShape;
  prefix = name;
  func::FuncOp entry = makeFunction(name, 0, plan.getLoc());
  b.setInsertionPointToStart(&entry.getBody().front());
  Value step = entry.getArgument(0), thread = entry.getArgument(1);
  auto barrier = module.lookupSymbol<func::FuncOp>("gmBarrier");
  Guard guarded(module, shape, guard, step, thread);
  Emitter whole(b, plan.getLoc(), level);
  guarded.begin(whole);
  for (Operation &op : plan.getBody().front()) {
    bool isTap = isa<kernel::TapOp>(op);
    auto phase = dyn_cast<kernel::Phase>(op);
    if (!phase || (isTap && !taps))
      continue;
    func::FuncOp function = phaseFunction(&op);
    Emitter e(b, op.getLoc(), level);
    auto call = [&] {
      SmallVector<Value> arguments{step, thread};
      for (Value operand : op.getOperands())
        arguments.push_back(addressOf(e, operand, step));
      func::CallOp::create(b, op.getLoc(), function, arguments);
      func::CallOp::create(b, op.getLoc(), barrier, ValueRange{step, thread});
    };
    auto guardedCall = [&] { guarded.around(e, &op, call); };
    if (isTap)
      e.ifThen(e.less(e.number(0), e.stepField(step, GM_STEP_HIDDEN, e.i64())), guardedCall);
    else if (phase.getStepRows() == gemma::Rows::Last)
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
