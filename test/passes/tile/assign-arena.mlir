// RUN: gemma-opt %s --kernel-assign-arena --split-input-file --verify-diagnostics | FileCheck %s

// Three buffers, of which two are alive at a time: the third takes the first one's place. 20 rows x 4 floats = 320 bytes.
// CHECK:       module attributes {{{.*}}arena_bytes = 4096>
// CHECK-LABEL: func @dead_buffers_are_used_again
// CHECK:         kernel.buffer at 0
// CHECK-NEXT:    kernel.buffer at 320
// CHECK-NEXT:    kernel.buffer at 0
module attributes {kernel.plan = #kernel.plan<chunk = 20, last_rows = 3>} {
  func.func @dead_buffers_are_used_again(%ids: tensor<?xi32>) {
    %t = kernel.weight "t" index 0 at 0 : !kernel.weight<f32, rows, 1 x 8 x 4>
    %a = kernel.buffer : !kernel.buffer<4 x f32, all>
    %b = kernel.buffer : !kernel.buffer<4 x f32, all>
    %c = kernel.buffer : !kernel.buffer<4 x f32, all>
    kernel.rows all ins(%ids, %t : tensor<?xi32>, !kernel.weight<f32, rows, 1 x 8 x 4>) outs(%a : !kernel.buffer<4 x f32, all>) {
    ^bb0(%i: tensor<?xi32>, %w: tensor<8x4xf32>):
      %y = gemma.embed %i, %w : tensor<?xi32>, tensor<8x4xf32> -> tensor<?x4xf32>
      kernel.yield %y : tensor<?x4xf32>
    }
    kernel.rows all ins(%a : !kernel.buffer<4 x f32, all>) outs(%b : !kernel.buffer<4 x f32, all>) {
    ^bb0(%x: tensor<?x4xf32>):
      %y = gemma.scale %x by 2.0 : tensor<?x4xf32> -> tensor<?x4xf32>
      kernel.yield %y : tensor<?x4xf32>
    }
    kernel.rows all ins(%b : !kernel.buffer<4 x f32, all>) outs(%c : !kernel.buffer<4 x f32, all>) {
    ^bb0(%x: tensor<?x4xf32>):
      %y = gemma.scale %x by 2.0 : tensor<?x4xf32> -> tensor<?x4xf32>
      kernel.yield %y : tensor<?x4xf32>
    }
    return
  }
}

// -----

// The first is read once more at the end: nothing may lie over it.
// CHECK-LABEL: func @a_buffer_that_is_read_later_keeps_its_place
// CHECK:         kernel.buffer at 0
// CHECK-NEXT:    kernel.buffer at 320
// CHECK-NEXT:    kernel.buffer at 640
module attributes {kernel.plan = #kernel.plan<chunk = 20, last_rows = 3>} {
  func.func @a_buffer_that_is_read_later_keeps_its_place() {
    %a = kernel.buffer : !kernel.buffer<4 x f32, all>
    %b = kernel.buffer : !kernel.buffer<4 x f32, all>
    %c = kernel.buffer : !kernel.buffer<4 x f32, all>
    kernel.rows all ins(%a : !kernel.buffer<4 x f32, all>) outs(%b : !kernel.buffer<4 x f32, all>) {
    ^bb0(%x: tensor<?x4xf32>):
      kernel.yield %x : tensor<?x4xf32>
    }
    kernel.rows all ins(%a, %b : !kernel.buffer<4 x f32, all>, !kernel.buffer<4 x f32, all>) outs(%c : !kernel.buffer<4 x f32, all>) {
    ^bb0(%x: tensor<?x4xf32>, %z: tensor<?x4xf32>):
      %y = gemma.add %x, %z : tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x4xf32>
      kernel.yield %y : tensor<?x4xf32>
    }
    return
  }
}

// -----

// A phase reads all its ins and writes all its outs at any time: other threads are at other rows.
// CHECK-LABEL: func @ins_and_outs_of_a_phase_never_share
// CHECK:         kernel.buffer at 0
// CHECK-NEXT:    kernel.buffer at 320
module attributes {kernel.plan = #kernel.plan<chunk = 20, last_rows = 3>} {
  func.func @ins_and_outs_of_a_phase_never_share() {
    %a = kernel.buffer : !kernel.buffer<4 x f32, all>
    %b = kernel.buffer : !kernel.buffer<4 x f32, all>
    kernel.rows all ins(%a : !kernel.buffer<4 x f32, all>) outs(%b : !kernel.buffer<4 x f32, all>) {
    ^bb0(%x: tensor<?x4xf32>):
      kernel.yield %x : tensor<?x4xf32>
    }
    return
  }
}

// -----

// The last rows are few, tiles of tokens whole, offsets multiples of 64: 3 x 1 float takes 12 bytes, and the next buffer begins
// at 64. Packed rows come in whole tiles (5 of 4 tokens for 20 rows) and groups of 32 columns: 5 x 512 bytes.
// The caller's memory has no place here.
// CHECK:       module attributes {{{.*}}arena_bytes = 4096>
// CHECK-LABEL: func @sizes
// CHECK:         kernel.buffer at 0 : <1 x f32, last>
// CHECK-NEXT:    kernel.buffer at 64 : <1 x packed_f32, all>
// CHECK-NEXT:    kernel.buffer at 2624 : <1 x f32, last>
// CHECK-NEXT:    kernel.buffer external logits
module attributes {kernel.plan = #kernel.plan<chunk = 20, last_rows = 3>, kernel.level = #kernel.level<symbol = "any", token_tile = 4>} {
  func.func @sizes() {
    %a = kernel.buffer : !kernel.buffer<1 x f32, last>
    %b = kernel.buffer : !kernel.buffer<1 x packed_f32, all>
    %c = kernel.buffer : !kernel.buffer<1 x f32, last>
    %d = kernel.buffer external logits : !kernel.buffer<1 x f32, last>
    kernel.rows last ins(%a : !kernel.buffer<1 x f32, last>)
        outs(%b, %c, %d : !kernel.buffer<1 x packed_f32, all>, !kernel.buffer<1 x f32, last>, !kernel.buffer<1 x f32, last>) {
    ^bb0(%x: tensor<?x1xf32, "last">):
      kernel.yield %x, %x, %x : tensor<?x1xf32, "last">, tensor<?x1xf32, "last">, tensor<?x1xf32, "last">
    }
    return
  }
}

// -----

// A gap that is large enough is filled from below: 640 bytes at 0 are free after the second phase, and take two small ones.
// CHECK-LABEL: func @gaps_are_filled_from_below
// CHECK:         kernel.buffer at 0 : <8 x
// CHECK-NEXT:    kernel.buffer at 640 : <4 x
// CHECK-NEXT:    kernel.buffer at 0 : <4 x
// CHECK-NEXT:    kernel.buffer at 320 : <4 x
// CHECK-NEXT:    kernel.buffer at 960 : <8 x
module attributes {kernel.plan = #kernel.plan<chunk = 20, last_rows = 3>} {
  func.func @gaps_are_filled_from_below() {
    %a = kernel.buffer : !kernel.buffer<8 x f32, all>
    %b = kernel.buffer : !kernel.buffer<4 x f32, all>
    %c = kernel.buffer : !kernel.buffer<4 x f32, all>
    %d = kernel.buffer : !kernel.buffer<4 x f32, all>
    %e = kernel.buffer : !kernel.buffer<8 x f32, all>
    kernel.rows all ins(%a : !kernel.buffer<8 x f32, all>) outs(%b : !kernel.buffer<4 x f32, all>) {
    ^bb0(%x: tensor<?x8xf32>):
      %y = gemma.slice %x at 0 : tensor<?x8xf32> -> tensor<?x4xf32>
      kernel.yield %y : tensor<?x4xf32>
    }
    kernel.rows all ins(%b : !kernel.buffer<4 x f32, all>)
        outs(%c, %d, %e : !kernel.buffer<4 x f32, all>, !kernel.buffer<4 x f32, all>, !kernel.buffer<8 x f32, all>) {
    ^bb0(%x: tensor<?x4xf32>):
      kernel.yield %x, %x, %x : tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x4xf32>
    }
    return
  }
}

// -----

// expected-error@+1 {{needs kernel.plan, which the layout stage sets}}
module {
}
