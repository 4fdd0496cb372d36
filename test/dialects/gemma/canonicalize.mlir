// RUN: gemma-opt %s --canonicalize | FileCheck %s

// CHECK-LABEL: func @scale_by_one_is_gone
// CHECK-SAME:      %[[X:.+]]: tensor<?x4xf32>
// CHECK-NEXT:    return %[[X]]
func.func @scale_by_one_is_gone(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %0 = gemma.scale %x by 1.0 : tensor<?x4xf32> -> tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}

// CHECK-LABEL: func @other_scales_stay
// CHECK:         gemma.scale %{{.+}} by 0.000000e+00
func.func @other_scales_stay(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %0 = gemma.scale %x by 0.0 : tensor<?x4xf32> -> tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}

// A phase is not an operation to be thrown away alone: what it holds is pure, so an unused one goes with its contents.
// CHECK-LABEL: func @unused_phase_is_gone
// CHECK-NEXT:    return
func.func @unused_phase_is_gone(%x: tensor<?x4xf32>) {
  %0 = gemma.phase rows -> tensor<?x4xf32> {
    %1 = gemma.scale %x by 2.0 : tensor<?x4xf32> -> tensor<?x4xf32>
    gemma.yield %1 : tensor<?x4xf32>
  }
  return
}
