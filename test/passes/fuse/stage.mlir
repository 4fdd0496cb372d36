// A layer, as normalize leaves it, in six phases: six barriers.
// RUN: gemma-opt %s --gemma-stage-fuse | FileCheck %s
// RUN: gemma-opt %s --gemma-stage-fuse --dump-pass-pipeline -o /dev/null 2>&1 | FileCheck %s --check-prefix=ORDER

// ORDER:      gemma-form-phases
// ORDER-NEXT: gemma-verify-fused

// CHECK-LABEL: func @layer
// CHECK:         gemma.phase rows
// CHECK:           gemma.rms_norm
// CHECK:         gemma.phase project
// CHECK-COUNT-3:   gemma.project
// CHECK:         gemma.phase rows
// CHECK-COUNT-2:   gemma.rope
// CHECK:         gemma.phase attention
// CHECK:         gemma.phase project
// CHECK:         gemma.phase rows
// CHECK:           gemma.rms_norm
// CHECK-NEXT:      gemma.add
// CHECK-NOT:     gemma.phase
// CHECK:         return
func.func @layer(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %q = gemma.weight "q" index 0 : tensor<4x4xf32>
  %k = gemma.weight "k" index 1 : tensor<4x4xf32>
  %v = gemma.weight "v" index 2 : tensor<4x4xf32>
  %o = gemma.weight "o" index 3 : tensor<4x4xf32>
  %0 = gemma.rms_norm %x eps 1.0 : tensor<?x4xf32> -> tensor<?x4xf32>
  %1 = gemma.project %0, %q : tensor<?x4xf32>, tensor<4x4xf32> -> tensor<?x4xf32>
  %2 = gemma.rope %1 head_dim 2 pairs 1 theta 1.0e+04 denominator 2 : tensor<?x4xf32> -> tensor<?x4xf32>
  %3 = gemma.project %0, %k : tensor<?x4xf32>, tensor<4x4xf32> -> tensor<?x4xf32>
  %4 = gemma.rope %3 head_dim 2 pairs 1 theta 1.0e+04 denominator 2 : tensor<?x4xf32> -> tensor<?x4xf32>
  %5 = gemma.project %0, %v : tensor<?x4xf32>, tensor<4x4xf32> -> tensor<?x4xf32>
  %6 = gemma.attention %2, %4, %5 heads 2 kv_heads 2 head_dim 2 scale 1.0
      : tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x4xf32>
  %7 = gemma.project %6, %o : tensor<?x4xf32>, tensor<4x4xf32> -> tensor<?x4xf32>
  %8 = gemma.rms_norm %7 eps 1.0 : tensor<?x4xf32> -> tensor<?x4xf32>
  %9 = gemma.add %x, %8 : tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x4xf32>
  return %9 : tensor<?x4xf32>
}
