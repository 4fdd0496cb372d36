// exp, tanh, erf and logarithms by MLIR's own polynomials (about one unit in the last place), chosen one by one: square
// roots and absolute values are instructions and stay.
#include "passes/lower/Passes.h"

#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace gemmac::lower {
#define GEN_PASS_DEF_EXPANDMATH
#include "passes/lower/Passes.h.inc"
} // namespace gemmac::lower

using namespace mlir;
using namespace gemmac;

namespace {

struct ExpandMath : lower::impl::ExpandMathBase<ExpandMath> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    populateMathPolynomialApproximationPatterns(patterns, [](StringRef name) {
      return name == math::ExpOp::getOperationName() || name == math::TanhOp::getOperationName() ||
             name == math::LogOp::getOperationName() || name == math::ErfOp::getOperationName() ||
             name == math::Log1pOp::getOperationName();
    });
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
