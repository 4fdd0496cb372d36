// A small model is compiled with --sanitize's options and one error in its code: an operand of one phase lies some
// bytes too far on. Each must end the executable with a report that says what was touched; the right code must run
// clean.
#include "compiler/RegisterAll.h"
#include "compiler/emit/Artifact.h"
#include "compiler/emit/Link.h"
#include "compiler/emit/ModelTable.h"
#include "compiler/pipeline/Compile.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"

#include <filesystem>
#include <gtest/gtest.h>
#include <sys/wait.h>

using namespace gemmac;
using pipeline::Stage;

namespace {

constexpr int64_t vocab = 40;

/// Three phases: rows_0(ids, table, x), rows_1(x, gain, packed), project_2(packed, head, logits).
const char model[] = R"(
  func.func @model(%ids: tensor<?xi32>) -> tensor<?x40xf32, "last"> {
    %table = gemma.weight "table" index 0 : tensor<40x32xf32>
    %gain = gemma.weight "gain" index 1 : tensor<32xf32>
    %head = gemma.weight "head" index 2 : tensor<40x32xf32>
    %x = gemma.embed %ids, %table : tensor<?xi32>, tensor<40x32xf32> -> tensor<?x32xf32>
    %y = gemma.rms_norm %x weight %gain eps 1.0e-6 : tensor<?x32xf32>, tensor<32xf32> -> tensor<?x32xf32>
    %last = gemma.last_rows %y : tensor<?x32xf32> -> tensor<?x32xf32, "last">
    %logits = gemma.project %last, %head : tensor<?x32xf32, "last">, tensor<40x32xf32> -> tensor<?x40xf32, "last">
    return %logits : tensor<?x40xf32, "last">
  })";

/// The error: operand `operand` of the function whose name ends with `phase` lies `bytes` too far on.
struct Shift {
  const char *phase;
  unsigned operand;
  int64_t bytes;
};

class Sanitized : public testing::Test {
protected:
  static void SetUpTestSuite() { registerAllPasses(); } // the lower stage names MLIR's passes
  void SetUp() override {
    for (const targets::Target *each : targets::allTargets())
      if (Result<std::string> found = emit::findKit(each->name().str() + "-sanitized")) {
        target = each;
        kit = *found;
      }
    if (!target)
      GTEST_SKIP() << "this compiler has no sanitizers for any of the targets";
    char name[] = "/tmp/sanitize-test-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    folder = name;
    options.sanitize = true;
    options.context = 64;
    options.chunk = 8;
    options.lastRows = 2;
  }
  void TearDown() override {
    if (!folder.empty())
      std::filesystem::remove_all(folder);
  }

  /// The IR before lowering, with the error in it.
  std::string tiled(mlir::MLIRContext &context, const Shift &error);
  void build(const Shift &error);
  /// Runs the executable; what it said, and its exit code in `status`.
  std::string run(const std::string &tokens, int last);

  void expectReport(const Shift &error, const std::string &tokens, int last, const std::string &what) {
    ASSERT_NO_FATAL_FAILURE(build(error));
    std::string said = run(tokens, last);
    EXPECT_NE(status, 0) << said;
    EXPECT_NE(said.find("AddressSanitizer: " + what), std::string::npos) << said;
    EXPECT_NE(said.find(error.phase), std::string::npos) << "the report names the phase's function\n" << said;
  }

  const targets::Target *target = nullptr;
  std::string kit, folder;
  pipeline::StageOptions options;
  int64_t arenaBytes = 0, weightBytes = 0;
  int status = 0;
};

std::string Sanitized::tiled(mlir::MLIRContext &context, const Shift &error) {
  mlir::OwningOpRef<mlir::ModuleOp> module = mlir::parseSourceString<mlir::ModuleOp>(model, &context);
  if (!module || failed(pipeline::runStages(*module, Stage::Normalize, Stage::Layout, options, {})))
    return {};
  weightBytes = kernel::planOf(*module).getWeightBytes();
  pipeline::LevelResult tile = pipeline::compileLevel(pipeline::printModule(*module), Stage::Tile, Stage::Tile, options,
                                                      *target, target->levels().back(), {});
  arenaBytes = tile.arenaBytes;
  module = mlir::parseSourceString<mlir::ModuleOp>(tile.text, &context);
  if (!module)
    return {};
  int changed = 0;
  for (auto function : module->getOps<mlir::func::FuncOp>())
    if (function.getName().ends_with(error.phase)) {
      mlir::OpBuilder b = mlir::OpBuilder::atBlockBegin(&function.getBody().front());
      mlir::Value pointer = function.getArgument(2 + error.operand);
      auto moved = mlir::LLVM::GEPOp::create(b, function.getLoc(), pointer.getType(), b.getI8Type(), pointer,
                                             llvm::ArrayRef<mlir::LLVM::GEPArg>{static_cast<int32_t>(error.bytes)});
      pointer.replaceAllUsesExcept(moved, moved);
      ++changed;
    }
  EXPECT_EQ(changed, 1) << tile.text;
  return pipeline::printModule(*module);
}

void Sanitized::build(const Shift &error) {
  mlir::DialectRegistry registry;
  registerAllDialects(registry);
  mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  const targets::Level &level = target->levels().back();
  std::string ir = tiled(context, error);
  ASSERT_FALSE(ir.empty());
  pipeline::LevelResult code = pipeline::compileLevel(ir, Stage::Lower, std::nullopt, options, *target, level, {});
  ASSERT_TRUE(code.ok);
  emit::ModelTable table;
  table.target = target->name().str();
  table.levels.push_back({level.info.name, level.featureBits, pipeline::entrySymbol(level, "decode"),
                          pipeline::entrySymbol(level, "prefill"), pipeline::entrySymbol(level, "read"), arenaBytes,
                          options.chunk, options.lastRows});
  table.vocabTokens = vocab;
  table.contextTokens = options.context;
  table.weightBytes = weightBytes;
  Result<std::string> tableObject = emit::buildModelTable(table, target->triple().str());
  ASSERT_TRUE(bool(tableObject));
  Result<std::string> elf =
      emit::linkExecutable({{"code", code.object}, {"table", *tableObject}}, kit, /*keepSymbols=*/true);
  ASSERT_TRUE(bool(elf)) << elf.error().message;
  auto bytes = [](const std::string &text) {
    return std::span(reinterpret_cast<const uint8_t *>(text.data()), text.size());
  };
  auto writer = emit::ArtifactWriter::create(folder + "/program", 0);
  ASSERT_TRUE(bool(writer)) << writer.error().message;
  ASSERT_TRUE(bool(writer->addCode(bytes(*elf))));
  ASSERT_TRUE(bool(writer->addSection("weights", bytes(std::string(static_cast<size_t>(weightBytes), '\0')))));
  ASSERT_TRUE(bool(writer->addSection("manifest", bytes("{}"))));
  ASSERT_TRUE(bool(writer->finish()));
}

std::string Sanitized::run(const std::string &tokens, int last) {
  std::string command = folder + "/program logits --threads 2 -o /dev/null --tokens " + tokens + " --last " +
                        std::to_string(last) + " 2>&1";
  FILE *pipe = popen(command.c_str(), "r");
  std::string said;
  char buffer[4096];
  for (size_t n; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;)
    said.append(buffer, n);
  int ended = pclose(pipe);
  status = WIFEXITED(ended) ? WEXITSTATUS(ended) : 128 + WTERMSIG(ended);
  return said;
}

TEST_F(Sanitized, RightCodeRunsClean) {
  ASSERT_NO_FATAL_FAILURE(build({"prefill_rows_4", 0, 0}));
  std::string said = run("1,2,3,4,5,6,7,8,9", 3); // a prefill of 8 and a decode
  EXPECT_EQ(status, 0) << said;
  EXPECT_EQ(said, "");
}

TEST_F(Sanitized, WeightsOfAnotherPhase) {
  expectReport({"decode_rows_1", 1, 64}, "1", 1, "use-after-poison");
}

TEST_F(Sanitized, RowsThatTheStepDoesNotHave) {
  expectReport({"prefill_rows_3", 2, 32 * 4}, "1,2,3", 1, "use-after-poison");
}

TEST_F(Sanitized, LogitsBeyondTheirLastRow) {
  expectReport({"prefill_project_5", 2, 4}, "1,2,3", 2, "use-after-poison");
}

TEST_F(Sanitized, IdsBeyondTheInput) {
  expectReport({"prefill_rows_3", 0, 4}, "1,2,3", 1, "heap-buffer-overflow");
}

} // namespace
