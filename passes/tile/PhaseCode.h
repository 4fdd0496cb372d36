// What the writers of phases write with. They know nothing of the pass that calls them.
#ifndef PASSES_TILE_PHASECODE_H
#define PASSES_TILE_PHASECODE_H

#include "passes/tile/Emitter.h"
#include "passes/tile/Sizes.h"

#include "dialects/gemma/Gemma.h"

#include <map>

namespace gemmac::tile {

/// The functions of a module that multiply a panel of weights with a tile of tokens, each made when first asked for.
class DotFunctions {
public:
  DotFunctions(mlir::ModuleOp module, const kernel::LevelInfo &level) : module(module), level(level) {}

  /// f(weights, inputs, groups, result), `result` float [tile][32]. `groups` blocks of 32 columns; `inputs` is the
  /// format's own packing, or F32 for f32 and bf16; see Format.h and Sizes.h for the layouts. With `tokens` only the
  /// first so many of the tile are multiplied.
  mlir::func::FuncOp get(kernel::Format format, kernel::Packing inputs, int64_t tile, mlir::Location loc,
                         std::optional<int64_t> tokens = std::nullopt);

  /// The sum over one panel of values of a cache in codes, weighted: f(panel, weights, 1, result), `weights` float
  /// [32][tile], `result` float [tile][32].
  mlir::func::FuncOp values(kernel::CacheFormat format, int64_t tile, mlir::Location loc);

  /// The product with the Sylvester-Hadamard matrix of `size`, a power of two, in place: f(data), `data` float [size].
  mlir::func::FuncOp hadamard(int64_t size, mlir::Location loc);

private:
  mlir::func::FuncOp make(const std::string &name, mlir::Location loc, mlir::TypeRange arguments,
                          llvm::function_ref<void(Emitter &, mlir::func::FuncOp)> write);
  mlir::SmallVector<mlir::Type> dotArguments();

  mlir::ModuleOp module;
  const kernel::LevelInfo &level;
  std::map<std::tuple<kernel::Format, kernel::Packing, int64_t, int64_t>, mlir::func::FuncOp> functions;
  std::map<std::pair<kernel::CacheFormat, int64_t>, mlir::func::FuncOp> valueFunctions; ///< by format and tile
  std::map<int64_t, mlir::func::FuncOp> hadamards;                                      ///< by size
};

/// The sequences of a step, whose rows follow one another, equally many of each. Decode has one of one.
struct StepSequences {
  Emitter &e;
  const StepShape &shape;
  mlir::Value step;

  mlir::Value count() const;
  mlir::Value rowsOfEach() const;
  /// Of a sequence, counted from 0: where its table lies, and the position of its first row.
  mlir::Value table(mlir::Value sequence) const;
  mlir::Value position(mlir::Value sequence) const;
  /// Of a row, counted among all rows of the step: its sequence's table, and its own position.
  mlir::Value tableOf(mlir::Value row) const { return table(of(row)); }
  mlir::Value positionOf(mlir::Value row) const;

private:
  mlir::Value of(mlir::Value row) const;
  mlir::Value field(mlir::Value sequence, int64_t offset, mlir::Type type) const;
};

/// Everything a phase's code needs: where it stands, the sizes of a step, and the function's arguments.
struct PhaseCode {
  mlir::ModuleOp module;
  DotFunctions &dots;
  const StepShape &shape;
  Emitter &e;
  mlir::Value step, thread;
  mlir::ValueRange pointers; ///< one for each operand of the phase op

  mlir::Value rowCount(gemma::Rows rows) const;
  /// Index, among all rows of the step, of row 0 of this kind of rows.
  mlir::Value firstRow(gemma::Rows rows) const;
  StepSequences sequences() const { return {e, shape, step}; }
};

/// Visible in this object only, and never inlined: one copy of each loop, in one place to look at.
void makeLocal(mlir::func::FuncOp function);

/// Where an operand of a phase lies.
mlir::Value addressOf(Emitter &e, mlir::Value place, mlir::Value step);

/// Address of a page's part of a cache: `cache` is where it would be in a page at offset 0, `page` counts pages.
mlir::Value pageAddress(Emitter &e, kernel::CacheType type, mlir::Value cache, mlir::Value table, mlir::Value page);

/// Writes the code of a phase into the function that `code` stands in.
void writePhase(PhaseCode code, mlir::Operation *phase);

} // namespace gemmac::tile
#endif
