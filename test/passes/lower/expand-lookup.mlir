// RUN: gemma-opt %s --kernel-expand-lookup | FileCheck %s
// RUN: gemma-opt %s --gemma-stage-lower | mlir-translate --mlir-to-llvmir | opt -S -passes=instcombine | FileCheck %s --check-prefix=VALUE

// One comparison and one choice for each number but the first.
// CHECK-LABEL:     func @chosen
// CHECK-COUNT-15:  arith.select
// CHECK-NEXT:      return
func.func @chosen(%codes: vector<16xi8>) -> vector<16xi8> {
  %0 = kernel.lookup %codes in [-127, -96, -75, -58, -44, -30, -18, -6, 6, 18, 30, 44, 58, 75, 96, 127] : vector<16xi8>
  return %0 : vector<16xi8>
}

// In numbers, which LLVM works out.
// VALUE-LABEL: @numbers()
// VALUE-NEXT:    ret <4 x i8> {{.*}}i8 -1, i8 16, i8 9, i8 7
func.func @numbers() -> vector<4xi8> {
  %codes = arith.constant dense<[0, 15, 8, 6]> : vector<4xi8>
  %0 = kernel.lookup %codes in [-1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16] : vector<4xi8>
  return %0 : vector<4xi8>
}
