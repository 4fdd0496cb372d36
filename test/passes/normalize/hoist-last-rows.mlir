// RUN: gemma-opt %s --gemma-hoist-last-rows --split-input-file | FileCheck %s

// CHECK-LABEL: func @through_row_wise_and_projections
// CHECK-SAME:    (%[[X:.+]]: tensor<?x4xf32>)
// CHECK:         %[[LAST:.+]] = gemma.last_rows %[[X]]
// CHECK:         %[[NORM:.+]] = gemma.rms_norm %[[LAST]] {{.+}} -> tensor<?x4xf32, "last">
// CHECK-NEXT:    %[[Y:.+]] = gemma.project %[[NORM]], {{.+}} -> tensor<?x8xf32, "last">
// CHECK-NEXT:    return %[[Y]]
func.func @through_row_wise_and_projections(%x: tensor<?x4xf32>) -> tensor<?x8xf32, "last"> {
  %w = gemma.weight "w" index 0 : tensor<8x4xf32>
  %0 = gemma.rms_norm %x eps 1.0 : tensor<?x4xf32> -> tensor<?x4xf32>
  %1 = gemma.project %0, %w : tensor<?x4xf32>, tensor<8x4xf32> -> tensor<?x8xf32>
  %2 = gemma.last_rows %1 : tensor<?x8xf32> -> tensor<?x8xf32, "last">
  return %2 : tensor<?x8xf32, "last">
}

// -----

// A sum needs the last rows of both sides; what both sides read is cut once.
// CHECK-LABEL: func @one_cut_for_each_value
// CHECK-SAME:    (%[[X:.+]]: tensor<?x4xf32>)
// CHECK-NEXT:    %[[LAST:.+]] = gemma.last_rows %[[X]]
// CHECK-NEXT:    %[[N:.+]] = gemma.rms_norm %[[LAST]]
// CHECK-NEXT:    gemma.add %[[LAST]], %[[N]] {{.+}} -> tensor<?x4xf32, "last">
// CHECK-NOT:     gemma.last_rows
func.func @one_cut_for_each_value(%x: tensor<?x4xf32>) -> tensor<?x4xf32, "last"> {
  %0 = gemma.rms_norm %x eps 1.0 : tensor<?x4xf32> -> tensor<?x4xf32>
  %1 = gemma.add %x, %0 : tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x4xf32>
  %2 = gemma.last_rows %1 : tensor<?x4xf32> -> tensor<?x4xf32, "last">
  return %2 : tensor<?x4xf32, "last">
}

// -----

// Queries are cut, keys and values are not: a query sees every earlier position. What computes them runs for all rows.
// CHECK-LABEL: func @only_the_queries_of_an_attention
// CHECK-SAME:    (%[[X:.+]]: tensor<?x4xf32>)
// CHECK-DAG:     %[[K:.+]] = gemma.rms_norm %[[X]] eps 1.000000e+00 : tensor<?x4xf32> -> tensor<?x4xf32>
// CHECK-DAG:     %[[LAST:.+]] = gemma.last_rows %[[X]]
// CHECK-DAG:     %[[Q:.+]] = gemma.rms_norm %[[LAST]] eps 2.000000e+00 : tensor<?x4xf32, "last"> -> tensor<?x4xf32, "last">
// CHECK:         gemma.attention %[[Q]], %[[K]], %[[K]] {{.+}} : tensor<?x4xf32, "last">, tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x4xf32, "last">
func.func @only_the_queries_of_an_attention(%x: tensor<?x4xf32>) -> tensor<?x4xf32, "last"> {
  %k = gemma.rms_norm %x eps 1.0 : tensor<?x4xf32> -> tensor<?x4xf32>
  %q = gemma.rms_norm %x eps 2.0 : tensor<?x4xf32> -> tensor<?x4xf32>
  %0 = gemma.attention %q, %k, %k heads 2 kv_heads 2 head_dim 2 scale 1.0
      : tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x4xf32>
  %1 = gemma.last_rows %0 : tensor<?x4xf32> -> tensor<?x4xf32, "last">
  return %1 : tensor<?x4xf32, "last">
}

// -----

// A layer that reads another's keys and values has none of its own: it runs for the last rows from its first operation on.
// The layer before it, whose keys are read, is the one that still runs for all.
// CHECK-LABEL: func @a_layer_without_keys_runs_for_the_last_rows
// CHECK-SAME:    (%[[X:.+]]: tensor<?x4xf32>)
// CHECK-DAG:     %[[K:.+]] = gemma.rms_norm %[[X]] eps 1.000000e+00 : tensor<?x4xf32>
// CHECK-DAG:     %[[LAST:.+]] = gemma.last_rows %[[X]]
// CHECK:         %[[A:.+]] = gemma.attention %[[LAST]], %[[K]], %[[K]]
// CHECK:         gemma.attention %[[A]], %[[K]], %[[K]]
// CHECK-NOT:     gemma.last_rows
func.func @a_layer_without_keys_runs_for_the_last_rows(%x: tensor<?x4xf32>) -> tensor<?x4xf32, "last"> {
  %k = gemma.rms_norm %x eps 1.0 : tensor<?x4xf32> -> tensor<?x4xf32>
  %0 = gemma.attention %x, %k, %k heads 2 kv_heads 2 head_dim 2 scale 1.0
      : tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x4xf32>
  %1 = gemma.attention %0, %k, %k heads 2 kv_heads 2 head_dim 2 scale 1.0
      : tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x4xf32>
  %2 = gemma.last_rows %1 : tensor<?x4xf32> -> tensor<?x4xf32, "last">
  return %2 : tensor<?x4xf32, "last">
}

// -----

// The norm's other user wants all rows, so it is computed for all and cut afterwards.
// CHECK-LABEL: func @a_value_whose_other_rows_are_wanted_stays
// CHECK:         %[[N:.+]] = gemma.rms_norm %{{.+}} : tensor<?x4xf32> -> tensor<?x4xf32>
// CHECK:         gemma.last_rows %[[N]]
func.func @a_value_whose_other_rows_are_wanted_stays(%x: tensor<?x4xf32>) -> (tensor<?x4xf32, "last">, tensor<?x4xf32>) {
  %0 = gemma.rms_norm %x eps 1.0 : tensor<?x4xf32> -> tensor<?x4xf32>
  %1 = gemma.last_rows %0 : tensor<?x4xf32> -> tensor<?x4xf32, "last">
  return %1, %0 : tensor<?x4xf32, "last">, tensor<?x4xf32>
}

// -----

// Nothing is before the tokens: the embedding keeps all its rows. (Where nothing needs the others, that costs a few rows of
// a table.)
// CHECK-LABEL: func @stops_at_the_embedding
// CHECK:         %[[E:.+]] = gemma.embed {{.+}} -> tensor<?x4xf32>
// CHECK:         gemma.last_rows %[[E]]
func.func @stops_at_the_embedding(%ids: tensor<?xi32>) -> tensor<?x4xf32, "last"> {
  %t = gemma.weight "t" index 0 : tensor<8x4xf32>
  %0 = gemma.embed %ids, %t : tensor<?xi32>, tensor<8x4xf32> -> tensor<?x4xf32>
  %1 = gemma.last_rows %0 : tensor<?x4xf32> -> tensor<?x4xf32, "last">
  return %1 : tensor<?x4xf32, "last">
}

// -----

// Experts and their choice go along, so that no choice is made for rows that nobody reads.
// CHECK-LABEL: func @through_experts_and_their_choice
// CHECK-SAME:    (%[[X:.+]]: tensor<?x4xf32>)
// CHECK:         %[[LAST:.+]] = gemma.last_rows %[[X]]
// CHECK:         %[[S:.+]] = gemma.project %[[LAST]]
// CHECK:         %[[R:.+]] = gemma.top_k %[[S]], {{.+}} -> <1 of 2, last>
// CHECK:         gemma.experts %[[LAST]], %[[R]], {{.+}} -> tensor<?x4xf32, "last">
// CHECK-NOT:     gemma.last_rows
func.func @through_experts_and_their_choice(%x: tensor<?x4xf32>) -> tensor<?x4xf32, "last"> {
  %w = gemma.weight "router" index 0 : tensor<2x4xf32>
  %p = gemma.weight "per_expert" index 1 : tensor<2xf32>
  %gu = gemma.weight "gate_up" index 2 : tensor<2x2x4xf32>
  %d = gemma.weight "down" index 3 : tensor<2x4x1xf32>
  %s = gemma.project %x, %w : tensor<?x4xf32>, tensor<2x4xf32> -> tensor<?x2xf32>
  %r = gemma.top_k %s, %p : tensor<?x2xf32>, tensor<2xf32> -> !gemma.routing<1 of 2, all>
  %0 = gemma.experts %x, %r, %gu, %d silu
      : tensor<?x4xf32>, !gemma.routing<1 of 2, all>, tensor<2x2x4xf32>, tensor<2x4x1xf32> -> tensor<?x4xf32>
  %1 = gemma.last_rows %0 : tensor<?x4xf32> -> tensor<?x4xf32, "last">
  return %1 : tensor<?x4xf32, "last">
}

// -----

// A tap shows the last rows of whatever it is given: it follows, and holds nothing up.
// CHECK-LABEL: func @a_tap_follows
// CHECK-SAME:    (%[[X:.+]]: tensor<?x4xf32>)
// CHECK:         %[[LAST:.+]] = gemma.last_rows %[[X]]
// CHECK-NEXT:    %[[A:.+]] = gemma.rms_norm %[[LAST]] eps 1.000000e+00
// CHECK-NEXT:    gemma.tap %[[A]] at 4 : tensor<?x4xf32, "last">
// CHECK-NEXT:    %[[B:.+]] = gemma.rms_norm %[[A]] eps 2.000000e+00
// CHECK-NEXT:    gemma.tap %[[B]] at 8 : tensor<?x4xf32, "last">
// CHECK-NEXT:    return %[[B]]
func.func @a_tap_follows(%x: tensor<?x4xf32>) -> tensor<?x4xf32, "last"> {
  %0 = gemma.rms_norm %x eps 1.0 : tensor<?x4xf32> -> tensor<?x4xf32>
  gemma.tap %0 at 4 : tensor<?x4xf32>
  %1 = gemma.rms_norm %0 eps 2.0 : tensor<?x4xf32> -> tensor<?x4xf32>
  gemma.tap %1 at 8 : tensor<?x4xf32>
  %2 = gemma.last_rows %1 : tensor<?x4xf32> -> tensor<?x4xf32, "last">
  return %2 : tensor<?x4xf32, "last">
}

// -----

// Of a value whose last rows are wanted already, but further down, they are taken once, above both users.
// CHECK-LABEL: func @wanted_further_down
// CHECK:         %[[X:.+]] = gemma.embed
// CHECK-NEXT:    %[[LAST:.+]] = gemma.last_rows %[[X]]
// CHECK-NEXT:    gemma.softcap %[[LAST]]
// CHECK-NEXT:    gemma.add %{{.+}}, %[[LAST]]
// CHECK-NOT:     gemma.last_rows
func.func @wanted_further_down(%ids: tensor<?xi32>) -> tensor<?x4xf32, "last"> {
  %t = gemma.weight "t" index 0 : tensor<8x4xf32>
  %x = gemma.embed %ids, %t : tensor<?xi32>, tensor<8x4xf32> -> tensor<?x4xf32>
  %0 = gemma.softcap %x cap 2.0 : tensor<?x4xf32> -> tensor<?x4xf32>
  %1 = gemma.last_rows %0 : tensor<?x4xf32> -> tensor<?x4xf32, "last">
  %2 = gemma.last_rows %x : tensor<?x4xf32> -> tensor<?x4xf32, "last">
  %3 = gemma.add %1, %2 : tensor<?x4xf32, "last">, tensor<?x4xf32, "last"> -> tensor<?x4xf32, "last">
  return %3 : tensor<?x4xf32, "last">
}
