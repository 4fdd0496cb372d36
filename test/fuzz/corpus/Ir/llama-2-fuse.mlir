module @"llama-checkpoint" {
  func.func @forward(%arg0: tensor<?xi32>) -> tensor<?x96xf32, "last"> {
    %0 = gemma.weight "embed" index 0 floor "q6" {kept_format = "bf16"} : tensor<96x32xf32>
    %1 = gemma.weight "layers.0.attn_norm" index 1 {kept_format = "bf16"} : tensor<32xf32>
    %2 = gemma.weight "layers.0.q_proj" index 2 {kept_format = "bf16"} : tensor<32x32xf32>
    %3 = gemma.weight "layers.0.k_proj" index 3 {kept_format = "bf16"} : tensor<16x32xf32>
    %4 = gemma.weight "layers.0.v_proj" index 4 {kept_format = "bf16"} : tensor<16x32xf32>
    %5 = gemma.weight "layers.0.o_proj" index 5 {kept_format = "bf16"} : tensor<32x32xf32>
    %6 = gemma.weight "layers.0.ffn_norm" index 6 {kept_format = "bf16"} : tensor<32xf32>
    %7 = gemma.weight "layers.0.gate_proj" index 7 {kept_format = "bf16"} : tensor<48x32xf32>
    %8 = gemma.weight "layers.0.up_proj" index 8 {kept_format = "bf16"} : tensor<48x32xf32>
    %9 = gemma.weight "layers.0.down_proj" index 9 {kept_format = "bf16"} : tensor<32x48xf32>
    %10 = gemma.weight "layers.1.attn_norm" index 10 {kept_format = "bf16"} : tensor<32xf32>
    %11 = gemma.weight "layers.1.q_proj" index 11 {kept_format = "bf16"} : tensor<32x32xf32>
    %12 = gemma.weight "layers.1.k_proj" index 12 {kept_format = "bf16"} : tensor<16x32xf32>
    %13 = gemma.weight "layers.1.v_proj" index 13 {kept_format = "bf16"} : tensor<16x32xf32>
    %14 = gemma.weight "layers.1.o_proj" index 14 {kept_format = "bf16"} : tensor<32x32xf32>
    %15 = gemma.weight "layers.1.ffn_norm" index 15 {kept_format = "bf16"} : tensor<32xf32>
    %16 = gemma.weight "layers.1.gate_proj" index 16 {kept_format = "bf16"} : tensor<48x32xf32>
    %17 = gemma.weight "layers.1.up_proj" index 17 {kept_format = "bf16"} : tensor<48x32xf32>
    %18 = gemma.weight "layers.1.down_proj" index 18 {kept_format = "bf16"} : tensor<32x48xf32>
    %19 = gemma.weight "final_norm" index 19 {kept_format = "bf16"} : tensor<32xf32>
    %20:2 = gemma.phase "rows" -> tensor<?x32xf32>, tensor<?x32xf32> {
      %42 = gemma.embed %arg0, %0 : tensor<?xi32>, tensor<96x32xf32> -> tensor<?x32xf32>
      %43 = gemma.rms_norm %42 weight %1 eps 3.000000e-02 : tensor<?x32xf32>, tensor<32xf32> -> tensor<?x32xf32>
      gemma.yield %42, %43 : tensor<?x32xf32>, tensor<?x32xf32>
    }
    %21:3 = gemma.phase "project" -> tensor<?x32xf32>, tensor<?x16xf32>, tensor<?x16xf32> {
      %42 = gemma.project %20#1, %2 : tensor<?x32xf32>, tensor<32x32xf32> -> tensor<?x32xf32>
      %43 = gemma.project %20#1, %3 : tensor<?x32xf32>, tensor<16x32xf32> -> tensor<?x16xf32>
      %44 = gemma.project %20#1, %4 : tensor<?x32xf32>, tensor<16x32xf32> -> tensor<?x16xf32>
      gemma.yield %42, %43, %44 : tensor<?x32xf32>, tensor<?x16xf32>, tensor<?x16xf32>
    }
    %22:2 = gemma.phase "rows" -> tensor<?x32xf32>, tensor<?x16xf32> {
      %42 = gemma.rope %21#0 head_dim 8 pairs 4 theta 1.000000e+02 denominator 8 : tensor<?x32xf32> -> tensor<?x32xf32>
      %43 = gemma.rope %21#1 head_dim 8 pairs 4 theta 1.000000e+02 denominator 8 : tensor<?x16xf32> -> tensor<?x16xf32>
      gemma.yield %42, %43 : tensor<?x32xf32>, tensor<?x16xf32>
    }
    %23 = gemma.phase "attention" -> tensor<?x32xf32> {
      %42 = gemma.attention %22#0, %22#1, %21#2 heads 4 kv_heads 2 head_dim 8 scale 0.35355339059327379 : tensor<?x32xf32>, tensor<?x16xf32>, tensor<?x16xf32> -> tensor<?x32xf32>
      gemma.yield %42 : tensor<?x32xf32>
    }
    %24 = gemma.phase "project" -> tensor<?x32xf32> {
      %42 = gemma.project %23, %5 : tensor<?x32xf32>, tensor<32x32xf32> -> tensor<?x32xf32>
      %43 = gemma.add %20#0, %42 : tensor<?x32xf32>, tensor<?x32xf32> -> tensor<?x32xf32>
      gemma.yield %43 : tensor<?x32xf32>
    }
    %25 = gemma.phase "rows" -> tensor<?x32xf32> {
      %42 = gemma.rms_norm %24 weight %6 eps 3.000000e-02 : tensor<?x32xf32>, tensor<32xf32> -> tensor<?x32xf32>
      gemma.yield %42 : tensor<?x32xf32>
    }
    %26 = gemma.phase "project" -> tensor<?x48xf32> {
      %42 = gemma.project %25, %7 : tensor<?x32xf32>, tensor<48x32xf32> -> tensor<?x48xf32>
      %43 = gemma.project %25, %8 : tensor<?x32xf32>, tensor<48x32xf32> -> tensor<?x48xf32>
      %44 = gemma.gated %42, %43 "silu" : tensor<?x48xf32>, tensor<?x48xf32> -> tensor<?x48xf32>
      gemma.yield %44 : tensor<?x48xf32>
    }
    %27 = gemma.phase "project" -> tensor<?x32xf32> {
      %42 = gemma.project %26, %9 : tensor<?x48xf32>, tensor<32x48xf32> -> tensor<?x32xf32>
      %43 = gemma.add %24, %42 : tensor<?x32xf32>, tensor<?x32xf32> -> tensor<?x32xf32>
      gemma.yield %43 : tensor<?x32xf32>
    }
    %28 = gemma.phase "rows" -> tensor<?x32xf32, "last"> {
      %42 = gemma.last_rows %27 : tensor<?x32xf32> -> tensor<?x32xf32, "last">
      gemma.yield %42 : tensor<?x32xf32, "last">
    }
    gemma.phase "tap" {
      gemma.tap %27 at 0 : tensor<?x32xf32>
      gemma.yield
    }
    %29 = gemma.phase "rows" -> tensor<?x32xf32> {
      %42 = gemma.rms_norm %27 weight %10 eps 3.000000e-02 : tensor<?x32xf32>, tensor<32xf32> -> tensor<?x32xf32>
      gemma.yield %42 : tensor<?x32xf32>
    }
    %30 = gemma.phase "rows" -> tensor<?x32xf32, "last"> {
      %42 = gemma.last_rows %29 : tensor<?x32xf32> -> tensor<?x32xf32, "last">
      gemma.yield %42 : tensor<?x32xf32, "last">
    }
    %31 = gemma.phase "project" -> tensor<?x32xf32, "last"> {
      %42 = gemma.project %30, %11 : tensor<?x32xf32, "last">, tensor<32x32xf32> -> tensor<?x32xf32, "last">
      gemma.yield %42 : tensor<?x32xf32, "last">
    }
    %32 = gemma.phase "rows" -> tensor<?x32xf32, "last"> {
      %42 = gemma.rope %31 head_dim 8 pairs 4 theta 1.000000e+02 denominator 8 : tensor<?x32xf32, "last"> -> tensor<?x32xf32, "last">
      gemma.yield %42 : tensor<?x32xf32, "last">
    }
    %33:2 = gemma.phase "project" -> tensor<?x16xf32>, tensor<?x16xf32> {
      %42 = gemma.project %29, %12 : tensor<?x32xf32>, tensor<16x32xf32> -> tensor<?x16xf32>
      %43 = gemma.project %29, %13 : tensor<?x32xf32>, tensor<16x32xf32> -> tensor<?x16xf32>
      gemma.yield %42, %43 : tensor<?x16xf32>, tensor<?x16xf32>
    }
    %34 = gemma.phase "rows" -> tensor<?x16xf32> {
      %42 = gemma.rope %33#0 head_dim 8 pairs 4 theta 1.000000e+02 denominator 8 : tensor<?x16xf32> -> tensor<?x16xf32>
      gemma.yield %42 : tensor<?x16xf32>
    }
    %35 = gemma.phase "attention" -> tensor<?x32xf32, "last"> {
      %42 = gemma.attention %32, %34, %33#1 heads 4 kv_heads 2 head_dim 8 scale 0.35355339059327379 : tensor<?x32xf32, "last">, tensor<?x16xf32>, tensor<?x16xf32> -> tensor<?x32xf32, "last">
      gemma.yield %42 : tensor<?x32xf32, "last">
    }
    %36 = gemma.phase "project" -> tensor<?x32xf32, "last"> {
      %42 = gemma.project %35, %14 : tensor<?x32xf32, "last">, tensor<32x32xf32> -> tensor<?x32xf32, "last">
      %43 = gemma.add %28, %42 : tensor<?x32xf32, "last">, tensor<?x32xf32, "last"> -> tensor<?x32xf32, "last">
      gemma.yield %43 : tensor<?x32xf32, "last">
    }
    %37 = gemma.phase "rows" -> tensor<?x32xf32, "last"> {
      %42 = gemma.rms_norm %36 weight %15 eps 3.000000e-02 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
      gemma.yield %42 : tensor<?x32xf32, "last">
    }
    %38 = gemma.phase "project" -> tensor<?x48xf32, "last"> {
      %42 = gemma.project %37, %16 : tensor<?x32xf32, "last">, tensor<48x32xf32> -> tensor<?x48xf32, "last">
      %43 = gemma.project %37, %17 : tensor<?x32xf32, "last">, tensor<48x32xf32> -> tensor<?x48xf32, "last">
      %44 = gemma.gated %42, %43 "silu" : tensor<?x48xf32, "last">, tensor<?x48xf32, "last"> -> tensor<?x48xf32, "last">
      gemma.yield %44 : tensor<?x48xf32, "last">
    }
    %39 = gemma.phase "project" -> tensor<?x32xf32, "last"> {
      %42 = gemma.project %38, %18 : tensor<?x48xf32, "last">, tensor<32x48xf32> -> tensor<?x32xf32, "last">
      %43 = gemma.add %36, %42 : tensor<?x32xf32, "last">, tensor<?x32xf32, "last"> -> tensor<?x32xf32, "last">
      gemma.yield %43 : tensor<?x32xf32, "last">
    }
    gemma.phase "tap" {
      gemma.tap %39 at 32 : tensor<?x32xf32, "last">
      gemma.yield
    }
    %40 = gemma.phase "rows" -> tensor<?x32xf32, "last"> {
      %42 = gemma.rms_norm %39 weight %19 eps 3.000000e-02 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
      gemma.yield %42 : tensor<?x32xf32, "last">
    }
    %41 = gemma.phase "project" -> tensor<?x96xf32, "last"> {
      %42 = gemma.project %40, %0 : tensor<?x32xf32, "last">, tensor<96x32xf32> -> tensor<?x96xf32, "last">
      gemma.yield %42 : tensor<?x96xf32, "last">
    }
    return %41 : tensor<?x96xf32, "last">
  }
}

