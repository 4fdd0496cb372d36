// The byte products of each level, instruction by instruction (pairs of bfloat16: lower-pair-dot.mlir). The vectors are as wide as the level's.
// RUN: split-file %s %t
// RUN: gemma-opt %t/512.mlir --lower-x86-64-v4-vnni | FileCheck %t/512.mlir --check-prefix=VNNI
// RUN: gemma-opt %t/512.mlir --lower-x86-64-v4-bf16 | FileCheck %t/512.mlir --check-prefix=VNNI
// RUN: gemma-opt %t/512.mlir --lower-x86-64-v4 | FileCheck %t/512.mlir --check-prefix=V4
// RUN: gemma-opt %t/256.mlir --lower-x86-64-v3 | FileCheck %t/256.mlir --check-prefix=V3
// RUN: gemma-opt %t/128.mlir --lower-x86-64 | FileCheck %t/128.mlir --check-prefix=BASE
// No level leaves one behind, and what they leave can be lowered.
// RUN: gemma-opt %t/512.mlir --lower-x86-64-v4 --gemma-stage-lower | FileCheck %s --check-prefix=ALL --implicit-check-not=kernel.dot
// RUN: gemma-opt %t/256.mlir --lower-x86-64-v3 --gemma-stage-lower | FileCheck %s --check-prefix=ALL --implicit-check-not=kernel.dot
// RUN: gemma-opt %t/128.mlir --lower-x86-64 --gemma-stage-lower | FileCheck %s --check-prefix=ALL --implicit-check-not=kernel.dot
// ALL: llvm.func @codes_to_15

//--- 512.mlir
// One instruction, whatever the codes.
// VNNI-LABEL: func @codes_to_15
// VNNI-SAME:    (%[[ACC:.+]]: vector<16xi32>, %[[W:.+]]: vector<64xi8>, %[[X:.+]]: vector<64xi8>)
// VNNI-NEXT:    %[[Y:.+]] = llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.512"(%[[ACC]], %[[W]], %[[X]])
// VNNI-NEXT:    return %[[Y]]
// Products of pairs in 16 bits, which hold 2 * 15 * 127; then pairs of pairs.
// V4-LABEL:   func @codes_to_15
// V4-SAME:      (%[[ACC:.+]]: vector<16xi32>, %[[W:.+]]: vector<64xi8>, %[[X:.+]]: vector<64xi8>)
// V4-NEXT:      %[[PAIRS:.+]] = llvm.call_intrinsic "llvm.x86.avx512.pmaddubs.w.512"(%[[W]], %[[X]])
// V4:           %[[ONES:.+]] = arith.constant dense<1> : vector<32xi16>
// V4-NEXT:      %[[SUM:.+]] = llvm.call_intrinsic "llvm.x86.avx512.pmaddw.d.512"(%[[PAIRS]], %[[ONES]])
// V4-NEXT:      %[[Y:.+]] = arith.addi %[[ACC]], %[[SUM]]
// V4-NEXT:      return %[[Y]]
func.func @codes_to_15(%acc: vector<16xi32>, %w: vector<64xi8>, %x: vector<64xi8>) -> vector<16xi32> {
  %0 = kernel.dot %acc, %w, %x {max_code = 15 : i64} : vector<16xi32>, vector<64xi8>
  return %0 : vector<16xi32>
}
// 2 * 255 * 127 does not fit 16 bits: even and odd bytes by themselves, widened.
// VNNI-LABEL: func @codes_to_255
// VNNI:         llvm.x86.avx512.vpdpbusd.512
// V4-LABEL:   func @codes_to_255
// V4-NOT:       pmaddubs
// V4-COUNT-2:   llvm.call_intrinsic "llvm.x86.avx512.pmaddw.d.512"
// V4-NOT:       llvm.call_intrinsic
// V4:           return
func.func @codes_to_255(%acc: vector<16xi32>, %w: vector<64xi8>, %x: vector<64xi8>) -> vector<16xi32> {
  %0 = kernel.dot %acc, %w, %x {max_code = 255 : i64} : vector<16xi32>, vector<64xi8>
  return %0 : vector<16xi32>
}

//--- 256.mlir
// V3-LABEL: func @codes_to_15
// V3:         %[[PAIRS:.+]] = llvm.call_intrinsic "llvm.x86.avx2.pmadd.ub.sw"(%{{.+}}, %{{.+}}) : (vector<32xi8>, vector<32xi8>) -> vector<16xi16>
// V3:         llvm.call_intrinsic "llvm.x86.avx2.pmadd.wd"(%[[PAIRS]], %{{.+}})
// V3:         arith.addi
func.func @codes_to_15(%acc: vector<8xi32>, %w: vector<32xi8>, %x: vector<32xi8>) -> vector<8xi32> {
  %0 = kernel.dot %acc, %w, %x {max_code = 15 : i64} : vector<8xi32>, vector<32xi8>
  return %0 : vector<8xi32>
}
// The last code that fits: 2 * 127 * 127 = 32258 < 2^15.
// V3-LABEL: func @codes_to_127
// V3:         llvm.x86.avx2.pmadd.ub.sw
func.func @codes_to_127(%acc: vector<8xi32>, %w: vector<32xi8>, %x: vector<32xi8>) -> vector<8xi32> {
  %0 = kernel.dot %acc, %w, %x {max_code = 127 : i64} : vector<8xi32>, vector<32xi8>
  return %0 : vector<8xi32>
}
// V3-LABEL:   func @codes_to_128
// V3-NOT:       pmadd.ub.sw
// V3-COUNT-2:   llvm.call_intrinsic "llvm.x86.avx2.pmadd.wd"
func.func @codes_to_128(%acc: vector<8xi32>, %w: vector<32xi8>, %x: vector<32xi8>) -> vector<8xi32> {
  %0 = kernel.dot %acc, %w, %x {max_code = 128 : i64} : vector<8xi32>, vector<32xi8>
  return %0 : vector<8xi32>
}

//--- 128.mlir
// Every x86-64 CPU has pmaddwd and none need have more.
// BASE-LABEL:   func @codes_to_15
// BASE-NOT:       pmadd.ub.sw
// BASE-COUNT-2:   llvm.call_intrinsic "llvm.x86.sse2.pmadd.wd"(%{{.+}}, %{{.+}}) : (vector<8xi16>, vector<8xi16>) -> vector<4xi32>
// BASE-NOT:       llvm.call_intrinsic
// BASE:           return
func.func @codes_to_15(%acc: vector<4xi32>, %w: vector<16xi8>, %x: vector<16xi8>) -> vector<4xi32> {
  %0 = kernel.dot %acc, %w, %x {max_code = 15 : i64} : vector<4xi32>, vector<16xi8>
  return %0 : vector<4xi32>
}
