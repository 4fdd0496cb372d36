// See Driver.h.
#include "compiler/Driver.h"

#include "compiler/Inputs.h"
#include "compiler/Progress.h"
#include "compiler/RegisterAll.h"
#include "compiler/config/Description.h"
#include "compiler/emit/Artifact.h"
#include "compiler/emit/Link.h"
#include "compiler/emit/Manifest.h"
#include "compiler/emit/ModelTable.h"
#include "compiler/emit/Origin.h"
#include "compiler/import/ImportModel.h"
#include "compiler/import/Tokenizer.h"
#include "compiler/pack/Pack.h"
#include "compiler/pipeline/Compile.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Remarks.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"

#include <fmt/format.h>

#include <chrono>
#include <thread>
#include <unistd.h>

using namespace gemmac;
using pipeline::Stage;

namespace {

std::string toText(const config::Scalar &scalar) {
  if (auto *flag = std::get_if<bool>(&scalar))
    return *flag ? "true" : "false";
  if (auto *number = std::get_if<double>(&scalar))
    return fmt::format("{}", *number);
  if (auto *text = std::get_if<std::string>(&scalar))
    return "'" + *text + "'";
  return "null";
}

std::string toText(const config::Value &value) {
  if (!value.isList)
    return toText(value.scalar);
  std::string text;
  for (const config::Scalar &scalar : value.list)
    text += (text.empty() ? "[" : ", ") + toText(scalar);
  return text.empty() ? "[]" : text + "]";
}

Exit report(const Error &error) {
  // Messages that begin with a place (file:line:col: error:) stand as they are, so that editors find it.
  bool hasPlace = error.message.find(": error: ") != std::string::npos;
  llvm::errs() << (hasPlace ? "" : "error: ") << error.message << "\n";
  return Exit::Input;
}

/// Text to stdout or to a file that appears whole.
Exit writeText(const std::string &path, const std::string &text) {
  if (path.empty() || path == "-") {
    llvm::outs() << text;
    llvm::outs().flush();
    return Exit::Ok;
  }
  // A device or a pipe is written to; only an ordinary file may be replaced.
  if (llvm::sys::fs::exists(path) && !llvm::sys::fs::is_regular_file(path)) {
    std::error_code error;
    llvm::raw_fd_ostream stream(path, error);
    stream << text;
    stream.flush();
    error = stream.has_error() ? stream.error() : error;
    stream.clear_error();
    return error ? report({path + ": cannot write: " + error.message()}) : Exit::Ok;
  }
  gemmart::Result<emit::NewFile> file = emit::NewFile::create(path, 0666);
  if (!file)
    return report(emit::errorOf(file.status()));
  gemmart::Status written = file->write(0, text.data(), text.size());
  if (written)
    written = file->keep();
  return written ? Exit::Ok : report(emit::errorOf(written));
}

class Builder {
public:
  explicit Builder(const BuildOptions &options)
      : options(options), context(makeRegistry()), diagnostics(sources, &context) {
    context.printOpOnDiagnostic(false); // an operation may be the whole module
  }

  Exit run();

private:
  static mlir::DialectRegistry makeRegistry() {
    mlir::DialectRegistry registry;
    registerAllDialects(registry);
    return registry;
  }
  int threads() const {
    return options.threads > 0 ? options.threads : std::max(1u, std::thread::hardware_concurrency());
  }
  void enableRemarks();
  Exit resume(); ///< --from
  /// The level that the code in the module is for, where --from needs it; else the best that was asked for.
  const targets::Level *resumedLevel();
  Exit front(); ///< up to the plan, or to an earlier stage that was asked for
  Exit compileAndWrite();
  std::vector<pack::Item> packItems();
  Exit write(const std::vector<pipeline::LevelResult> &levels);
  Status addOrigin();

  const BuildOptions &options;
  mlir::MLIRContext context;
  llvm::SourceMgr sources;
  mlir::SourceMgrDiagnosticHandler diagnostics;
  pipeline::StageOptions stageOptions;
  TargetChoice choice;
  std::string kit; ///< folder
  std::optional<Inputs> inputs;
  std::optional<emit::ArtifactWriter> writer;
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

void Builder::enableRemarks() {
  mlir::remark::RemarkCategories categories;
  categories.all = options.remarksFilter;
  // A kind of remark is filtered at all only where its own entry has a value; the two are joined.
  categories.passed = categories.missed = categories.analysis = categories.failed = "";
  // Remarks become diagnostics, which the handler prints at the line of the description.
  (void)mlir::remark::enableOptimizationRemarks(context, nullptr,
                                                std::make_unique<mlir::remark::RemarkEmittingPolicyAll>(), categories,
                                                /*printAsEmitRemarks=*/true);
}

Exit Builder::front() {
  pipeline::Dump dump{options.dumpFolder};
  Result<Inputs> opened = openInputs(options.description, options.size, options.weights);
  if (!opened)
    return report(opened.error());
  inputs = std::move(*opened);
  if (!options.quiet)
    for (const std::string &line : inputs->bindings.leftOut)
      llvm::errs() << "left out: " << line << "\n";
  if (options.recipe == "keep" && inputs->checkpoint->source() == import::Source::Random)
    return report({"--quant keep: random weights have no format of their own; choose f32, bf16, q8 or q4"});
  stageOptions.context = options.context ? options.context : inputs->model.context;
  if (stageOptions.context > inputs->model.context)
    return report({"--context " + std::to_string(options.context) + ": this model has positions for " +
                   std::to_string(inputs->model.context) + " tokens"});
  module = import::importModel(context, inputs->model, inputs->keptFormats);
  if (!module)
    return Exit::Input;
  Stage last = options.to ? std::min(*options.to, Stage::Layout) : Stage::Layout;
  if (failed(pipeline::runStages(*module, Stage::Import, last, stageOptions, dump)))
    return Exit::Input;
  kernel::PlanAttr plan = kernel::planOf(*module);
  if (plan && !options.quiet && plan.getBlockTokens() > plan.getChunk())
    llvm::errs() << llvm::formatv("--chunk {0}: the model's image blocks have up to {1} tokens; those of more than {0} "
                                  "will be refused\n",
                                  plan.getChunk(), plan.getBlockTokens());
  return Exit::Ok;
}

const targets::Level *Builder::resumedLevel() {
  if (*options.from <= Stage::Tile)
    return choice.levels.front();
  std::string name = kernel::LevelInfo::fromModule(*module).name;
  for (const targets::Level *level : choice.levels)
    if (level->info.name == name)
      return level;
  report({options.input + ": this IR is for level '" + name + "', which is not among those of --target"});
  return nullptr;
}

Exit Builder::resume() {
  if (llvm::sys::fs::exists(options.input) && !llvm::sys::fs::is_regular_file(options.input))
    return report({options.input + ": is no ordinary file"}); // which might never end, or never begin
  module = mlir::parseSourceFile<mlir::ModuleOp>(options.input, sources, &context);
  if (!module)
    return Exit::Input;
  // The IR may be anybody's: it must be what the stage before would have left.
  mlir::PassManager contract(&context);
  pipeline::addContract(contract, static_cast<Stage>(static_cast<int>(*options.from) - 1));
  if (failed(contract.run(*module)))
    return Exit::Input;
  stageOptions.context = options.context ? options.context : stageOptions.context;
  Stage to = options.to.value_or(Stage::Lower), last = std::min(to, Stage::Layout);
  if (*options.from <= last &&
      failed(pipeline::runStages(*module, *options.from, last, stageOptions, {options.dumpFolder})))
    return Exit::Input;
  if (to <= Stage::Layout)
    return writeText(options.output, pipeline::printModule(*module));
  const targets::Level *level = resumedLevel();
  if (!level)
    return Exit::Input;
  std::string plan = pipeline::printModule(*module, /*locations=*/true);
  pipeline::LevelResult result =
      pipeline::compileLevel(plan, *options.from, to, stageOptions, *choice.target, *level, {options.dumpFolder});
  return result.ok ? writeText(options.output, result.text) : Exit::Input;
}

/// The weights section as the plan lays it out.
std::vector<pack::Item> Builder::packItems() {
  std::vector<pack::Item> items;
  module->walk([&](kernel::WeightOp op) {
    kernel::WeightType type = op.getType();
    const std::vector<int64_t> &shape = inputs->model.weights[op.getIndex()].shape;
    int64_t split = shape.size() == 3 ? type.getMembers() / shape[0] : 1;
    items.push_back({static_cast<int64_t>(op.getIndex()), type.getFormat(), type.getLayout(),
                     static_cast<int64_t>(op.getOffset()), kernel::totalBytes(type), split});
  });
  return items;
}

Exit Builder::write(const std::vector<pipeline::LevelResult> &levels) {
  kernel::PlanAttr plan = kernel::planOf(*module);
  emit::ModelTable table;
  table.target = choice.target->name().str();
  std::vector<emit::LinkInput> objects;
  for (size_t i = 0; i < levels.size(); ++i) {
    const targets::Level &level = *choice.levels[i];
    table.levels.push_back({level.info.name, level.featureBits, pipeline::entrySymbol(level, "decode"),
                            pipeline::entrySymbol(level, "prefill"), pipeline::entrySymbol(level, "read"),
                            levels[i].arenaBytes, plan.getChunk(), stageOptions.lastRows});
    objects.push_back({level.info.name, levels[i].object});
  }
  table.vocabTokens = plan.getVocab();
  table.contextTokens = stageOptions.context;
  table.pageBytes = plan.getPageBytes();
  table.tableEntries = plan.getTableEntries();
  llvm::ArrayRef<int64_t> classes, reads;
  if (plan.getPageClasses())
    classes = plan.getPageClasses();
  for (size_t i = 0; i + 2 < classes.size(); i += 3)
    table.pageClasses.push_back({classes[i], classes[i + 1], classes[i + 2]});
  if (plan.getCacheReads())
    reads = plan.getCacheReads();
  for (size_t i = 0; i + 1 < reads.size(); i += 2)
    table.cacheReads.push_back({reads[i], reads[i + 1]});
  table.weightBytes = plan.getWeightBytes();
  table.decodeBytes = plan.getDecodeBytes();
  table.decodeOps = plan.getDecodeOps();
  table.prefillOps = plan.getPrefillOps();
  table.blockTokens = plan.getBlockTokens();
  table.hiddenFloats = plan.getHiddenColumns();
  table.media = !inputs->model.inputs.empty();
  Result<std::string> tableObject = emit::buildModelTable(table, choice.target->triple().str());
  if (!tableObject)
    return report(tableObject.error());
  objects.push_back({"model table", *tableObject});
  Result<std::string> elf = emit::linkExecutable(objects, kit, options.keepSymbols || options.sanitize);
  if (!elf)
    return report(elf.error());

  import::TokenizerImport tokenizer;
  if (inputs->checkpoint->source() != import::Source::Random) {
    Result<import::TokenizerImport> imported = import::importTokenizer(*inputs->checkpoint);
    if (!imported)
      return report(imported.error());
    tokenizer = std::move(*imported);
  } else {
    tokenizer.notes.push_back("random weights have no tokenizer: the executable takes and gives token ids");
  }
  if (!options.quiet)
    for (const std::string &note : tokenizer.notes)
      llvm::errs() << note << "\n";

  std::vector<pack::Item> items = packItems();
  emit::ManifestFacts facts{options.recipe, stageOptions.kv, stageOptions.context, options.weights};
  std::string manifest = emit::buildManifest(inputs->model, *inputs->checkpoint, items, facts);

  if (Status added = writer->addCode(emit::bytesOf(*elf)); !added)
    return report(added.error());
  Progress progress("packing weights", options.quiet);
  pack::Options packing;
  packing.q8Zero = choice.levels.front()->info.signedWeights ? 0 : 128;
  packing.threads = threads();
  packing.progress = [&](int64_t done, int64_t total) { progress.update(done, total); };
  Status packed = writer->addSection("weights", table.weightBytes, [&](const emit::Sink &sink) {
    return pack::packWeights(inputs->model, *inputs->checkpoint, inputs->bindings, items, packing, sink);
  });
  progress.finish();
  if (!packed)
    return report(packed.error());
  if (!tokenizer.section.empty())
    if (Status added = writer->addSection("tokenizer", tokenizer.section); !added)
      return report(added.error());
  if (Status added = writer->addSection("manifest", emit::bytesOf(manifest)); !added)
    return report(added.error());
  if (Status added = addOrigin(); !added)
    return report(added.error());
  if (Status finished = writer->finish(); !finished)
    return report(finished.error());
  return Exit::Ok;
}

Status Builder::addOrigin() {
  emit::OriginFacts facts{options.description, kit, inputs->model.family + " " + inputs->model.size, {}};
  std::string levels;
  for (const targets::Level *level : choice.levels)
    levels += (levels.empty() ? "" : ",") + std::string(level->info.name);
  facts.options = {{"quant", options.recipe},
                   {"kv", stageOptions.kv},
                   {"context", std::to_string(stageOptions.context)},
                   {"chunk", std::to_string(kernel::planOf(*module).getChunk())},
                   {"levels", levels}};
  Result<emit::Origin> origin = emit::describeOrigin(*inputs->checkpoint, facts);
  if (!origin)
    return origin.error();
  const std::pair<const char *, const std::string *> texts[] = {
      {"provenance", &origin->provenance}, {"sbom", &origin->sbom}, {"licence", &origin->licence}};
  for (auto [name, text] : texts)
    if (Status added = writer->addSection(name, emit::bytesOf(*text)); !added)
      return added;
  return Ok{};
}

Exit Builder::compileAndWrite() {
  std::string plan = pipeline::printModule(*module, /*locations=*/true);
  if (options.to) {
    pipeline::LevelResult result = pipeline::compileLevel(plan, Stage::Tile, *options.to, stageOptions, *choice.target,
                                                          *choice.levels.front(), {options.dumpFolder});
    return result.ok ? writeText(options.output, result.text) : result.badOutput ? Exit::Input : Exit::Bug;
  }
  Result<emit::ArtifactWriter> created =
      emit::ArtifactWriter::create(options.output, static_cast<uint64_t>(kernel::planOf(*module).getWeightBytes()));
  if (!created)
    return report(created.error());
  writer.emplace(std::move(*created));
  auto start = std::chrono::steady_clock::now();
  auto seconds = [&] { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(); };
  std::vector<pipeline::LevelResult> levels =
      pipeline::compileLevels(plan, stageOptions, *choice.target, choice.levels, {options.dumpFolder}, threads());
  for (const pipeline::LevelResult &level : levels)
    if (!level.ok)
      return level.badOutput ? Exit::Input : Exit::Bug;
  if (!options.quiet)
    llvm::errs() << llvm::formatv("compiled {0} level{1} of {2} in {3:f1} s\n", levels.size(),
                                  levels.size() == 1 ? "" : "s", choice.target->name(), seconds());
  Exit exit = write(levels);
  if (exit == Exit::Ok && !options.quiet) {
    uint64_t size = 0;
    (void)llvm::sys::fs::file_size(options.output, size);
    llvm::errs() << llvm::formatv("{0}: {1:f1} MB in {2:f1} s\n", options.output, size / 1e6, seconds());
  }
  return exit;
}

Exit Builder::run() {
  std::string message;
  std::optional<TargetChoice> chosen = chooseTargets(options.targets, message);
  if (!chosen) {
    llvm::errs() << "error: " << message << "\n";
    return Exit::Usage;
  }
  choice = *chosen;
  stageOptions.recipe = options.recipe;
  stageOptions.sanitize = options.sanitize;
  stageOptions.kv = options.kv.empty() ? (options.recipe == "f32" ? "f32" : "bf16") : options.kv;
  stageOptions.chunk = options.chunk;
  if (options.remarks)
    enableRemarks();
  if (!options.to) {
    Result<std::string> found = emit::findKit(choice.target->name().str() + (options.sanitize ? "-sanitized" : ""));
    if (!found)
      return report(found.error());
    kit = *found;
  }
  // Before any work: the place must be there and writable, and nothing that is read.
  if (options.output != "-") {
    std::vector<gemmart::Input> files =
        filesRead(options.from ? options.input : options.description, options.weights, kit);
    if (gemmart::Status good = gemmart::checkOutput(options.output, files); !good)
      return report(emit::errorOf(good));
  }
  if (options.from)
    return resume();
  if (Exit exit = front(); exit != Exit::Ok)
    return exit;
  if (options.to && *options.to <= Stage::Layout)
    return writeText(options.output, pipeline::printModule(*module));
  return compileAndWrite();
}

} // namespace

std::optional<TargetChoice> gemmac::chooseTargets(const std::vector<std::string> &names, std::string &message) {
  TargetChoice choice;
  auto take = [&](const targets::Target *target, const targets::Level *level) {
    if (choice.target && choice.target != target) {
      message =
          "--target: " + choice.target->name().str() + " and " + target->name().str() + " cannot be in one executable";
      return false;
    }
    choice.target = target;
    for (const targets::Level &each : target->levels())
      if ((!level || level == &each) && !llvm::is_contained(choice.levels, &each))
        choice.levels.push_back(&each);
    return true;
  };
  std::vector<std::string> wanted = names;
  if (wanted.empty()) // this machine's own
    for (const targets::Target *target : targets::allTargets())
      if (llvm::Triple(target->triple()).getArch() == llvm::Triple(llvm::sys::getProcessTriple()).getArch())
        wanted.push_back(target->name().str());
  if (wanted.empty()) {
    message = "there is no target for this machine (" + llvm::sys::getProcessTriple() + "); name one with --target";
    return std::nullopt;
  }
  for (const std::string &name : wanted) {
    bool found = false;
    for (const targets::Target *target : targets::allTargets()) {
      bool whole = target->name() == name;
      for (const targets::Level &level : target->levels())
        if (!found && (whole || level.info.name == name)) {
          found = true;
          if (!take(target, whole ? nullptr : &level))
            return std::nullopt;
        }
    }
    if (!found) {
      message = "--target " + name + ": there is no such target or level; 'gemmac targets' lists them";
      return std::nullopt;
    }
  }
  // Best first, whatever the order of the names.
  std::sort(choice.levels.begin(), choice.levels.end());
  return choice;
}

Exit gemmac::build(const BuildOptions &options) {
  registerAllPasses();
  return Builder(options).run();
}

Exit gemmac::check(const std::string &description, const std::optional<std::string> &size, const std::string &weights,
                   bool print) {
  if (weights.empty() && !size) {
    Status status = config::check(description);
    return status ? Exit::Ok : report(status.error());
  }
  Result<Inputs> inputs = openInputs(description, size, weights.empty() ? "random:0" : weights);
  if (!inputs)
    return report(inputs.error());
  mlir::DialectRegistry registry;
  registerAllDialects(registry);
  mlir::MLIRContext context(registry);
  llvm::SourceMgr sources;
  mlir::SourceMgrDiagnosticHandler diagnostics(sources, &context);
  if (!import::importModel(context, inputs->model, inputs->keptFormats))
    return Exit::Input;
  for (const std::string &line : inputs->bindings.leftOut)
    llvm::errs() << "left out: " << line << "\n";
  if (print)
    for (const auto &[name, value] : inputs->model.numbers)
      llvm::outs() << name << " = " << toText(value) << "\n";
  return Exit::Ok;
}
