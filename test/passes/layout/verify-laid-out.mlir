// RUN: gemma-opt %s --kernel-verify-laid-out --split-input-file --verify-diagnostics

func.func @laid_out(%ids: tensor<?xi32>) {
  %t = kernel.weight "t" index 0 at 0 : !kernel.weight<f32, rows, 1 x 8 x 4>
  %c = kernel.cache at 0 : !kernel.cache<keys, f32, 1 x 32 window 0 page 32 table 0>
  %b = kernel.buffer : !kernel.buffer<2 x table, all>
  kernel.rope_table %b {inverse_frequencies = array<f32: 1.0>} : !kernel.buffer<2 x table, all>
  kernel.rows all ins() outs() {
    kernel.yield
  }
  return
}

// -----

func.func @a_phase_of_values(%x: tensor<?x4xf32>) {
  // expected-error@+1 {{after layout: gemma.phase is no part of a plan}}
  %0 = gemma.phase rows -> tensor<?x4xf32> {
    gemma.yield %x : tensor<?x4xf32>
  }
  return
}

// -----

func.func @a_weight_without_a_place() {
  // expected-error@+1 {{after layout: gemma.weight is no part of a plan}}
  %w = gemma.weight "w" index 0 format f32 : tensor<4xf32>
  return
}

// -----

// No control flow and no arithmetic between phases: what the plan does not decide, nobody decides.
func.func @arithmetic_between_phases() {
  // expected-error@+1 {{after layout: arith.constant is no part of a plan}}
  %0 = arith.constant 1 : i64
  return
}
