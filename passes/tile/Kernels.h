// The writers of phases, and what they share. One class per kind of phase.
#ifndef PASSES_TILE_KERNELS_H
#define PASSES_TILE_KERNELS_H

#include "passes/tile/PhaseCode.h"

namespace gemmac::tile {

void writeRows(PhaseCode code, kernel::RowsOp op);
void writeProject(PhaseCode code, kernel::ProjectOp op);
void writeAttention(PhaseCode code, kernel::AttentionOp op);
void writeRopeTable(PhaseCode code, kernel::RopeTableOp op);
void writeExpertSlots(PhaseCode code, kernel::ExpertSlotsOp op);
void writeExpertGather(PhaseCode code, kernel::ExpertGatherOp op);
void writeExpertProject(PhaseCode code, kernel::ExpertProjectOp op);
void writeExpertCombine(PhaseCode code, kernel::ExpertCombineOp op);
void writeTap(PhaseCode code, kernel::TapOp op);

/// Writes the body of a dot function, see DotFunctions.
void writeDot(Emitter &e, mlir::func::FuncOp function, kernel::Format format, kernel::Packing inputs, int64_t tokens,
              int64_t tile);

/// Write the bodies of functions made by DotFunctions::values, for q8 and tq4, and by DotFunctions::hadamard.
void writeValueDot(Emitter &e, mlir::func::FuncOp function, int64_t tile);
void writeCodebookValueDot(Emitter &e, mlir::func::FuncOp function, int64_t tile);
void writeHadamard(Emitter &e, mlir::func::FuncOp function, int64_t size);

/// Packs 32 floats as 8-bit codes, as token `lane` of a tile, and returns what the codes stand for.
mlir::Value packCodes(Emitter &e, mlir::Value x, mlir::Value block, mlir::Value lane, int64_t tile);
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

/// Writes a row of heads into a cache at `position` of the sequence whose table this is.
void writeCache(PhaseCode code, kernel::CacheType type, mlir::Value cache, mlir::Value table, mlir::Value row,
                mlir::Value position);

/// Format tq4: a block's codes, then the scales of its slots. Writes one head's row as slot `slot` of a block.
void writeCodebookSlot(PhaseCode code, kernel::CacheType type, mlir::Value block, mlir::Value slot, mlir::Value source);
/// What the 32 slots of a block are multiplied with, as float32 at `to`, so that bytes of the table become numbers.
void loadCodebookScales(Emitter &e, kernel::CacheType type, mlir::Value block, mlir::Value to);
/// Back from the rotated dimensions in which values of format tq4 lie, in place: `row` float [size].
void unrotate(PhaseCode code, mlir::Value row, int64_t size);

} // namespace gemmac::tile
#endif
