// IR of any stage given to any stage, as `gemmac build --from STAGE` does it: the contract refuses it with a message,
// or the stage runs. The mutator works on lines and words, so that most of what it makes can still be parsed. LLVM is
// not instrumented, so this target runs in the release build, too, and finds crashes by their signals.
#include "compiler/RegisterAll.h"
#include "compiler/pipeline/Stages.h"
#include "test/fuzz/Input.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"

#include <algorithm>
#include <cstring>
#include <random>
#include <vector>

using namespace mlir;
using namespace gemmac;
using pipeline::Stage;

extern "C" size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t maxSize);

static void runFrom(Stage stage, llvm::StringRef text) {
  static const targets::Target *target = targets::allTargets().front();
  DialectRegistry registry;
  registerAllDialects(registry);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  context.printOpOnDiagnostic(false);
  size_t said = 0;
  ScopedDiagnosticHandler quiet(&context, [&](Diagnostic &diagnostic) {
    said += diagnostic.str().size();
    return success();
  });
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, &context);
  if (!module)
    return;
  said = 0;
  PassManager contract(&context);
  pipeline::addContract(contract, static_cast<Stage>(static_cast<int>(stage) - 1));
  bool taken = succeeded(contract.run(*module));
  fuzz::must(taken || said > 0, "who refuses says why");
  fuzz::must(said < 20000, "no message holds a module");
  if (!taken)
    return;
  const targets::Level &level = target->levels().front();
  if (stage == Stage::Tile)
    level.info.attachTo(*module);
  PassManager run(&context);
  pipeline::StageOptions options;
  options.context = 64;
  pipeline::addStage(run, stage, options, stage >= Stage::Tile ? target : nullptr, &level);
  (void)run.run(*module); // may fail, with a message
}

extern "C" int LLVMFuzzerInitialize(int *, char ***) {
  registerAllPasses();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  llvm::StringRef text(reinterpret_cast<const char *>(data), size);
  if (text.contains("llvm.") && text.contains("#dlti")) // the data layout's own parser aborts; nothing of ours
    return 0;
  for (Stage stage : {Stage::Normalize, Stage::Fuse, Stage::Quantize, Stage::Layout, Stage::Tile, Stage::Lower})
    runFrom(stage, text);
  return 0;
}

/// Lines are dropped, doubled and moved; words are replaced by words of the same text, numbers by other numbers.
extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t maxSize, unsigned seed) {
  std::mt19937 random(seed);
  std::string text(reinterpret_cast<const char *>(data), size);
  auto pick = [&](size_t count) { return count ? random() % count : 0; };
  std::vector<std::pair<size_t, size_t>> words; // begin, length
  auto isWord = [](char c) { return isalnum(uint8_t(c)) || c == '_' || c == '.' || c == '%' || c == '-'; };
  for (size_t at = 0; at < text.size();) {
    size_t end = at;
    while (end < text.size() && isWord(text[end]))
      ++end;
    if (end > at)
      words.push_back({at, end - at});
    at = std::max(end, at + 1);
  }
  auto lineAt = [&](size_t at) {
    size_t begin = text.rfind('\n', at), end = text.find('\n', at);
    begin = begin == std::string::npos ? 0 : begin + 1;
    return std::pair(begin, std::max(begin, end == std::string::npos ? text.size() : end + 1));
  };
  static const char *const numbers[] = {"0",  "1",  "-1", "2",    "3",          "32",
                                        "31", "33", "64", "4096", "2147483648", "9223372036854775807"};
  switch (words.empty() ? 7 : random() % 8) {
  case 0: { // a line goes
    auto [begin, end] = lineAt(pick(text.size()));
    text.erase(begin, end - begin);
    break;
  }
  case 1: { // a line stands twice, or elsewhere
    auto [begin, end] = lineAt(pick(text.size()));
    std::string line = text.substr(begin, end - begin);
    if (pick(2))
      text.erase(begin, end - begin);
    text.insert(lineAt(pick(text.size())).first, line);
    break;
  }
  case 2:
  case 3: { // a number becomes another
    size_t from = pick(words.size());
    for (size_t i = 0; i < words.size(); ++i) {
      auto [begin, length] = words[(from + i) % words.size()];
      if (!isdigit(uint8_t(text[begin])))
        continue;
      text.replace(begin, length, numbers[pick(std::size(numbers))]);
      break;
    }
    break;
  }
  case 4:
  case 5:
  case 6: { // a word becomes another of the text
    auto [begin, length] = words[pick(words.size())];
    auto [other, otherLength] = words[pick(words.size())];
    text.replace(begin, length, text.substr(other, otherLength));
    break;
  }
  default:
    return LLVMFuzzerMutate(data, size, maxSize);
  }
  size = std::min(text.size(), maxSize);
  std::memcpy(data, text.data(), size);
  return size;
}
