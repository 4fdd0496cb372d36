// The executable as a file, see Artifact.h.
#include "runtime/model/Artifact.h"

#include "runtime/abi/Hash.h"
#include "runtime/abi/Step.h"
#include "runtime/base/Sha256.h"
#include "runtime/base/Text.h"
#include "runtime/host/Team.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstring>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

static_assert(std::endian::native == std::endian::little, "sections are little endian");

namespace gemmart {

Result<Artifact> Artifact::open(const std::string &path, const std::string &shownName) {
  Result<MappedFile> file = MappedFile::open(path, shownName);
  if (!file)
    return file.status();
  Artifact artifact(std::move(*file), shownName);
  if (Status status = artifact.readTable(); !status)
    return status;
  return artifact;
}

Status Artifact::readTable() {
  std::span<const uint8_t> all = file.bytes();
  if (all.size() < sizeof trailer)
    return inputError(shownName + ": " + formatBytes(fileBytes()) + " is too short for a model");
  std::memcpy(&trailer, all.data() + all.size() - sizeof trailer, sizeof trailer);
  if (std::memcmp(trailer.magic, GM_TRAILER_MAGIC, sizeof trailer.magic) != 0)
    return inputError(shownName + ": no section table at the end of the file (" + formatBytes(fileBytes()) +
                      "): it was cut short, stripped or changed; copy or build it again");
  if (trailer.file_bytes != all.size())
    return inputError(shownName + format(": the file has %llu bytes, but was written with %llu; copy or build it again",
                                         (unsigned long long)all.size(), (unsigned long long)trailer.file_bytes));
  if (trailer.abi_version != GM_ABI_VERSION)
    return inputError(shownName + format(": sections of format %u, this code reads %u; build it again",
                                         trailer.abi_version, GM_ABI_VERSION));
  uint64_t room = all.size() - sizeof trailer, tableBytes = uint64_t(trailer.section_count) * sizeof(GmSection);
  if (trailer.section_count > GM_MAX_SECTIONS || tableBytes > room || trailer.table_offset != room - tableBytes)
    return inputError(shownName + format(": the section table (%u sections at byte %llu) does not fit the file; the "
                                         "file was changed; copy or build it again",
                                         trailer.section_count, (unsigned long long)trailer.table_offset));
  const uint8_t *table = all.data() + trailer.table_offset;
  if (gmHashBytes(table, tableBytes + offsetof(GmTrailer, hash)) != trailer.hash)
    return inputError(shownName + ": the section table does not match its hash; the file was changed; copy or build it "
                                  "again");
  for (uint64_t index = 0; index < trailer.section_count; ++index) {
    GmSection entry;
    std::memcpy(&entry, table + index * sizeof entry, sizeof entry);
    if (Status status = readSection(entry, index, trailer.table_offset); !status)
      return status;
  }
  return checkRest();
}

/// The code, which is some MB; and the gaps between sections, of less than a page each.
Status Artifact::checkRest() const {
  GmSectionHasher hasher;
  hasher.update(code().data(), code().size());
  // The code runs from a mapping of its own: here its pages would count a second time.
  madvise(const_cast<uint8_t *>(file.bytes().data()), code().size(), MADV_DONTNEED);
  if (hasher.finish() != trailer.code_hash)
    return inputError(shownName + ": the code was changed; copy or build it again");
  std::vector<std::pair<uint64_t, uint64_t>> taken = {{0, code().size()}, {trailer.table_offset, trailer.file_bytes}};
  for (const Section &section : list)
    taken.push_back({section.offset, section.offset + section.bytes.size()});
  std::sort(taken.begin(), taken.end());
  for (size_t next = 1; next < taken.size(); ++next) {
    uint64_t begin = taken[next - 1].second, end = taken[next].first;
    if (end > begin && end - begin >= GM_SECTION_ALIGN)
      return inputError(shownName + format(": %llu bytes at %llu belong to no section; copy or build it again",
                                           (unsigned long long)(end - begin), (unsigned long long)begin));
    for (uint64_t at = begin; at < end; ++at)
      if (file.bytes()[at] != 0)
        return inputError(shownName +
                          format(": byte %llu lies between sections and was changed; copy or build it again",
                                 (unsigned long long)at));
  }
  return {};
}

// The table's own hash was right: what fails from here on was written wrong, and must still not be followed.
Status Artifact::readSection(const GmSection &entry, uint64_t index, uint64_t tableOffset) {
  size_t length = strnlen(entry.name, sizeof entry.name);
  std::string name(entry.name, length), place = shownName + ": section '" + name + "'";
  if (length == 0 || length == sizeof entry.name)
    return inputError(shownName + format(": section %llu has no proper name", (unsigned long long)index));
  if (entry.offset % GM_SECTION_ALIGN != 0)
    return inputError(place + format(" starts at byte %llu, which is no multiple of %u",
                                     (unsigned long long)entry.offset, GM_SECTION_ALIGN));
  if (entry.offset > tableOffset || entry.bytes > tableOffset - entry.offset)
    return inputError(place + format(" (%llu bytes at %llu) reaches beyond the end of the sections at %llu",
                                     (unsigned long long)entry.bytes, (unsigned long long)entry.offset,
                                     (unsigned long long)tableOffset));
  for (const Section &other : list) {
    if (other.name == name)
      return inputError(place + " is there twice");
    bool apart = entry.offset >= other.offset + other.bytes.size() || other.offset >= entry.offset + entry.bytes;
    if (!apart && entry.bytes != 0 && !other.bytes.empty())
      return inputError(place + " overlaps section '" + other.name + "'");
  }
  Section section{std::move(name), entry.offset, entry.hash, {}, file.bytes().subspan(entry.offset, entry.bytes)};
  std::copy(std::begin(entry.sha256), std::end(entry.sha256), section.sha256);
  list.push_back(std::move(section));
  return {};
}

const Section *Artifact::find(std::string_view name) const {
  for (const Section &section : list)
    if (section.name == name)
      return &section;
  return nullptr;
}

std::span<const uint8_t> Artifact::code() const {
  uint64_t end = trailer.table_offset;
  for (const Section &section : list)
    end = std::min(end, section.offset);
  return file.bytes().first(end);
}

/// Hashes the pieces of `parts`, all threads together; the hashes of each part's pieces lie side by side.
template <class Hash>
static std::vector<Hash> hashPieces(Team &team, std::span<const std::span<const uint8_t>> parts,
                                    Hash (*hash)(const uint8_t *data, size_t bytes)) {
  std::vector<std::span<const uint8_t>> pieces;
  for (std::span<const uint8_t> part : parts)
    for (uint64_t index = 0; index < gmHashPieces(part.size()); ++index) {
      std::span<const uint8_t> rest = part.subspan(index * GM_HASH_PIECE);
      pieces.push_back(rest.first(std::min<size_t>(rest.size(), GM_HASH_PIECE)));
    }
  std::vector<Hash> hashes(pieces.size());
  std::atomic<size_t> next{0};
  team.run([&](int64_t) {
    for (size_t mine; (mine = next.fetch_add(1, std::memory_order_relaxed)) < pieces.size();)
      hashes[mine] = hash(pieces[mine].data(), pieces[mine].size());
  });
  return hashes;
}

Status Artifact::verify(Team &team) const {
  std::vector<std::span<const uint8_t>> parts;
  for (const Section &section : list)
    parts.push_back(section.bytes);
  std::vector<uint64_t> hashes =
      hashPieces<uint64_t>(team, parts, [](const uint8_t *data, size_t bytes) { return gmHashBytes(data, bytes); });
  size_t begin = 0;
  for (const Section &section : list) {
    size_t count = gmHashPieces(section.bytes.size());
    uint64_t seen = gmHashBytes(hashes.data() + begin, count * sizeof(uint64_t));
    begin += count;
    if (seen != section.hash)
      return inputError(shownName + ": section '" + section.name +
                        format("' was changed: its hash is %016llx, the table says %016llx; copy or build it again",
                               (unsigned long long)seen, (unsigned long long)section.hash));
  }
  return {};
}

Status Artifact::verifyDigest(Team &team) const {
  std::vector<std::span<const uint8_t>> parts = {code()};
  for (const Section &section : list)
    parts.push_back(section.bytes);
  std::vector<Sha256Digest> hashes = hashPieces<Sha256Digest>(team, parts, [](const uint8_t *data, size_t bytes) {
    Sha256 leaf;
    leaf.update("\0", 1);
    leaf.update(data, bytes);
    return leaf.finish();
  });
  size_t begin = 0;
  for (size_t part = 0; part < parts.size(); ++part) {
    size_t count = gmHashPieces(parts[part].size());
    Sha256 node;
    node.update("\1", 1);
    node.update(hashes.data() + begin, count * sizeof(Sha256Digest));
    begin += count;
    const uint8_t (&stated)[32] = part == 0 ? trailer.code_sha256 : list[part - 1].sha256;
    Sha256Digest seen = node.finish();
    if (!std::equal(seen.begin(), seen.end(), stated))
      return inputError(shownName + ": " + (part == 0 ? "the code" : "section '" + list[part - 1].name + "'") +
                        " was changed: its SHA-256 is not what the table says; copy or build it again");
  }
  Sha256 whole;
  whole.update(GM_DIGEST_TITLE, sizeof GM_DIGEST_TITLE - 1);
  whole.update(trailer.code_sha256, sizeof trailer.code_sha256);
  whole.update(file.bytes().data() + trailer.table_offset, list.size() * sizeof(GmSection));
  Sha256Digest seen = whole.finish();
  if (!std::equal(seen.begin(), seen.end(), trailer.digest))
    return inputError(shownName + ": the digest at the end is not that of the table; copy or build it again");
  return {};
}

std::string ownPath() {
  constexpr const char *kSelf = "/proc/self/exe";
  if (access(kSelf, R_OK) == 0)
    return kSelf;
  const char *started = reinterpret_cast<const char *>(getauxval(AT_EXECFN));
  return started ? started : kSelf;
}

} // namespace gemmart
