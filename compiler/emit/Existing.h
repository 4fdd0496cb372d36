// Executables that are there: what their end says, whether they are whole, and a section put in or replaced.
#ifndef COMPILER_EMIT_EXISTING_H
#define COMPILER_EMIT_EXISTING_H

#include "compiler/emit/Digest.h"
#include "compiler/support/Result.h"
#include "runtime/abi/Artifact.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gemmac::emit {

/// What the end of an executable says: sections, the hashes of its code, the file's digest.
struct SectionTable {
  std::vector<GmSection> sections;
  CodeDigest code;
  uint8_t digest[32] = {};

  const GmSection *find(std::string_view name) const;
};

/// Reads and checks trailer and table: every count and offset before it is used.
Result<SectionTable> readSections(const std::string &path);

/// Checks every byte of an executable: both hashes of code and sections, the zeros between them, table and trailer.
/// Returns the file's digest in hexadecimal digits.
Result<std::string> verifyArtifact(const std::string &path);

/// Writes section `name` behind all others, then table and trailer: the same file, byte for byte, whatever stood there
/// before. It is a new file that takes the old one's place when it is whole: needs room for both, and whatever stops it
/// leaves the old one as it was.
Status replaceSection(const std::string &path, std::string_view name, std::span<const uint8_t> data);

} // namespace gemmac::emit
#endif
