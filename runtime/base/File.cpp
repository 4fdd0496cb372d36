// Files and pages, see File.h.
#include "runtime/base/File.h"

#include "runtime/base/Sanitizer.h"
#include "runtime/base/Text.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace gemmart {

Result<MappedFile> MappedFile::open(const std::string &path, const std::string &shownName) {
  int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK); // a FIFO must not hang us
  if (file < 0)
    return inputError(shownName + ": cannot open: " + errorText(errno));
  struct stat facts;
  if (fstat(file, &facts) != 0 || !S_ISREG(facts.st_mode)) {
    close(file);
    return inputError(shownName + ": not a regular file");
  }
  size_t size = size_t(facts.st_size);
  void *data = size == 0 ? nullptr : mmap(nullptr, size, PROT_READ, MAP_SHARED, file, 0);
  int number = errno;
  close(file);
  if (data == MAP_FAILED)
    return inputError(shownName + ": cannot map " + formatBytes(int64_t(size)) + ": " + errorText(number));
  return MappedFile(static_cast<const uint8_t *>(data), size, shownName);
}

MappedFile::MappedFile(MappedFile &&other) noexcept
    : data(std::exchange(other.data, nullptr)), size(std::exchange(other.size, 0)), name(std::move(other.name)) {}

MappedFile &MappedFile::operator=(MappedFile &&other) noexcept {
  std::swap(data, other.data);
  std::swap(size, other.size);
  std::swap(name, other.name);
  return *this;
}

MappedFile::~MappedFile() {
  if (data)
    munmap(const_cast<uint8_t *>(data), size);
}

constexpr size_t kForbidden = kSanitized ? 1 << 16 : 0; // bytes on each side, a multiple of a page

Result<Pages> Pages::reserve(int64_t bytes, const char *what, bool huge) {
  Pages pages;
  if (bytes <= 0)
    return pages;
  size_t mapped = size_t(bytes) + 2 * kForbidden;
  void *start = mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (start == MAP_FAILED)
    return inputError(format("cannot reserve %s for the %s: ", formatBytes(bytes).c_str(), what) + errorText(errno));
  if (huge)
    madvise(start, mapped, MADV_HUGEPAGE); // only advice: refused where large pages are off
  pages.start = static_cast<uint8_t *>(start) + kForbidden;
  pages.length = size_t(bytes);
  forbid(start, kForbidden);
  forbid(pages.start + bytes, kForbidden);
  return pages;
}

Pages::Pages(Pages &&other) noexcept
    : start(std::exchange(other.start, nullptr)), length(std::exchange(other.length, 0)) {}

Pages &Pages::operator=(Pages &&other) noexcept {
  std::swap(start, other.start);
  std::swap(length, other.length);
  return *this;
}

Pages::~Pages() {
  if (!start)
    return;
  allow(start - kForbidden, length + 2 * kForbidden); // the next mapping may lie here
  munmap(start - kForbidden, length + 2 * kForbidden);
}

Result<bool> readLine(FILE *stream, size_t limitBytes, std::string &line) {
  line.clear();
  int byte;
  while ((byte = getc(stream)) != EOF && byte != '\n') {
    if (line.size() == limitBytes)
      return inputError("a line is longer than " + formatBytes(int64_t(limitBytes)));
    line += char(byte);
  }
  if (ferror(stream))
    return inputError("cannot read: " + errorText(errno));
  return byte != EOF || !line.empty();
}

Result<std::string> readText(const std::string &path, size_t limitBytes) {
  bool standard = path == "-";
  int file = standard ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  std::string shown = standard ? "standard input" : path;
  if (file < 0)
    return inputError(shown + ": cannot open: " + errorText(errno));
  std::string text;
  char buffer[1 << 16];
  ssize_t got;
  while ((got = read(file, buffer, sizeof buffer)) != 0) {
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0 || text.size() + size_t(got) > limitBytes)
      break;
    text.append(buffer, size_t(got));
  }
  int number = errno;
  if (!standard)
    close(file);
  if (got < 0)
    return inputError(shown + ": cannot read: " + errorText(number));
  if (got > 0)
    return inputError(shown + ": longer than " + formatBytes(int64_t(limitBytes)));
  return text;
}

Result<OutputFile> OutputFile::create(const std::string &path) {
  OutputFile output;
  output.path = path;
  struct stat facts;
  if (path == "-") {
    output.stream = stdout;
    return output;
  }
  if (stat(path.c_str(), &facts) == 0 && !S_ISREG(facts.st_mode)) {
    output.stream = fopen(path.c_str(), "wbe");
    if (!output.stream)
      return inputError(path + ": cannot write: " + errorText(errno));
    return output;
  }
  Result<NewFile> created = NewFile::create(path, 0666);
  if (!created)
    return created.status();
  output.file.emplace(std::move(*created));
  return output;
}

OutputFile::OutputFile(OutputFile &&other) noexcept
    : path(std::move(other.path)), file(std::exchange(other.file, std::nullopt)), end(other.end),
      stream(std::exchange(other.stream, nullptr)) {}

OutputFile::~OutputFile() {
  if (stream && stream != stdout)
    fclose(stream);
}

Status OutputFile::write(const void *data, size_t bytes) {
  if (file) {
    end += bytes;
    return file->write(end - bytes, data, bytes);
  }
  if (fwrite(data, 1, bytes, stream) != bytes)
    return inputError(path + ": cannot write: " + errorText(errno));
  return {};
}

Status OutputFile::finish() {
  if (file)
    return file->keep();
  FILE *open = std::exchange(stream, nullptr);
  if ((open == stdout ? fflush(open) : fclose(open)) != 0)
    return inputError(path + ": cannot write: " + errorText(errno));
  return {};
}

} // namespace gemmart
