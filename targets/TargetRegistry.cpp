// The list of targets. It is generated: targets/CMakeLists.txt names the folders, and each folder defines the function
// that returns its target, called as the folder is.
#include "targets/Target.h"

using namespace gemmac::targets;

namespace gemmac::targets {
#define GEMMAC_TARGET(name) const Target &name();
#include "targets/Targets.inc"
#undef GEMMAC_TARGET
} // namespace gemmac::targets

llvm::ArrayRef<const Target *> gemmac::targets::allTargets() {
  static const Target *const targets[] = {
#define GEMMAC_TARGET(name) &name(),
#include "targets/Targets.inc"
#undef GEMMAC_TARGET
  };
  return targets;
}

const Target *gemmac::targets::findTarget(llvm::StringRef name) {
  for (const Target *target : allTargets())
    if (target->name() == name)
      return target;
  return nullptr;
}
