// RUN: gemma-opt %s --gemma-choose-formats=recipe=keep --verify-diagnostics

// Weights that come from no file have no bits to keep. Each is named.
func.func @no_format_of_its_own() -> (tensor<8x4xf32>, tensor<8x4xf32>, tensor<8xf32>) {
  // expected-error@+1 {{'keep' needs weights from a file; w has no format of its own}}
  %w = gemma.weight "w" index 0 : tensor<8x4xf32>
  // expected-error@+1 {{'keep' needs weights from a file; v has no format of its own}}
  %v = gemma.weight "v" index 1 : tensor<8x4xf32>
  %n = gemma.weight "norm" index 2 : tensor<8xf32>
  return %w, %v, %n : tensor<8x4xf32>, tensor<8x4xf32>, tensor<8xf32>
}
