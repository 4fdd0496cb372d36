// RUN: gemma-opt %s --kernel-expand-pair-dot | FileCheck %s
// RUN: gemma-opt %s --gemma-stage-lower | mlir-translate --mlir-to-llvmir | opt -S -passes=instcombine | FileCheck %s --check-prefix=VALUE

// A bfloat16 number is the upper half of a float32 one: a shift makes the lower number of a pair, a mask the upper one.
// CHECK-LABEL: func @two_products
// CHECK-SAME:    (%[[ACC:.+]]: vector<4xf32>, %[[W:.+]]: vector<4xi32>, %[[X:.+]]: vector<4xi32>)
// CHECK:         arith.shli %[[W]]
// CHECK:         arith.andi %[[W]]
// CHECK:         arith.shli %[[X]]
// CHECK:         arith.andi %[[X]]
// CHECK-NOT:     kernel.pair_dot
func.func @two_products(%acc: vector<4xf32>, %w: vector<4xi32>, %x: vector<4xi32>) -> vector<4xf32> {
  %0 = kernel.pair_dot %acc, %w, %x : vector<4xf32>, vector<4xi32>
  return %0 : vector<4xf32>
}

// In numbers, which LLVM works out: 0x3f80 is 1, 0x4000 is 2, 0x4040 is 3, 0xbf80 is -1, lower number last.
// Lane 0: 0.5 + 1 * 3 + 2 * -1 = 1.5. Lane 1: 10 + 2 * 2 + 0 = 14. Lane 2: 0 + 0 + 3 * 3 = 9.
// VALUE-LABEL: @numbers()
// VALUE-NEXT:    ret <4 x float> <float 1.500000e+00, float 1.400000e+01, float 9.000000e+00, float 0.000000e+00>
func.func @numbers() -> vector<4xf32> {
  %acc = arith.constant dense<[0.5, 10.0, 0.0, 0.0]> : vector<4xf32>
  %w = arith.constant dense<[0x40003f80, 0x00004000, 0x40400000, 0x00000000]> : vector<4xi32>
  %x = arith.constant dense<[0xbf804040, 0x3f804000, 0x40404040, 0x3f803f80]> : vector<4xi32>
  %0 = kernel.pair_dot %acc, %w, %x : vector<4xf32>, vector<4xi32>
  return %0 : vector<4xf32>
}
