// Puts a small section into an executable that is there, or replaces it, without touching the gigabytes before it.
#ifndef COMPILER_EMIT_REPLACE_H
#define COMPILER_EMIT_REPLACE_H

#include "compiler/support/Result.h"
#include "runtime/abi/Artifact.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gemmac::emit {

/// An executable's section table, and the hash of its code: of all bytes before the first section.
struct SectionTable {
  std::vector<GmSection> sections;
  uint64_t codeHash = 0;

  const GmSection *find(std::string_view name) const;
};

/// Reads and checks trailer and table: every count and offset before it is used.
Result<SectionTable> readSections(const std::string &path);

/// Writes section `name` behind all others, then table and trailer: the same file, byte for byte, whatever stood there
/// before. What fails is undone. A machine that stops in between leaves a file without a table, which no reader takes
/// for a model.
Status replaceSection(const std::string &path, std::string_view name, std::span<const uint8_t> data);

} // namespace gemmac::emit
#endif
