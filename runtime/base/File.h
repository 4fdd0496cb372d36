// Files: mapped for reading, read whole, or written so that they appear only when complete.
#ifndef RUNTIME_BASE_FILE_H
#define RUNTIME_BASE_FILE_H

#include "runtime/base/Output.h"
#include "runtime/base/Process.h"
#include "runtime/base/Status.h"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <span>
#include <string>

namespace gemmart {

/// A file mapped read-only for as long as the object lives.
class MappedFile {
public:
  /// Fails for what is no regular file or cannot be mapped. `shownName` stands in messages.
  static Result<MappedFile> open(const std::string &path, const std::string &shownName);
  MappedFile(MappedFile &&other) noexcept;
  MappedFile &operator=(MappedFile &&other) noexcept;
  ~MappedFile();
  std::span<const uint8_t> bytes() const { return {data, size}; }

private:
  MappedFile(const uint8_t *data, size_t size, const std::string &shownName)
      : data(data), size(size), name(data, size, shownName) {}
  const uint8_t *data = nullptr;
  size_t size = 0;
  MappingName name;
};

/// Anonymous zeroed pages, for as long as the object lives; address space only until touched. Under AddressSanitizer,
/// forbidden pages lie before and behind.
class Pages {
public:
  /// `what` names the buffer in the message. Zero bytes give an empty buffer. `huge` asks for large pages.
  static Result<Pages> reserve(int64_t bytes, const char *what, bool huge);
  Pages() = default;
  Pages(Pages &&other) noexcept;
  Pages &operator=(Pages &&other) noexcept;
  ~Pages();
  uint8_t *data() const { return start; }
  size_t size() const { return length; }

private:
  uint8_t *start = nullptr;
  size_t length = 0;
};

/// A whole file as text, refused when longer than `limitBytes`. "-" is standard input.
Result<std::string> readText(const std::string &path, size_t limitBytes);

/// The next line of a stream, without its end; false at the end of the stream. Refused when longer than `limitBytes`.
Result<bool> readLine(FILE *stream, size_t limitBytes, std::string &line);

/// An output that is written from its beginning to its end: a NewFile, or what cannot be replaced by one: a device, a
/// pipe, or with "-" standard output.
class OutputFile {
public:
  static Result<OutputFile> create(const std::string &path);
  OutputFile(OutputFile &&other) noexcept;
  OutputFile &operator=(OutputFile &&) = delete;
  ~OutputFile();
  Status write(const void *data, size_t bytes);
  Status finish();

private:
  OutputFile() = default;
  std::string path;
  std::optional<NewFile> file;
  uint64_t end = 0;       ///< of what was written to it
  FILE *stream = nullptr; ///< where there is no file
};

} // namespace gemmart
#endif
