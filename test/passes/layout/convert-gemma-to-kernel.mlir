// RUN: gemma-opt %s --convert-gemma-to-kernel="context=100 chunk=20 last-rows=3 kv=bf16" --split-input-file | FileCheck %s
// RUN: gemma-opt %s --convert-gemma-to-kernel="context=100 chunk=20 kv=f32" --split-input-file | FileCheck %s --check-prefix=F32
// RUN: gemma-opt %s --convert-gemma-to-kernel="context=100 chunk=20 kv=q8/tq4" --split-input-file | FileCheck %s --check-prefix=CODES

// Values that cross a phase get a buffer, the function's result the caller's memory; what stays inside gets none. The
// phase's arguments stand for its ins.
// CHECK:       module attributes
// CHECK-SAME:    kernel.plan = #kernel.plan<positions = 100, chunk = 20, last_rows = 3, vocab = 8,
// CHECK-LABEL: func @step
// CHECK-SAME:    (%[[IDS:.+]]: tensor<?xi32>)
// CHECK:         %[[T:.+]] = kernel.weight "table" index 0 at 0 : <f32, rows, 1 x 8 x 4>
// CHECK:         %[[W:.+]] = kernel.weight "w" index 1 at 1024 : <q4, panel, 1 x 8 x 4>
// CHECK:         %[[P:.+]] = kernel.buffer : <4 x packed_i8, last>
// CHECK-NEXT:    kernel.rows last ins(%[[IDS]], %[[T]] : {{.+}}) outs(%[[P]] : {{.+}}) {
// CHECK-NEXT:    ^bb0(%[[A:.+]]: tensor<?xi32>, %[[B:.+]]: tensor<8x4xf32>):
// CHECK-NEXT:      %[[E:.+]] = gemma.embed %[[A]], %[[B]]
// CHECK-NEXT:      %[[L:.+]] = gemma.scale %[[E]]
// CHECK-NEXT:      %[[PACK:.+]] = gemma.pack %[[L]]
// CHECK-NEXT:      kernel.yield %[[PACK]]
// CHECK:         %[[LOGITS:.+]] = kernel.buffer external logits : <8 x f32, last>
// CHECK-NEXT:    kernel.project last ins(%[[P]], %[[W]] : {{.+}}) outs(%[[LOGITS]] :
// CHECK-NOT:     kernel.buffer {{[e:]}}
// CHECK:         return
func.func @crossing_values_get_buffers(%ids: tensor<?xi32>) -> tensor<?x8xf32, "last"> {
  %t = gemma.weight "table" index 0 format f32 : tensor<8x4xf32>
  %w = gemma.weight "w" index 1 format q4 : tensor<8x4xf32>
  %0 = gemma.phase rows -> !gemma.packed<4 x i8, last> {
    %e = gemma.embed %ids, %t : tensor<?xi32>, tensor<8x4xf32> -> tensor<?x4xf32, "last">
    %l = gemma.scale %e by 1.0 : tensor<?x4xf32, "last"> -> tensor<?x4xf32, "last">
    %p = gemma.pack %l : tensor<?x4xf32, "last"> -> !gemma.packed<4 x i8, last>
    gemma.yield %p : !gemma.packed<4 x i8, last>
  }
  %1 = gemma.phase project -> tensor<?x8xf32, "last"> {
    %y = gemma.project %0, %w : !gemma.packed<4 x i8, last>, tensor<8x4xf32> -> tensor<?x8xf32, "last">
    gemma.yield %y : tensor<?x8xf32, "last">
  }
  return %1 : tensor<?x8xf32, "last">
}

// -----

// Keys and values become caches, which know how far back they are read; where their slots lie is decided later. What an
// attention reads is in the cache only; only the query has a buffer. What decoding reads is told by window, 0 for none, in bytes
// of 32 positions: a block of 32 slots x 32 columns takes 2048 bytes in bf16.
// CHECK:       module attributes
// CHECK-SAME:    cache_reads = [0, 4096, 7, 4096]>
// CHECK-LABEL: func @step
// CHECK:         %[[X:.+]] = kernel.buffer : <32 x f32, all>
// CHECK-NEXT:    %[[K:.+]] = kernel.cache : <keys, bf16, 1 x 32 window 7 page 0 table 0>
// CHECK-NEXT:    %[[V:.+]] = kernel.cache : <values, bf16, 1 x 32 window 7 page 0 table 0>
// CHECK-NEXT:    kernel.rows all ins(%{{.+}} outs(%[[X]], %[[K]], %[[V]] :
// CHECK:           kernel.yield %[[QI:.+]], %[[KI:.+]], %[[VI:.+]] :
// CHECK:         kernel.attention all ins(%[[X]], %[[K]], %[[V]] : {{.+}}) outs(
// CHECK:         kernel.cache : <keys, bf16, 1 x 32 window 0 page 0 table 0>
// CHECK:         kernel.cache : <values, bf16, 1 x 32 window 0 page 0 table 0>
// F32:         kernel.cache : <keys, f32, 1 x 32 window 7 page 0 table 0>
// CODES:       kernel.cache : <keys, q8, 1 x 32 window 7 page 0 table 0>
// CODES-NEXT:  kernel.cache : <values, tq4, 1 x 32 window 7 page 0 table 0>
func.func @caches_know_how_far_back_they_are_read(%ids: tensor<?xi32>) -> tensor<?x32xf32, "last"> {
  %t = gemma.weight "table" index 0 format f32 : tensor<8x32xf32>
  %0:3 = gemma.phase rows -> tensor<?x32xf32>, tensor<?x32xf32>, tensor<?x32xf32> {
    %q = gemma.embed %ids, %t : tensor<?xi32>, tensor<8x32xf32> -> tensor<?x32xf32>
    %k = gemma.scale %q by 2.0 : tensor<?x32xf32> -> tensor<?x32xf32>
    %v = gemma.scale %q by 3.0 : tensor<?x32xf32> -> tensor<?x32xf32>
    gemma.yield %q, %k, %v : tensor<?x32xf32>, tensor<?x32xf32>, tensor<?x32xf32>
  }
  %1 = gemma.phase attention -> tensor<?x32xf32> {
    %a = gemma.attention %0#0, %0#1, %0#2 heads 1 kv_heads 1 head_dim 32 scale 1.0 window 7
        : tensor<?x32xf32>, tensor<?x32xf32>, tensor<?x32xf32> -> tensor<?x32xf32>
    gemma.yield %a : tensor<?x32xf32>
  }
  %2:3 = gemma.phase rows -> tensor<?x32xf32, "last">, tensor<?x32xf32>, tensor<?x32xf32> {
    %q = gemma.last_rows %1 : tensor<?x32xf32> -> tensor<?x32xf32, "last">
    %k = gemma.scale %1 by 2.0 : tensor<?x32xf32> -> tensor<?x32xf32>
    %v = gemma.scale %1 by 3.0 : tensor<?x32xf32> -> tensor<?x32xf32>
    gemma.yield %q, %k, %v : tensor<?x32xf32, "last">, tensor<?x32xf32>, tensor<?x32xf32>
  }
  %3 = gemma.phase attention -> tensor<?x32xf32, "last"> {
    %a = gemma.attention %2#0, %2#1, %2#2 heads 1 kv_heads 1 head_dim 32 scale 1.0
        : tensor<?x32xf32, "last">, tensor<?x32xf32>, tensor<?x32xf32> -> tensor<?x32xf32, "last">
    gemma.yield %a : tensor<?x32xf32, "last">
  }
  return %3 : tensor<?x32xf32, "last">
}

// -----

// Two attentions read the same keys: one cache, which is read to the beginning, since one of them has no window. Each reads it.
// CHECK:       module attributes
// CHECK-SAME:    cache_reads = [0, 4096, 7, 4096]>
// CHECK-LABEL: func @step
// CHECK:         %[[K:.+]] = kernel.cache : <keys, bf16, 1 x 32 window 0 page 0 table 0>
// CHECK-NEXT:    %[[V:.+]] = kernel.cache : <values, bf16, 1 x 32 window 0 page 0 table 0>
// CHECK-NOT:     kernel.cache :
// CHECK:         kernel.attention all ins(%{{.+}}, %[[K]], %[[V]] :
// CHECK:         kernel.attention all ins(%{{.+}}, %[[K]], %[[V]] :
func.func @shared_keys_have_one_cache(%ids: tensor<?xi32>) -> tensor<?x32xf32> {
  %t = gemma.weight "table" index 0 format f32 : tensor<8x32xf32>
  %0:3 = gemma.phase rows -> tensor<?x32xf32>, tensor<?x32xf32>, tensor<?x32xf32> {
    %q = gemma.embed %ids, %t : tensor<?xi32>, tensor<8x32xf32> -> tensor<?x32xf32>
    %k = gemma.scale %q by 2.0 : tensor<?x32xf32> -> tensor<?x32xf32>
    %v = gemma.scale %q by 3.0 : tensor<?x32xf32> -> tensor<?x32xf32>
    gemma.yield %q, %k, %v : tensor<?x32xf32>, tensor<?x32xf32>, tensor<?x32xf32>
  }
  %1 = gemma.phase attention -> tensor<?x32xf32> {
    %a = gemma.attention %0#0, %0#1, %0#2 heads 1 kv_heads 1 head_dim 32 scale 1.0 window 7
        : tensor<?x32xf32>, tensor<?x32xf32>, tensor<?x32xf32> -> tensor<?x32xf32>
    gemma.yield %a : tensor<?x32xf32>
  }
  %2 = gemma.phase attention -> tensor<?x32xf32> {
    %a = gemma.attention %1, %0#1, %0#2 heads 1 kv_heads 1 head_dim 32 scale 1.0
        : tensor<?x32xf32>, tensor<?x32xf32>, tensor<?x32xf32> -> tensor<?x32xf32>
    gemma.yield %a : tensor<?x32xf32>
  }
  return %2 : tensor<?x32xf32>
}

// -----

// One table of sines for equal rotations, computed once for each step; it is the last of a phase's ins, and the rotation
// says which of them it is.
// CHECK-LABEL: func @step
// CHECK:         %[[A:.+]] = kernel.buffer : <2 x table, all>
// CHECK-NEXT:    kernel.rope_table %[[A]] {inverse_frequencies = array<f32: 1.000000e+00>}
// CHECK-NEXT:    %[[B:.+]] = kernel.buffer : <4 x table, all>
// CHECK-NEXT:    kernel.rope_table %[[B]] {inverse_frequencies = array<f32: 1.000000e+00, 5.000000e-01>}
// CHECK-NOT:     kernel.rope_table
// CHECK:         kernel.rows all ins(%{{[^,]+}}, %{{[^,]+}}, %[[A]], %[[B]] :
// CHECK:           gemma.rope {{.+}} table 2
// CHECK:           gemma.rope {{.+}} table 3
// CHECK:           gemma.rope {{.+}} table 2
func.func @one_table_for_equal_rotations(%ids: tensor<?xi32>) -> tensor<?x4xf32> {
  %t = gemma.weight "table" index 0 format f32 : tensor<8x4xf32>
  %0 = gemma.phase rows -> tensor<?x4xf32> {
    %e = gemma.embed %ids, %t : tensor<?xi32>, tensor<8x4xf32> -> tensor<?x4xf32>
    %a = gemma.rope %e head_dim 4 pairs 1 theta 16.0 denominator 8 : tensor<?x4xf32> -> tensor<?x4xf32>
    %b = gemma.rope %a head_dim 4 pairs 2 theta 16.0 denominator 8 : tensor<?x4xf32> -> tensor<?x4xf32>
    %c = gemma.rope %b head_dim 4 pairs 1 theta 16.0 denominator 8 : tensor<?x4xf32> -> tensor<?x4xf32>
    gemma.yield %c : tensor<?x4xf32>
  }
  return %0 : tensor<?x4xf32>
}

// -----

// A table that is multiplied with, too, lies in panels. Weights stand in the order of their first use, 64 bytes apart; one
// that nothing uses takes no place. A step reads one row of a table (an eighth of 4096) and all of a matrix:
// 512 + 16 * 4 + 2 * 4096.
// CHECK:       module attributes
// CHECK-SAME:    weight_bytes = 8256, decode_bytes = 8768, decode_ops = 128,
// CHECK-LABEL: func @step
// CHECK-NEXT:    kernel.weight "table" index 2 at 0 : <f32, panel, 1 x 8 x 4>
// CHECK-NEXT:    kernel.weight "norm" index 0 at 4096 : <f32, vector, 1 x 1 x 4>
// CHECK-NEXT:    kernel.weight "w" index 1 at 4160 : <f32, panel, 1 x 8 x 4>
// CHECK-NOT:     kernel.weight "unused"
func.func @weights_in_order_of_use(%ids: tensor<?xi32>) -> (tensor<?x8xf32>) {
  %n = gemma.weight "norm" index 0 format f32 : tensor<4xf32>
  %w = gemma.weight "w" index 1 format f32 : tensor<8x4xf32>
  %t = gemma.weight "table" index 2 format f32 : tensor<8x4xf32>
  %u = gemma.weight "unused" index 3 format f32 : tensor<8x4xf32>
  %0 = gemma.phase rows -> !gemma.packed<4 x f32, all> {
    %e = gemma.embed %ids, %t : tensor<?xi32>, tensor<8x4xf32> -> tensor<?x4xf32>
    %m = gemma.rms_norm %e weight %n eps 1.0 : tensor<?x4xf32>, tensor<4xf32> -> tensor<?x4xf32>
    %p = gemma.pack %m : tensor<?x4xf32> -> !gemma.packed<4 x f32, all>
    gemma.yield %p : !gemma.packed<4 x f32, all>
  }
  %1 = gemma.phase project -> tensor<?x8xf32> {
    %a = gemma.project %0, %w : !gemma.packed<4 x f32, all>, tensor<8x4xf32> -> tensor<?x8xf32>
    %b = gemma.project %0, %t : !gemma.packed<4 x f32, all>, tensor<8x4xf32> -> tensor<?x8xf32>
    %c = gemma.add %a, %b : tensor<?x8xf32>, tensor<?x8xf32> -> tensor<?x8xf32>
    gemma.yield %c : tensor<?x8xf32>
  }
  return %1 : tensor<?x8xf32>
}

// -----

// Experts are five phases: their rows are sorted first. The gate and up halves of a stack become members of their own; a
// stack in q8 reads packed bytes, one in bf16 rows in bf16. Of 4 experts a step reads 1: two members of
// 1088 bytes and one of 2048, with 128 for the table's row and 64 for a vector.
// CHECK:       module attributes
// CHECK-SAME:    decode_bytes = 4416
// CHECK-LABEL: func @step
// CHECK:         %[[GU:.+]] = kernel.weight "gate_up" index 1 at {{[0-9]+}} : <q8, panel, 8 x 2 x 4>
// CHECK:         %[[D:.+]] = kernel.weight "down" index 2 at {{[0-9]+}} : <bf16, panel, 4 x 4 x 2>
// CHECK:         %[[X:.+]] = kernel.buffer : <4 x f32, all>
// CHECK:         %[[R:.+]] = kernel.buffer : <1 x routing, all>
// CHECK:         %[[Y:.+]] = kernel.buffer external logits
// CHECK:         %[[S:.+]] = kernel.buffer : <1 x slots, all>
// CHECK:         kernel.expert_slots %[[R]] into %[[S]] {experts = 4 : i64, top_k = 1 : i64}
// CHECK:         %[[G:.+]] = kernel.buffer : <4 x packed_i8, slots_all>
// CHECK:         kernel.expert_gather %[[X]], %[[S]] into %[[G]]
// CHECK:         %[[H:.+]] = kernel.buffer : <2 x packed_bf16, slots_all>
// CHECK:         kernel.expert_project activation silu %[[G]], %[[GU]], %[[S]] into %[[H]] {experts
// CHECK:         %[[O:.+]] = kernel.buffer : <4 x f32, slots_all>
// CHECK:         kernel.expert_project %[[H]], %[[D]], %[[S]] into %[[O]] {experts
// CHECK:         kernel.expert_combine %[[O]], %[[R]], %[[S]] into %[[Y]]
func.func @experts_are_five_phases(%ids: tensor<?xi32>) -> tensor<?x4xf32> {
  %t = gemma.weight "table" index 0 format f32 : tensor<8x4xf32>
  %gu = gemma.weight "gate_up" index 1 format q8 : tensor<4x4x4xf32>
  %d = gemma.weight "down" index 2 format bf16 : tensor<4x4x2xf32>
  %s = gemma.weight "per_expert" index 3 format f32 : tensor<4xf32>
  %0:2 = gemma.phase rows -> tensor<?x4xf32>, !gemma.routing<1 of 4, all> {
    %e = gemma.embed %ids, %t : tensor<?xi32>, tensor<8x4xf32> -> tensor<?x4xf32>
    %r = gemma.top_k %e, %s : tensor<?x4xf32>, tensor<4xf32> -> !gemma.routing<1 of 4, all>
    gemma.yield %e, %r : tensor<?x4xf32>, !gemma.routing<1 of 4, all>
  }
  %1 = gemma.phase experts -> tensor<?x4xf32> {
    %y = gemma.experts %0#0, %0#1, %gu, %d silu
        : tensor<?x4xf32>, !gemma.routing<1 of 4, all>, tensor<4x4x4xf32>, tensor<4x4x2xf32> -> tensor<?x4xf32>
    gemma.yield %y : tensor<?x4xf32>
  }
  return %1 : tensor<?x4xf32>
}

// -----

// Only phases of rows write caches. What a projection gives goes through a buffer, and the next phase of rows takes it along.
// CHECK-LABEL: func @step
// CHECK:         %[[VC:.+]] = kernel.cache : <values
// CHECK:         %[[VB:.+]] = kernel.buffer : <32 x f32, all>
// CHECK:         kernel.project all {{.+}} outs(%[[VB]] :
// CHECK:         kernel.rows all ins({{.*}}%[[VB]] : {{.+}}) outs({{.*}}%[[VC]] :
// CHECK:         ^bb0({{.*}}%[[ARG:[a-z0-9]+]]: tensor<?x32xf32>):
// CHECK:           kernel.yield {{.*}}%[[ARG]] :
// CHECK-NOT:     kernel.rows
// CHECK:         kernel.attention all ins({{.+}}, %[[VC]] :
func.func @the_next_rows_take_a_projection_to_its_cache(%ids: tensor<?xi32>) -> tensor<?x32xf32> {
  %t = gemma.weight "table" index 0 format f32 : tensor<8x32xf32>
  %w = gemma.weight "v" index 1 format f32 : tensor<32x32xf32>
  %0:2 = gemma.phase rows -> tensor<?x32xf32>, !gemma.packed<32 x f32, all> {
    %e = gemma.embed %ids, %t : tensor<?xi32>, tensor<8x32xf32> -> tensor<?x32xf32>
    %p = gemma.pack %e : tensor<?x32xf32> -> !gemma.packed<32 x f32, all>
    gemma.yield %e, %p : tensor<?x32xf32>, !gemma.packed<32 x f32, all>
  }
  %1 = gemma.phase project -> tensor<?x32xf32> {
    %v = gemma.project %0#1, %w : !gemma.packed<32 x f32, all>, tensor<32x32xf32> -> tensor<?x32xf32>
    gemma.yield %v : tensor<?x32xf32>
  }
  %2:2 = gemma.phase rows -> tensor<?x32xf32>, tensor<?x32xf32> {
    %q = gemma.scale %0#0 by 2.0 : tensor<?x32xf32> -> tensor<?x32xf32>
    %k = gemma.scale %0#0 by 3.0 : tensor<?x32xf32> -> tensor<?x32xf32>
    gemma.yield %q, %k : tensor<?x32xf32>, tensor<?x32xf32>
  }
  %3 = gemma.phase attention -> tensor<?x32xf32> {
    %a = gemma.attention %2#0, %2#1, %1 heads 1 kv_heads 1 head_dim 32 scale 1.0
        : tensor<?x32xf32>, tensor<?x32xf32>, tensor<?x32xf32> -> tensor<?x32xf32>
    gemma.yield %a : tensor<?x32xf32>
  }
  return %3 : tensor<?x32xf32>
}

// -----

// A phase of the last rows cannot take them; where no other comes before the attention, one is made.
// CHECK-LABEL: func @step
// CHECK:         kernel.project all {{.+}} outs(%[[VB:[0-9]+]] :
// CHECK:         kernel.rows last {{.+}} outs(%{{[0-9]+}} : !kernel.buffer<32 x f32, last>) {
// CHECK:         kernel.rows all ins(%[[VB]] :
// CHECK-NEXT:    ^bb0(%[[ARG:.+]]: tensor<?x32xf32>):
// CHECK-NEXT:      kernel.yield %[[ARG]] :
// CHECK-NEXT:    }
// CHECK:         kernel.attention last
func.func @or_a_phase_of_their_own(%ids: tensor<?xi32>) -> tensor<?x32xf32, "last"> {
  %t = gemma.weight "table" index 0 format f32 : tensor<8x32xf32>
  %w = gemma.weight "v" index 1 format f32 : tensor<32x32xf32>
  %0:3 = gemma.phase rows -> tensor<?x32xf32>, tensor<?x32xf32>, !gemma.packed<32 x f32, all> {
    %e = gemma.embed %ids, %t : tensor<?xi32>, tensor<8x32xf32> -> tensor<?x32xf32>
    %k = gemma.scale %e by 3.0 : tensor<?x32xf32> -> tensor<?x32xf32>
    %p = gemma.pack %e : tensor<?x32xf32> -> !gemma.packed<32 x f32, all>
    gemma.yield %e, %k, %p : tensor<?x32xf32>, tensor<?x32xf32>, !gemma.packed<32 x f32, all>
  }
  %1 = gemma.phase project -> tensor<?x32xf32> {
    %v = gemma.project %0#2, %w : !gemma.packed<32 x f32, all>, tensor<32x32xf32> -> tensor<?x32xf32>
    gemma.yield %v : tensor<?x32xf32>
  }
  %2 = gemma.phase rows -> tensor<?x32xf32, "last"> {
    %q = gemma.last_rows %0#0 : tensor<?x32xf32> -> tensor<?x32xf32, "last">
    gemma.yield %q : tensor<?x32xf32, "last">
  }
  %3 = gemma.phase attention -> tensor<?x32xf32, "last"> {
    %a = gemma.attention %2, %0#1, %1 heads 1 kv_heads 1 head_dim 32 scale 1.0
        : tensor<?x32xf32, "last">, tensor<?x32xf32>, tensor<?x32xf32> -> tensor<?x32xf32, "last">
    gemma.yield %a : tensor<?x32xf32, "last">
  }
  return %3 : tensor<?x32xf32, "last">
}

// -----

// What a tap shows lies in the caller's rows, which hold the columns of all taps.
// CHECK:         hidden_columns = 7
// CHECK-LABEL: func @step
// CHECK:         %[[B:.+]] = kernel.buffer : <4 x f32, all>
// CHECK:         %[[H:.+]] = kernel.buffer at 12 external hidden : <4 x f32, last>
// CHECK-NEXT:    kernel.tap %[[B]] into %[[H]] of 7
func.func @taps_write_to_the_caller(%ids: tensor<?xi32>) -> tensor<?x4xf32, "last"> {
  %t = gemma.weight "table" index 0 format f32 : tensor<8x4xf32>
  %0 = gemma.phase rows -> tensor<?x4xf32> {
    %e = gemma.embed %ids, %t : tensor<?xi32>, tensor<8x4xf32> -> tensor<?x4xf32>
    gemma.yield %e : tensor<?x4xf32>
  }
  gemma.phase tap {
    gemma.tap %0 at 3 : tensor<?x4xf32>
    gemma.yield
  }
  %1 = gemma.phase rows -> tensor<?x4xf32, "last"> {
    %l = gemma.last_rows %0 : tensor<?x4xf32> -> tensor<?x4xf32, "last">
    gemma.yield %l : tensor<?x4xf32, "last">
  }
  return %1 : tensor<?x4xf32, "last">
}
