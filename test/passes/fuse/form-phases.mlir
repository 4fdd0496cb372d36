// RUN: gemma-opt %s --gemma-form-phases | FileCheck %s
// RUN: gemma-opt %s --gemma-form-phases --remarks-filter='gemma-form-phases' --remark-format=emitRemark -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

// Row by row, one after another: one phase, one barrier. Only what others read leaves it.
// CHECK-LABEL: func @rows_share_a_phase
// CHECK-SAME:    (%[[X:.+]]: tensor<?x4xf32>)
// CHECK-NEXT:    %[[P:.+]] = gemma.phase rows -> tensor<?x4xf32> {
// CHECK-NEXT:      %[[N:.+]] = gemma.rms_norm %[[X]]
// CHECK-NEXT:      %[[A:.+]] = gemma.add %[[N]], %[[X]]
// CHECK-NEXT:      gemma.yield %[[A]]
// CHECK-NEXT:    }
// CHECK-NEXT:    return %[[P]]
// REMARK: remark: [Passed] phase {{.*}}Category:gemma-form-phases {{.*}}rows phase of 2 operations
func.func @rows_share_a_phase(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %0 = gemma.rms_norm %x eps 1.0 : tensor<?x4xf32> -> tensor<?x4xf32>
  %1 = gemma.add %0, %x : tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x4xf32>
  return %1 : tensor<?x4xf32>
}

// Queries, keys and values read the same rows: one phase of projections. Weights are no work and stay outside.
// CHECK-LABEL: func @independent_projections_share_a_phase
// CHECK:         %[[W:.+]] = gemma.weight
// CHECK-NEXT:    %[[P:.+]]:2 = gemma.phase project
// CHECK-NEXT:      %[[A:.+]] = gemma.project %{{.+}}, %[[W]]
// CHECK-NEXT:      %[[B:.+]] = gemma.project
// CHECK-NEXT:      gemma.yield %[[A]], %[[B]]
// CHECK-NEXT:    }
// CHECK-NEXT:    return %[[P]]#0, %[[P]]#1
func.func @independent_projections_share_a_phase(%x: tensor<?x4xf32>, %v: tensor<4x4xf32>) -> (tensor<?x8xf32>, tensor<?x4xf32>) {
  %w = gemma.weight "w" index 0 : tensor<8x4xf32>
  %0 = gemma.project %x, %w : tensor<?x4xf32>, tensor<8x4xf32> -> tensor<?x8xf32>
  %1 = gemma.project %x, %v : tensor<?x4xf32>, tensor<4x4xf32> -> tensor<?x4xf32>
  return %0, %1 : tensor<?x8xf32>, tensor<?x4xf32>
}

// The second reads whole rows of the first: a barrier has to stand between them.
// CHECK-LABEL: func @dependent_projections_do_not
// CHECK:         %[[P:.+]] = gemma.phase project
// CHECK:         gemma.phase project
// CHECK-NEXT:      gemma.project %[[P]]
func.func @dependent_projections_do_not(%x: tensor<?x4xf32>, %w: tensor<4x4xf32>) -> tensor<?x4xf32> {
  %0 = gemma.project %x, %w : tensor<?x4xf32>, tensor<4x4xf32> -> tensor<?x4xf32>
  %1 = gemma.project %0, %w : tensor<?x4xf32>, tensor<4x4xf32> -> tensor<?x4xf32>
  return %1 : tensor<?x4xf32>
}

// So do a bias and an activation. Positions are gathered where the tokens are.
// CHECK-LABEL: func @bias_and_activation_join_their_projection
// CHECK:         %[[E:.+]] = gemma.phase rows
// CHECK-NEXT:      %[[T:.+]] = gemma.embed
// CHECK-NEXT:      %[[P:.+]] = gemma.embed_positions
// CHECK-NEXT:      %[[S:.+]] = gemma.add %[[T]], %[[P]]
// CHECK-NEXT:      gemma.layer_norm %[[S]]
// CHECK:         gemma.phase project -> tensor<?x8xf32> {
// CHECK-NEXT:      %[[Q:.+]] = gemma.project %[[E]]
// CHECK-NEXT:      %[[B:.+]] = gemma.bias %[[Q]]
// CHECK-NEXT:      %[[A:.+]] = gemma.act %[[B]]
// CHECK-NEXT:      gemma.yield %[[A]] :
func.func @bias_and_activation_join_their_projection(%ids: tensor<?xi32>) -> tensor<?x8xf32> {
  %t = gemma.weight "t" index 0 : tensor<9x4xf32>
  %w = gemma.weight "w" index 1 : tensor<8x4xf32>
  %b = gemma.weight "b" index 2 : tensor<8xf32>
  %0 = gemma.embed %ids, %t : tensor<?xi32>, tensor<9x4xf32> -> tensor<?x4xf32>
  %1 = gemma.embed_positions %t : tensor<9x4xf32> -> tensor<?x4xf32>
  %2 = gemma.add %0, %1 : tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x4xf32>
  %3 = gemma.layer_norm %2 eps 1.0 : tensor<?x4xf32> -> tensor<?x4xf32>
  %4 = gemma.project %3, %w : tensor<?x4xf32>, tensor<8x4xf32> -> tensor<?x8xf32>
  %5 = gemma.bias %4, %b : tensor<?x8xf32>, tensor<8xf32> -> tensor<?x8xf32>
  %6 = gemma.act %5 gelu : tensor<?x8xf32> -> tensor<?x8xf32>
  return %6 : tensor<?x8xf32>
}

// Gate and up meet element by element: no barrier, and the gate never leaves the cache.
// CHECK-LABEL: func @elementwise_joins_its_projections
// CHECK:         %[[P:.+]] = gemma.phase project -> tensor<?x8xf32> {
// CHECK-NEXT:      %[[G:.+]] = gemma.project
// CHECK-NEXT:      %[[U:.+]] = gemma.project
// CHECK-NEXT:      %[[A:.+]] = gemma.gated %[[G]], %[[U]]
// CHECK-NEXT:      gemma.yield %[[A]] :
// CHECK-NEXT:    }
// CHECK-NEXT:    return %[[P]]
func.func @elementwise_joins_its_projections(%x: tensor<?x4xf32>, %g: tensor<8x4xf32>, %u: tensor<8x4xf32>) -> tensor<?x8xf32> {
  %0 = gemma.project %x, %g : tensor<?x4xf32>, tensor<8x4xf32> -> tensor<?x8xf32>
  %1 = gemma.project %x, %u : tensor<?x4xf32>, tensor<8x4xf32> -> tensor<?x8xf32>
  %2 = gemma.gated %0, %1 silu : tensor<?x8xf32>, tensor<?x8xf32> -> tensor<?x8xf32>
  return %2 : tensor<?x8xf32>
}

// A norm needs the whole row, which is there only after the barrier.
// CHECK-LABEL: func @a_norm_does_not_join_its_projection
// CHECK:         %[[P:.+]] = gemma.phase project
// CHECK:         gemma.phase rows
// CHECK-NEXT:      gemma.rms_norm %[[P]]
func.func @a_norm_does_not_join_its_projection(%x: tensor<?x4xf32>, %w: tensor<4x4xf32>) -> tensor<?x4xf32> {
  %0 = gemma.project %x, %w : tensor<?x4xf32>, tensor<4x4xf32> -> tensor<?x4xf32>
  %1 = gemma.rms_norm %0 eps 1.0 : tensor<?x4xf32> -> tensor<?x4xf32>
  return %1 : tensor<?x4xf32>
}

// A slice is a view: it moves into each phase that reads it, and is no phase of its own.
// CHECK-LABEL: func @slices_move_to_their_users
// CHECK-SAME:    (%[[X:.+]]: tensor<?x8xf32>
// CHECK-NEXT:    gemma.phase project
// CHECK-NEXT:      %[[P:.+]] = gemma.project
// CHECK-NEXT:      %[[S:.+]] = gemma.slice %[[X]] at 4
// CHECK-NEXT:      gemma.mul %[[P]], %[[S]]
// CHECK-NOT:     gemma.slice
func.func @slices_move_to_their_users(%x: tensor<?x8xf32>, %y: tensor<?x4xf32>, %w: tensor<4x4xf32>) -> tensor<?x4xf32> {
  %s = gemma.slice %x at 4 : tensor<?x8xf32> -> tensor<?x4xf32>
  %0 = gemma.project %y, %w : tensor<?x4xf32>, tensor<4x4xf32> -> tensor<?x4xf32>
  %1 = gemma.mul %0, %s : tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x4xf32>
  return %1 : tensor<?x4xf32>
}

// Columns 4 to 7 of a projection belong to other items than columns 0 to 3 of its neighbour: the product has to wait.
// CHECK-LABEL: func @a_slice_of_the_same_phase_does_not_join
// CHECK:         %[[P:.+]]:2 = gemma.phase project
// CHECK-NOT:       gemma.mul
// CHECK:         gemma.phase rows
// CHECK:           %[[S:.+]] = gemma.slice %[[P]]#0 at 4
// CHECK:           gemma.mul %[[P]]#1, %[[S]]
func.func @a_slice_of_the_same_phase_does_not_join(%x: tensor<?x4xf32>, %w: tensor<8x4xf32>, %v: tensor<4x4xf32>) -> tensor<?x4xf32> {
  %0 = gemma.project %x, %w : tensor<?x4xf32>, tensor<8x4xf32> -> tensor<?x8xf32>
  %1 = gemma.project %x, %v : tensor<?x4xf32>, tensor<4x4xf32> -> tensor<?x4xf32>
  %s = gemma.slice %0 at 4 : tensor<?x8xf32> -> tensor<?x4xf32>
  %2 = gemma.mul %1, %s : tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x4xf32>
  return %2 : tensor<?x4xf32>
}

// The earliest phase that the operands allow, not the latest: the second projection joins the first.
// CHECK-LABEL: func @a_late_projection_joins_an_early_phase
// CHECK:         gemma.phase project
// CHECK-NEXT:      gemma.project
// CHECK-NEXT:      gemma.project
// CHECK:         gemma.phase rows
// CHECK-NEXT:      gemma.rms_norm
// CHECK-NEXT:      gemma.add
// CHECK-NOT:     gemma.phase
func.func @a_late_projection_joins_an_early_phase(%x: tensor<?x4xf32>, %w: tensor<4x4xf32>, %v: tensor<4x4xf32>) -> tensor<?x4xf32> {
  %0 = gemma.project %x, %w : tensor<?x4xf32>, tensor<4x4xf32> -> tensor<?x4xf32>
  %1 = gemma.rms_norm %0 eps 1.0 : tensor<?x4xf32> -> tensor<?x4xf32>
  %2 = gemma.project %x, %v : tensor<?x4xf32>, tensor<4x4xf32> -> tensor<?x4xf32>
  %3 = gemma.add %1, %2 : tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x4xf32>
  return %3 : tensor<?x4xf32>
}

// All rows and the last rows are different items.
// CHECK-LABEL: func @rows_of_different_kinds_do_not_share
// CHECK:         %[[P:.+]] = gemma.phase rows -> tensor<?x4xf32> {
// CHECK:         gemma.phase rows -> tensor<?x4xf32, "last"> {
// CHECK-NEXT:      gemma.last_rows %[[P]]
func.func @rows_of_different_kinds_do_not_share(%x: tensor<?x4xf32>) -> tensor<?x4xf32, "last"> {
  %0 = gemma.rms_norm %x eps 1.0 : tensor<?x4xf32> -> tensor<?x4xf32>
  %1 = gemma.last_rows %0 : tensor<?x4xf32> -> tensor<?x4xf32, "last">
  return %1 : tensor<?x4xf32, "last">
}

// CHECK-LABEL: func @attention_and_experts_stand_alone
// CHECK:         %[[A:.+]] = gemma.phase attention
// CHECK-NEXT:      gemma.attention
// CHECK-NEXT:      gemma.yield
// CHECK:         %[[E:.+]] = gemma.phase experts
// CHECK-NEXT:      gemma.experts %[[A]]
// CHECK-NEXT:      gemma.yield
// CHECK:         gemma.phase rows
// CHECK-NEXT:      gemma.add %[[E]], %[[A]]
func.func @attention_and_experts_stand_alone(%x: tensor<?x4xf32>, %r: !gemma.routing<1 of 2, all>, %gu: tensor<2x2x4xf32>, %d: tensor<2x4x1xf32>)
    -> tensor<?x4xf32> {
  %0 = gemma.attention %x, %x, %x heads 2 kv_heads 2 head_dim 2 scale 1.0
      : tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x4xf32>
  %1 = gemma.experts %0, %r, %gu, %d silu
      : tensor<?x4xf32>, !gemma.routing<1 of 2, all>, tensor<2x2x4xf32>, tensor<2x4x1xf32> -> tensor<?x4xf32>
  %2 = gemma.add %1, %0 : tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x4xf32>
  return %2 : tensor<?x4xf32>
}

// A projection reads whole buffers: the columns it wants are copied first, and packed there later.
// CHECK-LABEL: func @a_slice_for_a_projection_is_copied
// CHECK-SAME:    (%[[X:.+]]: tensor<?x8xf32>
// CHECK-NEXT:    %[[S:.+]] = gemma.phase rows -> tensor<?x4xf32> {
// CHECK-NEXT:      %[[C:.+]] = gemma.slice %[[X]] at 4
// CHECK-NEXT:      gemma.yield %[[C]]
// CHECK:         gemma.phase project
// CHECK-NEXT:      gemma.project %[[S]]
func.func @a_slice_for_a_projection_is_copied(%x: tensor<?x8xf32>, %w: tensor<4x4xf32>) -> tensor<?x4xf32> {
  %s = gemma.slice %x at 4 : tensor<?x8xf32> -> tensor<?x4xf32>
  %0 = gemma.project %s, %w : tensor<?x4xf32>, tensor<4x4xf32> -> tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}

// So does attention. What else reads the copy reads it, too.
// CHECK-LABEL: func @slices_for_attention_are_copied
// CHECK-SAME:    (%[[X:.+]]: tensor<?x12xf32>)
// CHECK-NEXT:    %[[S:.+]]:3 = gemma.phase rows
// CHECK-NEXT:      %[[Q:.+]] = gemma.slice %[[X]] at 0
// CHECK-NEXT:      %[[K:.+]] = gemma.slice %[[X]] at 4
// CHECK-NEXT:      %[[N:.+]] = gemma.rms_norm %[[K]]
// CHECK-NEXT:      gemma.yield %[[Q]], %[[K]], %[[N]]
// CHECK:         gemma.phase attention
// CHECK-NEXT:      gemma.attention %[[S]]#0, %[[S]]#1, %[[S]]#2
func.func @slices_for_attention_are_copied(%x: tensor<?x12xf32>) -> tensor<?x4xf32> {
  %q = gemma.slice %x at 0 : tensor<?x12xf32> -> tensor<?x4xf32>
  %k = gemma.slice %x at 4 : tensor<?x12xf32> -> tensor<?x4xf32>
  %v = gemma.rms_norm %k eps 1.0 : tensor<?x4xf32> -> tensor<?x4xf32>
  %a = gemma.attention %q, %k, %v heads 1 kv_heads 1 head_dim 4 scale 1.0
      : tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x4xf32>
  return %a : tensor<?x4xf32>
}

// A slice of a slice, and one that is the result.
// CHECK-LABEL: func @slices_that_nothing_reads_in_part
// CHECK-NEXT:    %[[S:.+]] = gemma.phase rows
// CHECK-NEXT:      %[[A:.+]] = gemma.slice %{{.+}} at 4
// CHECK-NEXT:      %[[B:.+]] = gemma.slice %[[A]] at 2
// CHECK-NEXT:      gemma.yield %[[B]]
// CHECK-NEXT:    }
// CHECK-NEXT:    return %[[S]]
func.func @slices_that_nothing_reads_in_part(%x: tensor<?x8xf32>) -> tensor<?x2xf32> {
  %s = gemma.slice %x at 4 : tensor<?x8xf32> -> tensor<?x4xf32>
  %t = gemma.slice %s at 2 : tensor<?x4xf32> -> tensor<?x2xf32>
  return %t : tensor<?x2xf32>
}

// A tap is a phase by itself and parts nothing: what stands around it still shares one.
// CHECK-LABEL: func @a_tap_parts_nothing
// CHECK:         %[[P:.+]]:2 = gemma.phase rows
// CHECK-NEXT:      %[[A:.+]] = gemma.rms_norm
// CHECK-NEXT:      %[[B:.+]] = gemma.rms_norm %[[A]]
// CHECK-NEXT:      gemma.yield %[[A]], %[[B]]
// CHECK:         gemma.phase tap {
// CHECK-NEXT:      gemma.tap %[[P]]#0 at 0
// CHECK-NEXT:      gemma.yield
// CHECK:         return %[[P]]#1
func.func @a_tap_parts_nothing(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %0 = gemma.rms_norm %x eps 1.0 : tensor<?x4xf32> -> tensor<?x4xf32>
  gemma.tap %0 at 0 : tensor<?x4xf32>
  %1 = gemma.rms_norm %0 eps 1.0 : tensor<?x4xf32> -> tensor<?x4xf32>
  return %1 : tensor<?x4xf32>
}
