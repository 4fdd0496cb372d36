// Runs the stages: once from the description to the plan, then once for each level of the target.
#ifndef COMPILER_PIPELINE_COMPILE_H
#define COMPILER_PIPELINE_COMPILE_H

#include "compiler/pipeline/Stages.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <string>
#include <vector>

namespace gemmac::pipeline {

/// Where the IR after each stage goes: to files, if `folder` is not empty.
struct Dump {
  std::string folder;
};

/// The IR as text: as people read it, or with each operation's line of the description.
std::string printModule(mlir::ModuleOp module, bool locations = false);

/// Runs stages `first` .. `last` (none of them per level) on the module. Diagnostics tell what went wrong.
mlir::LogicalResult runStages(mlir::ModuleOp module, Stage first, Stage last, const StageOptions &options,
                              const Dump &dump);

/// What a level's compilation yields.
struct LevelResult {
  bool ok = false;
  bool badOutput = false;   ///< a stage's file could not be written; the message has been printed
  std::string object, text; ///< object file; IR or assembly if `stop` asked for it
  int64_t arenaBytes = 0;
};

/// From the plan (as text, since each level has a context of its own) to an object file, or to the text after `stop`.
LevelResult compileLevel(const std::string &plan, Stage first, std::optional<Stage> stop, const StageOptions &options,
                         const targets::Target &target, const targets::Level &level, const Dump &dump);

/// All levels, as many at a time as there are threads.
std::vector<LevelResult> compileLevels(const std::string &plan, const StageOptions &options,
                                       const targets::Target &target, const std::vector<const targets::Level *> &levels,
                                       const Dump &dump, int threads);

/// Symbols of a level's entry points.
std::string entrySymbol(const targets::Level &level, llvm::StringRef what);

} // namespace gemmac::pipeline
#endif
