// The output layer of runtime/base, with the compiler's own kind of error.
#ifndef COMPILER_EMIT_OUTPUT_H
#define COMPILER_EMIT_OUTPUT_H

#include "compiler/support/Result.h"
#include "runtime/base/Output.h"

#include <span>

namespace gemmac::emit {

using gemmart::errorText;
using gemmart::fileOf;
using gemmart::folderOf;
using gemmart::NewFile;
using gemmart::TempFile;

inline Error errorOf(const gemmart::Status &failed) {
  return {failed.message()};
}
inline Status statusOf(const gemmart::Status &status) {
  if (!status)
    return errorOf(status);
  return Ok{};
}

inline std::span<const uint8_t> bytesOf(const std::string &text) {
  return {reinterpret_cast<const uint8_t *>(text.data()), text.size()};
}

} // namespace gemmac::emit
#endif
