// What a target is: plain numbers for its levels, and the passes that turn tile-level operations into its instructions.
// One folder per target; TargetRegistry.cpp is the list.
#ifndef TARGETS_TARGET_H
#define TARGETS_TARGET_H

#include "dialects/kernel/Kernel.h"

#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/ArrayRef.h"

#include <string>

namespace gemmac::targets {

/// One instruction-set level of a target. All levels of a target read the same packed weights.
struct Level {
  kernel::LevelInfo info;
  std::string cpu, features; ///< as LLVM spells them
  uint64_t featureBits = 0;  ///< what the CPU must have: bits of the target's device part (gmTargetCpuFeatures)
  std::string doc;           ///< one line for `gemmac targets`
};

class Target {
public:
  virtual ~Target() = default;
  virtual llvm::StringRef name() const = 0;
  virtual llvm::StringRef triple() const = 0;
  /// Best first. The executable takes the first that the CPU can run.
  virtual llvm::ArrayRef<Level> levels() const = 0;
  /// Adds the passes that lower kernel.dot (and whatever else is the target's own) for this level.
  virtual void addLowering(mlir::OpPassManager &pm, const Level &level) const = 0;
};

/// Every target of this build, in order of name.
llvm::ArrayRef<const Target *> allTargets();

/// By name, or null.
const Target *findTarget(llvm::StringRef name);

} // namespace gemmac::targets
#endif
