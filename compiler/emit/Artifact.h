// Writes an executable: the linked ELF file, then the sections behind it (runtime/abi/Artifact.h). Streamed: memory
// does not depend on the size of the sections. Nobody ever sees a half-written file.
#ifndef COMPILER_EMIT_ARTIFACT_H
#define COMPILER_EMIT_ARTIFACT_H

#include "compiler/emit/Digest.h"
#include "compiler/emit/Output.h"
#include "compiler/support/Result.h"
#include "runtime/abi/Artifact.h"

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gemmac::emit {

/// Takes bytes [offset, offset + data.size()) of a section, in ascending order; what is skipped is zero.
using Sink = std::function<Status(int64_t offset, std::span<const uint8_t> data)>;

/// One executable in the making. The file `path` appears, complete and executable, when finish() succeeds, over one
/// that may be there; until then it has no name (runtime/base/Output.h). Same inputs, same bytes.
class ArtifactWriter {
public:
  /// Reserves the room: `bytes` is what code and sections will need in all (an estimate is fine). An error says so at
  /// once if the disk has less than that free, so this may come before the work.
  static Result<ArtifactWriter> create(const std::string &path, uint64_t bytes);

  /// The ELF file, before any section.
  Status addCode(std::span<const uint8_t> elf);

  /// Adds a section of exactly `bytes` bytes, page aligned. `fill` gets a sink to write through; it need not write the
  /// zeros. `name` has 1 to 23 bytes and is new.
  Status addSection(std::string_view name, uint64_t bytes, const std::function<Status(const Sink &)> &fill);

  /// Adds a section whose bytes are at hand.
  Status addSection(std::string_view name, std::span<const uint8_t> data);

  /// Writes table and trailer and gives the file its name.
  Status finish();

  /// What was added so far, hashes included.
  const std::vector<GmSection> &sections() const { return table; }

private:
  explicit ArtifactWriter(NewFile file) : path(file.path()), file(std::move(file)) {}
  Status checkName(std::string_view name) const;
  Status put(uint64_t offset, std::span<const uint8_t> data);
  void endCode(uint64_t offset);

  std::string path;
  NewFile file;
  SectionDigest codeDigest;
  CodeDigest code;
  uint64_t end = 0; ///< of what is written or claimed by a section, in bytes
  std::vector<GmSection> table;
};

} // namespace gemmac::emit
#endif
