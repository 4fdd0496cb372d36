// What convert-gemma-to-kernel refuses.
// RUN: not gemma-opt %s --convert-gemma-to-kernel=kv=q7 --split-input-file 2>&1 | FileCheck %s
// RUN: not gemma-opt %s --convert-gemma-to-kernel=kv=tq4 --split-input-file 2>&1 | FileCheck %s --check-prefix=KEYS
// RUN: not gemma-opt %s --convert-gemma-to-kernel=kv=q8/q4 --split-input-file 2>&1 | FileCheck %s --check-prefix=VALUES

// CHECK: error: unknown format 'q7' of keys in 'q7'; known are f32, bf16 and q8
// KEYS: error: unknown format 'tq4' of keys in 'tq4'; known are f32, bf16 and q8
// VALUES: error: unknown format 'q4' of values in 'q8/q4'; known are f32, bf16, q8 and tq4
func.func @one(%ids: tensor<?xi32>) -> tensor<?xi32> {
  return %ids : tensor<?xi32>
}

// -----

// CHECK: error: needs one function, the model, but has 2
func.func @two(%ids: tensor<?xi32>) -> tensor<?xi32> {
  return %ids : tensor<?xi32>
}
func.func @three(%ids: tensor<?xi32>) -> tensor<?xi32> {
  return %ids : tensor<?xi32>
}
