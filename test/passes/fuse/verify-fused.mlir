// RUN: gemma-opt %s --gemma-verify-fused --split-input-file --verify-diagnostics

func.func @fused(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %w = gemma.weight "w" index 0 : tensor<4x4xf32>
  %0 = gemma.phase project -> tensor<?x4xf32> {
    %1 = gemma.project %x, %w : tensor<?x4xf32>, tensor<4x4xf32> -> tensor<?x4xf32>
    gemma.yield %1 : tensor<?x4xf32>
  }
  return %0 : tensor<?x4xf32>
}

// -----

func.func @an_operation_outside(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  // expected-error@+1 {{after fuse: gemma.scale should stand in a phase}}
  %0 = gemma.scale %x by 0.5 : tensor<?x4xf32> -> tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}

// -----

// A slice is a view, but of its user's phase.
func.func @a_slice_outside(%x: tensor<?x8xf32>) -> tensor<?x4xf32> {
  // expected-error@+1 {{after fuse: gemma.slice should stand in a phase}}
  %0 = gemma.slice %x at 0 : tensor<?x8xf32> -> tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}

// -----

// A projection reads whole rows, packed by the phase that makes them.
func.func @a_projection_of_its_own_phase(%x: tensor<?x8xf32>, %w: tensor<4x4xf32>) -> tensor<?x4xf32> {
  %0 = gemma.phase project -> tensor<?x4xf32> {
    %s = gemma.slice %x at 0 : tensor<?x8xf32> -> tensor<?x4xf32>
    // expected-error@+1 {{after fuse: a projection should read what another phase yields, not gemma.slice}}
    %1 = gemma.project %s, %w : tensor<?x4xf32>, tensor<4x4xf32> -> tensor<?x4xf32>
    gemma.yield %1 : tensor<?x4xf32>
  }
  return %0 : tensor<?x4xf32>
}
