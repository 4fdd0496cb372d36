// Objects and the runtime kit into one static-pie executable, with LLD as a library: no linker or compiler is needed on
// the user's machine.
//
// The kit is a folder per target, lib/gemmac/<target>/, staged by the build: the runtime as an archive with `main` in
// it, and what a static C++ program of that target starts and links with.
#ifndef COMPILER_EMIT_LINK_H
#define COMPILER_EMIT_LINK_H

#include "compiler/support/Result.h"

#include <string>
#include <vector>

namespace gemmac::emit {

/// A relocatable object file in memory. The name is only for error messages.
struct LinkInput {
  std::string name;
  std::string bytes;
};

/// The kit's folder for a target: ../lib/gemmac/<target> as seen from the running program's folder. An error names each
/// file that the kit lacks.
Result<std::string> findKit(const std::string &target);

/// The same with the folder given; checks that it is complete.
Result<std::string> checkKit(const std::string &kit);

/// Links the objects with the kit and returns the executable's bytes (some MB): position independent, static, stripped,
/// without the sections that nothing uses. Same inputs, same bytes.
///
/// Temporary files lie in `workFolder` (it must exist) and are removed, also on SIGINT and SIGTERM. All complaints of
/// the linker come back in one Error, a line each. One link runs at a time: concurrent calls wait. Do not compile code
/// meanwhile in another thread: the linker resets LLVM's global options.
Result<std::string> linkExecutable(const std::vector<LinkInput> &objects, const std::string &kit,
                                   const std::string &workFolder, bool keepSymbols = false);

} // namespace gemmac::emit
#endif
