module @"llama-checkpoint" {
  func.func @forward(%arg0: tensor<?xi32>) -> tensor<?x96xf32, "last"> {
    %0 = gemma.weight "embed" index 0 floor "q6" format "q6" {kept_format = "bf16"} : tensor<96x32xf32>
    %1 = gemma.weight "layers.0.attn_norm" index 1 format "f32" {kept_format = "bf16"} : tensor<32xf32>
    %2 = gemma.weight "layers.0.q_proj" index 2 format "q4" {kept_format = "bf16"} : tensor<32x32xf32>
    %3 = gemma.weight "layers.0.k_proj" index 3 format "q4" {kept_format = "bf16"} : tensor<16x32xf32>
    %4 = gemma.weight "layers.0.v_proj" index 4 format "q4" {kept_format = "bf16"} : tensor<16x32xf32>
    %5 = gemma.weight "layers.0.o_proj" index 5 format "q4" {kept_format = "bf16"} : tensor<32x32xf32>
    %6 = gemma.weight "layers.0.ffn_norm" index 6 format "f32" {kept_format = "bf16"} : tensor<32xf32>
    %7 = gemma.weight "layers.0.gate_proj" index 7 format "q4" {kept_format = "bf16"} : tensor<48x32xf32>
    %8 = gemma.weight "layers.0.up_proj" index 8 format "q4" {kept_format = "bf16"} : tensor<48x32xf32>
    %9 = gemma.weight "layers.0.down_proj" index 9 format "q4" {kept_format = "bf16"} : tensor<32x48xf32>
    %10 = gemma.weight "layers.1.attn_norm" index 10 format "f32" {kept_format = "bf16"} : tensor<32xf32>
    %11 = gemma.weight "layers.1.q_proj" index 11 format "q4" {kept_format = "bf16"} : tensor<32x32xf32>
    %12 = gemma.weight "layers.1.k_proj" index 12 format "q4" {kept_format = "bf16"} : tensor<16x32xf32>
    %13 = gemma.weight "layers.1.v_proj" index 13 format "q4" {kept_format = "bf16"} : tensor<16x32xf32>
    %14 = gemma.weight "layers.1.o_proj" index 14 format "q4" {kept_format = "bf16"} : tensor<32x32xf32>
    %15 = gemma.weight "layers.1.ffn_norm" index 15 format "f32" {kept_format = "bf16"} : tensor<32xf32>
    %16 = gemma.weight "layers.1.gate_proj" index 16 format "q4" {kept_format = "bf16"} : tensor<48x32xf32>
    %17 = gemma.weight "layers.1.up_proj" index 17 format "q4" {kept_format = "bf16"} : tensor<48x32xf32>
    %18 = gemma.weight "layers.1.down_proj" index 18 format "q4" {kept_format = "bf16"} : tensor<32x48xf32>
    %19 = gemma.weight "final_norm" index 19 format "f32" {kept_format = "bf16"} : tensor<32xf32>
    %20:2 = gemma.phase "rows" -> tensor<?x32xf32>, !gemma.packed<32 x "i8", "all"> {
      %44 = gemma.embed %arg0, %0 : tensor<?xi32>, tensor<96x32xf32> -> tensor<?x32xf32>
      %45 = gemma.rms_norm %44 weight %1 eps 3.000000e-02 : tensor<?x32xf32>, tensor<32xf32> -> tensor<?x32xf32>
      %46 = gemma.pack %45 : tensor<?x32xf32> -> <32 x "i8", "all">
      gemma.yield %44, %46 : tensor<?x32xf32>, !gemma.packed<32 x "i8", "all">
    }
    %21:3 = gemma.phase "project" -> tensor<?x32xf32>, tensor<?x16xf32>, tensor<?x16xf32> {
      %44 = gemma.project %20#1, %2 : !gemma.packed<32 x "i8", "all">, tensor<32x32xf32> -> tensor<?x32xf32>
      %45 = gemma.project %20#1, %3 : !gemma.packed<32 x "i8", "all">, tensor<16x32xf32> -> tensor<?x16xf32>
      %46 = gemma.project %20#1, %4 : !gemma.packed<32 x "i8", "all">, tensor<16x32xf32> -> tensor<?x16xf32>
      gemma.yield %44, %45, %46 : tensor<?x32xf32>, tensor<?x16xf32>, tensor<?x16xf32>
    }
    %22:2 = gemma.phase "rows" -> tensor<?x32xf32>, tensor<?x16xf32> {
      %44 = gemma.rope %21#0 head_dim 8 pairs 4 theta 1.000000e+02 denominator 8 : tensor<?x32xf32> -> tensor<?x32xf32>
      %45 = gemma.rope %21#1 head_dim 8 pairs 4 theta 1.000000e+02 denominator 8 : tensor<?x16xf32> -> tensor<?x16xf32>
      gemma.yield %44, %45 : tensor<?x32xf32>, tensor<?x16xf32>
    }
    %23 = gemma.phase "attention" -> tensor<?x32xf32> {
      %44 = gemma.attention %22#0, %22#1, %21#2 heads 4 kv_heads 2 head_dim 8 scale 0.35355339059327379 : tensor<?x32xf32>, tensor<?x16xf32>, tensor<?x16xf32> -> tensor<?x32xf32>
      gemma.yield %44 : tensor<?x32xf32>
    }
    %24 = gemma.phase "rows" -> !gemma.packed<32 x "i8", "all"> {
      %44 = gemma.pack %23 : tensor<?x32xf32> -> <32 x "i8", "all">
      gemma.yield %44 : !gemma.packed<32 x "i8", "all">
    }
    %25 = gemma.phase "project" -> tensor<?x32xf32> {
      %44 = gemma.project %24, %5 : !gemma.packed<32 x "i8", "all">, tensor<32x32xf32> -> tensor<?x32xf32>
      %45 = gemma.add %20#0, %44 : tensor<?x32xf32>, tensor<?x32xf32> -> tensor<?x32xf32>
      gemma.yield %45 : tensor<?x32xf32>
    }
    %26 = gemma.phase "rows" -> !gemma.packed<32 x "i8", "all"> {
      %44 = gemma.rms_norm %25 weight %6 eps 3.000000e-02 : tensor<?x32xf32>, tensor<32xf32> -> tensor<?x32xf32>
      %45 = gemma.pack %44 : tensor<?x32xf32> -> <32 x "i8", "all">
      gemma.yield %45 : !gemma.packed<32 x "i8", "all">
    }
    %27 = gemma.phase "project" -> !gemma.packed<48 x "i8", "all"> {
      %44 = gemma.project %26, %7 : !gemma.packed<32 x "i8", "all">, tensor<48x32xf32> -> tensor<?x48xf32>
      %45 = gemma.project %26, %8 : !gemma.packed<32 x "i8", "all">, tensor<48x32xf32> -> tensor<?x48xf32>
      %46 = gemma.gated %44, %45 "silu" : tensor<?x48xf32>, tensor<?x48xf32> -> tensor<?x48xf32>
      %47 = gemma.pack %46 : tensor<?x48xf32> -> <48 x "i8", "all">
      gemma.yield %47 : !gemma.packed<48 x "i8", "all">
    }
    %28 = gemma.phase "project" -> tensor<?x32xf32> {
      %44 = gemma.project %27, %9 : !gemma.packed<48 x "i8", "all">, tensor<32x48xf32> -> tensor<?x32xf32>
      %45 = gemma.add %25, %44 : tensor<?x32xf32>, tensor<?x32xf32> -> tensor<?x32xf32>
      gemma.yield %45 : tensor<?x32xf32>
    }
    %29 = gemma.phase "rows" -> tensor<?x32xf32, "last"> {
      %44 = gemma.last_rows %28 : tensor<?x32xf32> -> tensor<?x32xf32, "last">
      gemma.yield %44 : tensor<?x32xf32, "last">
    }
    gemma.phase "tap" {
      gemma.tap %28 at 0 : tensor<?x32xf32>
      gemma.yield
    }
    %30:2 = gemma.phase "rows" -> tensor<?x32xf32>, !gemma.packed<32 x "i8", "all"> {
      %44 = gemma.rms_norm %28 weight %10 eps 3.000000e-02 : tensor<?x32xf32>, tensor<32xf32> -> tensor<?x32xf32>
      %45 = gemma.pack %44 : tensor<?x32xf32> -> <32 x "i8", "all">
      gemma.yield %44, %45 : tensor<?x32xf32>, !gemma.packed<32 x "i8", "all">
    }
    %31 = gemma.phase "rows" -> !gemma.packed<32 x "i8", "last"> {
      %44 = gemma.last_rows %30#0 : tensor<?x32xf32> -> tensor<?x32xf32, "last">
      %45 = gemma.pack %44 : tensor<?x32xf32, "last"> -> <32 x "i8", "last">
      gemma.yield %45 : !gemma.packed<32 x "i8", "last">
    }
    %32 = gemma.phase "project" -> tensor<?x32xf32, "last"> {
      %44 = gemma.project %31, %11 : !gemma.packed<32 x "i8", "last">, tensor<32x32xf32> -> tensor<?x32xf32, "last">
      gemma.yield %44 : tensor<?x32xf32, "last">
    }
    %33 = gemma.phase "rows" -> tensor<?x32xf32, "last"> {
      %44 = gemma.rope %32 head_dim 8 pairs 4 theta 1.000000e+02 denominator 8 : tensor<?x32xf32, "last"> -> tensor<?x32xf32, "last">
      gemma.yield %44 : tensor<?x32xf32, "last">
    }
    %34:2 = gemma.phase "project" -> tensor<?x16xf32>, tensor<?x16xf32> {
      %44 = gemma.project %30#1, %12 : !gemma.packed<32 x "i8", "all">, tensor<16x32xf32> -> tensor<?x16xf32>
      %45 = gemma.project %30#1, %13 : !gemma.packed<32 x "i8", "all">, tensor<16x32xf32> -> tensor<?x16xf32>
      gemma.yield %44, %45 : tensor<?x16xf32>, tensor<?x16xf32>
    }
    %35 = gemma.phase "rows" -> tensor<?x16xf32> {
      %44 = gemma.rope %34#0 head_dim 8 pairs 4 theta 1.000000e+02 denominator 8 : tensor<?x16xf32> -> tensor<?x16xf32>
      gemma.yield %44 : tensor<?x16xf32>
    }
    %36 = gemma.phase "attention" -> tensor<?x32xf32, "last"> {
      %44 = gemma.attention %33, %35, %34#1 heads 4 kv_heads 2 head_dim 8 scale 0.35355339059327379 : tensor<?x32xf32, "last">, tensor<?x16xf32>, tensor<?x16xf32> -> tensor<?x32xf32, "last">
      gemma.yield %44 : tensor<?x32xf32, "last">
    }
    %37 = gemma.phase "rows" -> !gemma.packed<32 x "i8", "last"> {
      %44 = gemma.pack %36 : tensor<?x32xf32, "last"> -> <32 x "i8", "last">
      gemma.yield %44 : !gemma.packed<32 x "i8", "last">
    }
    %38 = gemma.phase "project" -> tensor<?x32xf32, "last"> {
      %44 = gemma.project %37, %14 : !gemma.packed<32 x "i8", "last">, tensor<32x32xf32> -> tensor<?x32xf32, "last">
      %45 = gemma.add %29, %44 : tensor<?x32xf32, "last">, tensor<?x32xf32, "last"> -> tensor<?x32xf32, "last">
      gemma.yield %45 : tensor<?x32xf32, "last">
    }
    %39 = gemma.phase "rows" -> !gemma.packed<32 x "i8", "last"> {
      %44 = gemma.rms_norm %38 weight %15 eps 3.000000e-02 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
      %45 = gemma.pack %44 : tensor<?x32xf32, "last"> -> <32 x "i8", "last">
      gemma.yield %45 : !gemma.packed<32 x "i8", "last">
    }
    %40 = gemma.phase "project" -> !gemma.packed<48 x "i8", "last"> {
      %44 = gemma.project %39, %16 : !gemma.packed<32 x "i8", "last">, tensor<48x32xf32> -> tensor<?x48xf32, "last">
      %45 = gemma.project %39, %17 : !gemma.packed<32 x "i8", "last">, tensor<48x32xf32> -> tensor<?x48xf32, "last">
      %46 = gemma.gated %44, %45 "silu" : tensor<?x48xf32, "last">, tensor<?x48xf32, "last"> -> tensor<?x48xf32, "last">
      %47 = gemma.pack %46 : tensor<?x48xf32, "last"> -> <48 x "i8", "last">
      gemma.yield %47 : !gemma.packed<48 x "i8", "last">
    }
    %41 = gemma.phase "project" -> tensor<?x32xf32, "last"> {
      %44 = gemma.project %40, %18 : !gemma.packed<48 x "i8", "last">, tensor<32x48xf32> -> tensor<?x32xf32, "last">
      %45 = gemma.add %38, %44 : tensor<?x32xf32, "last">, tensor<?x32xf32, "last"> -> tensor<?x32xf32, "last">
      gemma.yield %45 : tensor<?x32xf32, "last">
    }
    gemma.phase "tap" {
      gemma.tap %41 at 32 : tensor<?x32xf32, "last">
      gemma.yield
    }
    %42 = gemma.phase "rows" -> !gemma.packed<32 x "i8", "last"> {
      %44 = gemma.rms_norm %41 weight %19 eps 3.000000e-02 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
      %45 = gemma.pack %44 : tensor<?x32xf32, "last"> -> <32 x "i8", "last">
      gemma.yield %45 : !gemma.packed<32 x "i8", "last">
    }
    %43 = gemma.phase "project" -> tensor<?x96xf32, "last"> {
      %44 = gemma.project %42, %0 : !gemma.packed<32 x "i8", "last">, tensor<96x32xf32> -> tensor<?x96xf32, "last">
      gemma.yield %44 : tensor<?x96xf32, "last">
    }
    return %43 : tensor<?x96xf32, "last">
  }
}

