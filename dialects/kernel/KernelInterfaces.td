// What every phase of a plan answers, so that no pass lists them.
#ifndef DIALECTS_KERNEL_INTERFACES_TD
#define DIALECTS_KERNEL_INTERFACES_TD

include "mlir/IR/OpBase.td"

def Kernel_Phase : OpInterface<"Phase"> {
  let cppNamespace = "::gemmac::kernel";
  let description = [{ An operation of a plan that runs between two barriers; its operands are places. }];
  let methods = [
    InterfaceMethod<"The rows it runs for: with none of the last rows wanted, such a phase is left out.", "gemma::Rows",
                    "getStepRows", (ins), "", [{ return stepRowsOf($_op); }]>,
  ];
}

def Kernel_ExpertPhase : OpInterface<"ExpertPhase"> {
  let cppNamespace = "::gemmac::kernel";
  let description = [{ A phase of a mixture of experts: `top_k` of `experts` for each row. }];
  let methods = [
    InterfaceMethod<"", "uint64_t", "getTopK">,
    InterfaceMethod<"", "uint64_t", "getExperts">,
  ];
}
#endif
