// Shared by the emit tests: a folder that disappears, files, child processes, and small modules.
#ifndef TEST_COMPILER_EMIT_TESTUTILS_H
#define TEST_COMPILER_EMIT_TESTUTILS_H

#include "compiler/emit/Artifact.h"
#include "targets/llvm/CodeGen.h"

#include <functional>
#include <gtest/gtest.h>
#include <string>
#include <string_view>
#include <vector>

namespace gemmac::test {

/// A new folder under /tmp, removed with all it holds.
class TempFolder {
public:
  TempFolder();
  ~TempFolder();
  std::string operator/(const std::string &name) const { return path + "/" + name; }
  /// Names in the folder, sorted.
  std::vector<std::string> names() const;
  std::string path;
};

std::string readFile(const std::string &path);
void writeFile(const std::string &path, std::string_view bytes);

/// A writer with the code in it already.
Result<emit::ArtifactWriter> beginArtifact(const std::string &path, std::string_view code, uint64_t sectionBytes);

struct Ran {
  int status = -1; ///< exit code
  std::string out; ///< stdout
};
/// Runs a command through the shell.
Ran runCommand(const std::string &command);

/// Runs `work` in a child process, which ends with its result; returns the child's wait status.
int inChild(const std::function<int()> &work);

/// Compiles a module given as text; on failure `error` has the diagnostics.
mlir::FailureOr<codegen::Code> compileText(const std::string &text, const codegen::Options &options,
                                           std::string &error);

/// A module that defines PREFIX_decode (logits[0] = position, one barrier), PREFIX_prefill (logits[1] = thread) and
/// PREFIX_read
/// (*sink = bytes).
std::string levelModule(const std::string &prefix);

extern const codegen::Machine x86v3, x86v4, arm;

} // namespace gemmac::test
#endif
