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

std::string errorText(int number) {
  const char *text = strerrordesc_np(number);
  return text ? text : format("error %d", number);
}

Result<MappedFile> MappedFile::open(const std::string &path, const std::string &shownName) {
  int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
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
  return MappedFile(static_cast<const uint8_t *>(data), size);
}

MappedFile::MappedFile(MappedFile &&other) noexcept
    : data(std::exchange(other.data, nullptr)), size(std::exchange(other.size, 0)) {}

MappedFile &MappedFile::operator=(MappedFile &&other) noexcept {
  std::swap(data, other.data);
  std::swap(size, other.size);
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
  OutputFile file;
  file.path = path;
  struct stat facts;
  bool special = path != "-" && stat(path.c_str(), &facts) == 0 && !S_ISREG(facts.st_mode);
  if (path == "-") {
    file.stream = stdout;
  } else if (special) { // a device or a pipe cannot be replaced by renaming
    file.stream = fopen(path.c_str(), "wbe");
  } else {
    file.temporary = path + format(".%d.part", int(getpid()));
    file.stream = fopen(file.temporary.c_str(), "wbe");
  }
  if (!file.stream)
    return inputError(path + ": cannot write: " + errorText(errno));
  return file;
}

OutputFile::OutputFile(OutputFile &&other) noexcept
    : path(std::move(other.path)), temporary(std::move(other.temporary)), stream(std::exchange(other.stream, nullptr)) {
}

OutputFile::~OutputFile() {
  if (!stream || stream == stdout)
    return;
  fclose(stream);
  if (!temporary.empty())
    unlink(temporary.c_str());
}

Status OutputFile::write(const void *data, size_t bytes) {
  if (fwrite(data, 1, bytes, stream) != bytes)
    return inputError(path + ": cannot write: " + errorText(errno));
  return {};
}

Status OutputFile::finish() {
  FILE *open = std::exchange(stream, nullptr);
  bool written = (open == stdout ? fflush(open) : fclose(open)) == 0;
  if (written && (temporary.empty() || rename(temporary.c_str(), path.c_str()) == 0))
    return {};
  int number = errno;
  if (!temporary.empty())
    unlink(temporary.c_str());
  return inputError(path + ": cannot write: " + errorText(number));
}

} // namespace gemmart
