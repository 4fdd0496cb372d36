// The order of work: check the machine, translate to LLVM IR, mark functions for the machine, optimise, emit.
// Optimising and emitting run under a crash recovery context, because LLVM's answer to an instruction that a CPU lacks
// is to abort.
#include "targets/llvm/CodeGen.h"

#include "targets/llvm/Machine.h"

#include "mlir/Target/LLVMIR/Dialect/All.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/Analysis/TargetLibraryInfo.h"
#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/DiagnosticPrinter.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Verifier.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Transforms/IPO/Internalize.h"
#include "llvm/Transforms/Instrumentation/AddressSanitizer.h"
#include "llvm/Transforms/Utils/Cloning.h"

#include <algorithm>
#include <mutex>
#include <set>

using namespace llvm;

namespace gemmac::codegen {
namespace {

/// Everything one compilation owns. In one heap object, so that it can be left behind after a crash, whose state is
/// unknown.
struct Job {
  LlvmModule input;
  std::unique_ptr<TargetMachine> machine;
  const Options *options = nullptr;
  Code code;
  std::string error; ///< of LLVM's diagnostics, all of them, a line each
};

void onDiagnostic(const DiagnosticInfo *info, void *data) {
  if (info->getSeverity() != DS_Error)
    return;
  std::string &error = *static_cast<std::string *>(data);
  raw_string_ostream os(error);
  if (!error.empty())
    os << '\n';
  DiagnosticPrinterRawOStream printer(os);
  info->print(printer);
}

/// Tells LLVM for which machine each function is, and that all of them end up in one static executable.
void markForMachine(Module &module, const TargetMachine &machine, const Options &options) {
  module.setTargetTriple(machine.getTargetTriple());
  module.setDataLayout(machine.createDataLayout());
  module.setPICLevel(PICLevel::BigPIC);
  module.setPIELevel(PIELevel::Large);
  for (GlobalValue &value : module.global_values())
    value.setDSOLocal(true); // static-pie: no symbol can be replaced at load time, so no GOT for ours
  for (Function &function : module) {
    if (function.isDeclaration())
      continue;
    function.setDoesNotThrow(); // no unwind tables
    auto add = [&](StringRef key, StringRef value) {
      if (!value.empty() && !function.hasFnAttribute(key))
        function.addFnAttr(key, value);
    };
    if (options.sanitize)
      function.addFnAttr(Attribute::SanitizeAddress);
    add("target-cpu", options.machine.cpu);
    add("target-features", options.machine.features);
    if (options.machine.preferVectorBits > 0)
      add("prefer-vector-width", std::to_string(options.machine.preferVectorBits));
  }
}

Error keepOnlyExported(Module &module, const std::vector<std::string> &exported) {
  if (exported.empty())
    return Error::success();
  std::set<std::string, std::less<>> names(exported.begin(), exported.end());
  for (const std::string &name : names)
    if (Function *function = module.getFunction(name); !function || function->isDeclaration())
      return createStringError("the module defines no function '" + name + "', which is to be exported");
  internalizeModule(module, [&](const GlobalValue &value) { return names.count(value.getName()) > 0; });
  return Error::success();
}

void optimise(Module &module, TargetMachine &machine, const Options &options) {
  PipelineTuningOptions tuning;
  tuning.LoopUnrolling = options.unrollLoops;
  tuning.LoopInterleaving = options.vectorizeLoops;
  tuning.LoopVectorization = options.vectorizeLoops;
  tuning.SLPVectorization = options.vectorizeScalars;
  tuning.MergeFunctions = false;
  LoopAnalysisManager loops;
  FunctionAnalysisManager functions;
  CGSCCAnalysisManager sccs;
  ModuleAnalysisManager modules;
  PassBuilder builder(&machine, tuning);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(sccs);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, sccs, modules);
  if (options.sanitize) // last, as clang does: what was optimised away needs no check
    builder.registerOptimizerLastEPCallback([](ModulePassManager &passes, OptimizationLevel, ThinOrFullLTOPhase) {
      passes.addPass(AddressSanitizerPass(AddressSanitizerOptions()));
    });
  static const OptimizationLevel levels[] = {OptimizationLevel::O0, OptimizationLevel::O1, OptimizationLevel::O2,
                                             OptimizationLevel::O3};
  OptimizationLevel level = levels[std::clamp(options.optLevel, 0, 3)];
  ModulePassManager passes = level == OptimizationLevel::O0 ? builder.buildO0DefaultPipeline(level)
                                                            : builder.buildPerModuleDefaultPipeline(level);
  passes.run(module, modules);
}

/// Returns false if the machine has no such output.
bool emit(Module &module, TargetMachine &machine, CodeGenFileType type, std::string &out) {
  SmallVector<char, 0> bytes;
  raw_svector_ostream os(bytes);
  legacy::PassManager passes;
  passes.add(new TargetLibraryInfoWrapperPass(module.getTargetTriple()));
  if (machine.addPassesToEmitFile(passes, os, nullptr, type))
    return false;
  passes.run(module);
  out.assign(bytes.begin(), bytes.end());
  return true;
}

void optimiseAndEmit(Job &job) {
  Module &module = *job.input.module;
  optimise(module, *job.machine, *job.options);
  if (job.options->keepIr) {
    raw_string_ostream os(job.code.ir);
    module.print(os, nullptr);
  }
  if (job.options->keepAssembly) {
    std::unique_ptr<Module> copy =
        CloneModule(module); // code generation changes the IR: the object starts from the same
    if (!emit(*copy, *job.machine, CodeGenFileType::AssemblyFile, job.code.assembly))
      job.error = "LLVM prints no assembly for '" + job.options->machine.triple + "'";
  }
  if (job.error.empty() && !emit(module, *job.machine, CodeGenFileType::ObjectFile, job.code.object))
    job.error = "LLVM writes no object files for '" + job.options->machine.triple + "'";
}

/// Keeps a crashed compilation reachable instead of destroying it: its state is unknown.
void leaveBehind(std::unique_ptr<Job> job) {
  static std::mutex lock;
  static auto *crashed = new std::vector<std::unique_ptr<Job>>;
  std::lock_guard guard(lock);
  crashed->push_back(std::move(job));
}

} // namespace

Expected<Code> compileLlvmModule(LlvmModule input, const Options &options) {
  auto job = std::make_unique<Job>();
  job->input = std::move(input);
  job->options = &options;
  Expected<std::unique_ptr<TargetMachine>> machine = createMachine(options.machine, options.optLevel);
  if (!machine)
    return machine.takeError();
  job->machine = std::move(*machine);
  Module &module = *job->input.module;
  markForMachine(module, *job->machine, options);
  if (Error error = keepOnlyExported(module, options.exported))
    return std::move(error);
  std::string broken;
  raw_string_ostream os(broken);
  if (verifyModule(module, &os))
    return createStringError("the LLVM IR is malformed: " + StringRef(broken).rtrim());
  job->input.context->setDiagnosticHandlerCallBack(onDiagnostic, &job->error);

  std::string fatal;
  if (!runRecovering([&] { optimiseAndEmit(*job); }, fatal)) {
    leaveBehind(std::move(job));
    return createStringError("LLVM cannot compile this for cpu '" + options.machine.cpu + "', features '" +
                             options.machine.features + "': " + fatal);
  }
  if (!job->error.empty())
    return createStringError(job->error);
  return std::move(job->code);
}

mlir::FailureOr<Code> compileModule(mlir::ModuleOp module, const Options &options) {
  auto fail = [&](Error error) { return mlir::FailureOr<Code>(module.emitError() << toString(std::move(error))); };
  if (Error error = checkMachine(options.machine))
    return fail(std::move(error));
  mlir::DialectRegistry registry;
  mlir::registerAllToLLVMIRTranslations(registry);
  module.getContext()->appendDialectRegistry(registry);
  LlvmModule input;
  input.context = std::make_unique<LLVMContext>();
  input.module = mlir::translateModuleToLLVMIR(module, *input.context, module.getName().value_or("gemmac"));
  if (!input.module)
    return mlir::failure(); // it has said why
  Expected<Code> code = compileLlvmModule(std::move(input), options);
  if (!code)
    return fail(code.takeError());
  return std::move(*code);
}

} // namespace gemmac::codegen
