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
    %99:3 = gemma.phase "rows" -> tensor<?x32xf32>, tensor<?x128xf32>, tensor<?x32xf32> {
      %157 = gemma.embed %arg0, %0 scale 5.6568542494923806 : tensor<?xi32>, tensor<192x32xf32> -> tensor<?x32xf32>
      %158 = gemma.embed %arg0, %1 scale 5.6568542494923806 : tensor<?xi32>, tensor<192x128xf32> -> tensor<?x128xf32>
      %159 = gemma.rms_norm %157 weight %4 eps 9.9999999999999995E-7 : tensor<?x32xf32>, tensor<32xf32> -> tensor<?x32xf32>
      gemma.yield %157, %158, %159 : tensor<?x32xf32>, tensor<?x128xf32>, tensor<?x32xf32>
    }
    %100:4 = gemma.phase "project" -> tensor<?x128xf32>, tensor<?x64xf32>, tensor<?x32xf32>, tensor<?x32xf32> {
      %157 = gemma.project %99#0, %2 : tensor<?x32xf32>, tensor<128x32xf32> -> tensor<?x128xf32>
      %158 = gemma.project %99#2, %5 : tensor<?x32xf32>, tensor<64x32xf32> -> tensor<?x64xf32>
      %159 = gemma.project %99#2, %7 : tensor<?x32xf32>, tensor<32x32xf32> -> tensor<?x32xf32>
      %160 = gemma.project %99#2, %9 : tensor<?x32xf32>, tensor<32x32xf32> -> tensor<?x32xf32>
      gemma.yield %157, %158, %159, %160 : tensor<?x128xf32>, tensor<?x64xf32>, tensor<?x32xf32>, tensor<?x32xf32>
    }
    %101:4 = gemma.phase "rows" -> tensor<?x128xf32>, tensor<?x64xf32>, tensor<?x32xf32>, tensor<?x32xf32> {
      %157 = gemma.rms_norm %100#0 weight %3 eps 3.1999999999999992E-5 group 32 : tensor<?x128xf32>, tensor<32xf32> -> tensor<?x128xf32>
      %158 = gemma.add %157, %99#1 : tensor<?x128xf32>, tensor<?x128xf32> -> tensor<?x128xf32>
      %159 = gemma.scale %158 by 0.70710678118654757 : tensor<?x128xf32> -> tensor<?x128xf32>
      %160 = gemma.rms_norm %100#1 weight %6 eps 9.9999999999999995E-7 group 16 : tensor<?x64xf32>, tensor<16xf32> -> tensor<?x64xf32>
      %161 = gemma.rope %160 head_dim 16 pairs 8 theta 1.000000e+04 denominator 16 : tensor<?x64xf32> -> tensor<?x64xf32>
      %162 = gemma.rms_norm %100#2 weight %8 eps 9.9999999999999995E-7 group 16 : tensor<?x32xf32>, tensor<16xf32> -> tensor<?x32xf32>
      %163 = gemma.rope %162 head_dim 16 pairs 8 theta 1.000000e+04 denominator 16 : tensor<?x32xf32> -> tensor<?x32xf32>
      %164 = gemma.rms_norm %100#3 eps 9.9999999999999995E-7 group 16 : tensor<?x32xf32> -> tensor<?x32xf32>
      gemma.yield %159, %161, %163, %164 : tensor<?x128xf32>, tensor<?x64xf32>, tensor<?x32xf32>, tensor<?x32xf32>
    }
    %102 = gemma.phase "rows" -> tensor<?x128xf32, "last"> {
      %157 = gemma.last_rows %101#0 : tensor<?x128xf32> -> tensor<?x128xf32, "last">
      gemma.yield %157 : tensor<?x128xf32, "last">
    }
    %103 = gemma.phase "attention" -> tensor<?x64xf32> {
      %157 = gemma.attention %101#1, %101#2, %101#3 heads 4 kv_heads 2 head_dim 16 scale 1.000000e+00 window 16 : tensor<?x64xf32>, tensor<?x32xf32>, tensor<?x32xf32> -> tensor<?x64xf32>
      gemma.yield %157 : tensor<?x64xf32>
    }
    %104 = gemma.phase "project" -> tensor<?x32xf32> {
      %157 = gemma.project %103, %10 : tensor<?x64xf32>, tensor<32x64xf32> -> tensor<?x32xf32>
      gemma.yield %157 : tensor<?x32xf32>
    }
    %105:4 = gemma.phase "rows" -> tensor<?x32xf32>, tensor<?x32xf32>, tensor<?x32xf32>, tensor<?x32xf32> {
      %157 = gemma.rms_norm %104 weight %11 eps 9.9999999999999995E-7 : tensor<?x32xf32>, tensor<32xf32> -> tensor<?x32xf32>
      %158 = gemma.add %99#0, %157 : tensor<?x32xf32>, tensor<?x32xf32> -> tensor<?x32xf32>
      %159 = gemma.rms_norm %158 weight %12 eps 9.9999999999999995E-7 : tensor<?x32xf32>, tensor<32xf32> -> tensor<?x32xf32>
      %160 = gemma.rms_norm %158 weight %17 eps 9.9999999999999995E-7 : tensor<?x32xf32>, tensor<32xf32> -> tensor<?x32xf32>
      %161 = gemma.scale %160 by 0.17677669529663689 : tensor<?x32xf32> -> tensor<?x32xf32>
      %162 = gemma.rms_norm %158 weight %20 eps 9.9999999999999995E-7 : tensor<?x32xf32>, tensor<32xf32> -> tensor<?x32xf32>
      gemma.yield %158, %159, %161, %162 : tensor<?x32xf32>, tensor<?x32xf32>, tensor<?x32xf32>, tensor<?x32xf32>
    }
    %106:2 = gemma.phase "project" -> tensor<?x64xf32>, tensor<?x8xf32> {
      %157 = gemma.project %105#1, %13 : tensor<?x32xf32>, tensor<64x32xf32> -> tensor<?x64xf32>
      %158 = gemma.project %105#1, %14 : tensor<?x32xf32>, tensor<64x32xf32> -> tensor<?x64xf32>
      %159 = gemma.gated %157, %158 "gelu_tanh" : tensor<?x64xf32>, tensor<?x64xf32> -> tensor<?x64xf32>
      %160 = gemma.project %105#2, %18 : tensor<?x32xf32>, tensor<8x32xf32> -> tensor<?x8xf32>
      gemma.yield %159, %160 : tensor<?x64xf32>, tensor<?x8xf32>
    }
    %107 = gemma.phase "project" -> tensor<?x32xf32> {
      %157 = gemma.project %106#0, %15 : tensor<?x64xf32>, tensor<32x64xf32> -> tensor<?x32xf32>
      gemma.yield %157 : tensor<?x32xf32>
    }
    %108:2 = gemma.phase "rows" -> tensor<?x32xf32>, !gemma.routing<2 of 8, "all"> {
      %157 = gemma.rms_norm %107 weight %16 eps 9.9999999999999995E-7 : tensor<?x32xf32>, tensor<32xf32> -> tensor<?x32xf32>
      %158 = gemma.top_k %106#1, %19 : tensor<?x8xf32>, tensor<8xf32> -> <2 of 8, "all">
      gemma.yield %157, %158 : tensor<?x32xf32>, !gemma.routing<2 of 8, "all">
    }
    %109 = gemma.phase "experts" -> tensor<?x32xf32> {
      %157 = gemma.experts %105#3, %108#1, %21, %22 "gelu_tanh" : tensor<?x32xf32>, <2 of 8, "all">, tensor<8x32x32xf32>, tensor<8x32x16xf32> -> tensor<?x32xf32>
      gemma.yield %157 : tensor<?x32xf32>
    }
    %110 = gemma.phase "rows" -> tensor<?x32xf32> {
      %157 = gemma.rms_norm %109 weight %23 eps 9.9999999999999995E-7 : tensor<?x32xf32>, tensor<32xf32> -> tensor<?x32xf32>
      %158 = gemma.add %108#0, %157 : tensor<?x32xf32>, tensor<?x32xf32> -> tensor<?x32xf32>
      %159 = gemma.rms_norm %158 weight %24 eps 9.9999999999999995E-7 : tensor<?x32xf32>, tensor<32xf32> -> tensor<?x32xf32>
      %160 = gemma.add %105#0, %159 : tensor<?x32xf32>, tensor<?x32xf32> -> tensor<?x32xf32>
      gemma.yield %160 : tensor<?x32xf32>
    }
    %111 = gemma.phase "project" -> tensor<?x32xf32> {
      %157 = gemma.project %110, %25 : tensor<?x32xf32>, tensor<32x32xf32> -> tensor<?x32xf32>
      %158 = gemma.slice %101#0 at 0 : tensor<?x128xf32> -> tensor<?x32xf32>
      %159 = gemma.gated %157, %158 "gelu_tanh" : tensor<?x32xf32>, tensor<?x32xf32> -> tensor<?x32xf32>
      gemma.yield %159 : tensor<?x32xf32>
    }
    %112 = gemma.phase "project" -> tensor<?x32xf32> {
      %157 = gemma.project %111, %26 : tensor<?x32xf32>, tensor<32x32xf32> -> tensor<?x32xf32>
      gemma.yield %157 : tensor<?x32xf32>
    }
    %113:2 = gemma.phase "rows" -> tensor<?x32xf32>, tensor<?x32xf32> {
      %157 = gemma.rms_norm %112 weight %27 eps 9.9999999999999995E-7 : tensor<?x32xf32>, tensor<32xf32> -> tensor<?x32xf32>
      %158 = gemma.add %110, %157 : tensor<?x32xf32>, tensor<?x32xf32> -> tensor<?x32xf32>
      %159 = gemma.scale_by %158, %28 : tensor<?x32xf32>, tensor<1xf32> -> tensor<?x32xf32>
      %160 = gemma.rms_norm %159 weight %29 eps 9.9999999999999995E-7 : tensor<?x32xf32>, tensor<32xf32> -> tensor<?x32xf32>
      gemma.yield %159, %160 : tensor<?x32xf32>, tensor<?x32xf32>
    }
    %114:2 = gemma.phase "rows" -> tensor<?x32xf32, "last">, tensor<?x32xf32, "last"> {
      %157 = gemma.last_rows %113#0 : tensor<?x32xf32> -> tensor<?x32xf32, "last">
      %158 = gemma.last_rows %113#1 : tensor<?x32xf32> -> tensor<?x32xf32, "last">
      gemma.yield %157, %158 : tensor<?x32xf32, "last">, tensor<?x32xf32, "last">
    }
    gemma.phase "tap" {
      gemma.tap %113#0 at 0 : tensor<?x32xf32>
      gemma.yield
    }
    %115 = gemma.phase "project" -> tensor<?x128xf32, "last"> {
      %157 = gemma.project %114#1, %30 : tensor<?x32xf32, "last">, tensor<128x32xf32> -> tensor<?x128xf32, "last">
      gemma.yield %157 : tensor<?x128xf32, "last">
    }
    %116 = gemma.phase "rows" -> tensor<?x128xf32, "last"> {
      %157 = gemma.rms_norm %115 weight %31 eps 9.9999999999999995E-7 group 32 : tensor<?x128xf32, "last">, tensor<32xf32> -> tensor<?x128xf32, "last">
      %158 = gemma.rope %157 head_dim 32 pairs 4 theta 1.000000e+06 denominator 32 : tensor<?x128xf32, "last"> -> tensor<?x128xf32, "last">
      gemma.yield %158 : tensor<?x128xf32, "last">
    }
    %117:2 = gemma.phase "project" -> tensor<?x64xf32>, tensor<?x64xf32> {
      %157 = gemma.project %113#1, %32 : tensor<?x32xf32>, tensor<64x32xf32> -> tensor<?x64xf32>
      %158 = gemma.project %113#1, %34 : tensor<?x32xf32>, tensor<64x32xf32> -> tensor<?x64xf32>
      gemma.yield %157, %158 : tensor<?x64xf32>, tensor<?x64xf32>
    }
    %118:2 = gemma.phase "rows" -> tensor<?x64xf32>, tensor<?x64xf32> {
      %157 = gemma.rms_norm %117#0 weight %33 eps 9.9999999999999995E-7 group 32 : tensor<?x64xf32>, tensor<32xf32> -> tensor<?x64xf32>
      %158 = gemma.rope %157 head_dim 32 pairs 4 theta 1.000000e+06 denominator 32 : tensor<?x64xf32> -> tensor<?x64xf32>
      %159 = gemma.rms_norm %117#1 eps 9.9999999999999995E-7 group 32 : tensor<?x64xf32> -> tensor<?x64xf32>
      gemma.yield %158, %159 : tensor<?x64xf32>, tensor<?x64xf32>
    }
    %119 = gemma.phase "attention" -> tensor<?x128xf32, "last"> {
      %157 = gemma.attention %116, %118#0, %118#1 heads 4 kv_heads 2 head_dim 32 scale 1.000000e+00 : tensor<?x128xf32, "last">, tensor<?x64xf32>, tensor<?x64xf32> -> tensor<?x128xf32, "last">
      gemma.yield %157 : tensor<?x128xf32, "last">
    }
    %120 = gemma.phase "project" -> tensor<?x32xf32, "last"> {
      %157 = gemma.project %119, %35 : tensor<?x128xf32, "last">, tensor<32x128xf32> -> tensor<?x32xf32, "last">
      gemma.yield %157 : tensor<?x32xf32, "last">
    }
    %121:4 = gemma.phase "rows" -> tensor<?x32xf32, "last">, tensor<?x32xf32, "last">, tensor<?x32xf32, "last">, tensor<?x32xf32, "last"> {
      %157 = gemma.rms_norm %120 weight %36 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
      %158 = gemma.add %114#0, %157 : tensor<?x32xf32, "last">, tensor<?x32xf32, "last"> -> tensor<?x32xf32, "last">
      %159 = gemma.rms_norm %158 weight %37 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
      %160 = gemma.rms_norm %158 weight %42 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
      %161 = gemma.scale %160 by 0.17677669529663689 : tensor<?x32xf32, "last"> -> tensor<?x32xf32, "last">
      %162 = gemma.rms_norm %158 weight %45 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
      gemma.yield %158, %159, %161, %162 : tensor<?x32xf32, "last">, tensor<?x32xf32, "last">, tensor<?x32xf32, "last">, tensor<?x32xf32, "last">
    }
    %122:2 = gemma.phase "project" -> tensor<?x64xf32, "last">, tensor<?x8xf32, "last"> {
      %157 = gemma.project %121#1, %38 : tensor<?x32xf32, "last">, tensor<64x32xf32> -> tensor<?x64xf32, "last">
      %158 = gemma.project %121#1, %39 : tensor<?x32xf32, "last">, tensor<64x32xf32> -> tensor<?x64xf32, "last">
      %159 = gemma.gated %157, %158 "gelu_tanh" : tensor<?x64xf32, "last">, tensor<?x64xf32, "last"> -> tensor<?x64xf32, "last">
      %160 = gemma.project %121#2, %43 : tensor<?x32xf32, "last">, tensor<8x32xf32> -> tensor<?x8xf32, "last">
      gemma.yield %159, %160 : tensor<?x64xf32, "last">, tensor<?x8xf32, "last">
    }
    %123 = gemma.phase "project" -> tensor<?x32xf32, "last"> {
      %157 = gemma.project %122#0, %40 : tensor<?x64xf32, "last">, tensor<32x64xf32> -> tensor<?x32xf32, "last">
      gemma.yield %157 : tensor<?x32xf32, "last">
    }
    %124:2 = gemma.phase "rows" -> tensor<?x32xf32, "last">, !gemma.routing<2 of 8, "last"> {
      %157 = gemma.rms_norm %123 weight %41 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
      %158 = gemma.top_k %122#1, %44 : tensor<?x8xf32, "last">, tensor<8xf32> -> <2 of 8, "last">
      gemma.yield %157, %158 : tensor<?x32xf32, "last">, !gemma.routing<2 of 8, "last">
    }
    %125 = gemma.phase "experts" -> tensor<?x32xf32, "last"> {
      %157 = gemma.experts %121#3, %124#1, %46, %47 "gelu_tanh" : tensor<?x32xf32, "last">, <2 of 8, "last">, tensor<8x32x32xf32>, tensor<8x32x16xf32> -> tensor<?x32xf32, "last">
      gemma.yield %157 : tensor<?x32xf32, "last">
    }
    %126 = gemma.phase "rows" -> tensor<?x32xf32, "last"> {
      %157 = gemma.rms_norm %125 weight %48 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
      %158 = gemma.add %124#0, %157 : tensor<?x32xf32, "last">, tensor<?x32xf32, "last"> -> tensor<?x32xf32, "last">
      %159 = gemma.rms_norm %158 weight %49 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
      %160 = gemma.add %121#0, %159 : tensor<?x32xf32, "last">, tensor<?x32xf32, "last"> -> tensor<?x32xf32, "last">
      gemma.yield %160 : tensor<?x32xf32, "last">
    }
    %127 = gemma.phase "project" -> tensor<?x32xf32, "last"> {
      %157 = gemma.project %126, %50 : tensor<?x32xf32, "last">, tensor<32x32xf32> -> tensor<?x32xf32, "last">
      %158 = gemma.slice %102 at 32 : tensor<?x128xf32, "last"> -> tensor<?x32xf32, "last">
      %159 = gemma.gated %157, %158 "gelu_tanh" : tensor<?x32xf32, "last">, tensor<?x32xf32, "last"> -> tensor<?x32xf32, "last">
      gemma.yield %159 : tensor<?x32xf32, "last">
    }
    %128 = gemma.phase "project" -> tensor<?x32xf32, "last"> {
      %157 = gemma.project %127, %51 : tensor<?x32xf32, "last">, tensor<32x32xf32> -> tensor<?x32xf32, "last">
      gemma.yield %157 : tensor<?x32xf32, "last">
    }
    %129:2 = gemma.phase "rows" -> tensor<?x32xf32, "last">, tensor<?x32xf32, "last"> {
      %157 = gemma.rms_norm %128 weight %52 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
      %158 = gemma.add %126, %157 : tensor<?x32xf32, "last">, tensor<?x32xf32, "last"> -> tensor<?x32xf32, "last">
      %159 = gemma.scale_by %158, %53 : tensor<?x32xf32, "last">, tensor<1xf32> -> tensor<?x32xf32, "last">
      %160 = gemma.rms_norm %159 weight %54 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
      gemma.yield %159, %160 : tensor<?x32xf32, "last">, tensor<?x32xf32, "last">
    }
    gemma.phase "tap" {
      gemma.tap %129#0 at 32 : tensor<?x32xf32, "last">
      gemma.yield
    }
    %130 = gemma.phase "project" -> tensor<?x64xf32, "last"> {
      %157 = gemma.project %129#1, %55 : tensor<?x32xf32, "last">, tensor<64x32xf32> -> tensor<?x64xf32, "last">
      gemma.yield %157 : tensor<?x64xf32, "last">
    }
    %131 = gemma.phase "rows" -> tensor<?x64xf32, "last"> {
      %157 = gemma.rms_norm %130 weight %56 eps 9.9999999999999995E-7 group 16 : tensor<?x64xf32, "last">, tensor<16xf32> -> tensor<?x64xf32, "last">
      %158 = gemma.rope %157 head_dim 16 pairs 8 theta 1.000000e+04 denominator 16 : tensor<?x64xf32, "last"> -> tensor<?x64xf32, "last">
      gemma.yield %158 : tensor<?x64xf32, "last">
    }
    %132 = gemma.phase "attention" -> tensor<?x64xf32, "last"> {
      %157 = gemma.attention %131, %101#2, %101#3 heads 4 kv_heads 2 head_dim 16 scale 1.000000e+00 window 16 : tensor<?x64xf32, "last">, tensor<?x32xf32>, tensor<?x32xf32> -> tensor<?x64xf32, "last">
      gemma.yield %157 : tensor<?x64xf32, "last">
    }
    %133 = gemma.phase "project" -> tensor<?x32xf32, "last"> {
      %157 = gemma.project %132, %57 : tensor<?x64xf32, "last">, tensor<32x64xf32> -> tensor<?x32xf32, "last">
      gemma.yield %157 : tensor<?x32xf32, "last">
    }
    %134:4 = gemma.phase "rows" -> tensor<?x32xf32, "last">, tensor<?x32xf32, "last">, tensor<?x32xf32, "last">, tensor<?x32xf32, "last"> {
      %157 = gemma.rms_norm %133 weight %58 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
      %158 = gemma.add %129#0, %157 : tensor<?x32xf32, "last">, tensor<?x32xf32, "last"> -> tensor<?x32xf32, "last">
      %159 = gemma.rms_norm %158 weight %59 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
      %160 = gemma.rms_norm %158 weight %64 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
      %161 = gemma.scale %160 by 0.17677669529663689 : tensor<?x32xf32, "last"> -> tensor<?x32xf32, "last">
      %162 = gemma.rms_norm %158 weight %67 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
      gemma.yield %158, %159, %161, %162 : tensor<?x32xf32, "last">, tensor<?x32xf32, "last">, tensor<?x32xf32, "last">, tensor<?x32xf32, "last">
    }
    %135:2 = gemma.phase "project" -> tensor<?x64xf32, "last">, tensor<?x8xf32, "last"> {
      %157 = gemma.project %134#1, %60 : tensor<?x32xf32, "last">, tensor<64x32xf32> -> tensor<?x64xf32, "last">
      %158 = gemma.project %134#1, %61 : tensor<?x32xf32, "last">, tensor<64x32xf32> -> tensor<?x64xf32, "last">
      %159 = gemma.gated %157, %158 "gelu_tanh" : tensor<?x64xf32, "last">, tensor<?x64xf32, "last"> -> tensor<?x64xf32, "last">
      %160 = gemma.project %134#2, %65 : tensor<?x32xf32, "last">, tensor<8x32xf32> -> tensor<?x8xf32, "last">
      gemma.yield %159, %160 : tensor<?x64xf32, "last">, tensor<?x8xf32, "last">
    }
    %136 = gemma.phase "project" -> tensor<?x32xf32, "last"> {
      %157 = gemma.project %135#0, %62 : tensor<?x64xf32, "last">, tensor<32x64xf32> -> tensor<?x32xf32, "last">
      gemma.yield %157 : tensor<?x32xf32, "last">
    }
    %137:2 = gemma.phase "rows" -> tensor<?x32xf32, "last">, !gemma.routing<2 of 8, "last"> {
      %157 = gemma.rms_norm %136 weight %63 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
      %158 = gemma.top_k %135#1, %66 : tensor<?x8xf32, "last">, tensor<8xf32> -> <2 of 8, "last">
      gemma.yield %157, %158 : tensor<?x32xf32, "last">, !gemma.routing<2 of 8, "last">
    }
    %138 = gemma.phase "experts" -> tensor<?x32xf32, "last"> {
      %157 = gemma.experts %134#3, %137#1, %68, %69 "gelu_tanh" : tensor<?x32xf32, "last">, <2 of 8, "last">, tensor<8x32x32xf32>, tensor<8x32x16xf32> -> tensor<?x32xf32, "last">
      gemma.yield %157 : tensor<?x32xf32, "last">
    }
    %139 = gemma.phase "rows" -> tensor<?x32xf32, "last"> {
      %157 = gemma.rms_norm %138 weight %70 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
      %158 = gemma.add %137#0, %157 : tensor<?x32xf32, "last">, tensor<?x32xf32, "last"> -> tensor<?x32xf32, "last">
      %159 = gemma.rms_norm %158 weight %71 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
      %160 = gemma.add %134#0, %159 : tensor<?x32xf32, "last">, tensor<?x32xf32, "last"> -> tensor<?x32xf32, "last">
      gemma.yield %160 : tensor<?x32xf32, "last">
    }
    %140 = gemma.phase "project" -> tensor<?x32xf32, "last"> {
      %157 = gemma.project %139, %72 : tensor<?x32xf32, "last">, tensor<32x32xf32> -> tensor<?x32xf32, "last">
      %158 = gemma.slice %102 at 64 : tensor<?x128xf32, "last"> -> tensor<?x32xf32, "last">
      %159 = gemma.gated %157, %158 "gelu_tanh" : tensor<?x32xf32, "last">, tensor<?x32xf32, "last"> -> tensor<?x32xf32, "last">
      gemma.yield %159 : tensor<?x32xf32, "last">
    }
    %141 = gemma.phase "project" -> tensor<?x32xf32, "last"> {
      %157 = gemma.project %140, %73 : tensor<?x32xf32, "last">, tensor<32x32xf32> -> tensor<?x32xf32, "last">
      gemma.yield %157 : tensor<?x32xf32, "last">
    }
    %142:2 = gemma.phase "rows" -> tensor<?x32xf32, "last">, tensor<?x32xf32, "last"> {
      %157 = gemma.rms_norm %141 weight %74 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
      %158 = gemma.add %139, %157 : tensor<?x32xf32, "last">, tensor<?x32xf32, "last"> -> tensor<?x32xf32, "last">
      %159 = gemma.scale_by %158, %75 : tensor<?x32xf32, "last">, tensor<1xf32> -> tensor<?x32xf32, "last">
      %160 = gemma.rms_norm %159 weight %76 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
      gemma.yield %159, %160 : tensor<?x32xf32, "last">, tensor<?x32xf32, "last">
    }
    gemma.phase "tap" {
      gemma.tap %142#0 at 64 : tensor<?x32xf32, "last">
      gemma.yield
    }
    %143 = gemma.phase "project" -> tensor<?x128xf32, "last"> {
      %157 = gemma.project %142#1, %77 : tensor<?x32xf32, "last">, tensor<128x32xf32> -> tensor<?x128xf32, "last">
      gemma.yield %157 : tensor<?x128xf32, "last">
    }
    %144 = gemma.phase "rows" -> tensor<?x128xf32, "last"> {
      %157 = gemma.rms_norm %143 weight %78 eps 9.9999999999999995E-7 group 32 : tensor<?x128xf32, "last">, tensor<32xf32> -> tensor<?x128xf32, "last">
      %158 = gemma.rope %157 head_dim 32 pairs 4 theta 1.000000e+06 denominator 32 : tensor<?x128xf32, "last"> -> tensor<?x128xf32, "last">
      gemma.yield %158 : tensor<?x128xf32, "last">
    }
    %145 = gemma.phase "attention" -> tensor<?x128xf32, "last"> {
      %157 = gemma.attention %144, %118#0, %118#1 heads 4 kv_heads 2 head_dim 32 scale 1.000000e+00 : tensor<?x128xf32, "last">, tensor<?x64xf32>, tensor<?x64xf32> -> tensor<?x128xf32, "last">
      gemma.yield %157 : tensor<?x128xf32, "last">
    }
    %146 = gemma.phase "project" -> tensor<?x32xf32, "last"> {
      %157 = gemma.project %145, %79 : tensor<?x128xf32, "last">, tensor<32x128xf32> -> tensor<?x32xf32, "last">
      gemma.yield %157 : tensor<?x32xf32, "last">
    }
    %147:4 = gemma.phase "rows" -> tensor<?x32xf32, "last">, tensor<?x32xf32, "last">, tensor<?x32xf32, "last">, tensor<?x32xf32, "last"> {
      %157 = gemma.rms_norm %146 weight %80 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
      %158 = gemma.add %142#0, %157 : tensor<?x32xf32, "last">, tensor<?x32xf32, "last"> -> tensor<?x32xf32, "last">
      %159 = gemma.rms_norm %158 weight %81 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
      %160 = gemma.rms_norm %158 weight %86 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
      %161 = gemma.scale %160 by 0.17677669529663689 : tensor<?x32xf32, "last"> -> tensor<?x32xf32, "last">
      %162 = gemma.rms_norm %158 weight %89 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
      gemma.yield %158, %159, %161, %162 : tensor<?x32xf32, "last">, tensor<?x32xf32, "last">, tensor<?x32xf32, "last">, tensor<?x32xf32, "last">
    }
    %148:2 = gemma.phase "project" -> tensor<?x64xf32, "last">, tensor<?x8xf32, "last"> {
      %157 = gemma.project %147#1, %82 : tensor<?x32xf32, "last">, tensor<64x32xf32> -> tensor<?x64xf32, "last">
      %158 = gemma.project %147#1, %83 : tensor<?x32xf32, "last">, tensor<64x32xf32> -> tensor<?x64xf32, "last">
      %159 = gemma.gated %157, %158 "gelu_tanh" : tensor<?x64xf32, "last">, tensor<?x64xf32, "last"> -> tensor<?x64xf32, "last">
      %160 = gemma.project %147#2, %87 : tensor<?x32xf32, "last">, tensor<8x32xf32> -> tensor<?x8xf32, "last">
      gemma.yield %159, %160 : tensor<?x64xf32, "last">, tensor<?x8xf32, "last">
    }
    %149 = gemma.phase "project" -> tensor<?x32xf32, "last"> {
      %157 = gemma.project %148#0, %84 : tensor<?x64xf32, "last">, tensor<32x64xf32> -> tensor<?x32xf32, "last">
      gemma.yield %157 : tensor<?x32xf32, "last">
    }
    %150:2 = gemma.phase "rows" -> tensor<?x32xf32, "last">, !gemma.routing<2 of 8, "last"> {
      %157 = gemma.rms_norm %149 weight %85 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
      %158 = gemma.top_k %148#1, %88 : tensor<?x8xf32, "last">, tensor<8xf32> -> <2 of 8, "last">
      gemma.yield %157, %158 : tensor<?x32xf32, "last">, !gemma.routing<2 of 8, "last">
    }
    %151 = gemma.phase "experts" -> tensor<?x32xf32, "last"> {
      %157 = gemma.experts %147#3, %150#1, %90, %91 "gelu_tanh" : tensor<?x32xf32, "last">, <2 of 8, "last">, tensor<8x32x32xf32>, tensor<8x32x16xf32> -> tensor<?x32xf32, "last">
      gemma.yield %157 : tensor<?x32xf32, "last">
    }
    %152 = gemma.phase "rows" -> tensor<?x32xf32, "last"> {
      %157 = gemma.rms_norm %151 weight %92 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
      %158 = gemma.add %150#0, %157 : tensor<?x32xf32, "last">, tensor<?x32xf32, "last"> -> tensor<?x32xf32, "last">
      %159 = gemma.rms_norm %158 weight %93 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
      %160 = gemma.add %147#0, %159 : tensor<?x32xf32, "last">, tensor<?x32xf32, "last"> -> tensor<?x32xf32, "last">
      gemma.yield %160 : tensor<?x32xf32, "last">
    }
    %153 = gemma.phase "project" -> tensor<?x32xf32, "last"> {
      %157 = gemma.project %152, %94 : tensor<?x32xf32, "last">, tensor<32x32xf32> -> tensor<?x32xf32, "last">
      %158 = gemma.slice %102 at 96 : tensor<?x128xf32, "last"> -> tensor<?x32xf32, "last">
      %159 = gemma.gated %157, %158 "gelu_tanh" : tensor<?x32xf32, "last">, tensor<?x32xf32, "last"> -> tensor<?x32xf32, "last">
      gemma.yield %159 : tensor<?x32xf32, "last">
    }
    %154 = gemma.phase "project" -> tensor<?x32xf32, "last"> {
      %157 = gemma.project %153, %95 : tensor<?x32xf32, "last">, tensor<32x32xf32> -> tensor<?x32xf32, "last">
      gemma.yield %157 : tensor<?x32xf32, "last">
    }
    %155:2 = gemma.phase "rows" -> tensor<?x32xf32, "last">, tensor<?x32xf32, "last"> {
      %157 = gemma.rms_norm %154 weight %96 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
      %158 = gemma.add %152, %157 : tensor<?x32xf32, "last">, tensor<?x32xf32, "last"> -> tensor<?x32xf32, "last">
      %159 = gemma.scale_by %158, %97 : tensor<?x32xf32, "last">, tensor<1xf32> -> tensor<?x32xf32, "last">
      %160 = gemma.rms_norm %159 weight %98 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
      gemma.yield %159, %160 : tensor<?x32xf32, "last">, tensor<?x32xf32, "last">
    }
    gemma.phase "tap" {
      gemma.tap %155#0 at 96 : tensor<?x32xf32, "last">
      gemma.yield
    }
    %156 = gemma.phase "project" -> tensor<?x192xf32, "last"> {
      %157 = gemma.project %155#1, %0 : tensor<?x32xf32, "last">, tensor<192x32xf32> -> tensor<?x192xf32, "last">
      %158 = gemma.softcap %157 cap 3.000000e+01 : tensor<?x192xf32, "last"> -> tensor<?x192xf32, "last">
      gemma.yield %158 : tensor<?x192xf32, "last">
    }
    return %156 : tensor<?x192xf32, "last">
  }
}

