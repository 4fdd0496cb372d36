// See MappedFile.h.
#include "compiler/import/MappedFile.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace gemmac::import {

Result<std::unique_ptr<MappedFile>> MappedFile::open(const std::string &path) {
  int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK); // a FIFO must not hang us
  if (fd < 0)
    return Error{path + ": " + std::strerror(errno)};
  struct stat info;
  std::string problem;
  if (fstat(fd, &info) != 0)
    problem = std::strerror(errno);
  else if (!S_ISREG(info.st_mode))
    problem = "not a regular file";
  else if (info.st_size == 0)
    problem = "the file is empty";
  if (!problem.empty()) {
    ::close(fd);
    return Error{path + ": " + problem};
  }
  size_t size = static_cast<size_t>(info.st_size);
  void *data = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
  int failure = errno;
  ::close(fd);
  if (data == MAP_FAILED)
    return Error{path + ": cannot map " + std::to_string(size) + " bytes: " + std::strerror(failure)};
  return std::unique_ptr<MappedFile>(new MappedFile(path, static_cast<const uint8_t *>(data), size));
}

MappedFile::~MappedFile() {
  munmap(const_cast<uint8_t *>(data), size);
}

void MappedFile::release(std::span<const uint8_t> range) {
  auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  uintptr_t begin = (reinterpret_cast<uintptr_t>(range.data()) + page - 1) / page * page;
  uintptr_t end = reinterpret_cast<uintptr_t>(range.data() + range.size()) / page * page;
  if (begin < end)
    madvise(reinterpret_cast<void *>(begin), end - begin, MADV_DONTNEED);
}

} // namespace gemmac::import
