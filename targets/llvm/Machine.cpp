// LLVM answers an unknown cpu or feature with a line on stderr and goes on without it; here it is an error before any
// work.
#include "targets/llvm/Machine.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/CrashRecoveryContext.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/TargetParser/SubtargetFeature.h"

#include <mutex>

using namespace llvm;

namespace gemmac::codegen {
namespace {

/// Where a fatal error of this thread goes; null outside runRecovering.
thread_local std::string *fatalReason = nullptr;

void onFatalError(void *, const char *reason, bool) {
  CrashRecoveryContext *recovery = CrashRecoveryContext::GetCurrent();
  if (recovery && fatalReason) {
    *fatalReason = reason;
    recovery->HandleExit(1); // does not return
  }
  errs() << "LLVM ERROR: " << reason << '\n'; // the installed handler replaces LLVM's own print; LLVM aborts next
}

void initialiseOnce() {
  static std::once_flag once;
  std::call_once(once, [] {
    InitializeAllTargetInfos();
    InitializeAllTargets();
    InitializeAllTargetMCs();
    InitializeAllAsmPrinters();
    InitializeAllAsmParsers(); // for inline assembly
    install_fatal_error_handler(onFatalError);
    CrashRecoveryContext::Enable();
  });
}

/// " did you mean '...'?" for the nearest of the table's keys, or nothing.
template <class Entry> std::string nearest(StringRef name, ArrayRef<Entry> table) {
  StringRef best;
  unsigned bestDistance = 4; // a spelling further away than three edits is no guess
  for (const Entry &entry : table) {
    unsigned distance = name.edit_distance(entry.Key, true, bestDistance);
    if (distance < bestDistance) {
      bestDistance = distance;
      best = entry.Key;
    }
  }
  return best.empty() ? std::string() : ("; did you mean '" + best + "'?").str();
}

Expected<const Target *> findTarget(const Triple &triple) {
  initialiseOnce();
  std::string why;
  if (const Target *target = TargetRegistry::lookupTarget(triple, why))
    return target;
  return createStringError("this LLVM has no code generator for triple '" + triple.str() + "'");
}

} // namespace

Error checkMachine(const Machine &machine) {
  Triple triple(machine.triple);
  Expected<const Target *> target = findTarget(triple);
  if (!target)
    return target.takeError();
  std::unique_ptr<MCSubtargetInfo> info((*target)->createMCSubtargetInfo(triple, "", ""));
  if (!info)
    return createStringError("LLVM knows no CPUs for triple '" + machine.triple + "'");
  if (!machine.cpu.empty() && !info->isCPUStringValid(machine.cpu))
    return createStringError("unknown cpu '" + machine.cpu + "' for triple '" + machine.triple + "'" +
                             nearest(machine.cpu, info->getAllProcessorDescriptions()));
  SmallVector<StringRef> features;
  StringRef(machine.features).split(features, ',', -1, false);
  for (StringRef feature : features) {
    if (!feature.starts_with("+") && !feature.starts_with("-"))
      return createStringError("feature '" + feature + "' must start with '+' or '-'");
    StringRef name = feature.drop_front();
    auto all = info->getAllProcessorFeatures();
    if (none_of(all, [&](const auto &known) { return name == known.Key; }))
      return createStringError("unknown feature '" + name + "' for triple '" + machine.triple + "'" +
                               nearest(name, all));
  }
  return Error::success();
}

Expected<std::unique_ptr<TargetMachine>> createMachine(const Machine &machine, int optLevel) {
  if (Error error = checkMachine(machine))
    return std::move(error);
  Triple triple(machine.triple);
  Expected<const Target *> target = findTarget(triple);
  if (!target)
    return target.takeError();
  TargetOptions options;
  options.AllowFPOpFusion = FPOpFusion::Standard; // a*b+c becomes fma only where the kernel says so
  options.FunctionSections = true;                // what no level uses is dropped by the linker
  options.DataSections = true;
  CodeGenOptLevel level = optLevel <= 0   ? CodeGenOptLevel::None
                          : optLevel == 1 ? CodeGenOptLevel::Less
                          : optLevel == 2 ? CodeGenOptLevel::Default
                                          : CodeGenOptLevel::Aggressive;
  std::unique_ptr<TargetMachine> made;
  std::string reason;
  bool safe = runRecovering(
      [&] {
        made.reset((*target)->createTargetMachine(triple, machine.cpu, machine.features, options, Reloc::PIC_,
                                                  CodeModel::Small, level));
      },
      reason);
  if (!safe || !made)
    return createStringError("LLVM makes no machine for triple '" + machine.triple + "', cpu '" + machine.cpu +
                             "': " + reason);
  return std::move(made);
}

bool runRecovering(function_ref<void()> work, std::string &reason) {
  initialiseOnce();
  std::string *outer = fatalReason;
  fatalReason = &reason;
  CrashRecoveryContext recovery;
  bool good = recovery.RunSafely(work);
  fatalReason = outer;
  reason = StringRef(reason).rtrim().str();
  if (!good && reason.empty())
    reason = "it crashed";
  return good;
}

} // namespace gemmac::codegen
