// Runs IR of the gemma dialect (after import, normalize, fuse or quantize) with the reference interpreter.
//   gemma-run model.mlir --tokens 1,2,3 [--blocks 0,1,1] [--last N] -o out.f32
//       [--weights-random SEED | --weights DIR | --checkpoint FOLDER_OR_GGUF --description TOML [--size S] [--packed]]
// Exit codes: 0 done, 1 the input is wrong, 2 the command line is wrong.
#include "compiler/support/Printable.h"
#include "dialects/gemma/Gemma.h"
#include "dialects/kernel/Kernel.h"
#include "test/reference/CheckpointWeights.h"
#include "test/reference/Interpreter.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/ToolOutputFile.h"
#include "llvm/Support/raw_ostream.h"

namespace cl = llvm::cl;
using namespace gemmac;

static Error lineError(const std::string &message) {
  return {"gemma-run: error: " + message};
}

/// The value of --`option`: "1,2,3", or "@FILE" with the same in a file; blanks and newlines are free.
static Result<std::vector<int32_t>> parseNumbers(llvm::StringRef text, const std::string &option) {
  std::unique_ptr<llvm::MemoryBuffer> file;
  if (text.consume_front("@")) {
    auto opened = llvm::MemoryBuffer::getFile(text);
    if (!opened)
      return lineError(text.str() + ": " + opened.getError().message());
    file = std::move(*opened);
    text = file->getBuffer();
  }
  std::vector<int32_t> ids;
  for (llvm::StringRef word : llvm::split(text.trim(), ',')) {
    int32_t id = 0;
    if (word.trim().getAsInteger(10, id))
      return lineError("'" + word.trim().str() + "' is no number; --" + option + " takes numbers with commas between");
    ids.push_back(id);
  }
  return ids;
}

/// The function to run: the one called `name`, or the only one.
static Result<mlir::func::FuncOp> findFunction(mlir::ModuleOp module, llvm::StringRef name) {
  std::vector<mlir::func::FuncOp> functions(module.getOps<mlir::func::FuncOp>().begin(),
                                            module.getOps<mlir::func::FuncOp>().end());
  for (mlir::func::FuncOp function : functions)
    if (name.empty() ? functions.size() == 1 : function.getName() == name)
      return function;
  return lineError(name.empty()
                       ? "the file holds " + std::to_string(functions.size()) + " functions; say which with --function"
                       : "the file holds no function '" + name.str() + "'");
}

static Status writeFloats(const std::string &path, const std::vector<float> &values) {
  std::error_code code;
  llvm::ToolOutputFile out(path, code, llvm::sys::fs::OF_None);
  if (code)
    return lineError(path + ": " + code.message());
  out.os().write(reinterpret_cast<const char *>(values.data()), values.size() * sizeof(float));
  out.os().flush();
  if (out.os().has_error())
    return lineError(path + ": " + out.os().error().message());
  out.keep();
  return Ok{};
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  cl::OptionCategory ours("gemma-run");
  cl::opt<std::string> input(cl::Positional, cl::desc("<IR of the gemma dialect, - for stdin>"), cl::Required,
                             cl::cat(ours));
  cl::opt<std::string> tokens("tokens", cl::desc("token ids: 1,2,3 or @FILE"), cl::Required, cl::cat(ours));
  cl::opt<std::string> blockList("blocks",
                                 cl::desc("the block number of each token, 0 outside of blocks, as --tokens; causal "
                                          "attentions ignore it"),
                                 cl::cat(ours));
  cl::opt<int64_t> last("last", cl::desc("rows whose logits are wanted, from the end (default: all)"), cl::init(0),
                        cl::cat(ours));
  cl::opt<uint64_t> seed("weights-random", cl::desc("random weights of this seed (default: seed 1)"), cl::init(1),
                         cl::cat(ours));
  cl::opt<std::string> folder("weights", cl::desc("folder with NAME.f32 for each weight, raw float32"), cl::cat(ours));
  cl::opt<std::string> checkpoint(
      "checkpoint", cl::desc("weights of a checkpoint: a folder, a .gguf file or random:SEED"), cl::cat(ours));
  cl::opt<std::string> description("description", cl::desc("the description that the IR was made from"), cl::cat(ours));
  cl::opt<std::string> size("size", cl::desc("the description's size (default: the checkpoint's own numbers)"),
                            cl::cat(ours));
  cl::opt<bool> packed("packed", cl::desc("pack the checkpoint's weights into their formats and back first"),
                       cl::cat(ours));
  cl::opt<std::string> function("function", cl::desc("the function to run (default: the only one)"), cl::cat(ours));
  cl::opt<std::string> output("o", cl::desc("output: raw float32 [rows, columns]; - prints numbers"), cl::init("-"),
                              cl::cat(ours));
  cl::HideUnrelatedOptions(ours);
  if (!cl::ParseCommandLineOptions(argc, argv, "the reference interpreter of the gemma dialect\n", &llvm::errs()))
    return 2;
  auto fail = [](const Error &error, int code) {
    llvm::errs() << gemmac::printable(error.message) << "\n";
    return code;
  };
  if (seed.getNumOccurrences() + folder.getNumOccurrences() + checkpoint.getNumOccurrences() > 1)
    return fail(lineError("--weights, --weights-random and --checkpoint exclude each other"), 2);
  if (checkpoint.empty() != description.empty() || (packed && checkpoint.empty()))
    return fail(lineError("--checkpoint needs --description, and --description and --packed need --checkpoint"), 2);
  Result<std::vector<int32_t>> ids = parseNumbers(tokens, "tokens");
  if (!ids)
    return fail(ids.error(), 2);
  Result<std::vector<int32_t>> blocks = std::vector<int32_t>();
  if (!blockList.empty())
    blocks = parseNumbers(blockList, "blocks");
  if (!blocks)
    return fail(blocks.error(), 2);
  if (last.getNumOccurrences() > 0 && (last < 1 || last > static_cast<int64_t>(ids->size())))
    return fail(lineError("--last must be within 1 to " + std::to_string(ids->size()) + ", the number of tokens"), 2);

  mlir::DialectRegistry registry;
  registry.insert<mlir::func::FuncDialect, gemma::GemmaDialect, kernel::KernelDialect>();
  mlir::MLIRContext context(registry);
  llvm::SourceMgr sources;
  mlir::SourceMgrDiagnosticHandler diagnostics(sources, &context);
  auto module = mlir::parseSourceFile<mlir::ModuleOp>(input, sources, &context);
  if (!module)
    return 1;
  Result<mlir::func::FuncOp> chosen = findFunction(*module, function);
  if (!chosen)
    return fail(chosen.error(), 1);
  reference::WeightSource weights =
      folder.empty() ? reference::randomWeights(seed) : reference::weightsFromFolder(folder);
  std::optional<Inputs> inputs;
  if (!checkpoint.empty()) {
    auto wantedSize = size.empty() ? std::optional<std::string>() : std::optional<std::string>(size);
    Result<Inputs> read = openInputs(description, wantedSize, checkpoint);
    if (!read)
      return fail(read.error(), 1);
    inputs = std::move(*read);
    weights = packed ? reference::packedWeights(*inputs) : reference::checkpointWeights(*inputs);
  }
  Result<reference::Tensor> logits =
      reference::run(*chosen, *ids, last > 0 ? last : static_cast<int64_t>(ids->size()), weights, *blocks);
  if (!logits)
    return fail(lineError(logits.error().message), 1);
  if (output == "-") {
    for (int64_t i = 0; i < static_cast<int64_t>(logits->data.size()); ++i)
      llvm::outs() << llvm::format("%.5g", logits->data[i]) << ((i + 1) % logits->columns == 0 ? '\n' : ' ');
    return 0;
  }
  Status written = writeFloats(output, logits->data);
  return written ? 0 : fail(written.error(), 1);
}
