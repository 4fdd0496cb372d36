// The code of phases. One class per kind of phase; all write into functions made by Tiler.
#ifndef PASSES_TILE_KERNELS_H
#define PASSES_TILE_KERNELS_H

#include "passes/tile/Emitter.h"
#include "passes/tile/Sizes.h"

#include "dialects/gemma/Gemma.h"

#include <map>
#include <string>

namespace gemmac::tile {

/// What the code of one entry point knows: the level, the sizes of a step, and the functions made so far.
class Tiler {
public:
  /// `guard`: entry points tell AddressSanitizer which memory is a phase's own, see Guard.h.
  Tiler(mlir::ModuleOp module, const kernel::LevelInfo &level, bool guard);

  /// Writes `name(step, thread)`: the phases of the plan in order, with a barrier after each; taps only if `taps`, and
  /// then run only where the step has memory for what they show.
  void writeEntry(mlir::func::FuncOp plan, const std::string &name, const StepShape &shape, bool taps);
  /// Writes the function that only reads memory (GmRead).
  void writeRead(const std::string &name);

  /// The matrix product of one panel and one tile of tokens: f(weights, inputs, groups, result), `result` float
  /// [tile][32]. `groups` blocks of 32 columns; `inputs` is the format's own kind, or F32 for f32 and bf16; see
  /// Format.h and Sizes.h for the layouts. With `tokens` only the first so many of the tile are multiplied.
  mlir::func::FuncOp dot(kernel::Format format, kernel::Packing inputs, int64_t tile, mlir::Location loc,
                         std::optional<int64_t> tokens = std::nullopt);

  /// Where an operand of a phase lies.
  mlir::Value address(Emitter &e, mlir::Value place, mlir::Value step);

  mlir::ModuleOp module;
  mlir::OpBuilder b;
  const kernel::LevelInfo &level;
  StepShape shape{};

private:
  mlir::func::FuncOp phaseFunction(mlir::Operation *phase);
  void writePhase(mlir::Operation *phase, mlir::func::FuncOp function);
  mlir::func::FuncOp makeFunction(const std::string &name, int64_t pointers, mlir::Location loc);

  std::map<std::string, mlir::func::FuncOp> functions; ///< phases by what they do, see phaseKey
  std::map<std::tuple<kernel::Format, kernel::Packing, int64_t, int64_t>, mlir::func::FuncOp> dots;
  std::string prefix;
  bool guard;
};

/// Everything a phase's code needs: the function's arguments and the emitter.
struct PhaseCode {
  Tiler &tiler;
  Emitter &e;
  mlir::Value step, thread;
  mlir::ValueRange pointers; ///< one for each operand of the phase op

  mlir::Value rowCount(gemma::Rows rows) const;
  /// Index, among all rows of the step, of row 0 of this kind of rows.
  mlir::Value firstRow(gemma::Rows rows) const;
};

void writeRows(PhaseCode code, kernel::RowsOp op);
void writeProject(PhaseCode code, kernel::ProjectOp op);
void writeAttention(PhaseCode code, kernel::AttentionOp op);
void writeRopeTable(PhaseCode code, kernel::RopeTableOp op);
void writeExpertSlots(PhaseCode code, kernel::ExpertSlotsOp op);
void writeExpertGather(PhaseCode code, kernel::ExpertGatherOp op);
void writeExpertProject(PhaseCode code, kernel::ExpertProjectOp op);
void writeExpertCombine(PhaseCode code, kernel::ExpertCombineOp op);
void writeTap(PhaseCode code, kernel::TapOp op);

/// Writes the body of a dot function, see Tiler::dot.
void writeDot(Emitter &e, mlir::func::FuncOp function, kernel::Format format, kernel::Packing inputs, int64_t tokens,
              int64_t tile);

/// Packs 32 floats at `source` into the block at `block`, as token `lane` of a tile. With `count` < 32 only so many are
/// there, the others are 0.
void packGroup(Emitter &e, mlir::Value source, mlir::Value block, mlir::Value lane, kernel::Packing kind, int64_t tile);
/// Packs a row of `width` floats as row `row` of a packed buffer.
void packRow(Emitter &e, mlir::Value source, mlir::Value buffer, mlir::Value row, int64_t width, kernel::Packing kind,
             int64_t tile);

/// What an elementwise operation takes of its weight, which lies at `place`, for the columns at `offset` (in bytes):
/// the scalar of scale_by, or these columns of a bias.
mlir::Value elementwiseWeight(Emitter &e, mlir::Operation *op, mlir::Value place, mlir::Value offset, mlir::Type type);
/// One elementwise operation of the gemma dialect on scalars or vectors. `weight` is of their type; null without one.
mlir::Value elementwise(Emitter &e, mlir::Operation *op, mlir::ValueRange operands, mlir::Value weight);
mlir::Value activate(Emitter &e, gemma::Activation activation, mlir::Value gate);

/// Cosine and sine of float64 angles, scalars or vectors, good to float32.
std::pair<mlir::Value, mlir::Value> cosSin(Emitter &e, mlir::Value angle);

/// Where one row's choice of experts reads and writes: floats, one per expert; `noiseScores` may be null; `memory` has
/// room for experts + top_k floats; `out` is a row of a routing buffer.
struct ChoiceCode {
  mlir::Value scores, noiseScores, perExpert, memory, out;
  mlir::Value position; ///< of the row in the sequence: the noise depends on it
};
void writeChoice(Emitter &e, gemma::TopKOp op, ChoiceCode code);

/// Row `id` of a table in any format and layout, times `scale`, as floats at `out`.
void gatherRow(Emitter &e, kernel::WeightType type, mlir::Value table, mlir::Value id, double scale, mlir::Value out);

/// Writes a row of heads into a cache at `position`.
void writeCache(Emitter &e, kernel::CacheType type, mlir::Value cache, mlir::Value row, mlir::Value position);

} // namespace gemmac::tile
#endif
