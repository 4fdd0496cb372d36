// RUN: gemma-opt %s --gemma-fold-scales | FileCheck %s

// CHECK-LABEL: func @scale_of_scale_is_one_scale
// CHECK-SAME:    (%[[X:.+]]: tensor<?x4xf32>)
// CHECK-NEXT:    %[[Y:.+]] = gemma.scale %[[X]] by 1.500000e+00
// CHECK-NEXT:    return %[[Y]]
func.func @scale_of_scale_is_one_scale(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %0 = gemma.scale %x by 0.5 : tensor<?x4xf32> -> tensor<?x4xf32>
  %1 = gemma.scale %0 by 3.0 : tensor<?x4xf32> -> tensor<?x4xf32>
  return %1 : tensor<?x4xf32>
}

// A stored scalar is not known here, so nothing can be folded into it.
// CHECK-LABEL: func @scale_by_stays
// CHECK:         %[[S:.+]] = gemma.scale_by
// CHECK:         gemma.scale %[[S]] by 3.000000e+00
func.func @scale_by_stays(%x: tensor<?x4xf32>, %w: tensor<1xf32>) -> tensor<?x4xf32> {
  %0 = gemma.scale_by %x, %w : tensor<?x4xf32>, tensor<1xf32> -> tensor<?x4xf32>
  %1 = gemma.scale %0 by 3.0 : tensor<?x4xf32> -> tensor<?x4xf32>
  return %1 : tensor<?x4xf32>
}

// CHECK-LABEL: func @embedding_takes_its_scale
// CHECK-NEXT:    %[[E:.+]] = gemma.embed %{{.+}}, %{{.+}} scale 6.000000e+00
// CHECK-NEXT:    return %[[E]]
func.func @embedding_takes_its_scale(%ids: tensor<?xi32>, %t: tensor<8x4xf32>) -> tensor<?x4xf32> {
  %0 = gemma.embed %ids, %t scale 2.0 : tensor<?xi32>, tensor<8x4xf32> -> tensor<?x4xf32>
  %1 = gemma.scale %0 by 3.0 : tensor<?x4xf32> -> tensor<?x4xf32>
  return %1 : tensor<?x4xf32>
}

// Folding would compute the embedding twice.
// CHECK-LABEL: func @embedding_with_two_users_keeps_its_scale
// CHECK:         %[[E:.+]] = gemma.embed %{{.+}}, %{{.+}} scale 2.000000e+00
// CHECK:         %[[S:.+]] = gemma.scale %[[E]] by 3.000000e+00
// CHECK:         gemma.add %[[E]], %[[S]]
func.func @embedding_with_two_users_keeps_its_scale(%ids: tensor<?xi32>, %t: tensor<8x4xf32>) -> tensor<?x4xf32> {
  %0 = gemma.embed %ids, %t scale 2.0 : tensor<?xi32>, tensor<8x4xf32> -> tensor<?x4xf32>
  %1 = gemma.scale %0 by 3.0 : tensor<?x4xf32> -> tensor<?x4xf32>
  %2 = gemma.add %0, %1 : tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x4xf32>
  return %2 : tensor<?x4xf32>
}

// An embedding may not have scale 0 (its C3).
// CHECK-LABEL: func @embedding_times_zero_stays
// CHECK:         gemma.embed %{{.+}}, %{{.+}} scale 2.000000e+00
// CHECK:         gemma.scale %{{.+}} by 0.000000e+00
func.func @embedding_times_zero_stays(%ids: tensor<?xi32>, %t: tensor<8x4xf32>) -> tensor<?x4xf32> {
  %0 = gemma.embed %ids, %t scale 2.0 : tensor<?xi32>, tensor<8x4xf32> -> tensor<?x4xf32>
  %1 = gemma.scale %0 by 0.0 : tensor<?x4xf32> -> tensor<?x4xf32>
  return %1 : tensor<?x4xf32>
}

// norm(2 x, eps) = norm(x, eps / 4).
// CHECK-LABEL: func @norm_divides_its_eps
// CHECK-SAME:    (%[[X:.+]]: tensor<?x4xf32>, %[[W:.+]]: tensor<4xf32>)
// CHECK-NEXT:    %[[Y:.+]] = gemma.rms_norm %[[X]] weight %[[W]] eps 2.500000e-01
// CHECK-NEXT:    return %[[Y]]
func.func @norm_divides_its_eps(%x: tensor<?x4xf32>, %w: tensor<4xf32>) -> tensor<?x4xf32> {
  %0 = gemma.scale %x by 2.0 : tensor<?x4xf32> -> tensor<?x4xf32>
  %1 = gemma.rms_norm %0 weight %w eps 1.0 : tensor<?x4xf32>, tensor<4xf32> -> tensor<?x4xf32>
  return %1 : tensor<?x4xf32>
}

// The scale is kept for its other user; the norm no longer waits for it.
// CHECK-LABEL: func @norm_leaves_the_scale_to_others
// CHECK-SAME:    (%[[X:.+]]: tensor<?x4xf32>)
// CHECK-DAG:     %[[S:.+]] = gemma.scale %[[X]] by 2.000000e+00
// CHECK-DAG:     %[[N:.+]] = gemma.rms_norm %[[X]] eps 2.500000e-01
// CHECK:         gemma.add %[[S]], %[[N]]
func.func @norm_leaves_the_scale_to_others(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %0 = gemma.scale %x by 2.0 : tensor<?x4xf32> -> tensor<?x4xf32>
  %1 = gemma.rms_norm %0 eps 1.0 : tensor<?x4xf32> -> tensor<?x4xf32>
  %2 = gemma.add %0, %1 : tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x4xf32>
  return %2 : tensor<?x4xf32>
}

// A negative factor turns the sign of the norm, 0 makes it 0: neither is the norm of x.
// CHECK-LABEL: func @norm_of_negative_or_zero_scale_stays
// CHECK:         %[[NEGATIVE:.+]] = gemma.scale %{{.+}} by -2.000000e+00
// CHECK:         gemma.rms_norm %[[NEGATIVE]] eps 1.000000e+00
// CHECK:         %[[ZERO:.+]] = gemma.scale %{{.+}} by 0.000000e+00
// CHECK:         gemma.rms_norm %[[ZERO]] eps 1.000000e+00
func.func @norm_of_negative_or_zero_scale_stays(%x: tensor<?x4xf32>, %y: tensor<?x4xf32>) -> (tensor<?x4xf32>, tensor<?x4xf32>) {
  %0 = gemma.scale %x by -2.0 : tensor<?x4xf32> -> tensor<?x4xf32>
  %1 = gemma.rms_norm %0 eps 1.0 : tensor<?x4xf32> -> tensor<?x4xf32>
  %2 = gemma.scale %y by 0.0 : tensor<?x4xf32> -> tensor<?x4xf32>
  %3 = gemma.rms_norm %2 eps 1.0 : tensor<?x4xf32> -> tensor<?x4xf32>
  return %1, %3 : tensor<?x4xf32>, tensor<?x4xf32>
}

// What the patterns leave behind, one finds after the other: scale, scale, embedding, norm.
// CHECK-LABEL: func @a_chain_collapses
// CHECK-NEXT:    %[[E:.+]] = gemma.embed %{{.+}}, %{{.+}} scale 1.000000e+01
// CHECK-NEXT:    return %[[E]]
func.func @a_chain_collapses(%ids: tensor<?xi32>, %t: tensor<8x4xf32>) -> tensor<?x4xf32> {
  %0 = gemma.embed %ids, %t : tensor<?xi32>, tensor<8x4xf32> -> tensor<?x4xf32>
  %1 = gemma.scale %0 by 2.0 : tensor<?x4xf32> -> tensor<?x4xf32>
  %2 = gemma.scale %1 by 5.0 : tensor<?x4xf32> -> tensor<?x4xf32>
  return %2 : tensor<?x4xf32>
}
