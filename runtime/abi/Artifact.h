// The sections behind the code of an executable. They are appended to the ELF file, page aligned; the last bytes of the
// file are a GmTrailer, which points at a table of GmSection. Little endian. All bytes between two sections are zero,
// so that code, sections, table and trailer are the whole file, and each byte of it is under a hash.
#ifndef RUNTIME_ABI_ARTIFACT_H
#define RUNTIME_ABI_ARTIFACT_H

#include <stdint.h>

#define GM_TRAILER_MAGIC "GEMMAC\0\2"
#define GM_SECTION_ALIGN 4096u
#define GM_MAX_SECTIONS 64u
/// Two hashes of the code and of each section, both over the list of the hashes of pieces of this size (the last may be
/// shorter), so that many threads can check one section. Nothing hashes the empty list. `hash` is XXH3_64bits both
/// times: fast, compared at every start, finds accidents. `sha256` is SHA-256 of a byte 0 and the piece, then of a byte
/// 1 and the list: for `verify` and signatures.
#define GM_HASH_PIECE (4u << 20)
/// The file's digest is SHA-256 of these 16 bytes, the code's `sha256`, and the table.
#define GM_DIGEST_TITLE "gemmac digest 1\n"
/// What a detached signature signs: this, the digest in 64 lower-case hexadecimal digits, and a line end.
#define GM_SIGNED_TITLE "gemmac-digest-sha256 "

typedef struct GmSection {
  char name[24]; ///< zero-padded: "weights", "tokenizer", "manifest"
  uint64_t offset, bytes, hash;
  uint8_t sha256[32];
} GmSection;

typedef struct GmTrailer {
  uint64_t table_offset; ///< of GmSection[section_count], in bytes from the start of the file
  uint32_t section_count;
  uint32_t abi_version;
  uint64_t file_bytes; ///< size of the whole file, trailer included
  uint64_t code_hash;  ///< of all before the first section (before the table, where there is none), see GM_HASH_PIECE
  uint8_t code_sha256[32];
  uint8_t digest[32];
  uint64_t hash; ///< XXH3_64bits of the table and of the trailer before this field
  char magic[8];
} GmTrailer;

#ifdef __cplusplus
static_assert(sizeof(GmSection) == 80 && sizeof(GmTrailer) == 112 && sizeof(GM_DIGEST_TITLE) == 17);
#endif
#endif
