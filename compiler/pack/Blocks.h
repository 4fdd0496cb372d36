// Groups and floats into the bytes of the two layouts, and back. The layouts themselves are described in
// dialects/kernel/Format.h.
#ifndef COMPILER_PACK_BLOCKS_H
#define COMPILER_PACK_BLOCKS_H

#include "compiler/pack/Quantize.h"

namespace gemmac::pack {

/// Groups of 32 rows of one block.
struct Block {
  Group rows[kernel::kPanelRows];
};

/// A row of padding: all values 0.
void clearGroup(kernel::Format format, Group &out);

/// `q8Zero` is 128 or 0: how codes of q8 are stored in panels.
void writePanelBlock(kernel::Format format, const Block &block, int q8Zero, uint8_t *out);

/// f32 or bf16. `values` has `rows` rows, `stride` floats apart, with `columns` columns; the rest of the block is 0.
void writePanelBlock(kernel::Format format, const float *values, int64_t stride, int rows, int columns, uint8_t *out);

/// One group of a row in layout "rows", integer formats.
void writeRowGroup(kernel::Format format, const Group &group, uint8_t *out);

/// The same for f32 and bf16; columns from `columns` on are 0.
void writeRowGroup(kernel::Format format, const float *values, int columns, uint8_t *out);

} // namespace gemmac::pack
#endif
