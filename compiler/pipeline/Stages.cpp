// See Stages.h.
#include "compiler/pipeline/Stages.h"

#include "passes/fuse/Passes.h"
#include "passes/layout/Passes.h"
#include "passes/lower/Passes.h"
#include "passes/normalize/Passes.h"
#include "passes/quantize/Passes.h"
#include "passes/tile/Passes.h"

#include "mlir/Pass/PassRegistry.h"

using namespace gemmac;
using namespace gemmac::pipeline;

static constexpr StageInfo kStages[] = {
    {Stage::Import, "import", "the description as operations on tensors",
     "every operation stands at a line of the description", false},
    {Stage::Normalize, "normalize", "one form for each thing; only the wanted rows meet the head",
     "no route, no foldable scale, no dead value", false},
    {Stage::Fuse, "fuse", "operations grouped into phases between barriers",
     "every operation but weights stands in a phase", false},
    {Stage::Quantize, "quantize", "formats of weights and of projections' inputs",
     "every weight has a format, every projection reads packed rows", false},
    {Stage::Layout, "layout", "a plan over buffers, packed weights and caches",
     "only buffers, weights, caches and phases", false},
    {Stage::Tile, "tile", "loops, vectors and addresses of each phase",
     "no phase is left; byte products are kernel.dot", true},
    {Stage::Lower, "lower", "the target's instructions and the LLVM dialect", "only the LLVM dialect", true},
    {Stage::Llvm, "llvm", "optimised LLVM IR", "", true},
    {Stage::Asm, "asm", "assembly", "", true},
};

llvm::ArrayRef<StageInfo> pipeline::allStages() {
  return kStages;
}
const StageInfo &pipeline::info(Stage stage) {
  return kStages[static_cast<int>(stage)];
}

std::optional<Stage> pipeline::parseStage(llvm::StringRef name) {
  for (const StageInfo &stage : kStages)
    if (stage.name == name)
      return stage.stage;
  return std::nullopt;
}

void pipeline::addStage(mlir::OpPassManager &pm, Stage stage, const StageOptions &options,
                        const targets::Target *target, const targets::Level *level) {
  switch (stage) {
  case Stage::Normalize:
    return normalize::buildPipeline(pm);
  case Stage::Fuse:
    return fuse::buildPipeline(pm);
  case Stage::Quantize:
    return quantize::buildPipeline(pm, {options.recipe});
  case Stage::Layout:
    return layout::buildPipeline(pm, {options.kv, options.context, options.chunk, options.lastRows});
  case Stage::Tile:
    return tile::buildPipeline(pm, {options.sanitize});
  case Stage::Lower:
    if (target)
      target->addLowering(pm, *level);
    else
      pm.addPass(lower::createExpandDot());
    return lower::buildPipeline(pm);
  case Stage::Import:
  case Stage::Llvm:
  case Stage::Asm:
    return;
  }
}

void pipeline::registerStages() {
  for (const StageInfo &stage : kStages)
    if (stage.stage != Stage::Import && stage.stage < Stage::Llvm)
      mlir::registerPassPipeline(("gemma-stage-" + stage.name).str(), stage.doc,
                                 [&stage](mlir::OpPassManager &pm, llvm::StringRef text,
                                          llvm::function_ref<mlir::LogicalResult(const llvm::Twine &)> error) {
                                   if (!text.empty())
                                     return error("a stage takes no options here; run its passes one by one");
                                   addStage(pm, stage.stage, {}, nullptr, nullptr);
                                   return mlir::success();
                                 },
                                 [](llvm::function_ref<void(const mlir::detail::PassOptions &)>) {});
  for (const targets::Target *target : targets::allTargets())
    for (const targets::Level &level : target->levels())
      mlir::registerPassPipeline(
          "lower-" + level.info.name, "kernel.dot for " + level.doc,
          [target, &level](mlir::OpPassManager &pm, llvm::StringRef,
                           llvm::function_ref<mlir::LogicalResult(const llvm::Twine &)>) {
            target->addLowering(pm, level);
            return mlir::success();
          },
          [](llvm::function_ref<void(const mlir::detail::PassOptions &)>) {});
}
