// RUN: gemma-opt %s -verify-diagnostics -split-input-file
// One function for each way to break a constraint of GemmaOps.td: @<operation>_c<its number>.

func.func @weight_floor() {
  // expected-error@+2 {{custom op 'gemma.weight' expected one of [f32, bf16, q8, q8m, q4, q4m, q6] for a weight format, got: q5}}
  // expected-error@+1 {{failed to parse Gemma_FormatAttr parameter 'value'}}
  %0 = gemma.weight "w" index 0 floor q5 : tensor<4xf32>
  return
}

// -----

func.func @weight_format() {
  // expected-error@+2 {{custom op 'gemma.weight' expected one of [f32, bf16, q8, q8m, q4, q4m, q6] for a weight format, got: int8}}
  // expected-error@+1 {{failed to parse Gemma_FormatAttr parameter 'value'}}
  %0 = gemma.weight "w" index 0 floor q8 format int8 : tensor<4xf32>
  return
}

// -----

func.func @weight_c1() {
  // expected-error@+1 {{'gemma.weight' op needs a static shape of 1 to 3 positive dimensions but has 'tensor<?x4xf32>'}}
  %0 = gemma.weight "w" index 0 : tensor<?x4xf32>
  return
}

// -----

func.func @weight_c1_zero() {
  // expected-error@+1 {{'gemma.weight' op needs a static shape of 1 to 3 positive dimensions but has 'tensor<0x4xf32>'}}
  %0 = gemma.weight "w" index 0 : tensor<0x4xf32>
  return
}

// -----

func.func @weight_c1_rank() {
  // expected-error@+1 {{'gemma.weight' op needs a static shape of 1 to 3 positive dimensions but has 'tensor<1x1x1x4xf32>'}}
  %0 = gemma.weight "w" index 0 : tensor<1x1x1x4xf32>
  return
}

// -----

func.func @weight_c1_unranked() {
  // expected-error@+1 {{'gemma.weight' op needs a static shape of 1 to 3 positive dimensions but has 'tensor<*xf32>'}}
  %0 = gemma.weight "w" index 0 : tensor<*xf32>
  return
}

// -----

func.func @weight_c2() {
  // expected-error@+1 {{'gemma.weight' op can have at most 2^48 elements but is 'tensor<16777216x16777217xf32>'}}
  %0 = gemma.weight "w" index 0 : tensor<16777216x16777217xf32>
  return
}

// -----

// Weights are float32 on tensors, whatever format they are stored in.
func.func @weight_type() {
  // expected-error@+1 {{'gemma.weight' op result #0 must be tensor of 32-bit float values, but got 'tensor<4xbf16>'}}
  %0 = gemma.weight "w" index 0 : tensor<4xbf16>
  return
}

// -----

func.func @embed_c1(%ids: tensor<?x1xi32>, %t: tensor<8x4xf32>) {
  // expected-error@+1 {{'gemma.embed' op needs ids tensor<?xi32> and a table of rank 2 but has 'tensor<?x1xi32>' and 'tensor<8x4xf32>'}}
  %0 = gemma.embed %ids, %t : tensor<?x1xi32>, tensor<8x4xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @embed_c1_table(%ids: tensor<?xi32>, %t: tensor<4xf32>) {
  // expected-error@+1 {{'gemma.embed' op needs ids tensor<?xi32> and a table of rank 2 but has 'tensor<?xi32>' and 'tensor<4xf32>'}}
  %0 = gemma.embed %ids, %t : tensor<?xi32>, tensor<4xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @embed_c1_type(%ids: tensor<?xi64>, %t: tensor<8x4xf32>) {
  // expected-error@+1 {{'gemma.embed' op operand #0 must be tensor of 32-bit signless integer values, but got 'tensor<?xi64>'}}
  %0 = gemma.embed %ids, %t : tensor<?xi64>, tensor<8x4xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @embed_c2(%ids: tensor<?xi32>, %t: tensor<8x4xf32>) {
  // expected-error@+1 {{'gemma.embed' op result has 5 columns but a row of table has 4}}
  %0 = gemma.embed %ids, %t : tensor<?xi32>, tensor<8x4xf32> -> tensor<?x5xf32>
  return
}

// -----

func.func @embed_c3(%ids: tensor<?xi32>, %t: tensor<8x4xf32>) {
  // expected-error@+1 {{'gemma.embed' op scale must be finite and not 0 but is 0.000000e+00}}
  %0 = gemma.embed %ids, %t scale 0.0 : tensor<?xi32>, tensor<8x4xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @embed_c3_nan(%ids: tensor<?xi32>, %t: tensor<8x4xf32>) {
  // expected-error@+1 {{'gemma.embed' op scale must be finite and not 0 but is nan}}
  %0 = gemma.embed %ids, %t scale 0x7FF8000000000000 : tensor<?xi32>, tensor<8x4xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @rms_norm_c1(%x: tensor<?x4xf32>) {
  // expected-error@+1 {{'gemma.rms_norm' op group = 3 does not divide the 4 columns of input}}
  %0 = gemma.rms_norm %x eps 1.0 group 3 : tensor<?x4xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @rms_norm_c1_zero(%x: tensor<?x4xf32>) {
  // expected-error@+1 {{'gemma.rms_norm' op group = 0 does not divide the 4 columns of input}}
  %0 = gemma.rms_norm %x eps 1.0 group 0 : tensor<?x4xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @rms_norm_c2(%x: tensor<?x4xf32>, %w: tensor<4xf32>) {
  // expected-error@+1 {{'gemma.rms_norm' op weight is 'tensor<4xf32>' but a group has 2 elements}}
  %0 = gemma.rms_norm %x weight %w eps 1.0 group 2 : tensor<?x4xf32>, tensor<4xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @rms_norm_c2_rank(%x: tensor<?x4xf32>, %w: tensor<1x4xf32>) {
  // expected-error@+1 {{'gemma.rms_norm' op weight is 'tensor<1x4xf32>' but a group has 4 elements}}
  %0 = gemma.rms_norm %x weight %w eps 1.0 : tensor<?x4xf32>, tensor<1x4xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @rms_norm_c3(%x: tensor<?x4xf32>) {
  // expected-error@+1 {{'gemma.rms_norm' op eps must be above 0 but is 0.000000e+00}}
  %0 = gemma.rms_norm %x eps 0.0 : tensor<?x4xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @rms_norm_c4(%x: tensor<?x4xf32>) {
  // expected-error@+1 {{'gemma.rms_norm' op input is 'tensor<?x4xf32>' but result is 'tensor<?x4xf32, "last">'}}
  %0 = gemma.rms_norm %x eps 1.0 : tensor<?x4xf32> -> tensor<?x4xf32, "last">
  return
}

// -----

// Rows are dynamic, columns static; no operation takes anything else.
func.func @rms_norm_rows(%x: tensor<3x4xf32>) {
  // expected-error@+1 {{'gemma.rms_norm' op input must be rows of static width, tensor<?xDxf32>, but is 'tensor<3x4xf32>'}}
  %0 = gemma.rms_norm %x eps 1.0 : tensor<3x4xf32> -> tensor<3x4xf32>
  return
}

// -----

func.func @rms_norm_width(%x: tensor<?x?xf32>) {
  // expected-error@+1 {{'gemma.rms_norm' op input must be rows of static width, tensor<?xDxf32>, but is 'tensor<?x?xf32>'}}
  %0 = gemma.rms_norm %x eps 1.0 : tensor<?x?xf32> -> tensor<?x?xf32>
  return
}

// -----

func.func @rms_norm_unranked(%x: tensor<*xf32>) {
  // expected-error@+1 {{'gemma.rms_norm' op input must be rows of static width, tensor<?xDxf32>, but is 'tensor<*xf32>'}}
  %0 = gemma.rms_norm %x eps 1.0 : tensor<*xf32> -> tensor<*xf32>
  return
}

// -----

func.func @rms_norm_encoding(%x: tensor<?x4xf32, "first">) {
  // expected-error@+1 {{'gemma.rms_norm' op input has encoding "first"; only "last" is known}}
  %0 = gemma.rms_norm %x eps 1.0 : tensor<?x4xf32, "first"> -> tensor<?x4xf32, "first">
  return
}

// -----

func.func @project_c1(%x: tensor<?x4xf32>, %w: tensor<8x5xf32>) {
  // expected-error@+1 {{'gemma.project' op weight is 'tensor<8x5xf32>' but input has 4 columns}}
  %0 = gemma.project %x, %w : tensor<?x4xf32>, tensor<8x5xf32> -> tensor<?x8xf32>
  return
}

// -----

func.func @project_c1_rank(%x: tensor<?x4xf32>, %w: tensor<4xf32>) {
  // expected-error@+1 {{'gemma.project' op weight is 'tensor<4xf32>' but input has 4 columns}}
  %0 = gemma.project %x, %w : tensor<?x4xf32>, tensor<4xf32> -> tensor<?x8xf32>
  return
}

// -----

func.func @project_c1_packed(%p: !gemma.packed<5 x i8, all>, %w: tensor<8x4xf32>) {
  // expected-error@+1 {{'gemma.project' op weight is 'tensor<8x4xf32>' but input has 5 columns}}
  %0 = gemma.project %p, %w : !gemma.packed<5 x i8, all>, tensor<8x4xf32> -> tensor<?x8xf32>
  return
}

// -----

func.func @project_c2(%x: tensor<?x4xf32>, %w: tensor<8x4xf32>) {
  // expected-error@+1 {{'gemma.project' op result has 9 columns but weight has 8 rows}}
  %0 = gemma.project %x, %w : tensor<?x4xf32>, tensor<8x4xf32> -> tensor<?x9xf32>
  return
}

// -----

func.func @project_c3(%x: tensor<?x4xf32>, %w: tensor<8x4xf32>) {
  // expected-error@+1 {{'gemma.project' op input and result must hold the same rows (all or last), but are 'tensor<?x4xf32>' and 'tensor<?x8xf32, "last">'}}
  %0 = gemma.project %x, %w : tensor<?x4xf32>, tensor<8x4xf32> -> tensor<?x8xf32, "last">
  return
}

// -----

func.func @pack_c1(%x: tensor<?x4xf32>) {
  // expected-error@+1 {{'gemma.pack' op result has 5 columns but input has 4}}
  %0 = gemma.pack %x : tensor<?x4xf32> -> !gemma.packed<5 x i8, all>
  return
}

// -----

func.func @pack_c1_rows(%x: tensor<?x4xf32>) {
  // expected-error@+1 {{'gemma.pack' op input and result must hold the same rows (all or last), but are 'tensor<?x4xf32>' and '!gemma.packed<4 x i8, last>'}}
  %0 = gemma.pack %x : tensor<?x4xf32> -> !gemma.packed<4 x i8, last>
  return
}

// -----

func.func @pack_rows(%x: tensor<?x4xf32>) {
  // expected-error@+2 {{expected one of [all, last] for rows, got: some}}
  // expected-error@+1 {{failed to parse Gemma_Packed parameter 'rows'}}
  %0 = gemma.pack %x : tensor<?x4xf32> -> !gemma.packed<4 x i8, some>
  return
}

// -----

func.func @pack_kind(%x: tensor<?x4xf32>) {
  // expected-error@+2 {{expected one of [i8, bf16, f32] for a kind of packed rows, got: i4}}
  // expected-error@+1 {{failed to parse Gemma_Packed parameter 'kind'}}
  %0 = gemma.pack %x : tensor<?x4xf32> -> !gemma.packed<4 x i4, all>
  return
}

// -----

func.func @scale_c1(%x: tensor<?x4xf32>) {
  // expected-error@+1 {{'gemma.scale' op the factor must be finite but is INF}}
  %0 = gemma.scale %x by 0x7FF0000000000000 : tensor<?x4xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @scale_c2(%x: tensor<?x4xf32>) {
  // expected-error@+1 {{'gemma.scale' op input is 'tensor<?x4xf32>' but result is 'tensor<?x5xf32>'}}
  %0 = gemma.scale %x by 1.0 : tensor<?x4xf32> -> tensor<?x5xf32>
  return
}

// -----

func.func @scale_by_c1(%x: tensor<?x4xf32>, %s: tensor<2xf32>) {
  // expected-error@+1 {{'gemma.scale_by' op weight must have one element but is 'tensor<2xf32>'}}
  %0 = gemma.scale_by %x, %s : tensor<?x4xf32>, tensor<2xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @scale_by_c1_dynamic(%x: tensor<?x4xf32>, %s: tensor<?xf32>) {
  // expected-error@+1 {{'gemma.scale_by' op weight must have one element but is 'tensor<?xf32>'}}
  %0 = gemma.scale_by %x, %s : tensor<?x4xf32>, tensor<?xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @scale_by_c2(%x: tensor<?x4xf32>, %s: tensor<1xf32>) {
  // expected-error@+1 {{'gemma.scale_by' op input is 'tensor<?x4xf32>' but result is 'tensor<?x4xf32, "last">'}}
  %0 = gemma.scale_by %x, %s : tensor<?x4xf32>, tensor<1xf32> -> tensor<?x4xf32, "last">
  return
}

// -----

func.func @slice_c1(%x: tensor<?x4xf32>) {
  // expected-error@+1 {{'gemma.slice' op 2 columns at 3 are not within the 4 columns of input}}
  %0 = gemma.slice %x at 3 : tensor<?x4xf32> -> tensor<?x2xf32>
  return
}

// -----

func.func @slice_c1_negative(%x: tensor<?x4xf32>) {
  // expected-error@+1 {{'gemma.slice' op 2 columns at -1 are not within the 4 columns of input}}
  %0 = gemma.slice %x at -1 : tensor<?x4xf32> -> tensor<?x2xf32>
  return
}

// -----

func.func @slice_c1_far(%x: tensor<?x4xf32>) {
  // expected-error@+1 {{'gemma.slice' op 2 columns at 9223372036854775807 are not within the 4 columns of input}}
  %0 = gemma.slice %x at 9223372036854775807 : tensor<?x4xf32> -> tensor<?x2xf32>
  return
}

// -----

func.func @slice_c2(%l: tensor<?x4xf32, "last">) {
  // expected-error@+1 {{'gemma.slice' op input and result must hold the same rows (all or last), but are 'tensor<?x4xf32, "last">' and 'tensor<?x2xf32>'}}
  %0 = gemma.slice %l at 0 : tensor<?x4xf32, "last"> -> tensor<?x2xf32>
  return
}

// -----

func.func @add_c1(%x: tensor<?x4xf32>, %y: tensor<?x5xf32>) {
  // expected-error@+1 {{'gemma.add' op lhs is 'tensor<?x4xf32>' but rhs is 'tensor<?x5xf32>'}}
  %0 = gemma.add %x, %y : tensor<?x4xf32>, tensor<?x5xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @add_c1_result(%x: tensor<?x4xf32>) {
  // expected-error@+1 {{'gemma.add' op lhs is 'tensor<?x4xf32>' but result is 'tensor<?x4xf32, "last">'}}
  %0 = gemma.add %x, %x : tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x4xf32, "last">
  return
}

// -----

func.func @mul_c1(%x: tensor<?x4xf32>, %y: tensor<?x5xf32>) {
  // expected-error@+1 {{'gemma.mul' op lhs is 'tensor<?x4xf32>' but rhs is 'tensor<?x5xf32>'}}
  %0 = gemma.mul %x, %y : tensor<?x4xf32>, tensor<?x5xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @mul_c1_result(%x: tensor<?x4xf32>) {
  // expected-error@+1 {{'gemma.mul' op lhs is 'tensor<?x4xf32>' but result is 'tensor<?x4xf32, "last">'}}
  %0 = gemma.mul %x, %x : tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x4xf32, "last">
  return
}

// -----

func.func @gated_c1(%x: tensor<?x4xf32>, %l: tensor<?x4xf32, "last">) {
  // expected-error@+1 {{'gemma.gated' op gate is 'tensor<?x4xf32>' but up is 'tensor<?x4xf32, "last">'}}
  %0 = gemma.gated %x, %l silu : tensor<?x4xf32>, tensor<?x4xf32, "last"> -> tensor<?x4xf32>
  return
}

// -----

func.func @gated_c1_result(%x: tensor<?x4xf32>) {
  // expected-error@+1 {{'gemma.gated' op gate is 'tensor<?x4xf32>' but result is 'tensor<?x2xf32>'}}
  %0 = gemma.gated %x, %x silu : tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x2xf32>
  return
}

// -----

func.func @gated_activation(%x: tensor<?x4xf32>) {
  // expected-error@+2 {{custom op 'gemma.gated' expected one of [gelu_tanh, silu, gelu, relu, relu2] for an activation, got: elu}}
  // expected-error@+1 {{failed to parse Gemma_ActivationAttr parameter 'value'}}
  %0 = gemma.gated %x, %x elu : tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @embed_positions_c1(%t: tensor<4xf32>) {
  // expected-error@+1 {{'gemma.embed_positions' op needs a table of rank 2 but has 'tensor<4xf32>'}}
  %0 = gemma.embed_positions %t : tensor<4xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @embed_positions_c2(%t: tensor<8x5xf32>) {
  // expected-error@+1 {{'gemma.embed_positions' op result has 4 columns but a row of table has 5}}
  %0 = gemma.embed_positions %t : tensor<8x5xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @embed_positions_c3(%t: tensor<8x4xf32>) {
  // expected-error@+1 {{'gemma.embed_positions' op scale must be finite and not 0 but is 0.000000e+00}}
  %0 = gemma.embed_positions %t scale 0.0 : tensor<8x4xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @layer_norm_c1(%x: tensor<?x4xf32>) {
  // expected-error@+1 {{'gemma.layer_norm' op group = 3 does not divide the 4 columns of input}}
  %0 = gemma.layer_norm %x eps 1.0 group 3 : tensor<?x4xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @layer_norm_c2(%x: tensor<?x4xf32>, %w: tensor<4xf32>, %b: tensor<2xf32>) {
  // expected-error@+1 {{'gemma.layer_norm' op bias is 'tensor<2xf32>' but a group has 4 elements}}
  %0 = gemma.layer_norm %x weight %w bias %b eps 1.0 : tensor<?x4xf32>, tensor<4xf32>, tensor<2xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @layer_norm_c2_weight(%x: tensor<?x4xf32>, %w: tensor<4x1xf32>) {
  // expected-error@+1 {{'gemma.layer_norm' op weight is 'tensor<4x1xf32>' but a group has 4 elements}}
  %0 = gemma.layer_norm %x weight %w eps 1.0 : tensor<?x4xf32>, tensor<4x1xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @layer_norm_c2_alone(%x: tensor<?x4xf32>, %b: tensor<4xf32>) {
  // expected-error@+1 {{'gemma.layer_norm' op has a bias but no weight}}
  %0 = "gemma.layer_norm"(%x, %b) <{eps = 1.0 : f64, operandSegmentSizes = array<i32: 1, 0, 1>}> : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
  return
}

// -----

func.func @layer_norm_c3(%x: tensor<?x4xf32>) {
  // expected-error@+1 {{'gemma.layer_norm' op eps must be above 0 but is 0.000000e+00}}
  %0 = gemma.layer_norm %x eps 0.0 : tensor<?x4xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @layer_norm_c4(%x: tensor<?x4xf32>) {
  // expected-error@+1 {{'gemma.layer_norm' op input is 'tensor<?x4xf32>' but result is 'tensor<?x5xf32>'}}
  %0 = gemma.layer_norm %x eps 1.0 : tensor<?x4xf32> -> tensor<?x5xf32>
  return
}

// -----

func.func @bias_c1(%x: tensor<?x4xf32>, %b: tensor<5xf32>) {
  // expected-error@+1 {{'gemma.bias' op weight is 'tensor<5xf32>' but input has 4 columns}}
  %0 = gemma.bias %x, %b : tensor<?x4xf32>, tensor<5xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @bias_c2(%x: tensor<?x4xf32>, %b: tensor<4xf32>) {
  // expected-error@+1 {{'gemma.bias' op input is 'tensor<?x4xf32>' but result is 'tensor<?x4xf32, "last">'}}
  %0 = gemma.bias %x, %b : tensor<?x4xf32>, tensor<4xf32> -> tensor<?x4xf32, "last">
  return
}

// -----

func.func @act_c1(%x: tensor<?x4xf32>) {
  // expected-error@+1 {{'gemma.act' op input is 'tensor<?x4xf32>' but result is 'tensor<?x2xf32>'}}
  %0 = gemma.act %x gelu : tensor<?x4xf32> -> tensor<?x2xf32>
  return
}

// -----

func.func @act_activation(%x: tensor<?x4xf32>) {
  // expected-error@+2 {{custom op 'gemma.act' expected one of [gelu_tanh, silu, gelu, relu, relu2] for an activation, got: elu}}
  // expected-error@+1 {{failed to parse Gemma_ActivationAttr parameter 'value'}}
  %0 = gemma.act %x elu : tensor<?x4xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @softcap_c1(%x: tensor<?x4xf32>) {
  // expected-error@+1 {{'gemma.softcap' op cap must be above 0 but is -1.000000e+00}}
  %0 = gemma.softcap %x cap -1.0 : tensor<?x4xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @softcap_c2(%x: tensor<?x4xf32>) {
  // expected-error@+1 {{'gemma.softcap' op input is 'tensor<?x4xf32>' but result is 'tensor<?x5xf32>'}}
  %0 = gemma.softcap %x cap 1.0 : tensor<?x4xf32> -> tensor<?x5xf32>
  return
}

// -----

func.func @rope_c1(%x: tensor<?x4xf32>) {
  // expected-error@+1 {{'gemma.rope' op head_dim = 3 must be even and divide the 4 columns of input}}
  %0 = gemma.rope %x head_dim 3 pairs 1 theta 1.0 denominator 2 : tensor<?x4xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @rope_c1_columns(%x: tensor<?x4xf32>) {
  // expected-error@+1 {{'gemma.rope' op head_dim = 8 must be even and divide the 4 columns of input}}
  %0 = gemma.rope %x head_dim 8 pairs 1 theta 1.0 denominator 2 : tensor<?x4xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @rope_c1_zero(%x: tensor<?x4xf32>) {
  // expected-error@+1 {{'gemma.rope' op head_dim = 0 must be even and divide the 4 columns of input}}
  %0 = gemma.rope %x head_dim 0 pairs 1 theta 1.0 denominator 2 : tensor<?x4xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @rope_c2(%x: tensor<?x4xf32>) {
  // expected-error@+1 {{'gemma.rope' op pairs = 3 must be within 1 to 2, half of head_dim}}
  %0 = gemma.rope %x head_dim 4 pairs 3 theta 1.0 denominator 4 : tensor<?x4xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @rope_c2_zero(%x: tensor<?x4xf32>) {
  // expected-error@+1 {{'gemma.rope' op pairs = 0 must be within 1 to 2, half of head_dim}}
  %0 = gemma.rope %x head_dim 4 pairs 0 theta 1.0 denominator 4 : tensor<?x4xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @rope_c3(%x: tensor<?x4xf32>) {
  // expected-error@+1 {{'gemma.rope' op theta and denominator must be above 0 but are 0.000000e+00 and 4}}
  %0 = gemma.rope %x head_dim 4 pairs 2 theta 0.0 denominator 4 : tensor<?x4xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @rope_c3_denominator(%x: tensor<?x4xf32>) {
  // expected-error@+1 {{'gemma.rope' op theta and denominator must be above 0 but are 1.000000e+00 and 0}}
  %0 = gemma.rope %x head_dim 4 pairs 2 theta 1.0 denominator 0 : tensor<?x4xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @rope_c1_width(%x: tensor<?x4xf32>) {
  // expected-error@+1 {{'gemma.rope' op width = 6 must be even and at most head_dim = 4}}
  %0 = gemma.rope %x head_dim 4 width 6 pairs 2 theta 1.0 denominator 4 : tensor<?x4xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @rope_c2_width(%x: tensor<?x4xf32>) {
  // expected-error@+1 {{'gemma.rope' op pairs = 2 must be within 1 to 1, half of width}}
  %0 = gemma.rope %x head_dim 4 width 2 pairs 2 theta 1.0 denominator 4 : tensor<?x4xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @rope_c3_both(%x: tensor<?x4xf32>) {
  // expected-error@+1 {{'gemma.rope' op must have either theta and denominator or frequencies}}
  %0 = gemma.rope %x head_dim 4 pairs 1 theta 1.0 denominator 4 frequencies [1.0] : tensor<?x4xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @rope_c3_neither(%x: tensor<?x4xf32>) {
  // expected-error@+1 {{'gemma.rope' op must have either theta and denominator or frequencies}}
  %0 = gemma.rope %x head_dim 4 pairs 1 theta 1.0 : tensor<?x4xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @rope_c3_count(%x: tensor<?x4xf32>) {
  // expected-error@+1 {{'gemma.rope' op has 1 frequencies for 2 pairs}}
  %0 = gemma.rope %x head_dim 4 pairs 2 frequencies [1.0] : tensor<?x4xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @rope_c3_negative(%x: tensor<?x4xf32>) {
  // expected-error@+1 {{'gemma.rope' op a frequency must be finite and at least 0 but is -1.000000e+00}}
  %0 = gemma.rope %x head_dim 4 pairs 1 frequencies [-1.0] : tensor<?x4xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @rope_c5(%x: tensor<?x4xf32>) {
  // expected-error@+1 {{'gemma.rope' op magnitude must be finite but is}}
  %0 = gemma.rope %x head_dim 4 pairs 1 frequencies [1.0] magnitude 0x7FF0000000000000 : tensor<?x4xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @rope_c4(%x: tensor<?x4xf32>) {
  // expected-error@+1 {{'gemma.rope' op input is 'tensor<?x4xf32>' but result is 'tensor<?x4xf32, "last">'}}
  %0 = gemma.rope %x head_dim 4 pairs 2 theta 1.0 denominator 4 : tensor<?x4xf32> -> tensor<?x4xf32, "last">
  return
}

// -----

func.func @attention_c1(%q: tensor<?x8xf32>, %k: tensor<?x4xf32>, %v: tensor<?x4xf32>) {
  // expected-error@+1 {{'gemma.attention' op kv_heads = 3 must divide heads = 4}}
  %0 = gemma.attention %q, %k, %v heads 4 kv_heads 3 head_dim 2 scale 1.0 : tensor<?x8xf32>, tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x8xf32>
  return
}

// -----

func.func @attention_c1_zero(%q: tensor<?x8xf32>, %k: tensor<?x4xf32>, %v: tensor<?x4xf32>) {
  // expected-error@+1 {{'gemma.attention' op kv_heads = 0 must divide heads = 4}}
  %0 = gemma.attention %q, %k, %v heads 4 kv_heads 0 head_dim 2 scale 1.0 : tensor<?x8xf32>, tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x8xf32>
  return
}

// -----

func.func @attention_c2(%q: tensor<?x8xf32>, %k: tensor<?x4xf32>, %v: tensor<?x4xf32>) {
  // expected-error@+1 {{'gemma.attention' op query has 8 columns but heads * head_dim = 12}}
  %0 = gemma.attention %q, %k, %v heads 3 kv_heads 1 head_dim 4 scale 1.0 : tensor<?x8xf32>, tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x8xf32>
  return
}

// -----

func.func @attention_c2_result(%q: tensor<?x8xf32>, %k: tensor<?x4xf32>, %v: tensor<?x4xf32>) {
  // expected-error@+1 {{'gemma.attention' op query is 'tensor<?x8xf32>' but result is 'tensor<?x8xf32, "last">'}}
  %0 = gemma.attention %q, %k, %v heads 4 kv_heads 2 head_dim 2 scale 1.0 : tensor<?x8xf32>, tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x8xf32, "last">
  return
}

// -----

func.func @attention_c2_head_dim(%q: tensor<?x8xf32>, %k: tensor<?x4xf32>, %v: tensor<?x4xf32>) {
  // expected-error@+1 {{'gemma.attention' op head_dim = 0 must be above 0 and fit 4 heads}}
  %0 = gemma.attention %q, %k, %v heads 4 kv_heads 2 head_dim 0 scale 1.0 : tensor<?x8xf32>, tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x8xf32>
  return
}

// -----

// heads * head_dim does not fit 64 bits.
func.func @attention_c2_overflow(%q: tensor<?x8xf32>, %k: tensor<?x4xf32>, %v: tensor<?x4xf32>) {
  // expected-error@+1 {{'gemma.attention' op head_dim = 4611686018427387904 must be above 0 and fit 4611686018427387904 heads}}
  %0 = gemma.attention %q, %k, %v heads 4611686018427387904 kv_heads 2 head_dim 4611686018427387904 scale 1.0 : tensor<?x8xf32>, tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x8xf32>
  return
}

// -----

func.func @attention_c3(%q: tensor<?x8xf32>, %k: tensor<?x4xf32>, %v: tensor<?x4xf32>) {
  // expected-error@+1 {{'gemma.attention' op keys and values must hold all rows of kv_heads * head_dim = 2 columns but are 'tensor<?x4xf32>'}}
  %0 = gemma.attention %q, %k, %v heads 4 kv_heads 1 head_dim 2 scale 1.0 : tensor<?x8xf32>, tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x8xf32>
  return
}

// -----

func.func @attention_c3_values(%q: tensor<?x8xf32>, %k: tensor<?x4xf32>, %v: tensor<?x6xf32>) {
  // expected-error@+1 {{'gemma.attention' op keys is 'tensor<?x4xf32>' but values is 'tensor<?x6xf32>'}}
  %0 = gemma.attention %q, %k, %v heads 4 kv_heads 2 head_dim 2 scale 1.0 : tensor<?x8xf32>, tensor<?x4xf32>, tensor<?x6xf32> -> tensor<?x8xf32>
  return
}

// -----

func.func @attention_c3_last(%q: tensor<?x8xf32>, %k: tensor<?x4xf32, "last">, %v: tensor<?x4xf32, "last">) {
  // expected-error@+1 {{'gemma.attention' op keys and values must hold all rows of kv_heads * head_dim = 4 columns but are 'tensor<?x4xf32, "last">'}}
  %0 = gemma.attention %q, %k, %v heads 4 kv_heads 2 head_dim 2 scale 1.0 : tensor<?x8xf32>, tensor<?x4xf32, "last">, tensor<?x4xf32, "last"> -> tensor<?x8xf32>
  return
}

// -----

func.func @attention_c4(%q: tensor<?x8xf32>, %k: tensor<?x4xf32>, %v: tensor<?x4xf32>) {
  // expected-error@+1 {{'gemma.attention' op window must be at least 1 but is 0}}
  %0 = gemma.attention %q, %k, %v heads 4 kv_heads 2 head_dim 2 scale 1.0 window 0 : tensor<?x8xf32>, tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x8xf32>
  return
}

// -----

func.func @attention_c5(%q: tensor<?x8xf32>, %k: tensor<?x4xf32>, %v: tensor<?x4xf32>) {
  // expected-error@+1 {{'gemma.attention' op softcap must be above 0 but is 0.000000e+00}}
  %0 = gemma.attention %q, %k, %v heads 4 kv_heads 2 head_dim 2 scale 1.0 softcap 0.0 : tensor<?x8xf32>, tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x8xf32>
  return
}

// -----

func.func @attention_c5_scale(%q: tensor<?x8xf32>, %k: tensor<?x4xf32>, %v: tensor<?x4xf32>) {
  // expected-error@+1 {{'gemma.attention' op scale must be finite but is INF}}
  %0 = gemma.attention %q, %k, %v heads 4 kv_heads 2 head_dim 2 scale 0x7FF0000000000000 : tensor<?x8xf32>, tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x8xf32>
  return
}

// -----

func.func @attention_c6(%q: tensor<?x8xf32>, %k: tensor<?x4xf32>, %v: tensor<?x4xf32>) {
  // expected-error@+1 {{'gemma.attention' op blocks must be at least 1 but is -1}}
  %0 = gemma.attention %q, %k, %v heads 4 kv_heads 2 head_dim 2 scale 1.0 blocks -1 : tensor<?x8xf32>, tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x8xf32>
  return
}

// -----

func.func @route_c1(%x: tensor<?x4xf32>, %w: tensor<8x5xf32>, %s: tensor<8xf32>) {
  // expected-error@+1 {{'gemma.route' op weight is 'tensor<8x5xf32>' but input has 4 columns}}
  %0 = gemma.route %x, %w, %s : tensor<?x4xf32>, tensor<8x5xf32>, tensor<8xf32> -> !gemma.routing<2 of 8, all>
  return
}

// -----

func.func @route_c1_per_expert(%x: tensor<?x4xf32>, %w: tensor<8x4xf32>, %s: tensor<7xf32>) {
  // expected-error@+1 {{'gemma.route' op has scores for 8 experts, 7 factors per expert, and a result over 8}}
  %0 = gemma.route %x, %w, %s : tensor<?x4xf32>, tensor<8x4xf32>, tensor<7xf32> -> !gemma.routing<2 of 8, all>
  return
}

// -----

func.func @route_c1_result(%x: tensor<?x4xf32>, %w: tensor<8x4xf32>, %s: tensor<8xf32>) {
  // expected-error@+1 {{'gemma.route' op has scores for 8 experts, 8 factors per expert, and a result over 9}}
  %0 = gemma.route %x, %w, %s : tensor<?x4xf32>, tensor<8x4xf32>, tensor<8xf32> -> !gemma.routing<2 of 9, all>
  return
}

// -----

func.func @route_c2(%x: tensor<?x4xf32>, %w: tensor<8x4xf32>, %s: tensor<8xf32>) {
  // expected-error@+1 {{'gemma.route' op cannot choose 9 of 8 experts}}
  %0 = gemma.route %x, %w, %s : tensor<?x4xf32>, tensor<8x4xf32>, tensor<8xf32> -> !gemma.routing<9 of 8, all>
  return
}

// -----

func.func @route_c2_zero(%x: tensor<?x4xf32>, %w: tensor<8x4xf32>, %s: tensor<8xf32>) {
  // expected-error@+1 {{'gemma.route' op cannot choose 0 of 8 experts}}
  %0 = gemma.route %x, %w, %s : tensor<?x4xf32>, tensor<8x4xf32>, tensor<8xf32> -> !gemma.routing<0 of 8, all>
  return
}

// -----

func.func @route_c3(%x: tensor<?x4xf32>, %w: tensor<8x4xf32>, %s: tensor<8xf32>) {
  // expected-error@+1 {{'gemma.route' op input and result must hold the same rows (all or last), but are 'tensor<?x4xf32>' and '!gemma.routing<2 of 8, last>'}}
  %0 = gemma.route %x, %w, %s : tensor<?x4xf32>, tensor<8x4xf32>, tensor<8xf32> -> !gemma.routing<2 of 8, last>
  return
}

// -----

func.func @route_c4(%x: tensor<?x4xf32>, %w: tensor<8x4xf32>, %s: tensor<8xf32>) {
  // expected-error@+1 {{'gemma.route' op spreads a noise that it has not: a seed is missing}}
  %0 = gemma.route %x, %w, %s weight %w : tensor<?x4xf32>, tensor<8x4xf32>, tensor<8xf32>, tensor<8x4xf32> -> !gemma.routing<2 of 8, all>
  return
}

// -----

func.func @route_c4_shape(%x: tensor<?x4xf32>, %w: tensor<8x4xf32>, %n: tensor<7x4xf32>, %s: tensor<8xf32>) {
  // expected-error@+1 {{'gemma.route' op spreads its noise with 'tensor<7x4xf32>' but must do so with 'tensor<8x4xf32>'}}
  %0 = gemma.route %x, %w, %s noise seed 1 weight %n : tensor<?x4xf32>, tensor<8x4xf32>, tensor<8xf32>, tensor<7x4xf32> -> !gemma.routing<2 of 8, all>
  return
}

// -----

func.func @route_c4_per_expert(%x: tensor<?x4xf32>, %w: tensor<8x4xf32>) {
  // expected-error@+1 {{'gemma.route' op spreads its noise, which needs a factor per expert}}
  %0 = "gemma.route"(%x, %w, %w) <{noise_seed = 1 : i64, operandSegmentSizes = array<i32: 1, 1, 0, 1>}> : (tensor<?x4xf32>, tensor<8x4xf32>, tensor<8x4xf32>) -> !gemma.routing<2 of 8, all>
  return
}

// -----

func.func @route_c5(%x: tensor<?x4xf32>, %w: tensor<8x4xf32>, %s: tensor<8xf32>) {
  // expected-error@+1 {{'gemma.route' op noise seed must be at least 1 but is 0}}
  %0 = gemma.route %x, %w, %s noise seed 0 : tensor<?x4xf32>, tensor<8x4xf32>, tensor<8xf32> -> !gemma.routing<2 of 8, all>
  return
}

// -----

func.func @top_k_c4(%x: tensor<?x8xf32>, %s: tensor<8xf32>) {
  // expected-error@+1 {{'gemma.top_k' op spreads a noise that it has not: a seed is missing}}
  %0 = gemma.top_k %x, %s scores %x : tensor<?x8xf32>, tensor<8xf32>, tensor<?x8xf32> -> !gemma.routing<2 of 8, all>
  return
}

// -----

func.func @top_k_c4_rows(%x: tensor<?x8xf32>, %n: tensor<?x8xf32, "last">, %s: tensor<8xf32>) {
  // expected-error@+1 {{'gemma.top_k' op spreads its noise with 'tensor<?x8xf32, "last">' but must do so with 'tensor<?x8xf32>'}}
  %0 = gemma.top_k %x, %s noise seed 1 scores %n : tensor<?x8xf32>, tensor<8xf32>, tensor<?x8xf32, "last"> -> !gemma.routing<2 of 8, all>
  return
}

// -----

func.func @top_k_c4_per_expert(%x: tensor<?x8xf32>) {
  // expected-error@+1 {{'gemma.top_k' op spreads its noise, which needs a factor per expert}}
  %0 = "gemma.top_k"(%x, %x) <{noise_seed = 1 : i64, operandSegmentSizes = array<i32: 1, 0, 1>}> : (tensor<?x8xf32>, tensor<?x8xf32>) -> !gemma.routing<2 of 8, all>
  return
}

// -----

func.func @top_k_c5(%x: tensor<?x8xf32>, %s: tensor<8xf32>) {
  // expected-error@+1 {{'gemma.top_k' op noise seed must be at least 1 but is -3}}
  %0 = gemma.top_k %x, %s noise seed -3 : tensor<?x8xf32>, tensor<8xf32> -> !gemma.routing<2 of 8, all>
  return
}

// -----

func.func @top_k_c1(%x: tensor<?x7xf32>, %s: tensor<8xf32>) {
  // expected-error@+1 {{'gemma.top_k' op has scores for 7 experts, 8 factors per expert, and a result over 8}}
  %0 = gemma.top_k %x, %s : tensor<?x7xf32>, tensor<8xf32> -> !gemma.routing<2 of 8, all>
  return
}

// -----

func.func @top_k_c1_per_expert(%x: tensor<?x8xf32>, %s: tensor<*xf32>) {
  // expected-error@+1 {{'gemma.top_k' op has scores for 8 experts, -1 factors per expert, and a result over 8}}
  %0 = gemma.top_k %x, %s : tensor<?x8xf32>, tensor<*xf32> -> !gemma.routing<2 of 8, all>
  return
}

// -----

func.func @top_k_c2(%x: tensor<?x8xf32>, %s: tensor<8xf32>) {
  // expected-error@+1 {{'gemma.top_k' op cannot choose 9 of 8 experts}}
  %0 = gemma.top_k %x, %s : tensor<?x8xf32>, tensor<8xf32> -> !gemma.routing<9 of 8, all>
  return
}

// -----

func.func @top_k_c3(%x: tensor<?x8xf32, "last">, %s: tensor<8xf32>) {
  // expected-error@+1 {{'gemma.top_k' op scores and result must hold the same rows (all or last), but are 'tensor<?x8xf32, "last">' and '!gemma.routing<2 of 8, all>'}}
  %0 = gemma.top_k %x, %s : tensor<?x8xf32, "last">, tensor<8xf32> -> !gemma.routing<2 of 8, all>
  return
}

// -----

func.func @top_k_rows(%x: tensor<?x8xf32>, %s: tensor<8xf32>) {
  // expected-error@+2 {{expected one of [all, last] for rows, got: some}}
  // expected-error@+1 {{failed to parse Gemma_Routing parameter 'rows'}}
  %0 = gemma.top_k %x, %s : tensor<?x8xf32>, tensor<8xf32> -> !gemma.routing<2 of 8, some>
  return
}

// -----

func.func @experts_c1(%x: tensor<?x4xf32>, %r: !gemma.routing<2 of 8, all>, %gu: tensor<8x5x4xf32>, %d: tensor<8x4x3xf32>) {
  // expected-error@+1 {{'gemma.experts' op gate_up is 'tensor<8x5x4xf32>' and down is 'tensor<8x4x3xf32>' but there are 8 experts and input has 4 columns}}
  %0 = gemma.experts %x, %r, %gu, %d silu : tensor<?x4xf32>, !gemma.routing<2 of 8, all>, tensor<8x5x4xf32>, tensor<8x4x3xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @experts_c1_experts(%x: tensor<?x4xf32>, %r: !gemma.routing<2 of 8, all>, %gu: tensor<7x6x4xf32>, %d: tensor<8x4x3xf32>) {
  // expected-error@+1 {{'gemma.experts' op gate_up is 'tensor<7x6x4xf32>' and down is 'tensor<8x4x3xf32>' but there are 8 experts and input has 4 columns}}
  %0 = gemma.experts %x, %r, %gu, %d silu : tensor<?x4xf32>, !gemma.routing<2 of 8, all>, tensor<7x6x4xf32>, tensor<8x4x3xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @experts_c1_columns(%x: tensor<?x4xf32>, %r: !gemma.routing<2 of 8, all>, %gu: tensor<8x6x4xf32>, %d: tensor<8x5x3xf32>) {
  // expected-error@+1 {{'gemma.experts' op gate_up is 'tensor<8x6x4xf32>' and down is 'tensor<8x5x3xf32>' but there are 8 experts and input has 4 columns}}
  %0 = gemma.experts %x, %r, %gu, %d silu : tensor<?x4xf32>, !gemma.routing<2 of 8, all>, tensor<8x6x4xf32>, tensor<8x5x3xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @experts_c1_hidden(%x: tensor<?x4xf32>, %r: !gemma.routing<2 of 8, all>, %gu: tensor<8x6x4xf32>, %d: tensor<8x4x2xf32>) {
  // expected-error@+1 {{'gemma.experts' op gate_up is 'tensor<8x6x4xf32>' and down is 'tensor<8x4x2xf32>' but there are 8 experts and input has 4 columns}}
  %0 = gemma.experts %x, %r, %gu, %d silu : tensor<?x4xf32>, !gemma.routing<2 of 8, all>, tensor<8x6x4xf32>, tensor<8x4x2xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @experts_c1_rank(%x: tensor<?x4xf32>, %r: !gemma.routing<2 of 8, all>, %gu: tensor<8x6x4xf32>, %d: tensor<4x3xf32>) {
  // expected-error@+1 {{'gemma.experts' op gate_up is 'tensor<8x6x4xf32>' and down is 'tensor<4x3xf32>' but there are 8 experts and input has 4 columns}}
  %0 = gemma.experts %x, %r, %gu, %d silu : tensor<?x4xf32>, !gemma.routing<2 of 8, all>, tensor<8x6x4xf32>, tensor<4x3xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @experts_c2(%x: tensor<?x4xf32>, %r: !gemma.routing<2 of 8, last>, %gu: tensor<8x6x4xf32>, %d: tensor<8x4x3xf32>) {
  // expected-error@+1 {{'gemma.experts' op input and routing must hold the same rows (all or last), but are 'tensor<?x4xf32>' and '!gemma.routing<2 of 8, last>'}}
  %0 = gemma.experts %x, %r, %gu, %d silu : tensor<?x4xf32>, !gemma.routing<2 of 8, last>, tensor<8x6x4xf32>, tensor<8x4x3xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @experts_c2_result(%x: tensor<?x4xf32>, %r: !gemma.routing<2 of 8, all>, %gu: tensor<8x6x4xf32>, %d: tensor<8x4x3xf32>) {
  // expected-error@+1 {{'gemma.experts' op input is 'tensor<?x4xf32>' but result is 'tensor<?x4xf32, "last">'}}
  %0 = gemma.experts %x, %r, %gu, %d silu : tensor<?x4xf32>, !gemma.routing<2 of 8, all>, tensor<8x6x4xf32>, tensor<8x4x3xf32> -> tensor<?x4xf32, "last">
  return
}

// -----

func.func @experts_activation(%x: tensor<?x4xf32>, %r: !gemma.routing<2 of 8, all>, %gu: tensor<8x6x4xf32>, %d: tensor<8x4x3xf32>) {
  // expected-error@+2 {{custom op 'gemma.experts' expected one of [gelu_tanh, silu, gelu, relu, relu2] for an activation, got: elu}}
  // expected-error@+1 {{failed to parse Gemma_ActivationAttr parameter 'value'}}
  %0 = gemma.experts %x, %r, %gu, %d elu : tensor<?x4xf32>, !gemma.routing<2 of 8, all>, tensor<8x6x4xf32>, tensor<8x4x3xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @last_rows_c1(%l: tensor<?x4xf32, "last">) {
  // expected-error@+1 {{'gemma.last_rows' op must turn all rows into the last rows of the same width, but turns 'tensor<?x4xf32, "last">' into 'tensor<?x4xf32, "last">'}}
  %0 = gemma.last_rows %l : tensor<?x4xf32, "last"> -> tensor<?x4xf32, "last">
  return
}

// -----

func.func @last_rows_c1_all(%x: tensor<?x4xf32>) {
  // expected-error@+1 {{'gemma.last_rows' op must turn all rows into the last rows of the same width, but turns 'tensor<?x4xf32>' into 'tensor<?x4xf32>'}}
  %0 = gemma.last_rows %x : tensor<?x4xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @last_rows_c1_columns(%x: tensor<?x4xf32>) {
  // expected-error@+1 {{'gemma.last_rows' op must turn all rows into the last rows of the same width, but turns 'tensor<?x4xf32>' into 'tensor<?x2xf32, "last">'}}
  %0 = gemma.last_rows %x : tensor<?x4xf32> -> tensor<?x2xf32, "last">
  return
}

// -----

func.func @phase_kind(%x: tensor<?x4xf32>) {
  // expected-error@+2 {{custom op 'gemma.phase' expected one of [rows, project, attention, experts, tap] for a kind of phase, got: columns}}
  // expected-error@+1 {{failed to parse Gemma_PhaseKindAttr parameter 'value'}}
  gemma.phase columns {
    gemma.yield
  }
  return
}

// -----

func.func @phase_c1(%x: tensor<?x4xf32>, %w: tensor<4x4xf32>) {
  // expected-error@+1 {{'gemma.phase' op of kind rows cannot hold gemma.project}}
  %0 = gemma.phase rows -> tensor<?x4xf32> {
    %s = gemma.project %x, %w : tensor<?x4xf32>, tensor<4x4xf32> -> tensor<?x4xf32>
    gemma.yield %s : tensor<?x4xf32>
  }
  return
}

// -----

func.func @phase_c1_project(%x: tensor<?x4xf32>) {
  // expected-error@+1 {{'gemma.phase' op of kind project cannot hold gemma.rms_norm}}
  %0 = gemma.phase project -> tensor<?x4xf32> {
    %s = gemma.rms_norm %x eps 1.0 : tensor<?x4xf32> -> tensor<?x4xf32>
    gemma.yield %s : tensor<?x4xf32>
  }
  return
}

// -----

func.func @phase_c1_attention(%x: tensor<?x4xf32>) {
  // expected-error@+1 {{'gemma.phase' op of kind attention cannot hold gemma.scale}}
  %0 = gemma.phase attention -> tensor<?x4xf32> {
    %s = gemma.scale %x by 2.0 : tensor<?x4xf32> -> tensor<?x4xf32>
    gemma.yield %s : tensor<?x4xf32>
  }
  return
}

// -----

func.func @phase_c1_experts(%x: tensor<?x4xf32>) {
  // expected-error@+1 {{'gemma.phase' op of kind experts cannot hold gemma.scale}}
  %0 = gemma.phase experts -> tensor<?x4xf32> {
    %s = gemma.scale %x by 2.0 : tensor<?x4xf32> -> tensor<?x4xf32>
    gemma.yield %s : tensor<?x4xf32>
  }
  return
}

// -----

func.func @phase_c2(%x: tensor<?x4xf32>) {
  // expected-error@+1 {{'gemma.phase' op yields other types than its results have}}
  %0 = gemma.phase rows -> tensor<?x5xf32> {
    gemma.yield %x : tensor<?x4xf32>
  }
  return
}

// -----

func.func @phase_c2_count(%x: tensor<?x4xf32>) {
  // expected-error@+1 {{'gemma.phase' op yields other types than its results have}}
  gemma.phase rows {
    gemma.yield %x : tensor<?x4xf32>
  }
  return
}

// -----

func.func @phase_end(%x: tensor<?x4xf32>) {
  // expected-error@+1 {{'gemma.phase' op must end with gemma.yield and have no arguments}}
  gemma.phase rows {
    %s = gemma.scale %x by 2.0 : tensor<?x4xf32> -> tensor<?x4xf32>
  }
  return
}

// -----

func.func @phase_arguments(%x: tensor<?x4xf32>) {
  // expected-error@+1 {{'gemma.phase' op must end with gemma.yield and have no arguments}}
  %0 = gemma.phase rows -> tensor<?x4xf32> {
  ^bb0(%a: tensor<?x4xf32>):
    gemma.yield %a : tensor<?x4xf32>
  }
  return
}

// -----

// A yield ends its block.
func.func @yield_last(%x: tensor<?x4xf32>) {
  // expected-error@+1 {{'gemma.phase' op of kind rows cannot hold gemma.yield}}
  gemma.phase rows {
    gemma.yield
    gemma.yield
  }
  return
}

// -----

func.func @tap_c1(%x: tensor<?x4xf32>) {
  // expected-error@+1 {{'gemma.tap' op column must not be negative but is -4}}
  gemma.tap %x at -4 : tensor<?x4xf32>
  return
}
