// Passes of the lower stage.
#ifndef PASSES_LOWER_PASSES_TD
#define PASSES_LOWER_PASSES_TD

include "mlir/Pass/PassBase.td"

def ExpandDot : Pass<"kernel-expand-dot", "::mlir::ModuleOp"> {
  let summary = "kernel.dot in plain arithmetic, for levels without an instruction for it";
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::vector::VectorDialect"];
}

def ExpandPairDot : Pass<"kernel-expand-pair-dot", "::mlir::ModuleOp"> {
  let summary = "kernel.pair_dot as two float32 multiplications and additions, for levels without an instruction for it";
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::vector::VectorDialect", "::mlir::LLVM::LLVMDialect"];
}

def ExpandLookup : Pass<"kernel-expand-lookup", "::mlir::ModuleOp"> {
  let summary = "kernel.lookup as a chain of comparisons, for levels without an instruction for it";
  let dependentDialects = ["::mlir::arith::ArithDialect"];
}

def ExpandMath : Pass<"kernel-expand-math", "::mlir::ModuleOp"> {
  let summary = "exp, tanh and logarithms as polynomials: no maths library is linked";
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::vector::VectorDialect", "::mlir::math::MathDialect"];
}

def VerifyLowered : Pass<"kernel-verify-lowered", "::mlir::ModuleOp"> {
  let summary = "Contract after lower: only the LLVM dialect is left";
}
#endif
