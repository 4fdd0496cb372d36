// The memory that the control groups of this process leave it.
#ifndef RUNTIME_MODEL_MEMORYLIMIT_H
#define RUNTIME_MODEL_MEMORYLIMIT_H

#include <cstdint>
#include <optional>
#include <string>

namespace gemmart {

/// The smallest limit, in bytes, of the process's memory groups (version 1 or 2) and of those above them; nothing where
/// none is set or told. `root` stands before /proc and /sys, for tests.
std::optional<int64_t> memoryLimit(const std::string &root = "");

} // namespace gemmart
#endif
