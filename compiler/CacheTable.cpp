// See CacheTable.h.
#include "compiler/CacheTable.h"

#include "compiler/Inputs.h"
#include "compiler/RegisterAll.h"
#include "compiler/config/Description.h"
#include "compiler/import/ImportModel.h"
#include "compiler/pipeline/Compile.h"

#include "dialects/kernel/Kernel.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/raw_ostream.h"

#include <fmt/format.h>

using namespace gemmac;
using pipeline::Stage;

namespace {

constexpr int64_t kContexts[] = {8192, 32768, 131072, 262144};
constexpr const char *kFormats[] = {"f32", "bf16", "q8", "q8/tq4"};

/// What the layout stage says of one format and context.
struct Layout {
  int64_t pageBytes = 0, tokenBytes = 0, sequenceBytes = 0;
};

std::optional<Layout> layoutOf(mlir::ModuleOp quantized, const std::string &kv, int64_t context) {
  mlir::OwningOpRef<mlir::ModuleOp> module = quantized.clone();
  pipeline::StageOptions options;
  options.recipe = "q4";
  options.kv = kv;
  options.context = context;
  if (failed(pipeline::runStages(*module, Stage::Layout, Stage::Layout, options, {})))
    return std::nullopt;
  kernel::PlanAttr plan = kernel::planOf(*module);
  Layout layout{plan.getPageBytes(), 0, plan.getSequenceBytes()};
  llvm::ArrayRef<int64_t> classes;
  if (plan.getPageClasses())
    classes = plan.getPageClasses();
  for (size_t i = 0; i + 2 < classes.size(); i += 3)
    if (classes[i] == 0) // no window: it grows
      layout.tokenBytes += (layout.pageBytes + classes[i + 1] - 1) / classes[i + 1];
  return layout;
}

Exit printSize(const std::string &description, const std::string &size) {
  Result<Inputs> inputs = openInputs(description, size, "random:0");
  if (!inputs) {
    llvm::errs() << inputs.error().message << "\n";
    return Exit::Input;
  }
  mlir::DialectRegistry registry;
  registerAllDialects(registry);
  mlir::MLIRContext context(registry);
  llvm::SourceMgr sources;
  mlir::SourceMgrDiagnosticHandler diagnostics(sources, &context);
  mlir::OwningOpRef<mlir::ModuleOp> module = import::importModel(context, inputs->model, inputs->keptFormats);
  pipeline::StageOptions options;
  options.recipe = "q4";
  if (!module || failed(pipeline::runStages(*module, Stage::Import, Stage::Quantize, options, {})))
    return Exit::Input;
  for (const char *kv : kFormats) {
    std::string totals;
    Layout longest;
    for (int64_t tokens : kContexts) {
      if (tokens > inputs->model.context) {
        totals += fmt::format("{:>10}", "-");
        continue;
      }
      std::optional<Layout> layout = layoutOf(*module, kv, tokens);
      if (!layout)
        return Exit::Input;
      longest = *layout;
      totals += fmt::format("{:>10.1f}", static_cast<double>(layout->sequenceBytes) / (1 << 20));
    }
    fmt::print("{:<10}{:<8}{:>10.1f}{:>12.3f}{}\n", size, kv, static_cast<double>(longest.pageBytes) / 1024,
               static_cast<double>(longest.tokenBytes) / 1024, totals);
  }
  return Exit::Ok;
}

} // namespace

Exit gemmac::printCacheTable(const std::string &description, const std::optional<std::string> &size) {
  registerAllPasses();
  std::vector<std::string> sizes;
  if (size) {
    sizes.push_back(*size);
  } else {
    Result<std::vector<std::string>> listed = config::listSizes(description);
    if (!listed) {
      llvm::errs() << listed.error().message << "\n";
      return Exit::Input;
    }
    sizes = std::move(*listed);
  }
  fmt::print("{:<10}{:<8}{:>10}{:>12}{:>10}{:>10}{:>10}{:>10}\n", "size", "kv", "page KiB", "a token KiB", "8K MiB",
             "32K MiB", "128K MiB", "256K MiB");
  for (const std::string &each : sizes)
    if (Exit exit = printSize(description, each); exit != Exit::Ok)
      return exit;
  return Exit::Ok;
}
