// RUN: gemma-opt %s --kernel-verify-lowered --split-input-file --verify-diagnostics

llvm.func @lowered(%x: i64) -> i64 {
  %0 = llvm.add %x, %x : i64
  llvm.return %0 : i64
}

// -----

llvm.func @arithmetic(%x: i64) -> i64 {
  // expected-error@+1 {{after lower: arith.addi has no form in the LLVM dialect}}
  %0 = arith.addi %x, %x : i64
  llvm.return %0 : i64
}

// -----

// A byte product that the target did not take.
llvm.func @a_byte_product(%acc: vector<4xi32>, %w: vector<16xi8>) {
  // expected-error@+1 {{after lower: kernel.dot has no form in the LLVM dialect}}
  %0 = kernel.dot %acc, %w, %w {max_code = 15 : i64} : vector<4xi32>, vector<16xi8>
  llvm.return
}

// -----

llvm.func @a_product_of_pairs(%acc: vector<4xf32>, %w: vector<4xi32>) {
  // expected-error@+1 {{after lower: kernel.pair_dot has no form in the LLVM dialect}}
  %0 = kernel.pair_dot %acc, %w, %w : vector<4xf32>, vector<4xi32>
  llvm.return
}

// -----

// What the conversions leave when they do not meet.
llvm.func @a_cast(%x: i64) {
  // expected-error@+1 {{after lower: builtin.unrealized_conversion_cast has no form in the LLVM dialect}}
  %0 = builtin.unrealized_conversion_cast %x : i64 to index
  llvm.return
}
