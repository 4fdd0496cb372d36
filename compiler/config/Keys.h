// Strictness about a checkpoint's own numbers: each key is read, knowingly ignored, or an error.
#ifndef COMPILER_CONFIG_KEYS_H
#define COMPILER_CONFIG_KEYS_H

#include "compiler/config/Schema.h"

#include <functional>
#include <string>
#include <vector>

namespace gemmac::config {

/// The full keys of the checkpoint that a key of a description stands for, in the order in which they are tried. "{i}"
/// is left as it is.
std::vector<std::string> fullKeys(const std::string &key, const Facts &facts);

/// Reports every key of the checkpoint that no number reads, no [[ignored_keys]] names and that is not one of those
/// that never matter. Keys whose value is null count as absent. `holds` evaluates a condition.
void checkKeys(const Description &description, const Facts &facts,
               const std::function<bool(const std::optional<Expression> &)> &holds, Diagnostics &diagnostics);

} // namespace gemmac::config
#endif
