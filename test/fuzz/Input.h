// What fuzz targets need: an input as text, as a file, and as one file of a folder beside fixed ones.
#ifndef TEST_FUZZ_INPUT_H
#define TEST_FUZZ_INPUT_H

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <sys/mman.h>
#include <unistd.h>

namespace fuzz {

inline std::string_view text(const uint8_t *data, size_t size) {
  return {reinterpret_cast<const char *>(data), size};
}

/// Ends the run with a finding where something that must hold does not.
inline void must(bool holds, const char *what) {
  if (holds)
    return;
  fprintf(stderr, "does not hold: %s\n", what);
  abort();
}

/// A file in memory with these bytes, for readers that take a path.
class File {
public:
  explicit File(std::string_view bytes) : descriptor(memfd_create("fuzz", MFD_CLOEXEC)) {
    must(descriptor >= 0, "a file in memory can be made");
    must(write(descriptor, bytes.data(), bytes.size()) == ssize_t(bytes.size()), "it can be written");
  }
  File(const File &) = delete;
  ~File() { close(descriptor); }
  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor); }

private:
  int descriptor;
};

/// A folder of its own for the whole process.
class Folder {
public:
  Folder() {
    char name[] = "/tmp/gemmac-fuzz-XXXXXX";
    must(mkdtemp(name) != nullptr, "a folder can be made");
    path = name;
  }
  /// Files stay until the next write of the same name.
  void put(const std::string &name, std::string_view bytes) const {
    FILE *file = fopen((path + "/" + name).c_str(), "wb");
    must(file && fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size() && fclose(file) == 0, "a file is written");
  }
  std::string path;
};

/// A safetensors file of one f32 tensor with four elements.
inline std::string tinySafetensors(const std::string &tensor) {
  std::string header = "{\"" + tensor + "\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[0,16]}}";
  header.resize((header.size() + 7) / 8 * 8, ' ');
  std::string length(8, '\0');
  for (size_t i = 0; i < 8; ++i)
    length[i] = char(header.size() >> (8 * i));
  return length + header + std::string(16, '\0');
}

} // namespace fuzz
#endif
