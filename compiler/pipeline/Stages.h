// The stages, declared once: flags, help, pipelines and documentation come from this list.
#ifndef COMPILER_PIPELINE_STAGES_H
#define COMPILER_PIPELINE_STAGES_H

#include "targets/Target.h"

#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <optional>
#include <string>

namespace gemmac::pipeline {

enum class Stage { Import, Normalize, Fuse, Quantize, Layout, Tile, Lower, Llvm, Asm };

struct StageInfo {
  Stage stage;
  llvm::StringRef name;
  llvm::StringRef doc;      ///< one line
  llvm::StringRef contract; ///< what holds after it
  bool perLevel;            ///< runs once for each instruction-set level
};

llvm::ArrayRef<StageInfo> allStages();
const StageInfo &info(Stage stage);
std::optional<Stage> parseStage(llvm::StringRef name);

/// What the stages need to know beyond the module.
struct StageOptions {
  std::string recipe = "f32", kv = "f32";
  int64_t context = 8192, chunk = 0, lastRows = 32; ///< chunk 0: the layout stage chooses
  bool sanitize = false; ///< code that AddressSanitizer watches; links with the sanitized kit only
};

/// Adds one stage. `target` and `level` matter for the stages per level only. Import, llvm and asm have no passes.
void addStage(mlir::OpPassManager &pm, Stage stage, const StageOptions &options, const targets::Target *target,
              const targets::Level *level);

/// Adds the passes that check all that the stage after this one takes for granted. For IR that comes from a file.
void addContract(mlir::OpPassManager &pm, Stage stage);

/// Registers every stage as a pipeline `gemma-stage-NAME` for gemma-opt, and the targets' passes.
void registerStages();

} // namespace gemmac::pipeline
#endif
