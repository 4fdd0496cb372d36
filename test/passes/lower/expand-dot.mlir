// RUN: gemma-opt %s --kernel-expand-dot | FileCheck %s
// RUN: gemma-opt %s --kernel-expand-dot --gemma-stage-lower | mlir-translate --mlir-to-llvmir | opt -S -passes=instcombine \
// RUN:   | FileCheck %s --check-prefix=VALUE

// Unsigned weights: even bytes by a mask, odd ones by a logical shift. Inputs are signed: arithmetic shifts.
// CHECK-LABEL: func @unsigned_weights
// CHECK-SAME:    (%[[ACC:.+]]: vector<4xi32>, %[[W:.+]]: vector<16xi8>, %[[X:.+]]: vector<16xi8>)
// CHECK:         %[[WS:.+]] = vector.bitcast %[[W]] : vector<16xi8> to vector<8xi16>
// CHECK:         arith.andi %[[WS]], %{{.+}} : vector<8xi16>
// CHECK:         arith.shrui %[[WS]], %{{.+}} : vector<8xi16>
// CHECK:         %[[XS:.+]] = vector.bitcast %[[X]] : vector<16xi8> to vector<8xi16>
// CHECK:         %[[UP:.+]] = arith.shli %[[XS]]
// CHECK:         arith.shrsi %[[UP]]
// CHECK:         arith.shrsi %[[XS]]
// CHECK:         %[[Y:.+]] = arith.addi %[[ACC]], %{{.+}} : vector<4xi32>
// CHECK-NEXT:    return %[[Y]]
// CHECK-NOT:     kernel.dot
func.func @unsigned_weights(%acc: vector<4xi32>, %w: vector<16xi8>, %x: vector<16xi8>) -> vector<4xi32> {
  %0 = kernel.dot %acc, %w, %x {max_code = 255 : i64} : vector<4xi32>, vector<16xi8>
  return %0 : vector<4xi32>
}

// CHECK-LABEL: func @signed_weights
// CHECK-NOT:     arith.andi
// CHECK-NOT:     arith.shrui
// CHECK:         return
func.func @signed_weights(%acc: vector<8xi32>, %w: vector<32xi8>, %x: vector<32xi8>) -> vector<8xi32> {
  %0 = kernel.dot %acc, %w, %x {max_code = 255 : i64, signed_weights} : vector<8xi32>, vector<32xi8>
  return %0 : vector<8xi32>
}

// In numbers, which LLVM works out. Lane 0: 10 + 255 * -127 + 1 * 2 + 0 * 3 + 128 * 1 = -32245. Lane 1: 20 + 4 * 255 * 127.
// VALUE-LABEL: @numbers()
// VALUE-NEXT:    ret <4 x i32> <i32 -32245, i32 129560, i32 0, i32 -4>
func.func @numbers() -> vector<4xi32> {
  %acc = arith.constant dense<[10, 20, 0, 0]> : vector<4xi32>
  %w = arith.constant dense<[255, 1, 0, 128, 255, 255, 255, 255, 0, 0, 0, 0, 1, 1, 1, 1]> : vector<16xi8>
  %x = arith.constant dense<[-127, 2, 3, 1, 127, 127, 127, 127, 1, 1, 1, 1, -1, -1, -1, -1]> : vector<16xi8>
  %0 = kernel.dot %acc, %w, %x {max_code = 255 : i64} : vector<4xi32>, vector<16xi8>
  return %0 : vector<4xi32>
}

// The same bytes as signed weights: 255 is -1 and 128 is -128. Lane 0: 10 + 127 + 2 + 0 - 128 = 11; lane 1: 20 - 4 * 127.
// VALUE-LABEL: @signed_numbers()
// VALUE-NEXT:    ret <4 x i32> <i32 11, i32 -488, i32 0, i32 -4>
func.func @signed_numbers() -> vector<4xi32> {
  %acc = arith.constant dense<[10, 20, 0, 0]> : vector<4xi32>
  %w = arith.constant dense<[255, 1, 0, 128, 255, 255, 255, 255, 0, 0, 0, 0, 1, 1, 1, 1]> : vector<16xi8>
  %x = arith.constant dense<[-127, 2, 3, 1, 127, 127, 127, 127, 1, 1, 1, 1, -1, -1, -1, -1]> : vector<16xi8>
  %0 = kernel.dot %acc, %w, %x {max_code = 255 : i64, signed_weights} : vector<4xi32>, vector<16xi8>
  return %0 : vector<4xi32>
}
