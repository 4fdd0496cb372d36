// RUN: gemma-opt %s | gemma-opt | FileCheck %s
// RUN: gemma-opt %s --mlir-print-op-generic | gemma-opt | FileCheck %s
// Every operation and type, with and without its optional parts, is printed as it is read; a type that the operation
// implies is printed without its name.

// CHECK-LABEL: func @memory
func.func @memory() {
  // CHECK: kernel.buffer : <64 x f32, all>
  %0 = kernel.buffer : !kernel.buffer<64 x f32, all>
  // CHECK: kernel.buffer at 128 : <64 x packed_i8, last>
  %1 = kernel.buffer at 128 : !kernel.buffer<64 x packed_i8, last>
  // CHECK: kernel.buffer external logits : <512 x f32, last>
  %2 = kernel.buffer external logits : !kernel.buffer<512 x f32, last>
  // CHECK: kernel.weight "w" index 3 at 64 : <q4, panel, 1 x 96 x 64>
  %3 = kernel.weight "w" index 3 at 64 : !kernel.weight<q4, panel, 1 x 96 x 64>
  // CHECK: kernel.weight "experts" index 4 at 0 : <q8m, rows, 8 x 96 x 64>
  %4 = kernel.weight "experts" index 4 at 0 : !kernel.weight<q8m, rows, 8 x 96 x 64>
  // CHECK: kernel.cache at 4096 : <keys, bf16, 2 x 64 window 8 page 544 table 0>
  %5 = kernel.cache at 4096 : !kernel.cache<keys, bf16, 2 x 64 window 8 page 544 table 0>
  // CHECK: kernel.cache : <values, f32, 1 x 32 window 9 page 0 table 0>
  %planless = kernel.cache : !kernel.cache<values, f32, 1 x 32 window 9 page 0 table 0>
  // CHECK: kernel.cache at 64 : <values, tq4, 1 x 64 window 0 page 32 table 0>
  %coded = kernel.cache at 64 : !kernel.cache<values, tq4, 1 x 64 window 0 page 32 table 0>
  // CHECK: kernel.cache at 0 : <values, f32, 1 x 32 window 0 page 32 table 0>
  %6 = kernel.cache at 0 : !kernel.cache<values, f32, 1 x 32 window 0 page 32 table 0>
  return
}

// CHECK-LABEL: func @rows
func.func @rows(%in: !kernel.buffer<64 x f32, all>, %out: !kernel.buffer<64 x f32, all>,
                %packed: !kernel.buffer<64 x packed_f32, all>) {
  // CHECK: kernel.rows all ins(%{{.+}} : !kernel.buffer<64 x f32, all>)
  // CHECK-SAME: outs(%{{.+}}, %{{.+}} : !kernel.buffer<64 x f32, all>, !kernel.buffer<64 x packed_f32, all>) {
  // CHECK-NEXT: ^bb0(%{{.+}}: tensor<?x64xf32>):
  kernel.rows all ins(%in : !kernel.buffer<64 x f32, all>)
      outs(%out, %packed : !kernel.buffer<64 x f32, all>, !kernel.buffer<64 x packed_f32, all>) {
  ^bb0(%x: tensor<?x64xf32>):
    %y = gemma.scale %x by 0.5 : tensor<?x64xf32> -> tensor<?x64xf32>
    %p = gemma.pack %y : tensor<?x64xf32> -> !gemma.packed<64 x f32, all>
    // CHECK: kernel.yield %{{.+}}, %{{.+}} : tensor<?x64xf32>, !gemma.packed<64 x f32, all>
    kernel.yield %y, %p : tensor<?x64xf32>, !gemma.packed<64 x f32, all>
  }
  // CHECK: kernel.rows last ins() outs() {
  // CHECK-NEXT: kernel.yield{{$}}
  kernel.rows last ins() outs() {
    kernel.yield
  }
  return
}

// CHECK-LABEL: func @project
func.func @project(%in: !kernel.buffer<64 x packed_f32, all>, %w: !kernel.weight<f32, panel, 1 x 96 x 64>,
                   %out: !kernel.buffer<96 x f32, all>) {
  // CHECK: kernel.project all ins(%{{.+}}, %{{.+}} : !kernel.buffer<64 x packed_f32, all>, !kernel.weight<f32, panel, 1 x 96 x 64>)
  // CHECK-SAME: outs(%{{.+}} : !kernel.buffer<96 x f32, all>) {
  kernel.project all ins(%in, %w : !kernel.buffer<64 x packed_f32, all>, !kernel.weight<f32, panel, 1 x 96 x 64>)
      outs(%out : !kernel.buffer<96 x f32, all>) {
  ^bb0(%x: !gemma.packed<64 x f32, all>, %m: tensor<96x64xf32>):
    %y = gemma.project %x, %m : !gemma.packed<64 x f32, all>, tensor<96x64xf32> -> tensor<?x96xf32>
    kernel.yield %y : tensor<?x96xf32>
  }
  return
}

// CHECK-LABEL: func @attention
func.func @attention(%q: !kernel.buffer<64 x f32, last>, %k: !kernel.cache<keys, f32, 1 x 32 window 0 page 64 table 0>,
                     %v: !kernel.cache<values, f32, 1 x 32 window 0 page 64 table 0>, %out: !kernel.buffer<64 x f32, last>) {
  // CHECK: kernel.attention last ins(%{{.+}}, %{{.+}}, %{{.+}} : !kernel.buffer<64 x f32, last>, !kernel.cache<keys, f32, 1 x 32 window 0 page 64 table 0>, !kernel.cache<values, f32, 1 x 32 window 0 page 64 table 0>)
  // CHECK-SAME: outs(%{{.+}} : !kernel.buffer<64 x f32, last>) {
  kernel.attention last ins(%q, %k, %v : !kernel.buffer<64 x f32, last>, !kernel.cache<keys, f32, 1 x 32 window 0 page 64 table 0>,
                                           !kernel.cache<values, f32, 1 x 32 window 0 page 64 table 0>)
      outs(%out : !kernel.buffer<64 x f32, last>) {
  ^bb0(%a: tensor<?x64xf32, "last">, %b: tensor<?x32xf32>, %c: tensor<?x32xf32>):
    %y = gemma.attention %a, %b, %c heads 2 kv_heads 1 head_dim 32 scale 1.0 window 8
        : tensor<?x64xf32, "last">, tensor<?x32xf32>, tensor<?x32xf32> -> tensor<?x64xf32, "last">
    kernel.yield %y : tensor<?x64xf32, "last">
  }
  return
}

// CHECK-LABEL: func @rope_table
func.func @rope_table(%table: !kernel.buffer<4 x table, all>) {
  // CHECK: kernel.rope_table %{{.+}} {inverse_frequencies = array<f32: 1.000000e+00, 5.000000e-01>} : <4 x table, all>
  kernel.rope_table %table {inverse_frequencies = array<f32: 1.0, 0.5>} : !kernel.buffer<4 x table, all>
  return
}

// CHECK-LABEL: func @experts
func.func @experts(%in: !kernel.buffer<64 x f32, all>, %routing: !kernel.buffer<2 x routing, all>,
                   %slots: !kernel.buffer<2 x slots, all>, %packed: !kernel.buffer<64 x packed_f32, slots_all>,
                   %up: !kernel.weight<q8, panel, 8 x 96 x 64>, %inner: !kernel.buffer<48 x packed_f32, slots_all>,
                   %down: !kernel.weight<q8, panel, 8 x 64 x 48>, %outer: !kernel.buffer<64 x f32, slots_all>,
                   %result: !kernel.buffer<64 x f32, all>) {
  // CHECK: kernel.expert_slots %{{.+}} into %{{.+}} {experts = 8 : i64, top_k = 2 : i64} : <2 x routing, all> into <2 x slots, all>
  kernel.expert_slots %routing into %slots {experts = 8 : i64, top_k = 2 : i64}
      : !kernel.buffer<2 x routing, all> into !kernel.buffer<2 x slots, all>
  // CHECK: kernel.expert_gather %{{.+}}, %{{.+}} into %{{.+}} {experts = 8 : i64, top_k = 2 : i64} : <64 x f32, all>, <2 x slots, all> into <64 x packed_f32, slots_all>
  kernel.expert_gather %in, %slots into %packed {experts = 8 : i64, top_k = 2 : i64}
      : !kernel.buffer<64 x f32, all>, !kernel.buffer<2 x slots, all> into !kernel.buffer<64 x packed_f32, slots_all>
  // CHECK: kernel.expert_project activation silu %{{.+}}, %{{.+}}, %{{.+}} into %{{.+}} {experts = 8 : i64, top_k = 2 : i64} :
  // CHECK-SAME: <64 x packed_f32, slots_all>, <q8, panel, 8 x 96 x 64>, <2 x slots, all> into <48 x packed_f32, slots_all>
  kernel.expert_project activation silu %packed, %up, %slots into %inner {experts = 8 : i64, top_k = 2 : i64}
      : !kernel.buffer<64 x packed_f32, slots_all>, !kernel.weight<q8, panel, 8 x 96 x 64>, !kernel.buffer<2 x slots, all>
        into !kernel.buffer<48 x packed_f32, slots_all>
  // CHECK: kernel.expert_project %{{.+}}, %{{.+}}, %{{.+}} into %{{.+}} {experts = 8 : i64, top_k = 2 : i64} :
  kernel.expert_project %inner, %down, %slots into %outer {experts = 8 : i64, top_k = 2 : i64}
      : !kernel.buffer<48 x packed_f32, slots_all>, !kernel.weight<q8, panel, 8 x 64 x 48>, !kernel.buffer<2 x slots, all>
        into !kernel.buffer<64 x f32, slots_all>
  // CHECK: kernel.expert_combine %{{.+}}, %{{.+}}, %{{.+}} into %{{.+}} {experts = 8 : i64, top_k = 2 : i64} :
  // CHECK-SAME: <64 x f32, slots_all>, <2 x routing, all>, <2 x slots, all> into <64 x f32, all>
  kernel.expert_combine %outer, %routing, %slots into %result {experts = 8 : i64, top_k = 2 : i64}
      : !kernel.buffer<64 x f32, slots_all>, !kernel.buffer<2 x routing, all>, !kernel.buffer<2 x slots, all>
        into !kernel.buffer<64 x f32, all>
  return
}

// CHECK-LABEL: func @dot
func.func @dot(%acc: vector<4xi32>, %w: vector<16xi8>, %x: vector<16xi8>) -> vector<4xi32> {
  // CHECK: kernel.dot %{{.+}}, %{{.+}}, %{{.+}} {max_code = 15 : i64} : vector<4xi32>, vector<16xi8>
  %0 = kernel.dot %acc, %w, %x {max_code = 15 : i64} : vector<4xi32>, vector<16xi8>
  // CHECK: kernel.dot %{{.+}}, %{{.+}}, %{{.+}} {max_code = 127 : i64, signed_weights} : vector<4xi32>, vector<16xi8>
  %1 = kernel.dot %0, %w, %x {max_code = 127 : i64, signed_weights} : vector<4xi32>, vector<16xi8>
  return %1 : vector<4xi32>
}

// CHECK-LABEL: func @lookup
func.func @lookup(%codes: vector<32xi8>) -> vector<32xi8> {
  // CHECK: kernel.lookup %{{.+}} in [-8, -7, -6, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7] : vector<32xi8>
  %0 = kernel.lookup %codes in [-8, -7, -6, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7] : vector<32xi8>
  return %0 : vector<32xi8>
}

// CHECK-LABEL: func @pair_dot
func.func @pair_dot(%acc: vector<4xf32>, %w: vector<4xi32>, %x: vector<4xi32>) -> vector<4xf32> {
  // CHECK: kernel.pair_dot %{{.+}}, %{{.+}}, %{{.+}} : vector<4xf32>, vector<4xi32>
  %0 = kernel.pair_dot %acc, %w, %x : vector<4xf32>, vector<4xi32>
  return %0 : vector<4xf32>
}

// CHECK-LABEL: func @tap
func.func @tap() {
  %x = kernel.buffer : !kernel.buffer<3 x f32, all>
  // CHECK: kernel.buffer at 12 external hidden : <3 x f32, last>
  %h = kernel.buffer at 12 external hidden : !kernel.buffer<3 x f32, last>
  // CHECK: kernel.tap %{{.+}} into %{{.+}} of 9 : <3 x f32, all> into <3 x f32, last>
  kernel.tap %x into %h of 9 : !kernel.buffer<3 x f32, all> into !kernel.buffer<3 x f32, last>
  return
}

// CHECK: module attributes {kernel.level = #kernel.level<name = "x86-64-v3", symbol = "x86_64_v3", vector_bits = 256, token_tile = 3, half_conversion = true>,
// CHECK-SAME: kernel.plan = #kernel.plan<positions = 64, chunk = 20, last_rows = 3, page_bytes = 4096, cache_reads = [0, 4096], arena_bytes = 0>} {
module attributes {
    kernel.level = #kernel.level<name = "x86-64-v3", symbol = "x86_64_v3", vector_bits = 256, token_tile = 3, half_conversion = true>,
    kernel.plan = #kernel.plan<chunk = 20, last_rows = 3, positions = 64, page_bytes = 4096, cache_reads = [0, 4096], arena_bytes = 0>} {
}
