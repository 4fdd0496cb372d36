// Both hashes of a section in one pass, and the end of an executable, as runtime/abi/Artifact.h defines them.
#ifndef COMPILER_EMIT_DIGEST_H
#define COMPILER_EMIT_DIGEST_H

#include "runtime/abi/Hash.h"

#include <array>
#include <memory>
#include <vector>

struct evp_md_ctx_st;

namespace gemmac::emit {

using Sha256Digest = std::array<uint8_t, 32>;

/// SHA-256 by OpenSSL, in chunks of any size.
class Sha256 {
public:
  Sha256();
  void update(const void *data, size_t bytes);
  /// The digest of what came since the last one.
  Sha256Digest finish();

private:
  struct Free {
    void operator()(evp_md_ctx_st *context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context;
};

/// A section's two hashes.
class SectionDigest {
public:
  void update(const void *data, size_t bytes);
  void zeros(uint64_t bytes);
  /// Call once, after the last update.
  void finish(uint64_t &hash, uint8_t (&sha256)[32]);

private:
  void endPiece();
  GmSectionHasher fast;
  Sha256 piece, list;
  size_t filled = 0; ///< bytes of the open piece
  bool any = false;  ///< pieces in the list
};

/// The hashes of the code, and what the file's digest is made of.
struct CodeDigest {
  uint64_t hash = 0;
  uint8_t sha256[32] = {};
};

/// The file's digest.
Sha256Digest fileDigest(const std::vector<GmSection> &table, const CodeDigest &code);

/// The end of a file whose last section ends at `end`: zeros up to 16 bytes, the table, the trailer.
std::vector<uint8_t> makeEnd(const std::vector<GmSection> &table, const CodeDigest &code, uint64_t end);

} // namespace gemmac::emit
#endif
