// The stage without a target: plain arithmetic for byte products, then MLIR's conversions. Nothing but the LLVM dialect is left.
// RUN: gemma-opt %s --gemma-stage-lower | FileCheck %s
// RUN: gemma-opt %s --gemma-stage-lower --dump-pass-pipeline -o /dev/null 2>&1 | FileCheck %s --check-prefix=ORDER

// ORDER:     kernel-expand-dot
// ORDER:     kernel-expand-pair-dot
// ORDER:     kernel-expand-lookup
// ORDER:     kernel-expand-math
// ORDER:     convert-vector-to-llvm
// ORDER:     convert-arith-to-llvm
// ORDER:     convert-func-to-llvm
// ORDER:     reconcile-unrealized-casts
// ORDER:     kernel-verify-lowered

// CHECK-NOT:   {{ (func|arith|vector|scf|math|kernel)\.}}
// CHECK:       llvm.func @gmBarrier(!llvm.ptr, i64)
// CHECK-LABEL: llvm.func internal @phase(
// CHECK-SAME:    passthrough = ["noinline"]
// CHECK:         llvm.atomicrmw add
// CHECK:         llvm.mul %{{.+}}, %{{.+}} : vector<4xi32>
// CHECK:         llvm.fadd
// CHECK-NOT:   {{ (func|arith|vector|scf|math|kernel)\.}}
func.func private @gmBarrier(!llvm.ptr, i64)
func.func private @phase(%step: !llvm.ptr, %count: i64, %p: !llvm.ptr) attributes {llvm.linkage = #llvm.linkage<internal>, passthrough = ["noinline"]} {
  %one = arith.constant 1 : i64
  scf.while : () -> i64 {
    %i = llvm.atomicrmw add %step, %one monotonic : !llvm.ptr, i64
    %more = arith.cmpi slt, %i, %count : i64
    scf.condition(%more) %i : i64
  } do {
  ^bb0(%i: i64):
    %acc = llvm.load %p : !llvm.ptr -> vector<4xi32>
    %w = llvm.load %p : !llvm.ptr -> vector<16xi8>
    %d = kernel.dot %acc, %w, %w {max_code = 15 : i64} : vector<4xi32>, vector<16xi8>
    %f = arith.sitofp %d : vector<4xi32> to vector<4xf32>
    %pairs = kernel.pair_dot %f, %acc, %acc : vector<4xf32>, vector<4xi32>
    %e = math.exp %pairs : vector<4xf32>
    %s = vector.reduction <add>, %e : vector<4xf32> into f32
    llvm.store %s, %p : f32, !llvm.ptr
    scf.yield
  }
  func.call @gmBarrier(%step, %count) : (!llvm.ptr, i64) -> ()
  return
}
