// The hash of a section, as Artifact.h defines it: by its writer (gemmac, in one pass) and by its readers (piece by
// piece, many threads). XXH3 is compiled in, so that no target needs a library for it.
#ifndef RUNTIME_ABI_HASH_H
#define RUNTIME_ABI_HASH_H

#include "runtime/abi/Artifact.h"

#ifndef XXH_INLINE_ALL
#define XXH_INLINE_ALL
#endif
#include <xxhash.h>

#include <stddef.h>
#include <stdint.h>

/// XXH3_64bits: of one piece, of the list of the pieces' hashes (little endian), or of the table.
inline uint64_t gmHashBytes(const void *data, size_t bytes) {
  return XXH3_64bits(data, bytes);
}

/// How many pieces a section of this size has.
inline uint64_t gmHashPieces(uint64_t bytes) {
  return bytes / GM_HASH_PIECE + (bytes % GM_HASH_PIECE != 0);
}

/// A section's hash in one pass over its bytes, in chunks of any size. About 1.2 KB, no allocation.
struct GmSectionHasher {
  GmSectionHasher() {
    XXH3_64bits_reset(&piece);
    XXH3_64bits_reset(&list);
  }

  void update(const void *data, size_t bytes) {
    const uint8_t *at = static_cast<const uint8_t *>(data);
    while (bytes > 0) {
      size_t part = GM_HASH_PIECE - filled < bytes ? GM_HASH_PIECE - filled : bytes;
      if (part == GM_HASH_PIECE) {
        addPiece(XXH3_64bits(at, part)); // a whole piece at once needs no copy through the state's buffer
      } else {
        XXH3_64bits_update(&piece, at, part);
        filled += part;
        if (filled == GM_HASH_PIECE)
          endPiece();
      }
      at += part;
      bytes -= part;
    }
  }

  /// Call once, after the last update.
  uint64_t finish() {
    if (filled > 0)
      endPiece();
    return XXH3_64bits_digest(&list);
  }

private:
  void addPiece(uint64_t hash) { XXH3_64bits_update(&list, &hash, sizeof hash); }
  void endPiece() {
    addPiece(XXH3_64bits_digest(&piece));
    XXH3_64bits_reset(&piece);
    filled = 0;
  }

  XXH3_state_t piece, list;
  size_t filled = 0; ///< bytes of the open piece
};

#endif
