// A file that disappears unless it is kept: when its owner ends, on any error, and on SIGINT or SIGTERM.
#ifndef COMPILER_EMIT_TEMPFILE_H
#define COMPILER_EMIT_TEMPFILE_H

#include "compiler/support/Result.h"

#include <cstdint>
#include <span>
#include <string>
#include <sys/types.h>

namespace gemmac::emit {

class TempFile {
public:
  /// Creates `folder`/.`name`.<number>, which did not exist before, open for reading and writing. `mode` is subject to
  /// the umask.
  static Result<TempFile> create(const std::string &folder, const std::string &name, mode_t mode);

  TempFile(TempFile &&other) noexcept;
  TempFile &operator=(TempFile &&other) noexcept;
  ~TempFile();

  const std::string &path() const { return path_; }
  int descriptor() const { return descriptor_; }

  /// Writes all of `data` at `offset`; an error names the path, what was to be written and the system's reason.
  Status write(uint64_t offset, std::span<const uint8_t> data);

  /// Closes the file and gives it its final name, over a file that may be there.
  Status keepAs(const std::string &path);

private:
  TempFile(std::string path, int descriptor) : path_(std::move(path)), descriptor_(descriptor) {}
  void drop();

  std::string path_; ///< empty: nothing to remove
  int descriptor_ = -1;
};

/// The system's words for an errno.
std::string systemMessage(int error);

/// The folder part of a path, "." if it has none; and the rest.
std::string folderOf(const std::string &path);
std::string fileOf(const std::string &path);

} // namespace gemmac::emit
#endif
