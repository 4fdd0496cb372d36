// Stages.h's addContract: what must hold of IR that comes from a file, stage by stage. The stages' own verifiers say
// what a stage achieves; the rest is what the next one reads without asking.
#include "compiler/pipeline/Stages.h"

#include "dialects/gemma/Contract.h"
#include "dialects/kernel/Contract.h"
#include "passes/fuse/Passes.h"
#include "passes/layout/Passes.h"
#include "passes/lower/Passes.h"
#include "passes/normalize/Passes.h"
#include "passes/quantize/Passes.h"
#include "passes/tile/Passes.h"

using namespace mlir;
using namespace gemmac;
using namespace gemmac::pipeline;

namespace {

LogicalResult fail(Operation *op, const Twine &why) {
  return op->emitError() << why;
}

func::FuncOp onlyFunction(ModuleOp module) {
  SmallVector<func::FuncOp> functions(module.getOps<func::FuncOp>());
  return functions.size() == 1 && llvm::hasSingleElement(module.getBodyRegion().getOps()) ? functions.front()
                                                                                          : func::FuncOp();
}

/// After fuse nothing is packed and no weight has a format.
LogicalResult checkUnpacked(func::FuncOp function) {
  auto result = function.walk([](Operation *op) {
    auto project = dyn_cast<gemma::ProjectOp>(op);
    bool packed = isa<gemma::PackOp>(op) || (project && isa<gemma::PackedType>(project.getInput().getType()));
    if (packed)
      (void)fail(op, "after fuse: nothing should be packed yet; the quantize stage does that");
    return packed ? WalkResult::interrupt() : WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}

/// What the layout stage places: one argument, the ids; vectors in float32.
LogicalResult checkQuantized(func::FuncOp function) {
  auto ids = function.getNumArguments() == 1 ? dyn_cast<RankedTensorType>(function.getArgument(0).getType())
                                             : RankedTensorType();
  if (!ids || ids.getRank() != 1 || !ids.getElementType().isInteger(32))
    return fail(function, "after quantize: the function should have one argument, the ids");
  auto result = function.walk([](Operation *op) {
    auto weight = dyn_cast<gemma::WeightOp>(op);
    bool vector = weight && cast<RankedTensorType>(weight.getType()).getRank() == 1;
    bool broken =
        vector && weight.getFormat() && *weight.getFormat() != kernel::Format::F32; // none at all: the verifier says it
    if (broken)
      (void)fail(op, "after quantize: a weight of one dimension should have format f32");
    return broken ? WalkResult::interrupt() : WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}

/// What a target lowers: products in whole vectors, with weights as its level multiplies them.
LogicalResult checkTiled(ModuleOp module) {
  kernel::LevelInfo level = kernel::LevelInfo::fromModule(module);
  if (level.name.empty())
    return emitError(module.getLoc()) << "after tile: the module should say its kernel.level";
  auto result = module.walk([&](Operation *op) {
    auto dot = dyn_cast<kernel::DotOp>(op);
    auto pair = dyn_cast<kernel::PairDotOp>(op);
    Type acc = dot ? dot.getAcc().getType() : pair ? pair.getAcc().getType() : Type();
    int64_t bits = acc ? cast<VectorType>(acc).getNumElements() * 32 : 128;
    bool odd = bits < 128 || bits > level.vectorBits || !llvm::isPowerOf2_64(bits);
    bool otherSize = odd || (acc && cast<VectorType>(acc).isScalable());
    bool otherSign = dot && dot.getSignedWeights() && !level.signedWeights && !level.signedProducts;
    if (otherSize)
      (void)fail(op, "after tile: a product should have vectors of 128 to " + Twine(level.vectorBits) + " bits");
    else if (otherSign)
      (void)fail(op, "after tile: level " + level.name + " multiplies weights without a sign");
    return otherSize || otherSign ? WalkResult::interrupt() : WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}

struct CheckInput : PassWrapper<CheckInput, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(CheckInput)
  explicit CheckInput(Stage stage) : stage(stage) {}
  StringRef getArgument() const override { return "gemma-check-input"; }
  StringRef getDescription() const override { return "What a stage takes for granted of IR from a file"; }
  void runOnOperation() override {
    if (failed(check(getOperation())))
      signalPassFailure();
  }

  LogicalResult check(ModuleOp module) {
    if (stage == Stage::Layout)
      return kernel::checkPlan(module);
    if (stage >= Stage::Tile)
      return stage == Stage::Tile ? checkTiled(module) : success();
    func::FuncOp function = onlyFunction(module);
    std::string name = info(stage).name.str();
    if (!function)
      return emitError(module.getLoc()) << "after " << name << ": the module should hold one function, the model";
    if (stage <= Stage::Normalize)
      return gemma::checkFlat(function, name);
    if (failed(gemma::checkPhases(function, name)))
      return failure();
    return stage == Stage::Fuse ? checkUnpacked(function) : checkQuantized(function);
  }
  Stage stage;
};

} // namespace

void pipeline::addContract(OpPassManager &pm, Stage stage) {
  if (stage == Stage::Tile)
    pm.addPass(tile::createVerifyTiled()); // says more plainly what IR of an earlier stage lacks
  pm.addPass(std::make_unique<CheckInput>(stage));
  switch (stage) {
  case Stage::Normalize:
    return pm.nest<func::FuncOp>().addPass(normalize::createVerifyNormalized());
  case Stage::Fuse:
    return pm.nest<func::FuncOp>().addPass(fuse::createVerifyFused());
  case Stage::Quantize:
    return pm.nest<func::FuncOp>().addPass(quantize::createVerifyQuantized());
  case Stage::Layout:
    return pm.nest<func::FuncOp>().addPass(layout::createVerifyLaidOut());
  case Stage::Lower:
    return pm.addPass(lower::createVerifyLowered());
  case Stage::Tile:
  case Stage::Import:
  case Stage::Llvm:
  case Stage::Asm:
    return;
  }
}
