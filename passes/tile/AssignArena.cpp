// Offsets in the arena. Buffers are placed in the order of their first phase, each at the lowest offset where nothing
// that is alive at the same time lies.
#include "passes/tile/Passes.h"

#include "passes/tile/Sizes.h"

namespace gemmac::tile {
#define GEN_PASS_DEF_ASSIGNARENA
#include "passes/tile/Passes.h.inc"
} // namespace gemmac::tile

using namespace mlir;
using namespace gemmac;

namespace {

struct Lifetime {
  kernel::BufferOp op;
  int64_t order = 0, first = 0, last = 0, bytes = 0;
};

/// Bytes for the larger of the two entry points.
int64_t bytesOf(kernel::BufferOp op, const tile::StepShape &step) {
  return std::max(tile::bufferBytes(op, step), tile::bufferBytes(op, {1, 1, 1}));
}

struct AssignArena : tile::impl::AssignArenaBase<AssignArena> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    kernel::PlanAttr facts = kernel::planOf(module);
    if (!facts) {
      module.emitError() << "needs kernel.plan, which the layout stage sets";
      return signalPassFailure();
    }
    tile::StepShape step{facts.getChunk(), facts.getLastRows(), kernel::LevelInfo::fromModule(module).tokenTile};
    int64_t arena = 0;
    for (auto plan : module.getOps<func::FuncOp>())
      arena = std::max(arena, place(plan, step));
    kernel::setPlan(module, kernel::withArenaBytes(facts, arena));
  }

  int64_t place(func::FuncOp plan, const tile::StepShape &step) {
    DenseMap<Operation *, int64_t> number;
    int64_t phases = 0;
    for (Operation &op : plan.getBody().front())
      number[&op] = isa<kernel::Phase>(op) ? ++phases : 0;
    SmallVector<Lifetime> buffers;
    for (auto op : plan.getBody().getOps<kernel::BufferOp>()) {
      if (op.getExternal())
        continue;
      Lifetime life{op, static_cast<int64_t>(buffers.size()), phases + 1, 0, bytesOf(op, step)};
      for (Operation *user : op->getUsers()) {
        life.first = std::min(life.first, number[user]);
        life.last = std::max(life.last, number[user]);
      }
      buffers.push_back(life);
    }
    // Stable by construction: equal phases keep the plan's order.
    llvm::sort(buffers, [](const Lifetime &a, const Lifetime &b) {
      return std::pair(a.first, a.order) < std::pair(b.first, b.order);
    });

    SmallVector<std::pair<Lifetime, int64_t>> placed;
    int64_t arena = 0;
    for (Lifetime &life : buffers) {
      SmallVector<std::pair<int64_t, int64_t>> taken; // begin, end
      for (auto &[other, offset] : placed)
        if (other.first <= life.last && life.first <= other.last)
          taken.push_back({offset, offset + other.bytes});
      llvm::sort(taken);
      int64_t offset = 0;
      for (auto [begin, end] : taken) {
        if (offset + life.bytes <= begin)
          break;
        offset = std::max(offset, kernel::ceilDiv(end, 64) * 64);
      }
      life.op.setOffset(offset);
      placed.push_back({life, offset});
      arena = std::max(arena, offset + life.bytes);
    }
    return kernel::ceilDiv(arena, 4096) * 4096;
  }
};

} // namespace
