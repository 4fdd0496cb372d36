// Gaps are not written: they stay holes of the file, and are hashed as the zeros they read as.
#include "compiler/emit/Artifact.h"

#include <algorithm>
#include <cstring>
#include <sys/stat.h>

namespace gemmac::emit {
namespace {

constexpr uint64_t largestFile = uint64_t(1) << 62; // keeps every sum below free of overflow, and within off_t

uint64_t alignUp(uint64_t value, uint64_t alignment) {
  return (value + alignment - 1) / alignment * alignment;
}

/// The output may be new or an ordinary file; to replace a folder or a device is a mistake.
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

Result<ArtifactWriter> ArtifactWriter::create(const std::string &path, uint64_t bytes) {
  if (Status good = checkOutput(path); !good)
    return good.error();
  if (bytes > largestFile)
    return Error{path + ": " + std::to_string(bytes) + " bytes fit in no file"};
  gemmart::Result<NewFile> file = NewFile::create(path, 0777); // the umask decides who may run it
  if (!file)
    return errorOf(file.status());
  if (gemmart::Status room = file->reserve(bytes + GM_MAX_SECTIONS * (sizeof(GmSection) + GM_SECTION_ALIGN)); !room)
    return errorOf(room);
  return ArtifactWriter(std::move(*file));
}

Status ArtifactWriter::addCode(std::span<const uint8_t> elf) {
  if (end != 0)
    return Error{path + ": the code comes first, and once"};
  end = elf.size();
  codeDigest.update(elf.data(), elf.size());
  return put(0, elf);
}

Status ArtifactWriter::put(uint64_t offset, std::span<const uint8_t> data) {
  return statusOf(file.write(offset, data.data(), data.size()));
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

  endCode(section.offset);
  SectionDigest digest;
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
    digest.zeros(from - at);
    digest.update(data.data(), data.size());
    at = from + data.size();
    return Ok{};
  };
  if (Status filled = fill(sink); !filled)
    return filled;
  digest.zeros(bytes - at);
  digest.finish(section.hash, section.sha256);
  end = section.offset + bytes;
  table.push_back(section);
  return Ok{};
}

Status ArtifactWriter::addSection(std::string_view name, std::span<const uint8_t> data) {
  return addSection(name, data.size(), [&](const Sink &sink) { return sink(0, data); });
}

/// What lies before the first section, or before the table, is code.
void ArtifactWriter::endCode(uint64_t offset) {
  if (!table.empty())
    return;
  codeDigest.zeros(offset - end);
  codeDigest.finish(code.hash, code.sha256);
}

Status ArtifactWriter::finish() {
  endCode(alignUp(end, 16));
  if (Status wrote = put(end, makeEnd(table, code, end)); !wrote)
    return wrote;
  return statusOf(file.keep());
}

} // namespace gemmac::emit
