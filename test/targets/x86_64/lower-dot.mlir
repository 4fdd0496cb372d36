// The byte products of each level, instruction by instruction (pairs of bfloat16: lower-pair-dot.mlir). The vectors are as wide as the level's.
// RUN: split-file %s %t
// RUN: gemma-opt %t/512.mlir --lower-x86-64-v4-vnni | FileCheck %t/512.mlir --check-prefix=VNNI
// RUN: gemma-opt %t/512.mlir --lower-x86-64-v4-bf16 | FileCheck %t/512.mlir --check-prefix=VNNI
// RUN: gemma-opt %t/512.mlir --lower-x86-64-v4 | FileCheck %t/512.mlir --check-prefix=V4
// RUN: gemma-opt %t/256.mlir --lower-x86-64-v3 | FileCheck %t/256.mlir --check-prefix=V3
// RUN: gemma-opt %t/256.mlir --lower-x86-64-v3-avxvnni | FileCheck %t/256.mlir --check-prefix=AVXVNNI
// RUN: gemma-opt %t/128.mlir --lower-x86-64 | FileCheck %t/128.mlir --check-prefix=BASE
// No level leaves one behind, and what they leave can be lowered.
// RUN: gemma-opt %t/512.mlir --lower-x86-64-v4 --gemma-stage-lower | FileCheck %s --check-prefix=ALL --implicit-check-not=kernel.dot
// RUN: gemma-opt %t/256.mlir --lower-x86-64-v3 --gemma-stage-lower | FileCheck %s --check-prefix=ALL --implicit-check-not=kernel.dot
// RUN: gemma-opt %t/256.mlir --lower-x86-64-v3-avxvnni --gemma-stage-lower | FileCheck %s --check-prefix=ALL --implicit-check-not=kernel.dot
// RUN: gemma-opt %t/128.mlir --lower-x86-64 --gemma-stage-lower | FileCheck %s --check-prefix=ALL --implicit-check-not=kernel.dot
// ALL: llvm.func @codes_to_15
// And the instruction itself.
// RUN: gemma-opt %t/256.mlir --lower-x86-64-v3-avxvnni --gemma-stage-lower | mlir-translate --mlir-to-llvmir | llc -mcpu=x86-64-v3 -mattr=+avxvnni | FileCheck %s --check-prefix=ASM
// ASM-LABEL: codes_to_15:
// ASM:         {vex} vpdpbusd %ymm2, %ymm1, %ymm0
// ASM-NEXT:    retq

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

// VNNI needs no chain.
// VNNI-LABEL:    func @chain_of_4_bit_codes
// VNNI-COUNT-9:    llvm.x86.avx512.vpdpbusd.512
// VNNI-NOT:        llvm.call_intrinsic
// VNNI:            return
// V4-LABEL:      func @chain_of_4_bit_codes
// V4-COUNT-8:      llvm.x86.avx512.pmaddubs.w.512
// V4:              llvm.x86.avx512.pmaddw.d.512
// V4:              arith.addi
func.func @chain_of_4_bit_codes(%acc: vector<16xi32>, %w: vector<64xi8>, %x: vector<64xi8>) -> vector<16xi32> {
  %0 = kernel.dot %acc, %w, %x {max_code = 15 : i64} : vector<16xi32>, vector<64xi8>
  %1 = kernel.dot %0, %w, %x {max_code = 15 : i64} : vector<16xi32>, vector<64xi8>
  %2 = kernel.dot %1, %w, %x {max_code = 15 : i64} : vector<16xi32>, vector<64xi8>
  %3 = kernel.dot %2, %w, %x {max_code = 15 : i64} : vector<16xi32>, vector<64xi8>
  %4 = kernel.dot %3, %w, %x {max_code = 15 : i64} : vector<16xi32>, vector<64xi8>
  %5 = kernel.dot %4, %w, %x {max_code = 15 : i64} : vector<16xi32>, vector<64xi8>
  %6 = kernel.dot %5, %w, %x {max_code = 15 : i64} : vector<16xi32>, vector<64xi8>
  %7 = kernel.dot %6, %w, %x {max_code = 15 : i64} : vector<16xi32>, vector<64xi8>
  %8 = kernel.dot %7, %w, %x {max_code = 15 : i64} : vector<16xi32>, vector<64xi8>
  return %8 : vector<16xi32>
}

//--- 256.mlir
// AVXVNNI-LABEL: func @codes_to_15
// AVXVNNI-SAME:    (%[[ACC:.+]]: vector<8xi32>, %[[W:.+]]: vector<32xi8>, %[[X:.+]]: vector<32xi8>)
// AVXVNNI-NEXT:    %[[Y:.+]] = llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.256"(%[[ACC]], %[[W]], %[[X]])
// AVXVNNI-NEXT:    return %[[Y]]
// V3-LABEL: func @codes_to_15
// V3:         %[[PAIRS:.+]] = llvm.call_intrinsic "llvm.x86.avx2.pmadd.ub.sw"(%{{.+}}, %{{.+}}) : (vector<32xi8>, vector<32xi8>) -> vector<16xi16>
// V3:         llvm.call_intrinsic "llvm.x86.avx2.pmadd.wd"(%[[PAIRS]], %{{.+}})
// V3:         arith.addi
func.func @codes_to_15(%acc: vector<8xi32>, %w: vector<32xi8>, %x: vector<32xi8>) -> vector<8xi32> {
  %0 = kernel.dot %acc, %w, %x {max_code = 15 : i64} : vector<8xi32>, vector<32xi8>
  return %0 : vector<8xi32>
}
// The last code that fits: 2 * 129 * 127 = 32766 < 2^15.
// V3-LABEL: func @codes_to_129
// V3:         llvm.x86.avx2.pmadd.ub.sw
func.func @codes_to_129(%acc: vector<8xi32>, %w: vector<32xi8>, %x: vector<32xi8>) -> vector<8xi32> {
  %0 = kernel.dot %acc, %w, %x {max_code = 129 : i64} : vector<8xi32>, vector<32xi8>
  return %0 : vector<8xi32>
}
// AVXVNNI-LABEL: func @codes_to_130
// AVXVNNI-NEXT:    llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.256"
// V3-LABEL:   func @codes_to_130
// V3-NOT:       pmadd.ub.sw
// V3-COUNT-2:   llvm.call_intrinsic "llvm.x86.avx2.pmadd.wd"
func.func @codes_to_130(%acc: vector<8xi32>, %w: vector<32xi8>, %x: vector<32xi8>) -> vector<8xi32> {
  %0 = kernel.dot %acc, %w, %x {max_code = 130 : i64} : vector<8xi32>, vector<32xi8>
  return %0 : vector<8xi32>
}

// Chains. 8 * 2 * 15 * 127 = 30480 fits 16 bits, nine do not: eight products, then one madd; the ninth begins anew.
// AVXVNNI-LABEL:   func @chain_of_4_bit_codes
// AVXVNNI-COUNT-9:   llvm.x86.avx512.vpdpbusd.256
// AVXVNNI-NEXT:      return
// V3-LABEL: func @chain_of_4_bit_codes
// V3-SAME:    (%[[ACC:.+]]: vector<8xi32>
// V3:         %[[P1:.+]] = llvm.call_intrinsic "llvm.x86.avx2.pmadd.ub.sw"
// V3:         %[[P2:.+]] = llvm.call_intrinsic "llvm.x86.avx2.pmadd.ub.sw"
// V3-NEXT:    %[[S2:.+]] = arith.addi %[[P1]], %[[P2]] : vector<16xi16>
// V3:         %[[P3:.+]] = llvm.call_intrinsic "llvm.x86.avx2.pmadd.ub.sw"
// V3-NEXT:    %[[S3:.+]] = arith.addi %[[S2]], %[[P3]]
// V3-COUNT-5: llvm.x86.avx2.pmadd.ub.sw
// V3-NEXT:    %[[S8:.+]] = arith.addi
// V3:         %[[P9:.+]] = llvm.call_intrinsic "llvm.x86.avx2.pmadd.ub.sw"
// V3:         %[[M8:.+]] = llvm.call_intrinsic "llvm.x86.avx2.pmadd.wd"(%[[S8]], %{{.+}})
// V3-NEXT:    %[[A8:.+]] = arith.addi %[[ACC]], %[[M8]] : vector<8xi32>
// V3:         %[[M9:.+]] = llvm.call_intrinsic "llvm.x86.avx2.pmadd.wd"(%[[P9]], %{{.+}})
// V3-NEXT:    %[[A9:.+]] = arith.addi %[[A8]], %[[M9]]
// V3-NEXT:    return %[[A9]]
func.func @chain_of_4_bit_codes(%acc: vector<8xi32>, %w: vector<32xi8>, %x: vector<32xi8>) -> vector<8xi32> {
  %0 = kernel.dot %acc, %w, %x {max_code = 15 : i64} : vector<8xi32>, vector<32xi8>
  %1 = kernel.dot %0, %w, %x {max_code = 15 : i64} : vector<8xi32>, vector<32xi8>
  %2 = kernel.dot %1, %w, %x {max_code = 15 : i64} : vector<8xi32>, vector<32xi8>
  %3 = kernel.dot %2, %w, %x {max_code = 15 : i64} : vector<8xi32>, vector<32xi8>
  %4 = kernel.dot %3, %w, %x {max_code = 15 : i64} : vector<8xi32>, vector<32xi8>
  %5 = kernel.dot %4, %w, %x {max_code = 15 : i64} : vector<8xi32>, vector<32xi8>
  %6 = kernel.dot %5, %w, %x {max_code = 15 : i64} : vector<8xi32>, vector<32xi8>
  %7 = kernel.dot %6, %w, %x {max_code = 15 : i64} : vector<8xi32>, vector<32xi8>
  %8 = kernel.dot %7, %w, %x {max_code = 15 : i64} : vector<8xi32>, vector<32xi8>
  return %8 : vector<8xi32>
}
// Two of 6-bit codes: 2 * 2 * 63 * 127 = 32004. What else a chain holds counts with what it can be: 63, then 15, then not 63.
// V3-LABEL: func @chain_of_6_bit_codes
// V3-COUNT-2: pmadd.ub.sw
// V3-NEXT:    arith.addi %{{.+}} : vector<16xi16>
// V3:         pmadd.ub.sw
// V3:         pmadd.wd
// V3-NEXT:    arith.addi %{{.+}} : vector<8xi32>
// V3:         pmadd.ub.sw
// V3-NEXT:    arith.addi %{{.+}} : vector<16xi16>
// V3:         pmadd.wd
// V3-NEXT:    arith.addi %{{.+}} : vector<8xi32>
// V3-NEXT:    return
func.func @chain_of_6_bit_codes(%acc: vector<8xi32>, %w: vector<32xi8>, %x: vector<32xi8>) -> vector<8xi32> {
  %0 = kernel.dot %acc, %w, %x {max_code = 63 : i64} : vector<8xi32>, vector<32xi8>
  %1 = kernel.dot %0, %w, %x {max_code = 63 : i64} : vector<8xi32>, vector<32xi8>
  %2 = kernel.dot %1, %w, %x {max_code = 63 : i64} : vector<8xi32>, vector<32xi8>
  %3 = kernel.dot %2, %w, %x {max_code = 15 : i64} : vector<8xi32>, vector<32xi8>
  return %3 : vector<8xi32>
}
// A sum that somebody else looks at too is a sum: it ends the chain.
// V3-LABEL: func @seen_between
// V3:         pmadd.ub.sw
// V3:         pmadd.wd
// V3-NEXT:    %[[A:.+]] = arith.addi
// V3:         pmadd.ub.sw
// V3:         pmadd.wd
// V3-NEXT:    %[[B:.+]] = arith.addi %[[A]], %{{.+}} : vector<8xi32>
// V3-NEXT:    return %[[A]], %[[B]]
func.func @seen_between(%acc: vector<8xi32>, %w: vector<32xi8>, %x: vector<32xi8>) -> (vector<8xi32>, vector<8xi32>) {
  %0 = kernel.dot %acc, %w, %x {max_code = 15 : i64} : vector<8xi32>, vector<32xi8>
  %1 = kernel.dot %0, %w, %x {max_code = 15 : i64} : vector<8xi32>, vector<32xi8>
  return %0, %1 : vector<8xi32>, vector<8xi32>
}
// A code that does not fit 16 bits stands in 32 bits, between chains.
// V3-LABEL: func @wide_code_in_a_chain
// V3-NOT:     arith.addi %{{.+}} : vector<16xi16>
// V3:         pmadd.ub.sw
// V3-COUNT-3: pmadd.wd
// V3:         pmadd.ub.sw
// V3:         pmadd.wd
// V3:         return
func.func @wide_code_in_a_chain(%acc: vector<8xi32>, %w: vector<32xi8>, %x: vector<32xi8>) -> vector<8xi32> {
  %0 = kernel.dot %acc, %w, %x {max_code = 15 : i64} : vector<8xi32>, vector<32xi8>
  %1 = kernel.dot %0, %w, %x {max_code = 255 : i64} : vector<8xi32>, vector<32xi8>
  %2 = kernel.dot %1, %w, %x {max_code = 15 : i64} : vector<8xi32>, vector<32xi8>
  return %2 : vector<8xi32>
}
// Signed codes, -128 too: the sign goes to the inputs, |-128| = 128 is unsigned, 2 * 128 * 127 = 32512 < 2^15.
// V3-LABEL: func @signed_codes
// V3-SAME:    (%[[ACC:.+]]: vector<8xi32>, %[[W:.+]]: vector<32xi8>, %[[X:.+]]: vector<32xi8>)
// V3:         %[[SX:.+]] = llvm.call_intrinsic "llvm.x86.avx2.psign.b"(%[[X]], %[[W]])
// V3-NEXT:    %[[AW:.+]] = math.absi %[[W]]
// V3-NEXT:    llvm.call_intrinsic "llvm.x86.avx2.pmadd.ub.sw"(%[[AW]], %[[SX]])
func.func @signed_codes(%acc: vector<8xi32>, %w: vector<32xi8>, %x: vector<32xi8>) -> vector<8xi32> {
  %0 = kernel.dot %acc, %w, %x {max_code = 128 : i64, signed_weights} : vector<8xi32>, vector<32xi8>
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
