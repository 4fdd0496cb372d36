// Sizes of buffers: the one place where the tile stage's layouts of activations are defined.
//
//   f32          [rows][width] float
//   packed_i8    [rows / T][ceil(width/32)] blocks; block = i32 quad[8][T] (four codes each), i32 -kZeroTerm times the
//                sum of the first 16 codes [T], the same of all codes [T], f32 scale [T]
//   packed_bf16  [rows / T][ceil(width/32)] blocks; block = u32 [16 pairs of columns][T], the lower column in the lower
//   half packed_f32   [rows / T][ceil(width/32)] blocks; block = f32 [32 columns][T] table        [rows][width] float:
//   cosines, then sines routing      [rows][ i32 expert[k], f32 weight[k] ] slots        see SlotsLayout
// T is the number of tokens a kernel handles at a time: 1 in decode, the level's token tile in prefill.
#ifndef PASSES_TILE_SIZES_H
#define PASSES_TILE_SIZES_H

#include "dialects/kernel/Kernel.h"

#include <algorithm>

namespace gemmac::tile {

/// Rows of a step and tokens of a tile, as the code of an entry point sees them.
struct StepShape {
  int64_t allRows, lastRows; ///< at most
  int64_t tile;
};

/// Zero point of 4-bit codes, by which packed sums of codes are multiplied already: a product with such weights then
/// begins with the sum as it stands. Wider codes have multiples of it.
inline constexpr int64_t kZeroTerm = 8;

inline int64_t packedBlockBytes(kernel::Packing kind, int64_t tile) {
  return tile * (kind == kernel::Packing::I8 ? 44 : kind == kernel::Packing::BF16 ? 64 : 128);
}

/// Of a buffer of packed rows.
inline kernel::Packing packingOf(kernel::BufferType type) {
  return *kernel::packingOf(type.getKind());
}

/// Where the parts of a slots buffer lie, in bytes: for `rows` rows with k experts each, out of E.
struct SlotsLayout {
  int64_t maxRuns, maxTiles;
  int64_t runCount = 0, tileCount = 4, runExpert, runBegin, slotRow, slotOf, bytes;

  SlotsLayout(int64_t rows, int64_t k, int64_t experts, int64_t tile) {
    maxRuns = std::min(experts, rows * k);
    maxTiles = kernel::ceilDiv(rows * k, tile) + maxRuns;
    runExpert = 8;
    runBegin = runExpert + 4 * maxRuns;
    slotRow = runBegin + 4 * (maxRuns + 1);
    slotOf = slotRow + 4 * maxTiles * tile;
    bytes = slotOf + 4 * rows * k;
  }
};

inline int64_t bufferBytes(kernel::BufferType type, const StepShape &step, int64_t experts = 0, int64_t topK = 0) {
  int64_t rows = kernel::stepRows(type.getRows()) == gemma::Rows::Last ? step.lastRows : step.allRows;
  if (type.getKind() == kernel::BufferKind::Slots)
    return SlotsLayout(rows, topK, experts, step.tile).bytes;
  if (kernel::areSlots(type.getRows()))
    rows = SlotsLayout(rows, topK, experts, step.tile).maxTiles * step.tile;
  if (type.getKind() == kernel::BufferKind::Routing)
    return rows * 8 * type.getWidth();
  if (auto packing = kernel::packingOf(type.getKind()))
    return kernel::ceilDiv(rows, step.tile) * kernel::ceilDiv(type.getWidth(), 32) *
           packedBlockBytes(*packing, step.tile);
  return rows * type.getWidth() * 4;
}

/// The same for a buffer of a plan: how many experts share its slots, its users say.
inline int64_t bufferBytes(kernel::BufferOp op, const StepShape &step) {
  int64_t experts = 0, topK = 0;
  for (mlir::Operation *user : op->getUsers())
    if (auto phase = llvm::dyn_cast<kernel::ExpertPhase>(user)) {
      topK = phase.getTopK();
      experts = phase.getExperts();
    }
  return bufferBytes(op.getType(), step, experts, topK);
}

} // namespace gemmac::tile
#endif
