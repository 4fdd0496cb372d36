// The kernel dialect's own closed sets of words; Format.td has those that it shares.
#ifndef DIALECTS_KERNEL_ENUMS_TD
#define DIALECTS_KERNEL_ENUMS_TD

include "mlir/IR/EnumAttr.td"

class Kernel_Enum<string name, string summary, list<EnumCase> cases> : I32Enum<name, summary, cases> {
  let cppNamespace = "::gemmac::kernel";
}

/// passes/tile/Sizes.h says how each lies in memory.
def Kernel_BufferKind : Kernel_Enum<"BufferKind", "a kind of buffer", [
  I32EnumCase<"F32", 0, "f32">, I32EnumCase<"PackedI8", 1, "packed_i8">, I32EnumCase<"PackedBF16", 2, "packed_bf16">,
  I32EnumCase<"PackedF32", 3, "packed_f32">, I32EnumCase<"Routing", 4, "routing">, I32EnumCase<"Table", 5, "table">,
  I32EnumCase<"Slots", 6, "slots">,
]>;

/// Rows of a step, or one for each of a row's experts, in order of expert.
def Kernel_BufferRows : Kernel_Enum<"BufferRows", "rows of a buffer", [
  I32EnumCase<"All", 0, "all">, I32EnumCase<"Last", 1, "last">, I32EnumCase<"SlotsAll", 2, "slots_all">,
  I32EnumCase<"SlotsLast", 3, "slots_last">,
]>;

def Kernel_CacheKind : Kernel_Enum<"CacheKind", "a kind of cache", [
  I32EnumCase<"Keys", 0, "keys">, I32EnumCase<"Values", 1, "values">,
]>;

/// How the numbers of a cache are kept; passes/tile/CacheKernel.cpp says how each lies in memory. tq4: rotated, 4-bit codes
/// of a codebook, one scale for each slot of a head.
def Kernel_CacheFormat : Kernel_Enum<"CacheFormat", "a format of keys or values", [
  I32EnumCase<"F32", 0, "f32">, I32EnumCase<"BF16", 1, "bf16">, I32EnumCase<"Q8", 2, "q8">, I32EnumCase<"TQ4", 3, "tq4">,
]>;

/// Memory of the caller.
def Kernel_External : Kernel_Enum<"External", "memory of the caller", [
  I32EnumCase<"Logits", 0, "logits">, I32EnumCase<"Hidden", 1, "hidden">,
]>;
#endif
