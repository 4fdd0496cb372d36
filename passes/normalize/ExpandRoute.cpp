// Routing is a projection and a choice; split, the projection can share a phase with others.
#include "passes/normalize/Passes.h"

#include "dialects/gemma/Gemma.h"

#include "mlir/IR/PatternMatch.h"

namespace gemmac::normalize {
#define GEN_PASS_DEF_EXPANDROUTE
#include "passes/normalize/Passes.h.inc"
} // namespace gemmac::normalize

using namespace mlir;
using namespace gemmac;
using namespace gemmac::gemma;

namespace {

struct ExpandRoute : normalize::impl::ExpandRouteBase<ExpandRoute> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    getOperation().walk([&](RouteOp route) {
      rewriter.setInsertionPoint(route);
      auto scoresType = rowsType(&getContext(), route.getType().getExperts(), rowsOf(route.getType()));
      auto project = [&](Value weight) -> Value {
        return ProjectOp::create(rewriter, route.getLoc(), scoresType, route.getInput(), weight);
      };
      Value scores = project(route.getWeight()), noise;
      if (route.getNoiseWeight())
        noise = project(route.getNoiseWeight());
      rewriter.replaceOpWithNewOp<TopKOp>(route, route.getType(), scores, route.getPerExpert(), noise,
                                          route.getNoiseSeedAttr(), route.getUnnormalisedAttr());
    });
  }
};

} // namespace
