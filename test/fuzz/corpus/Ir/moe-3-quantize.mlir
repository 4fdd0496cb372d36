module @"gemma4-checkpoint" {
  func.func @forward(%arg0: tensor<?xi32>) -> tensor<?x192xf32, "last"> {
    %0 = gemma.weight "embed" index 0 floor "q6" format "q8" {kept_format = "bf16"} : tensor<192x32xf32>
    %1 = gemma.weight "ple_table" index 1 floor "q8" format "q8" {kept_format = "bf16"} : tensor<192x128xf32>
    %2 = gemma.weight "ple_projection" index 2 format "q8" {kept_format = "bf16"} : tensor<128x32xf32>
    %3 = gemma.weight "ple_norm" index 3 format "f32" {kept_format = "bf16"} : tensor<32xf32>
    %4 = gemma.weight "layers.0.attn_norm" index 4 format "f32" {kept_format = "bf16"} : tensor<32xf32>
    %5 = gemma.weight "layers.0.q_proj" index 5 format "q8" {kept_format = "bf16"} : tensor<64x32xf32>
    %6 = gemma.weight "layers.0.q_norm" index 6 format "f32" {kept_format = "bf16"} : tensor<16xf32>
    %7 = gemma.weight "layers.0.k_proj" index 7 format "q8" {kept_format = "bf16"} : tensor<32x32xf32>
    %8 = gemma.weight "layers.0.k_norm" index 8 format "f32" {kept_format = "bf16"} : tensor<16xf32>
    %9 = gemma.weight "layers.0.v_proj" index 9 format "q8" {kept_format = "bf16"} : tensor<32x32xf32>
    %10 = gemma.weight "layers.0.o_proj" index 10 format "q8" {kept_format = "bf16"} : tensor<32x64xf32>
    %11 = gemma.weight "layers.0.post_attn_norm" index 11 format "f32" {kept_format = "bf16"} : tensor<32xf32>
    %12 = gemma.weight "layers.0.ffn_norm" index 12 format "f32" {kept_format = "bf16"} : tensor<32xf32>
    %13 = gemma.weight "layers.0.gate_proj" index 13 format "q8" {kept_format = "bf16"} : tensor<64x32xf32>
    %14 = gemma.weight "layers.0.up_proj" index 14 format "q8" {kept_format = "bf16"} : tensor<64x32xf32>
    %15 = gemma.weight "layers.0.down_proj" index 15 format "q8" {kept_format = "bf16"} : tensor<32x64xf32>
    %16 = gemma.weight "layers.0.post_dense_norm" index 16 format "f32" {kept_format = "bf16"} : tensor<32xf32>
    %17 = gemma.weight "layers.0.router_scale" index 17 format "f32" {kept_format = "bf16"} : tensor<32xf32>
    %18 = gemma.weight "layers.0.router" index 18 floor "f32" format "f32" {kept_format = "bf16"} : tensor<8x32xf32>
    %19 = gemma.weight "layers.0.router_expert_scale" index 19 format "f32" {kept_format = "bf16"} : tensor<8xf32>
    %20 = gemma.weight "layers.0.expert_norm" index 20 format "f32" {kept_format = "bf16"} : tensor<32xf32>
    %21 = gemma.weight "layers.0.experts_gate_up" index 21 format "q8" {kept_format = "bf16"} : tensor<8x32x32xf32>
    %22 = gemma.weight "layers.0.experts_down" index 22 format "q8" {kept_format = "bf16"} : tensor<8x32x16xf32>
    %23 = gemma.weight "layers.0.post_expert_norm" index 23 format "f32" {kept_format = "bf16"} : tensor<32xf32>
    %24 = gemma.weight "layers.0.post_ffn_norm" index 24 format "f32" {kept_format = "bf16"} : tensor<32xf32>
    %25 = gemma.weight "layers.0.ple_gate" index 25 format "q8" {kept_format = "bf16"} : tensor<32x32xf32>
    %26 = gemma.weight "layers.0.ple_proj" index 26 format "q8" {kept_format = "bf16"} : tensor<32x32xf32>
    %27 = gemma.weight "layers.0.post_ple_norm" index 27 format "f32" {kept_format = "bf16"} : tensor<32xf32>
    %28 = gemma.weight "layers.0.layer_scalar" index 28 format "f32" {kept_format = "bf16"} : tensor<1xf32>
    %29 = gemma.weight "layers.1.attn_norm" index 29 format "f32" {kept_format = "bf16"} : tensor<32xf32>
    %30 = gemma.weight "layers.1.q_proj" index 30 format "q8" {kept_format = "bf16"} : tensor<128x32xf32>
    %31 = gemma.weight "layers.1.q_norm" index 31 format "f32" {kept_format = "bf16"} : tensor<32xf32>
    %32 = gemma.weight "layers.1.k_proj" index 32 format "q8" {kept_format = "bf16"} : tensor<64x32xf32>
    %33 = gemma.weight "layers.1.k_norm" index 33 format "f32" {kept_format = "bf16"} : tensor<32xf32>
    %34 = gemma.weight "layers.1.v_proj" index 34 format "q8" {kept_format = "bf16"} : tensor<64x32xf32>
    %35 = gemma.weight "layers.1.o_proj" index 35 format "q8" {kept_format = "bf16"} : tensor<32x128xf32>
    %36 = gemma.weight "layers.1.post_attn_norm" index 36 format "f32" {kept_format = "bf16"} : tensor<32xf32>
    %37 = gemma.weight "layers.1.ffn_norm" index 37 format "f32" {kept_format = "bf16"} : tensor<32xf32>
    %38 = gemma.weight "layers.1.gate_proj" index 38 format "q8" {kept_format = "bf16"} : tensor<64x32xf32>
    %39 = gemma.weight "layers.1.up_proj" index 39 format "q8" {kept_format = "bf16"} : tensor<64x32xf32>
    %40 = gemma.weight "layers.1.down_proj" index 40 format "q8" {kept_format = "bf16"} : tensor<32x64xf32>
    %41 = gemma.weight "layers.1.post_dense_norm" index 41 format "f32" {kept_format = "bf16"} : tensor<32xf32>
    %42 = gemma.weight "layers.1.router_scale" index 42 format "f32" {kept_format = "bf16"} : tensor<32xf32>
    %43 = gemma.weight "layers.1.router" index 43 floor "f32" format "f32" {kept_format = "bf16"} : tensor<8x32xf32>
    %44 = gemma.weight "layers.1.router_expert_scale" index 44 format "f32" {kept_format = "bf16"} : tensor<8xf32>
    %45 = gemma.weight "layers.1.expert_norm" index 45 format "f32" {kept_format = "bf16"} : tensor<32xf32>
    %46 = gemma.weight "layers.1.experts_gate_up" index 46 format "q8" {kept_format = "bf16"} : tensor<8x32x32xf32>
    %47 = gemma.weight "layers.1.experts_down" index 47 format "q8" {kept_format = "bf16"} : tensor<8x32x16xf32>
    %48 = gemma.weight "layers.1.post_expert_norm" index 48 format "f32" {kept_format = "bf16"} : tensor<32xf32>
    %49 = gemma.weight "layers.1.post_ffn_norm" index 49 format "f32" {kept_format = "bf16"} : tensor<32xf32>
    %50 = gemma.weight "layers.1.ple_gate" index 50 format "q8" {kept_format = "bf16"} : tensor<32x32xf32>
    %51 = gemma.weight "layers.1.ple_proj" index 51 format "q8" {kept_format = "bf16"} : tensor<32x32xf32>
    %52 = gemma.weight "layers.1.post_ple_norm" index 52 format "f32" {kept_format = "bf16"} : tensor<32xf32>
    %53 = gemma.weight "layers.1.layer_scalar" index 53 format "f32" {kept_format = "bf16"} : tensor<1xf32>
    %54 = gemma.weight "layers.2.attn_norm" index 54 format "f32" {kept_format = "bf16"} : tensor<32xf32>
    %55 = gemma.weight "layers.2.q_proj" index 55 format "q8" {kept_format = "bf16"} : tensor<64x32xf32>
    %56 = gemma.weight "layers.2.q_norm" index 56 format "f32" {kept_format = "bf16"} : tensor<16xf32>
    %57 = gemma.weight "layers.2.o_proj" index 57 format "q8" {kept_format = "bf16"} : tensor<32x64xf32>
    %58 = gemma.weight "layers.2.post_attn_norm" index 58 format "f32" {kept_format = "bf16"} : tensor<32xf32>
    %59 = gemma.weight "layers.2.ffn_norm" index 59 format "f32" {kept_format = "bf16"} : tensor<32xf32>
    %60 = gemma.weight "layers.2.gate_proj" index 60 format "q8" {kept_format = "bf16"} : tensor<64x32xf32>
    %61 = gemma.weight "layers.2.up_proj" index 61 format "q8" {kept_format = "bf16"} : tensor<64x32xf32>
    %62 = gemma.weight "layers.2.down_proj" index 62 format "q8" {kept_format = "bf16"} : tensor<32x64xf32>
    %63 = gemma.weight "layers.2.post_dense_norm" index 63 format "f32" {kept_format = "bf16"} : tensor<32xf32>
    %64 = gemma.weight "layers.2.router_scale" index 64 format "f32" {kept_format = "bf16"} : tensor<32xf32>
    %65 = gemma.weight "layers.2.router" index 65 floor "f32" format "f32" {kept_format = "bf16"} : tensor<8x32xf32>
    %66 = gemma.weight "layers.2.router_expert_scale" index 66 format "f32" {kept_format = "bf16"} : tensor<8xf32>
    %67 = gemma.weight "layers.2.expert_norm" index 67 format "f32" {kept_format = "bf16"} : tensor<32xf32>
    %68 = gemma.weight "layers.2.experts_gate_up" index 68 format "q8" {kept_format = "bf16"} : tensor<8x32x32xf32>
    %69 = gemma.weight "layers.2.experts_down" index 69 format "q8" {kept_format = "bf16"} : tensor<8x32x16xf32>
    %70 = gemma.weight "layers.2.post_expert_norm" index 70 format "f32" {kept_format = "bf16"} : tensor<32xf32>
    %71 = gemma.weight "layers.2.post_ffn_norm" index 71 format "f32" {kept_format = "bf16"} : tensor<32xf32>
    %72 = gemma.weight "layers.2.ple_gate" index 72 format "q8" {kept_format = "bf16"} : tensor<32x32xf32>
    %73 = gemma.weight "layers.2.ple_proj" index 73 format "q8" {kept_format = "bf16"} : tensor<32x32xf32>
    %74 = gemma.weight "layers.2.post_ple_norm" index 74 format "f32" {kept_format = "bf16"} : tensor<32xf32>
    %75 = gemma.weight "layers.2.layer_scalar" index 75 format "f32" {kept_format = "bf16"} : tensor<1xf32>
    %76 = gemma.weight "layers.3.attn_norm" index 76 format "f32" {kept_format = "bf16"} : tensor<32xf32>
    %77 = gemma.weight "layers.3.q_proj" index 77 format "q8" {kept_format = "bf16"} : tensor<128x32xf32>
    %78 = gemma.weight "layers.3.q_norm" index 78 format "f32" {kept_format = "bf16"} : tensor<32xf32>
    %79 = gemma.weight "layers.3.o_proj" index 79 format "q8" {kept_format = "bf16"} : tensor<32x128xf32>
    %80 = gemma.weight "layers.3.post_attn_norm" index 80 format "f32" {kept_format = "bf16"} : tensor<32xf32>
    %81 = gemma.weight "layers.3.ffn_norm" index 81 format "f32" {kept_format = "bf16"} : tensor<32xf32>
    %82 = gemma.weight "layers.3.gate_proj" index 82 format "q8" {kept_format = "bf16"} : tensor<64x32xf32>
    %83 = gemma.weight "layers.3.up_proj" index 83 format "q8" {kept_format = "bf16"} : tensor<64x32xf32>
    %84 = gemma.weight "layers.3.down_proj" index 84 format "q8" {kept_format = "bf16"} : tensor<32x64xf32>
    %85 = gemma.weight "layers.3.post_dense_norm" index 85 format "f32" {kept_format = "bf16"} : tensor<32xf32>
    %86 = gemma.weight "layers.3.router_scale" index 86 format "f32" {kept_format = "bf16"} : tensor<32xf32>
    %87 = gemma.weight "layers.3.router" index 87 floor "f32" format "f32" {kept_format = "bf16"} : tensor<8x32xf32>
    %88 = gemma.weight "layers.3.router_expert_scale" index 88 format "f32" {kept_format = "bf16"} : tensor<8xf32>
    %89 = gemma.weight "layers.3.expert_norm" index 89 format "f32" {kept_format = "bf16"} : tensor<32xf32>
    %90 = gemma.weight "layers.3.experts_gate_up" index 90 format "q8" {kept_format = "bf16"} : tensor<8x32x32xf32>
    %91 = gemma.weight "layers.3.experts_down" index 91 format "q8" {kept_format = "bf16"} : tensor<8x32x16xf32>
    %92 = gemma.weight "layers.3.post_expert_norm" index 92 format "f32" {kept_format = "bf16"} : tensor<32xf32>
    %93 = gemma.weight "layers.3.post_ffn_norm" index 93 format "f32" {kept_format = "bf16"} : tensor<32xf32>
    %94 = gemma.weight "layers.3.ple_gate" index 94 format "q8" {kept_format = "bf16"} : tensor<32x32xf32>
    %95 = gemma.weight "layers.3.ple_proj" index 95 format "q8" {kept_format = "bf16"} : tensor<32x32xf32>
    %96 = gemma.weight "layers.3.post_ple_norm" index 96 format "f32" {kept_format = "bf16"} : tensor<32xf32>
    %97 = gemma.weight "layers.3.layer_scalar" index 97 format "f32" {kept_format = "bf16"} : tensor<1xf32>
    %98 = gemma.weight "final_norm" index 98 format "f32" {kept_format = "bf16"} : tensor<32xf32>
    %99:4 = gemma.phase "rows" -> tensor<?x32xf32>, tensor<?x128xf32>, !gemma.packed<32 x "i8", "all">, !gemma.packed<32 x "i8", "all"> {
      %159 = gemma.embed %arg0, %0 scale 5.6568542494923806 : tensor<?xi32>, tensor<192x32xf32> -> tensor<?x32xf32>
      %160 = gemma.embed %arg0, %1 scale 5.6568542494923806 : tensor<?xi32>, tensor<192x128xf32> -> tensor<?x128xf32>
      %161 = gemma.rms_norm %159 weight %4 eps 9.9999999999999995E-7 : tensor<?x32xf32>, tensor<32xf32> -> tensor<?x32xf32>
      %162 = gemma.pack %159 : tensor<?x32xf32> -> <32 x "i8", "all">
      %163 = gemma.pack %161 : tensor<?x32xf32> -> <32 x "i8", "all">
      gemma.yield %159, %160, %162, %163 : tensor<?x32xf32>, tensor<?x128xf32>, !gemma.packed<32 x "i8", "all">, !gemma.packed<32 x "i8", "all">
    }
    %100:4 = gemma.phase "project" -> tensor<?x128xf32>, tensor<?x64xf32>, tensor<?x32xf32>, tensor<?x32xf32> {
      %159 = gemma.project %99#2, %2 : !gemma.packed<32 x "i8", "all">, tensor<128x32xf32> -> tensor<?x128xf32>
      %160 = gemma.project %99#3, %5 : !gemma.packed<32 x "i8", "all">, tensor<64x32xf32> -> tensor<?x64xf32>
      %161 = gemma.project %99#3, %7 : !gemma.packed<32 x "i8", "all">, tensor<32x32xf32> -> tensor<?x32xf32>
      %162 = gemma.project %99#3, %9 : !gemma.packed<32 x "i8", "all">, tensor<32x32xf32> -> tensor<?x32xf32>
      gemma.yield %159, %160, %161, %162 : tensor<?x128xf32>, tensor<?x64xf32>, tensor<?x32xf32>, tensor<?x32xf32>
    }
    %101:4 = gemma.phase "rows" -> tensor<?x128xf32>, tensor<?x64xf32>, tensor<?x32xf32>, tensor<?x32xf32> {
      %159 = gemma.rms_norm %100#0 weight %3 eps 3.1999999999999992E-5 group 32 : tensor<?x128xf32>, tensor<32xf32> -> tensor<?x128xf32>
      %160 = gemma.add %159, %99#1 : tensor<?x128xf32>, tensor<?x128xf32> -> tensor<?x128xf32>
      %161 = gemma.scale %160 by 0.70710678118654757 : tensor<?x128xf32> -> tensor<?x128xf32>
      %162 = gemma.rms_norm %100#1 weight %6 eps 9.9999999999999995E-7 group 16 : tensor<?x64xf32>, tensor<16xf32> -> tensor<?x64xf32>
      %163 = gemma.rope %162 head_dim 16 pairs 8 theta 1.000000e+04 denominator 16 : tensor<?x64xf32> -> tensor<?x64xf32>
      %164 = gemma.rms_norm %100#2 weight %8 eps 9.9999999999999995E-7 group 16 : tensor<?x32xf32>, tensor<16xf32> -> tensor<?x32xf32>
      %165 = gemma.rope %164 head_dim 16 pairs 8 theta 1.000000e+04 denominator 16 : tensor<?x32xf32> -> tensor<?x32xf32>
      %166 = gemma.rms_norm %100#3 eps 9.9999999999999995E-7 group 16 : tensor<?x32xf32> -> tensor<?x32xf32>
      gemma.yield %161, %163, %165, %166 : tensor<?x128xf32>, tensor<?x64xf32>, tensor<?x32xf32>, tensor<?x32xf32>
    }
    %102 = gemma.phase "rows" -> tensor<?x128xf32, "last"> {
      %159 = gemma.last_rows %101#0 : tensor<?x128xf32> -> tensor<?x128xf32, "last">
      gemma.yield %159 : tensor<?x128xf32, "last">
    }
    %103 = gemma.phase "attention" -> tensor<?x64xf32> {
      %159 = gemma.attention %101#1, %101#2, %101#3 heads 4 kv_heads 2 head_dim 16 scale 1.000000e+00 window 16 : tensor<?x64xf32>, tensor<?x32xf32>, tensor<?x32xf32> -> tensor<?x64xf32>
      gemma.yield %159 : tensor<?x64xf32>
    }
    %104 = gemma.phase "rows" -> !gemma.packed<64 x "i8", "all"> {
      %159 = gemma.pack %103 : tensor<?x64xf32> -> <64 x "i8", "all">
      gemma.yield %159 : !gemma.packed<64 x "i8", "all">
    }
    %105 = gemma.phase "project" -> tensor<?x32xf32> {
      %159 = gemma.project %104, %10 : !gemma.packed<64 x "i8", "all">, tensor<32x64xf32> -> tensor<?x32xf32>
      gemma.yield %159 : tensor<?x32xf32>
    }
    %106:4 = gemma.phase "rows" -> tensor<?x32xf32>, tensor<?x32xf32>, !gemma.packed<32 x "i8", "all">, !gemma.packed<32 x "f32", "all"> {
      %159 = gemma.rms_norm %105 weight %11 eps 9.9999999999999995E-7 : tensor<?x32xf32>, tensor<32xf32> -> tensor<?x32xf32>
      %160 = gemma.add %99#0, %159 : tensor<?x32xf32>, tensor<?x32xf32> -> tensor<?x32xf32>
      %161 = gemma.rms_norm %160 weight %12 eps 9.9999999999999995E-7 : tensor<?x32xf32>, tensor<32xf32> -> tensor<?x32xf32>
      %162 = gemma.rms_norm %160 weight %17 eps 9.9999999999999995E-7 : tensor<?x32xf32>, tensor<32xf32> -> tensor<?x32xf32>
      %163 = gemma.scale %162 by 0.17677669529663689 : tensor<?x32xf32> -> tensor<?x32xf32>
      %164 = gemma.rms_norm %160 weight %20 eps 9.9999999999999995E-7 : tensor<?x32xf32>, tensor<32xf32> -> tensor<?x32xf32>
      %165 = gemma.pack %161 : tensor<?x32xf32> -> <32 x "i8", "all">
      %166 = gemma.pack %163 : tensor<?x32xf32> -> <32 x "f32", "all">
      gemma.yield %160, %164, %165, %166 : tensor<?x32xf32>, tensor<?x32xf32>, !gemma.packed<32 x "i8", "all">, !gemma.packed<32 x "f32", "all">
    }
    %107:2 = gemma.phase "project" -> tensor<?x8xf32>, !gemma.packed<64 x "i8", "all"> {
      %159 = gemma.project %106#2, %13 : !gemma.packed<32 x "i8", "all">, tensor<64x32xf32> -> tensor<?x64xf32>
      %160 = gemma.project %106#2, %14 : !gemma.packed<32 x "i8", "all">, tensor<64x32xf32> -> tensor<?x64xf32>
      %161 = gemma.gated %159, %160 "gelu_tanh" : tensor<?x64xf32>, tensor<?x64xf32> -> tensor<?x64xf32>
      %162 = gemma.project %106#3, %18 : !gemma.packed<32 x "f32", "all">, tensor<8x32xf32> -> tensor<?x8xf32>
      %163 = gemma.pack %161 : tensor<?x64xf32> -> <64 x "i8", "all">
      gemma.yield %162, %163 : tensor<?x8xf32>, !gemma.packed<64 x "i8", "all">
    }
    %108 = gemma.phase "project" -> tensor<?x32xf32> {
      %159 = gemma.project %107#1, %15 : !gemma.packed<64 x "i8", "all">, tensor<32x64xf32> -> tensor<?x32xf32>
      gemma.yield %159 : tensor<?x32xf32>
    }
    %109:2 = gemma.phase "rows" -> tensor<?x32xf32>, !gemma.routing<2 of 8, "all"> {
      %159 = gemma.rms_norm %108 weight %16 eps 9.9999999999999995E-7 : tensor<?x32xf32>, tensor<32xf32> -> tensor<?x32xf32>
      %160 = gemma.top_k %107#0, %19 : tensor<?x8xf32>, tensor<8xf32> -> <2 of 8, "all">
      gemma.yield %159, %160 : tensor<?x32xf32>, !gemma.routing<2 of 8, "all">
    }
    %110 = gemma.phase "experts" -> tensor<?x32xf32> {
      %159 = gemma.experts %106#1, %109#1, %21, %22 "gelu_tanh" : tensor<?x32xf32>, <2 of 8, "all">, tensor<8x32x32xf32>, tensor<8x32x16xf32> -> tensor<?x32xf32>
      gemma.yield %159 : tensor<?x32xf32>
    }
    %111:2 = gemma.phase "rows" -> tensor<?x32xf32>, !gemma.packed<32 x "i8", "all"> {
      %159 = gemma.rms_norm %110 weight %23 eps 9.9999999999999995E-7 : tensor<?x32xf32>, tensor<32xf32> -> tensor<?x32xf32>
      %160 = gemma.add %109#0, %159 : tensor<?x32xf32>, tensor<?x32xf32> -> tensor<?x32xf32>
      %161 = gemma.rms_norm %160 weight %24 eps 9.9999999999999995E-7 : tensor<?x32xf32>, tensor<32xf32> -> tensor<?x32xf32>
      %162 = gemma.add %106#0, %161 : tensor<?x32xf32>, tensor<?x32xf32> -> tensor<?x32xf32>
      %163 = gemma.pack %162 : tensor<?x32xf32> -> <32 x "i8", "all">
      gemma.yield %162, %163 : tensor<?x32xf32>, !gemma.packed<32 x "i8", "all">
    }
    %112 = gemma.phase "project" -> !gemma.packed<32 x "i8", "all"> {
      %159 = gemma.project %111#1, %25 : !gemma.packed<32 x "i8", "all">, tensor<32x32xf32> -> tensor<?x32xf32>
      %160 = gemma.slice %101#0 at 0 : tensor<?x128xf32> -> tensor<?x32xf32>
      %161 = gemma.gated %159, %160 "gelu_tanh" : tensor<?x32xf32>, tensor<?x32xf32> -> tensor<?x32xf32>
      %162 = gemma.pack %161 : tensor<?x32xf32> -> <32 x "i8", "all">
      gemma.yield %162 : !gemma.packed<32 x "i8", "all">
    }
    %113 = gemma.phase "project" -> tensor<?x32xf32> {
      %159 = gemma.project %112, %26 : !gemma.packed<32 x "i8", "all">, tensor<32x32xf32> -> tensor<?x32xf32>
      gemma.yield %159 : tensor<?x32xf32>
    }
    %114:3 = gemma.phase "rows" -> tensor<?x32xf32>, tensor<?x32xf32>, !gemma.packed<32 x "i8", "all"> {
      %159 = gemma.rms_norm %113 weight %27 eps 9.9999999999999995E-7 : tensor<?x32xf32>, tensor<32xf32> -> tensor<?x32xf32>
      %160 = gemma.add %111#0, %159 : tensor<?x32xf32>, tensor<?x32xf32> -> tensor<?x32xf32>
      %161 = gemma.scale_by %160, %28 : tensor<?x32xf32>, tensor<1xf32> -> tensor<?x32xf32>
      %162 = gemma.rms_norm %161 weight %29 eps 9.9999999999999995E-7 : tensor<?x32xf32>, tensor<32xf32> -> tensor<?x32xf32>
      %163 = gemma.pack %162 : tensor<?x32xf32> -> <32 x "i8", "all">
      gemma.yield %161, %162, %163 : tensor<?x32xf32>, tensor<?x32xf32>, !gemma.packed<32 x "i8", "all">
    }
    %115:2 = gemma.phase "rows" -> tensor<?x32xf32, "last">, !gemma.packed<32 x "i8", "last"> {
      %159 = gemma.last_rows %114#0 : tensor<?x32xf32> -> tensor<?x32xf32, "last">
      %160 = gemma.last_rows %114#1 : tensor<?x32xf32> -> tensor<?x32xf32, "last">
      %161 = gemma.pack %160 : tensor<?x32xf32, "last"> -> <32 x "i8", "last">
      gemma.yield %159, %161 : tensor<?x32xf32, "last">, !gemma.packed<32 x "i8", "last">
    }
    gemma.phase "tap" {
      gemma.tap %114#0 at 0 : tensor<?x32xf32>
      gemma.yield
    }
    %116 = gemma.phase "project" -> tensor<?x128xf32, "last"> {
      %159 = gemma.project %115#1, %30 : !gemma.packed<32 x "i8", "last">, tensor<128x32xf32> -> tensor<?x128xf32, "last">
      gemma.yield %159 : tensor<?x128xf32, "last">
    }
    %117 = gemma.phase "rows" -> tensor<?x128xf32, "last"> {
      %159 = gemma.rms_norm %116 weight %31 eps 9.9999999999999995E-7 group 32 : tensor<?x128xf32, "last">, tensor<32xf32> -> tensor<?x128xf32, "last">
      %160 = gemma.rope %159 head_dim 32 pairs 4 theta 1.000000e+06 denominator 32 : tensor<?x128xf32, "last"> -> tensor<?x128xf32, "last">
      gemma.yield %160 : tensor<?x128xf32, "last">
    }
    %118:2 = gemma.phase "project" -> tensor<?x64xf32>, tensor<?x64xf32> {
      %159 = gemma.project %114#2, %32 : !gemma.packed<32 x "i8", "all">, tensor<64x32xf32> -> tensor<?x64xf32>
      %160 = gemma.project %114#2, %34 : !gemma.packed<32 x "i8", "all">, tensor<64x32xf32> -> tensor<?x64xf32>
      gemma.yield %159, %160 : tensor<?x64xf32>, tensor<?x64xf32>
    }
    %119:2 = gemma.phase "rows" -> tensor<?x64xf32>, tensor<?x64xf32> {
      %159 = gemma.rms_norm %118#0 weight %33 eps 9.9999999999999995E-7 group 32 : tensor<?x64xf32>, tensor<32xf32> -> tensor<?x64xf32>
      %160 = gemma.rope %159 head_dim 32 pairs 4 theta 1.000000e+06 denominator 32 : tensor<?x64xf32> -> tensor<?x64xf32>
      %161 = gemma.rms_norm %118#1 eps 9.9999999999999995E-7 group 32 : tensor<?x64xf32> -> tensor<?x64xf32>
      gemma.yield %160, %161 : tensor<?x64xf32>, tensor<?x64xf32>
    }
    %120 = gemma.phase "attention" -> !gemma.packed<128 x "i8", "last"> {
      %159 = gemma.attention %117, %119#0, %119#1 heads 4 kv_heads 2 head_dim 32 scale 1.000000e+00 : tensor<?x128xf32, "last">, tensor<?x64xf32>, tensor<?x64xf32> -> tensor<?x128xf32, "last">
      %160 = gemma.pack %159 : tensor<?x128xf32, "last"> -> <128 x "i8", "last">
      gemma.yield %160 : !gemma.packed<128 x "i8", "last">
    }
    %121 = gemma.phase "project" -> tensor<?x32xf32, "last"> {
      %159 = gemma.project %120, %35 : !gemma.packed<128 x "i8", "last">, tensor<32x128xf32> -> tensor<?x32xf32, "last">
      gemma.yield %159 : tensor<?x32xf32, "last">
    }
    %122:4 = gemma.phase "rows" -> tensor<?x32xf32, "last">, tensor<?x32xf32, "last">, !gemma.packed<32 x "i8", "last">, !gemma.packed<32 x "f32", "last"> {
      %159 = gemma.rms_norm %121 weight %36 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
      %160 = gemma.add %115#0, %159 : tensor<?x32xf32, "last">, tensor<?x32xf32, "last"> -> tensor<?x32xf32, "last">
      %161 = gemma.rms_norm %160 weight %37 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
      %162 = gemma.rms_norm %160 weight %42 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
      %163 = gemma.scale %162 by 0.17677669529663689 : tensor<?x32xf32, "last"> -> tensor<?x32xf32, "last">
      %164 = gemma.rms_norm %160 weight %45 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
      %165 = gemma.pack %161 : tensor<?x32xf32, "last"> -> <32 x "i8", "last">
      %166 = gemma.pack %163 : tensor<?x32xf32, "last"> -> <32 x "f32", "last">
      gemma.yield %160, %164, %165, %166 : tensor<?x32xf32, "last">, tensor<?x32xf32, "last">, !gemma.packed<32 x "i8", "last">, !gemma.packed<32 x "f32", "last">
    }
    %123:2 = gemma.phase "project" -> tensor<?x8xf32, "last">, !gemma.packed<64 x "i8", "last"> {
      %159 = gemma.project %122#2, %38 : !gemma.packed<32 x "i8", "last">, tensor<64x32xf32> -> tensor<?x64xf32, "last">
      %160 = gemma.project %122#2, %39 : !gemma.packed<32 x "i8", "last">, tensor<64x32xf32> -> tensor<?x64xf32, "last">
      %161 = gemma.gated %159, %160 "gelu_tanh" : tensor<?x64xf32, "last">, tensor<?x64xf32, "last"> -> tensor<?x64xf32, "last">
      %162 = gemma.project %122#3, %43 : !gemma.packed<32 x "f32", "last">, tensor<8x32xf32> -> tensor<?x8xf32, "last">
      %163 = gemma.pack %161 : tensor<?x64xf32, "last"> -> <64 x "i8", "last">
      gemma.yield %162, %163 : tensor<?x8xf32, "last">, !gemma.packed<64 x "i8", "last">
    }
    %124 = gemma.phase "project" -> tensor<?x32xf32, "last"> {
      %159 = gemma.project %123#1, %40 : !gemma.packed<64 x "i8", "last">, tensor<32x64xf32> -> tensor<?x32xf32, "last">
      gemma.yield %159 : tensor<?x32xf32, "last">
    }
    %125:2 = gemma.phase "rows" -> tensor<?x32xf32, "last">, !gemma.routing<2 of 8, "last"> {
      %159 = gemma.rms_norm %124 weight %41 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
      %160 = gemma.top_k %123#0, %44 : tensor<?x8xf32, "last">, tensor<8xf32> -> <2 of 8, "last">
      gemma.yield %159, %160 : tensor<?x32xf32, "last">, !gemma.routing<2 of 8, "last">
    }
    %126 = gemma.phase "experts" -> tensor<?x32xf32, "last"> {
      %159 = gemma.experts %122#1, %125#1, %46, %47 "gelu_tanh" : tensor<?x32xf32, "last">, <2 of 8, "last">, tensor<8x32x32xf32>, tensor<8x32x16xf32> -> tensor<?x32xf32, "last">
      gemma.yield %159 : tensor<?x32xf32, "last">
    }
    %127:2 = gemma.phase "rows" -> tensor<?x32xf32, "last">, !gemma.packed<32 x "i8", "last"> {
      %159 = gemma.rms_norm %126 weight %48 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
      %160 = gemma.add %125#0, %159 : tensor<?x32xf32, "last">, tensor<?x32xf32, "last"> -> tensor<?x32xf32, "last">
      %161 = gemma.rms_norm %160 weight %49 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
      %162 = gemma.add %122#0, %161 : tensor<?x32xf32, "last">, tensor<?x32xf32, "last"> -> tensor<?x32xf32, "last">
      %163 = gemma.pack %162 : tensor<?x32xf32, "last"> -> <32 x "i8", "last">
      gemma.yield %162, %163 : tensor<?x32xf32, "last">, !gemma.packed<32 x "i8", "last">
    }
    %128 = gemma.phase "project" -> !gemma.packed<32 x "i8", "last"> {
      %159 = gemma.project %127#1, %50 : !gemma.packed<32 x "i8", "last">, tensor<32x32xf32> -> tensor<?x32xf32, "last">
      %160 = gemma.slice %102 at 32 : tensor<?x128xf32, "last"> -> tensor<?x32xf32, "last">
      %161 = gemma.gated %159, %160 "gelu_tanh" : tensor<?x32xf32, "last">, tensor<?x32xf32, "last"> -> tensor<?x32xf32, "last">
      %162 = gemma.pack %161 : tensor<?x32xf32, "last"> -> <32 x "i8", "last">
      gemma.yield %162 : !gemma.packed<32 x "i8", "last">
    }
    %129 = gemma.phase "project" -> tensor<?x32xf32, "last"> {
      %159 = gemma.project %128, %51 : !gemma.packed<32 x "i8", "last">, tensor<32x32xf32> -> tensor<?x32xf32, "last">
      gemma.yield %159 : tensor<?x32xf32, "last">
    }
    %130:2 = gemma.phase "rows" -> tensor<?x32xf32, "last">, !gemma.packed<32 x "i8", "last"> {
      %159 = gemma.rms_norm %129 weight %52 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
      %160 = gemma.add %127#0, %159 : tensor<?x32xf32, "last">, tensor<?x32xf32, "last"> -> tensor<?x32xf32, "last">
      %161 = gemma.scale_by %160, %53 : tensor<?x32xf32, "last">, tensor<1xf32> -> tensor<?x32xf32, "last">
      %162 = gemma.rms_norm %161 weight %54 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
      %163 = gemma.pack %162 : tensor<?x32xf32, "last"> -> <32 x "i8", "last">
      gemma.yield %161, %163 : tensor<?x32xf32, "last">, !gemma.packed<32 x "i8", "last">
    }
    gemma.phase "tap" {
      gemma.tap %130#0 at 32 : tensor<?x32xf32, "last">
      gemma.yield
    }
    %131 = gemma.phase "project" -> tensor<?x64xf32, "last"> {
      %159 = gemma.project %130#1, %55 : !gemma.packed<32 x "i8", "last">, tensor<64x32xf32> -> tensor<?x64xf32, "last">
      gemma.yield %159 : tensor<?x64xf32, "last">
    }
    %132 = gemma.phase "rows" -> tensor<?x64xf32, "last"> {
      %159 = gemma.rms_norm %131 weight %56 eps 9.9999999999999995E-7 group 16 : tensor<?x64xf32, "last">, tensor<16xf32> -> tensor<?x64xf32, "last">
      %160 = gemma.rope %159 head_dim 16 pairs 8 theta 1.000000e+04 denominator 16 : tensor<?x64xf32, "last"> -> tensor<?x64xf32, "last">
      gemma.yield %160 : tensor<?x64xf32, "last">
    }
    %133 = gemma.phase "attention" -> tensor<?x64xf32, "last"> {
      %159 = gemma.attention %132, %101#2, %101#3 heads 4 kv_heads 2 head_dim 16 scale 1.000000e+00 window 16 : tensor<?x64xf32, "last">, tensor<?x32xf32>, tensor<?x32xf32> -> tensor<?x64xf32, "last">
      gemma.yield %159 : tensor<?x64xf32, "last">
    }
    %134 = gemma.phase "rows" -> !gemma.packed<64 x "i8", "last"> {
      %159 = gemma.pack %133 : tensor<?x64xf32, "last"> -> <64 x "i8", "last">
      gemma.yield %159 : !gemma.packed<64 x "i8", "last">
    }
    %135 = gemma.phase "project" -> tensor<?x32xf32, "last"> {
      %159 = gemma.project %134, %57 : !gemma.packed<64 x "i8", "last">, tensor<32x64xf32> -> tensor<?x32xf32, "last">
      gemma.yield %159 : tensor<?x32xf32, "last">
    }
    %136:4 = gemma.phase "rows" -> tensor<?x32xf32, "last">, tensor<?x32xf32, "last">, !gemma.packed<32 x "i8", "last">, !gemma.packed<32 x "f32", "last"> {
      %159 = gemma.rms_norm %135 weight %58 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
      %160 = gemma.add %130#0, %159 : tensor<?x32xf32, "last">, tensor<?x32xf32, "last"> -> tensor<?x32xf32, "last">
      %161 = gemma.rms_norm %160 weight %59 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
      %162 = gemma.rms_norm %160 weight %64 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
      %163 = gemma.scale %162 by 0.17677669529663689 : tensor<?x32xf32, "last"> -> tensor<?x32xf32, "last">
      %164 = gemma.rms_norm %160 weight %67 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
      %165 = gemma.pack %161 : tensor<?x32xf32, "last"> -> <32 x "i8", "last">
      %166 = gemma.pack %163 : tensor<?x32xf32, "last"> -> <32 x "f32", "last">
      gemma.yield %160, %164, %165, %166 : tensor<?x32xf32, "last">, tensor<?x32xf32, "last">, !gemma.packed<32 x "i8", "last">, !gemma.packed<32 x "f32", "last">
    }
    %137:2 = gemma.phase "project" -> tensor<?x8xf32, "last">, !gemma.packed<64 x "i8", "last"> {
      %159 = gemma.project %136#2, %60 : !gemma.packed<32 x "i8", "last">, tensor<64x32xf32> -> tensor<?x64xf32, "last">
      %160 = gemma.project %136#2, %61 : !gemma.packed<32 x "i8", "last">, tensor<64x32xf32> -> tensor<?x64xf32, "last">
      %161 = gemma.gated %159, %160 "gelu_tanh" : tensor<?x64xf32, "last">, tensor<?x64xf32, "last"> -> tensor<?x64xf32, "last">
      %162 = gemma.project %136#3, %65 : !gemma.packed<32 x "f32", "last">, tensor<8x32xf32> -> tensor<?x8xf32, "last">
      %163 = gemma.pack %161 : tensor<?x64xf32, "last"> -> <64 x "i8", "last">
      gemma.yield %162, %163 : tensor<?x8xf32, "last">, !gemma.packed<64 x "i8", "last">
    }
    %138 = gemma.phase "project" -> tensor<?x32xf32, "last"> {
      %159 = gemma.project %137#1, %62 : !gemma.packed<64 x "i8", "last">, tensor<32x64xf32> -> tensor<?x32xf32, "last">
      gemma.yield %159 : tensor<?x32xf32, "last">
    }
    %139:2 = gemma.phase "rows" -> tensor<?x32xf32, "last">, !gemma.routing<2 of 8, "last"> {
      %159 = gemma.rms_norm %138 weight %63 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
      %160 = gemma.top_k %137#0, %66 : tensor<?x8xf32, "last">, tensor<8xf32> -> <2 of 8, "last">
      gemma.yield %159, %160 : tensor<?x32xf32, "last">, !gemma.routing<2 of 8, "last">
    }
    %140 = gemma.phase "experts" -> tensor<?x32xf32, "last"> {
      %159 = gemma.experts %136#1, %139#1, %68, %69 "gelu_tanh" : tensor<?x32xf32, "last">, <2 of 8, "last">, tensor<8x32x32xf32>, tensor<8x32x16xf32> -> tensor<?x32xf32, "last">
      gemma.yield %159 : tensor<?x32xf32, "last">
    }
    %141:2 = gemma.phase "rows" -> tensor<?x32xf32, "last">, !gemma.packed<32 x "i8", "last"> {
      %159 = gemma.rms_norm %140 weight %70 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
      %160 = gemma.add %139#0, %159 : tensor<?x32xf32, "last">, tensor<?x32xf32, "last"> -> tensor<?x32xf32, "last">
      %161 = gemma.rms_norm %160 weight %71 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
      %162 = gemma.add %136#0, %161 : tensor<?x32xf32, "last">, tensor<?x32xf32, "last"> -> tensor<?x32xf32, "last">
      %163 = gemma.pack %162 : tensor<?x32xf32, "last"> -> <32 x "i8", "last">
      gemma.yield %162, %163 : tensor<?x32xf32, "last">, !gemma.packed<32 x "i8", "last">
    }
    %142 = gemma.phase "project" -> !gemma.packed<32 x "i8", "last"> {
      %159 = gemma.project %141#1, %72 : !gemma.packed<32 x "i8", "last">, tensor<32x32xf32> -> tensor<?x32xf32, "last">
      %160 = gemma.slice %102 at 64 : tensor<?x128xf32, "last"> -> tensor<?x32xf32, "last">
      %161 = gemma.gated %159, %160 "gelu_tanh" : tensor<?x32xf32, "last">, tensor<?x32xf32, "last"> -> tensor<?x32xf32, "last">
      %162 = gemma.pack %161 : tensor<?x32xf32, "last"> -> <32 x "i8", "last">
      gemma.yield %162 : !gemma.packed<32 x "i8", "last">
    }
    %143 = gemma.phase "project" -> tensor<?x32xf32, "last"> {
      %159 = gemma.project %142, %73 : !gemma.packed<32 x "i8", "last">, tensor<32x32xf32> -> tensor<?x32xf32, "last">
      gemma.yield %159 : tensor<?x32xf32, "last">
    }
    %144:2 = gemma.phase "rows" -> tensor<?x32xf32, "last">, !gemma.packed<32 x "i8", "last"> {
      %159 = gemma.rms_norm %143 weight %74 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
      %160 = gemma.add %141#0, %159 : tensor<?x32xf32, "last">, tensor<?x32xf32, "last"> -> tensor<?x32xf32, "last">
      %161 = gemma.scale_by %160, %75 : tensor<?x32xf32, "last">, tensor<1xf32> -> tensor<?x32xf32, "last">
      %162 = gemma.rms_norm %161 weight %76 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
      %163 = gemma.pack %162 : tensor<?x32xf32, "last"> -> <32 x "i8", "last">
      gemma.yield %161, %163 : tensor<?x32xf32, "last">, !gemma.packed<32 x "i8", "last">
    }
    gemma.phase "tap" {
      gemma.tap %144#0 at 64 : tensor<?x32xf32, "last">
      gemma.yield
    }
    %145 = gemma.phase "project" -> tensor<?x128xf32, "last"> {
      %159 = gemma.project %144#1, %77 : !gemma.packed<32 x "i8", "last">, tensor<128x32xf32> -> tensor<?x128xf32, "last">
      gemma.yield %159 : tensor<?x128xf32, "last">
    }
    %146 = gemma.phase "rows" -> tensor<?x128xf32, "last"> {
      %159 = gemma.rms_norm %145 weight %78 eps 9.9999999999999995E-7 group 32 : tensor<?x128xf32, "last">, tensor<32xf32> -> tensor<?x128xf32, "last">
      %160 = gemma.rope %159 head_dim 32 pairs 4 theta 1.000000e+06 denominator 32 : tensor<?x128xf32, "last"> -> tensor<?x128xf32, "last">
      gemma.yield %160 : tensor<?x128xf32, "last">
    }
    %147 = gemma.phase "attention" -> !gemma.packed<128 x "i8", "last"> {
      %159 = gemma.attention %146, %119#0, %119#1 heads 4 kv_heads 2 head_dim 32 scale 1.000000e+00 : tensor<?x128xf32, "last">, tensor<?x64xf32>, tensor<?x64xf32> -> tensor<?x128xf32, "last">
      %160 = gemma.pack %159 : tensor<?x128xf32, "last"> -> <128 x "i8", "last">
      gemma.yield %160 : !gemma.packed<128 x "i8", "last">
    }
    %148 = gemma.phase "project" -> tensor<?x32xf32, "last"> {
      %159 = gemma.project %147, %79 : !gemma.packed<128 x "i8", "last">, tensor<32x128xf32> -> tensor<?x32xf32, "last">
      gemma.yield %159 : tensor<?x32xf32, "last">
    }
    %149:4 = gemma.phase "rows" -> tensor<?x32xf32, "last">, tensor<?x32xf32, "last">, !gemma.packed<32 x "i8", "last">, !gemma.packed<32 x "f32", "last"> {
      %159 = gemma.rms_norm %148 weight %80 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
      %160 = gemma.add %144#0, %159 : tensor<?x32xf32, "last">, tensor<?x32xf32, "last"> -> tensor<?x32xf32, "last">
      %161 = gemma.rms_norm %160 weight %81 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
      %162 = gemma.rms_norm %160 weight %86 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
      %163 = gemma.scale %162 by 0.17677669529663689 : tensor<?x32xf32, "last"> -> tensor<?x32xf32, "last">
      %164 = gemma.rms_norm %160 weight %89 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
      %165 = gemma.pack %161 : tensor<?x32xf32, "last"> -> <32 x "i8", "last">
      %166 = gemma.pack %163 : tensor<?x32xf32, "last"> -> <32 x "f32", "last">
      gemma.yield %160, %164, %165, %166 : tensor<?x32xf32, "last">, tensor<?x32xf32, "last">, !gemma.packed<32 x "i8", "last">, !gemma.packed<32 x "f32", "last">
    }
    %150:2 = gemma.phase "project" -> tensor<?x8xf32, "last">, !gemma.packed<64 x "i8", "last"> {
      %159 = gemma.project %149#2, %82 : !gemma.packed<32 x "i8", "last">, tensor<64x32xf32> -> tensor<?x64xf32, "last">
      %160 = gemma.project %149#2, %83 : !gemma.packed<32 x "i8", "last">, tensor<64x32xf32> -> tensor<?x64xf32, "last">
      %161 = gemma.gated %159, %160 "gelu_tanh" : tensor<?x64xf32, "last">, tensor<?x64xf32, "last"> -> tensor<?x64xf32, "last">
      %162 = gemma.project %149#3, %87 : !gemma.packed<32 x "f32", "last">, tensor<8x32xf32> -> tensor<?x8xf32, "last">
      %163 = gemma.pack %161 : tensor<?x64xf32, "last"> -> <64 x "i8", "last">
      gemma.yield %162, %163 : tensor<?x8xf32, "last">, !gemma.packed<64 x "i8", "last">
    }
    %151 = gemma.phase "project" -> tensor<?x32xf32, "last"> {
      %159 = gemma.project %150#1, %84 : !gemma.packed<64 x "i8", "last">, tensor<32x64xf32> -> tensor<?x32xf32, "last">
      gemma.yield %159 : tensor<?x32xf32, "last">
    }
    %152:2 = gemma.phase "rows" -> tensor<?x32xf32, "last">, !gemma.routing<2 of 8, "last"> {
      %159 = gemma.rms_norm %151 weight %85 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
      %160 = gemma.top_k %150#0, %88 : tensor<?x8xf32, "last">, tensor<8xf32> -> <2 of 8, "last">
      gemma.yield %159, %160 : tensor<?x32xf32, "last">, !gemma.routing<2 of 8, "last">
    }
    %153 = gemma.phase "experts" -> tensor<?x32xf32, "last"> {
      %159 = gemma.experts %149#1, %152#1, %90, %91 "gelu_tanh" : tensor<?x32xf32, "last">, <2 of 8, "last">, tensor<8x32x32xf32>, tensor<8x32x16xf32> -> tensor<?x32xf32, "last">
      gemma.yield %159 : tensor<?x32xf32, "last">
    }
    %154:2 = gemma.phase "rows" -> tensor<?x32xf32, "last">, !gemma.packed<32 x "i8", "last"> {
      %159 = gemma.rms_norm %153 weight %92 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
      %160 = gemma.add %152#0, %159 : tensor<?x32xf32, "last">, tensor<?x32xf32, "last"> -> tensor<?x32xf32, "last">
      %161 = gemma.rms_norm %160 weight %93 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
      %162 = gemma.add %149#0, %161 : tensor<?x32xf32, "last">, tensor<?x32xf32, "last"> -> tensor<?x32xf32, "last">
      %163 = gemma.pack %162 : tensor<?x32xf32, "last"> -> <32 x "i8", "last">
      gemma.yield %162, %163 : tensor<?x32xf32, "last">, !gemma.packed<32 x "i8", "last">
    }
    %155 = gemma.phase "project" -> !gemma.packed<32 x "i8", "last"> {
      %159 = gemma.project %154#1, %94 : !gemma.packed<32 x "i8", "last">, tensor<32x32xf32> -> tensor<?x32xf32, "last">
      %160 = gemma.slice %102 at 96 : tensor<?x128xf32, "last"> -> tensor<?x32xf32, "last">
      %161 = gemma.gated %159, %160 "gelu_tanh" : tensor<?x32xf32, "last">, tensor<?x32xf32, "last"> -> tensor<?x32xf32, "last">
      %162 = gemma.pack %161 : tensor<?x32xf32, "last"> -> <32 x "i8", "last">
      gemma.yield %162 : !gemma.packed<32 x "i8", "last">
    }
    %156 = gemma.phase "project" -> tensor<?x32xf32, "last"> {
      %159 = gemma.project %155, %95 : !gemma.packed<32 x "i8", "last">, tensor<32x32xf32> -> tensor<?x32xf32, "last">
      gemma.yield %159 : tensor<?x32xf32, "last">
    }
    %157:2 = gemma.phase "rows" -> tensor<?x32xf32, "last">, !gemma.packed<32 x "i8", "last"> {
      %159 = gemma.rms_norm %156 weight %96 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
      %160 = gemma.add %154#0, %159 : tensor<?x32xf32, "last">, tensor<?x32xf32, "last"> -> tensor<?x32xf32, "last">
      %161 = gemma.scale_by %160, %97 : tensor<?x32xf32, "last">, tensor<1xf32> -> tensor<?x32xf32, "last">
      %162 = gemma.rms_norm %161 weight %98 eps 9.9999999999999995E-7 : tensor<?x32xf32, "last">, tensor<32xf32> -> tensor<?x32xf32, "last">
      %163 = gemma.pack %162 : tensor<?x32xf32, "last"> -> <32 x "i8", "last">
      gemma.yield %161, %163 : tensor<?x32xf32, "last">, !gemma.packed<32 x "i8", "last">
    }
    gemma.phase "tap" {
      gemma.tap %157#0 at 96 : tensor<?x32xf32, "last">
      gemma.yield
    }
    %158 = gemma.phase "project" -> tensor<?x192xf32, "last"> {
      %159 = gemma.project %157#1, %0 : !gemma.packed<32 x "i8", "last">, tensor<192x32xf32> -> tensor<?x192xf32, "last">
      %160 = gemma.softcap %159 cap 3.000000e+01 : tensor<?x192xf32, "last"> -> tensor<?x192xf32, "last">
      gemma.yield %160 : tensor<?x192xf32, "last">
    }
    return %158 : tensor<?x192xf32, "last">
  }
}

