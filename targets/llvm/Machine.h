// LLVM's target machines, checked before they are made, and its fatal errors turned into messages.
#ifndef TARGETS_LLVM_MACHINE_H
#define TARGETS_LLVM_MACHINE_H

#include "targets/llvm/CodeGen.h"

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Target/TargetMachine.h"

namespace gemmac::codegen {

/// A target machine for position-independent code of the small code model. Checks like checkMachine.
llvm::Expected<std::unique_ptr<llvm::TargetMachine>> createMachine(const Machine &machine, int optLevel);

/// Runs `work` on this thread. False if LLVM reported a fatal error or crashed in it: `reason` then says what, and what
/// `work` touched must not be used or destroyed any more.
bool runRecovering(llvm::function_ref<void()> work, std::string &reason);

} // namespace gemmac::codegen
#endif
