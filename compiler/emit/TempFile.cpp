// Removal on a signal is LLVM's: its list is free of locks and may be walked inside a handler.
#include "compiler/emit/TempFile.h"

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Signals.h"

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace gemmac::emit {

std::string systemMessage(int error) {
  return std::generic_category().message(error);
}

std::string folderOf(const std::string &path) {
  size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

std::string fileOf(const std::string &path) {
  return path.substr(path.rfind('/') + 1);
}

Result<TempFile> TempFile::create(const std::string &folder, const std::string &name, mode_t mode) {
  static std::atomic<unsigned> counter = 0;
  for (int attempt = 0; attempt < 1000; ++attempt) {
    std::string path =
        folder + "/." + name + "." + std::to_string(getpid()) + "-" + std::to_string(counter.fetch_add(1));
    // Registered first: a signal between the two calls would leave the file. Removing what is not there does no harm.
    llvm::sys::RemoveFileOnSignal(path);
    int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (descriptor >= 0)
      return TempFile(std::move(path), descriptor);
    int error = errno;
    llvm::sys::DontRemoveFileOnSignal(path);
    if (error != EEXIST) // left by a killed process of the same number
      return Error{folder + ": cannot create a file here: " + systemMessage(error)};
  }
  return Error{folder + ": cannot find a free name for a temporary file of '" + name + "'"};
}

TempFile::TempFile(TempFile &&other) noexcept
    : path_(std::exchange(other.path_, {})), descriptor_(std::exchange(other.descriptor_, -1)) {}

TempFile &TempFile::operator=(TempFile &&other) noexcept {
  if (this != &other) {
    drop();
    path_ = std::exchange(other.path_, {});
    descriptor_ = std::exchange(other.descriptor_, -1);
  }
  return *this;
}

TempFile::~TempFile() {
  drop();
}

void TempFile::drop() {
  if (descriptor_ >= 0)
    close(descriptor_);
  descriptor_ = -1;
  if (path_.empty())
    return;
  unlink(path_.c_str());
  llvm::sys::DontRemoveFileOnSignal(path_);
  path_.clear();
}

Status TempFile::write(uint64_t offset, std::span<const uint8_t> data) {
  size_t done = 0;
  while (done < data.size()) {
    ssize_t wrote = pwrite(descriptor_, data.data() + done, data.size() - done, static_cast<off_t>(offset + done));
    if (wrote < 0 && errno == EINTR)
      continue;
    if (wrote <= 0)
      return Error{path_ + ": wrote " + std::to_string(done) + " of " + std::to_string(data.size()) +
                   " bytes at offset " + std::to_string(offset) + ": " + systemMessage(wrote < 0 ? errno : ENOSPC)};
    done += static_cast<size_t>(wrote);
  }
  return Ok{};
}

Status TempFile::keepAs(const std::string &path) {
  int closed = close(std::exchange(descriptor_, -1)); // some file systems report a full disk only here
  if (closed != 0)
    return Error{path_ + ": " + systemMessage(errno)};
  if (rename(path_.c_str(), path.c_str()) != 0)
    return Error{path + ": cannot be created: " + systemMessage(errno)};
  llvm::sys::DontRemoveFileOnSignal(path_);
  path_.clear();
  return Ok{};
}

} // namespace gemmac::emit
