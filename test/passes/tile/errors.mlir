// RUN: gemma-opt %s --kernel-tile-phases --split-input-file --verify-diagnostics

// What tile-phases needs from the passes before it. A level without a symbol is none.

// expected-error@+1 {{needs one plan, kernel.level, and kernel.plan with arena_bytes from kernel-assign-arena}}
module attributes {kernel.plan = #kernel.plan<chunk = 20, last_rows = 3, arena_bytes = 0>} {
  func.func @no_level(%ids: tensor<?xi32>) {
    return
  }
}

// -----

// expected-error@+1 {{needs one plan, kernel.level, and kernel.plan with arena_bytes from kernel-assign-arena}}
module attributes {kernel.plan = #kernel.plan<chunk = 20, last_rows = 3>, kernel.level = #kernel.level<symbol = "any">} {
  func.func @no_arena(%ids: tensor<?xi32>) {
    return
  }
}

// -----

// expected-error@+1 {{needs one plan, kernel.level, and kernel.plan with arena_bytes from kernel-assign-arena}}
module attributes {kernel.plan = #kernel.plan<chunk = 20, last_rows = 3, arena_bytes = 0>, kernel.level = #kernel.level<symbol = "any">} {
  func.func @two(%ids: tensor<?xi32>) {
    return
  }
  func.func @plans(%ids: tensor<?xi32>) {
    return
  }
}
