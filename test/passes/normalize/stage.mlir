// The whole stage: each pass finds what the ones before it left.
// RUN: gemma-opt %s --gemma-stage-normalize | FileCheck %s
// RUN: gemma-opt %s --gemma-stage-normalize --dump-pass-pipeline 2>&1 >/dev/null | FileCheck %s --check-prefix=ORDER

// ORDER:      gemma-fold-scales
// ORDER-NEXT: gemma-expand-route
// ORDER-NEXT: cse
// ORDER-NEXT: gemma-hoist-last-rows
// ORDER-NEXT: canonicalize
// ORDER:      gemma-verify-normalized

// The embedding takes the scale, the two equal projections become one, the routing is split, and everything after the keys
// runs for the last rows.
// CHECK-LABEL: func @model
// CHECK:         %[[X:.+]] = gemma.embed %{{.+}}, %{{.+}} scale 2.000000e+00
// CHECK-NOT:     gemma.scale
// CHECK:         %[[LAST:.+]] = gemma.last_rows %[[X]]
// CHECK:         %[[K:.+]] = gemma.project %[[X]], {{.+}} -> tensor<?x4xf32>
// CHECK-NOT:     gemma.project {{.+}} -> tensor<?x4xf32>
// CHECK:         %[[A:.+]] = gemma.attention %[[LAST]], %[[K]], %[[K]]
// CHECK:         %[[S:.+]] = gemma.project %[[A]], {{.+}} -> tensor<?x2xf32, "last">
// CHECK:         %[[R:.+]] = gemma.top_k %[[S]]
// CHECK:         %[[E:.+]] = gemma.experts %[[A]], %[[R]]
// CHECK:         return %[[E]]
func.func @model(%ids: tensor<?xi32>) -> tensor<?x4xf32, "last"> {
  %t = gemma.weight "table" index 0 : tensor<8x4xf32>
  %kw = gemma.weight "k" index 1 : tensor<4x4xf32>
  %w = gemma.weight "router" index 2 : tensor<2x4xf32>
  %p = gemma.weight "per_expert" index 3 : tensor<2xf32>
  %gu = gemma.weight "gate_up" index 4 : tensor<2x2x4xf32>
  %d = gemma.weight "down" index 5 : tensor<2x4x1xf32>
  %e = gemma.embed %ids, %t : tensor<?xi32>, tensor<8x4xf32> -> tensor<?x4xf32>
  %x = gemma.scale %e by 2.0 : tensor<?x4xf32> -> tensor<?x4xf32>
  %k = gemma.project %x, %kw : tensor<?x4xf32>, tensor<4x4xf32> -> tensor<?x4xf32>
  %v = gemma.project %x, %kw : tensor<?x4xf32>, tensor<4x4xf32> -> tensor<?x4xf32>
  %a = gemma.attention %x, %k, %v heads 2 kv_heads 2 head_dim 2 scale 1.0
      : tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x4xf32>
  %r = gemma.route %a, %w, %p : tensor<?x4xf32>, tensor<2x4xf32>, tensor<2xf32> -> !gemma.routing<1 of 2, all>
  %y = gemma.experts %a, %r, %gu, %d silu
      : tensor<?x4xf32>, !gemma.routing<1 of 2, all>, tensor<2x2x4xf32>, tensor<2x4x1xf32> -> tensor<?x4xf32>
  %l = gemma.last_rows %y : tensor<?x4xf32> -> tensor<?x4xf32, "last">
  return %l : tensor<?x4xf32, "last">
}
