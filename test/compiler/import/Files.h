// Small weight files, made byte by byte, so that tests can break them anywhere; and a watch over allocations.
#ifndef TEST_COMPILER_IMPORT_FILES_H
#define TEST_COMPILER_IMPORT_FILES_H

#include "compiler/import/Checkpoint.h"

#include <cstring>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace gemmac::import {

using Bytes = std::string;

template <class T> void put(Bytes &out, T value) {
  out.append(reinterpret_cast<const char *>(&value), sizeof value);
}

/// A folder that goes away with the object.
class TempFolder {
public:
  TempFolder();
  ~TempFolder();
  std::string path() const { return where; }
  std::string write(const std::string &name, const Bytes &bytes) const;

private:
  std::string where;
};

/// "F32" etc. of the GGUF file format.
enum GgufType : uint32_t { kF32 = 0, kF16 = 1, kQ4_0 = 2, kQ8_0 = 8, kQ2_K = 10, kQ4_K = 12, kBF16 = 30 };

/// A GGUF file in pieces. Every number can be overwritten before bytes() is called.
struct GgufFile {
  struct TensorInfo {
    std::string name;
    std::vector<uint64_t> dims; ///< innermost first, as in the file
    uint32_t type = kF32;
    Bytes data;
    int64_t offset = -1; ///< < 0: where it falls
    int64_t rank = -1, nameLength = -1;
  };
  std::string magic = "GGUF";
  uint32_t version = 3;
  int64_t tensorCount = -1, keyCount = -1; ///< < 0: the true ones
  std::vector<Bytes> metadata;             ///< encoded pairs
  std::vector<TensorInfo> tensors;
  uint64_t alignment = 32;

  void key(const std::string &name, uint32_t type, const Bytes &value);
  void u32(const std::string &name, uint32_t value);
  void text(const std::string &name, const std::string &value);
  void array(const std::string &name, uint32_t type, uint64_t count, const Bytes &values);
  Bytes bytes() const;
};

Bytes ggufString(const std::string &text);

/// A file with every sort of thing in it. The last tensor ends with the file.
GgufFile smallGguf();

/// 8-byte length, header, data.
Bytes safetensors(const std::string &header, const Bytes &data);

/// The floats as bytes.
Bytes floats(const std::vector<float> &values);

/// A small valid folder: config.json and one file with tensors "a.weight" [2, 3] F32, "b" [4] BF16, "c" [] F16.
extern const char *const kConfig;
std::string smallHeader();
Bytes smallData();

/// Largest single allocation since the last reset, of this process.
void resetLargestAllocation();
size_t largestAllocation();

} // namespace gemmac::import
#endif
