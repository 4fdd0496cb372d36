// The numbers of one model: from the checkpoint, from a published size of the description, or a default.
#ifndef COMPILER_CONFIG_NUMBERS_H
#define COMPILER_CONFIG_NUMBERS_H

#include "compiler/config/Description.h"
#include "compiler/config/Diagnostics.h"
#include "compiler/config/Schema.h"

#include <map>
#include <set>
#include <string>

namespace gemmac::config {

struct Numbers {
  std::map<std::string, Value> values;
  std::set<std::string> failed; ///< already reported; what depends on them is left out in silence
};

/// Where a checkpoint's tensor names start: the first of the description's prefixes under which its first weight
/// exists.
std::string tensorPrefix(const Description &description, const Facts *facts);

/// Resolves every number; missing keys, wrong types, values out of bounds and differences between size and checkpoint
/// are reported.
Numbers resolveNumbers(const Description &description, const SizeDecl *size, const Facts *facts,
                       Diagnostics &diagnostics);

/// Whether the checkpoint's own name for its architecture is one that the description lists. An empty list takes
/// anything.
bool acceptsArchitecture(const Description &description, const Facts &facts, std::string &seen);

/// `value` as a whole number in [least, most]; reports otherwise.
std::optional<int64_t> wholeNumber(const Value &value, const std::string &what, int64_t least, int64_t most,
                                   Diagnostics &diagnostics);

} // namespace gemmac::config
#endif
