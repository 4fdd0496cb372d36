// What convert-gemma-to-kernel refuses.
// RUN: not gemma-opt %s --convert-gemma-to-kernel=kv=q7 --split-input-file 2>&1 | FileCheck %s

// CHECK: error: unknown cache format 'q7'; known are f32, bf16 and q8
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
