// Constant factors: fewer operations later, and no factor hides in front of a norm. First in the stage, since the other
// passes then see norms and embeddings next to what feeds them.
#include "passes/normalize/Passes.h"

#include "dialects/gemma/Gemma.h"

#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace gemmac::normalize {
#define GEN_PASS_DEF_FOLDSCALES
#include "passes/normalize/Passes.h.inc"
} // namespace gemmac::normalize

using namespace mlir;
using namespace gemmac;
using namespace gemmac::gemma;

namespace {

double value(APFloat f) {
  return f.convertToDouble();
}

struct ScaleOfScale : OpRewritePattern<ScaleOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ScaleOp op, PatternRewriter &rewriter) const override {
    auto inner = op.getInput().getDefiningOp<ScaleOp>();
    if (!inner)
      return rewriter.notifyMatchFailure(op, "input is not scaled");
    rewriter.replaceOpWithNewOp<ScaleOp>(op, op.getType(), inner.getInput(),
                                         rewriter.getF64FloatAttr(value(op.getBy()) * value(inner.getBy())));
    return success();
  }
};

struct ScaleOfEmbed : OpRewritePattern<ScaleOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ScaleOp op, PatternRewriter &rewriter) const override {
    auto embed = op.getInput().getDefiningOp<EmbedOp>();
    if (!embed || !embed->hasOneUse() || value(op.getBy()) == 0)
      return rewriter.notifyMatchFailure(op, "input is no embedding of its own");
    rewriter.replaceOpWithNewOp<EmbedOp>(op, op.getType(), embed.getIds(), embed.getTable(),
                                         rewriter.getF64FloatAttr(value(embed.getScale()) * value(op.getBy())));
    return success();
  }
};

/// rms_norm(s x, eps) = rms_norm(x, eps / s^2) for s > 0.
struct NormOfScale : OpRewritePattern<RmsNormOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(RmsNormOp op, PatternRewriter &rewriter) const override {
    auto scale = op.getInput().getDefiningOp<ScaleOp>();
    if (!scale || !(value(scale.getBy()) > 0))
      return rewriter.notifyMatchFailure(op, "input is not scaled by a positive factor");
    double by = value(scale.getBy());
    rewriter.modifyOpInPlace(op, [&] {
      op.getInputMutable().assign(scale.getInput());
      op.setEpsAttr(rewriter.getF64FloatAttr(value(op.getEps()) / (by * by)));
    });
    return success();
  }
};

struct FoldScales : normalize::impl::FoldScalesBase<FoldScales> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<ScaleOfScale, ScaleOfEmbed, NormOfScale>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
