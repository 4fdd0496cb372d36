// Which of the compiled instruction-set levels runs on this machine.
#ifndef RUNTIME_MODEL_LEVEL_H
#define RUNTIME_MODEL_LEVEL_H

#include "runtime/abi/Step.h"
#include "runtime/base/Status.h"

#include <string_view>

namespace gemmart {

/// The choice and the reason for it, ready to print.
struct LevelChoice {
  const GmLevel *level = nullptr;
  std::string reason;
};

/// The first level whose features are all in `cpuFeatures`; with `forcedName` that level, if the CPU has what it needs.
/// Fails with Code::Input where nothing runs here, with Code::Usage for a name that is not in the file.
Result<LevelChoice> chooseLevel(const GmModel &model, uint64_t cpuFeatures, std::string_view forcedName);

/// Accepts "" and "cpu" and the name of the model's target.
Status checkTarget(const GmModel &model, std::string_view wanted);

/// Refuses a table that this runtime cannot follow: another version, no levels, sizes below zero or without sense.
Status checkModel(const GmModel &model);

} // namespace gemmart
#endif
