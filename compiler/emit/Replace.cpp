// See Replace.h. The tail of the file (the section, table, trailer) is a few KB: it is cut off and written anew in
// place.
#include "compiler/emit/Replace.h"

#include "compiler/emit/TempFile.h"
#include "runtime/abi/Hash.h"
#include "runtime/abi/Step.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace gemmac::emit {
namespace {

constexpr uint64_t largestTail = 64u << 20;

class OpenFile {
public:
  static Result<OpenFile> open(const std::string &path, int flags) {
    OpenFile file(path, ::open(path.c_str(), flags | O_CLOEXEC | O_NONBLOCK));
    struct stat info;
    if (file.descriptor < 0 || fstat(file.descriptor, &info) != 0)
      return Error{path + ": " + (errno == ETXTBSY ? "is running; end it first" : systemMessage(errno))};
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
        return Error{path + ": " + (got < 0 ? systemMessage(errno) : "ends early")};
      done += static_cast<size_t>(got);
    }
    return Ok{};
  }

  /// Makes the file end with `tail`, which begins at `offset`.
  Status endWith(uint64_t offset, std::span<const uint8_t> tail) const {
    if (ftruncate(descriptor, static_cast<off_t>(offset)) != 0)
      return Error{path + ": " + systemMessage(errno)};
    for (size_t done = 0; done < tail.size();) {
      ssize_t wrote = pwrite(descriptor, tail.data() + done, tail.size() - done, static_cast<off_t>(offset + done));
      if (wrote < 0 && errno == EINTR)
        continue;
      if (wrote <= 0)
        return Error{path + ": " + systemMessage(wrote < 0 ? errno : ENOSPC)};
      done += static_cast<size_t>(wrote);
    }
    if (fdatasync(descriptor) != 0)
      return Error{path + ": " + systemMessage(errno)};
    return Ok{};
  }

  std::string path;
  int descriptor;
  uint64_t bytes = 0;

private:
  OpenFile(std::string path, int descriptor) : path(std::move(path)), descriptor(descriptor) {}
};

Result<std::vector<GmSection>> readTable(const OpenFile &file) {
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
  std::vector<GmSection> sections(trailer.section_count);
  if (Status read = file.read(trailer.table_offset, sections.data(), tableBytes); !read)
    return read.error();
  if (gmHashBytes(sections.data(), tableBytes) != trailer.table_hash)
    return broken;
  for (const GmSection &section : sections)
    if (section.offset % GM_SECTION_ALIGN != 0 || section.offset > trailer.table_offset ||
        section.bytes > trailer.table_offset - section.offset || strnlen(section.name, sizeof section.name) == 0 ||
        strnlen(section.name, sizeof section.name) == sizeof section.name)
      return broken;
  return sections;
}

void append(std::vector<uint8_t> &tail, const void *data, size_t bytes) {
  tail.insert(tail.end(), static_cast<const uint8_t *>(data), static_cast<const uint8_t *>(data) + bytes);
}

/// The end of the file from `end` on: zeros up to a page, the section, the table with it, the trailer.
std::vector<uint8_t> makeTail(std::vector<GmSection> table, uint64_t end, std::string_view name,
                              std::span<const uint8_t> data) {
  GmSection section = {};
  memcpy(section.name, name.data(), name.size());
  section.offset = (end + GM_SECTION_ALIGN - 1) / GM_SECTION_ALIGN * GM_SECTION_ALIGN;
  section.bytes = data.size();
  GmSectionHasher hasher;
  hasher.update(data.data(), data.size());
  section.hash = hasher.finish();
  table.push_back(section);
  std::vector<uint8_t> tail(section.offset - end);
  append(tail, data.data(), data.size());
  tail.resize((end + tail.size() + 15) / 16 * 16 - end);
  GmTrailer trailer = {};
  trailer.table_offset = end + tail.size();
  trailer.section_count = static_cast<uint32_t>(table.size());
  trailer.abi_version = GM_ABI_VERSION;
  trailer.table_hash = gmHashBytes(table.data(), table.size() * sizeof(GmSection));
  append(tail, table.data(), table.size() * sizeof(GmSection));
  trailer.file_bytes = end + tail.size() + sizeof trailer;
  memcpy(trailer.magic, GM_TRAILER_MAGIC, sizeof trailer.magic);
  append(tail, &trailer, sizeof trailer);
  return tail;
}

/// No signal ends the process while a file has no end; those that came are delivered afterwards.
class SignalsWait {
public:
  SignalsWait() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
  }
  ~SignalsWait() { pthread_sigmask(SIG_SETMASK, &before, nullptr); }

private:
  sigset_t before;
};

} // namespace

const GmSection *SectionTable::find(std::string_view name) const {
  auto found = std::find_if(sections.begin(), sections.end(), [&](const GmSection &s) { return name == s.name; });
  return found == sections.end() ? nullptr : &*found;
}

Result<SectionTable> readSections(const std::string &path) {
  Result<OpenFile> file = OpenFile::open(path, O_RDONLY);
  if (!file)
    return file.error();
  Result<std::vector<GmSection>> sections = readTable(*file);
  if (!sections)
    return sections.error();
  SectionTable table{std::move(*sections)};
  uint64_t codeBytes = file->bytes;
  for (const GmSection &section : table.sections)
    codeBytes = std::min(codeBytes, section.offset);
  GmSectionHasher hasher;
  std::vector<uint8_t> part(1 << 20);
  for (uint64_t at = 0; at < codeBytes; at += part.size()) {
    size_t bytes = std::min<uint64_t>(part.size(), codeBytes - at);
    if (Status read = file->read(at, part.data(), bytes); !read)
      return read.error();
    hasher.update(part.data(), bytes);
  }
  table.codeHash = hasher.finish();
  return table;
}

Status replaceSection(const std::string &path, std::string_view name, std::span<const uint8_t> data) {
  if (name.empty() || name.size() >= sizeof(GmSection::name) || data.size() > largestTail)
    return Error{path + ": section '" + std::string(name) + "' has no proper name or size"};
  Result<OpenFile> file = OpenFile::open(path, O_RDWR);
  if (!file)
    return file.error();
  if (flock(file->descriptor, LOCK_EX | LOCK_NB) != 0)
    return Error{path + ": another process is changing it"};
  Result<std::vector<GmSection>> table = readTable(*file);
  if (!table)
    return table.error();
  std::erase_if(*table, [&](const GmSection &section) { return name == section.name; });
  if (table->empty() || table->size() == GM_MAX_SECTIONS)
    return Error{path + ": has no room for section '" + std::string(name) + "'"};
  uint64_t end = 0;
  for (const GmSection &section : *table)
    end = std::max(end, section.offset + section.bytes);
  if (file->bytes - end > largestTail)
    return Error{path + ": what stands behind its sections is too much to be one's own"};
  std::vector<uint8_t> old(file->bytes - end), tail = makeTail(*table, end, name, data);
  if (Status read = file->read(end, old.data(), old.size()); !read)
    return read;
  SignalsWait wait;
  Status written = file->endWith(end, tail);
  if (written)
    return written;
  if (Status undone = file->endWith(end, old); !undone)
    return Error{written.error().message + "; and what stood there could not be restored: build it again"};
  return Error{written.error().message + "; the file is as it was"};
}

} // namespace gemmac::emit
