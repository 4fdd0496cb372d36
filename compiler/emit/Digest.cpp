// See Digest.h.
#include "compiler/emit/Digest.h"

#include "runtime/abi/Step.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <openssl/evp.h>

namespace gemmac::emit {

void Sha256::Free::operator()(evp_md_ctx_st *context) const {
  EVP_MD_CTX_free(context);
}

// OpenSSL fails here only for want of memory.
static void must(bool done) {
  if (!done)
    throw std::bad_alloc();
}

Sha256::Sha256() : context(EVP_MD_CTX_new()) {
  must(context && EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) == 1);
}

void Sha256::update(const void *data, size_t bytes) {
  must(EVP_DigestUpdate(context.get(), data, bytes) == 1);
}

Sha256Digest Sha256::finish() {
  Sha256Digest digest;
  must(EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) == 1 &&
       EVP_DigestInit_ex(context.get(), nullptr, nullptr) == 1);
  return digest;
}

constexpr uint8_t leaf = 0, node = 1;

void SectionDigest::update(const void *data, size_t bytes) {
  fast.update(data, bytes);
  const uint8_t *at = static_cast<const uint8_t *>(data);
  while (bytes > 0) {
    if (filled == 0)
      piece.update(&leaf, 1);
    size_t part = std::min<size_t>(GM_HASH_PIECE - filled, bytes);
    piece.update(at, part);
    filled += part;
    if (filled == GM_HASH_PIECE)
      endPiece();
    at += part;
    bytes -= part;
  }
}

void SectionDigest::endPiece() {
  Sha256Digest digest = piece.finish();
  if (!any)
    list.update(&node, 1);
  list.update(digest.data(), digest.size());
  any = true;
  filled = 0;
}

void SectionDigest::zeros(uint64_t bytes) {
  static const std::vector<uint8_t> page(1 << 16);
  for (uint64_t part; bytes > 0; bytes -= part) {
    part = std::min<uint64_t>(bytes, page.size());
    update(page.data(), part);
  }
}

void SectionDigest::finish(uint64_t &hash, uint8_t (&sha256)[32]) {
  if (filled > 0)
    endPiece();
  if (!any)
    list.update(&node, 1);
  hash = fast.finish();
  std::ranges::copy(list.finish(), sha256);
}

Sha256Digest fileDigest(const std::vector<GmSection> &table, const CodeDigest &code) {
  Sha256 digest;
  digest.update(GM_DIGEST_TITLE, sizeof GM_DIGEST_TITLE - 1);
  digest.update(code.sha256, sizeof code.sha256);
  digest.update(table.data(), table.size() * sizeof(GmSection));
  return digest.finish();
}

std::vector<uint8_t> makeEnd(const std::vector<GmSection> &table, const CodeDigest &code, uint64_t end) {
  uint64_t padding = (16 - end % 16) % 16, tableBytes = table.size() * sizeof(GmSection);
  GmTrailer trailer = {};
  trailer.table_offset = end + padding;
  trailer.section_count = static_cast<uint32_t>(table.size());
  trailer.abi_version = GM_ABI_VERSION;
  trailer.file_bytes = trailer.table_offset + tableBytes + sizeof trailer;
  trailer.code_hash = code.hash;
  std::ranges::copy(code.sha256, trailer.code_sha256);
  std::ranges::copy(fileDigest(table, code), trailer.digest);
  memcpy(trailer.magic, GM_TRAILER_MAGIC, sizeof trailer.magic);
  std::vector<uint8_t> bytes(padding);
  auto append = [&](const void *data, size_t size) {
    bytes.insert(bytes.end(), static_cast<const uint8_t *>(data), static_cast<const uint8_t *>(data) + size);
  };
  append(table.data(), tableBytes);
  append(&trailer, offsetof(GmTrailer, hash));
  trailer.hash = gmHashBytes(bytes.data() + padding, bytes.size() - padding);
  append(&trailer.hash, sizeof trailer - offsetof(GmTrailer, hash));
  return bytes;
}

} // namespace gemmac::emit
