// See Existing.h. In place it would be a few KB to write, but then a kill or a power cut at the wrong moment leaves a
// file without its end; so the rest is copied, which file systems with shared blocks do at once.
#include "compiler/emit/Existing.h"

#include "compiler/emit/Output.h"
#include "runtime/abi/Step.h"
#include "runtime/base/Sha256.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

namespace gemmac::emit {
namespace {

constexpr uint64_t largestSection = 64u << 20;

class OpenFile {
public:
  static Result<OpenFile> open(const std::string &path) {
    OpenFile file(path, ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat info;
    if (file.descriptor < 0 || fstat(file.descriptor, &info) != 0)
      return Error{path + ": " + errorText(errno)};
    if (!S_ISREG(info.st_mode))
      return Error{path + ": is no ordinary file"};
    file.bytes = static_cast<uint64_t>(info.st_size);
    return file;
  }
  OpenFile(OpenFile &&other) noexcept : path(other.path), descriptor(other.descriptor), bytes(other.bytes) {
    other.descriptor = -1;
  }
  ~OpenFile() {
    if (descriptor >= 0)
      close(descriptor);
  }

  Status read(uint64_t offset, void *data, size_t size) const {
    for (size_t done = 0; done < size;) {
      ssize_t got = pread(descriptor, static_cast<char *>(data) + done, size - done, static_cast<off_t>(offset + done));
      if (got < 0 && errno == EINTR)
        continue;
      if (got <= 0)
        return Error{path + ": " + (got < 0 ? errorText(errno) : "ends early")};
      done += static_cast<size_t>(got);
    }
    return Ok{};
  }

  /// Of less than a page: what lies between sections.
  Status expectZeros(uint64_t begin, uint64_t end) const {
    if (end <= begin)
      return begin == end ? Status(Ok{}) : Error{path + ": its sections overlap; build it again"};
    std::vector<uint8_t> gap(std::min<uint64_t>(end - begin, GM_SECTION_ALIGN));
    if (Status done = read(begin, gap.data(), gap.size()); !done)
      return done;
    if (gap.size() == GM_SECTION_ALIGN || std::ranges::any_of(gap, [](uint8_t byte) { return byte != 0; }))
      return Error{path + ": what lies between its sections was changed; copy or build it again"};
    return Ok{};
  }

  std::string path;
  int descriptor;
  uint64_t bytes = 0;

private:
  OpenFile(std::string path, int descriptor) : path(std::move(path)), descriptor(descriptor) {}
};

Result<SectionTable> readTable(const OpenFile &file) {
  Error broken{file.path + ": is no executable of gemmac, or was cut short or changed; build it again"};
  GmTrailer trailer;
  if (file.bytes < sizeof trailer)
    return broken;
  if (Status read = file.read(file.bytes - sizeof trailer, &trailer, sizeof trailer); !read)
    return read.error();
  uint64_t room = file.bytes - sizeof trailer, tableBytes = uint64_t(trailer.section_count) * sizeof(GmSection);
  if (memcmp(trailer.magic, GM_TRAILER_MAGIC, sizeof trailer.magic) != 0 || trailer.file_bytes != file.bytes ||
      trailer.abi_version != GM_ABI_VERSION || trailer.section_count < 1 || trailer.section_count > GM_MAX_SECTIONS ||
      tableBytes > room || trailer.table_offset != room - tableBytes)
    return broken;
  std::vector<uint8_t> hashed(tableBytes + offsetof(GmTrailer, hash));
  if (Status read = file.read(trailer.table_offset, hashed.data(), hashed.size()); !read)
    return read.error();
  if (gmHashBytes(hashed.data(), hashed.size()) != trailer.hash)
    return broken;
  SectionTable table;
  table.sections.resize(trailer.section_count);
  memcpy(table.sections.data(), hashed.data(), tableBytes);
  for (const GmSection &section : table.sections)
    if (section.offset % GM_SECTION_ALIGN != 0 || section.offset > trailer.table_offset ||
        section.bytes > trailer.table_offset - section.offset || strnlen(section.name, sizeof section.name) == 0 ||
        strnlen(section.name, sizeof section.name) == sizeof section.name)
      return broken;
  table.code.hash = trailer.code_hash;
  std::ranges::copy(trailer.code_sha256, table.code.sha256);
  std::ranges::copy(trailer.digest, table.digest);
  return table;
}

/// The end of the file from `end` on: zeros up to a page, the section, the table with it, the trailer.
std::vector<uint8_t> makeTail(SectionTable table, uint64_t end, std::string_view name, std::span<const uint8_t> data) {
  GmSection section = {};
  memcpy(section.name, name.data(), name.size());
  section.offset = (end + GM_SECTION_ALIGN - 1) / GM_SECTION_ALIGN * GM_SECTION_ALIGN;
  section.bytes = data.size();
  SectionDigest digest;
  digest.update(data.data(), data.size());
  digest.finish(section.hash, section.sha256);
  table.sections.push_back(section);
  std::vector<uint8_t> tail(section.offset - end);
  tail.insert(tail.end(), data.begin(), data.end());
  std::vector<uint8_t> rest = makeEnd(table.sections, table.code, section.offset + section.bytes);
  tail.insert(tail.end(), rest.begin(), rest.end());
  return tail;
}

} // namespace

const GmSection *SectionTable::find(std::string_view name) const {
  auto found = std::find_if(sections.begin(), sections.end(), [&](const GmSection &s) { return name == s.name; });
  return found == sections.end() ? nullptr : &*found;
}

Result<SectionTable> readSections(const std::string &path) {
  Result<OpenFile> file = OpenFile::open(path);
  if (!file)
    return file.error();
  return readTable(*file);
}

Result<std::string> verifyArtifact(const std::string &path) {
  Result<OpenFile> file = OpenFile::open(path);
  if (!file)
    return file.error();
  Result<SectionTable> table = readTable(*file);
  if (!table)
    return table.error();
  std::vector<GmSection> parts = table->sections;
  std::ranges::sort(parts, {}, &GmSection::offset);
  GmSection code = {};
  code.bytes = parts.front().offset;
  code.hash = table->code.hash;
  std::ranges::copy(table->code.sha256, code.sha256);
  parts.insert(parts.begin(), code);
  uint64_t tableBytes = table->sections.size() * sizeof(GmSection), at = 0;
  std::vector<uint8_t> chunk(1 << 20);
  for (const GmSection &part : parts) {
    if (Status zeros = file->expectZeros(at, part.offset); !zeros)
      return zeros.error();
    SectionDigest digest;
    for (uint64_t done = 0, bytes; done < part.bytes; done += bytes) {
      bytes = std::min<uint64_t>(chunk.size(), part.bytes - done);
      if (Status read = file->read(part.offset + done, chunk.data(), bytes); !read)
        return read.error();
      digest.update(chunk.data(), bytes);
    }
    GmSection seen = {};
    digest.finish(seen.hash, seen.sha256);
    if (seen.hash != part.hash || !std::ranges::equal(seen.sha256, part.sha256))
      return Error{path + ": " + (part.name[0] ? "section '" + std::string(part.name) + "'" : "the code") +
                   " was changed; copy or build it again"};
    at = part.offset + part.bytes;
  }
  if (Status zeros = file->expectZeros(at, file->bytes - sizeof(GmTrailer) - tableBytes); !zeros)
    return zeros.error();
  Sha256Digest whole = fileDigest(table->sections, table->code);
  if (!std::ranges::equal(whole, table->digest))
    return Error{path + ": the digest at its end is not that of the table; copy or build it again"};
  return gemmart::hexText(table->digest);
}

Status replaceSection(const std::string &path, std::string_view name, std::span<const uint8_t> data) {
  if (name.empty() || name.size() >= sizeof(GmSection::name) || data.size() > largestSection)
    return Error{path + ": section '" + std::string(name) + "' has no proper name or size"};
  Result<OpenFile> file = OpenFile::open(path);
  if (!file)
    return file.error();
  Result<SectionTable> table = readTable(*file);
  if (!table)
    return table.error();
  std::erase_if(table->sections, [&](const GmSection &section) { return name == section.name; });
  if (table->sections.empty() || table->sections.size() == GM_MAX_SECTIONS)
    return Error{path + ": has no room for section '" + std::string(name) + "'"};
  uint64_t end = 0;
  for (const GmSection &section : table->sections)
    end = std::max(end, section.offset + section.bytes);
  std::vector<uint8_t> tail = makeTail(*table, end, name, data);

  std::error_code error;
  std::string real = std::filesystem::canonical(path, error); // the file is replaced, not a link to it
  gemmart::Result<NewFile> changed = NewFile::create(error ? path : real, 0600);
  if (!changed)
    return errorOf(changed.status());
  if (gemmart::Status room = changed->reserve(end + tail.size()); !room)
    return errorOf(room);
  if (gemmart::Status copied = changed->copy(file->descriptor, path, end); !copied)
    return errorOf(copied);
  if (gemmart::Status wrote = changed->write(end, tail.data(), tail.size()); !wrote)
    return errorOf(wrote);
  return statusOf(changed->keep());
}

} // namespace gemmac::emit
