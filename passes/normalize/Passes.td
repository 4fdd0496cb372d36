// Passes of the normalize stage.
#ifndef PASSES_NORMALIZE_PASSES_TD
#define PASSES_NORMALIZE_PASSES_TD

include "mlir/Pass/PassBase.td"

def FoldScales : Pass<"gemma-fold-scales", "::mlir::func::FuncOp"> {
  let summary = "Fold constant factors into each other, into embeddings and into the eps of norms";
  let description = [{
    `scale(scale(x))` becomes one scale; the scale of an embedding becomes its own; `rms_norm(scale(x, s), eps)` becomes
    `rms_norm(x, eps / s^2)`, which is the same number. A scaled value with other users keeps its scale for them.
  }];
}

def ExpandRoute : Pass<"gemma-expand-route", "::mlir::func::FuncOp"> {
  let summary = "Split route into its projection and the choice";
  let description = [{ `route(x, W, s)` becomes `top_k(project(x, W), s)`, so that the scores join other projections; those of a noise weight too. }];
}

def HoistLastRows : Pass<"gemma-hoist-last-rows", "::mlir::func::FuncOp"> {
  let summary = "Take the rows whose logits are wanted as early as possible";
  let description = [{
    Moves `last_rows` from the head towards the tokens, through everything that works row by row, through projections and
    through the queries of attentions. It stops where other rows are still needed: at the input of the last keys and
    values. In a prompt, everything after that point runs for the last rows only.
  }];
}

def VerifyNormalized : Pass<"gemma-verify-normalized", "::mlir::func::FuncOp"> {
  let summary = "Contract after normalize: no route, no foldable scale, no dead value, logits for the last rows only";
}
#endif
