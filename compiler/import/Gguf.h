// GGUF files (version 2 and 3, little endian): metadata, tensors, and typed access to the big token arrays.
#ifndef COMPILER_IMPORT_GGUF_H
#define COMPILER_IMPORT_GGUF_H

#include "compiler/import/Mapped.h"

namespace gemmac::import {

/// The strings of a metadata array, in order, straight from the mapped file (each is a u64 length and its bytes). Their
/// lengths were checked when the file was opened. Views live as long as the Gguf.
class GgufStrings {
public:
  class Iterator {
  public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = std::string_view;
    using difference_type = std::ptrdiff_t;
    using pointer = const std::string_view *;
    using reference = std::string_view;
    Iterator() = default;
    explicit Iterator(const uint8_t *at, int64_t index) : at(at), index(index) {}
    std::string_view operator*() const;
    Iterator &operator++();
    Iterator operator++(int) {
      Iterator old = *this;
      ++*this;
      return old;
    }
    bool operator==(const Iterator &other) const { return index == other.index; }

  private:
    const uint8_t *at = nullptr;
    int64_t index = 0;
  };

  GgufStrings() = default;
  GgufStrings(const uint8_t *data, int64_t count) : data(data), count(count) {}
  Iterator begin() const { return Iterator(data, 0); }
  Iterator end() const { return Iterator(nullptr, count); }
  int64_t size() const { return count; }

private:
  const uint8_t *data = nullptr;
  int64_t count = 0;
};

class Gguf : public MappedCheckpoint {
public:
  static Result<std::unique_ptr<Gguf>> open(const std::string &path);

  /// Whether the metadata has this key, of whatever type.
  bool has(std::string_view key) const { return fields.find(key) != fields.end(); }

  /// Metadata arrays of any length. Errors: the key is absent, or its type is another one.
  Result<GgufStrings> strings(std::string_view key) const;
  Result<std::vector<float>> floats(std::string_view key) const; ///< f32 arrays
  Result<std::vector<int32_t>> ints(std::string_view key) const; ///< arrays of any whole number type whose values fit

  uint32_t version() const { return fileVersion; }
  uint64_t alignment() const { return alignBytes; }

private:
  friend class GgufReader;
  struct Field {
    uint32_t type = 0, elementType = 0; ///< elementType: of arrays
    const uint8_t *data = nullptr;
    uint64_t count = 1;
  };
  Result<Field> array(std::string_view key, const char *wanted) const;

  std::map<std::string, Field, std::less<>> fields;
  uint32_t fileVersion = 0;
  uint64_t alignBytes = 32;
};

/// The Gguf behind a checkpoint, or null if it is of another kind.
const Gguf *asGguf(const Checkpoint &checkpoint);

} // namespace gemmac::import
#endif
