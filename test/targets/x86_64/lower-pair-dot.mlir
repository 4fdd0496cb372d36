// RUN: gemma-opt %s --lower-x86-64-v4-bf16 | FileCheck %s --check-prefixes=CHECK,BF16
// RUN: gemma-opt %s --lower-x86-64-v4-vnni | FileCheck %s --check-prefixes=CHECK,OTHER
// RUN: gemma-opt %s --lower-x86-64-v3 | FileCheck %s --check-prefixes=CHECK,OTHER
// RUN: gemma-opt %s --lower-x86-64 | FileCheck %s --check-prefixes=CHECK,OTHER

// One level has the instruction; the others leave the product to kernel-expand-pair-dot of the lower stage.
// CHECK-LABEL: func @whole_vectors
// CHECK-SAME:    (%[[ACC:.+]]: vector<16xf32>, %[[W:.+]]: vector<16xi32>, %[[X:.+]]: vector<16xi32>)
// BF16:          %[[WP:.+]] = vector.bitcast %[[W]] : vector<16xi32> to vector<32xbf16>
// BF16:          %[[XP:.+]] = vector.bitcast %[[X]] : vector<16xi32> to vector<32xbf16>
// BF16:          llvm.call_intrinsic "llvm.x86.avx512bf16.dpbf16ps.512"(%[[ACC]], %[[WP]], %[[XP]])
// BF16-NOT:      kernel.pair_dot
// OTHER:         kernel.pair_dot %[[ACC]], %[[W]], %[[X]]
func.func @whole_vectors(%acc: vector<16xf32>, %w: vector<16xi32>, %x: vector<16xi32>) -> vector<16xf32> {
  %0 = kernel.pair_dot %acc, %w, %x : vector<16xf32>, vector<16xi32>
  return %0 : vector<16xf32>
}

// CHECK-LABEL: func @narrow_vectors_stay
// CHECK:         kernel.pair_dot
func.func @narrow_vectors_stay(%acc: vector<8xf32>, %w: vector<8xi32>, %x: vector<8xi32>) -> vector<8xf32> {
  %0 = kernel.pair_dot %acc, %w, %x : vector<8xf32>, vector<8xi32>
  return %0 : vector<8xf32>
}
