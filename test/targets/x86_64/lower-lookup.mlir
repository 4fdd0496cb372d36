// A table of 16 bytes is vpshufb's own case, on vectors of any width; without it the lower stage compares.
// RUN: gemma-opt %s --lower-x86-64-v4 | FileCheck %s --check-prefixes=CHECK,SHUFFLE
// RUN: gemma-opt %s --lower-x86-64-v3 | FileCheck %s --check-prefixes=CHECK,SHUFFLE
// RUN: gemma-opt %s --lower-x86-64 | FileCheck %s --check-prefixes=CHECK,NONE
// RUN: gemma-opt %s --lower-x86-64-v4 --gemma-stage-lower | mlir-translate --mlir-to-llvmir | llc -mcpu=x86-64-v4 | FileCheck %s --check-prefix=ASM

// CHECK-LABEL: func @narrow
// SHUFFLE:       llvm.call_intrinsic "llvm.x86.ssse3.pshuf.b.128"
// SHUFFLE-NOT:   kernel.lookup
// NONE:          kernel.lookup
// ASM-LABEL:   narrow:
// ASM:           vpshufb {{.*}}%xmm
func.func @narrow(%codes: vector<16xi8>) -> vector<16xi8> {
  %0 = kernel.lookup %codes in [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16] : vector<16xi8>
  return %0 : vector<16xi8>
}

// Each 128 bits look into their own copy of the table.
// CHECK-LABEL: func @wide
// SHUFFLE:       dense<[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]>
// SHUFFLE:       llvm.call_intrinsic "llvm.x86.avx2.pshuf.b"
// NONE:          kernel.lookup
func.func @wide(%codes: vector<32xi8>) -> vector<32xi8> {
  %0 = kernel.lookup %codes in [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16] : vector<32xi8>
  return %0 : vector<32xi8>
}
