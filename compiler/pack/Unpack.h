// Packed weights back to floats, straight from the definitions in dialects/kernel/Format.h: for tests and for the
// reference.
#ifndef COMPILER_PACK_UNPACK_H
#define COMPILER_PACK_UNPACK_H

#include "dialects/kernel/Format.h"

#include <span>
#include <vector>

namespace gemmac::pack {

/// One weight (one member of a stack) of rows x columns, row-major. `bytes` has weightBytes(format, layout, rows,
/// columns) bytes; fewer give an empty result. `q8Zero`: as it was packed with.
std::vector<float> unpackWeight(kernel::Format format, kernel::Layout layout, std::span<const uint8_t> bytes,
                                int64_t rows, int64_t columns, int q8Zero = 128);

} // namespace gemmac::pack
#endif
