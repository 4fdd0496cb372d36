// Passes of the quantize stage.
#ifndef PASSES_QUANTIZE_PASSES_TD
#define PASSES_QUANTIZE_PASSES_TD

include "mlir/Pass/PassBase.td"

def ChooseFormats : Pass<"gemma-choose-formats", "::mlir::func::FuncOp"> {
  let summary = "Give every weight its storage format";
  let description = [{
    Matrices get the recipe's format, or their floor where that is higher (f32 > bf16 > q8 > q4); vectors stay f32. Recipe
    `keep` takes the format that holds the file's own bits (attribute `kept_format`, set on import), or f32 where that is the
    floor: then the rows that meet the weight are not rounded either.
  }];
  let options = [Option<"recipe", "recipe", "std::string", "\"f32\"", "f32, bf16, q8, q4 or keep">];
}

def PackActivations : Pass<"gemma-pack-activations", "::mlir::func::FuncOp"> {
  let summary = "Lay out the inputs of projections in the phase that computes them";
  let description = [{
    A projection with integer weights reads 8-bit activations, one with bf16 weights bfloat16, any other float32;
    `gemma.pack` says so. It stands in the phase
    of the value if that phase is of kind rows, project or attention; else in a rows phase of its own.
  }];
}

def VerifyQuantized : Pass<"gemma-verify-quantized", "::mlir::func::FuncOp"> {
  let summary = "Contract after quantize: every weight has a format, every projection reads packed rows";
}
#endif
