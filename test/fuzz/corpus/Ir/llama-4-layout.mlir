module @"llama-checkpoint" attributes {kernel.block_tokens = 0 : i64, kernel.cache_reads = array<i64: 0, 16384>, kernel.chunk = 128 : i64, kernel.context = 64 : i64, kernel.decode_bytes = 14876 : i64, kernel.decode_ops = 36864 : i64, kernel.hidden_columns = 64 : i64, kernel.kv_bytes = 32768 : i64, kernel.kv_fixed_bytes = 0 : i64, kernel.kv_token_bytes = 512 : i64, kernel.last_rows = 32 : i64, kernel.prefill_ops = 17408 : i64, kernel.vocab = 96 : i64, kernel.weight_bytes = 14848 : i64} {
  func.func @step(%arg0: tensor<?xi32>) {
    %0 = kernel.weight "embed" index 0 at 0 : <"q6", "panel", 1 x 96 x 32>
    %1 = kernel.weight "layers.0.attn_norm" index 1 at 2688 : <"f32", "vector", 1 x 1 x 32>
    %2 = kernel.weight "layers.0.q_proj" index 2 at 2816 : <"q4", "panel", 1 x 32 x 32>
    %3 = kernel.weight "layers.0.k_proj" index 3 at 3392 : <"q4", "panel", 1 x 16 x 32>
    %4 = kernel.weight "layers.0.v_proj" index 4 at 3968 : <"q4", "panel", 1 x 16 x 32>
    %5 = kernel.weight "layers.0.o_proj" index 5 at 4544 : <"q4", "panel", 1 x 32 x 32>
    %6 = kernel.weight "layers.0.ffn_norm" index 6 at 5120 : <"f32", "vector", 1 x 1 x 32>
    %7 = kernel.weight "layers.0.gate_proj" index 7 at 5248 : <"q4", "panel", 1 x 48 x 32>
    %8 = kernel.weight "layers.0.up_proj" index 8 at 6400 : <"q4", "panel", 1 x 48 x 32>
    %9 = kernel.weight "layers.0.down_proj" index 9 at 7552 : <"q4", "panel", 1 x 32 x 48>
    %10 = kernel.weight "layers.1.attn_norm" index 10 at 8704 : <"f32", "vector", 1 x 1 x 32>
    %11 = kernel.weight "layers.1.q_proj" index 11 at 8832 : <"q4", "panel", 1 x 32 x 32>
    %12 = kernel.weight "layers.1.k_proj" index 12 at 9408 : <"q4", "panel", 1 x 16 x 32>
    %13 = kernel.weight "layers.1.v_proj" index 13 at 9984 : <"q4", "panel", 1 x 16 x 32>
    %14 = kernel.weight "layers.1.o_proj" index 14 at 10560 : <"q4", "panel", 1 x 32 x 32>
    %15 = kernel.weight "layers.1.ffn_norm" index 15 at 11136 : <"f32", "vector", 1 x 1 x 32>
    %16 = kernel.weight "layers.1.gate_proj" index 16 at 11264 : <"q4", "panel", 1 x 48 x 32>
    %17 = kernel.weight "layers.1.up_proj" index 17 at 12416 : <"q4", "panel", 1 x 48 x 32>
    %18 = kernel.weight "layers.1.down_proj" index 18 at 13568 : <"q4", "panel", 1 x 32 x 48>
    %19 = kernel.weight "final_norm" index 19 at 14720 : <"f32", "vector", 1 x 1 x 32>
    %20 = kernel.buffer : <8 x "table", "all">
    kernel.rope_table %20 {inverse_frequencies = array<f32: 1.000000e+00, 0.316227764, 1.000000e-01, 0.0316227786>} : <8 x "table", "all">
    %21 = kernel.buffer : <32 x "f32", "all">
    %22 = kernel.buffer : <32 x "packed_i8", "all">
    kernel.rows "all" ins(%arg0, %0, %1 : tensor<?xi32>, !kernel.weight<"q6", "panel", 1 x 96 x 32>, !kernel.weight<"f32", "vector", 1 x 1 x 32>) outs(%21, %22 : !kernel.buffer<32 x "f32", "all">, !kernel.buffer<32 x "packed_i8", "all">) {
    ^bb0(%arg1: tensor<?xi32>, %arg2: tensor<96x32xf32>, %arg3: tensor<32xf32>):
      %55 = gemma.embed %arg1, %arg2 : tensor<?xi32>, tensor<96x32xf32> -> tensor<?x32xf32>
      %56 = gemma.rms_norm %55 weight %arg3 eps 3.000000e-02 : tensor<?x32xf32>, tensor<32xf32> -> tensor<?x32xf32>
      %57 = gemma.pack %56 : tensor<?x32xf32> -> <32 x "i8", "all">
      kernel.yield %55, %57 : tensor<?x32xf32>, !gemma.packed<32 x "i8", "all">
    }
    %23 = kernel.buffer : <32 x "f32", "all">
    %24 = kernel.buffer : <16 x "f32", "all">
    %25 = kernel.cache at 0 : <"values", "bf16", 2 x 8, slots 64 ring 0>
    %26 = kernel.buffer : <16 x "f32", "all">
    kernel.project "all" ins(%22, %2, %3, %4 : !kernel.buffer<32 x "packed_i8", "all">, !kernel.weight<"q4", "panel", 1 x 32 x 32>, !kernel.weight<"q4", "panel", 1 x 16 x 32>, !kernel.weight<"q4", "panel", 1 x 16 x 32>) outs(%23, %24, %26 : !kernel.buffer<32 x "f32", "all">, !kernel.buffer<16 x "f32", "all">, !kernel.buffer<16 x "f32", "all">) {
    ^bb0(%arg1: !gemma.packed<32 x "i8", "all">, %arg2: tensor<32x32xf32>, %arg3: tensor<16x32xf32>, %arg4: tensor<16x32xf32>):
      %55 = gemma.project %arg1, %arg2 : !gemma.packed<32 x "i8", "all">, tensor<32x32xf32> -> tensor<?x32xf32>
      %56 = gemma.project %arg1, %arg3 : !gemma.packed<32 x "i8", "all">, tensor<16x32xf32> -> tensor<?x16xf32>
      %57 = gemma.project %arg1, %arg4 : !gemma.packed<32 x "i8", "all">, tensor<16x32xf32> -> tensor<?x16xf32>
      kernel.yield %55, %56, %57 : tensor<?x32xf32>, tensor<?x16xf32>, tensor<?x16xf32>
    }
    %27 = kernel.buffer : <32 x "f32", "all">
    %28 = kernel.cache at 8192 : <"keys", "bf16", 2 x 8, slots 64 ring 0>
    kernel.rows "all" ins(%23, %24, %26, %20 : !kernel.buffer<32 x "f32", "all">, !kernel.buffer<16 x "f32", "all">, !kernel.buffer<16 x "f32", "all">, !kernel.buffer<8 x "table", "all">) outs(%27, %28, %25 : !kernel.buffer<32 x "f32", "all">, !kernel.cache<"keys", "bf16", 2 x 8, slots 64 ring 0>, !kernel.cache<"values", "bf16", 2 x 8, slots 64 ring 0>) {
    ^bb0(%arg1: tensor<?x32xf32>, %arg2: tensor<?x16xf32>, %arg3: tensor<?x16xf32>, %arg4: tensor<?x8xf32>):
      %55 = gemma.rope %arg1 head_dim 8 pairs 4 theta 1.000000e+02 denominator 8 {table = 3 : i64} : tensor<?x32xf32> -> tensor<?x32xf32>
      %56 = gemma.rope %arg2 head_dim 8 pairs 4 theta 1.000000e+02 denominator 8 {table = 3 : i64} : tensor<?x16xf32> -> tensor<?x16xf32>
      kernel.yield %55, %56, %arg3 : tensor<?x32xf32>, tensor<?x16xf32>, tensor<?x16xf32>
    }
    %29 = kernel.buffer : <32 x "f32", "all">
    kernel.attention "all" ins(%27, %28, %25 : !kernel.buffer<32 x "f32", "all">, !kernel.cache<"keys", "bf16", 2 x 8, slots 64 ring 0>, !kernel.cache<"values", "bf16", 2 x 8, slots 64 ring 0>) outs(%29 : !kernel.buffer<32 x "f32", "all">) {
    ^bb0(%arg1: tensor<?x32xf32>, %arg2: tensor<?x16xf32>, %arg3: tensor<?x16xf32>):
      %55 = gemma.attention %arg1, %arg2, %arg3 heads 4 kv_heads 2 head_dim 8 scale 0.35355339059327379 : tensor<?x32xf32>, tensor<?x16xf32>, tensor<?x16xf32> -> tensor<?x32xf32>
      kernel.yield %55 : tensor<?x32xf32>
    }
    %30 = kernel.buffer : <32 x "packed_i8", "all">
    kernel.rows "all" ins(%29 : !kernel.buffer<32 x "f32", "all">) outs(%30 : !kernel.buffer<32 x "packed_i8", "all">) {
    ^bb0(%arg1: tensor<?x32xf32>):
      %55 = gemma.pack %arg1 : tensor<?x32xf32> -> <32 x "i8", "all">
      kernel.yield %55 : !gemma.packed<32 x "i8", "all">
    }
    %31 = kernel.buffer : <32 x "f32", "all">
    kernel.project "all" ins(%30, %5, %21 : !kernel.buffer<32 x "packed_i8", "all">, !kernel.weight<"q4", "panel", 1 x 32 x 32>, !kernel.buffer<32 x "f32", "all">) outs(%31 : !kernel.buffer<32 x "f32", "all">) {
    ^bb0(%arg1: !gemma.packed<32 x "i8", "all">, %arg2: tensor<32x32xf32>, %arg3: tensor<?x32xf32>):
      %55 = gemma.project %arg1, %arg2 : !gemma.packed<32 x "i8", "all">, tensor<32x32xf32> -> tensor<?x32xf32>
      %56 = gemma.add %arg3, %55 : tensor<?x32xf32>, tensor<?x32xf32> -> tensor<?x32xf32>
      kernel.yield %56 : tensor<?x32xf32>
    }
    %32 = kernel.buffer : <32 x "packed_i8", "all">
    kernel.rows "all" ins(%31, %6 : !kernel.buffer<32 x "f32", "all">, !kernel.weight<"f32", "vector", 1 x 1 x 32>) outs(%32 : !kernel.buffer<32 x "packed_i8", "all">) {
    ^bb0(%arg1: tensor<?x32xf32>, %arg2: tensor<32xf32>):
      %55 = gemma.rms_norm %arg1 weight %arg2 eps 3.000000e-02 : tensor<?x32xf32>, tensor<32xf32> -> tensor<?x32xf32>
      %56 = gemma.pack %55 : tensor<?x32xf32> -> <32 x "i8", "all">
      kernel.yield %56 : !gemma.packed<32 x "i8", "all">
    }
    %33 = kernel.buffer : <48 x "packed_i8", "all">
    kernel.project "all" ins(%32, %7, %8 : !kernel.buffer<32 x "packed_i8", "all">, !kernel.weight<"q4", "panel", 1 x 48 x 32>, !kernel.weight<"q4", "panel", 1 x 48 x 32>) outs(%33 : !kernel.buffer<48 x "packed_i8", "all">) {
    ^bb0(%arg1: !gemma.packed<32 x "i8", "all">, %arg2: tensor<48x32xf32>, %arg3: tensor<48x32xf32>):
      %55 = gemma.project %arg1, %arg2 : !gemma.packed<32 x "i8", "all">, tensor<48x32xf32> -> tensor<?x48xf32>
      %56 = gemma.project %arg1, %arg3 : !gemma.packed<32 x "i8", "all">, tensor<48x32xf32> -> tensor<?x48xf32>
      %57 = gemma.gated %55, %56 "silu" : tensor<?x48xf32>, tensor<?x48xf32> -> tensor<?x48xf32>
      %58 = gemma.pack %57 : tensor<?x48xf32> -> <48 x "i8", "all">
      kernel.yield %58 : !gemma.packed<48 x "i8", "all">
    }
    %34 = kernel.buffer : <32 x "f32", "all">
    kernel.project "all" ins(%33, %9, %31 : !kernel.buffer<48 x "packed_i8", "all">, !kernel.weight<"q4", "panel", 1 x 32 x 48>, !kernel.buffer<32 x "f32", "all">) outs(%34 : !kernel.buffer<32 x "f32", "all">) {
    ^bb0(%arg1: !gemma.packed<48 x "i8", "all">, %arg2: tensor<32x48xf32>, %arg3: tensor<?x32xf32>):
      %55 = gemma.project %arg1, %arg2 : !gemma.packed<48 x "i8", "all">, tensor<32x48xf32> -> tensor<?x32xf32>
      %56 = gemma.add %arg3, %55 : tensor<?x32xf32>, tensor<?x32xf32> -> tensor<?x32xf32>
      kernel.yield %56 : tensor<?x32xf32>
    }
    %35 = kernel.buffer : <32 x "f32", "last">
    kernel.rows "last" ins(%34 : !kernel.buffer<32 x "f32", "all">) outs(%35 : !kernel.buffer<32 x "f32", "last">) {
    ^bb0(%arg1: tensor<?x32xf32>):
      %55 = gemma.last_rows %arg1 : tensor<?x32xf32> -> tensor<?x32xf32, "last">
      kernel.yield %55 : tensor<?x32xf32, "last">
    }
    %36 = kernel.buffer at 0 external "hidden" : <32 x "f32", "last">
    kernel.tap %34 into %36 of 64 : <32 x "f32", "all"> into <32 x "f32", "last">
    %37 = kernel.buffer : <32 x "f32", "all">
    %38 = kernel.buffer : <32 x "packed_i8", "all">
    kernel.rows "all" ins(%34, %10 : !kernel.buffer<32 x "f32", "all">, !kernel.weight<"f32", "vector", 1 x 1 x 32>) outs(%37, %38 : !kernel.buffer<32 x "f32", "all">, !kernel.buffer<32 x "packed_i8", "all">) {
    ^bb0(%arg1: tensor<?x32xf32>, %arg2: tensor<32xf32>):
      %55 = gemma.rms_norm %arg1 weight %arg2 eps 3.000000e-02 : tensor<?x32xf32>, tensor<32xf32> -> tensor<?x32xf32>
      %56 = gemma.pack %55 : tensor<?x32xf32> -> <32 x "i8", "all">
      kernel.yield %55, %56 : tensor<?x32xf32>, !gemma.packed<32 x "i8", "all">
    }
    %39 = kernel.buffer : <32 x "packed_i8", "last">
    kernel.rows "last" ins(%37 : !kernel.buffer<32 x "f32", "all">) outs(%39 : !kernel.buffer<32 x "packed_i8", "last">) {
    ^bb0(%arg1: tensor<?x32xf32>):
      %55 = gemma.last_rows %arg1 : tensor<?x32xf32> -> tensor<?x32xf32, "last">
      %56 = gemma.pack %55 : tensor<?x32xf32, "last"> -> <32 x "i8", "last">
      kernel.yield %56 : !gemma.packed<32 x "i8", "last">
    }
    %40 = kernel.buffer : <32 x "f32", "last">
    kernel.project "last" ins(%39, %11 : !kernel.buffer<32 x "packed_i8", "last">, !kernel.weight<"q4", "panel", 1 x 32 x 32>) outs(%40 : !kernel.buffer<32 x "f32", "last">) {
    ^bb0(%arg1: !gemma.packed<32 x "i8", "last">, %arg2: tensor<32x32xf32>):
      %55 = gemma.project %arg1, %arg2 : !gemma.packed<32 x "i8", "last">, tensor<32x32xf32> -> tensor<?x32xf32, "last">
      kernel.yield %55 : tensor<?x32xf32, "last">
    }
    %41 = kernel.buffer : <32 x "f32", "last">
    kernel.rows "last" ins(%40, %20 : !kernel.buffer<32 x "f32", "last">, !kernel.buffer<8 x "table", "all">) outs(%41 : !kernel.buffer<32 x "f32", "last">) {
    ^bb0(%arg1: tensor<?x32xf32, "last">, %arg2: tensor<?x8xf32>):
      %55 = gemma.rope %arg1 head_dim 8 pairs 4 theta 1.000000e+02 denominator 8 {table = 1 : i64} : tensor<?x32xf32, "last"> -> tensor<?x32xf32, "last">
      kernel.yield %55 : tensor<?x32xf32, "last">
    }
    %42 = kernel.buffer : <16 x "f32", "all">
    %43 = kernel.cache at 16384 : <"values", "bf16", 2 x 8, slots 64 ring 0>
    %44 = kernel.buffer : <16 x "f32", "all">
    kernel.project "all" ins(%38, %12, %13 : !kernel.buffer<32 x "packed_i8", "all">, !kernel.weight<"q4", "panel", 1 x 16 x 32>, !kernel.weight<"q4", "panel", 1 x 16 x 32>) outs(%42, %44 : !kernel.buffer<16 x "f32", "all">, !kernel.buffer<16 x "f32", "all">) {
    ^bb0(%arg1: !gemma.packed<32 x "i8", "all">, %arg2: tensor<16x32xf32>, %arg3: tensor<16x32xf32>):
      %55 = gemma.project %arg1, %arg2 : !gemma.packed<32 x "i8", "all">, tensor<16x32xf32> -> tensor<?x16xf32>
      %56 = gemma.project %arg1, %arg3 : !gemma.packed<32 x "i8", "all">, tensor<16x32xf32> -> tensor<?x16xf32>
      kernel.yield %55, %56 : tensor<?x16xf32>, tensor<?x16xf32>
    }
    %45 = kernel.cache at 24576 : <"keys", "bf16", 2 x 8, slots 64 ring 0>
    kernel.rows "all" ins(%42, %44, %20 : !kernel.buffer<16 x "f32", "all">, !kernel.buffer<16 x "f32", "all">, !kernel.buffer<8 x "table", "all">) outs(%45, %43 : !kernel.cache<"keys", "bf16", 2 x 8, slots 64 ring 0>, !kernel.cache<"values", "bf16", 2 x 8, slots 64 ring 0>) {
    ^bb0(%arg1: tensor<?x16xf32>, %arg2: tensor<?x16xf32>, %arg3: tensor<?x8xf32>):
      %55 = gemma.rope %arg1 head_dim 8 pairs 4 theta 1.000000e+02 denominator 8 {table = 2 : i64} : tensor<?x16xf32> -> tensor<?x16xf32>
      kernel.yield %55, %arg2 : tensor<?x16xf32>, tensor<?x16xf32>
    }
    %46 = kernel.buffer : <32 x "f32", "last">
    kernel.attention "last" ins(%41, %45, %43 : !kernel.buffer<32 x "f32", "last">, !kernel.cache<"keys", "bf16", 2 x 8, slots 64 ring 0>, !kernel.cache<"values", "bf16", 2 x 8, slots 64 ring 0>) outs(%46 : !kernel.buffer<32 x "f32", "last">) {
    ^bb0(%arg1: tensor<?x32xf32, "last">, %arg2: tensor<?x16xf32>, %arg3: tensor<?x16xf32>):
      %55 = gemma.attention %arg1, %arg2, %arg3 heads 4 kv_heads 2 head_dim 8 scale 0.35355339059327379 : tensor<?x32xf32, "last">, tensor<?x16xf32>, tensor<?x16xf32> -> tensor<?x32xf32, "last">
      kernel.yield %55 : tensor<?x32xf32, "last">
    }
    %47 = kernel.buffer : <32 x "packed_i8", "last">
    kernel.rows "last" ins(%46 : !kernel.buffer<32 x "f32", "last">) outs(%47 : !kernel.buffer<32 x "packed_i8", "last">) {
    ^bb0(%arg1: tensor<?x32xf32, "last">):
      %55 = gemma.pack %arg1 : tensor<?x32xf32, "last"> -> <32 x "i8", "last">
      kernel.yield %55 : !gemma.packed<32 x "i8", "last">
    }
    %48 = kernel.buffer : <32 x "f32", "last">
    kernel.project "last" ins(%47, %14, %35 : !kernel.buffer<32 x "packed_i8", "last">, !kernel.weight<"q4", "panel", 1 x 32 x 32>, !kernel.buffer<32 x "f32", "last">) outs(%48 : !kernel.buffer<32 x "f32", "last">) {
    ^bb0(%arg1: !gemma.packed<32 x "i8", "last">, %arg2: tensor<32x32xf32>, %arg3: tensor<?x32xf32, "last">):
      %55 = gemma.project %arg1, %arg2 : !gemma.packed<32 x "i8", "last">, tensor<32x32xf32> -> tensor<?x32xf32, "last">
      %56 = gemma.add %arg3, %55 : tensor<?x32xf32, "last">, tensor<?x32xf32, "last"> -> tensor<?x32xf32, "last">
      kernel.yield %56 : tensor<?x32xf32, "last">
    }
    %49 = kernel.buffer : <32 x "packed_i8", "last">
    kernel.rows "last" ins(%48, %15 : !kernel.buffer<32 x "f32", "last">, !kernel.weight<"f32", "vector", 1 x 1 x 32>) outs(%49 : !kernel.buffer<32 x "packed_i8", "last">) {
    ^bb0(%arg1: tensor<?x32xf32, "last">, %arg2: tensor<32xf32>):
      %55 = gemma.rms_norm %arg1 weight %arg2 eps 3.000000e-02 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
      %56 = gemma.pack %55 : tensor<?x32xf32, "last"> -> <32 x "i8", "last">
      kernel.yield %56 : !gemma.packed<32 x "i8", "last">
    }
    %50 = kernel.buffer : <48 x "packed_i8", "last">
    kernel.project "last" ins(%49, %16, %17 : !kernel.buffer<32 x "packed_i8", "last">, !kernel.weight<"q4", "panel", 1 x 48 x 32>, !kernel.weight<"q4", "panel", 1 x 48 x 32>) outs(%50 : !kernel.buffer<48 x "packed_i8", "last">) {
    ^bb0(%arg1: !gemma.packed<32 x "i8", "last">, %arg2: tensor<48x32xf32>, %arg3: tensor<48x32xf32>):
      %55 = gemma.project %arg1, %arg2 : !gemma.packed<32 x "i8", "last">, tensor<48x32xf32> -> tensor<?x48xf32, "last">
      %56 = gemma.project %arg1, %arg3 : !gemma.packed<32 x "i8", "last">, tensor<48x32xf32> -> tensor<?x48xf32, "last">
      %57 = gemma.gated %55, %56 "silu" : tensor<?x48xf32, "last">, tensor<?x48xf32, "last"> -> tensor<?x48xf32, "last">
      %58 = gemma.pack %57 : tensor<?x48xf32, "last"> -> <48 x "i8", "last">
      kernel.yield %58 : !gemma.packed<48 x "i8", "last">
    }
    %51 = kernel.buffer : <32 x "f32", "last">
    kernel.project "last" ins(%50, %18, %48 : !kernel.buffer<48 x "packed_i8", "last">, !kernel.weight<"q4", "panel", 1 x 32 x 48>, !kernel.buffer<32 x "f32", "last">) outs(%51 : !kernel.buffer<32 x "f32", "last">) {
    ^bb0(%arg1: !gemma.packed<48 x "i8", "last">, %arg2: tensor<32x48xf32>, %arg3: tensor<?x32xf32, "last">):
      %55 = gemma.project %arg1, %arg2 : !gemma.packed<48 x "i8", "last">, tensor<32x48xf32> -> tensor<?x32xf32, "last">
      %56 = gemma.add %arg3, %55 : tensor<?x32xf32, "last">, tensor<?x32xf32, "last"> -> tensor<?x32xf32, "last">
      kernel.yield %56 : tensor<?x32xf32, "last">
    }
    %52 = kernel.buffer at 128 external "hidden" : <32 x "f32", "last">
    kernel.tap %51 into %52 of 64 : <32 x "f32", "last"> into <32 x "f32", "last">
    %53 = kernel.buffer : <32 x "packed_i8", "last">
    kernel.rows "last" ins(%51, %19 : !kernel.buffer<32 x "f32", "last">, !kernel.weight<"f32", "vector", 1 x 1 x 32>) outs(%53 : !kernel.buffer<32 x "packed_i8", "last">) {
    ^bb0(%arg1: tensor<?x32xf32, "last">, %arg2: tensor<32xf32>):
      %55 = gemma.rms_norm %arg1 weight %arg2 eps 3.000000e-02 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
      %56 = gemma.pack %55 : tensor<?x32xf32, "last"> -> <32 x "i8", "last">
      kernel.yield %56 : !gemma.packed<32 x "i8", "last">
    }
    %54 = kernel.buffer external "logits" : <96 x "f32", "last">
    kernel.project "last" ins(%53, %0 : !kernel.buffer<32 x "packed_i8", "last">, !kernel.weight<"q6", "panel", 1 x 96 x 32>) outs(%54 : !kernel.buffer<96 x "f32", "last">) {
    ^bb0(%arg1: !gemma.packed<32 x "i8", "last">, %arg2: tensor<96x32xf32>):
      %55 = gemma.project %arg1, %arg2 : !gemma.packed<32 x "i8", "last">, tensor<96x32xf32> -> tensor<?x96xf32, "last">
      kernel.yield %55 : tensor<?x96xf32, "last">
    }
    return
  }
}

