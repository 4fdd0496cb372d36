// RUN: gemma-opt %s --kernel-verify-tiled --split-input-file --verify-diagnostics

// Products of bytes and of bfloat16 pairs are what is left to the target.
func.func @tiled(%acc: vector<4xi32>, %w: vector<16xi8>, %x: vector<16xi8>, %f: vector<4xf32>) -> (vector<4xi32>, vector<4xf32>) {
  %0 = kernel.dot %acc, %w, %x {max_code = 15 : i64} : vector<4xi32>, vector<16xi8>
  %1 = kernel.pair_dot %f, %acc, %acc : vector<4xf32>, vector<4xi32>
  return %0, %1 : vector<4xi32>, vector<4xf32>
}

// -----

func.func @a_phase(%b: !kernel.buffer<2 x table, all>) {
  // expected-error@+1 {{after tile: kernel.rope_table should have become loops and vectors}}
  kernel.rope_table %b {inverse_frequencies = array<f32: 1.0>} : !kernel.buffer<2 x table, all>
  return
}

// -----

func.func @a_buffer() {
  // expected-error@+1 {{after tile: kernel.buffer should have become loops and vectors}}
  %0 = kernel.buffer : !kernel.buffer<4 x f32, all>
  return
}

// -----

func.func @a_weight() {
  // expected-error@+1 {{after tile: kernel.weight should have become loops and vectors}}
  %0 = kernel.weight "w" index 0 at 0 : !kernel.weight<f32, vector, 1 x 1 x 4>
  return
}

// -----

func.func @a_cache() {
  // expected-error@+1 {{after tile: kernel.cache should have become loops and vectors}}
  %0 = kernel.cache at 0 : !kernel.cache<keys, f32, 1 x 32 window 0 page 32 table 0>
  return
}

// -----

func.func @an_operation_on_rows(%x: tensor<?x4xf32>) {
  // expected-error@+1 {{after tile: gemma.scale should have become loops and vectors}}
  %0 = gemma.scale %x by 0.5 : tensor<?x4xf32> -> tensor<?x4xf32>
  return
}
