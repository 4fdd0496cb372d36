// See Compile.h.
#include "compiler/pipeline/Compile.h"

#include "compiler/RegisterAll.h"
#include "runtime/base/Output.h"
#include "targets/llvm/CodeGen.h"

#include "mlir/IR/AsmState.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/raw_ostream.h"

#include <atomic>
#include <system_error>
#include <thread>

using namespace mlir;
using namespace gemmac;
using namespace gemmac::pipeline;

std::string pipeline::entrySymbol(const targets::Level &level, StringRef what) {
  return "gm_" + level.info.symbol + "_" + what.str();
}

std::string pipeline::printModule(ModuleOp module, bool locations) {
  std::string text;
  llvm::raw_string_ostream os(text);
  module->print(os, OpPrintingFlags().enableDebugInfo(locations));
  os << "\n";
  return text;
}

/// False, and a message, where it cannot be written.
static bool writeDump(const Dump &dump, const Twine &name, StringRef text) {
  if (dump.folder.empty())
    return true;
  (void)llvm::sys::fs::create_directories(dump.folder); // what cannot be made cannot be written to, either
  gemmart::Result<gemmart::NewFile> file = gemmart::NewFile::create((dump.folder + "/" + name).str(), 0666);
  gemmart::Status written = file ? file->write(0, text.data(), text.size()) : file.status();
  if (written)
    written = file->keep();
  if (!written)
    llvm::errs() << "error: " << written.message() << "\n";
  return written.ok();
}

static Stage next(Stage stage) {
  return static_cast<Stage>(static_cast<int>(stage) + 1);
}

LogicalResult pipeline::runStages(ModuleOp module, Stage first, Stage last, const StageOptions &options,
                                  const Dump &dump) {
  for (Stage stage = first; stage <= last; stage = next(stage)) {
    PassManager pm(module.getContext());
    addStage(pm, stage, options, nullptr, nullptr);
    if (failed(pm.run(module)))
      return failure();
    if (!writeDump(dump, Twine(static_cast<int>(stage)) + "-" + info(stage).name + ".mlir",
                   dump.folder.empty() ? "" : printModule(module)))
      return failure();
  }
  return success();
}

LevelResult pipeline::compileLevel(const std::string &plan, Stage first, std::optional<Stage> stop,
                                   const StageOptions &options, const targets::Target &target,
                                   const targets::Level &level, const Dump &dump) {
  DialectRegistry registry;
  registerAllDialects(registry);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED); // the levels themselves run in parallel
  context.printOpOnDiagnostic(false);
  llvm::SourceMgr sources;
  SourceMgrDiagnosticHandler diagnostics(sources, &context);
  LevelResult result;
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(plan, &context);
  if (!module)
    return result;
  level.info.attachTo(*module);
  for (Stage stage = std::max(first, Stage::Tile); stage <= std::min(stop.value_or(Stage::Lower), Stage::Lower);
       stage = next(stage)) {
    PassManager pm(&context);
    addStage(pm, stage, options, &target, &level);
    if (failed(pm.run(*module)))
      return result;
    if (stage == Stage::Tile)
      result.arenaBytes = *kernel::planOf(*module).getArenaBytes();
    if (!dump.folder.empty() &&
        !writeDump(dump, Twine(static_cast<int>(stage)) + "-" + info(stage).name + "." + level.info.name + ".mlir",
                   printModule(*module))) {
      result.badOutput = true;
      return result;
    }
  }
  if (stop && *stop <= Stage::Lower) {
    result.text = printModule(*module);
    result.ok = true;
    return result;
  }
  codegen::Options code;
  code.machine = {target.triple().str(), level.cpu, level.features, static_cast<int>(level.info.vectorBits)};
  code.exported = {entrySymbol(level, "decode"), entrySymbol(level, "prefill"), entrySymbol(level, "read")};
  code.sanitize = options.sanitize;
  code.keepIr = stop == Stage::Llvm || !dump.folder.empty();
  code.keepAssembly = stop == Stage::Asm || !dump.folder.empty();
  FailureOr<codegen::Code> compiled = codegen::compileModule(*module, code);
  if (failed(compiled))
    return result;
  result.badOutput =
      !writeDump(dump, Twine(static_cast<int>(Stage::Llvm)) + "-llvm." + level.info.name + ".ll", compiled->ir) ||
      !writeDump(dump, Twine(static_cast<int>(Stage::Asm)) + "-asm." + level.info.name + ".s", compiled->assembly);
  if (result.badOutput)
    return result;
  result.text = stop == Stage::Llvm ? compiled->ir : compiled->assembly;
  result.object = std::move(compiled->object);
  result.ok = true;
  return result;
}

std::vector<LevelResult> pipeline::compileLevels(const std::string &plan, const StageOptions &options,
                                                 const targets::Target &target,
                                                 const std::vector<const targets::Level *> &levels, const Dump &dump,
                                                 int threads) {
  std::vector<LevelResult> results(levels.size());
  std::atomic<size_t> next = 0;
  auto work = [&] {
    for (size_t i = next++; i < levels.size(); i = next++)
      results[i] = compileLevel(plan, Stage::Tile, std::nullopt, options, target, *levels[i], dump);
  };
  std::vector<std::thread> team;
  try {
    for (int t = 1; t < std::min<int>(threads, levels.size()); ++t)
      team.emplace_back(work);
  } catch (const std::system_error &) { // fewer threads make the same code
  }
  work();
  for (std::thread &thread : team)
    thread.join();
  return results;
}
