// A file mapped read-only for as long as the object lives. If it shrinks meanwhile, reading what is gone ends the
// process with a message (runtime/base/Process.h).
#ifndef COMPILER_IMPORT_MAPPEDFILE_H
#define COMPILER_IMPORT_MAPPEDFILE_H

#include "compiler/support/Result.h"
#include "runtime/base/Process.h"

#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace gemmac::import {

class MappedFile {
public:
  /// Errors: the file is missing, unreadable, not a regular file, or empty.
  static Result<std::unique_ptr<MappedFile>> open(const std::string &path);
  ~MappedFile();
  MappedFile(const MappedFile &) = delete;
  MappedFile &operator=(const MappedFile &) = delete;

  std::span<const uint8_t> bytes() const { return {data, size}; }
  const std::string &path() const { return where; }

  /// Drops the pages that lie wholly inside of `range` (a part of bytes()) from this process; they can be read again.
  static void release(std::span<const uint8_t> range);

private:
  MappedFile(std::string path, const uint8_t *data, size_t size)
      : where(std::move(path)), data(data), size(size), name(data, size, where) {}
  std::string where;
  const uint8_t *data;
  size_t size;
  gemmart::MappingName name;
};

} // namespace gemmac::import
#endif
