// The stage without options is the exact mode, f32; the kind of packing follows from the format chosen before it.
// RUN: gemma-opt %s --gemma-stage-quantize | FileCheck %s
// RUN: gemma-opt %s --gemma-stage-quantize --dump-pass-pipeline -o /dev/null 2>&1 | FileCheck %s --check-prefix=ORDER
// RUN: gemma-opt %s --gemma-choose-formats=recipe=q4 --gemma-pack-activations --gemma-verify-quantized | FileCheck %s --check-prefix=Q4
// RUN: not gemma-opt %s --gemma-stage-quantize=recipe=q4 2>&1 | FileCheck %s --check-prefix=OPTION

// ORDER:      gemma-choose-formats{recipe=f32}
// ORDER-NEXT: gemma-pack-activations
// ORDER-NEXT: gemma-verify-quantized

// OPTION: a stage takes no options here; run its passes one by one

// CHECK-LABEL: func @model
// CHECK:         gemma.weight "table" index 0 floor q8 format f32
// CHECK:         gemma.phase rows -> !gemma.packed<4 x f32, last>
// CHECK:         gemma.project %{{.+}}, %{{.+}} : !gemma.packed<4 x f32, last>

// Q4-LABEL: func @model
// Q4:         gemma.weight "table" index 0 floor q8 format q8
// Q4:         gemma.project %{{.+}}, %{{.+}} : !gemma.packed<4 x i8, last>
func.func @model(%ids: tensor<?xi32>) -> tensor<?x8xf32, "last"> {
  %t = gemma.weight "table" index 0 floor q8 : tensor<8x4xf32>
  %0 = gemma.phase rows -> tensor<?x4xf32> {
    %e = gemma.embed %ids, %t : tensor<?xi32>, tensor<8x4xf32> -> tensor<?x4xf32>
    gemma.yield %e : tensor<?x4xf32>
  }
  %1 = gemma.phase rows -> tensor<?x4xf32, "last"> {
    %l = gemma.last_rows %0 : tensor<?x4xf32> -> tensor<?x4xf32, "last">
    gemma.yield %l : tensor<?x4xf32, "last">
  }
  %2 = gemma.phase project -> tensor<?x8xf32, "last"> {
    %y = gemma.project %1, %t : tensor<?x4xf32, "last">, tensor<8x4xf32> -> tensor<?x8xf32, "last">
    gemma.yield %y : tensor<?x8xf32, "last">
  }
  return %2 : tensor<?x8xf32, "last">
}
