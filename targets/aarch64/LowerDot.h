// kernel.dot on aarch64.
#ifndef TARGETS_AARCH64_LOWERDOT_H
#define TARGETS_AARCH64_LOWERDOT_H

#include "mlir/Pass/Pass.h"

#include <memory>

namespace gemmac::aarch64 {

/// Turns every kernel.dot on 128-bit vectors into sdot. Weights must fit a signed byte.
std::unique_ptr<mlir::Pass> createLowerDot();

} // namespace gemmac::aarch64
#endif
