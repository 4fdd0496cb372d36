// kernel.dot on x86-64.
#ifndef TARGETS_X86_64_LOWERDOT_H
#define TARGETS_X86_64_LOWERDOT_H

#include "mlir/Pass/Pass.h"

#include <memory>

namespace gemmac::x86_64 {

/// Which instructions a level has for products of bytes.
struct DotInstructions {
  int64_t vnniBits = 0; ///< vpdpbusd on vectors of so many bits, 512 or 256; 0: none
  bool bf16 = false;    ///< vdpbf16ps on 512-bit vectors
  bool maddubs = false; ///< vpmaddubsw and vpshufb on whole vectors of the level
};

/// Turns every kernel.dot into vpdpbusd, vpmaddubsw + vpmaddwd, or vpmaddwd alone, and kernel.pair_dot into vdpbf16ps
/// where there is one; kernel.lookup into vpshufb.
std::unique_ptr<mlir::Pass> createLowerDot(DotInstructions instructions);

} // namespace gemmac::x86_64
#endif
