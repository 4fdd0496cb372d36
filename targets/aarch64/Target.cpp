// aarch64: one level so far, armv8.2-a with byte products.
#include "targets/Target.h"

#include "targets/aarch64/LowerDot.h"
#include "targets/aarch64/device/Features.h"

using namespace gemmac;
using namespace gemmac::targets;

namespace {

const Level kLevels[] = {
    {{.name = "armv8.2-a-dotprod",
      .symbol = "armv8_2_a_dotprod",
      .vectorBits = 128,
      .registers = 32,
      .tokenTile = 4,
      .halfConversion = true,
      .signedWeights = true},
     "generic",
     "+v8.2a,+dotprod,+fullfp16",
     gemmac::aarch64::kLevelDotProd,
     "armv8.2-a with sdot"},
};

class Arm : public Target {
public:
  llvm::StringRef name() const override { return "aarch64"; }
  llvm::StringRef triple() const override { return "aarch64-unknown-linux-gnu"; }
  llvm::ArrayRef<Level> levels() const override { return kLevels; }
  void addLowering(mlir::OpPassManager &pm, const Level &level) const override {
    pm.addPass(gemmac::aarch64::createLowerDot());
  }
};

} // namespace

namespace gemmac::targets {
const Target &aarch64() {
  static const Arm target;
  return target;
}
} // namespace gemmac::targets
