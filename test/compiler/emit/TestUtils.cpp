#include "test/compiler/emit/TestUtils.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sys/wait.h>
#include <unistd.h>

namespace gemmac::test {

const codegen::Machine x86v3 = {"x86_64-unknown-linux-gnu", "x86-64-v3", "", 256};
const codegen::Machine x86v4 = {"x86_64-unknown-linux-gnu", "x86-64-v4", "+avx512vnni", 512};
const codegen::Machine arm = {"aarch64-unknown-linux-gnu", "generic", "+v8.2a,+dotprod", 0};

TempFolder::TempFolder() {
  char name[] = "/tmp/emit-test-XXXXXX";
  const char *made = mkdtemp(name);
  EXPECT_NE(made, nullptr);
  path = made ? made : "";
}

TempFolder::~TempFolder() {
  if (!path.empty())
    std::filesystem::remove_all(path);
}

std::vector<std::string> TempFolder::names() const {
  std::vector<std::string> out;
  for (const auto &entry : std::filesystem::directory_iterator(path))
    out.push_back(entry.path().filename());
  std::sort(out.begin(), out.end());
  return out;
}

std::string readFile(const std::string &path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in.good()) << path;
  return std::string(std::istreambuf_iterator<char>(in), {});
}

void writeFile(const std::string &path, std::string_view bytes) {
  std::ofstream out(path, std::ios::binary);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  EXPECT_TRUE(out.good()) << path;
}

Result<emit::ArtifactWriter> beginArtifact(const std::string &path, std::string_view code, uint64_t sectionBytes) {
  Result<emit::ArtifactWriter> writer = emit::ArtifactWriter::create(path, code.size() + sectionBytes);
  if (!writer)
    return writer;
  if (Status added = writer->addCode({reinterpret_cast<const uint8_t *>(code.data()), code.size()}); !added)
    return added.error();
  return writer;
}

Ran runCommand(const std::string &command) {
  Ran ran;
  FILE *pipe = popen(command.c_str(), "r");
  if (!pipe)
    return ran;
  char buffer[4096];
  for (size_t n; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;)
    ran.out.append(buffer, n);
  int status = pclose(pipe);
  ran.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return ran;
}

int inChild(const std::function<int()> &work) {
  pid_t child = fork();
  if (child == 0)
    _exit(work());
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return status;
}

mlir::FailureOr<codegen::Code> compileText(const std::string &text, const codegen::Options &options,
                                           std::string &error) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  context.loadDialect<mlir::LLVM::LLVMDialect>();
  mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &diagnostic) {
    error += diagnostic.str() + "\n";
    return mlir::success();
  });
  mlir::OwningOpRef<mlir::ModuleOp> module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
  if (!module)
    return mlir::failure();
  return codegen::compileModule(*module, options);
}

std::string levelModule(const std::string &prefix) {
  std::string text = R"(
    llvm.func @gmBarrier(!llvm.ptr, i64)
    llvm.func @PREFIX_decode(%step: !llvm.ptr, %thread: i64) {
      %tokens_at = llvm.getelementptr %step[32] : (!llvm.ptr) -> !llvm.ptr, i8
      %tokens = llvm.load %tokens_at : !llvm.ptr -> i64
      %value = llvm.sitofp %tokens : i64 to f32
      %logits_at = llvm.getelementptr %step[56] : (!llvm.ptr) -> !llvm.ptr, i8
      %logits = llvm.load %logits_at : !llvm.ptr -> !llvm.ptr
      llvm.store %value, %logits : f32, !llvm.ptr
      llvm.call @gmBarrier(%step, %thread) : (!llvm.ptr, i64) -> ()
      llvm.return
    }
    llvm.func @PREFIX_prefill(%step: !llvm.ptr, %thread: i64) {
      %value = llvm.sitofp %thread : i64 to f32
      %logits_at = llvm.getelementptr %step[56] : (!llvm.ptr) -> !llvm.ptr, i8
      %logits = llvm.load %logits_at : !llvm.ptr -> !llvm.ptr
      %second = llvm.getelementptr %logits[4] : (!llvm.ptr) -> !llvm.ptr, i8
      llvm.store %value, %second : f32, !llvm.ptr
      llvm.return
    }
    llvm.func @PREFIX_read(%data: !llvm.ptr, %bytes: i64, %sink: !llvm.ptr) {
      llvm.store %bytes, %sink : i64, !llvm.ptr
      llvm.return
    })";
  for (size_t at; (at = text.find("PREFIX")) != std::string::npos;)
    text.replace(at, 6, prefix);
  return text;
}

} // namespace gemmac::test
