// The gemma dialect: a decoder on tensors, value semantics, any number of tokens.
#ifndef DIALECTS_GEMMA_DIALECT_TD
#define DIALECTS_GEMMA_DIALECT_TD

include "mlir/IR/OpBase.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/BuiltinTypeInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "dialects/gemma/GemmaEnums.td"
include "dialects/kernel/Format.td"

def Gemma_Dialect : Dialect {
  let name = "gemma";
  let cppNamespace = "::gemmac::gemma";
  let summary = "the operations of a decoder, with their meaning in float32";
  let description = [{
    Activations are rows: `tensor<?xDxf32>`, one row per token. The encoding `"last"` on such a type says that only the
    last rows of the step are there, those whose logits are wanted. Row t of a plain tensor stands at position
    `position + t`, row t of a `"last"` tensor at `position + token_count - last_rows + t`.
    Everything is computed in float32 unless an operation says otherwise.
  }];
  let useDefaultTypePrinterParser = 1;
  let useDefaultAttributePrinterParser = 1;
}

// The words as attributes. They print a space before themselves: in a format, `` stands before each.
def Gemma_FormatAttr : EnumAttr<Gemma_Dialect, Kernel_Format, "format"> { let cppNamespace = "::gemmac::gemma"; }
def Gemma_RowsAttr : EnumAttr<Gemma_Dialect, Gemma_Rows, "rows">;
def Gemma_ActivationAttr : EnumAttr<Gemma_Dialect, Gemma_Activation, "activation">;
def Gemma_PhaseKindAttr : EnumAttr<Gemma_Dialect, Gemma_PhaseKind, "phase_kind">;

class Gemma_Type<string name, string typeMnemonic> : TypeDef<Gemma_Dialect, name> { let mnemonic = typeMnemonic; }

def Gemma_Routing : Gemma_Type<"Routing", "routing"> {
  let summary = "for each row, `top_k` experts out of `experts` and their weights";
  let parameters = (ins "int64_t":$topK, "int64_t":$experts, EnumParameter<Gemma_Rows>:$rows);
  let assemblyFormat = "`<` $topK `of` $experts `,` $rows `>`";
}

def Gemma_Packed : Gemma_Type<"Packed", "packed"> {
  let summary = "rows laid out for a projection: groups of 32 columns, `i8` with one scale each, `bf16`, or `f32`";
  let parameters = (ins "int64_t":$width, EnumParameter<Kernel_Packing>:$kind, EnumParameter<Gemma_Rows>:$rows);
  let assemblyFormat = "`<` $width `x` $kind `,` $rows `>`";
}

def Gemma_RowTensor : TensorOf<[F32]>;
def Gemma_Ids : TensorOf<[I32]>;
def Gemma_WeightTensor : TensorOf<[F32]>;

// What an operation is, as passes ask it. A new operation says so here and stands in none of their lists.
class Gemma_Trait<string name> : NativeOpTrait<name> { let cppNamespace = "::gemmac::gemma"; }
def Gemma_RowWise : Gemma_Trait<"RowWise">;
def Gemma_Elementwise : Gemma_Trait<"Elementwise">;
def Gemma_ReadsViews : Gemma_Trait<"ReadsViews">;

class Gemma_Op<string mnemonic, list<Trait> traits = []> : Op<Gemma_Dialect, mnemonic, traits>;
#endif
