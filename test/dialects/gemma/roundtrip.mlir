// RUN: gemma-opt %s | gemma-opt | FileCheck %s
// RUN: gemma-opt %s --mlir-print-op-generic | gemma-opt | FileCheck %s
// Every operation and type, with and without its optional parts, is printed as it is read; a type that the operation
// implies is printed without its name.

// CHECK-LABEL: func @weight
func.func @weight() -> (tensor<8xf32>, tensor<8x4xf32>, tensor<2x8x4xf32>) {
  // CHECK: gemma.weight "norm" index 0 : tensor<8xf32>
  %0 = gemma.weight "norm" index 0 : tensor<8xf32>
  // CHECK: gemma.weight "proj" index 1 floor q8 : tensor<8x4xf32>
  %1 = gemma.weight "proj" index 1 floor q8 : tensor<8x4xf32>
  // CHECK: gemma.weight "experts" index 2 floor q4m format q8m : tensor<2x8x4xf32>
  %2 = gemma.weight "experts" index 2 floor q4m format q8m : tensor<2x8x4xf32>
  return %0, %1, %2 : tensor<8xf32>, tensor<8x4xf32>, tensor<2x8x4xf32>
}

// CHECK-LABEL: func @embed
func.func @embed(%ids: tensor<?xi32>, %table: tensor<8x4xf32>) -> (tensor<?x4xf32>, tensor<?x4xf32>) {
  // The default scale vanishes.
  // CHECK: gemma.embed %{{.+}}, %{{.+}} : tensor<?xi32>, tensor<8x4xf32> -> tensor<?x4xf32>
  %0 = gemma.embed %ids, %table scale 1.0 : tensor<?xi32>, tensor<8x4xf32> -> tensor<?x4xf32>
  // CHECK: gemma.embed %{{.+}}, %{{.+}} scale 2.500000e+00 : tensor<?xi32>, tensor<8x4xf32> -> tensor<?x4xf32>
  %1 = gemma.embed %ids, %table scale 2.5 : tensor<?xi32>, tensor<8x4xf32> -> tensor<?x4xf32>
  return %0, %1 : tensor<?x4xf32>, tensor<?x4xf32>
}

// CHECK-LABEL: func @embed_positions
func.func @embed_positions(%table: tensor<8x4xf32>) -> (tensor<?x4xf32>, tensor<?x4xf32, "last">) {
  // CHECK: gemma.embed_positions %{{.+}} : tensor<8x4xf32> -> tensor<?x4xf32>
  %0 = gemma.embed_positions %table : tensor<8x4xf32> -> tensor<?x4xf32>
  // CHECK: gemma.embed_positions %{{.+}} scale 2.500000e+00 : tensor<8x4xf32> -> tensor<?x4xf32, "last">
  %1 = gemma.embed_positions %table scale 2.5 : tensor<8x4xf32> -> tensor<?x4xf32, "last">
  return %0, %1 : tensor<?x4xf32>, tensor<?x4xf32, "last">
}

// CHECK-LABEL: func @layer_norm
func.func @layer_norm(%x: tensor<?x8xf32>, %w: tensor<8xf32>, %g: tensor<4xf32>) -> tensor<?x8xf32> {
  // CHECK: gemma.layer_norm %{{.+}} eps 1.000000e+00 : tensor<?x8xf32> -> tensor<?x8xf32>
  %0 = gemma.layer_norm %x eps 1.0 : tensor<?x8xf32> -> tensor<?x8xf32>
  // CHECK: gemma.layer_norm %{{.+}} weight %{{.+}} bias %{{.+}} eps 1.000000e+00 : tensor<?x8xf32>, tensor<8xf32>, tensor<8xf32> -> tensor<?x8xf32>
  %1 = gemma.layer_norm %0 weight %w bias %w eps 1.0 : tensor<?x8xf32>, tensor<8xf32>, tensor<8xf32> -> tensor<?x8xf32>
  // CHECK: gemma.layer_norm %{{.+}} weight %{{.+}} eps 1.000000e+00 group 4 : tensor<?x8xf32>, tensor<4xf32> -> tensor<?x8xf32>
  %2 = gemma.layer_norm %1 weight %g eps 1.0 group 4 : tensor<?x8xf32>, tensor<4xf32> -> tensor<?x8xf32>
  // CHECK: gemma.bias %{{.+}}, %{{.+}} : tensor<?x8xf32>, tensor<8xf32> -> tensor<?x8xf32>
  %3 = gemma.bias %2, %w : tensor<?x8xf32>, tensor<8xf32> -> tensor<?x8xf32>
  // CHECK: gemma.act %{{.+}} gelu : tensor<?x8xf32> -> tensor<?x8xf32>
  %4 = gemma.act %3 gelu : tensor<?x8xf32> -> tensor<?x8xf32>
  return %4 : tensor<?x8xf32>
}

// CHECK-LABEL: func @rms_norm
func.func @rms_norm(%x: tensor<?x8xf32>, %w: tensor<8xf32>, %g: tensor<4xf32>) -> tensor<?x8xf32> {
  // CHECK: gemma.rms_norm %{{.+}} eps 9.9999999999999995E-7 : tensor<?x8xf32> -> tensor<?x8xf32>
  %0 = gemma.rms_norm %x eps 1.0e-06 : tensor<?x8xf32> -> tensor<?x8xf32>
  // CHECK: gemma.rms_norm %{{.+}} weight %{{.+}} eps 1.000000e+00 : tensor<?x8xf32>, tensor<8xf32> -> tensor<?x8xf32>
  %1 = gemma.rms_norm %0 weight %w eps 1.0 : tensor<?x8xf32>, tensor<8xf32> -> tensor<?x8xf32>
  // CHECK: gemma.rms_norm %{{.+}} weight %{{.+}} eps 1.000000e+00 group 4 : tensor<?x8xf32>, tensor<4xf32> -> tensor<?x8xf32>
  %2 = gemma.rms_norm %1 weight %g eps 1.0 group 4 : tensor<?x8xf32>, tensor<4xf32> -> tensor<?x8xf32>
  return %2 : tensor<?x8xf32>
}

// CHECK-LABEL: func @project
func.func @project(%x: tensor<?x4xf32>, %last: tensor<?x4xf32, "last">, %w: tensor<8x4xf32>)
    -> (tensor<?x8xf32>, tensor<?x8xf32, "last">) {
  // CHECK: gemma.project %{{.+}}, %{{.+}} : tensor<?x4xf32>, tensor<8x4xf32> -> tensor<?x8xf32>
  %0 = gemma.project %x, %w : tensor<?x4xf32>, tensor<8x4xf32> -> tensor<?x8xf32>
  // CHECK: gemma.project %{{.+}}, %{{.+}} : tensor<?x4xf32, "last">, tensor<8x4xf32> -> tensor<?x8xf32, "last">
  %1 = gemma.project %last, %w : tensor<?x4xf32, "last">, tensor<8x4xf32> -> tensor<?x8xf32, "last">
  return %0, %1 : tensor<?x8xf32>, tensor<?x8xf32, "last">
}

// CHECK-LABEL: func @pack
func.func @pack(%x: tensor<?x4xf32>, %last: tensor<?x4xf32, "last">, %w: tensor<8x4xf32>) -> tensor<?x8xf32, "last"> {
  // CHECK: gemma.pack %{{.+}} : tensor<?x4xf32> -> <4 x f32, all>
  %0 = gemma.pack %x : tensor<?x4xf32> -> !gemma.packed<4 x f32, all>
  // CHECK: %[[PACKED:.+]] = gemma.pack %{{.+}} : tensor<?x4xf32, "last"> -> <4 x i8, last>
  %1 = gemma.pack %last : tensor<?x4xf32, "last"> -> !gemma.packed<4 x i8, last>
  // CHECK: gemma.project %[[PACKED]], %{{.+}} : !gemma.packed<4 x i8, last>, tensor<8x4xf32> -> tensor<?x8xf32, "last">
  %2 = gemma.project %1, %w : !gemma.packed<4 x i8, last>, tensor<8x4xf32> -> tensor<?x8xf32, "last">
  return %2 : tensor<?x8xf32, "last">
}

// CHECK-LABEL: func @elementwise
func.func @elementwise(%x: tensor<?x4xf32>, %s: tensor<1xf32>) -> tensor<?x4xf32> {
  // CHECK: gemma.scale %{{.+}} by 5.000000e-01 : tensor<?x4xf32> -> tensor<?x4xf32>
  %0 = gemma.scale %x by 0.5 : tensor<?x4xf32> -> tensor<?x4xf32>
  // CHECK: gemma.scale_by %{{.+}}, %{{.+}} : tensor<?x4xf32>, tensor<1xf32> -> tensor<?x4xf32>
  %1 = gemma.scale_by %0, %s : tensor<?x4xf32>, tensor<1xf32> -> tensor<?x4xf32>
  // CHECK: gemma.add %{{.+}}, %{{.+}} : tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x4xf32>
  %2 = gemma.add %1, %x : tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x4xf32>
  // CHECK: gemma.mul %{{.+}}, %{{.+}} : tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x4xf32>
  %3 = gemma.mul %2, %x : tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x4xf32>
  // CHECK: gemma.gated %{{.+}}, %{{.+}} gelu_tanh : tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x4xf32>
  %4 = gemma.gated %3, %x gelu_tanh : tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x4xf32>
  // CHECK: gemma.gated %{{.+}}, %{{.+}} silu : tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x4xf32>
  %5 = gemma.gated %4, %x silu : tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x4xf32>
  // CHECK: gemma.softcap %{{.+}} cap 3.000000e+01 : tensor<?x4xf32> -> tensor<?x4xf32>
  %6 = gemma.softcap %5 cap 30.0 : tensor<?x4xf32> -> tensor<?x4xf32>
  return %6 : tensor<?x4xf32>
}

// CHECK-LABEL: func @slice
func.func @slice(%x: tensor<?x8xf32>) -> tensor<?x3xf32> {
  // CHECK: gemma.slice %{{.+}} at 5 : tensor<?x8xf32> -> tensor<?x3xf32>
  %0 = gemma.slice %x at 5 : tensor<?x8xf32> -> tensor<?x3xf32>
  return %0 : tensor<?x3xf32>
}

// CHECK-LABEL: func @rope
func.func @rope(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  // CHECK: gemma.rope %{{.+}} head_dim 4 pairs 1 theta 1.000000e+04 denominator 4 : tensor<?x8xf32> -> tensor<?x8xf32>
  %0 = gemma.rope %x head_dim 4 pairs 1 theta 1.0e+04 denominator 4 : tensor<?x8xf32> -> tensor<?x8xf32>
  // CHECK: gemma.rope %{{.+}} head_dim 8 width 4 pairs 2 frequencies [1.000000e+00, 5.000000e-01] magnitude 1.250000e+00 : tensor<?x8xf32> -> tensor<?x8xf32>
  %1 = gemma.rope %0 head_dim 8 width 4 pairs 2 frequencies [1.0, 0.5] magnitude 1.25 : tensor<?x8xf32> -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// CHECK-LABEL: func @attention
func.func @attention(%q: tensor<?x8xf32>, %last: tensor<?x8xf32, "last">, %k: tensor<?x4xf32>, %v: tensor<?x4xf32>)
    -> (tensor<?x8xf32>, tensor<?x8xf32, "last">) {
  // CHECK: gemma.attention %{{.+}}, %{{.+}}, %{{.+}} heads 4 kv_heads 2 head_dim 2 scale 5.000000e-01 :
  // CHECK-SAME: tensor<?x8xf32>, tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x8xf32>
  %0 = gemma.attention %q, %k, %v heads 4 kv_heads 2 head_dim 2 scale 0.5
      : tensor<?x8xf32>, tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x8xf32>
  // CHECK: gemma.attention %{{.+}}, %{{.+}}, %{{.+}} heads 4 kv_heads 2 head_dim 2 scale 1.000000e+00 window 3 softcap 5.000000e+01 :
  // CHECK-SAME: tensor<?x8xf32, "last">, tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x8xf32, "last">
  %1 = gemma.attention %last, %k, %v heads 4 kv_heads 2 head_dim 2 scale 1.0 window 3 softcap 50.0
      : tensor<?x8xf32, "last">, tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x8xf32, "last">
  // CHECK: gemma.attention %{{.+}}, %{{.+}}, %{{.+}} heads 4 kv_heads 2 head_dim 2 scale 1.000000e+00 window 3 blocks 280 :
  // CHECK-SAME: tensor<?x8xf32>, tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x8xf32>
  %2 = gemma.attention %q, %k, %v heads 4 kv_heads 2 head_dim 2 scale 1.0 window 3 blocks 280
      : tensor<?x8xf32>, tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x8xf32>
  return %0, %1 : tensor<?x8xf32>, tensor<?x8xf32, "last">
}

// CHECK-LABEL: func @experts
func.func @experts(%x: tensor<?x4xf32>, %scores: tensor<?x8xf32>, %w: tensor<8x4xf32>, %s: tensor<8xf32>,
                   %gu: tensor<8x6x4xf32>, %d: tensor<8x4x3xf32>) -> tensor<?x4xf32> {
  // CHECK: gemma.route %{{.+}}, %{{.+}}, %{{.+}} : tensor<?x4xf32>, tensor<8x4xf32>, tensor<8xf32> -> <2 of 8, all>
  %0 = gemma.route %x, %w, %s : tensor<?x4xf32>, tensor<8x4xf32>, tensor<8xf32> -> !gemma.routing<2 of 8, all>
  // CHECK: gemma.route %{{.+}}, %{{.+}}, %{{.+}} noise seed 7 : tensor<?x4xf32>, tensor<8x4xf32>, tensor<8xf32> -> <1 of 8, all>
  %noise = gemma.route %x, %w, %s noise seed 7 : tensor<?x4xf32>, tensor<8x4xf32>, tensor<8xf32> -> !gemma.routing<1 of 8, all>
  // CHECK: gemma.route %{{.+}}, %{{.+}}, %{{.+}} noise seed 9 weight %{{.+}} : tensor<?x4xf32>, tensor<8x4xf32>, tensor<8xf32>, tensor<8x4xf32> ->
  %noise_weight = gemma.route %x, %w, %s noise seed 9 weight %w
      : tensor<?x4xf32>, tensor<8x4xf32>, tensor<8xf32>, tensor<8x4xf32> -> !gemma.routing<1 of 8, all>
  // CHECK: gemma.top_k %{{.+}}, %{{.+}} noise seed 9007199254740992 scores %{{.+}} : tensor<?x8xf32>, tensor<8xf32>, tensor<?x8xf32> -> <2 of 8, all>
  %noise_scores = gemma.top_k %scores, %s noise seed 9007199254740992 scores %scores
      : tensor<?x8xf32>, tensor<8xf32>, tensor<?x8xf32> -> !gemma.routing<2 of 8, all>
  // CHECK: gemma.top_k %{{.+}}, %{{.+}} : tensor<?x8xf32>, tensor<8xf32> -> <8 of 8, all>
  %1 = gemma.top_k %scores, %s : tensor<?x8xf32>, tensor<8xf32> -> !gemma.routing<8 of 8, all>
  // CHECK: gemma.route %{{.+}}, %{{.+}} unnormalised : tensor<?x4xf32>, tensor<8x4xf32> -> <2 of 8, all>
  %shares = gemma.route %x, %w unnormalised : tensor<?x4xf32>, tensor<8x4xf32> -> !gemma.routing<2 of 8, all>
  // CHECK: gemma.top_k %{{.+}} unnormalised noise seed 3 : tensor<?x8xf32> -> <2 of 8, all>
  %noisy_shares = gemma.top_k %scores unnormalised noise seed 3 : tensor<?x8xf32> -> !gemma.routing<2 of 8, all>
  // CHECK: gemma.experts %{{.+}}, %{{.+}}, %{{.+}}, %{{.+}} silu :
  // CHECK-SAME: tensor<?x4xf32>, <2 of 8, all>, tensor<8x6x4xf32>, tensor<8x4x3xf32> -> tensor<?x4xf32>
  %2 = gemma.experts %x, %0, %gu, %d silu
      : tensor<?x4xf32>, !gemma.routing<2 of 8, all>, tensor<8x6x4xf32>, tensor<8x4x3xf32> -> tensor<?x4xf32>
  %3 = gemma.experts %2, %1, %gu, %d gelu_tanh
      : tensor<?x4xf32>, !gemma.routing<8 of 8, all>, tensor<8x6x4xf32>, tensor<8x4x3xf32> -> tensor<?x4xf32>
  return %3 : tensor<?x4xf32>
}

// CHECK-LABEL: func @last_rows
func.func @last_rows(%x: tensor<?x4xf32>) -> tensor<?x4xf32, "last"> {
  // CHECK: gemma.last_rows %{{.+}} : tensor<?x4xf32> -> tensor<?x4xf32, "last">
  %0 = gemma.last_rows %x : tensor<?x4xf32> -> tensor<?x4xf32, "last">
  return %0 : tensor<?x4xf32, "last">
}

// CHECK-LABEL: func @last_rows_of_a_routing
func.func @last_rows_of_a_routing(%r: !gemma.routing<2 of 8, all>) -> !gemma.routing<2 of 8, last> {
  // CHECK: gemma.last_rows %{{.+}} : !gemma.routing<2 of 8, all> -> !gemma.routing<2 of 8, last>
  %0 = gemma.last_rows %r : !gemma.routing<2 of 8, all> -> !gemma.routing<2 of 8, last>
  return %0 : !gemma.routing<2 of 8, last>
}

// CHECK-LABEL: func @phase
func.func @phase(%x: tensor<?x4xf32>, %w: tensor<4x4xf32>) -> tensor<?x4xf32> {
  // CHECK: %[[TWO:.+]]:2 = gemma.phase rows -> tensor<?x4xf32>, !gemma.packed<4 x f32, all> {
  %0:2 = gemma.phase rows -> tensor<?x4xf32>, !gemma.packed<4 x f32, all> {
    %a = gemma.scale %x by 0.5 : tensor<?x4xf32> -> tensor<?x4xf32>
    %b = gemma.pack %a : tensor<?x4xf32> -> !gemma.packed<4 x f32, all>
    // CHECK: gemma.yield %{{.+}}, %{{.+}} : tensor<?x4xf32>, !gemma.packed<4 x f32, all>
    gemma.yield %a, %b : tensor<?x4xf32>, !gemma.packed<4 x f32, all>
  }
  // CHECK: gemma.phase project -> tensor<?x4xf32> {
  %1 = gemma.phase project -> tensor<?x4xf32> {
    %a = gemma.project %0#1, %w : !gemma.packed<4 x f32, all>, tensor<4x4xf32> -> tensor<?x4xf32>
    %b = gemma.add %a, %0#0 : tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x4xf32>
    gemma.yield %b : tensor<?x4xf32>
  }
  // CHECK: gemma.phase attention -> tensor<?x4xf32> {
  %2 = gemma.phase attention -> tensor<?x4xf32> {
    %a = gemma.attention %1, %1, %1 heads 2 kv_heads 2 head_dim 2 scale 1.0
        : tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x4xf32>
    gemma.yield %a : tensor<?x4xf32>
  }
  // CHECK: gemma.phase rows {
  // CHECK-NEXT: gemma.yield{{$}}
  gemma.phase rows {
    gemma.yield
  }
  return %2 : tensor<?x4xf32>
}

// CHECK-LABEL: func @phase_experts
func.func @phase_experts(%x: tensor<?x4xf32>, %r: !gemma.routing<1 of 2, all>, %gu: tensor<2x2x4xf32>, %d: tensor<2x4x1xf32>)
    -> tensor<?x4xf32> {
  // CHECK: gemma.phase experts -> tensor<?x4xf32> {
  %0 = gemma.phase experts -> tensor<?x4xf32> {
    %a = gemma.experts %x, %r, %gu, %d silu
        : tensor<?x4xf32>, !gemma.routing<1 of 2, all>, tensor<2x2x4xf32>, tensor<2x4x1xf32> -> tensor<?x4xf32>
    gemma.yield %a : tensor<?x4xf32>
  }
  return %0 : tensor<?x4xf32>
}

// CHECK-LABEL: func @tap
func.func @tap(%x: tensor<?x4xf32>) {
  // CHECK: gemma.tap %{{.+}} at 8 : tensor<?x4xf32>
  gemma.tap %x at 8 : tensor<?x4xf32>
  // CHECK: gemma.phase tap {
  gemma.phase tap {
    gemma.tap %x at 0 : tensor<?x4xf32>
    gemma.yield
  }
  return
}
