// Where the slots of keys and values lie. The caches of a layer class move in step: the same positions are written to
// all of them, and forgotten by all of them. So a page holds the slots of all caches of a class for some positions, and
// one table per class and sequence finds them.
//
// Pages of all classes have one size, or memory that sliding layers gave back could not be used by growing ones. The
// size decides three kinds of waste: a page holds whole blocks of 32 slots of its class, and the rest is lost; a window
// reaches into one page more than it fills; and the last page of a growing class is half empty on average.
#include "passes/layout/Passes.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/Remarks.h"

#include <map>

#define DEBUG_TYPE "kernel-plan-pages"

namespace gemmac::layout {
#define GEN_PASS_DEF_PLANPAGES
#include "passes/layout/Passes.h.inc"
} // namespace gemmac::layout

using namespace mlir;
using namespace gemmac;

namespace {

constexpr int64_t kSlots = 32;             // of a block
constexpr int64_t kPageAlign = 4096;       // bytes: a page of the machine's
constexpr int64_t kLongStream = 512 << 10; // bytes of a page that reads as fast as one run

struct LayerClass {
  int64_t window = 0;     ///< 0: all positions so far are read
  int64_t blockBytes = 0; ///< of 32 positions, all caches together
  int64_t blocks = 0;     ///< of 32 positions, in a page
  SmallVector<kernel::CacheOp> caches;
};

/// Sizes of a plan's pages.
struct PagePlan {
  int64_t pageBytes = 0, sequenceBytes = 0; ///< the latter: held by a sequence that fills the context
  SmallVector<int64_t> blocks;              ///< in a page, of each class
};

class Planner {
public:
  Planner(ModuleOp module, int64_t context, int64_t chunk) : module(module), context(context), chunk(chunk) {}
  void run();

private:
  void findClasses();
  PagePlan planFor(int64_t largestBlocks) const;
  PagePlan choose() const;
  void place(int64_t pageBytes);
  int64_t mostPages(const LayerClass &layers, int64_t slots) const;

  ModuleOp module;
  int64_t context, chunk;
  SmallVector<LayerClass> classes;
};

void Planner::findClasses() {
  std::map<int64_t, LayerClass> byWindow; // growing ones first
  module.walk([&](kernel::CacheOp op) {
    // A window that needs as many pages as the context has none to give back.
    int64_t window = op.getType().getWindow();
    if (window + chunk - 1 >= context)
      window = 0;
    LayerClass &layers = byWindow[window];
    layers.window = window;
    layers.blockBytes += op.getType().getHeads() * kernel::cacheBlockBytes(op.getType());
    layers.caches.push_back(op);
  });
  for (auto &[window, layers] : byWindow)
    classes.push_back(std::move(layers));
}

/// Pages of a class that a sequence holds at most: those that a window and a chunk can touch, or all positions.
int64_t Planner::mostPages(const LayerClass &layers, int64_t slots) const {
  int64_t all = kernel::ceilDiv(context, slots);
  return layers.window ? std::min(all, kernel::ceilDiv(layers.window + chunk - 2, slots) + 1) : all;
}

/// Pages that hold so many blocks of the class with the largest ones.
PagePlan Planner::planFor(int64_t largestBlocks) const {
  int64_t largest = 0;
  for (const LayerClass &layers : classes)
    largest = std::max(largest, layers.blockBytes);
  PagePlan plan;
  plan.pageBytes = kernel::ceilDiv(largest * largestBlocks, kPageAlign) * kPageAlign;
  int64_t contextBlocks = kernel::ceilDiv(context, kSlots);
  for (const LayerClass &layers : classes) {
    plan.blocks.push_back(std::min(plan.pageBytes / layers.blockBytes, contextBlocks));
    plan.sequenceBytes += mostPages(layers, plan.blocks.back() * kSlots) * plan.pageBytes;
  }
  return plan;
}

/// The smallest pages that read as fast as long runs, among those that hold a full context in nearly the least memory;
/// the largest of those if all are smaller. Larger ones than needed make short sequences dear.
PagePlan Planner::choose() const {
  constexpr int64_t kMostBlocks = 64;
  SmallVector<PagePlan> plans;
  for (int64_t blocks = 1; blocks <= kMostBlocks; ++blocks) {
    plans.push_back(planFor(blocks));
    if (plans.back().pageBytes >= 4 * kLongStream)
      break;
  }
  int64_t least = llvm::min_element(plans, [](const PagePlan &a, const PagePlan &b) {
                    return a.sequenceBytes < b.sequenceBytes;
                  })->sequenceBytes;
  const PagePlan *chosen = nullptr;
  for (const PagePlan &plan : plans)
    if (plan.sequenceBytes <= least + least / 32 && (!chosen || chosen->pageBytes < kLongStream))
      chosen = &plan;
  return *chosen;
}

void Planner::place(int64_t pageBytes) {
  Builder b(module.getContext());
  SmallVector<int64_t> described;
  int64_t table = 0, sequenceBytes = 0;
  for (LayerClass &layers : classes) {
    int64_t slots = layers.blocks * kSlots, offset = 0, pages = mostPages(layers, slots);
    for (kernel::CacheOp op : layers.caches) {
      kernel::CacheType type = op.getType();
      type = kernel::CacheType::get(b.getContext(), type.getKind(), type.getFormat(), type.getHeads(),
                                    type.getHeadDim(), layers.window, slots, table);
      op.getResult().setType(type);
      op.setOffset(offset);
      offset += kernel::cacheBytes(type);
    }
    described.append({layers.window, slots, table});
    table += kernel::ceilDiv(context, slots);
    sequenceBytes += pages * pageBytes;
    remark::passed(layers.caches.front().getLoc(), remark::RemarkOpts::name("pages").category(DEBUG_TYPE))
        << remark::reason("{0} caches {1}: pages of {2} slots, at most {3} for a sequence; {4} of {5} bytes are used",
                          layers.caches.size(),
                          layers.window ? "that look " + std::to_string(layers.window) + " positions back"
                                        : std::string("that grow"),
                          slots, pages, offset, pageBytes)
        << remark::metric("bytes", pages * pageBytes);
  }
  auto pageClasses = described.empty() ? DenseI64ArrayAttr() : b.getDenseI64ArrayAttr(described);
  kernel::setPlan(module, kernel::withPages(kernel::planOf(module), {pageBytes, sequenceBytes, table, pageClasses}));
}

void Planner::run() {
  findClasses();
  if (classes.empty())
    return place(0);
  PagePlan plan = choose();
  for (auto [layers, blocks] : llvm::zip(classes, plan.blocks))
    layers.blocks = blocks;
  place(plan.pageBytes);
}

struct PlanPages : layout::impl::PlanPagesBase<PlanPages> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    kernel::PlanAttr plan = kernel::planOf(module);
    if (!plan || plan.getPositions() < 1) {
      module.emitError() << "needs kernel.plan with positions, which convert-gemma-to-kernel sets";
      return signalPassFailure();
    }
    Planner(module, plan.getPositions(), plan.getChunk()).run();
  }
};

} // namespace
