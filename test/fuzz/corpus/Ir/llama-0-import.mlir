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
    %20 = gemma.embed %arg0, %0 : tensor<?xi32>, tensor<96x32xf32> -> tensor<?x32xf32>
    %21 = gemma.rms_norm %20 weight %1 eps 3.000000e-02 : tensor<?x32xf32>, tensor<32xf32> -> tensor<?x32xf32>
    %22 = gemma.project %21, %2 : tensor<?x32xf32>, tensor<32x32xf32> -> tensor<?x32xf32>
    %23 = gemma.rope %22 head_dim 8 pairs 4 theta 1.000000e+02 denominator 8 : tensor<?x32xf32> -> tensor<?x32xf32>
    %24 = gemma.project %21, %3 : tensor<?x32xf32>, tensor<16x32xf32> -> tensor<?x16xf32>
    %25 = gemma.rope %24 head_dim 8 pairs 4 theta 1.000000e+02 denominator 8 : tensor<?x16xf32> -> tensor<?x16xf32>
    %26 = gemma.project %21, %4 : tensor<?x32xf32>, tensor<16x32xf32> -> tensor<?x16xf32>
    %27 = gemma.attention %23, %25, %26 heads 4 kv_heads 2 head_dim 8 scale 0.35355339059327379 : tensor<?x32xf32>, tensor<?x16xf32>, tensor<?x16xf32> -> tensor<?x32xf32>
    %28 = gemma.project %27, %5 : tensor<?x32xf32>, tensor<32x32xf32> -> tensor<?x32xf32>
    %29 = gemma.add %20, %28 : tensor<?x32xf32>, tensor<?x32xf32> -> tensor<?x32xf32>
    %30 = gemma.rms_norm %29 weight %6 eps 3.000000e-02 : tensor<?x32xf32>, tensor<32xf32> -> tensor<?x32xf32>
    %31 = gemma.project %30, %7 : tensor<?x32xf32>, tensor<48x32xf32> -> tensor<?x48xf32>
    %32 = gemma.project %30, %8 : tensor<?x32xf32>, tensor<48x32xf32> -> tensor<?x48xf32>
    %33 = gemma.gated %31, %32 "silu" : tensor<?x48xf32>, tensor<?x48xf32> -> tensor<?x48xf32>
    %34 = gemma.project %33, %9 : tensor<?x48xf32>, tensor<32x48xf32> -> tensor<?x32xf32>
    %35 = gemma.add %29, %34 : tensor<?x32xf32>, tensor<?x32xf32> -> tensor<?x32xf32>
    gemma.tap %35 at 0 : tensor<?x32xf32>
    %36 = gemma.rms_norm %35 weight %10 eps 3.000000e-02 : tensor<?x32xf32>, tensor<32xf32> -> tensor<?x32xf32>
    %37 = gemma.project %36, %11 : tensor<?x32xf32>, tensor<32x32xf32> -> tensor<?x32xf32>
    %38 = gemma.rope %37 head_dim 8 pairs 4 theta 1.000000e+02 denominator 8 : tensor<?x32xf32> -> tensor<?x32xf32>
    %39 = gemma.project %36, %12 : tensor<?x32xf32>, tensor<16x32xf32> -> tensor<?x16xf32>
    %40 = gemma.rope %39 head_dim 8 pairs 4 theta 1.000000e+02 denominator 8 : tensor<?x16xf32> -> tensor<?x16xf32>
    %41 = gemma.project %36, %13 : tensor<?x32xf32>, tensor<16x32xf32> -> tensor<?x16xf32>
    %42 = gemma.attention %38, %40, %41 heads 4 kv_heads 2 head_dim 8 scale 0.35355339059327379 : tensor<?x32xf32>, tensor<?x16xf32>, tensor<?x16xf32> -> tensor<?x32xf32>
    %43 = gemma.project %42, %14 : tensor<?x32xf32>, tensor<32x32xf32> -> tensor<?x32xf32>
    %44 = gemma.add %35, %43 : tensor<?x32xf32>, tensor<?x32xf32> -> tensor<?x32xf32>
    %45 = gemma.rms_norm %44 weight %15 eps 3.000000e-02 : tensor<?x32xf32>, tensor<32xf32> -> tensor<?x32xf32>
    %46 = gemma.project %45, %16 : tensor<?x32xf32>, tensor<48x32xf32> -> tensor<?x48xf32>
    %47 = gemma.project %45, %17 : tensor<?x32xf32>, tensor<48x32xf32> -> tensor<?x48xf32>
    %48 = gemma.gated %46, %47 "silu" : tensor<?x48xf32>, tensor<?x48xf32> -> tensor<?x48xf32>
    %49 = gemma.project %48, %18 : tensor<?x48xf32>, tensor<32x48xf32> -> tensor<?x32xf32>
    %50 = gemma.add %44, %49 : tensor<?x32xf32>, tensor<?x32xf32> -> tensor<?x32xf32>
    gemma.tap %50 at 32 : tensor<?x32xf32>
    %51 = gemma.last_rows %50 : tensor<?x32xf32> -> tensor<?x32xf32, "last">
    %52 = gemma.rms_norm %51 weight %19 eps 3.000000e-02 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
    %53 = gemma.project %52, %0 : tensor<?x32xf32, "last">, tensor<96x32xf32> -> tensor<?x96xf32, "last">
    return %53 : tensor<?x96xf32, "last">
  }
}

