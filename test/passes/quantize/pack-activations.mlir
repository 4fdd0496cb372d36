// RUN: gemma-opt %s --gemma-pack-activations --split-input-file | FileCheck %s

// Eight-bit activations for integer weights, laid out where they are computed. The phase no longer hands out plain rows
// that nobody reads.
// CHECK-LABEL: func @packed_in_the_phase_that_computes
// CHECK:         %[[P:.+]] = gemma.phase rows -> !gemma.packed<4 x i8, all> {
// CHECK-NEXT:      %[[N:.+]] = gemma.rms_norm
// CHECK-NEXT:      %[[PACK:.+]] = gemma.pack %[[N]] : tensor<?x4xf32> -> <4 x i8, all>
// CHECK-NEXT:      gemma.yield %[[PACK]]
// CHECK:         gemma.project %[[P]], %{{.+}} : !gemma.packed<4 x i8, all>
func.func @packed_in_the_phase_that_computes(%x: tensor<?x4xf32>) -> tensor<?x8xf32> {
  %w = gemma.weight "w" index 0 format q4 : tensor<8x4xf32>
  %0 = gemma.phase rows -> tensor<?x4xf32> {
    %n = gemma.rms_norm %x eps 1.0 : tensor<?x4xf32> -> tensor<?x4xf32>
    gemma.yield %n : tensor<?x4xf32>
  }
  %1 = gemma.phase project -> tensor<?x8xf32> {
    %y = gemma.project %0, %w : tensor<?x4xf32>, tensor<8x4xf32> -> tensor<?x8xf32>
    gemma.yield %y : tensor<?x8xf32>
  }
  return %1 : tensor<?x8xf32>
}

// -----

// bf16 weights read bf16 rows. The plain rows have another reader, so both leave the phase.
// CHECK-LABEL: func @plain_rows_stay_for_others
// CHECK:         %[[P:.+]]:2 = gemma.phase rows -> tensor<?x4xf32>, !gemma.packed<4 x bf16, all> {
// CHECK:         gemma.project %[[P]]#1
// CHECK:         gemma.add %{{.+}}, %[[P]]#0
func.func @plain_rows_stay_for_others(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %w = gemma.weight "w" index 0 format bf16 : tensor<4x4xf32>
  %0 = gemma.phase rows -> tensor<?x4xf32> {
    %n = gemma.rms_norm %x eps 1.0 : tensor<?x4xf32> -> tensor<?x4xf32>
    gemma.yield %n : tensor<?x4xf32>
  }
  %1 = gemma.phase project -> tensor<?x4xf32> {
    %y = gemma.project %0, %w : tensor<?x4xf32>, tensor<4x4xf32> -> tensor<?x4xf32>
    %z = gemma.add %y, %0 : tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x4xf32>
    gemma.yield %z : tensor<?x4xf32>
  }
  return %1 : tensor<?x4xf32>
}

// -----

// CHECK-LABEL: func @one_pack_for_equal_readers
// CHECK:         gemma.phase rows -> !gemma.packed<4 x i8, all> {
// CHECK:           gemma.pack
// CHECK-NOT:       gemma.pack %
// CHECK:         gemma.project %[[P:.+]], %{{.+}} : !gemma.packed<4 x i8
// CHECK:         gemma.project %[[P]], %{{.+}} : !gemma.packed<4 x i8
func.func @one_pack_for_equal_readers(%x: tensor<?x4xf32>) -> (tensor<?x8xf32>, tensor<?x8xf32>) {
  %w = gemma.weight "w" index 0 format q4 : tensor<8x4xf32>
  %v = gemma.weight "v" index 1 format q8 : tensor<8x4xf32>
  %0 = gemma.phase rows -> tensor<?x4xf32> {
    %n = gemma.rms_norm %x eps 1.0 : tensor<?x4xf32> -> tensor<?x4xf32>
    gemma.yield %n : tensor<?x4xf32>
  }
  %1:2 = gemma.phase project -> tensor<?x8xf32>, tensor<?x8xf32> {
    %a = gemma.project %0, %w : tensor<?x4xf32>, tensor<8x4xf32> -> tensor<?x8xf32>
    %b = gemma.project %0, %v : tensor<?x4xf32>, tensor<8x4xf32> -> tensor<?x8xf32>
    gemma.yield %a, %b : tensor<?x8xf32>, tensor<?x8xf32>
  }
  return %1#0, %1#1 : tensor<?x8xf32>, tensor<?x8xf32>
}

// -----

// A router in bf16 beside experts in q8: the same rows are wanted in both forms.
// CHECK-LABEL: func @two_packs_for_different_readers
// CHECK:         %[[P:.+]]:2 = gemma.phase rows -> !gemma.packed<4 x i8, all>, !gemma.packed<4 x bf16, all> {
// CHECK:         gemma.project %[[P]]#0
// CHECK:         gemma.project %[[P]]#1
func.func @two_packs_for_different_readers(%x: tensor<?x4xf32>) -> (tensor<?x8xf32>, tensor<?x8xf32>) {
  %w = gemma.weight "w" index 0 format q8 : tensor<8x4xf32>
  %v = gemma.weight "v" index 1 format bf16 : tensor<8x4xf32>
  %0 = gemma.phase rows -> tensor<?x4xf32> {
    %n = gemma.rms_norm %x eps 1.0 : tensor<?x4xf32> -> tensor<?x4xf32>
    gemma.yield %n : tensor<?x4xf32>
  }
  %1:2 = gemma.phase project -> tensor<?x8xf32>, tensor<?x8xf32> {
    %a = gemma.project %0, %w : tensor<?x4xf32>, tensor<8x4xf32> -> tensor<?x8xf32>
    %b = gemma.project %0, %v : tensor<?x4xf32>, tensor<8x4xf32> -> tensor<?x8xf32>
    gemma.yield %a, %b : tensor<?x8xf32>, tensor<?x8xf32>
  }
  return %1#0, %1#1 : tensor<?x8xf32>, tensor<?x8xf32>
}

// -----

// Heads of 32 columns: groups of 32 do not cross them, so attention packs what it hands over.
// CHECK-LABEL: func @attention_packs_whole_groups
// CHECK:         gemma.phase attention -> !gemma.packed<64 x i8, all> {
// CHECK-NEXT:      %[[A:.+]] = gemma.attention
// CHECK-NEXT:      gemma.pack %[[A]]
func.func @attention_packs_whole_groups(%x: tensor<?x64xf32>) -> tensor<?x8xf32> {
  %w = gemma.weight "w" index 0 format q8 : tensor<8x64xf32>
  %0 = gemma.phase attention -> tensor<?x64xf32> {
    %a = gemma.attention %x, %x, %x heads 2 kv_heads 2 head_dim 32 scale 1.0
        : tensor<?x64xf32>, tensor<?x64xf32>, tensor<?x64xf32> -> tensor<?x64xf32>
    gemma.yield %a : tensor<?x64xf32>
  }
  %1 = gemma.phase project -> tensor<?x8xf32> {
    %y = gemma.project %0, %w : tensor<?x64xf32>, tensor<8x64xf32> -> tensor<?x8xf32>
    gemma.yield %y : tensor<?x8xf32>
  }
  return %1 : tensor<?x8xf32>
}

// -----

// Heads of 16 columns: a group of 32 belongs to two items, so it is packed after the barrier.
// CHECK-LABEL: func @attention_with_narrow_heads_does_not
// CHECK:         %[[A:.+]] = gemma.phase attention -> tensor<?x32xf32> {
// CHECK-NOT:       gemma.pack %
// CHECK:         gemma.phase rows -> !gemma.packed<32 x i8, all> {
// CHECK-NEXT:      gemma.pack %[[A]]
// CHECK:         gemma.phase project
func.func @attention_with_narrow_heads_does_not(%x: tensor<?x32xf32>) -> tensor<?x8xf32> {
  %w = gemma.weight "w" index 0 format q8 : tensor<8x32xf32>
  %0 = gemma.phase attention -> tensor<?x32xf32> {
    %a = gemma.attention %x, %x, %x heads 2 kv_heads 2 head_dim 16 scale 1.0
        : tensor<?x32xf32>, tensor<?x32xf32>, tensor<?x32xf32> -> tensor<?x32xf32>
    gemma.yield %a : tensor<?x32xf32>
  }
  %1 = gemma.phase project -> tensor<?x8xf32> {
    %y = gemma.project %0, %w : tensor<?x32xf32>, tensor<8x32xf32> -> tensor<?x8xf32>
    gemma.yield %y : tensor<?x8xf32>
  }
  return %1 : tensor<?x8xf32>
}

// -----

// Experts become phases of their own later; what they yield is packed after them.
// CHECK-LABEL: func @after_experts
// CHECK:         gemma.phase experts -> tensor<?x4xf32, "last"> {
// CHECK:         gemma.phase rows -> !gemma.packed<4 x f32, last> {
// CHECK-NEXT:      gemma.pack
func.func @after_experts(%x: tensor<?x4xf32, "last">, %r: !gemma.routing<1 of 2, last>, %gu: tensor<2x2x4xf32>, %d: tensor<2x4x1xf32>)
    -> tensor<?x8xf32, "last"> {
  %w = gemma.weight "w" index 0 format f32 : tensor<8x4xf32>
  %0 = gemma.phase experts -> tensor<?x4xf32, "last"> {
    %e = gemma.experts %x, %r, %gu, %d silu
        : tensor<?x4xf32, "last">, !gemma.routing<1 of 2, last>, tensor<2x2x4xf32>, tensor<2x4x1xf32> -> tensor<?x4xf32, "last">
    gemma.yield %e : tensor<?x4xf32, "last">
  }
  %1 = gemma.phase project -> tensor<?x8xf32, "last"> {
    %y = gemma.project %0, %w : tensor<?x4xf32, "last">, tensor<8x4xf32> -> tensor<?x8xf32, "last">
    gemma.yield %y : tensor<?x8xf32, "last">
  }
  return %1 : tensor<?x8xf32, "last">
}

// -----

// An argument has no phase that makes it: one phase packs it for all its readers.
// CHECK-LABEL: func @an_argument
// CHECK-SAME:    (%[[X:.+]]: tensor<?x4xf32>)
// CHECK:         %[[P:.+]] = gemma.phase rows -> !gemma.packed<4 x i8, all> {
// CHECK-NEXT:      gemma.pack %[[X]]
// CHECK-NOT:     gemma.pack %
// CHECK:         gemma.project %[[P]]
// CHECK-NEXT:    gemma.project %[[P]]
func.func @an_argument(%x: tensor<?x4xf32>) -> (tensor<?x8xf32>, tensor<?x8xf32>) {
  %w = gemma.weight "w" index 0 format q8 : tensor<8x4xf32>
  %v = gemma.weight "v" index 1 format q8 : tensor<8x4xf32>
  %0:2 = gemma.phase project -> tensor<?x8xf32>, tensor<?x8xf32> {
    %a = gemma.project %x, %w : tensor<?x4xf32>, tensor<8x4xf32> -> tensor<?x8xf32>
    %b = gemma.project %x, %v : tensor<?x4xf32>, tensor<8x4xf32> -> tensor<?x8xf32>
    gemma.yield %a, %b : tensor<?x8xf32>, tensor<?x8xf32>
  }
  return %0#0, %0#1 : tensor<?x8xf32>, tensor<?x8xf32>
}
