// The sections behind the code of an executable. They are appended to the ELF file, page aligned; the last bytes of the
// file are a GmTrailer, which points at a table of GmSection. Little endian.
#ifndef RUNTIME_ABI_ARTIFACT_H
#define RUNTIME_ABI_ARTIFACT_H

#include <stdint.h>

#define GM_TRAILER_MAGIC "GEMMAC\0\1"
#define GM_SECTION_ALIGN 4096u
#define GM_MAX_SECTIONS 64u
/// A section's hash is XXH3_64bits over the list of XXH3_64bits of its pieces of this size (the last may be shorter),
/// so that many threads can check one section. An empty section hashes the empty list.
#define GM_HASH_PIECE (4u << 20)

typedef struct GmSection {
  char name[24]; ///< zero-padded: "weights", "tokenizer", "manifest"
  uint64_t offset, bytes, hash;
} GmSection;

typedef struct GmTrailer {
  uint64_t table_offset; ///< of GmSection[section_count], in bytes from the start of the file
  uint32_t section_count;
  uint32_t abi_version;
  uint64_t table_hash; ///< XXH3_64bits of the table
  uint64_t file_bytes; ///< size of the whole file, trailer included
  char magic[8];
} GmTrailer;

#ifdef __cplusplus
static_assert(sizeof(GmSection) == 48 && sizeof(GmTrailer) == 40);
#endif
#endif
