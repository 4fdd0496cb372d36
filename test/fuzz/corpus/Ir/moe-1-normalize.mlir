module @"gemma4-checkpoint" {
  func.func @forward(%arg0: tensor<?xi32>) -> tensor<?x192xf32, "last"> {
    %0 = gemma.weight "embed" index 0 floor "q6" {kept_format = "bf16"} : tensor<192x32xf32>
    %1 = gemma.weight "ple_table" index 1 floor "q8" {kept_format = "bf16"} : tensor<192x128xf32>
    %2 = gemma.weight "ple_projection" index 2 {kept_format = "bf16"} : tensor<128x32xf32>
    %3 = gemma.weight "ple_norm" index 3 {kept_format = "bf16"} : tensor<32xf32>
    %4 = gemma.weight "layers.0.attn_norm" index 4 {kept_format = "bf16"} : tensor<32xf32>
    %5 = gemma.weight "layers.0.q_proj" index 5 {kept_format = "bf16"} : tensor<64x32xf32>
    %6 = gemma.weight "layers.0.q_norm" index 6 {kept_format = "bf16"} : tensor<16xf32>
    %7 = gemma.weight "layers.0.k_proj" index 7 {kept_format = "bf16"} : tensor<32x32xf32>
    %8 = gemma.weight "layers.0.k_norm" index 8 {kept_format = "bf16"} : tensor<16xf32>
    %9 = gemma.weight "layers.0.v_proj" index 9 {kept_format = "bf16"} : tensor<32x32xf32>
    %10 = gemma.weight "layers.0.o_proj" index 10 {kept_format = "bf16"} : tensor<32x64xf32>
    %11 = gemma.weight "layers.0.post_attn_norm" index 11 {kept_format = "bf16"} : tensor<32xf32>
    %12 = gemma.weight "layers.0.ffn_norm" index 12 {kept_format = "bf16"} : tensor<32xf32>
    %13 = gemma.weight "layers.0.gate_proj" index 13 {kept_format = "bf16"} : tensor<64x32xf32>
    %14 = gemma.weight "layers.0.up_proj" index 14 {kept_format = "bf16"} : tensor<64x32xf32>
    %15 = gemma.weight "layers.0.down_proj" index 15 {kept_format = "bf16"} : tensor<32x64xf32>
    %16 = gemma.weight "layers.0.post_dense_norm" index 16 {kept_format = "bf16"} : tensor<32xf32>
    %17 = gemma.weight "layers.0.router_scale" index 17 {kept_format = "bf16"} : tensor<32xf32>
    %18 = gemma.weight "layers.0.router" index 18 floor "f32" {kept_format = "bf16"} : tensor<8x32xf32>
    %19 = gemma.weight "layers.0.router_expert_scale" index 19 {kept_format = "bf16"} : tensor<8xf32>
    %20 = gemma.weight "layers.0.expert_norm" index 20 {kept_format = "bf16"} : tensor<32xf32>
    %21 = gemma.weight "layers.0.experts_gate_up" index 21 {kept_format = "bf16"} : tensor<8x32x32xf32>
    %22 = gemma.weight "layers.0.experts_down" index 22 {kept_format = "bf16"} : tensor<8x32x16xf32>
    %23 = gemma.weight "layers.0.post_expert_norm" index 23 {kept_format = "bf16"} : tensor<32xf32>
    %24 = gemma.weight "layers.0.post_ffn_norm" index 24 {kept_format = "bf16"} : tensor<32xf32>
    %25 = gemma.weight "layers.0.ple_gate" index 25 {kept_format = "bf16"} : tensor<32x32xf32>
    %26 = gemma.weight "layers.0.ple_proj" index 26 {kept_format = "bf16"} : tensor<32x32xf32>
    %27 = gemma.weight "layers.0.post_ple_norm" index 27 {kept_format = "bf16"} : tensor<32xf32>
    %28 = gemma.weight "layers.0.layer_scalar" index 28 {kept_format = "bf16"} : tensor<1xf32>
    %29 = gemma.weight "layers.1.attn_norm" index 29 {kept_format = "bf16"} : tensor<32xf32>
    %30 = gemma.weight "layers.1.q_proj" index 30 {kept_format = "bf16"} : tensor<128x32xf32>
    %31 = gemma.weight "layers.1.q_norm" index 31 {kept_format = "bf16"} : tensor<32xf32>
    %32 = gemma.weight "layers.1.k_proj" index 32 {kept_format = "bf16"} : tensor<64x32xf32>
    %33 = gemma.weight "layers.1.k_norm" index 33 {kept_format = "bf16"} : tensor<32xf32>
    %34 = gemma.weight "layers.1.v_proj" index 34 {kept_format = "bf16"} : tensor<64x32xf32>
    %35 = gemma.weight "layers.1.o_proj" index 35 {kept_format = "bf16"} : tensor<32x128xf32>
    %36 = gemma.weight "layers.1.post_attn_norm" index 36 {kept_format = "bf16"} : tensor<32xf32>
    %37 = gemma.weight "layers.1.ffn_norm" index 37 {kept_format = "bf16"} : tensor<32xf32>
    %38 = gemma.weight "layers.1.gate_proj" index 38 {kept_format = "bf16"} : tensor<64x32xf32>
    %39 = gemma.weight "layers.1.up_proj" index 39 {kept_format = "bf16"} : tensor<64x32xf32>
    %40 = gemma.weight "layers.1.down_proj" index 40 {kept_format = "bf16"} : tensor<32x64xf32>
    %41 = gemma.weight "layers.1.post_dense_norm" index 41 {kept_format = "bf16"} : tensor<32xf32>
    %42 = gemma.weight "layers.1.router_scale" index 42 {kept_format = "bf16"} : tensor<32xf32>
    %43 = gemma.weight "layers.1.router" index 43 floor "f32" {kept_format = "bf16"} : tensor<8x32xf32>
    %44 = gemma.weight "layers.1.router_expert_scale" index 44 {kept_format = "bf16"} : tensor<8xf32>
    %45 = gemma.weight "layers.1.expert_norm" index 45 {kept_format = "bf16"} : tensor<32xf32>
    %46 = gemma.weight "layers.1.experts_gate_up" index 46 {kept_format = "bf16"} : tensor<8x32x32xf32>
    %47 = gemma.weight "layers.1.experts_down" index 47 {kept_format = "bf16"} : tensor<8x32x16xf32>
    %48 = gemma.weight "layers.1.post_expert_norm" index 48 {kept_format = "bf16"} : tensor<32xf32>
    %49 = gemma.weight "layers.1.post_ffn_norm" index 49 {kept_format = "bf16"} : tensor<32xf32>
    %50 = gemma.weight "layers.1.ple_gate" index 50 {kept_format = "bf16"} : tensor<32x32xf32>
    %51 = gemma.weight "layers.1.ple_proj" index 51 {kept_format = "bf16"} : tensor<32x32xf32>
    %52 = gemma.weight "layers.1.post_ple_norm" index 52 {kept_format = "bf16"} : tensor<32xf32>
    %53 = gemma.weight "layers.1.layer_scalar" index 53 {kept_format = "bf16"} : tensor<1xf32>
    %54 = gemma.weight "layers.2.attn_norm" index 54 {kept_format = "bf16"} : tensor<32xf32>
    %55 = gemma.weight "layers.2.q_proj" index 55 {kept_format = "bf16"} : tensor<64x32xf32>
    %56 = gemma.weight "layers.2.q_norm" index 56 {kept_format = "bf16"} : tensor<16xf32>
    %57 = gemma.weight "layers.2.o_proj" index 57 {kept_format = "bf16"} : tensor<32x64xf32>
    %58 = gemma.weight "layers.2.post_attn_norm" index 58 {kept_format = "bf16"} : tensor<32xf32>
    %59 = gemma.weight "layers.2.ffn_norm" index 59 {kept_format = "bf16"} : tensor<32xf32>
    %60 = gemma.weight "layers.2.gate_proj" index 60 {kept_format = "bf16"} : tensor<64x32xf32>
    %61 = gemma.weight "layers.2.up_proj" index 61 {kept_format = "bf16"} : tensor<64x32xf32>
    %62 = gemma.weight "layers.2.down_proj" index 62 {kept_format = "bf16"} : tensor<32x64xf32>
    %63 = gemma.weight "layers.2.post_dense_norm" index 63 {kept_format = "bf16"} : tensor<32xf32>
    %64 = gemma.weight "layers.2.router_scale" index 64 {kept_format = "bf16"} : tensor<32xf32>
    %65 = gemma.weight "layers.2.router" index 65 floor "f32" {kept_format = "bf16"} : tensor<8x32xf32>
    %66 = gemma.weight "layers.2.router_expert_scale" index 66 {kept_format = "bf16"} : tensor<8xf32>
    %67 = gemma.weight "layers.2.expert_norm" index 67 {kept_format = "bf16"} : tensor<32xf32>
    %68 = gemma.weight "layers.2.experts_gate_up" index 68 {kept_format = "bf16"} : tensor<8x32x32xf32>
    %69 = gemma.weight "layers.2.experts_down" index 69 {kept_format = "bf16"} : tensor<8x32x16xf32>
    %70 = gemma.weight "layers.2.post_expert_norm" index 70 {kept_format = "bf16"} : tensor<32xf32>
    %71 = gemma.weight "layers.2.post_ffn_norm" index 71 {kept_format = "bf16"} : tensor<32xf32>
    %72 = gemma.weight "layers.2.ple_gate" index 72 {kept_format = "bf16"} : tensor<32x32xf32>
    %73 = gemma.weight "layers.2.ple_proj" index 73 {kept_format = "bf16"} : tensor<32x32xf32>
    %74 = gemma.weight "layers.2.post_ple_norm" index 74 {kept_format = "bf16"} : tensor<32xf32>
    %75 = gemma.weight "layers.2.layer_scalar" index 75 {kept_format = "bf16"} : tensor<1xf32>
    %76 = gemma.weight "layers.3.attn_norm" index 76 {kept_format = "bf16"} : tensor<32xf32>
    %77 = gemma.weight "layers.3.q_proj" index 77 {kept_format = "bf16"} : tensor<128x32xf32>
    %78 = gemma.weight "layers.3.q_norm" index 78 {kept_format = "bf16"} : tensor<32xf32>
    %79 = gemma.weight "layers.3.o_proj" index 79 {kept_format = "bf16"} : tensor<32x128xf32>
    %80 = gemma.weight "layers.3.post_attn_norm" index 80 {kept_format = "bf16"} : tensor<32xf32>
    %81 = gemma.weight "layers.3.ffn_norm" index 81 {kept_format = "bf16"} : tensor<32xf32>
    %82 = gemma.weight "layers.3.gate_proj" index 82 {kept_format = "bf16"} : tensor<64x32xf32>
    %83 = gemma.weight "layers.3.up_proj" index 83 {kept_format = "bf16"} : tensor<64x32xf32>
    %84 = gemma.weight "layers.3.down_proj" index 84 {kept_format = "bf16"} : tensor<32x64xf32>
    %85 = gemma.weight "layers.3.post_dense_norm" index 85 {kept_format = "bf16"} : tensor<32xf32>
    %86 = gemma.weight "layers.3.router_scale" index 86 {kept_format = "bf16"} : tensor<32xf32>
    %87 = gemma.weight "layers.3.router" index 87 floor "f32" {kept_format = "bf16"} : tensor<8x32xf32>
    %88 = gemma.weight "layers.3.router_expert_scale" index 88 {kept_format = "bf16"} : tensor<8xf32>
    %89 = gemma.weight "layers.3.expert_norm" index 89 {kept_format = "bf16"} : tensor<32xf32>
    %90 = gemma.weight "layers.3.experts_gate_up" index 90 {kept_format = "bf16"} : tensor<8x32x32xf32>
    %91 = gemma.weight "layers.3.experts_down" index 91 {kept_format = "bf16"} : tensor<8x32x16xf32>
    %92 = gemma.weight "layers.3.post_expert_norm" index 92 {kept_format = "bf16"} : tensor<32xf32>
    %93 = gemma.weight "layers.3.post_ffn_norm" index 93 {kept_format = "bf16"} : tensor<32xf32>
    %94 = gemma.weight "layers.3.ple_gate" index 94 {kept_format = "bf16"} : tensor<32x32xf32>
    %95 = gemma.weight "layers.3.ple_proj" index 95 {kept_format = "bf16"} : tensor<32x32xf32>
    %96 = gemma.weight "layers.3.post_ple_norm" index 96 {kept_format = "bf16"} : tensor<32xf32>
    %97 = gemma.weight "layers.3.layer_scalar" index 97 {kept_format = "bf16"} : tensor<1xf32>
    %98 = gemma.weight "final_norm" index 98 {kept_format = "bf16"} : tensor<32xf32>
    %99 = gemma.embed %arg0, %0 scale 5.6568542494923806 : tensor<?xi32>, tensor<192x32xf32> -> tensor<?x32xf32>
    %100 = gemma.embed %arg0, %1 scale 5.6568542494923806 : tensor<?xi32>, tensor<192x128xf32> -> tensor<?x128xf32>
    %101 = gemma.project %99, %2 : tensor<?x32xf32>, tensor<128x32xf32> -> tensor<?x128xf32>
    %102 = gemma.rms_norm %101 weight %3 eps 3.1999999999999992E-5 group 32 : tensor<?x128xf32>, tensor<32xf32> -> tensor<?x128xf32>
    %103 = gemma.add %102, %100 : tensor<?x128xf32>, tensor<?x128xf32> -> tensor<?x128xf32>
    %104 = gemma.scale %103 by 0.70710678118654757 : tensor<?x128xf32> -> tensor<?x128xf32>
    %105 = gemma.last_rows %104 : tensor<?x128xf32> -> tensor<?x128xf32, "last">
    %106 = gemma.rms_norm %99 weight %4 eps 9.9999999999999995E-7 : tensor<?x32xf32>, tensor<32xf32> -> tensor<?x32xf32>
    %107 = gemma.project %106, %5 : tensor<?x32xf32>, tensor<64x32xf32> -> tensor<?x64xf32>
    %108 = gemma.rms_norm %107 weight %6 eps 9.9999999999999995E-7 group 16 : tensor<?x64xf32>, tensor<16xf32> -> tensor<?x64xf32>
    %109 = gemma.rope %108 head_dim 16 pairs 8 theta 1.000000e+04 denominator 16 : tensor<?x64xf32> -> tensor<?x64xf32>
    %110 = gemma.project %106, %7 : tensor<?x32xf32>, tensor<32x32xf32> -> tensor<?x32xf32>
    %111 = gemma.rms_norm %110 weight %8 eps 9.9999999999999995E-7 group 16 : tensor<?x32xf32>, tensor<16xf32> -> tensor<?x32xf32>
    %112 = gemma.rope %111 head_dim 16 pairs 8 theta 1.000000e+04 denominator 16 : tensor<?x32xf32> -> tensor<?x32xf32>
    %113 = gemma.project %106, %9 : tensor<?x32xf32>, tensor<32x32xf32> -> tensor<?x32xf32>
    %114 = gemma.rms_norm %113 eps 9.9999999999999995E-7 group 16 : tensor<?x32xf32> -> tensor<?x32xf32>
    %115 = gemma.attention %109, %112, %114 heads 4 kv_heads 2 head_dim 16 scale 1.000000e+00 window 16 : tensor<?x64xf32>, tensor<?x32xf32>, tensor<?x32xf32> -> tensor<?x64xf32>
    %116 = gemma.project %115, %10 : tensor<?x64xf32>, tensor<32x64xf32> -> tensor<?x32xf32>
    %117 = gemma.rms_norm %116 weight %11 eps 9.9999999999999995E-7 : tensor<?x32xf32>, tensor<32xf32> -> tensor<?x32xf32>
    %118 = gemma.add %99, %117 : tensor<?x32xf32>, tensor<?x32xf32> -> tensor<?x32xf32>
    %119 = gemma.rms_norm %118 weight %12 eps 9.9999999999999995E-7 : tensor<?x32xf32>, tensor<32xf32> -> tensor<?x32xf32>
    %120 = gemma.project %119, %13 : tensor<?x32xf32>, tensor<64x32xf32> -> tensor<?x64xf32>
    %121 = gemma.project %119, %14 : tensor<?x32xf32>, tensor<64x32xf32> -> tensor<?x64xf32>
    %122 = gemma.gated %120, %121 "gelu_tanh" : tensor<?x64xf32>, tensor<?x64xf32> -> tensor<?x64xf32>
    %123 = gemma.project %122, %15 : tensor<?x64xf32>, tensor<32x64xf32> -> tensor<?x32xf32>
    %124 = gemma.rms_norm %123 weight %16 eps 9.9999999999999995E-7 : tensor<?x32xf32>, tensor<32xf32> -> tensor<?x32xf32>
    %125 = gemma.rms_norm %118 weight %17 eps 9.9999999999999995E-7 : tensor<?x32xf32>, tensor<32xf32> -> tensor<?x32xf32>
    %126 = gemma.scale %125 by 0.17677669529663689 : tensor<?x32xf32> -> tensor<?x32xf32>
    %127 = gemma.project %126, %18 : tensor<?x32xf32>, tensor<8x32xf32> -> tensor<?x8xf32>
    %128 = gemma.top_k %127, %19 : tensor<?x8xf32>, tensor<8xf32> -> <2 of 8, "all">
    %129 = gemma.rms_norm %118 weight %20 eps 9.9999999999999995E-7 : tensor<?x32xf32>, tensor<32xf32> -> tensor<?x32xf32>
    %130 = gemma.experts %129, %128, %21, %22 "gelu_tanh" : tensor<?x32xf32>, <2 of 8, "all">, tensor<8x32x32xf32>, tensor<8x32x16xf32> -> tensor<?x32xf32>
    %131 = gemma.rms_norm %130 weight %23 eps 9.9999999999999995E-7 : tensor<?x32xf32>, tensor<32xf32> -> tensor<?x32xf32>
    %132 = gemma.add %124, %131 : tensor<?x32xf32>, tensor<?x32xf32> -> tensor<?x32xf32>
    %133 = gemma.rms_norm %132 weight %24 eps 9.9999999999999995E-7 : tensor<?x32xf32>, tensor<32xf32> -> tensor<?x32xf32>
    %134 = gemma.add %118, %133 : tensor<?x32xf32>, tensor<?x32xf32> -> tensor<?x32xf32>
    %135 = gemma.project %134, %25 : tensor<?x32xf32>, tensor<32x32xf32> -> tensor<?x32xf32>
    %136 = gemma.slice %104 at 0 : tensor<?x128xf32> -> tensor<?x32xf32>
    %137 = gemma.gated %135, %136 "gelu_tanh" : tensor<?x32xf32>, tensor<?x32xf32> -> tensor<?x32xf32>
    %138 = gemma.project %137, %26 : tensor<?x32xf32>, tensor<32x32xf32> -> tensor<?x32xf32>
    %139 = gemma.rms_norm %138 weight %27 eps 9.9999999999999995E-7 : tensor<?x32xf32>, tensor<32xf32> -> tensor<?x32xf32>
    %140 = gemma.add %134, %139 : tensor<?x32xf32>, tensor<?x32xf32> -> tensor<?x32xf32>
    %141 = gemma.scale_by %140, %28 : tensor<?x32xf32>, tensor<1xf32> -> tensor<?x32xf32>
    %142 = gemma.last_rows %141 : tensor<?x32xf32> -> tensor<?x32xf32, "last">
    gemma.tap %141 at 0 : tensor<?x32xf32>
    %143 = gemma.rms_norm %141 weight %29 eps 9.9999999999999995E-7 : tensor<?x32xf32>, tensor<32xf32> -> tensor<?x32xf32>
    %144 = gemma.last_rows %143 : tensor<?x32xf32> -> tensor<?x32xf32, "last">
    %145 = gemma.project %144, %30 : tensor<?x32xf32, "last">, tensor<128x32xf32> -> tensor<?x128xf32, "last">
    %146 = gemma.rms_norm %145 weight %31 eps 9.9999999999999995E-7 group 32 : tensor<?x128xf32, "last">, tensor<32xf32> -> tensor<?x128xf32, "last">
    %147 = gemma.rope %146 head_dim 32 pairs 4 theta 1.000000e+06 denominator 32 : tensor<?x128xf32, "last"> -> tensor<?x128xf32, "last">
    %148 = gemma.project %143, %32 : tensor<?x32xf32>, tensor<64x32xf32> -> tensor<?x64xf32>
    %149 = gemma.rms_norm %148 weight %33 eps 9.9999999999999995E-7 group 32 : tensor<?x64xf32>, tensor<32xf32> -> tensor<?x64xf32>
    %150 = gemma.rope %149 head_dim 32 pairs 4 theta 1.000000e+06 denominator 32 : tensor<?x64xf32> -> tensor<?x64xf32>
    %151 = gemma.project %143, %34 : tensor<?x32xf32>, tensor<64x32xf32> -> tensor<?x64xf32>
    %152 = gemma.rms_norm %151 eps 9.9999999999999995E-7 group 32 : tensor<?x64xf32> -> tensor<?x64xf32>
    %153 = gemma.attention %147, %150, %152 heads 4 kv_heads 2 head_dim 32 scale 1.000000e+00 : tensor<?x128xf32, "last">, tensor<?x64xf32>, tensor<?x64xf32> -> tensor<?x128xf32, "last">
    %154 = gemma.project %153, %35 : tensor<?x128xf32, "last">, tensor<32x128xf32> -> tensor<?x32xf32, "last">
    %155 = gemma.rms_norm %154 weight %36 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
    %156 = gemma.add %142, %155 : tensor<?x32xf32, "last">, tensor<?x32xf32, "last"> -> tensor<?x32xf32, "last">
    %157 = gemma.rms_norm %156 weight %37 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
    %158 = gemma.project %157, %38 : tensor<?x32xf32, "last">, tensor<64x32xf32> -> tensor<?x64xf32, "last">
    %159 = gemma.project %157, %39 : tensor<?x32xf32, "last">, tensor<64x32xf32> -> tensor<?x64xf32, "last">
    %160 = gemma.gated %158, %159 "gelu_tanh" : tensor<?x64xf32, "last">, tensor<?x64xf32, "last"> -> tensor<?x64xf32, "last">
    %161 = gemma.project %160, %40 : tensor<?x64xf32, "last">, tensor<32x64xf32> -> tensor<?x32xf32, "last">
    %162 = gemma.rms_norm %161 weight %41 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
    %163 = gemma.rms_norm %156 weight %42 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
    %164 = gemma.scale %163 by 0.17677669529663689 : tensor<?x32xf32, "last"> -> tensor<?x32xf32, "last">
    %165 = gemma.project %164, %43 : tensor<?x32xf32, "last">, tensor<8x32xf32> -> tensor<?x8xf32, "last">
    %166 = gemma.top_k %165, %44 : tensor<?x8xf32, "last">, tensor<8xf32> -> <2 of 8, "last">
    %167 = gemma.rms_norm %156 weight %45 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
    %168 = gemma.experts %167, %166, %46, %47 "gelu_tanh" : tensor<?x32xf32, "last">, <2 of 8, "last">, tensor<8x32x32xf32>, tensor<8x32x16xf32> -> tensor<?x32xf32, "last">
    %169 = gemma.rms_norm %168 weight %48 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
    %170 = gemma.add %162, %169 : tensor<?x32xf32, "last">, tensor<?x32xf32, "last"> -> tensor<?x32xf32, "last">
    %171 = gemma.rms_norm %170 weight %49 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
    %172 = gemma.add %156, %171 : tensor<?x32xf32, "last">, tensor<?x32xf32, "last"> -> tensor<?x32xf32, "last">
    %173 = gemma.project %172, %50 : tensor<?x32xf32, "last">, tensor<32x32xf32> -> tensor<?x32xf32, "last">
    %174 = gemma.slice %105 at 32 : tensor<?x128xf32, "last"> -> tensor<?x32xf32, "last">
    %175 = gemma.gated %173, %174 "gelu_tanh" : tensor<?x32xf32, "last">, tensor<?x32xf32, "last"> -> tensor<?x32xf32, "last">
    %176 = gemma.project %175, %51 : tensor<?x32xf32, "last">, tensor<32x32xf32> -> tensor<?x32xf32, "last">
    %177 = gemma.rms_norm %176 weight %52 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
    %178 = gemma.add %172, %177 : tensor<?x32xf32, "last">, tensor<?x32xf32, "last"> -> tensor<?x32xf32, "last">
    %179 = gemma.scale_by %178, %53 : tensor<?x32xf32, "last">, tensor<1xf32> -> tensor<?x32xf32, "last">
    gemma.tap %179 at 32 : tensor<?x32xf32, "last">
    %180 = gemma.rms_norm %179 weight %54 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
    %181 = gemma.project %180, %55 : tensor<?x32xf32, "last">, tensor<64x32xf32> -> tensor<?x64xf32, "last">
    %182 = gemma.rms_norm %181 weight %56 eps 9.9999999999999995E-7 group 16 : tensor<?x64xf32, "last">, tensor<16xf32> -> tensor<?x64xf32, "last">
    %183 = gemma.rope %182 head_dim 16 pairs 8 theta 1.000000e+04 denominator 16 : tensor<?x64xf32, "last"> -> tensor<?x64xf32, "last">
    %184 = gemma.attention %183, %112, %114 heads 4 kv_heads 2 head_dim 16 scale 1.000000e+00 window 16 : tensor<?x64xf32, "last">, tensor<?x32xf32>, tensor<?x32xf32> -> tensor<?x64xf32, "last">
    %185 = gemma.project %184, %57 : tensor<?x64xf32, "last">, tensor<32x64xf32> -> tensor<?x32xf32, "last">
    %186 = gemma.rms_norm %185 weight %58 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
    %187 = gemma.add %179, %186 : tensor<?x32xf32, "last">, tensor<?x32xf32, "last"> -> tensor<?x32xf32, "last">
    %188 = gemma.rms_norm %187 weight %59 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
    %189 = gemma.project %188, %60 : tensor<?x32xf32, "last">, tensor<64x32xf32> -> tensor<?x64xf32, "last">
    %190 = gemma.project %188, %61 : tensor<?x32xf32, "last">, tensor<64x32xf32> -> tensor<?x64xf32, "last">
    %191 = gemma.gated %189, %190 "gelu_tanh" : tensor<?x64xf32, "last">, tensor<?x64xf32, "last"> -> tensor<?x64xf32, "last">
    %192 = gemma.project %191, %62 : tensor<?x64xf32, "last">, tensor<32x64xf32> -> tensor<?x32xf32, "last">
    %193 = gemma.rms_norm %192 weight %63 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
    %194 = gemma.rms_norm %187 weight %64 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
    %195 = gemma.scale %194 by 0.17677669529663689 : tensor<?x32xf32, "last"> -> tensor<?x32xf32, "last">
    %196 = gemma.project %195, %65 : tensor<?x32xf32, "last">, tensor<8x32xf32> -> tensor<?x8xf32, "last">
    %197 = gemma.top_k %196, %66 : tensor<?x8xf32, "last">, tensor<8xf32> -> <2 of 8, "last">
    %198 = gemma.rms_norm %187 weight %67 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
    %199 = gemma.experts %198, %197, %68, %69 "gelu_tanh" : tensor<?x32xf32, "last">, <2 of 8, "last">, tensor<8x32x32xf32>, tensor<8x32x16xf32> -> tensor<?x32xf32, "last">
    %200 = gemma.rms_norm %199 weight %70 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
    %201 = gemma.add %193, %200 : tensor<?x32xf32, "last">, tensor<?x32xf32, "last"> -> tensor<?x32xf32, "last">
    %202 = gemma.rms_norm %201 weight %71 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
    %203 = gemma.add %187, %202 : tensor<?x32xf32, "last">, tensor<?x32xf32, "last"> -> tensor<?x32xf32, "last">
    %204 = gemma.project %203, %72 : tensor<?x32xf32, "last">, tensor<32x32xf32> -> tensor<?x32xf32, "last">
    %205 = gemma.slice %105 at 64 : tensor<?x128xf32, "last"> -> tensor<?x32xf32, "last">
    %206 = gemma.gated %204, %205 "gelu_tanh" : tensor<?x32xf32, "last">, tensor<?x32xf32, "last"> -> tensor<?x32xf32, "last">
    %207 = gemma.project %206, %73 : tensor<?x32xf32, "last">, tensor<32x32xf32> -> tensor<?x32xf32, "last">
    %208 = gemma.rms_norm %207 weight %74 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
    %209 = gemma.add %203, %208 : tensor<?x32xf32, "last">, tensor<?x32xf32, "last"> -> tensor<?x32xf32, "last">
    %210 = gemma.scale_by %209, %75 : tensor<?x32xf32, "last">, tensor<1xf32> -> tensor<?x32xf32, "last">
    gemma.tap %210 at 64 : tensor<?x32xf32, "last">
    %211 = gemma.rms_norm %210 weight %76 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
    %212 = gemma.project %211, %77 : tensor<?x32xf32, "last">, tensor<128x32xf32> -> tensor<?x128xf32, "last">
    %213 = gemma.rms_norm %212 weight %78 eps 9.9999999999999995E-7 group 32 : tensor<?x128xf32, "last">, tensor<32xf32> -> tensor<?x128xf32, "last">
    %214 = gemma.rope %213 head_dim 32 pairs 4 theta 1.000000e+06 denominator 32 : tensor<?x128xf32, "last"> -> tensor<?x128xf32, "last">
    %215 = gemma.attention %214, %150, %152 heads 4 kv_heads 2 head_dim 32 scale 1.000000e+00 : tensor<?x128xf32, "last">, tensor<?x64xf32>, tensor<?x64xf32> -> tensor<?x128xf32, "last">
    %216 = gemma.project %215, %79 : tensor<?x128xf32, "last">, tensor<32x128xf32> -> tensor<?x32xf32, "last">
    %217 = gemma.rms_norm %216 weight %80 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
    %218 = gemma.add %210, %217 : tensor<?x32xf32, "last">, tensor<?x32xf32, "last"> -> tensor<?x32xf32, "last">
    %219 = gemma.rms_norm %218 weight %81 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
    %220 = gemma.project %219, %82 : tensor<?x32xf32, "last">, tensor<64x32xf32> -> tensor<?x64xf32, "last">
    %221 = gemma.project %219, %83 : tensor<?x32xf32, "last">, tensor<64x32xf32> -> tensor<?x64xf32, "last">
    %222 = gemma.gated %220, %221 "gelu_tanh" : tensor<?x64xf32, "last">, tensor<?x64xf32, "last"> -> tensor<?x64xf32, "last">
    %223 = gemma.project %222, %84 : tensor<?x64xf32, "last">, tensor<32x64xf32> -> tensor<?x32xf32, "last">
    %224 = gemma.rms_norm %223 weight %85 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
    %225 = gemma.rms_norm %218 weight %86 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
    %226 = gemma.scale %225 by 0.17677669529663689 : tensor<?x32xf32, "last"> -> tensor<?x32xf32, "last">
    %227 = gemma.project %226, %87 : tensor<?x32xf32, "last">, tensor<8x32xf32> -> tensor<?x8xf32, "last">
    %228 = gemma.top_k %227, %88 : tensor<?x8xf32, "last">, tensor<8xf32> -> <2 of 8, "last">
    %229 = gemma.rms_norm %218 weight %89 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
    %230 = gemma.experts %229, %228, %90, %91 "gelu_tanh" : tensor<?x32xf32, "last">, <2 of 8, "last">, tensor<8x32x32xf32>, tensor<8x32x16xf32> -> tensor<?x32xf32, "last">
    %231 = gemma.rms_norm %230 weight %92 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
    %232 = gemma.add %224, %231 : tensor<?x32xf32, "last">, tensor<?x32xf32, "last"> -> tensor<?x32xf32, "last">
    %233 = gemma.rms_norm %232 weight %93 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
    %234 = gemma.add %218, %233 : tensor<?x32xf32, "last">, tensor<?x32xf32, "last"> -> tensor<?x32xf32, "last">
    %235 = gemma.project %234, %94 : tensor<?x32xf32, "last">, tensor<32x32xf32> -> tensor<?x32xf32, "last">
    %236 = gemma.slice %105 at 96 : tensor<?x128xf32, "last"> -> tensor<?x32xf32, "last">
    %237 = gemma.gated %235, %236 "gelu_tanh" : tensor<?x32xf32, "last">, tensor<?x32xf32, "last"> -> tensor<?x32xf32, "last">
    %238 = gemma.project %237, %95 : tensor<?x32xf32, "last">, tensor<32x32xf32> -> tensor<?x32xf32, "last">
    %239 = gemma.rms_norm %238 weight %96 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
    %240 = gemma.add %234, %239 : tensor<?x32xf32, "last">, tensor<?x32xf32, "last"> -> tensor<?x32xf32, "last">
    %241 = gemma.scale_by %240, %97 : tensor<?x32xf32, "last">, tensor<1xf32> -> tensor<?x32xf32, "last">
    gemma.tap %241 at 96 : tensor<?x32xf32, "last">
    %242 = gemma.rms_norm %241 weight %98 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
    %243 = gemma.project %242, %0 : tensor<?x32xf32, "last">, tensor<192x32xf32> -> tensor<?x192xf32, "last">
    %244 = gemma.softcap %243 cap 3.000000e+01 : tensor<?x192xf32, "last"> -> tensor<?x192xf32, "last">
    return %244 : tensor<?x192xf32, "last">
  }
}

