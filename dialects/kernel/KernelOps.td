// The kernel dialect: a static plan of phases over buffers, weights and caches. Between two phases stands a barrier.
#ifndef DIALECTS_KERNEL_OPS_TD
#define DIALECTS_KERNEL_OPS_TD

include "mlir/IR/OpBase.td"
include "mlir/IR/AttrTypeBase.td"
include "dialects/gemma/GemmaDialect.td"
include "dialects/kernel/KernelEnums.td"
include "dialects/kernel/KernelInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Kernel_Dialect : Dialect {
  let name = "kernel";
  let cppNamespace = "::gemmac::kernel";
  let summary = "what is computed where: a plan of phases over an arena, packed weights and key/value caches";
  let description = [{
    A plan is a `func.func` that holds buffers, weights, caches and, in order, phases. Phases are in destination style:
    they read `ins` and write `outs`. Their regions hold gemma operations whose arguments stand for the `ins`; `kernel.yield`
    hands one value to each of the `outs`. A phase is cut into items (rows, panels of 32 outputs, tiles of query rows) that
    the threads of the team claim one after another.
  }];
  let dependentDialects = ["::gemmac::gemma::GemmaDialect"];
  let useDefaultTypePrinterParser = 1;
  let useDefaultAttributePrinterParser = 1;
  let hasOperationAttrVerify = 1;
}

/// A number that is not printed where it is 0.
def Kernel_Count : DefaultValuedParameter<"int64_t", "0">;

def Kernel_PlanAttr : AttrDef<Kernel_Dialect, "Plan"> {
  let mnemonic = "plan";
  let summary = "what a plan holds and costs; on its module as `kernel.plan`";
  let description = [{
    `positions`: the longest sequence, in tokens; `chunk`: most tokens of a step, `last_rows`: most of them that get logits, `block_tokens`: the longest block that rows
    of one step may form. `vocab`: logits of a row, `hidden_columns`: floats of a row of all taps. `decode_*`: what a step of
    one token reads and computes; `prefill_ops`: operations for a row whose logits are not wanted. `page_bytes`: of a page of caches, `sequence_bytes`:
    of all pages of a sequence that fills the context, `table_entries`: of its table, `page_classes`: window (0: none), slots of a page and first entry in
    the table, in turn; set by the pass kernel-plan-pages. `cache_reads`: window (0: none) and bytes of 32 positions, in
    turn. `arena_bytes` is set by the pass kernel-assign-arena.

    - (C1) `chunk` and `last_rows` are at least 1, and no number is negative
    - (C2) `cache_reads` are pairs, `page_classes` are triples
  }];
  let parameters = (ins Kernel_Count:$positions, "int64_t":$chunk, "int64_t":$last_rows, Kernel_Count:$block_tokens,
                    Kernel_Count:$vocab, Kernel_Count:$hidden_columns, Kernel_Count:$weight_bytes, Kernel_Count:$decode_bytes,
                    Kernel_Count:$decode_ops, Kernel_Count:$prefill_ops, Kernel_Count:$page_bytes, Kernel_Count:$sequence_bytes,
                    Kernel_Count:$table_entries, OptionalParameter<"::mlir::DenseI64ArrayAttr">:$page_classes, OptionalParameter<"::mlir::DenseI64ArrayAttr">:$cache_reads,
                    OptionalParameter<"std::optional<int64_t>">:$arena_bytes);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

def Kernel_LevelAttr : AttrDef<Kernel_Dialect, "Level"> {
  let mnemonic = "level";
  let summary = "a level of a target, see LevelInfo; on the module as `kernel.level`";
  let parameters = (ins StringRefParameter<"", [{""}]>:$name, StringRefParameter<"", [{""}]>:$symbol,
                    DefaultValuedParameter<"int64_t", "LevelInfo().vectorBits">:$vector_bits,
                    DefaultValuedParameter<"int64_t", "LevelInfo().registers">:$registers,
                    DefaultValuedParameter<"int64_t", "LevelInfo().tokenTile">:$token_tile,
                    DefaultValuedParameter<"int64_t", "LevelInfo().rowVectors">:$row_vectors,
                    DefaultValuedParameter<"bool", "false">:$half_conversion,
                    DefaultValuedParameter<"int64_t", "LevelInfo().prefetchBytes">:$prefetch_bytes,
                    DefaultValuedParameter<"bool", "false">:$signed_weights,
                    DefaultValuedParameter<"bool", "false">:$signed_products);
  let assemblyFormat = "`<` struct(params) `>`";
}

def Kernel_ExternalAttr : EnumAttr<Kernel_Dialect, Kernel_External, "external">;

class Kernel_Type<string name, string typeMnemonic> : TypeDef<Kernel_Dialect, name> { let mnemonic = typeMnemonic; }

def Kernel_Buffer : Kernel_Type<"Buffer", "buffer"> {
  let summary = "rows in the arena";
  let description = [{
    `kind`: `f32` (row-major), `packed_i8`, `packed_bf16` and `packed_f32` (tiles of tokens, groups of 32 columns; see passes/tile), `routing`
    (expert numbers and weights), `table` (cosines, then sines), `slots` (experts' rows in order of expert).
    `rows`: `all`, `last`, or `slots_all` / `slots_last` (top_k rows per row, in order of expert).
  }];
  let parameters = (ins "int64_t":$width, EnumParameter<Kernel_BufferKind>:$kind, EnumParameter<Kernel_BufferRows>:$rows);
  let assemblyFormat = "`<` $width `x` $kind `,` $rows `>`";
}

def Kernel_Weight : Kernel_Type<"Weight", "weight"> {
  let summary = "`members` matrices of `rows` x `columns` in a packed format, see Format.h";
  let parameters = (ins EnumParameter<Kernel_Format>:$format, EnumParameter<Kernel_Layout>:$layout, "int64_t":$members,
                    "int64_t":$rows, "int64_t":$columns);
  let assemblyFormat = "`<` $format `,` $layout `,` $members `x` $rows `x` $columns `>`";
}

def Kernel_Cache : Kernel_Type<"Cache", "cache"> {
  let summary = "keys or values of a layer, in pages";
  let description = [{
    The slots of a cache lie in pages of `page` slots, which it shares with the other caches of its class: those that are read
    equally far back, `window` positions (0: to the first one). Position p stands in slot p modulo `page` of the page that entry
    `table` + p / `page` of the sequence's table names. Before kernel-plan-pages has run, `page` is 0.

    In a page a cache has a run of blocks of 32 slots for each head, one head after another. Per block, keys are laid out as a
    weight panel of 32 rows (slots) x `head_dim` columns, values as ceil(head_dim/32) panels of 32 rows (dimensions) x 32
    columns (slots); values in codes (q8, tq4) lie slot after slot. passes/tile/CacheKernel.cpp says it for each format.
  }];
  let parameters = (ins EnumParameter<Kernel_CacheKind>:$kind, EnumParameter<Kernel_CacheFormat>:$format, "int64_t":$heads,
                    "int64_t":$headDim, "int64_t":$window, "int64_t":$page, "int64_t":$table);
  let assemblyFormat = [{
    `<` $kind `,` $format `,` $heads `x` $headDim `window` $window `page` $page `table` $table `>`
  }];
}

class Kernel_Op<string mnemonic, list<Trait> traits = []> : Op<Kernel_Dialect, mnemonic, traits>;

def Kernel_BufferOp : Kernel_Op<"buffer", [MemoryEffects<[MemAlloc]>]> {
  let summary = "a buffer of the arena";
  let description = [{
    `offset` in bytes is set by the pass kernel-assign-arena. `external` names memory of the caller instead:
    `logits`, or `hidden`, whose rows hold more than this buffer and where `offset` says where in a row it begins.

    - (C1) `offset`, where present, is not negative and a multiple of 64, or of 4 in the memory of the caller
    - (C2) the width is positive
  }];
  let arguments = (ins OptionalAttr<I64Attr>:$offset, OptionalAttr<Kernel_ExternalAttr>:$external);
  let results = (outs Kernel_Buffer:$result);
  let assemblyFormat = "(`at` $offset^)? (`external` `` $external^)? attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def Kernel_WeightOp : Kernel_Op<"weight", [Pure]> {
  let summary = "a weight in the weights section";
  let description = [{
    - (C1) `offset` is a multiple of 64 and not negative
    - (C2) members, rows and columns are positive, and at most 2^48 elements in all
  }];
  let arguments = (ins StrAttr:$name, I64Attr:$index, I64Attr:$offset);
  let results = (outs Kernel_Weight:$result);
  let assemblyFormat = "$name `index` $index `at` $offset attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def Kernel_CacheOp : Kernel_Op<"cache", [Pure]> {
  let summary = "a key or value cache";
  let description = [{
    `offset` is its place in each page of its class, in bytes, set by the pass kernel-plan-pages.

    - (C1) a cache in tq4 holds values, and its head_dim is a power of two and at least 32
    - (C2) `page` is a multiple of 32, or 0 where there is no `offset` yet; window and table are not negative
    - (C3) heads and head_dim are positive, and with the slots of a page at most 2^48 elements in all
    - (C4) `offset` is a multiple of 64 and not negative
  }];
  let arguments = (ins OptionalAttr<I64Attr>:$offset);
  let results = (outs Kernel_Cache:$result);
  let assemblyFormat = "(`at` $offset^)? attr-dict `:` type($result)";
  let hasVerifier = 1;
}

class Kernel_PhaseOp<string mnemonic>
    : Kernel_Op<mnemonic, [Kernel_Phase, AttrSizedOperandSegments, SingleBlock, IsolatedFromAbove]> {
  let arguments = (ins Variadic<AnyType>:$ins, Variadic<AnyType>:$outs, Gemma_RowsAttr:$rows);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    `` $rows `ins` `(` ($ins^ `:` type($ins))? `)` `outs` `(` ($outs^ `:` type($outs))? `)` attr-dict-with-keyword $body
  }];
  let hasVerifier = 1;
}

def Kernel_RowsOp : Kernel_PhaseOp<"rows"> {
  let summary = "a phase whose items are rows";
  let description = [{
    - (C1) the region has one argument for each of `ins` and ends with kernel.yield of one value for each of `outs`
    - (C2) it holds only gemma operations that work row by row
  }];
}

def Kernel_ProjectOp : Kernel_PhaseOp<"project"> {
  let summary = "a phase whose items are panels of 32 outputs of one or more projections";
  let description = [{
    - (C1) the region has one argument for each of `ins` and ends with kernel.yield of one value for each of `outs`
    - (C2) it holds only projections, elementwise operations, slices and packs
  }];
}

def Kernel_AttentionOp : Kernel_PhaseOp<"attention"> {
  let summary = "a phase whose items are tiles of query rows that share a key/value head";
  let description = [{
    - (C1) the region has one argument for each of `ins` and ends with kernel.yield of one value for each of `outs`
    - (C2) it holds one attention and packs of its result
  }];
}

def Kernel_YieldOp : Kernel_Op<"yield", [Pure, Terminator]> {
  let summary = "ends the region of a phase";
  let arguments = (ins Variadic<AnyType>:$values);
  let assemblyFormat = "($values^ `:` type($values))? attr-dict";
}

def Kernel_RopeTableOp : Kernel_Op<"rope_table", [Kernel_Phase]> {
  let summary = "phase: cosines and sines of every row's position";
  let description = [{
    `table[t, i] = cos(angle)`, `table[t, pairs + i] = sin(angle)`, angle = float32(position * inverse_frequencies[i]);
    both times `magnitude` where it is given.

    - (C1) `table` is as wide as twice the number of frequencies
  }];
  let arguments = (ins Kernel_Buffer:$table, DenseF32ArrayAttr:$inverse_frequencies, OptionalAttr<F64Attr>:$magnitude);
  let assemblyFormat = "$table attr-dict `:` type($table)";
  let hasVerifier = 1;
}

def Kernel_ExpertSlotsOp : Kernel_Op<"expert_slots", [Kernel_Phase, Kernel_ExpertPhase]> {
  let summary = "phase: sort the (row, expert) pairs by expert";
  let description = [{
    Fills `slots` so that each expert's rows lie in tiles of their own, and each expert's weights are read once.

    - (C1) `routing` is a routing buffer and `slots` a slots buffer
  }];
  let arguments = (ins Kernel_Buffer:$routing, Kernel_Buffer:$slots, I64Attr:$top_k, I64Attr:$experts);
  let assemblyFormat = "$routing `into` $slots attr-dict `:` type($routing) `into` type($slots)";
  let hasVerifier = 1;
}

def Kernel_ExpertGatherOp : Kernel_Op<"expert_gather", [Kernel_Phase, Kernel_ExpertPhase]> {
  let summary = "phase: pack the rows of each expert's slots";
  let arguments = (ins Kernel_Buffer:$input, Kernel_Buffer:$slots, Kernel_Buffer:$packed, I64Attr:$top_k, I64Attr:$experts);
  let assemblyFormat = "$input `,` $slots `into` $packed attr-dict `:` type($input) `,` type($slots) `into` type($packed)";
}

def Kernel_ExpertProjectOp : Kernel_Op<"expert_project", [Kernel_Phase, Kernel_ExpertPhase]> {
  let summary = "phase: multiply each slot's row with its expert's weight";
  let description = [{
    With `activation`, `weight` holds a gate and an up matrix per expert, one after the other, and the result is
    `act(gate . x) * (up . x)`, packed; without, it is the product, in float32.
  }];
  let arguments = (ins Kernel_Buffer:$packed, Kernel_Weight:$weight, Kernel_Buffer:$slots, Kernel_Buffer:$result,
                   OptionalAttr<Gemma_ActivationAttr>:$activation, I64Attr:$top_k, I64Attr:$experts);
  let assemblyFormat = [{
    (`activation` `` $activation^)? $packed `,` $weight `,` $slots `into` $result attr-dict `:` type($packed) `,` type($weight) `,` type($slots) `into` type($result)
  }];
}

def Kernel_ExpertCombineOp : Kernel_Op<"expert_combine", [Kernel_Phase, Kernel_ExpertPhase]> {
  let summary = "phase: sum each row's slots with the routing weights";
  let arguments = (ins Kernel_Buffer:$input, Kernel_Buffer:$routing, Kernel_Buffer:$slots, Kernel_Buffer:$result, I64Attr:$top_k,
                   I64Attr:$experts);
  let assemblyFormat = [{
    $input `,` $routing `,` $slots `into` $result attr-dict `:` type($input) `,` type($routing) `,` type($slots) `into` type($result)
  }];
}

def Kernel_TapOp : Kernel_Op<"tap", [Kernel_Phase]> {
  let summary = "phase: copy the last rows to where the caller wants to see them, if he does";
  let description = [{
    `columns` is the width of a whole row of the caller's memory, of which `hidden` is a part. Only prefill has this phase.

    - (C1) `input` and `hidden` are equally wide and of kind `f32`, and `hidden` is external with an offset
    - (C2) `hidden` ends within a row of `columns`
  }];
  let arguments = (ins Kernel_Buffer:$input, Kernel_Buffer:$hidden, I64Attr:$columns);
  let assemblyFormat = "$input `into` $hidden `of` $columns attr-dict `:` type($input) `into` type($hidden)";
  let hasVerifier = 1;
}

def Kernel_PairDotOp : Kernel_Op<"pair_dot", [Pure, AllTypesMatch<["acc", "result"]>, AllTypesMatch<["weights", "inputs"]>]> {
  let summary = "tile level: add products of two bfloat16 pairs to each float32 lane";
  let description = [{
    `result[i] = acc[i] + low(weights[i]) * low(inputs[i]) + high(weights[i]) * high(inputs[i])`, where low and high are the
    bfloat16 numbers in the lower and upper half of a 32-bit lane. The products are exact; how the sums are rounded, and
    whether subnormal numbers count as 0, is the target's.

    - (C1) `weights` and `inputs` have as many lanes as `acc`
  }];
  let arguments = (ins VectorOfRankAndType<[1], [F32]>:$acc, VectorOfRankAndType<[1], [I32]>:$weights,
                   VectorOfRankAndType<[1], [I32]>:$inputs);
  let results = (outs VectorOfRankAndType<[1], [F32]>:$result);
  let assemblyFormat = "$acc `,` $weights `,` $inputs attr-dict `:` type($acc) `,` type($weights)";
  let hasVerifier = 1;
}

def Kernel_DotOp : Kernel_Op<"dot", [Pure, AllTypesMatch<["acc", "result"]>, AllTypesMatch<["weights", "inputs"]>]> {
  let summary = "tile level: add products of four byte pairs to each 32-bit lane";
  let description = [{
    `result[i] = acc[i] + sum_j weights[4 i + j] * inputs[4 i + j]`, j = 0..3; weights are unsigned unless
    `signed_weights`, inputs are signed and at least -127. `max_code` bounds the weights' magnitudes: a
    target may use instructions that saturate where those do not. Where each takes the result of the one before as its `acc`,
    a target may sum such a chain in any order: integer sums are exact.

    - (C1) `weights` and `inputs` have four times as many lanes as `acc`
  }];
  let arguments = (ins VectorOfRankAndType<[1], [I32]>:$acc, VectorOfRankAndType<[1], [I8]>:$weights,
                   VectorOfRankAndType<[1], [I8]>:$inputs, I64Attr:$max_code, UnitAttr:$signed_weights);
  let results = (outs VectorOfRankAndType<[1], [I32]>:$result);
  let assemblyFormat = "$acc `,` $weights `,` $inputs attr-dict `:` type($acc) `,` type($weights)";
  let hasVerifier = 1;
}

def Kernel_LookupOp : Kernel_Op<"lookup", [Pure, SameOperandsAndResultType]> {
  let summary = "tile level: numbers of a small table, a byte each";
  let description = [{
    `result[i] = table[codes[i]]`; codes are from 0 to 15.

    - (C1) the table has 16 numbers
  }];
  let arguments = (ins VectorOfRankAndType<[1], [I8]>:$codes, DenseI8ArrayAttr:$table);
  let results = (outs VectorOfRankAndType<[1], [I8]>:$result);
  let assemblyFormat = "$codes `in` $table attr-dict `:` type($codes)";
  let hasVerifier = 1;
}
#endif
