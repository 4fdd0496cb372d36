// Gaps are not written: they stay holes of the file, and are hashed as the zeros they read as.
#include "compiler/emit/Artifact.h"

#include "runtime/abi/Hash.h"
#include "runtime/abi/Step.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace gemmac::emit {
namespace {

constexpr uint64_t largestFile = uint64_t(1) << 62; // keeps every sum below free of overflow, and within off_t

uint64_t alignUp(uint64_t value, uint64_t alignment) {
  return (value + alignment - 1) / alignment * alignment;
}

std::span<const uint8_t> bytesOf(const void *data, size_t bytes) {
  return {static_cast<const uint8_t *>(data), bytes};
}

/// "1500.0 MB (1500000000 bytes)", for messages about space.
std::string sizeText(uint64_t bytes) {
  char text[64];
  snprintf(text, sizeof text, "%.1f MB (%llu bytes)", static_cast<double>(bytes) / 1e6,
           static_cast<unsigned long long>(bytes));
  return text;
}

void hashZeros(GmSectionHasher &hasher, uint64_t bytes) {
  static const std::vector<uint8_t> zeros(1 << 16);
  for (; bytes > 0; bytes -= std::min<uint64_t>(bytes, zeros.size()))
    hasher.update(zeros.data(), std::min<uint64_t>(bytes, zeros.size()));
}

Status checkSpace(const std::string &folder, uint64_t bytes) {
  struct statvfs info;
  if (statvfs(folder.c_str(), &info) != 0)
    return Error{folder + ": " + systemMessage(errno)};
  uint64_t blocks = geteuid() == 0 ? info.f_bfree : info.f_bavail; // a part may be kept for root
  unsigned __int128 available = static_cast<unsigned __int128>(blocks) * info.f_frsize;
  if (available < bytes)
    return Error{folder + ": the disk has " + sizeText(static_cast<uint64_t>(available)) +
                 " free, the executable needs " + sizeText(bytes)};
  return Ok{};
}

/// The output may be new or an ordinary file; a folder or a device is a mistake that rename would turn into a worse
/// one.
Status checkOutput(const std::string &path) {
  if (path.empty() || fileOf(path).empty())
    return Error{"'" + path + "' names no output file"};
  struct stat info;
  if (stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode))
    return Error{path + ": is " + (S_ISDIR(info.st_mode) ? "a folder" : "not an ordinary file") +
                 "; the executable needs a name of its own"};
  return Ok{};
}

} // namespace

Result<ArtifactWriter> ArtifactWriter::create(const std::string &path, std::span<const uint8_t> elf,
                                              uint64_t sectionBytes) {
  if (Status good = checkOutput(path); !good)
    return good.error();
  if (sectionBytes > largestFile)
    return Error{path + ": sections of " + std::to_string(sectionBytes) + " bytes fit in no file"};
  std::string folder = folderOf(path);
  uint64_t bytes = elf.size() + sectionBytes + GM_MAX_SECTIONS * (sizeof(GmSection) + GM_SECTION_ALIGN);
  if (Status space = checkSpace(folder, bytes); !space)
    return space.error();
  Result<TempFile> file = TempFile::create(folder, fileOf(path), 0777); // the umask decides who may run it
  if (!file)
    return file.error();
  ArtifactWriter writer(path, std::move(*file));
  if (Status wrote = writer.put(0, elf); !wrote)
    return wrote.error();
  writer.end = elf.size();
  return writer;
}

Status ArtifactWriter::put(uint64_t offset, std::span<const uint8_t> data) {
  Status wrote = file.write(offset, data);
  if (wrote)
    return wrote;
  return Error{path + ": " + wrote.error().message};
}

Status ArtifactWriter::checkName(std::string_view name) const {
  if (name.empty() || name.size() >= sizeof(GmSection::name) || name.find('\0') != std::string_view::npos)
    return Error{path + ": section name '" + std::string(name) + "' must have 1 to " +
                 std::to_string(sizeof(GmSection::name) - 1) + " bytes"};
  for (const GmSection &section : table)
    if (name == section.name)
      return Error{path + ": section '" + std::string(name) + "' is there twice"};
  if (table.size() == GM_MAX_SECTIONS)
    return Error{path + ": more than " + std::to_string(GM_MAX_SECTIONS) + " sections"};
  return Ok{};
}

Status ArtifactWriter::addSection(std::string_view name, uint64_t bytes,
                                  const std::function<Status(const Sink &)> &fill) {
  if (Status good = checkName(name); !good)
    return good;
  std::string where = path + ": section '" + std::string(name) + "'";
  GmSection section = {};
  memcpy(section.name, name.data(), name.size());
  section.offset = alignUp(end, GM_SECTION_ALIGN);
  section.bytes = bytes;
  if (bytes > largestFile - section.offset)
    return Error{where + " of " + std::to_string(bytes) + " bytes fits in no file"};

  GmSectionHasher hasher;
  uint64_t at = 0; // everything below is hashed
  Sink sink = [&](int64_t offset, std::span<const uint8_t> data) -> Status {
    if (offset < 0 || static_cast<uint64_t>(offset) < at)
      return Error{where + ": bytes at " + std::to_string(offset) + " were given after those before " +
                   std::to_string(at)};
    uint64_t from = static_cast<uint64_t>(offset);
    if (from > bytes || data.size() > bytes - from)
      return Error{where + ": " + std::to_string(data.size()) + " bytes at " + std::to_string(from) +
                   " do not fit in " + std::to_string(bytes)};
    if (Status wrote = put(section.offset + from, data); !wrote)
      return wrote;
    hashZeros(hasher, from - at);
    hasher.update(data.data(), data.size());
    at = from + data.size();
    return Ok{};
  };
  if (Status filled = fill(sink); !filled)
    return filled;
  hashZeros(hasher, bytes - at);
  section.hash = hasher.finish();
  end = section.offset + bytes;
  table.push_back(section);
  return Ok{};
}

Status ArtifactWriter::addSection(std::string_view name, std::span<const uint8_t> data) {
  return addSection(name, data.size(), [&](const Sink &sink) { return sink(0, data); });
}

Status ArtifactWriter::finish() {
  GmTrailer trailer = {};
  trailer.table_offset = alignUp(end, 16);
  trailer.section_count = static_cast<uint32_t>(table.size());
  trailer.abi_version = GM_ABI_VERSION;
  uint64_t tableBytes = table.size() * sizeof(GmSection);
  trailer.table_hash = gmHashBytes(table.data(), tableBytes);
  trailer.file_bytes = trailer.table_offset + tableBytes + sizeof trailer;
  memcpy(trailer.magic, GM_TRAILER_MAGIC, sizeof trailer.magic);
  if (Status wrote = put(trailer.table_offset, bytesOf(table.data(), tableBytes)); !wrote)
    return wrote;
  if (Status wrote = put(trailer.table_offset + tableBytes, bytesOf(&trailer, sizeof trailer)); !wrote)
    return wrote;
  return file.keepAs(path);
}

} // namespace gemmac::emit
