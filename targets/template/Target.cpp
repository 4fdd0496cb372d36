// A target to copy. It compiles, uses no instruction of its own, and is right on every CPU that LLVM knows: change the
// numbers to those of your machine, then replace kernel-expand-dot with a pass that uses its instructions. README.md
// has the steps.
#include "targets/Target.h"

#include "passes/lower/Passes.h"

using namespace gemmac;
using namespace gemmac::targets;

namespace {

const Level kLevels[] = {
    {{.name = "template-baseline", .symbol = "template_baseline", .vectorBits = 128, .registers = 16, .tokenTile = 3},
     "", // LLVM's name of the CPU; empty for the triple's baseline
     "", // and further features, "+a,-b"
     0,  // bits that the CPU must report, from device/Features.h
     "any CPU of this kind"},
};

class Template : public Target {
public:
  llvm::StringRef name() const override { return "template"; }
  llvm::StringRef triple() const override { return "riscv64-unknown-linux-gnu"; }
  llvm::ArrayRef<Level> levels() const override { return kLevels; }
  void addLowering(mlir::OpPassManager &pm, const Level &level) const override { pm.addPass(lower::createExpandDot()); }
};

} // namespace

namespace gemmac::targets {
/// A real target's function is called as its folder is; targets/CMakeLists.txt lists the folders.
const Target &templateTarget() {
  static const Template target;
  return target;
}
} // namespace gemmac::targets
