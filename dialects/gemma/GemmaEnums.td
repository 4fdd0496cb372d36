// The gemma dialect's closed sets of words.
#ifndef DIALECTS_GEMMA_ENUMS_TD
#define DIALECTS_GEMMA_ENUMS_TD

include "mlir/IR/EnumAttr.td"

class Gemma_Words<string name, string summary, list<EnumCase> cases> : I32Enum<name, summary, cases> {
  let cppNamespace = "::gemmac::gemma";
}

/// Which rows a value holds: every token of the step, or only the last ones.
def Gemma_Rows : Gemma_Words<"Rows", "rows", [I32EnumCase<"All", 0, "all">, I32EnumCase<"Last", 1, "last">]>;

def Gemma_Activation : Gemma_Words<"Activation", "an activation", [
  I32EnumCase<"GeluTanh", 0, "gelu_tanh">, I32EnumCase<"Silu", 1, "silu">, I32EnumCase<"Gelu", 2, "gelu">,
  I32EnumCase<"Relu", 3, "relu">, I32EnumCase<"Relu2", 4, "relu2">,
]>;

def Gemma_PhaseKind : Gemma_Words<"PhaseKind", "a kind of phase", [
  I32EnumCase<"Rows", 0, "rows">, I32EnumCase<"Project", 1, "project">, I32EnumCase<"Attention", 2, "attention">,
  I32EnumCase<"Experts", 3, "experts">, I32EnumCase<"Tap", 4, "tap">,
]>;
#endif
