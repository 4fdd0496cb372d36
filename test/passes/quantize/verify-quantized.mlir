// RUN: gemma-opt %s --gemma-verify-quantized --split-input-file --verify-diagnostics

func.func @quantized(%x: !gemma.packed<4 x i8, all>, %y: !gemma.packed<4 x bf16, all>, %z: !gemma.packed<4 x f32, all>)
    -> (tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x8xf32>) {
  %w = gemma.weight "w" index 0 format q4 : tensor<8x4xf32>
  %v = gemma.weight "v" index 1 format bf16 : tensor<8x4xf32>
  %u = gemma.weight "u" index 2 format f32 : tensor<8x4xf32>
  %0 = gemma.project %x, %w : !gemma.packed<4 x i8, all>, tensor<8x4xf32> -> tensor<?x8xf32>
  %1 = gemma.project %y, %v : !gemma.packed<4 x bf16, all>, tensor<8x4xf32> -> tensor<?x8xf32>
  %2 = gemma.project %z, %u : !gemma.packed<4 x f32, all>, tensor<8x4xf32> -> tensor<?x8xf32>
  return %0, %1, %2 : tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x8xf32>
}

// -----

func.func @a_weight_without_format() -> tensor<8xf32> {
  // expected-error@+1 {{after quantize: weight w has no format}}
  %w = gemma.weight "w" index 0 : tensor<8xf32>
  return %w : tensor<8xf32>
}

// -----

func.func @plain_rows(%x: tensor<?x4xf32>) -> tensor<?x8xf32> {
  %w = gemma.weight "w" index 0 format f32 : tensor<8x4xf32>
  // expected-error@+1 {{after quantize: a projection with this weight must read rows packed as f32}}
  %0 = gemma.project %x, %w : tensor<?x4xf32>, tensor<8x4xf32> -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

func.func @floats_for_an_integer_weight(%x: !gemma.packed<4 x f32, all>) -> tensor<?x8xf32> {
  %w = gemma.weight "w" index 0 format q8m : tensor<8x4xf32>
  // expected-error@+1 {{after quantize: a projection with this weight must read rows packed as i8}}
  %0 = gemma.project %x, %w : !gemma.packed<4 x f32, all>, tensor<8x4xf32> -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

func.func @bytes_for_a_floating_point_weight(%x: !gemma.packed<4 x i8, all>) -> tensor<?x8xf32> {
  %w = gemma.weight "w" index 0 format bf16 : tensor<8x4xf32>
  // expected-error@+1 {{after quantize: a projection with this weight must read rows packed as bf16}}
  %0 = gemma.project %x, %w : !gemma.packed<4 x i8, all>, tensor<8x4xf32> -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

func.func @floats_for_a_bf16_weight(%x: !gemma.packed<4 x f32, all>) -> tensor<?x8xf32> {
  %w = gemma.weight "w" index 0 format bf16 : tensor<8x4xf32>
  // expected-error@+1 {{after quantize: a projection with this weight must read rows packed as bf16}}
  %0 = gemma.project %x, %w : !gemma.packed<4 x f32, all>, tensor<8x4xf32> -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}
