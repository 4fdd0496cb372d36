// The recipe, written out: one format for each weight, with a remark where it is not the recipe's own.
#include "passes/quantize/Passes.h"

#include "dialects/gemma/Gemma.h"

#include "mlir/IR/Remarks.h"

#define DEBUG_TYPE "gemma-choose-formats"

namespace gemmac::quantize {
#define GEN_PASS_DEF_CHOOSEFORMATS
#include "passes/quantize/Passes.h.inc"
} // namespace gemmac::quantize

using namespace mlir;
using namespace gemmac;
using namespace gemmac::gemma;

namespace {

constexpr auto kRemark = remark::RemarkOpts::name("format").category(DEBUG_TYPE);

struct ChooseFormats : quantize::impl::ChooseFormatsBase<ChooseFormats> {
  using ChooseFormatsBase::ChooseFormatsBase;

  FailureOr<kernel::Format> choose(WeightOp weight) {
    if (cast<RankedTensorType>(weight.getType()).getRank() == 1)
      return kernel::Format::F32;
    // A floor of f32 is about the rows, too: a file's fewer bits lose nothing in f32, and the rows they meet stay
    // exact.
    if (recipe == "keep" && weight.getFloor() == kernel::Format::F32)
      return kernel::Format::F32;
    if (recipe == "keep") {
      if (!weight.getKeptFormat())
        return weight.emitError() << "'keep' needs weights from a file; " << weight.getName()
                                  << " has no format of its own";
      return *weight.getKeptFormat();
    }
    kernel::Format format = *kernel::symbolizeFormat(recipe);
    if (!weight.getFloor())
      return format;
    kernel::Format floor = *weight.getFloor();
    if (kernel::info(floor).codeBits <= kernel::info(format).codeBits)
      return format;
    remark::passed(weight.getLoc(), kRemark)
        << remark::reason("{0} is kept in {1}", weight.getName(), kernel::name(floor));
    return floor;
  }

  void runOnOperation() override {
    if (recipe != "keep" && recipe != "f32" && recipe != "bf16" && recipe != "q8" && recipe != "q4") {
      getOperation().emitError() << "unknown recipe '" << recipe << "'; known are f32, bf16, q8, q4 and keep";
      return signalPassFailure();
    }
    bool failed = false;
    getOperation().walk([&](WeightOp weight) {
      FailureOr<kernel::Format> format = choose(weight);
      if (succeeded(format))
        weight.setFormat(*format);
      else
        failed = true;
    });
    if (failed)
      signalPassFailure();
  }
};

} // namespace
