// RUN: gemma-opt %s --gemma-stage-normalize --gemma-stage-fuse --gemma-stage-quantize --gemma-stage-layout | FileCheck %s

// One value may be keys and values at once: it is written to both caches, and attention reads each from its own.
// CHECK:      %[[KEYS:.+]] = kernel.cache at 0 : <keys
// CHECK:      %[[VALUES:.+]] = kernel.cache at {{[1-9][0-9]*}} : <values
// CHECK:      kernel.attention last ins({{%.+}}, %[[KEYS]], %[[VALUES]] :
// CHECK-NEXT: ^bb0(%[[Q:.+]]: tensor<?x32xf32, "last">, %[[K:.+]]: tensor<?x32xf32>, %[[V:.+]]: tensor<?x32xf32>):
// CHECK-NEXT:   gemma.attention %[[Q]], %[[K]], %[[V]]
func.func @forward(%ids: tensor<?xi32>) -> tensor<?x32xf32, "last"> {
  %t = gemma.weight "table" index 0 : tensor<8x32xf32>
  %e = gemma.embed %ids, %t : tensor<?xi32>, tensor<8x32xf32> -> tensor<?x32xf32>
  %q = gemma.scale %e by 2.0 : tensor<?x32xf32> -> tensor<?x32xf32>
  %a = gemma.attention %q, %e, %e heads 1 kv_heads 1 head_dim 32 scale 1.0 : tensor<?x32xf32>, tensor<?x32xf32>, tensor<?x32xf32> -> tensor<?x32xf32>
  %l = gemma.last_rows %a : tensor<?x32xf32> -> tensor<?x32xf32, "last">
  return %l : tensor<?x32xf32, "last">
}
