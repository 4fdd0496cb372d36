// RUN: gemma-opt %s --kernel-expand-math | FileCheck %s

// Polynomials instead of a maths library, on vectors and on scalars.
// CHECK-LABEL: func @exp_and_tanh
// CHECK-NOT:     math.exp
// CHECK-NOT:     math.tanh
// CHECK:         math.fma
// CHECK:         return
func.func @exp_and_tanh(%x: vector<8xf32>, %s: f32) -> (vector<8xf32>, vector<8xf32>, f32) {
  %0 = math.exp %x : vector<8xf32>
  %1 = math.tanh %x : vector<8xf32>
  %2 = math.exp %s : f32
  return %0, %1, %2 : vector<8xf32>, vector<8xf32>, f32
}

// CHECK-LABEL: func @logarithms
// CHECK-NOT:     math.log
// CHECK:         return
func.func @logarithms(%x: vector<8xf32>, %s: f32) -> (vector<8xf32>, f32, f32) {
  %0 = math.log %x : vector<8xf32>
  %1 = math.log %s : f32
  %2 = math.log1p %s : f32
  return %0, %1, %2 : vector<8xf32>, f32, f32
}

// Square roots and absolute values are instructions.
// CHECK-LABEL: func @instructions_stay
// CHECK:         math.sqrt
// CHECK:         math.absf
func.func @instructions_stay(%x: vector<8xf32>) -> vector<8xf32> {
  %0 = math.sqrt %x : vector<8xf32>
  %1 = math.absf %0 : vector<8xf32>
  return %1 : vector<8xf32>
}
