// From a module in MLIR's LLVM dialect to an object file in memory. Shared by all targets that LLVM can compile for;
// knows no instruction set: what the machine is comes in as LLVM's own strings.
//
// Threads: every call works on its own LLVMContext, so several modules may be compiled at once, each in its own
// MLIRContext.
#ifndef TARGETS_LLVM_CODEGEN_H
#define TARGETS_LLVM_CODEGEN_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/Error.h"

#include <memory>
#include <string>
#include <vector>

namespace gemmac::codegen {

/// The machine code is made for, spelled as LLVM spells it. An empty cpu is the triple's baseline.
struct Machine {
  std::string triple;       ///< "<arch>-unknown-linux-gnu"
  std::string cpu;          ///< a name of `llc -mcpu=help`
  std::string features;     ///< "+a,-b", on top of the cpu's; may be empty
  int preferVectorBits = 0; ///< widest vector registers to use; 0 leaves it to LLVM
};

/// What may be done to the code. The defaults keep what the kernel passes wrote: kernels come in as vectors, already
/// unrolled.
struct Options {
  Machine machine;
  int optLevel = 3; ///< 0..3
  bool unrollLoops = false;
  bool vectorizeLoops = false;
  bool vectorizeScalars = false; ///< the SLP vectorizer
  std::vector<std::string>
      exported;              ///< functions other objects use; all others become internal. Empty: all stay visible
  bool sanitize = false;     ///< check each access with AddressSanitizer, whose run-time part the linker must have
  bool keepIr = false;       ///< fill Code::ir
  bool keepAssembly = false; ///< fill Code::assembly
};

struct Code {
  std::string object;   ///< bytes of a relocatable ELF file, position independent
  std::string ir;       ///< optimised LLVM IR, as text
  std::string assembly; ///< of the same code
};

/// A module that owns its context. Members in this order: the module dies first.
struct LlvmModule {
  std::unique_ptr<llvm::LLVMContext> context;
  std::unique_ptr<llvm::Module> module;
};

/// Success if LLVM knows triple, cpu and every feature; else an error that names the nearest spelling.
llvm::Error checkMachine(const Machine &machine);

/// Compiles the module for options.machine. Errors (unknown cpu or feature, an operation that has no LLVM form, an
/// instruction that the machine lacks) are diagnostics at the module; nothing aborts.
mlir::FailureOr<Code> compileModule(mlir::ModuleOp module, const Options &options);

/// The same for a module that was built with LLVM's own API.
llvm::Expected<Code> compileLlvmModule(LlvmModule module, const Options &options);

} // namespace gemmac::codegen
#endif
