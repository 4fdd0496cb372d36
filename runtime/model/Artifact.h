// The executable as a file: its sections, found from the trailer at the end, checked before anything is believed.
#ifndef RUNTIME_MODEL_ARTIFACT_H
#define RUNTIME_MODEL_ARTIFACT_H

#include "runtime/abi/Artifact.h"
#include "runtime/base/File.h"
#include "runtime/base/Status.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gemmart {

class Team;

/// A section, mapped.
struct Section {
  std::string name;
  uint64_t offset = 0, hash = 0;
  uint8_t sha256[32] = {};
  std::span<const uint8_t> bytes;
};

/// A mapped executable with its checked section table.
class Artifact {
public:
  /// Checks trailer and table: every count and offset in range, aligned, no overlap, names unique; that the code is
  /// what was linked, and that there is nothing else in the file. Not the sections' hashes. `shownName` stands in
  /// messages.
  static Result<Artifact> open(const std::string &path, const std::string &shownName);

  /// Compares every section with its hash, all threads together. Names the first section that differs.
  Status verify(Team &team) const;

  /// The same with SHA-256, and the file's digest with it: every byte of the file.
  Status verifyDigest(Team &team) const;

  /// Over code and sections, see runtime/abi/Artifact.h.
  const uint8_t (&digest() const)[32] { return trailer.digest; }
  uint64_t codeHash() const { return trailer.code_hash; }

  const std::vector<Section> &sections() const { return list; }
  const Section *find(std::string_view name) const;
  /// All before the first section: the ELF file.
  std::span<const uint8_t> code() const;
  int64_t fileBytes() const { return int64_t(file.bytes().size()); }

private:
  Artifact(MappedFile file, std::string shownName) : file(std::move(file)), shownName(std::move(shownName)) {}
  Status readTable();
  Status checkRest() const;
  Status readSection(const GmSection &entry, uint64_t index, uint64_t tableOffset);
  MappedFile file;
  std::string shownName;
  GmTrailer trailer{};
  std::vector<Section> list;
};

/// The path of the running program: /proc/self/exe, or the name it was started by where /proc is missing.
std::string ownPath();

} // namespace gemmart
#endif
