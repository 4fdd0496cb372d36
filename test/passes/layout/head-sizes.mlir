// A rotation needs a power of two of dimensions.
// RUN: not gemma-opt %s --convert-gemma-to-kernel=kv=q8/tq4 2>&1 | FileCheck %s

// CHECK: error: values in tq4 need heads of 32, 64, 128, ... dimensions, and these have 96; --kv q8 takes any
func.func @heads_of_96(%x: tensor<?x96xf32>) -> tensor<?x96xf32> {
  %a = gemma.attention %x, %x, %x heads 1 kv_heads 1 head_dim 96 scale 1.0 : tensor<?x96xf32>, tensor<?x96xf32>, tensor<?x96xf32> -> tensor<?x96xf32>
  return %a : tensor<?x96xf32>
}
