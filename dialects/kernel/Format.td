// The words of Format.h: formats and layouts of weights, and how the inputs of a product are packed. Both dialects use
// them; so does the packer, which knows no MLIR.
#ifndef DIALECTS_KERNEL_FORMAT_TD
#define DIALECTS_KERNEL_FORMAT_TD

include "mlir/IR/EnumAttr.td"

class Kernel_Words<string name, string summary, list<EnumCase> cases> : I32Enum<name, summary, cases> {
  let cppNamespace = "::gemmac::kernel";
}

/// In the order of Format.h's table.
def Kernel_Format : Kernel_Words<"Format", "a weight format", [
  I32EnumCase<"F32", 0, "f32">, I32EnumCase<"BF16", 1, "bf16">, I32EnumCase<"Q8", 2, "q8">,
  I32EnumCase<"Q8M", 3, "q8m">, I32EnumCase<"Q4", 4, "q4">, I32EnumCase<"Q4M", 5, "q4m">, I32EnumCase<"Q6", 6, "q6">,
]>;

def Kernel_Layout : Kernel_Words<"Layout", "a layout of weights", [
  I32EnumCase<"Panel", 0, "panel">, I32EnumCase<"Rows", 1, "rows">, I32EnumCase<"Vector", 2, "vector">,
]>;

/// How the inputs of a product with a weight lie: 8-bit codes with scales, bfloat16, or float32.
def Kernel_Packing : Kernel_Words<"Packing", "a kind of packed rows", [
  I32EnumCase<"I8", 0, "i8">, I32EnumCase<"BF16", 1, "bf16">, I32EnumCase<"F32", 2, "f32">,
]>;
#endif
