// See Files.h.
#include "test/compiler/import/Files.h"

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <new>
#include <unistd.h>

namespace {
std::atomic<size_t> largest{0};

void *watched(size_t size) {
  size_t seen = largest.load();
  while (size > seen && !largest.compare_exchange_weak(seen, size)) {
  }
  if (void *p = std::malloc(size ? size : 1))
    return p;
  throw std::bad_alloc();
}
} // namespace

void *operator new(size_t size) {
  return watched(size);
}
void *operator new[](size_t size) {
  return watched(size);
}
void operator delete(void *p) noexcept {
  std::free(p);
}
void operator delete[](void *p) noexcept {
  std::free(p);
}
void operator delete(void *p, size_t) noexcept {
  std::free(p);
}
void operator delete[](void *p, size_t) noexcept {
  std::free(p);
}

namespace gemmac::import {

void resetLargestAllocation() {
  largest = 0;
}
size_t largestAllocation() {
  return largest;
}

TempFolder::TempFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "import_testXXXXXX").string();
  if (mkdtemp(name.data()))
    where = name;
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(where, ignored);
}

std::string TempFolder::write(const std::string &name, const Bytes &bytes) const {
  std::string path = where + "/" + name;
  std::error_code ignored; // a new file each time: ext4 waits for the disk when one is cut to nothing and written again
  std::filesystem::remove(path, ignored);
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return path;
}

Bytes ggufString(const std::string &text) {
  Bytes out;
  put<uint64_t>(out, text.size());
  return out + text;
}

void GgufFile::key(const std::string &name, uint32_t type, const Bytes &value) {
  Bytes pair = ggufString(name);
  put(pair, type);
  metadata.push_back(pair + value);
}

void GgufFile::u32(const std::string &name, uint32_t value) {
  Bytes bytes;
  put(bytes, value);
  key(name, 4, bytes);
}

void GgufFile::text(const std::string &name, const std::string &value) {
  key(name, 8, ggufString(value));
}

void GgufFile::array(const std::string &name, uint32_t type, uint64_t count, const Bytes &values) {
  Bytes bytes;
  put(bytes, type);
  put(bytes, count);
  key(name, 9, bytes + values);
}

Bytes GgufFile::bytes() const {
  Bytes out = magic;
  put(out, version);
  put<uint64_t>(out, tensorCount < 0 ? tensors.size() : static_cast<uint64_t>(tensorCount));
  put<uint64_t>(out, keyCount < 0 ? metadata.size() : static_cast<uint64_t>(keyCount));
  for (const Bytes &pair : metadata)
    out += pair;
  auto align = [&](Bytes &bytes) { bytes.resize((bytes.size() + alignment - 1) / alignment * alignment); };
  Bytes data;
  for (const TensorInfo &tensor : tensors) {
    align(data);
    put<uint64_t>(out, tensor.nameLength < 0 ? tensor.name.size() : static_cast<uint64_t>(tensor.nameLength));
    out += tensor.name;
    put<uint32_t>(out,
                  tensor.rank < 0 ? static_cast<uint32_t>(tensor.dims.size()) : static_cast<uint32_t>(tensor.rank));
    for (uint64_t dim : tensor.dims)
      put(out, dim);
    put(out, tensor.type);
    put<uint64_t>(out, tensor.offset < 0 ? data.size() : static_cast<uint64_t>(tensor.offset));
    data += tensor.data;
  }
  align(out);
  return out + data;
}

Bytes floats(const std::vector<float> &values) {
  Bytes out;
  for (float value : values)
    put(out, value);
  return out;
}

GgufFile smallGguf() {
  GgufFile file;
  file.text("general.architecture", "test");
  file.u32("test.block_count", 2);
  Bytes lengths;
  for (uint32_t n : {64, 128})
    put(lengths, n);
  file.array("test.feed_forward_length", 4, 2, lengths);
  file.array("tokenizer.ggml.tokens", 8, 3, ggufString("<pad>") + ggufString("") + ggufString("a\nb"));
  file.array("tokenizer.ggml.scores", 6, 3, floats({0, -1, -2.5}));
  Bytes kinds;
  for (int32_t n : {3, 1, -6})
    put(kinds, n);
  file.array("tokenizer.ggml.token_type", 5, 3, kinds);
  file.key("test.flag", 7, Bytes(1, 1));
  file.tensors.push_back({"norm.weight", {3}, kF32, floats({1, 2, 3})});
  Bytes block;
  put<uint16_t>(block, 0x3c00); // scale 1
  for (int i = 0; i < 16; ++i)
    block += static_cast<char>(i | (15 - i) << 4);
  file.tensors.push_back({"q.weight", {32, 2}, kQ4_0, block + block});
  return file;
}

Bytes safetensors(const std::string &header, const Bytes &data) {
  Bytes out;
  put<uint64_t>(out, header.size());
  return out + header + data;
}

const char *const kConfig = R"({"model_type": "test", "text": {"width": 3, "eps": 1e-6, "tied": true, "none": null,
  "kinds": ["a", "b"], "deep": {"theta": 10000.0}, "grid": [[1, 2], [3]], "objects": [{"x": 1}]}, "ids": [1, 106]})";

std::string smallHeader() {
  return R"({"__metadata__":{"format":"pt"},"a.weight":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},)"
         R"("b":{"dtype":"BF16","shape":[4],"data_offsets":[24,32]},"c":{"dtype":"F16","shape":[],"data_offsets":[32,34]}})";
}

Bytes smallData() {
  Bytes data = floats({1, 2, 3, 4, 5, 6});
  for (uint16_t bits : {0x3f80, 0xc000, 0x0000, 0x4040})
    put(data, bits);
  put<uint16_t>(data, 0x3800); // 0.5
  return data;
}

} // namespace gemmac::import
