// Passes of the fuse stage.
#ifndef PASSES_FUSE_PASSES_TD
#define PASSES_FUSE_PASSES_TD

include "mlir/Pass/PassBase.td"

def FormPhases : Pass<"gemma-form-phases", "::mlir::func::FuncOp"> {
  let summary = "Group operations into few phases, each of which runs between two barriers";
  let description = [{
    Every operation goes into the earliest phase that its operands allow. Operations that work row by row share a phase of
    kind `rows`. Projections that do not depend on each other share a phase of kind `project`; what is done to their results
    element by element (gate, soft-cap, sum) joins them. Attention and experts are phases of their own. Slices are views that
    move to their users, unless one of these reads whole buffers (projection, attention, experts, last_rows, the function's
    result): then the columns are copied, row by row.
  }];
}

def VerifyFused : Pass<"gemma-verify-fused", "::mlir::func::FuncOp"> {
  let summary = "Contract after fuse: every operation but weights stands in a phase, and projections read other phases";
}
#endif
