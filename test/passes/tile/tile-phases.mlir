// RUN: gemma-opt %s --kernel-assign-arena --kernel-tile-phases --split-input-file | FileCheck %s

// Every phase is a call, then a barrier. Phases that differ only in where their operands lie share a function; another
// factor is another function. Each entry point has its own, since tiles of tokens differ.
// CHECK:       func.func private @gmBarrier(!llvm.ptr, i64)
// CHECK-LABEL: func.func @gm_any_decode(
// CHECK-SAME:    %[[STEP:.+]]: !llvm.ptr, %[[THREAD:.+]]: i64)
// CHECK:         call @[[FIRST:gm_any_decode_rows_0]](%[[STEP]], %[[THREAD]], %{{.+}}, %{{.+}})
// CHECK-NEXT:    call @gmBarrier(%[[STEP]], %[[THREAD]])
// CHECK:         call @[[FIRST]](%[[STEP]], %[[THREAD]], %{{.+}}, %{{.+}})
// CHECK-NEXT:    call @gmBarrier(%[[STEP]], %[[THREAD]])
// CHECK:         call @[[OTHER:gm_any_decode_rows_1]](
// CHECK-NEXT:    call @gmBarrier(%[[STEP]], %[[THREAD]])
// CHECK-NEXT:    return
// CHECK:       func.func private @[[FIRST]]({{.+}} attributes {llvm.linkage = #llvm.linkage<internal>, passthrough = ["noinline"]}
// CHECK:       func.func private @[[OTHER]](
// CHECK-LABEL: func.func @gm_any_prefill(
// CHECK:         call @gm_any_prefill_rows_2(
// CHECK-LABEL: func.func @gm_any_read(%{{.+}}: !llvm.ptr, %{{.+}}: i64, %{{.+}}: !llvm.ptr)
// CHECK-NOT:   @step
module attributes {kernel.plan = #kernel.plan<chunk = 20, last_rows = 3>, kernel.level = #kernel.level<symbol = "any", token_tile = 4>} {
  func.func @step(%ids: tensor<?xi32>) {
    %a = kernel.buffer : !kernel.buffer<4 x f32, all>
    %b = kernel.buffer : !kernel.buffer<4 x f32, all>
    %c = kernel.buffer : !kernel.buffer<4 x f32, all>
    %d = kernel.buffer : !kernel.buffer<4 x f32, all>
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
    kernel.rows all ins(%c : !kernel.buffer<4 x f32, all>) outs(%d : !kernel.buffer<4 x f32, all>) {
    ^bb0(%x: tensor<?x4xf32>):
      %y = gemma.scale %x by 3.0 : tensor<?x4xf32> -> tensor<?x4xf32>
      kernel.yield %y : tensor<?x4xf32>
    }
    return
  }
}

// -----

// The last rows may be none: then the phase, its barrier with it, is left out. Threads agree, since all read the same step.
// Field 48 of the step is the number of last rows, field 80 the counter from which rows are claimed.
// CHECK-LABEL: func.func @gm_any_decode(
// CHECK:         %[[AT:.+]] = llvm.getelementptr %{{.+}}[%c48
// CHECK:         %[[N:.+]] = llvm.load %[[AT]] {{.+}} -> i64
// CHECK:         %[[SOME:.+]] = arith.cmpi slt, %c0{{.*}}, %[[N]]
// CHECK-NEXT:    scf.if %[[SOME]] {
// CHECK:           call @[[ROWS:gm_any_decode_rows_0]](
// CHECK-NEXT:      call @gmBarrier
// CHECK-NEXT:    }
// CHECK-NEXT:    return
// CHECK:       func.func private @[[ROWS]](
// CHECK:         scf.while
// CHECK:           %[[CLAIM:.+]] = llvm.getelementptr %{{.+}}[%c80
// CHECK:           %[[ITEM:.+]] = llvm.atomicrmw add %[[CLAIM]], %{{.+}} monotonic
// CHECK:           scf.condition(%{{.+}}) %[[ITEM]]
module attributes {kernel.plan = #kernel.plan<chunk = 20, last_rows = 3>, kernel.level = #kernel.level<symbol = "any", token_tile = 4>} {
  func.func @step(%ids: tensor<?xi32>) {
    %a = kernel.buffer : !kernel.buffer<4 x f32, last>
    %b = kernel.buffer : !kernel.buffer<4 x f32, last>
    kernel.rows last ins(%a : !kernel.buffer<4 x f32, last>) outs(%b : !kernel.buffer<4 x f32, last>) {
    ^bb0(%x: tensor<?x4xf32, "last">):
      %y = gemma.scale %x by 2.0 : tensor<?x4xf32, "last"> -> tensor<?x4xf32, "last">
      kernel.yield %y : tensor<?x4xf32, "last">
    }
    return
  }
}

// -----

// One matrix product for each format, kind of inputs and number of tokens, whatever the sizes: the number of groups of 32 columns is its third
// argument. 8-bit codes are unsigned up to 255 unless the level stores them signed; 4-bit codes go up to 15.
// Panels are claimed in runs, so that weights are read in streams: two shares for each thread (field 64) of what is left, at
// least one panel.
// CHECK-LABEL: func.func @gm_any_decode(
// CHECK:       func.func private @gm_any_decode_project_0(
// CHECK:         %[[AT_THREADS:.+]] = llvm.getelementptr %{{.+}}[%c64
// CHECK:         %[[THREADS:.+]] = llvm.load %[[AT_THREADS]]
// CHECK:         %[[SHARES:.+]] = arith.muli %[[THREADS]], %c2
// CHECK:         scf.while
// What is left is read while others may claim: an atomic read, not a plain one.
// CHECK:           %[[COUNTER:.+]] = llvm.getelementptr %{{.+}}[%c80
// CHECK:           %[[NEXT:.+]] = llvm.load %[[COUNTER]] atomic monotonic {alignment = 8 : i64} : !llvm.ptr -> i64
// CHECK:           arith.subi %{{.+}}, %[[NEXT]]
// CHECK:           %[[LENGTH:.+]] = arith.divui %{{.+}}, %[[SHARES]]
// CHECK:           %[[SOME:.+]] = arith.maxsi %[[LENGTH]], %c1
// CHECK:           llvm.atomicrmw add %[[COUNTER]], %[[SOME]] monotonic
// CHECK:         call @dot_q8_i8_1(%{{.+}}, %{{.+}}, %c2{{.*}}, %{{.+}}) : (!llvm.ptr, !llvm.ptr, i64, !llvm.ptr)
// CHECK:       func.func private @dot_q8_i8_1(
// CHECK:         kernel.dot {{.+}} {max_code = 255 : i64} : vector<4xi32>, vector<16xi8>
// CHECK:       func.func private @gm_any_decode_project_1(
// CHECK:         call @dot_q8_i8_1(%{{.+}}, %{{.+}}, %c3{{.*}}, %{{.+}})
// CHECK:         call @dot_q4_i8_1(
// CHECK-NOT:   func.func private @dot_q8_i8_1(
// CHECK:       func.func private @dot_q4_i8_1(
// CHECK:         kernel.dot {{.+}} {max_code = 15 : i64} : vector<4xi32>, vector<16xi8>
// CHECK:       func.func private @dot_q8_i8_4(
module attributes {kernel.plan = #kernel.plan<chunk = 20, last_rows = 3>, kernel.level = #kernel.level<symbol = "any", token_tile = 4>} {
  func.func @step(%ids: tensor<?xi32>) {
    %w = kernel.weight "w" index 0 at 0 : !kernel.weight<q8, panel, 1 x 32 x 64>
    %v = kernel.weight "v" index 1 at 4352 : !kernel.weight<q8, panel, 1 x 64 x 96>
    %u = kernel.weight "u" index 2 at 17408 : !kernel.weight<q4, panel, 1 x 64 x 96>
    %a = kernel.buffer : !kernel.buffer<64 x packed_i8, all>
    %b = kernel.buffer : !kernel.buffer<96 x packed_i8, all>
    %c = kernel.buffer : !kernel.buffer<32 x f32, all>
    %d = kernel.buffer : !kernel.buffer<64 x f32, all>
    kernel.project all ins(%a, %w : !kernel.buffer<64 x packed_i8, all>, !kernel.weight<q8, panel, 1 x 32 x 64>)
        outs(%c : !kernel.buffer<32 x f32, all>) {
    ^bb0(%x: !gemma.packed<64 x i8, all>, %m: tensor<32x64xf32>):
      %y = gemma.project %x, %m : !gemma.packed<64 x i8, all>, tensor<32x64xf32> -> tensor<?x32xf32>
      kernel.yield %y : tensor<?x32xf32>
    }
    kernel.project all ins(%b, %v, %u : !kernel.buffer<96 x packed_i8, all>, !kernel.weight<q8, panel, 1 x 64 x 96>, !kernel.weight<q4, panel, 1 x 64 x 96>)
        outs(%d : !kernel.buffer<64 x f32, all>) {
    ^bb0(%x: !gemma.packed<96 x i8, all>, %m: tensor<64x96xf32>, %n: tensor<64x96xf32>):
      %y = gemma.project %x, %m : !gemma.packed<96 x i8, all>, tensor<64x96xf32> -> tensor<?x64xf32>
      %z = gemma.project %x, %n : !gemma.packed<96 x i8, all>, tensor<64x96xf32> -> tensor<?x64xf32>
      %s = gemma.gated %y, %z silu : tensor<?x64xf32>, tensor<?x64xf32> -> tensor<?x64xf32>
      kernel.yield %s : tensor<?x64xf32>
    }
    return
  }
}

// -----

// A level with signed codes and wide vectors. What the 8-bit format is worth is in the level, not in the pass.
// CHECK-LABEL: func.func @gm_any_decode(
// CHECK:       func.func private @dot_q8_i8_1(
// CHECK:         kernel.dot {{.+}} {max_code = 128 : i64, signed_weights} : vector<8xi32>, vector<32xi8>
module attributes {kernel.plan = #kernel.plan<chunk = 20, last_rows = 3>,
                   kernel.level = #kernel.level<symbol = "any", token_tile = 4, vector_bits = 256, signed_weights = true>} {
  func.func @step(%ids: tensor<?xi32>) {
    %w = kernel.weight "w" index 0 at 0 : !kernel.weight<q8, panel, 1 x 32 x 64>
    %a = kernel.buffer : !kernel.buffer<64 x packed_i8, all>
    %c = kernel.buffer : !kernel.buffer<32 x f32, all>
    kernel.project all ins(%a, %w : !kernel.buffer<64 x packed_i8, all>, !kernel.weight<q8, panel, 1 x 32 x 64>)
        outs(%c : !kernel.buffer<32 x f32, all>) {
    ^bb0(%x: !gemma.packed<64 x i8, all>, %m: tensor<32x64xf32>):
      %y = gemma.project %x, %m : !gemma.packed<64 x i8, all>, tensor<32x64xf32> -> tensor<?x32xf32>
      kernel.yield %y : tensor<?x32xf32>
    }
    return
  }
}

// -----

// A single token walks its panel once: one loop, in which all 32 rows are summed (8 vectors of 4), and the lines of a block so far ahead
// as the level says are asked for (17 for 1,088 bytes). Several tokens take the rows in parts, here two vectors at a time, and ask for the
// next panel in the first of them. Codes that a level makes signed are so after one exclusive or, and have no zero point to begin with.
// CHECK-LABEL: func.func @gm_any_decode(
// CHECK-LABEL: func.func private @dot_q8_i8_1(
// CHECK:         scf.for %{{.+}} iter_args(%{{.+}}) -> (vector<4xf32>, vector<4xf32>, vector<4xf32>, vector<4xf32>, vector<4xf32>, vector<4xf32>, vector<4xf32>, vector<4xf32>)
// CHECK:           %[[AHEAD:.+]] = llvm.getelementptr %{{.+}}[%c4096
// CHECK:           "llvm.intr.prefetch"(%[[AHEAD]]) <{cache = 1 : i32, hint = 3 : i32, rw = 0 : i32}>
// CHECK-COUNT-16:  "llvm.intr.prefetch"
// CHECK-NOT:       prefetch
// CHECK:           %[[CODE:.+]] = llvm.load %{{.+}} -> vector<16xi8>
// CHECK:           %[[SIGNED:.+]] = arith.xori %[[CODE]], %cst
// CHECK:           kernel.dot %{{.+}}, %[[SIGNED]], %{{.+}} {max_code = 128 : i64, signed_weights}
// CHECK-NOT:     scf.for
// CHECK:         return
// CHECK-LABEL: func.func private @dot_q8_i8_3(
// CHECK:         scf.for
// CHECK-COUNT-17:  "llvm.intr.prefetch"(%{{.+}}) <{cache = 1 : i32, hint = 2
// CHECK-COUNT-3: scf.for
// CHECK-NOT:     scf.for
// CHECK:         return
module attributes {kernel.plan = #kernel.plan<chunk = 20, last_rows = 3>,
                   kernel.level = #kernel.level<symbol = "any", token_tile = 3, prefetch_bytes = 4096, signed_products = true>} {
  func.func @step(%ids: tensor<?xi32>) {
    %w = kernel.weight "w" index 0 at 0 : !kernel.weight<q8, panel, 1 x 32 x 64>
    %a = kernel.buffer : !kernel.buffer<64 x packed_i8, all>
    %c = kernel.buffer : !kernel.buffer<32 x f32, all>
    kernel.project all ins(%a, %w : !kernel.buffer<64 x packed_i8, all>, !kernel.weight<q8, panel, 1 x 32 x 64>)
        outs(%c : !kernel.buffer<32 x f32, all>) {
    ^bb0(%x: !gemma.packed<64 x i8, all>, %m: tensor<32x64xf32>):
      %y = gemma.project %x, %m : !gemma.packed<64 x i8, all>, tensor<32x64xf32> -> tensor<?x32xf32>
      kernel.yield %y : tensor<?x32xf32>
    }
    return
  }
}

// -----

// Places become addresses: the arena, the cache and the logits are fields 8, 16 and 56 of the step, and what lies in them has
// an offset in bytes. Attention is two matrix products with a block of the cache: of the keys with the query (one group of 32
// columns, for heads of 32), and of the values with what the softmax made of the scores. Without a soft-cap no tanh. A single token's
// tile has as many rows as there are heads in a group, no more.
// CHECK-LABEL: func.func @gm_any_decode(
// CHECK:         %[[AT_ARENA:.+]] = llvm.getelementptr %arg0[%c8
// CHECK:         %[[Q:.+]] = llvm.load %[[AT_ARENA]]
// CHECK:         %[[AT_KV:.+]] = llvm.getelementptr %arg0[%c16
// CHECK:         %[[K:.+]] = llvm.load %[[AT_KV]]
// CHECK:         %[[V:.+]] = llvm.getelementptr %{{.+}}[%c8192
// CHECK:         %[[AT_LOGITS:.+]] = llvm.getelementptr %arg0[%c56
// CHECK:         %[[O:.+]] = llvm.load %[[AT_LOGITS]]
// CHECK:         call @gm_any_decode_attention_0(%arg0, %arg1, %[[Q]], %[[K]], %[[V]], %[[O]])
// CHECK-LABEL: func.func private @gm_any_decode_attention_0(
// CHECK-NOT:     math.tanh
// CHECK:         call @dot_f32_f32_2(%{{.+}}, %{{.+}}, %c1_i64{{.*}}, %{{.+}})
// CHECK:         math.exp
// CHECK-NOT:     math.tanh
// CHECK:         call @dot_f32_f32_2(%{{.+}}, %{{.+}}, %c1_i64{{.*}}, %{{.+}})
// CHECK-LABEL: func.func private @dot_f32_f32_2(
module attributes {kernel.plan = #kernel.plan<chunk = 20, last_rows = 3>, kernel.level = #kernel.level<symbol = "any", token_tile = 4>} {
  func.func @step(%ids: tensor<?xi32>) {
    %k = kernel.cache at 0 : !kernel.cache<keys, f32, 1 x 32 window 8 page 64 table 0>
    %v = kernel.cache at 8192 : !kernel.cache<values, f32, 1 x 32 window 8 page 64 table 0>
    %q = kernel.buffer : !kernel.buffer<64 x f32, all>
    %o = kernel.buffer external logits : !kernel.buffer<64 x f32, all>
    kernel.attention all ins(%q, %k, %v : !kernel.buffer<64 x f32, all>, !kernel.cache<keys, f32, 1 x 32 window 8 page 64 table 0>,
                               !kernel.cache<values, f32, 1 x 32 window 8 page 64 table 0>)
        outs(%o : !kernel.buffer<64 x f32, all>) {
    ^bb0(%a: tensor<?x64xf32>, %b: tensor<?x32xf32>, %c: tensor<?x32xf32>):
      %y = gemma.attention %a, %b, %c heads 2 kv_heads 1 head_dim 32 scale 1.0 window 8
          : tensor<?x64xf32>, tensor<?x32xf32>, tensor<?x32xf32> -> tensor<?x64xf32>
      kernel.yield %y : tensor<?x64xf32>
    }
    return
  }
}

// -----

// Experts. An item is a panel of 32 outputs of one expert: the tiles of that expert's rows are the inner loop, so its weights
// stream from memory once in a step, however many rows chose it, and those of an expert that nobody chose are no item at all. A
// tile whose second half is empty is multiplied by half.
// CHECK-LABEL: func.func @gm_any_prefill(
// CHECK:         call @[[PROJECT:gm_any_prefill_expert_project_[0-9]+]](
// CHECK:       func.func private @[[PROJECT]](%{{.+}}: !llvm.ptr, %{{.+}}: i64, %[[IN:.+]]: !llvm.ptr, %[[WEIGHTS:.+]]: !llvm.ptr, %[[SLOTS:.+]]: !llvm.ptr,
// CHECK:         %[[RUNS:.+]] = arith.extsi
// CHECK:         %[[ITEMS:.+]] = arith.muli %[[RUNS]], %c2
// CHECK:         scf.while
// CHECK:           arith.subi %[[ITEMS]]
// CHECK:           scf.for %[[ITEM:.+]] =
// CHECK:             %[[EXPERT:.+]] = arith.divui %[[ITEM]], %c2
// CHECK:             %[[PANEL:.+]] = arith.remui %[[ITEM]], %c2
// CHECK:             %[[BLOCK:.+]] = llvm.getelementptr %[[WEIGHTS]][
// CHECK:             scf.for
// CHECK-NOT:           llvm.getelementptr %[[WEIGHTS]]
// CHECK:               %[[FEW:.+]] = arith.cmpi slt
// CHECK-NEXT:          scf.if %[[FEW]] {
// CHECK:                 func.call @dot_q4_i8_2_of_4(%[[BLOCK]],
// CHECK:               } else {
// CHECK:                 func.call @dot_q4_i8_4(%[[BLOCK]],
module attributes {kernel.plan = #kernel.plan<chunk = 20, last_rows = 3>, kernel.level = #kernel.level<symbol = "any", token_tile = 4>} {
  func.func @step(%ids: tensor<?xi32>) {
    %w = kernel.weight "w" index 0 at 0 : !kernel.weight<q4, panel, 8 x 64 x 96>
    %s = kernel.buffer : !kernel.buffer<2 x slots, all>
    %a = kernel.buffer : !kernel.buffer<96 x packed_i8, slots_all>
    %c = kernel.buffer : !kernel.buffer<64 x f32, slots_all>
    kernel.expert_project %a, %w, %s into %c {top_k = 2 : i64, experts = 8 : i64}
        : !kernel.buffer<96 x packed_i8, slots_all>, !kernel.weight<q4, panel, 8 x 64 x 96>, !kernel.buffer<2 x slots, all> into !kernel.buffer<64 x f32, slots_all>
    return
  }
}

// -----

// Blocks: where the step (field 96) has the ends of each row's block, a row sees up to there. A single token has no block.
// CHECK-LABEL: func.func private @gm_any_decode_attention_0(
// CHECK-NOT:     %arg0[%c96
// CHECK-LABEL: func.func private @gm_any_prefill_attention_1(
// CHECK:         %[[AT_ENDS:.+]] = llvm.getelementptr %arg0[%c96
// CHECK:         %[[ENDS:.+]] = llvm.load %[[AT_ENDS]] {{.+}} -> i64
// CHECK:         %[[SOME:.+]] = arith.cmpi ne, %[[ENDS]], %c0
// CHECK-NEXT:    scf.if %[[SOME]] {
// CHECK-COUNT-4:   llvm.load %{{.+}} : !llvm.ptr -> i32
module attributes {kernel.plan = #kernel.plan<chunk = 20, last_rows = 3>, kernel.level = #kernel.level<symbol = "any", token_tile = 4>} {
  func.func @step(%ids: tensor<?xi32>) {
    %k = kernel.cache at 0 : !kernel.cache<keys, f32, 1 x 32 window 8 page 64 table 0>
    %v = kernel.cache at 8192 : !kernel.cache<values, f32, 1 x 32 window 8 page 64 table 0>
    %q = kernel.buffer : !kernel.buffer<64 x f32, all>
    %o = kernel.buffer external logits : !kernel.buffer<64 x f32, all>
    kernel.attention all ins(%q, %k, %v : !kernel.buffer<64 x f32, all>, !kernel.cache<keys, f32, 1 x 32 window 8 page 64 table 0>,
                               !kernel.cache<values, f32, 1 x 32 window 8 page 64 table 0>)
        outs(%o : !kernel.buffer<64 x f32, all>) {
    ^bb0(%a: tensor<?x64xf32>, %b: tensor<?x32xf32>, %c: tensor<?x32xf32>):
      %y = gemma.attention %a, %b, %c heads 2 kv_heads 1 head_dim 32 scale 1.0 window 8 blocks 12
          : tensor<?x64xf32>, tensor<?x32xf32>, tensor<?x32xf32> -> tensor<?x64xf32>
      kernel.yield %y : tensor<?x64xf32>
    }
    return
  }
}

// -----

// Decode has no tap; prefill has it where the step's field 104 is not null, its barrier with it.
// CHECK-LABEL: func.func @gm_any_decode(
// CHECK-NOT:     call
// CHECK:         return
// CHECK-LABEL: func.func @gm_any_prefill(
// CHECK:         %[[AT:.+]] = llvm.getelementptr %{{.+}}[%c104
// CHECK:         %[[HIDDEN:.+]] = llvm.load %[[AT]] {{.+}} -> i64
// CHECK:         %[[SOME:.+]] = arith.cmpi slt, %c0{{.*}}, %[[HIDDEN]]
// CHECK-NEXT:    scf.if %[[SOME]] {
// CHECK:           call @gm_any_prefill_tap_0(
// CHECK-NEXT:      call @gmBarrier
// CHECK-NEXT:    }
module attributes {kernel.plan = #kernel.plan<chunk = 20, last_rows = 3>, kernel.level = #kernel.level<symbol = "any", token_tile = 4>} {
  func.func @step(%ids: tensor<?xi32>) {
    %a = kernel.buffer : !kernel.buffer<4 x f32, all>
    %h = kernel.buffer at 16 external hidden : !kernel.buffer<4 x f32, last>
    kernel.tap %a into %h of 8 : !kernel.buffer<4 x f32, all> into !kernel.buffer<4 x f32, last>
    return
  }
}

// -----

// A cache of 8-bit codes. A key takes a scale for 32 dimensions and goes into its row of a weight panel; a value's codes stand side by
// side. The query is coded twice, the second time what the first left over, and multiplied with the keys' codes as they lie;
// values become numbers in registers. Several sequences' rows find their page in their own table (fields 40 and 112 of the step).
// CHECK-LABEL: func.func private @gm_any_decode_attention_1(
// CHECK:         call @dot_q8_i8_2(
// CHECK:         call @dot_q8_i8_2(
// CHECK:         call @dot_values_q8_2(
// CHECK-LABEL: func.func private @dot_values_q8_2(
// CHECK:         arith.extsi %{{.+}} : vector<4xi8> to vector<4xi32>
// CHECK:         llvm.intr.fmuladd
// CHECK-LABEL: func.func private @gm_any_prefill_rows_2(
// CHECK:         %[[COUNT:.+]] = llvm.load %{{.+}} {alignment = 8 : i64} : !llvm.ptr -> i64
// CHECK:         arith.divui
module attributes {kernel.plan = #kernel.plan<chunk = 20, last_rows = 3>, kernel.level = #kernel.level<symbol = "any", token_tile = 4>} {
  func.func @step(%ids: tensor<?xi32>) {
    %k = kernel.cache at 0 : !kernel.cache<keys, q8, 1 x 32 window 0 page 64 table 0>
    %v = kernel.cache at 2176 : !kernel.cache<values, q8, 1 x 32 window 0 page 64 table 0>
    %q = kernel.buffer : !kernel.buffer<64 x f32, all>
    %s = kernel.buffer : !kernel.buffer<32 x f32, all>
    %o = kernel.buffer external logits : !kernel.buffer<64 x f32, all>
    kernel.rows all ins(%s : !kernel.buffer<32 x f32, all>)
        outs(%k, %v : !kernel.cache<keys, q8, 1 x 32 window 0 page 64 table 0>, !kernel.cache<values, q8, 1 x 32 window 0 page 64 table 0>) {
    ^bb0(%a: tensor<?x32xf32>):
      kernel.yield %a, %a : tensor<?x32xf32>, tensor<?x32xf32>
    }
    kernel.attention all ins(%q, %k, %v : !kernel.buffer<64 x f32, all>, !kernel.cache<keys, q8, 1 x 32 window 0 page 64 table 0>,
                               !kernel.cache<values, q8, 1 x 32 window 0 page 64 table 0>)
        outs(%o : !kernel.buffer<64 x f32, all>) {
    ^bb0(%a: tensor<?x64xf32>, %b: tensor<?x32xf32>, %c: tensor<?x32xf32>):
      %y = gemma.attention %a, %b, %c heads 2 kv_heads 1 head_dim 32 scale 1.0
          : tensor<?x64xf32>, tensor<?x32xf32>, tensor<?x32xf32> -> tensor<?x64xf32>
      kernel.yield %y : tensor<?x64xf32>
    }
    return
  }
}
