// See Guard.h. The functions called here are AddressSanitizer's own, which come with the link kit.
#include "passes/tile/Guard.h"

using namespace mlir;
using namespace gemmac;
using namespace gemmac::tile;

Guard::Guard(ModuleOp module, const StepShape &shape, bool enabled, Value step, Value thread)
    : module(module), shape(shape), enabled(enabled), step(step), thread(thread) {}

void Guard::onFirstThread(Emitter &e, llvm::function_ref<void()> body) {
  if (enabled)
    e.ifThen(e.equal(thread, e.number(0)), body);
}

void Guard::set(Emitter &e, Value begin, Value bytes, Access access) {
  StringRef name = access == Access::Open ? "__asan_unpoison_memory_region" : "__asan_poison_memory_region";
  auto function = module.lookupSymbol<func::FuncOp>(name);
  if (!function) {
    OpBuilder::InsertionGuard guard(e.b);
    e.b.setInsertionPointToEnd(module.getBody());
    function = func::FuncOp::create(e.b, module.getLoc(), name, e.b.getFunctionType({e.ptr(), e.i64()}, {}));
    function.setPrivate();
  }
  func::CallOp::create(e.b, e.loc, function, ValueRange{begin, bytes});
}

void Guard::setAll(Emitter &e, Access access) {
  onFirstThread(e, [&] {
    kernel::PlanAttr plan = kernel::planOf(module);
    for (auto [field, bytes] :
         {std::pair(GM_STEP_ARENA, *plan.getArenaBytes()), std::pair(GM_STEP_WEIGHTS, plan.getWeightBytes())})
      set(e, e.stepField(step, field, e.ptr()), e.number(bytes), access);
    if (access == Access::Closed)
      set(e, e.stepField(step, GM_STEP_KV, e.ptr()), e.stepField(step, GM_STEP_KV_BYTES, e.i64()), access);
  });
}

/// A cache's part of each page that rows of the step can see or write.
void Guard::setPages(Emitter &e, kernel::CacheOp cache, Access access) {
  kernel::CacheType type = cache.getType();
  StepSequences sequences{e, shape, step};
  Value address = addressOf(e, cache, step), rows = sequences.rowsOfEach();
  e.loop(e.number(0), sequences.count(), 1, [&](Value sequence) {
    Value begin = sequences.position(sequence), first = e.number(0);
    if (type.getWindow())
      first = e.max(first, e.sub(begin, e.number(static_cast<int64_t>(type.getWindow()) - 1)));
    Value end = e.add(e.div(e.sub(e.add(begin, rows), e.number(1)), type.getPage()), 1);
    e.loop(e.div(first, type.getPage()), end, 1, [&](Value page) {
      set(e, pageAddress(e, type, address, sequences.table(sequence), page), e.number(kernel::cacheBytes(type)),
          access);
    });
  });
}

/// Bytes of a phase's weight or buffer in this step; null for the caller's memory, which has bounds of its own.
Value Guard::bytes(Emitter &e, Value place) {
  if (auto weight = place.getDefiningOp<kernel::WeightOp>())
    return e.number(kernel::totalBytes(weight.getType()));
  auto buffer = place.getDefiningOp<kernel::BufferOp>();
  if (!buffer || buffer.getExternal())
    return {};
  kernel::BufferType type = buffer.getType();
  if (type.getKind() == kernel::BufferKind::Slots || kernel::areSlots(type.getRows()))
    return e.number(bufferBytes(buffer, shape)); // laid out for a whole chunk
  Value rows =
      e.stepField(step, type.getRows() == kernel::BufferRows::Last ? GM_STEP_LAST_ROWS : GM_STEP_TOKEN_COUNT, e.i64());
  int64_t together = kernel::packingOf(type.getKind()) ? shape.tile : 1;
  return e.mul(e.ceilDiv(rows, together), bufferBytes(buffer, {together, together, together}));
}

void Guard::setOperands(Emitter &e, Operation *phase, Access access) {
  onFirstThread(e, [&] {
    for (Value operand : phase->getOperands())
      if (auto cache = operand.getDefiningOp<kernel::CacheOp>())
        setPages(e, cache, access);
      else if (Value size = bytes(e, operand))
        set(e, addressOf(e, operand, step), size, access);
  });
}

void Guard::begin(Emitter &e) {
  setAll(e, Access::Closed);
}

void Guard::end(Emitter &e) {
  setAll(e, Access::Open);
}

void Guard::around(Emitter &e, Operation *phase, llvm::function_ref<void()> call) {
  setOperands(e, phase, Access::Open);
  if (enabled)
    func::CallOp::create(e.b, e.loc, module.lookupSymbol<func::FuncOp>("gmBarrier"), ValueRange{step, thread});
  call();
  setOperands(e, phase, Access::Closed);
}
