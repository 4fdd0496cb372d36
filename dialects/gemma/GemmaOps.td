// Operations of the gemma dialect. Notation: T rows (tokens), D columns, H heads, K key/value heads, h head size.
// Constraints are numbered; the verifier and the negative tests name the numbers.
#ifndef DIALECTS_GEMMA_OPS_TD
#define DIALECTS_GEMMA_OPS_TD

include "dialects/gemma/GemmaDialect.td"

class Gemma_RowOp<string mnemonic, list<Trait> traits = []> : Gemma_Op<mnemonic, [Pure] # traits> {
  let hasVerifier = 1;
}

/// Row by row, without a matrix product; columns of its operands may stand at an offset in wider rows.
class Gemma_RowWiseOp<string mnemonic, list<Trait> traits = []>
    : Gemma_RowOp<mnemonic, [Gemma_RowWise, Gemma_ReadsViews] # traits>;

/// Column j of the result needs only column j of the operands.
class Gemma_ElementwiseOp<string mnemonic> : Gemma_RowWiseOp<mnemonic, [Gemma_Elementwise]>;

def Gemma_WeightOp : Gemma_Op<"weight", [Pure]> {
  let summary = "a weight of the model, by name";
  let description = [{
    `index` is its place in the list of the model's weights. `floor` is the lowest format that a recipe may choose for it;
    `kept_format` is the
    one that holds the bits of the file that it comes from; `format` is the chosen one (set by the quantize stage).

    - (C1) all dimensions are static and positive; the rank is 1 to 3
    - (C2) at most 2^48 elements
    ```mlir
    %w = gemma.weight "layers.0.q_proj" index 7 : tensor<2048x1536xf32>
    ```
  }];
  let arguments = (ins StrAttr:$name, I64Attr:$index, OptionalAttr<Gemma_FormatAttr>:$floor,
                   OptionalAttr<Gemma_FormatAttr>:$format, OptionalAttr<Gemma_FormatAttr>:$kept_format);
  let results = (outs Gemma_WeightTensor:$result);
  let assemblyFormat = "$name `index` $index (`floor` `` $floor^)? (`kept` `` $kept_format^)? (`format` `` $format^)? attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def Gemma_EmbedOp : Gemma_RowOp<"embed", [Gemma_RowWise]> {
  let summary = "row ids[t] of a table, times a constant";
  let description = [{
    `y[t, :] = table[ids[t], :] * scale`.

    - (C1) `ids` is `tensor<?xi32>`, `table` has rank 2
    - (C2) `result` has as many columns as `table`
    - (C3) `scale` is finite and not 0
    ```mlir
    %x = gemma.embed %ids, %table scale 39.0 : tensor<?xi32>, tensor<512x160xf32> -> tensor<?x160xf32>
    ```
  }];
  let arguments = (ins Gemma_Ids:$ids, Gemma_WeightTensor:$table, DefaultValuedAttr<F64Attr, "1.0">:$scale);
  let results = (outs Gemma_RowTensor:$result);
  let assemblyFormat = "$ids `,` $table (`scale` $scale^)? attr-dict `:` type($ids) `,` type($table) `->` type($result)";
}

def Gemma_EmbedPositionsOp : Gemma_RowOp<"embed_positions", [Gemma_RowWise]> {
  let summary = "row p of a table, p the row's position, times a constant";
  let description = [{
    `y[t, :] = table[position of row t, :] * scale`. Positions start at 0; there are as many as the table has rows.

    - (C1) `table` has rank 2
    - (C2) `result` has as many columns as `table`
    - (C3) `scale` is finite and not 0
    ```mlir
    %x = gemma.embed_positions %table : tensor<512x160xf32> -> tensor<?x160xf32>
    ```
  }];
  let arguments = (ins Gemma_WeightTensor:$table, DefaultValuedAttr<F64Attr, "1.0">:$scale);
  let results = (outs Gemma_RowTensor:$result);
  let assemblyFormat = "$table (`scale` $scale^)? attr-dict `:` type($table) `->` type($result)";
}

def Gemma_RmsNormOp : Gemma_RowWiseOp<"rms_norm"> {
  let summary = "root-mean-square normalisation of each row, or of each run of `group` columns";
  let description = [{
    For each group x of g columns: `y[d] = x[d] / sqrt(mean(x^2) + eps) * weight[d]`; without weight the last factor is absent.
    The weight is used as it is stored: whatever has to be added to it was added when it was read.

    - (C1) `group`, where present, divides the number of columns
    - (C2) `weight` has rank 1 and as many elements as a group
    - (C3) `eps` > 0
    - (C4) `input` and `result` have the same type
    ```mlir
    %y = gemma.rms_norm %x weight %w eps 1.0e-06 group 256 : tensor<?x2048xf32>, tensor<256xf32> -> tensor<?x2048xf32>
    ```
  }];
  let arguments = (ins Gemma_RowTensor:$input, Optional<Gemma_WeightTensor>:$weight, F64Attr:$eps, OptionalAttr<I64Attr>:$group);
  let results = (outs Gemma_RowTensor:$result);
  let assemblyFormat = [{
    $input (`weight` $weight^)? `eps` $eps (`group` $group^)? attr-dict `:` type($input) (`,` type($weight)^)? `->` type($result)
  }];
}

def Gemma_LayerNormOp : Gemma_RowWiseOp<"layer_norm", [AttrSizedOperandSegments]> {
  let summary = "normalisation of each row, or of each run of `group` columns, to mean 0 and deviation 1";
  let description = [{
    For each group x of g columns: `y[d] = (x[d] - mean(x)) / sqrt(mean((x - mean(x))^2) + eps) * weight[d] + bias[d]`; without
    weight or bias these are absent.

    - (C1) `group`, where present, divides the number of columns
    - (C2) `weight` and `bias` have rank 1 and as many elements as a group; `bias` needs `weight`
    - (C3) `eps` > 0
    - (C4) `input` and `result` have the same type
    ```mlir
    %y = gemma.layer_norm %x weight %w bias %b eps 1.0e-05
        : tensor<?x2048xf32>, tensor<2048xf32>, tensor<2048xf32> -> tensor<?x2048xf32>
    ```
  }];
  let arguments = (ins Gemma_RowTensor:$input, Optional<Gemma_WeightTensor>:$weight, Optional<Gemma_WeightTensor>:$bias,
                   F64Attr:$eps, OptionalAttr<I64Attr>:$group);
  let results = (outs Gemma_RowTensor:$result);
  let assemblyFormat = [{
    $input (`weight` $weight^)? (`bias` $bias^)? `eps` $eps (`group` $group^)? attr-dict
    `:` type($input) (`,` type($weight)^)? (`,` type($bias)^)? `->` type($result)
  }];
}

def Gemma_ProjectOp : Gemma_RowOp<"project"> {
  let summary = "matrix product with a weight; see gemma.bias for one";
  let description = [{
    `y[t, n] = sum_k x[t, k] * weight[n, k]`, accumulated in float32 (the order is not defined here). `input` may be packed.

    - (C1) `weight` has rank 2 and its second dimension is the number of columns of `input`
    - (C2) `result` has as many columns as `weight` has rows
    - (C3) `input` and `result` hold the same rows
    ```mlir
    %q = gemma.project %x, %w : tensor<?x1536xf32>, tensor<2048x1536xf32> -> tensor<?x2048xf32>
    ```
  }];
  let arguments = (ins AnyTypeOf<[Gemma_RowTensor, Gemma_Packed]>:$input, Gemma_WeightTensor:$weight);
  let results = (outs Gemma_RowTensor:$result);
  let assemblyFormat = "$input `,` $weight attr-dict `:` type($input) `,` type($weight) `->` type($result)";
}

def Gemma_PackOp : Gemma_RowOp<"pack", [Gemma_RowWise]> {
  let summary = "lay rows out for a projection";
  let description = [{
    Kind `f32`: the values themselves. Kind `bf16`: the nearest bfloat16, ties to even. Kind `i8`: per row and group of
    32 columns `scale = max|x| / 127` and
    `code = round_to_nearest_even(x / scale)` (0 where the group is 0); a projection then multiplies the codes exactly and
    the scales in float32.

    - (C1) `result` has the columns and the rows of `input`
    ```mlir
    %p = gemma.pack %x : tensor<?x1536xf32> -> !gemma.packed<1536 x i8, all>
    ```
  }];
  let arguments = (ins Gemma_RowTensor:$input);
  let results = (outs Gemma_Packed:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
}

def Gemma_ScaleOp : Gemma_ElementwiseOp<"scale"> {
  let summary = "times a constant";
  let description = [{
    `y = x * by`

    - (C1) `by` is finite
    - (C2) `input` and `result` have the same type
    ```mlir
    %y = gemma.scale %x by 0.5 : tensor<?x64xf32> -> tensor<?x64xf32>
    ```
  }];
  let arguments = (ins Gemma_RowTensor:$input, F64Attr:$by);
  let results = (outs Gemma_RowTensor:$result);
  let assemblyFormat = "$input `by` $by attr-dict `:` type($input) `->` type($result)";
  let hasFolder = 1;
}

def Gemma_ScaleByOp : Gemma_ElementwiseOp<"scale_by"> {
  let summary = "times a stored scalar";
  let description = [{
    `y = x * weight[0]`

    - (C1) `weight` has one element
    - (C2) `input` and `result` have the same type
    ```mlir
    %y = gemma.scale_by %x, %s : tensor<?x64xf32>, tensor<1xf32> -> tensor<?x64xf32>
    ```
  }];
  let arguments = (ins Gemma_RowTensor:$input, Gemma_WeightTensor:$weight);
  let results = (outs Gemma_RowTensor:$result);
  let assemblyFormat = "$input `,` $weight attr-dict `:` type($input) `,` type($weight) `->` type($result)";
}

def Gemma_BiasOp : Gemma_ElementwiseOp<"bias"> {
  let summary = "plus a stored row";
  let description = [{
    `y[t, j] = x[t, j] + weight[j]`

    - (C1) `weight` has rank 1 and as many elements as `input` has columns
    - (C2) `input` and `result` have the same type
    ```mlir
    %y = gemma.bias %x, %b : tensor<?x64xf32>, tensor<64xf32> -> tensor<?x64xf32>
    ```
  }];
  let arguments = (ins Gemma_RowTensor:$input, Gemma_WeightTensor:$weight);
  let results = (outs Gemma_RowTensor:$result);
  let assemblyFormat = "$input `,` $weight attr-dict `:` type($input) `,` type($weight) `->` type($result)";
}

def Gemma_SliceOp : Gemma_RowOp<"slice", [Gemma_RowWise]> {
  let summary = "a run of columns";
  let description = [{
    `y[t, j] = x[t, offset + j]`

    - (C1) `offset` >= 0 and `offset` + columns of `result` <= columns of `input`
    - (C2) `input` and `result` hold the same rows
    ```mlir
    %y = gemma.slice %x at 256 : tensor<?x8960xf32> -> tensor<?x256xf32>
    ```
  }];
  let arguments = (ins Gemma_RowTensor:$input, I64Attr:$offset);
  let results = (outs Gemma_RowTensor:$result);
  let assemblyFormat = "$input `at` $offset attr-dict `:` type($input) `->` type($result)";
}

class Gemma_BinaryOp<string mnemonic> : Gemma_ElementwiseOp<mnemonic> {
  let arguments = (ins Gemma_RowTensor:$lhs, Gemma_RowTensor:$rhs);
  let results = (outs Gemma_RowTensor:$result);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` type($lhs) `,` type($rhs) `->` type($result)";
}

def Gemma_AddOp : Gemma_BinaryOp<"add"> {
  let summary = "elementwise sum";
  let description = [{
    `y = lhs + rhs`

    - (C1) both operands and `result` have the same type
    ```mlir
    %y = gemma.add %a, %b : tensor<?x64xf32>, tensor<?x64xf32> -> tensor<?x64xf32>
    ```
  }];
}

def Gemma_MulOp : Gemma_BinaryOp<"mul"> {
  let summary = "elementwise product";
  let description = [{
    `y = lhs * rhs`

    - (C1) both operands and `result` have the same type
    ```mlir
    %y = gemma.mul %a, %b : tensor<?x64xf32>, tensor<?x64xf32> -> tensor<?x64xf32>
    ```
  }];
}

def Gemma_ActOp : Gemma_ElementwiseOp<"act"> {
  let summary = "an activation, element by element";
  let description = [{
    `y = act(x)`. `gelu(z) = z (1 + erf(z / sqrt(2))) / 2`, `gelu_tanh(z) = z (1 + tanh(sqrt(2/pi) (z + 0.044715 z^3))) / 2`,
    `silu(z) = z / (1 + exp(-z))`, `relu(z) = max(z, 0)`, `relu2(z) = max(z, 0)^2`.

    - (C1) `input` and `result` have the same type
    ```mlir
    %y = gemma.act %x gelu : tensor<?x64xf32> -> tensor<?x64xf32>
    ```
  }];
  let arguments = (ins Gemma_RowTensor:$input, Gemma_ActivationAttr:$activation);
  let results = (outs Gemma_RowTensor:$result);
  let assemblyFormat = "$input `` $activation attr-dict `:` type($input) `->` type($result)";
}

def Gemma_GatedOp : Gemma_ElementwiseOp<"gated"> {
  let summary = "activation of a gate, times another value";
  let description = [{
    `y = act(gate) * up`, with the activations of gemma.act.

    - (C1) `gate`, `up` and `result` have the same type
    ```mlir
    %y = gemma.gated %g, %u gelu_tanh : tensor<?x64xf32>, tensor<?x64xf32> -> tensor<?x64xf32>
    ```
  }];
  let arguments = (ins Gemma_RowTensor:$gate, Gemma_RowTensor:$up, Gemma_ActivationAttr:$activation);
  let results = (outs Gemma_RowTensor:$result);
  let assemblyFormat = "$gate `,` $up `` $activation attr-dict `:` type($gate) `,` type($up) `->` type($result)";
}

def Gemma_SoftcapOp : Gemma_ElementwiseOp<"softcap"> {
  let summary = "smooth limit";
  let description = [{
    `y = cap * tanh(x / cap)`

    - (C1) `cap` > 0
    - (C2) `input` and `result` have the same type
    ```mlir
    %y = gemma.softcap %x cap 30.0 : tensor<?x512xf32> -> tensor<?x512xf32>
    ```
  }];
  let arguments = (ins Gemma_RowTensor:$input, F64Attr:$cap);
  let results = (outs Gemma_RowTensor:$result);
  let assemblyFormat = "$input `cap` $cap attr-dict `:` type($input) `->` type($result)";
}

def Gemma_RopeOp : Gemma_RowWiseOp<"rope"> {
  let summary = "rotary position embedding, rotate-half pairing";
  let description = [{
    In every head, for i < pairs: the pair (x[i], x[i + w/2]) is turned by the angle `position * theta^(-2 i / denominator)`,
    or `position * frequencies[i]`, and then multiplied by `magnitude`, 1 unless given; all other columns pass. w is `width`,
    or `head_dim` without it. The inverse frequency and the angle are rounded to float32, as the reference does; sine and
    cosine are then exact to float32. Within a plan, `table` says which of the phase's arguments holds them.

    - (C1) `head_dim` is even and divides the number of columns; `width`, where present, is even and at most `head_dim`
    - (C2) 0 < `pairs` <= w / 2
    - (C3) there is either `theta` > 0 with `denominator` > 0, or one finite frequency >= 0 for each pair
    - (C4) `input` and `result` have the same type
    - (C5) `magnitude`, where present, is finite
    ```mlir
    %y = gemma.rope %x head_dim 256 pairs 128 theta 1.0e+04 denominator 256 : tensor<?x2048xf32> -> tensor<?x2048xf32>
    %z = gemma.rope %x head_dim 64 width 4 pairs 2 frequencies [1.0, 1.0e-02] magnitude 1.25
        : tensor<?x2048xf32> -> tensor<?x2048xf32>
    ```
  }];
  let arguments = (ins Gemma_RowTensor:$input, I64Attr:$head_dim, OptionalAttr<I64Attr>:$width, I64Attr:$pairs,
                   OptionalAttr<F64Attr>:$theta, OptionalAttr<I64Attr>:$denominator,
                   OptionalAttr<DenseF32ArrayAttr>:$frequencies, OptionalAttr<F64Attr>:$magnitude,
                   OptionalAttr<I64Attr>:$table);
  let results = (outs Gemma_RowTensor:$result);
  let assemblyFormat = [{
    $input `head_dim` $head_dim (`width` $width^)? `pairs` $pairs (`theta` $theta^)? (`denominator` $denominator^)?
    (`frequencies` $frequencies^)? (`magnitude` $magnitude^)? (`table` $table^)? attr-dict `:` type($input) `->` type($result)
  }];
}

def Gemma_AttentionOp : Gemma_RowOp<"attention"> {
  let summary = "attention with grouped query heads, over all positions up to the row's own or the end of its block";
  let description = [{
    Query head j uses key/value head floor(j / (H/K)). With p the position of the query and s of a key, visible iff
    `s <= p`, and `p - s < window_tokens` where there is a window. `o = softmax(scale * q.k, with cap*tanh(./cap) if
    softcap is given) . v`, softmax in float32. `keys` and `values` hold all rows, and stand for the whole sequence: the
    rows of this step and those of the steps before. `query` may hold the last rows only.

    With `block_tokens`, rows of one block see each other: visible iff `s <= p or s and p are of one block`, and
    `p - s < window_tokens`; what is to the right is bounded by the block alone, also where it is longer than the window.
    A block is a maximal run of positions with the same block number above 0. Like its position, a row's block number
    comes with the step; all rows of a block are in one step. `block_tokens` is the longest block that the model's steps
    must be able to hold by default; it does not change what is computed.

    - (C1) `kv_heads` divides `heads`
    - (C2) `query` and `result` have heads * head_dim columns and the same type
    - (C3) `keys` and `values` have kv_heads * head_dim columns, and hold all rows
    - (C4) `window_tokens`, where present, is at least 1
    - (C5) `softcap`, where present, is > 0; `scale` is finite
    - (C6) `block_tokens`, where present, is at least 1
    ```mlir
    %o = gemma.attention %q, %k, %v heads 8 kv_heads 1 head_dim 256 scale 1.0 window 512
        : tensor<?x2048xf32>, tensor<?x256xf32>, tensor<?x256xf32> -> tensor<?x2048xf32>
    ```
  }];
  let arguments = (ins Gemma_RowTensor:$query, Gemma_RowTensor:$keys, Gemma_RowTensor:$values, I64Attr:$heads, I64Attr:$kv_heads,
                   I64Attr:$head_dim, F64Attr:$scale, OptionalAttr<I64Attr>:$window_tokens, OptionalAttr<I64Attr>:$block_tokens,
                   OptionalAttr<F64Attr>:$softcap);
  let results = (outs Gemma_RowTensor:$result);
  let assemblyFormat = [{
    $query `,` $keys `,` $values `heads` $heads `kv_heads` $kv_heads `head_dim` $head_dim `scale` $scale
    (`window` $window_tokens^)? (`blocks` $block_tokens^)? (`softcap` $softcap^)? attr-dict `:` type($query) `,` type($keys) `,` type($values) `->` type($result)
  }];
}

def Gemma_RouteOp : Gemma_RowOp<"route", [AttrSizedOperandSegments]> {
  let summary = "choose experts for each row";
  let description = [{
    With `h = weight . x`, in float32, one number for each expert: the `top_k` largest are kept (of equal ones the lower
    index), their weights are `softmax` over the kept, times `per_expert[e]` where it is given. They are listed from the largest
    down. (A softmax over all experts, divided by the sum over the kept, is the same number: the sum over all cancels.) With
    `unnormalised`, the softmax over all experts is not divided.

    With `noise seed S`, the noisy top-k gate of Shazeer et al. 2017: `h[e] = (weight . x)[e] + n[e] * softplus((noise_weight .
    x)[e])`, or `+ n[e]` without `noise_weight`; `softplus(z) = log(1 + exp(z))`. n is standard normal and depends on the seed,
    the row's position and e alone, so that neither threads nor chunks of a prompt change it. With m(z) the output function
    of SplitMix64 at state z, all modulo 2^64, `b = m(m(m(S) + position) + e)`; with u the upper 24 bits of b plus 1, and v
    the next 24 bits, both over 2^24: `n = sqrt(-2 log(u)) cos(2 pi v)` (Box and Muller). Layers of one model need seeds of
    their own.

    - (C1) `weight` is [experts, columns of `input`]; `per_expert`, where present, has `experts` elements
    - (C2) 1 <= `top_k` <= `experts`, as the result type says
    - (C3) the result holds the rows of `input`
    - (C4) `noise_weight` has the shape of `weight`, and needs `noise_seed` and `per_expert`
    - (C5) `noise_seed`, where present, is at least 1
    ```mlir
    %r = gemma.route %x, %w, %s noise seed 7 weight %n
        : tensor<?x64xf32>, tensor<8x64xf32>, tensor<8xf32>, tensor<8x64xf32> -> !gemma.routing<2 of 8, all>
    ```
  }];
  let arguments = (ins Gemma_RowTensor:$input, Gemma_WeightTensor:$weight, Optional<Gemma_WeightTensor>:$per_expert,
                   Optional<Gemma_WeightTensor>:$noise_weight, OptionalAttr<I64Attr>:$noise_seed, UnitAttr:$unnormalised);
  let results = (outs Gemma_Routing:$result);
  let assemblyFormat = [{
    $input `,` $weight (`,` $per_expert^)? (`unnormalised` $unnormalised^)? (`noise` `seed` $noise_seed^)?
    (`weight` $noise_weight^)? attr-dict
    `:` type($input) `,` type($weight) (`,` type($per_expert)^)? (`,` type($noise_weight)^)? `->` type($result)
  }];
}

def Gemma_TopKOp : Gemma_RowWiseOp<"top_k", [AttrSizedOperandSegments]> {
  let summary = "the second half of route: noise, choice and weights from the experts' scores";
  let description = [{
    As `gemma.route`, with `scores = weight . x` and, where it has a noise weight, `noise_scores = noise_weight . x` already
    there.

    - (C1) `scores` has one column per expert, and `per_expert`, where present, one element
    - (C2) 1 <= `top_k` <= `experts`, as the result type says
    - (C3) the result holds the rows of `scores`
    - (C4) `noise_scores` has the type of `scores`, and needs `noise_seed` and `per_expert`
    - (C5) `noise_seed`, where present, is at least 1
    ```mlir
    %r = gemma.top_k %scores, %s : tensor<?x8xf32>, tensor<8xf32> -> !gemma.routing<2 of 8, all>
    ```
  }];
  let arguments = (ins Gemma_RowTensor:$scores, Optional<Gemma_WeightTensor>:$per_expert, Optional<Gemma_RowTensor>:$noise_scores,
                   OptionalAttr<I64Attr>:$noise_seed, UnitAttr:$unnormalised);
  let results = (outs Gemma_Routing:$result);
  let assemblyFormat = [{
    $scores (`,` $per_expert^)? (`unnormalised` $unnormalised^)? (`noise` `seed` $noise_seed^)? (`scores` $noise_scores^)?
    attr-dict `:` type($scores) (`,` type($per_expert)^)? (`,` type($noise_scores)^)? `->` type($result)
  }];
}

def Gemma_ExpertsOp : Gemma_RowOp<"experts"> {
  let summary = "the chosen experts' gated MLPs, summed with their weights";
  let description = [{
    `y[t] = sum_j w[t, j] * down[e] . (act(gate[e] . x[t]) * (up[e] . x[t]))`, e the j-th expert of row t, gate[e] the first F
    rows of gate_up[e] and up[e] the last F. Summed in the order of the routing. Once the weights have formats, x[t] and the
    product of gate and up are packed (see gemma.pack) as these formats ask.

    - (C1) `gate_up` is [E, 2 F, D], `down` is [E, D, F], E the experts of `routing`, D the columns of `input` and `result`
    - (C2) `input`, `routing` and `result` hold the same rows
    ```mlir
    %y = gemma.experts %x, %r, %gu, %d gelu_tanh
        : tensor<?x64xf32>, !gemma.routing<2 of 8, all>, tensor<8x128x64xf32>, tensor<8x64x64xf32> -> tensor<?x64xf32>
    ```
  }];
  let arguments = (ins Gemma_RowTensor:$input, Gemma_Routing:$routing, Gemma_WeightTensor:$gate_up, Gemma_WeightTensor:$down,
                   Gemma_ActivationAttr:$activation);
  let results = (outs Gemma_RowTensor:$result);
  let assemblyFormat = [{
    $input `,` $routing `,` $gate_up `,` $down `` $activation attr-dict `:` type($input) `,` type($routing) `,` type($gate_up) `,` type($down) `->` type($result)
  }];
}

def Gemma_LastRowsOp : Gemma_RowOp<"last_rows", [Gemma_RowWise]> {
  let summary = "only the rows whose logits are wanted";
  let description = [{
    The last `last_rows` rows of the step; how many is known when it runs.

    - (C1) `input` holds all rows, `result` the last ones, with the same columns
    ```mlir
    %y = gemma.last_rows %x : tensor<?x64xf32> -> tensor<?x64xf32, "last">
    ```
  }];
  let arguments = (ins AnyTypeOf<[Gemma_RowTensor, Gemma_Routing]>:$input);
  let results = (outs AnyTypeOf<[Gemma_RowTensor, Gemma_Routing]>:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
}

def Gemma_TapOp : Gemma_Op<"tap"> {
  let summary = "a value that the caller may look at";
  let description = [{
    Where the step asks for hidden states, the rows whose logits are wanted (the last ones of `input`) are copied to columns
    `column` and following of the hidden rows. No value depends on it: passes move whatever else uses `input` as if the tap
    were not there.

    - (C1) `column` >= 0
    ```mlir
    gemma.tap %x at 256 : tensor<?x64xf32>
    ```
  }];
  let arguments = (ins Gemma_RowTensor:$input, I64Attr:$column);
  let assemblyFormat = "$input `at` $column attr-dict `:` type($input)";
  let hasVerifier = 1;
}

def Gemma_PhaseOp : Gemma_Op<"phase", [SingleBlock, RecursiveMemoryEffects]> {
  let summary = "operations that run between two barriers";
  let description = [{
    Formed by the fuse stage. `kind` is `rows` (row by row), `project` (one or more projections and what is done to their
    results element by element), `attention`, `experts` or `tap` (one tap). The region sees the values around it and ends with
    `gemma.yield`, whose operands are the results.

    - (C1) the region holds only what the kind allows
    - (C2) the yielded types are the result types
    ```mlir
    %y = gemma.phase rows -> tensor<?x64xf32> {
      %s = gemma.scale %x by 0.5 : tensor<?x64xf32> -> tensor<?x64xf32>
      gemma.yield %s : tensor<?x64xf32>
    }
    ```
  }];
  let arguments = (ins Gemma_PhaseKindAttr:$kind);
  let results = (outs Variadic<AnyType>:$outputs);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "`` $kind (`->` type($outputs)^)? attr-dict-with-keyword $body";
  let hasVerifier = 1;
}

def Gemma_YieldOp : Gemma_Op<"yield", [Pure, Terminator]> {
  let summary = "ends a phase";
  let arguments = (ins Variadic<AnyType>:$values);
  let assemblyFormat = "($values^ `:` type($values))? attr-dict";
}
#endif
