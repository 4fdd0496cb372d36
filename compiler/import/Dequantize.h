// The element types of checkpoints: their block sizes, their bits, and their values as float. One decoder per block
// type serves both the conversion to float and the packer's exact copies.
#ifndef COMPILER_IMPORT_DEQUANTIZE_H
#define COMPILER_IMPORT_DEQUANTIZE_H

#include "compiler/import/Checkpoint.h"

namespace gemmac::import {

struct TypeInfo {
  DType type;
  std::string_view name;
  int64_t blockElements, blockBytes; ///< a block lies along the last dimension; 0 bytes: a type we do not read
};

const TypeInfo &typeInfo(DType type);

/// "F32, F16, ...": for messages.
std::string readableTypes();

/// 32 consecutive elements of a block type: value[i] = scale[i / 16] * (code[i] - zero) + min, with min = 0 where zero
/// > 0.
struct CodeGroup {
  uint8_t code[32];
  int zero;       ///< 8, 16, 32 or 128; 0 for types with a minimum
  int codeBits;   ///< 4, 5, 6 or 8
  float scale[2]; ///< different only for Q6_K
  float min;
  bool halfScale; ///< scale and min are f16 values as they stand in the file (not products)
};

/// Decodes elements [32 * group, 32 * group + 32) of `blocks`. `type` is one of the block types.
void decodeGroup(DType type, const uint8_t *blocks, int64_t group, CodeGroup &out);

/// Converts `count` elements (a multiple of the block) from `data`. Returns the index of the first element whose value
/// or scale is NaN or infinite, or -1.
int64_t dequantize(DType type, const uint8_t *data, int64_t count, float *out);

} // namespace gemmac::import
#endif
