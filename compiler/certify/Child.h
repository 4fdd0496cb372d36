// A model's executable as a child process: nothing of it is linked in, and rows are read while it makes them.
#ifndef COMPILER_CERTIFY_CHILD_H
#define COMPILER_CERTIFY_CHILD_H

#include "compiler/support/Result.h"

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace gemmac::certify {

/// What one pipe of a child brings: rows of so many floats, each handed over when it is whole.
struct RowPipe {
  int64_t floats;
  std::function<Status(std::span<const float>)> take;
};

/// Runs `program` with the arguments, and with file `input` (if not empty) as standard input; returns what it printed.
/// Its messages go to our standard error.
Result<std::string> capture(const std::string &program, const std::vector<std::string> &arguments,
                            const std::string &input = "");

/// Runs `program` with the arguments and, after each option of `options`, the name of a pipe (as many as there are
/// pipes); hands over the rows. Memory: one row per pipe. The child ends when a row is refused.
Status streamRows(const std::string &program, std::vector<std::string> arguments,
                  const std::vector<std::string> &options, std::vector<RowPipe> pipes);

} // namespace gemmac::certify
#endif
