// Outputs of gemmac and of every executable: a file appears under its name whole, and on the disk, or not at all; what
// was there before is replaced in one step; nothing that is read is overwritten.
#ifndef RUNTIME_BASE_OUTPUT_H
#define RUNTIME_BASE_OUTPUT_H

#include "runtime/base/Status.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <sys/types.h>

namespace gemmart {

/// "No such file or directory" and the like, without locale tables.
std::string errorText(int number);

/// The folder part of a path, "." if it has none; and the rest.
std::string folderOf(const std::string &path);
std::string fileOf(const std::string &path);

/// A file whatever its name: device and inode.
struct FileId {
  dev_t device;
  ino_t inode;
  bool operator==(const FileId &) const = default;
};
/// Of what a path leads to, links followed; nothing where there is nothing.
std::optional<FileId> fileId(const std::string &path);

/// What an output must not replace, and how messages call it.
struct Input {
  std::string path, what;
};

/// To be asked before any work: refuses a name that is none, a folder, a place where no file can be made, and a path
/// that leads to one of the inputs.
Status checkOutput(const std::string &path, std::span<const Input> inputs);

/// Whether two outputs would be written over each other: both lead to one file, or will. A device that forgets may be
/// both.
bool sameOutput(const std::string &a, const std::string &b);

/// Writes all at `offset`; the message begins with `shown` and says how far it came.
Status writeAt(int descriptor, const std::string &shown, uint64_t offset, const void *data, size_t bytes);

/// Removes every TempFile that there is; for who ends the process without returning. Safe in a signal handler.
void removeTempFiles();

/// A file of our own beside others, with a random name that was free: removed when its owner ends, and on any signal
/// that ends the process and can be caught.
class TempFile {
public:
  static Result<TempFile> create(const std::string &folder, const std::string &name, mode_t mode);
  TempFile(TempFile &&other) noexcept;
  TempFile &operator=(TempFile &&other) noexcept;
  ~TempFile();

  const std::string &path() const { return path_; }
  int descriptor() const { return descriptor_; }
  Status write(uint64_t offset, const void *data, size_t bytes) const;

private:
  friend class NewFile;
  TempFile(std::string path, int descriptor, int slot) : path_(std::move(path)), descriptor_(descriptor), slot(slot) {}
  void drop();
  void forget(); ///< the file has another name by now, or none

  std::string path_; ///< empty: nothing to remove
  int descriptor_ = -1;
  int slot = -1; ///< in the list that signals walk
};

/// A file in the making. Until keep() it has no name at all where the file system can do that (O_TMPFILE), so that not
/// even SIGKILL leaves anything; elsewhere it is a TempFile.
class NewFile {
public:
  /// `path` may be there; it is replaced, not written to. `mode` is subject to the umask.
  static Result<NewFile> create(const std::string &path, mode_t mode);
  NewFile(NewFile &&other) noexcept;
  NewFile &operator=(NewFile &&) = delete;
  ~NewFile();

  const std::string &path() const { return path_; }

  /// Asks the file system for room up to `bytes`: a full disk is an error here and not later. One that cannot reserve
  /// is asked for what it has free.
  Status reserve(uint64_t bytes);
  Status write(uint64_t offset, const void *data, size_t bytes);
  /// The first `bytes` of an open file, and its permissions. Where the file system can, both share the blocks.
  Status copy(int from, const std::string &shown, uint64_t bytes);
  /// Brings the bytes to the disk, gives the file its name, and brings that to the disk.
  Status keep();

private:
  NewFile() = default;
  Status name();
  std::string path_;
  int descriptor = -1, folder = -1;
  uint64_t end = 0;              ///< of what was written
  std::optional<TempFile> named; ///< where there are no files without a name
};

} // namespace gemmart
#endif
