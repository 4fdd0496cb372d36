// RUN: gemma-opt %s --lower-armv8.2-a-dotprod --split-input-file --verify-diagnostics | FileCheck %s

// Codes up to 127 are the same as signed bytes and as unsigned ones; wider codes come signed.
// CHECK-LABEL: func @one_instruction
// CHECK-SAME:    (%[[ACC:.+]]: vector<4xi32>, %[[W:.+]]: vector<16xi8>, %[[X:.+]]: vector<16xi8>)
// CHECK-NEXT:    %[[A:.+]] = llvm.call_intrinsic "llvm.aarch64.neon.sdot.v4i32.v16i8"(%[[ACC]], %[[W]], %[[X]])
// CHECK-NEXT:    %[[B:.+]] = llvm.call_intrinsic "llvm.aarch64.neon.sdot.v4i32.v16i8"(%[[A]], %[[W]], %[[X]])
// CHECK-NEXT:    %[[C:.+]] = llvm.call_intrinsic "llvm.aarch64.neon.sdot.v4i32.v16i8"(%[[B]], %[[W]], %[[X]])
// CHECK-NEXT:    return %[[C]]
func.func @one_instruction(%acc: vector<4xi32>, %w: vector<16xi8>, %x: vector<16xi8>) -> vector<4xi32> {
  %0 = kernel.dot %acc, %w, %x {max_code = 15 : i64} : vector<4xi32>, vector<16xi8>
  %1 = kernel.dot %0, %w, %x {max_code = 127 : i64} : vector<4xi32>, vector<16xi8>
  %2 = kernel.dot %1, %w, %x {max_code = 128 : i64, signed_weights} : vector<4xi32>, vector<16xi8>
  return %2 : vector<4xi32>
}

// A table of 16 bytes is tbl's own case.
// CHECK-LABEL: func @lookup
// CHECK-SAME:    (%[[CODES:.+]]: vector<16xi8>)
// CHECK:         %[[TABLE:.+]] = llvm.mlir.constant(dense<[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]>
// CHECK-NEXT:    llvm.call_intrinsic "llvm.aarch64.neon.tbl1.v16i8"(%[[TABLE]], %[[CODES]])
func.func @lookup(%codes: vector<16xi8>) -> vector<16xi8> {
  %0 = kernel.lookup %codes in [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16] : vector<16xi8>
  return %0 : vector<16xi8>
}

// -----

// sdot would take 200 for -56.
func.func @unsigned_codes_above_127(%acc: vector<4xi32>, %w: vector<16xi8>, %x: vector<16xi8>) -> vector<4xi32> {
  // expected-error@+1 {{sdot takes 4 lanes and codes up to 127, not 4 lanes and codes up to 255}}
  %0 = kernel.dot %acc, %w, %x {max_code = 255 : i64} : vector<4xi32>, vector<16xi8>
  return %0 : vector<4xi32>
}

// -----

func.func @wider_vectors(%acc: vector<8xi32>, %w: vector<32xi8>, %x: vector<32xi8>) -> vector<8xi32> {
  // expected-error@+1 {{sdot takes 4 lanes and codes up to 127, not 8 lanes and codes up to 15}}
  %0 = kernel.dot %acc, %w, %x {max_code = 15 : i64} : vector<8xi32>, vector<32xi8>
  return %0 : vector<8xi32>
}
