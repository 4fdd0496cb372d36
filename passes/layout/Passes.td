// Passes of the layout stage.
#ifndef PASSES_LAYOUT_PASSES_TD
#define PASSES_LAYOUT_PASSES_TD

include "mlir/Pass/PassBase.td"

def ConvertGemmaToKernel : Pass<"convert-gemma-to-kernel", "::mlir::ModuleOp"> {
  let summary = "Turn phases of values into a plan of phases over buffers, packed weights and caches";
  let description = [{
    Every value that crosses a phase gets a buffer; keys and values get a cache, which has no place yet. Values that share a
    cache's producer share the cache: nothing is stored twice. Weights get their
    place in the weights section. Experts become five phases. The plan's sizes and the cost of a step
    are left on the module as `kernel.plan`.
  }];
  let options = [
    Option<"kv", "kv", "std::string", "\"bf16\"", "format of the key/value cache: f32, bf16 or q8, or K/V; V may be tq4">,
    Option<"context", "context", "int64_t", "8192", "longest sequence, in tokens">,
    Option<"chunk", "chunk", "int64_t", "0", "most tokens of one step; 0: 128, or the longest block if that is longer">,
    Option<"lastRows", "last-rows", "int64_t", "32", "most rows of one step that get logits, in tokens">,
  ];
  let dependentDialects = ["::gemmac::kernel::KernelDialect"];
}

def PlanPages : Pass<"kernel-plan-pages", "::mlir::ModuleOp"> {
  let summary = "Give every cache its place in pages of a size that fits all layer classes";
  let description = [{
    Caches that are read equally far back are a class; their slots for some positions make up a page. All pages have one size,
    so that classes can share a pool: it is chosen so that a sequence that fills the context holds the least memory, and the
    remarks say which and why. A class whose window is as long as the context is one without a window. The sizes go
    into `kernel.plan`.
  }];
}

def VerifyLaidOut : Pass<"kernel-verify-laid-out", "::mlir::func::FuncOp"> {
  let summary = "Contract after layout: only buffers, weights, caches in pages and phases";
}
#endif
