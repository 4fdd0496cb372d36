// Objects and the runtime kit into one position-independent executable, with LLD as a library: no linker or compiler is
// needed on the user's machine.
//
// A kit is a folder, lib/gemmac/<target>/, staged by the build: the runtime as an archive with `main` in it, what a C++
// program of that target starts and links with, and `link.txt`, which says in what order. <target>-sanitized/ holds the
// same under AddressSanitizer and UndefinedBehaviorSanitizer, for code that was compiled for that.
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

/// The folder of a kit: ../lib/gemmac/<name> as seen from the running program's folder. An error names each file that
/// the kit lacks.
Result<std::string> findKit(const std::string &name);

/// The same with the folder given; checks that it is complete.
Result<std::string> checkKit(const std::string &kit);

/// Links the objects with the kit and returns the executable's bytes (some MB): position independent, stripped, without
/// the sections that nothing uses; static unless the kit is a sanitized one. Same inputs, same bytes.
///
/// Works in memory: no file is written. All complaints of the linker come back in one Error, a line each. One link runs
/// at a time: concurrent calls wait. Do not compile code meanwhile in another thread: the linker resets LLVM's global
/// options.
Result<std::string> linkExecutable(const std::vector<LinkInput> &objects, const std::string &kit,
                                   bool keepSymbols = false);

} // namespace gemmac::emit
#endif
