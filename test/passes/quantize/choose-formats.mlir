// RUN: gemma-opt %s --gemma-choose-formats=recipe=f32 | FileCheck %s --check-prefixes=CHECK,F32
// RUN: gemma-opt %s --gemma-choose-formats=recipe=bf16 | FileCheck %s --check-prefixes=CHECK,BF16
// RUN: gemma-opt %s --gemma-choose-formats=recipe=q8 | FileCheck %s --check-prefixes=CHECK,Q8
// RUN: gemma-opt %s --gemma-choose-formats=recipe=q4 | FileCheck %s --check-prefixes=CHECK,Q4
// RUN: gemma-opt %s --gemma-choose-formats=recipe=keep | FileCheck %s --check-prefixes=CHECK,KEEP
// RUN: gemma-opt %s --gemma-choose-formats | FileCheck %s --check-prefixes=CHECK,F32
// RUN: gemma-opt %s --gemma-choose-formats=recipe=q4 --remarks-filter=gemma-choose-formats --remark-format=emitRemark -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK
// RUN: gemma-opt %s --gemma-choose-formats=recipe=q8 --remarks-filter=gemma-choose-formats --remark-format=emitRemark -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK8
// RUN: not gemma-opt %s --gemma-choose-formats=recipe=q5 2>&1 | FileCheck %s --check-prefix=UNKNOWN

// UNKNOWN: error: unknown recipe 'q5'; known are f32, bf16, q8, q4 and keep

// CHECK-LABEL: func @matrices_take_the_recipes_format
// F32:           gemma.weight "w" index 0 {{.*}}format f32
// BF16:          gemma.weight "w" index 0 {{.*}}format bf16
// Q8:            gemma.weight "w" index 0 {{.*}}format q8
// Q4:            gemma.weight "w" index 0 {{.*}}format q4
// KEEP:          gemma.weight "w" index 0 {{.*}}format q4m
// REMARK-NOT:    w is kept
func.func @matrices_take_the_recipes_format() -> tensor<8x4xf32> {
  %w = gemma.weight "w" index 0 kept q4m : tensor<8x4xf32>
  return %w : tensor<8x4xf32>
}

// What a floor keeps higher is said; a floor below the recipe changes nothing.
// CHECK-LABEL: func @the_floor_holds
// F32:           gemma.weight "router" index 1 floor bf16 {{.*}}format f32
// BF16:          gemma.weight "router" index 1 floor bf16 {{.*}}format bf16
// Q8:            gemma.weight "router" index 1 floor bf16 {{.*}}format bf16
// Q4:            gemma.weight "router" index 1 floor bf16 {{.*}}format bf16
// F32:           gemma.weight "embed" index 2 floor q8 {{.*}}format f32
// Q8:            gemma.weight "embed" index 2 floor q8 {{.*}}format q8
// Q4:            gemma.weight "embed" index 2 floor q8 {{.*}}format q8
// REMARK:        router is kept in bf16
// REMARK:        embed is kept in q8
// REMARK8:       router is kept in bf16
// REMARK8-NOT:   embed is kept
func.func @the_floor_holds() -> (tensor<8x4xf32>, tensor<8x4xf32>) {
  %r = gemma.weight "router" index 1 floor bf16 kept f32 : tensor<8x4xf32>
  %e = gemma.weight "embed" index 2 floor q8 kept q8 : tensor<8x4xf32>
  return %r, %e : tensor<8x4xf32>, tensor<8x4xf32>
}

// A file's own bits are never worse than the file: the floor has nothing to say.
// CHECK-LABEL: func @kept_below_the_floor
// Q4:            gemma.weight "low" index 3 floor q8 {{.*}}format q8
// KEEP:          gemma.weight "low" index 3 floor q8 {{.*}}format q4
func.func @kept_below_the_floor() -> tensor<8x4xf32> {
  %w = gemma.weight "low" index 3 floor q8 kept q4 : tensor<8x4xf32>
  return %w : tensor<8x4xf32>
}

// A floor of f32 is about the rows as well, which are not rounded for f32 weights only: routers.
// CHECK-LABEL: func @kept_floor_of_f32
// Q4:            gemma.weight "exact" index 5 floor f32 {{.*}}format f32
// BF16:          gemma.weight "exact" index 5 floor f32 {{.*}}format f32
// KEEP:          gemma.weight "exact" index 5 floor f32 {{.*}}format f32
func.func @kept_floor_of_f32() -> tensor<8x4xf32> {
  %w = gemma.weight "exact" index 5 floor f32 kept bf16 : tensor<8x4xf32>
  return %w : tensor<8x4xf32>
}

// Norms and scalars are a few bytes.
// CHECK-LABEL: func @vectors_stay_f32
// CHECK:         gemma.weight "norm" index 4 {{.*}}format f32
func.func @vectors_stay_f32() -> tensor<8xf32> {
  %w = gemma.weight "norm" index 4 kept bf16 : tensor<8xf32>
  return %w : tensor<8xf32>
}

// CHECK-LABEL: func @stacks_are_matrices
// Q4:            gemma.weight "experts" index 5 {{.*}}format q4
func.func @stacks_are_matrices() -> tensor<2x8x4xf32> {
  %w = gemma.weight "experts" index 5 kept q8 : tensor<2x8x4xf32>
  return %w : tensor<2x8x4xf32>
}
