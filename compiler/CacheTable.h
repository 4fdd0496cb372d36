// What keys and values cost, as the compiler lays them out: for each size, format and length.
#ifndef COMPILER_CACHETABLE_H
#define COMPILER_CACHETABLE_H

#include "compiler/Driver.h"

namespace gemmac {

/// Prints a table for one size of a description, or for all: bytes of a page, of each further token, and of a sequence
/// that fills a context of 8K, 32K, 128K and 256K tokens. Exact: the layout stage runs for each line and column.
Exit printCacheTable(const std::string &description, const std::optional<std::string> &size);

} // namespace gemmac
#endif
