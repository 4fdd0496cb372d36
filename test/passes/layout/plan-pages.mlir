// Caches that are read equally far back share pages, all pages have one size, and a sequence's table finds them.
// RUN: gemma-opt %s --kernel-plan-pages --split-input-file | FileCheck %s

// 32 positions of the growing caches take 4 KiB, of those with a window 16 KiB. Pages of 32 KiB hold 256 and 64 positions: 32 of them
// for the context, 11 for the window and a step. Larger ones would cost a full context more than a thirty-second on top of the least.
// CHECK:       module attributes {
// CHECK-SAME:    page_bytes = 32768, sequence_bytes = 1409024, table_entries = 160, page_classes = [0, 256, 0, 512, 64, 32]>
// CHECK:         kernel.cache at 0 : <keys, bf16, 1 x 32 window 0 page 256 table 0>
// CHECK:         kernel.cache at {{[1-9][0-9]*}} : <values, bf16, 1 x 32 window 0 page 256 table 0>
// CHECK:         kernel.cache at 0 : <keys, bf16, 2 x 64 window 512 page 64 table 32>
// CHECK:         kernel.cache at {{[1-9][0-9]*}} : <values, bf16, 2 x 64 window 512 page 64 table 32>
module attributes {kernel.plan = #kernel.plan<positions = 8192, chunk = 128, last_rows = 1>} {
  func.func @step(%ids: tensor<?xi32>) {
    %0 = kernel.cache : !kernel.cache<keys, bf16, 1 x 32 window 0 page 0 table 0>
    %1 = kernel.cache : !kernel.cache<values, bf16, 1 x 32 window 0 page 0 table 0>
    %2 = kernel.cache : !kernel.cache<keys, bf16, 2 x 64 window 512 page 0 table 0>
    %3 = kernel.cache : !kernel.cache<values, bf16, 2 x 64 window 512 page 0 table 0>
    return
  }
}

// -----

// A window that reaches over the whole context gives nothing back: one class, and no page longer than the context.
// CHECK:       module attributes {
// CHECK-SAME:    sequence_bytes = 16384, table_entries = 1, page_classes = [0, 128, 0]>
// CHECK:         kernel.cache at 0 : <keys, bf16, 1 x 32 window 0 page 128 table 0>
// CHECK:         kernel.cache at 8192 : <values, bf16, 1 x 32 window 0 page 128 table 0>
module attributes {kernel.plan = #kernel.plan<positions = 100, chunk = 20, last_rows = 1>} {
  func.func @step(%ids: tensor<?xi32>) {
    %0 = kernel.cache : !kernel.cache<keys, bf16, 1 x 32 window 90 page 0 table 0>
    %1 = kernel.cache : !kernel.cache<values, bf16, 1 x 32 window 90 page 0 table 0>
    return
  }
}

// -----

// A model without attention has no pages.
// CHECK:       kernel.plan = #kernel.plan<positions = 100, chunk = 20, last_rows = 1>
module attributes {kernel.plan = #kernel.plan<positions = 100, chunk = 20, last_rows = 1>} {
  func.func @step(%ids: tensor<?xi32>) {
    return
  }
}
