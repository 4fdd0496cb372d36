// With --guard, an entry point tells AddressSanitizer what each phase may touch: its operands, as far as the step's rows reach.
// RUN: gemma-opt %s --kernel-assign-arena "--kernel-tile-phases=guard=true" | FileCheck %s
// RUN: gemma-opt %s --kernel-assign-arena --kernel-tile-phases | FileCheck %s --check-prefix=PLAIN

// PLAIN-NOT: asan

// One thread closes arena, weights and pages, and opens what the phase reads: 1024 bytes of the table, 128 for each row.
// CHECK-LABEL: func.func @gm_any_prefill(
// CHECK:         call @__asan_poison_memory_region(%{{.*}}, %[[ARENA:.*]])
// CHECK:         %[[WEIGHTS:.*]] = arith.constant 1152 : i64
// CHECK-NEXT:    call @__asan_poison_memory_region(%{{.*}}, %[[WEIGHTS]])
// CHECK:         call @__asan_poison_memory_region(
// CHECK:         %[[TABLE:.*]] = arith.constant 1024 : i64
// CHECK:         call @__asan_unpoison_memory_region(%{{.*}}, %[[TABLE]])
// CHECK:         %[[ROW:.*]] = arith.constant 128 : i64
// CHECK-NEXT:    %[[ROWS:.*]] = arith.muli %{{.*}}, %[[ROW]]
// CHECK:         call @__asan_unpoison_memory_region(%{{.*}}, %[[ROWS]])
// A barrier lets the others see it, and the phase closes what it had opened.
// CHECK:         call @gmBarrier
// CHECK:         call @gm_any_prefill_rows_3(
// CHECK:         call @gmBarrier
// CHECK:         call @__asan_poison_memory_region(
// CHECK:         call @__asan_poison_memory_region(
// The packed rows of the second phase are opened in tiles of two tokens, 256 bytes each; the caller's logits not at all.
// CHECK:         %[[TILE:.*]] = arith.constant 256 : i64
// CHECK-NEXT:    %[[TILES:.*]] = arith.muli %{{.*}}, %[[TILE]]
// CHECK:         call @__asan_unpoison_memory_region(%{{.*}}, %[[TILES]])
// CHECK:         call @gm_any_prefill_rows_4(
// At the end arena and weights are open again; the pages are the runtime's to open.
// CHECK:         call @gm_any_prefill_rows_5(
// CHECK-COUNT-2: call @__asan_unpoison_memory_region
// CHECK-NEXT:    }
// CHECK-NEXT:    return
module attributes {kernel.plan = #kernel.plan<chunk = 4, last_rows = 2, weight_bytes = 1152>,
                   kernel.level = #kernel.level<symbol = "any", token_tile = 2>} {
  func.func @step(%ids: tensor<?xi32>) {
    %t = kernel.weight "t" index 0 at 0 : !kernel.weight<f32, rows, 1 x 8 x 32>
    %g = kernel.weight "g" index 1 at 1024 : !kernel.weight<f32, vector, 1 x 1 x 32>
    %a = kernel.buffer : !kernel.buffer<32 x f32, all>
    kernel.rows all ins(%ids, %t : tensor<?xi32>, !kernel.weight<f32, rows, 1 x 8 x 32>) outs(%a : !kernel.buffer<32 x f32, all>) {
    ^bb0(%i: tensor<?xi32>, %w: tensor<8x32xf32>):
      %y = gemma.embed %i, %w : tensor<?xi32>, tensor<8x32xf32> -> tensor<?x32xf32>
      kernel.yield %y : tensor<?x32xf32>
    }
    %p = kernel.buffer : !kernel.buffer<32 x packed_f32, all>
    kernel.rows all ins(%a : !kernel.buffer<32 x f32, all>) outs(%p : !kernel.buffer<32 x packed_f32, all>) {
    ^bb0(%x: tensor<?x32xf32>):
      %y = gemma.pack %x : tensor<?x32xf32> -> !gemma.packed<32 x f32, all>
      kernel.yield %y : !gemma.packed<32 x f32, all>
    }
    %logits = kernel.buffer external logits : !kernel.buffer<32 x f32, all>
    kernel.rows all ins(%a, %g : !kernel.buffer<32 x f32, all>, !kernel.weight<f32, vector, 1 x 1 x 32>)
        outs(%logits : !kernel.buffer<32 x f32, all>) {
    ^bb0(%x: tensor<?x32xf32>, %w: tensor<32xf32>):
      %y = gemma.rms_norm %x weight %w eps 1.0e-6 : tensor<?x32xf32>, tensor<32xf32> -> tensor<?x32xf32>
      kernel.yield %y : tensor<?x32xf32>
    }
    return
  }
}
