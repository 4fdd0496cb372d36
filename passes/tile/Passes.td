// Passes of the tile stage. They run once for each level of a target, whose numbers they read from `kernel.level`.
#ifndef PASSES_TILE_PASSES_TD
#define PASSES_TILE_PASSES_TD

include "mlir/Pass/PassBase.td"

def AssignArena : Pass<"kernel-assign-arena", "::mlir::ModuleOp"> {
  let summary = "Give every buffer its place in the arena, by liveness";
  let description = [{
    Buffers that are never alive together share memory. Leaves the arena's bytes in `kernel.plan`.
  }];
}

def TilePhases : Pass<"kernel-tile-phases", "::mlir::ModuleOp"> {
  let summary = "Write the code of each phase, and the entry points that call them in order";
  let description = [{
    A phase becomes a function whose threads claim items from a shared counter: rows, panels of 32 outputs, tiles of query
    rows. Phases that differ only in where their operands lie share one function. The matrix products are functions of
    their own, one for each format and number of tokens, built around `kernel.dot`. Entry points: `decode` (one token) and
    `prefill` (any number up to the chunk).
  }];
  let options = [
    Option<"guard", "guard", "bool", "false", "let AddressSanitizer see which memory is a phase's own">,
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::func::FuncDialect", "::mlir::scf::SCFDialect",
                           "::mlir::vector::VectorDialect", "::mlir::math::MathDialect", "::mlir::LLVM::LLVMDialect"];
}

def VerifyTiled : Pass<"kernel-verify-tiled", "::mlir::ModuleOp"> {
  let summary = "Contract after tile: no phase, buffer, weight or cache is left";
}
#endif
