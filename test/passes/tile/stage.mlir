// The stage on an empty plan and on one of each kind of phase: only the entry points' calls and functions are left.
// RUN: gemma-opt %s --gemma-stage-tile | FileCheck %s
// RUN: gemma-opt %s --gemma-stage-tile --dump-pass-pipeline -o /dev/null 2>&1 | FileCheck %s --check-prefix=ORDER

// ORDER:      kernel-assign-arena
// ORDER-NEXT: kernel-tile-phases
// ORDER-NEXT: func.func(
// ORDER-NEXT: cse
// ORDER:      kernel-verify-tiled

// CHECK:       module attributes {{{.*}}arena_bytes = 4096>
// CHECK-NOT:   gemma.
// CHECK-LABEL: func.func @gm_any_decode(
// CHECK-NOT:     kernel.{{[^dp]}}
// CHECK-LABEL: func.func @gm_any_prefill(
// CHECK-LABEL: func.func @gm_any_read(
module attributes {kernel.plan = #kernel.plan<chunk = 4, last_rows = 2>, kernel.level = #kernel.level<symbol = "any", token_tile = 2>} {
  func.func @step(%ids: tensor<?xi32>) {
    %t = kernel.weight "t" index 0 at 0 : !kernel.weight<bf16, rows, 1 x 8 x 32>
    %p = kernel.weight "per_expert" index 1 at 512 : !kernel.weight<f32, vector, 1 x 1 x 2>
    %r = kernel.weight "router" index 2 at 576 : !kernel.weight<bf16, panel, 1 x 2 x 32>
    %gu = kernel.weight "gate_up" index 3 at 2624 : !kernel.weight<f32, panel, 4 x 32 x 32>
    %d = kernel.weight "down" index 4 at 19008 : !kernel.weight<f32, panel, 2 x 32 x 32>
    %table = kernel.buffer : !kernel.buffer<2 x table, all>
    kernel.rope_table %table {inverse_frequencies = array<f32: 1.0>} : !kernel.buffer<2 x table, all>
    %q = kernel.buffer : !kernel.buffer<32 x f32, all>
    %k = kernel.cache at 0 : !kernel.cache<keys, bf16, 1 x 32 window 0 page 32 table 0>
    %v = kernel.cache at 4096 : !kernel.cache<values, bf16, 1 x 32 window 0 page 32 table 0>
    kernel.rows all ins(%ids, %t, %table : tensor<?xi32>, !kernel.weight<bf16, rows, 1 x 8 x 32>, !kernel.buffer<2 x table, all>)
        outs(%q, %k, %v : !kernel.buffer<32 x f32, all>, !kernel.cache<keys, bf16, 1 x 32 window 0 page 32 table 0>,
                          !kernel.cache<values, bf16, 1 x 32 window 0 page 32 table 0>) {
    ^bb0(%i: tensor<?xi32>, %w: tensor<8x32xf32>, %s: tensor<?x2xf32>):
      %x = gemma.embed %i, %w : tensor<?xi32>, tensor<8x32xf32> -> tensor<?x32xf32>
      %y = gemma.rope %x head_dim 32 pairs 1 theta 1.0 denominator 32 table 2 : tensor<?x32xf32> -> tensor<?x32xf32>
      kernel.yield %x, %y, %x : tensor<?x32xf32>, tensor<?x32xf32>, tensor<?x32xf32>
    }
    %a = kernel.buffer : !kernel.buffer<32 x f32, all>
    %ap = kernel.buffer : !kernel.buffer<32 x packed_bf16, all>
    kernel.attention all ins(%q, %k, %v : !kernel.buffer<32 x f32, all>, !kernel.cache<keys, bf16, 1 x 32 window 0 page 32 table 0>,
                               !kernel.cache<values, bf16, 1 x 32 window 0 page 32 table 0>)
        outs(%a, %ap : !kernel.buffer<32 x f32, all>, !kernel.buffer<32 x packed_bf16, all>) {
    ^bb0(%x: tensor<?x32xf32>, %y: tensor<?x32xf32>, %z: tensor<?x32xf32>):
      %o = gemma.attention %x, %y, %z heads 1 kv_heads 1 head_dim 32 scale 1.0
          : tensor<?x32xf32>, tensor<?x32xf32>, tensor<?x32xf32> -> tensor<?x32xf32>
      %op = gemma.pack %o : tensor<?x32xf32> -> !gemma.packed<32 x bf16, all>
      kernel.yield %o, %op : tensor<?x32xf32>, !gemma.packed<32 x bf16, all>
    }
    %scores = kernel.buffer : !kernel.buffer<2 x f32, all>
    kernel.project all ins(%ap, %r : !kernel.buffer<32 x packed_bf16, all>, !kernel.weight<bf16, panel, 1 x 2 x 32>)
        outs(%scores : !kernel.buffer<2 x f32, all>) {
    ^bb0(%x: !gemma.packed<32 x bf16, all>, %w: tensor<2x32xf32>):
      %y = gemma.project %x, %w : !gemma.packed<32 x bf16, all>, tensor<2x32xf32> -> tensor<?x2xf32>
      kernel.yield %y : tensor<?x2xf32>
    }
    %route = kernel.buffer : !kernel.buffer<1 x routing, all>
    kernel.rows all ins(%scores, %p : !kernel.buffer<2 x f32, all>, !kernel.weight<f32, vector, 1 x 1 x 2>)
        outs(%route : !kernel.buffer<1 x routing, all>) {
    ^bb0(%x: tensor<?x2xf32>, %w: tensor<2xf32>):
      %y = gemma.top_k %x, %w : tensor<?x2xf32>, tensor<2xf32> -> !gemma.routing<1 of 2, all>
      kernel.yield %y : !gemma.routing<1 of 2, all>
    }
    %slots = kernel.buffer : !kernel.buffer<1 x slots, all>
    kernel.expert_slots %route into %slots {experts = 2 : i64, top_k = 1 : i64} : !kernel.buffer<1 x routing, all> into !kernel.buffer<1 x slots, all>
    %g = kernel.buffer : !kernel.buffer<32 x packed_f32, slots_all>
    kernel.expert_gather %a, %slots into %g {experts = 2 : i64, top_k = 1 : i64}
        : !kernel.buffer<32 x f32, all>, !kernel.buffer<1 x slots, all> into !kernel.buffer<32 x packed_f32, slots_all>
    %h = kernel.buffer : !kernel.buffer<32 x packed_f32, slots_all>
    kernel.expert_project activation silu %g, %gu, %slots into %h {experts = 2 : i64, top_k = 1 : i64}
        : !kernel.buffer<32 x packed_f32, slots_all>, !kernel.weight<f32, panel, 4 x 32 x 32>, !kernel.buffer<1 x slots, all>
        into !kernel.buffer<32 x packed_f32, slots_all>
    %e = kernel.buffer : !kernel.buffer<32 x f32, slots_all>
    kernel.expert_project %h, %d, %slots into %e {experts = 2 : i64, top_k = 1 : i64}
        : !kernel.buffer<32 x packed_f32, slots_all>, !kernel.weight<f32, panel, 2 x 32 x 32>, !kernel.buffer<1 x slots, all>
        into !kernel.buffer<32 x f32, slots_all>
    %y = kernel.buffer external logits : !kernel.buffer<32 x f32, all>
    kernel.expert_combine %e, %route, %slots into %y {experts = 2 : i64, top_k = 1 : i64}
        : !kernel.buffer<32 x f32, slots_all>, !kernel.buffer<1 x routing, all>, !kernel.buffer<1 x slots, all> into !kernel.buffer<32 x f32, all>
    return
  }
}
