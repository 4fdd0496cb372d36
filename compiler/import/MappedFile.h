// A file mapped read-only for as long as the object lives. The file must not shrink meanwhile.
#ifndef COMPILER_IMPORT_MAPPEDFILE_H
#define COMPILER_IMPORT_MAPPEDFILE_H

#include "compiler/support/Result.h"

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
  MappedFile(std::string path, const uint8_t *data, size_t size) : where(std::move(path)), data(data), size(size) {}
  std::string where;
  const uint8_t *data;
  size_t size;
};

} // namespace gemmac::import
#endif
