// RUN: gemma-opt %s --gemma-expand-route | FileCheck %s

// CHECK-LABEL: func @route_is_a_projection_and_a_choice
// CHECK-SAME:    (%[[X:.+]]: tensor<?x4xf32>, %[[W:.+]]: tensor<8x4xf32>, %[[S:.+]]: tensor<8xf32>)
// CHECK-NEXT:    %[[SCORES:.+]] = gemma.project %[[X]], %[[W]] : tensor<?x4xf32>, tensor<8x4xf32> -> tensor<?x8xf32>
// CHECK-NEXT:    %[[R:.+]] = gemma.top_k %[[SCORES]], %[[S]] : tensor<?x8xf32>, tensor<8xf32> -> <2 of 8, all>
// CHECK-NEXT:    return %[[R]]
func.func @route_is_a_projection_and_a_choice(%x: tensor<?x4xf32>, %w: tensor<8x4xf32>, %s: tensor<8xf32>) -> !gemma.routing<2 of 8, all> {
  %r = gemma.route %x, %w, %s : tensor<?x4xf32>, tensor<8x4xf32>, tensor<8xf32> -> !gemma.routing<2 of 8, all>
  return %r : !gemma.routing<2 of 8, all>
}

// The scores hold the rows that the routing holds.
// CHECK-LABEL: func @last_rows_stay_last
// CHECK:         %[[SCORES:.+]] = gemma.project {{.+}} -> tensor<?x8xf32, "last">
// CHECK-NEXT:    gemma.top_k %[[SCORES]], {{.+}} -> <2 of 8, last>
func.func @last_rows_stay_last(%x: tensor<?x4xf32, "last">, %w: tensor<8x4xf32>, %s: tensor<8xf32>) -> !gemma.routing<2 of 8, last> {
  %r = gemma.route %x, %w, %s : tensor<?x4xf32, "last">, tensor<8x4xf32>, tensor<8xf32> -> !gemma.routing<2 of 8, last>
  return %r : !gemma.routing<2 of 8, last>
}

// A noise weight is a projection of its own.
// CHECK-LABEL: func @noise
// CHECK-SAME:    (%[[X:.+]]: tensor<?x4xf32>, %[[W:.+]]: tensor<8x4xf32>, %[[N:.+]]: tensor<8x4xf32>, %[[S:.+]]: tensor<8xf32>)
// CHECK-NEXT:    %[[SCORES:.+]] = gemma.project %[[X]], %[[W]]
// CHECK-NEXT:    %[[SPREAD:.+]] = gemma.project %[[X]], %[[N]] : tensor<?x4xf32>, tensor<8x4xf32> -> tensor<?x8xf32>
// CHECK-NEXT:    gemma.top_k %[[SCORES]], %[[S]] noise seed 7 scores %[[SPREAD]] :
// CHECK-NEXT:    %[[SAME:.+]] = gemma.project %[[X]], %[[W]]
// CHECK-NEXT:    gemma.top_k %[[SAME]], %[[S]] noise seed 8 :
func.func @noise(%x: tensor<?x4xf32>, %w: tensor<8x4xf32>, %n: tensor<8x4xf32>, %s: tensor<8xf32>)
    -> (!gemma.routing<2 of 8, all>, !gemma.routing<2 of 8, all>) {
  %0 = gemma.route %x, %w, %s noise seed 7 weight %n : tensor<?x4xf32>, tensor<8x4xf32>, tensor<8xf32>, tensor<8x4xf32> -> !gemma.routing<2 of 8, all>
  %1 = gemma.route %x, %w, %s noise seed 8 : tensor<?x4xf32>, tensor<8x4xf32>, tensor<8xf32> -> !gemma.routing<2 of 8, all>
  return %0, %1 : !gemma.routing<2 of 8, all>, !gemma.routing<2 of 8, all>
}

// CHECK-LABEL: func @shares_of_all
// CHECK:         gemma.top_k %{{[^,]+}} unnormalised : tensor<?x8xf32> -> <2 of 8, all>
func.func @shares_of_all(%x: tensor<?x4xf32>, %w: tensor<8x4xf32>) -> !gemma.routing<2 of 8, all> {
  %r = gemma.route %x, %w unnormalised : tensor<?x4xf32>, tensor<8x4xf32> -> !gemma.routing<2 of 8, all>
  return %r : !gemma.routing<2 of 8, all>
}

// CHECK-LABEL: func @a_choice_stays
// CHECK-NEXT:    gemma.top_k
// CHECK-NEXT:    return
func.func @a_choice_stays(%scores: tensor<?x8xf32>, %s: tensor<8xf32>) -> !gemma.routing<2 of 8, all> {
  %r = gemma.top_k %scores, %s : tensor<?x8xf32>, tensor<8xf32> -> !gemma.routing<2 of 8, all>
  return %r : !gemma.routing<2 of 8, all>
}
