// The stage, with its default options, on the smallest model: one phase of values becomes one phase of places.
// RUN: gemma-opt %s --gemma-stage-layout | FileCheck %s
// RUN: gemma-opt %s --gemma-stage-layout --dump-pass-pipeline -o /dev/null 2>&1 | FileCheck %s --check-prefix=ORDER

// ORDER:      convert-gemma-to-kernel{chunk=0 context=8192 kv=f32 last-rows=32}
// ORDER-NEXT: kernel-plan-pages
// ORDER-NEXT: func.func(
// ORDER-NEXT: kernel-verify-laid-out

// CHECK:       module attributes {kernel.plan = #kernel.plan<positions = 8192, chunk = 128, last_rows = 32,
// CHECK-LABEL: func @step
// CHECK-NOT:     gemma.phase
// CHECK:         kernel.rows all
// CHECK:         return{{$}}
func.func @forward(%ids: tensor<?xi32>) -> tensor<?x4xf32> {
  %t = gemma.weight "table" index 0 format f32 : tensor<8x4xf32>
  %0 = gemma.phase rows -> tensor<?x4xf32> {
    %e = gemma.embed %ids, %t : tensor<?xi32>, tensor<8x4xf32> -> tensor<?x4xf32>
    gemma.yield %e : tensor<?x4xf32>
  }
  return %0 : tensor<?x4xf32>
}
