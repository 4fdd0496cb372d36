// RUN: gemma-opt %s --gemma-verify-normalized --split-input-file --verify-diagnostics

// What the stage leaves passes.
func.func @normalized(%x: tensor<?x4xf32>) -> tensor<?x4xf32, "last"> {
  %0 = gemma.last_rows %x : tensor<?x4xf32> -> tensor<?x4xf32, "last">
  %1 = gemma.scale %0 by 0.5 : tensor<?x4xf32, "last"> -> tensor<?x4xf32, "last">
  return %1 : tensor<?x4xf32, "last">
}

// -----

func.func @route(%x: tensor<?x4xf32, "last">, %w: tensor<2x4xf32>, %s: tensor<2xf32>, %gu: tensor<2x2x4xf32>, %d: tensor<2x4x1xf32>)
    -> tensor<?x4xf32, "last"> {
  // expected-error@+1 {{after normalize: route should have been expanded}}
  %r = gemma.route %x, %w, %s : tensor<?x4xf32, "last">, tensor<2x4xf32>, tensor<2xf32> -> !gemma.routing<1 of 2, last>
  %0 = gemma.experts %x, %r, %gu, %d silu
      : tensor<?x4xf32, "last">, !gemma.routing<1 of 2, last>, tensor<2x2x4xf32>, tensor<2x4x1xf32> -> tensor<?x4xf32, "last">
  return %0 : tensor<?x4xf32, "last">
}

// -----

func.func @two_scales(%x: tensor<?x4xf32, "last">) -> tensor<?x4xf32, "last"> {
  %0 = gemma.scale %x by 0.5 : tensor<?x4xf32, "last"> -> tensor<?x4xf32, "last">
  // expected-error@+1 {{after normalize: two scales in a row should have been folded}}
  %1 = gemma.scale %0 by 3.0 : tensor<?x4xf32, "last"> -> tensor<?x4xf32, "last">
  return %1 : tensor<?x4xf32, "last">
}

// -----

func.func @dead_value(%x: tensor<?x4xf32, "last">) -> tensor<?x4xf32, "last"> {
  // expected-error@+1 {{after normalize: nothing uses the result of gemma.scale}}
  %0 = gemma.scale %x by 0.5 : tensor<?x4xf32, "last"> -> tensor<?x4xf32, "last">
  return %x : tensor<?x4xf32, "last">
}

// -----

func.func @routing_for_all_rows(%x: tensor<?x4xf32, "last">, %s: tensor<?x2xf32>, %p: tensor<2xf32>, %gu: tensor<2x2x4xf32>, %d: tensor<2x4x1xf32>)
    -> tensor<?x4xf32, "last"> {
  %r = gemma.top_k %s, %p : tensor<?x2xf32>, tensor<2xf32> -> !gemma.routing<1 of 2, all>
  // expected-error@+1 {{after normalize: the choice of experts should have been made for the last rows only}}
  %l = gemma.last_rows %r : !gemma.routing<1 of 2, all> -> !gemma.routing<1 of 2, last>
  %0 = gemma.experts %x, %l, %gu, %d silu
      : tensor<?x4xf32, "last">, !gemma.routing<1 of 2, last>, tensor<2x2x4xf32>, tensor<2x4x1xf32> -> tensor<?x4xf32, "last">
  return %0 : tensor<?x4xf32, "last">
}

// -----

func.func @logits_for_all_rows(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  // expected-error@+1 {{after normalize: the function should return one value, the logits of the last rows}}
  return %x : tensor<?x4xf32>
}

// -----

func.func @two_results(%x: tensor<?x4xf32, "last">) -> (tensor<?x4xf32, "last">, tensor<?x4xf32, "last">) {
  // expected-error@+1 {{after normalize: the function should return one value, the logits of the last rows}}
  return %x, %x : tensor<?x4xf32, "last">, tensor<?x4xf32, "last">
}

// -----

// Every breach is reported, not the first one only.
func.func @two_breaches(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  // expected-error@+1 {{nothing uses the result of gemma.scale}}
  %0 = gemma.scale %x by 0.5 : tensor<?x4xf32> -> tensor<?x4xf32>
  // expected-error@+1 {{the function should return one value}}
  return %x : tensor<?x4xf32>
}
