// The list of targets: one line for each folder.
#include "targets/Target.h"

using namespace gemmac::targets;

llvm::ArrayRef<const Target *> gemmac::targets::allTargets() {
  static const Target *const targets[] = {&aarch64(), &x86_64()};
  return targets;
}

const Target *gemmac::targets::findTarget(llvm::StringRef name) {
  for (const Target *target : allTargets())
    if (target->name() == name)
      return target;
  return nullptr;
}
