// A step holds the longest block, unless it is told otherwise; a sequence then holds pages for it and the window before it.
// RUN: gemma-opt %s --convert-gemma-to-kernel --kernel-plan-pages --split-input-file | FileCheck %s
// RUN: gemma-opt %s --convert-gemma-to-kernel="chunk=20" --kernel-plan-pages --split-input-file | FileCheck %s --check-prefix=SHORT

// CHECK:       module attributes {{{.*}}chunk = 280, last_rows = 32, block_tokens = 280, {{.*}}page_bytes = 4096, sequence_bytes = 40960,
// CHECK:         kernel.cache at 0 : <keys, bf16, 1 x 32 window 7 page 32 table 0>
// CHECK:         gemma.attention {{.+}} window 7 blocks 280 :
// SHORT:       module attributes {{{.*}}chunk = 20, last_rows = 32, block_tokens = 280, {{.*}}page_bytes = 4096, sequence_bytes = 8192,
// SHORT:         kernel.cache at 0 : <keys, bf16, 1 x 32 window 7 page 32 table 0>
func.func @a_long_block(%ids: tensor<?xi32>) -> tensor<?x32xf32> {
  %t = gemma.weight "table" index 0 format f32 : tensor<8x32xf32>
  %0 = gemma.phase rows -> tensor<?x32xf32> {
    %e = gemma.embed %ids, %t : tensor<?xi32>, tensor<8x32xf32> -> tensor<?x32xf32>
    gemma.yield %e : tensor<?x32xf32>
  }
  %1 = gemma.phase attention -> tensor<?x32xf32> {
    %a = gemma.attention %0, %0, %0 heads 1 kv_heads 1 head_dim 32 scale 1.0 window 7 blocks 280
        : tensor<?x32xf32>, tensor<?x32xf32>, tensor<?x32xf32> -> tensor<?x32xf32>
    gemma.yield %a : tensor<?x32xf32>
  }
  return %1 : tensor<?x32xf32>
}

// -----

// CHECK:       module attributes {{{.*}}chunk = 128, last_rows = 32, block_tokens = 9,
func.func @a_short_block(%ids: tensor<?xi32>) -> tensor<?x32xf32> {
  %t = gemma.weight "table" index 0 format f32 : tensor<8x32xf32>
  %0 = gemma.phase rows -> tensor<?x32xf32> {
    %e = gemma.embed %ids, %t : tensor<?xi32>, tensor<8x32xf32> -> tensor<?x32xf32>
    gemma.yield %e : tensor<?x32xf32>
  }
  %1 = gemma.phase attention -> tensor<?x32xf32> {
    %a = gemma.attention %0, %0, %0 heads 1 kv_heads 1 head_dim 32 scale 1.0 window 7 blocks 9
        : tensor<?x32xf32>, tensor<?x32xf32>, tensor<?x32xf32> -> tensor<?x32xf32>
    gemma.yield %a : tensor<?x32xf32>
  }
  return %1 : tensor<?x32xf32>
}
