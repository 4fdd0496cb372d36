// Reads Hugging Face folders. A safetensors file is: u64 length, a JSON header of that length, then the tensors' bytes;
// the header's offsets count from the end of the header.
#include "compiler/import/Safetensors.h"

#include "compiler/import/Dequantize.h"
#include "compiler/import/Json.h"
#include "compiler/import/Mapped.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <set>

namespace gemmac::import {
namespace {

constexpr uint64_t kMaxHeaderBytes = 100'000'000;
constexpr uint64_t kMaxConfigBytes = 64 << 20;
constexpr size_t kMaxDimensions = 8;

struct StoredType {
  std::string_view name;
  DType type;
  int bits;
};
constexpr StoredType kStoredTypes[] = {
    {"F32", DType::F32, 32},      {"F16", DType::F16, 16},      {"BF16", DType::BF16, 16},
    {"F64", DType::Other, 64},    {"I64", DType::Other, 64},    {"I32", DType::Other, 32},
    {"I16", DType::Other, 16},    {"I8", DType::Other, 8},      {"U64", DType::Other, 64},
    {"U32", DType::Other, 32},    {"U16", DType::Other, 16},    {"U8", DType::Other, 8},
    {"BOOL", DType::Other, 8},    {"C64", DType::Other, 64},    {"F8_E5M2", DType::Other, 8},
    {"F8_E4M3", DType::Other, 8}, {"F8_E8M0", DType::Other, 8}, {"F6_E2M3", DType::Other, 6},
    {"F6_E3M2", DType::Other, 6}, {"F4", DType::Other, 4},
};

/// Events of one header: an object of objects with dtype, shape and data_offsets.
class HeaderEvents : public JsonEvents {
public:
  HeaderEvents(std::string_view file, std::span<const uint8_t> data) : file(file), data(data) {}
  std::vector<Tensor> tensors;

  Problem beginObject() override {
    if (list)
      return about("a list holds an object");
    if (++depth > 2 && !skipping)
      return about("'" + printable(field) + "' is an object");
    return {};
  }
  Problem endObject() override {
    if (--depth != 1)
      return {};
    return skipping ? skipping = false, Problem() : finish();
  }
  Problem beginArray() override {
    if (skipping)
      return {};
    if (depth == 0)
      return "the header is a list, not an object";
    if (depth != 2 || list)
      return about(depth != 2 ? "it is a list, not an object" : "'" + printable(field) + "' is a list of lists");
    list = field == "shape" ? &shape : field == "data_offsets" ? &offsets : nullptr;
    if (!list)
      return about("'" + printable(field) + "' must not be a list");
    return {};
  }
  Problem endArray() override {
    list = nullptr;
    return {};
  }
  Problem key(std::string text, config::Position) override {
    if (depth == 1) {
      name = std::move(text);
      skipping = name == "__metadata__";
      if (!skipping && !seen.insert(name).second)
        return about("the name stands twice");
      typeName.clear();
      shape.clear();
      offsets.clear();
      fields.clear();
      return {};
    }
    field = std::move(text);
    if (!skipping && !fields.insert(field).second)
      return about("'" + printable(field) + "' stands twice");
    return {};
  }
  Problem scalar(JsonScalar value) override {
    if (skipping)
      return {};
    if (depth < 2)
      return depth == 0 ? Problem("the header is not an object") : about("not an object");
    if (list) {
      const auto *number = std::get_if<uint64_t>(&value);
      if (!number)
        return about("'" + printable(field) + "' must hold whole numbers from 0 up");
      if (list->size() >= kMaxDimensions)
        return about("'" + printable(field) + "' has more than " + std::to_string(kMaxDimensions) + " numbers");
      list->push_back(*number);
      return {};
    }
    if (field == "dtype") {
      const auto *text = std::get_if<std::string>(&value);
      if (!text)
        return about("dtype must be a string");
      typeName = *text;
    } else if (field == "shape" || field == "data_offsets") {
      return about("'" + field + "' must be a list");
    }
    return {};
  }

private:
  Problem about(const std::string &what) const {
    return depth == 0 ? what : "tensor '" + printable(name) + "': " + what;
  }

  Problem finish() {
    for (const char *needed : {"dtype", "shape", "data_offsets"})
      if (!fields.count(needed))
        return about(std::string("no '") + needed + "'");
    const auto *stored = std::find_if(std::begin(kStoredTypes), std::end(kStoredTypes),
                                      [&](const StoredType &t) { return t.name == typeName; });
    if (stored == std::end(kStoredTypes))
      return about("unknown dtype '" + printable(typeName) + "'");
    if (offsets.size() != 2 || offsets[0] > offsets[1])
      return about("data_offsets must be two numbers, the second one not smaller");
    if (offsets[1] > data.size())
      return about("its data end " + std::to_string(offsets[1]) + " bytes after the header, but the file has only " +
                   std::to_string(data.size()) + " there: truncated?");
    Tensor tensor;
    bool fits = true;
    for (uint64_t dimension : shape) {
      fits &= dimension < uint64_t(1) << 62;
      tensor.shape.push_back(static_cast<int64_t>(dimension & ~(uint64_t(3) << 62)));
    }
    std::optional<int64_t> elements = fits ? elementCount(tensor.shape) : std::nullopt;
    if (!elements || *elements > (int64_t(1) << 62) / stored->bits)
      return about("the shape's size overflows");
    uint64_t bytes = (static_cast<uint64_t>(*elements) * stored->bits + 7) / 8;
    if (bytes != offsets[1] - offsets[0])
      return about("shape " + shapeText(tensor.shape) + " of " + typeName + " takes " + std::to_string(bytes) +
                   " bytes, but data_offsets span " + std::to_string(offsets[1] - offsets[0]));
    tensor.name = name;
    tensor.type = stored->type;
    tensor.typeName = typeName;
    tensor.data = data.subspan(offsets[0], bytes);
    tensor.file = file;
    tensors.push_back(std::move(tensor));
    return {};
  }

  std::string file;
  std::span<const uint8_t> data;
  int depth = 0;
  bool skipping = false; ///< inside of __metadata__
  std::string name, field, typeName;
  std::vector<uint64_t> shape, offsets;
  std::vector<uint64_t> *list = nullptr;
  std::set<std::string> seen, fields;
};

/// Events of config.json.
class ConfigEvents : public JsonEvents {
public:
  std::map<std::string, config::Value> values;

  Problem beginObject() override {
    if (lists)
      plain = false, ++objectsInList;
    else
      path.push_back(pending);
    return {};
  }
  Problem endObject() override {
    if (lists)
      --objectsInList;
    else
      path.pop_back();
    return {};
  }
  Problem beginArray() override {
    if (path.empty())
      return "the text is a list, not an object";
    if (++lists > 1)
      plain = false;
    else
      current = {}, plain = true;
    return {};
  }
  Problem endArray() override {
    if (--lists || !plain)
      return {};
    current.isList = true;
    current.where = where;
    return add(std::move(current));
  }
  Problem key(std::string name, config::Position position) override {
    if (lists)
      return {};
    where = std::move(position);
    pending = path.size() > 1 ? path.back() + "." + name : std::move(name);
    return {};
  }
  Problem scalar(JsonScalar value) override {
    if (path.empty())
      return "the text is not an object";
    config::Scalar scalar;
    if (auto *flag = std::get_if<bool>(&value))
      scalar = *flag;
    else if (auto *whole = std::get_if<uint64_t>(&value))
      scalar = static_cast<double>(*whole);
    else if (auto *number = std::get_if<double>(&value))
      scalar = *number;
    else if (auto *text = std::get_if<std::string>(&value))
      scalar = std::move(*text);
    if (lists) {
      if (plain)
        current.list.push_back(std::move(scalar));
      return {};
    }
    config::Value single;
    single.scalar = std::move(scalar);
    single.where = where;
    return add(std::move(single));
  }

private:
  Problem add(config::Value value) {
    if (!values.emplace(pending, std::move(value)).second)
      return "line " + std::to_string(where.line) + ": key '" + printable(pending) + "' stands twice";
    return {};
  }

  std::vector<std::string> path; ///< full names of the open objects; the outermost one is ""
  std::string pending;           ///< full name of the last key
  config::Position where;
  config::Value current;
  int lists = 0, objectsInList = 0;
  bool plain = true;
};

/// Events of an index: only weight_map matters.
class IndexEvents : public JsonEvents {
public:
  std::map<std::string, std::string> fileOf;
  bool found = false;

  Problem beginObject() override {
    ++depth;
    if (depth == 2 && outer == "weight_map")
      found = inside = true;
    return depth > 2 && inside ? Problem("weight_map holds an object") : Problem();
  }
  Problem endObject() override {
    if (--depth == 1)
      inside = false;
    return {};
  }
  Problem beginArray() override { return inside ? Problem("weight_map holds a list") : Problem(); }
  Problem endArray() override { return {}; }
  Problem key(std::string name, config::Position) override {
    (depth == 1 ? outer : tensor) = std::move(name);
    return {};
  }
  Problem scalar(JsonScalar value) override {
    if (!inside)
      return {};
    auto *file = std::get_if<std::string>(&value);
    if (!file || file->empty() || file->find('/') != std::string::npos || file->find('\0') != std::string::npos)
      return "weight_map: '" + printable(tensor) + "' must name a file of this folder";
    if (!fileOf.emplace(tensor, *file).second)
      return "weight_map: tensor '" + printable(tensor) + "' stands twice";
    return {};
  }

private:
  int depth = 0;
  bool inside = false;
  std::string outer, tensor;
};

std::string_view textOf(const MappedFile &file) {
  return {reinterpret_cast<const char *>(file.bytes().data()), file.bytes().size()};
}

/// Opens a JSON file of at most 64 MiB (config) or 100 MB (index).
Result<std::unique_ptr<MappedFile>> openText(const std::string &path, uint64_t limit) {
  auto file = MappedFile::open(path);
  if (file && (*file)->bytes().size() > limit)
    return Error{path + ": " + std::to_string((*file)->bytes().size()) + " bytes are too many; at most " +
                 std::to_string(limit)};
  return file;
}

class Folder : public MappedCheckpoint {
public:
  Status open(const std::string &path);

private:
  Status addFile(const std::string &path);
  Status openIndexed(const std::string &indexPath);
  Status readProcessor();
};

Status Folder::addFile(const std::string &path) {
  auto file = MappedFile::open(path);
  if (!file)
    return file.error();
  auto tensors = readSafetensorsHeader(**file);
  if (!tensors)
    return tensors.error();
  files.push_back(std::move(*file));
  std::move(tensors->begin(), tensors->end(), std::back_inserter(all));
  return Ok{};
}

Status Folder::openIndexed(const std::string &indexPath) {
  auto text = openText(indexPath, kMaxHeaderBytes);
  if (!text)
    return text.error();
  IndexEvents index;
  if (Status parsed = readJson(textOf(**text), indexPath, index); !parsed)
    return parsed;
  if (!index.found || index.fileOf.empty())
    return Error{indexPath + ": no 'weight_map' with tensors in it"};
  std::set<std::string> names;
  for (const auto &[tensor, file] : index.fileOf)
    names.insert(file);
  for (const std::string &name : names)
    if (Status added = addFile(where + "/" + name); !added)
      return Error{added.error().message + " (a shard named by " + indexPath + ")"};
  if (Status sorted = sortTensors(all); !sorted)
    return sorted;
  std::string problems;
  auto report = [&](const std::string &line) { problems += (problems.empty() ? "" : "\n") + indexPath + ": " + line; };
  for (const Tensor &t : all) {
    std::string shard = t.file.substr(where.size() + 1);
    auto entry = index.fileOf.find(t.name);
    if (entry == index.fileOf.end())
      report("tensor '" + printable(t.name) + "' of " + shard + " is not in weight_map");
    else if (entry->second != shard)
      report("tensor '" + printable(t.name) + "' lies in " + shard + ", but weight_map says " + entry->second);
  }
  for (const auto &[tensor, file] : index.fileOf)
    if (!find(tensor))
      report("tensor '" + printable(tensor) + "' is not in " + file);
  if (!problems.empty())
    return Error{problems};
  return Ok{};
}

/// Adds the numbers of processor_config.json, where there is one, under "processor_config.".
Status Folder::readProcessor() {
  std::string file = where + "/processor_config.json";
  std::error_code problem;
  if (!std::filesystem::exists(file, problem))
    return Ok{};
  auto text = openText(file, kMaxConfigBytes);
  if (!text)
    return text.error();
  auto flat = flattenConfig(textOf(**text), file);
  if (!flat)
    return flat.error();
  for (auto &[name, value] : *flat)
    values.emplace("processor_config." + name, std::move(value));
  return Ok{};
}

Status Folder::open(const std::string &path) {
  namespace fs = std::filesystem;
  kind = Source::HuggingFace;
  where = path;
  while (where.size() > 1 && where.back() == '/')
    where.pop_back();
  auto config = openText(where + "/config.json", kMaxConfigBytes);
  if (!config)
    return config.error();
  auto flat = flattenConfig(textOf(**config), where + "/config.json");
  if (!flat)
    return flat.error();
  values = std::move(*flat);
  if (Status read = readProcessor(); !read)
    return read;

  std::vector<std::string> plain, indexes;
  std::error_code problem;
  for (fs::directory_iterator it(where, problem), end; !problem && it != end; it.increment(problem)) {
    std::string name = it->path().filename().string();
    if (name.ends_with(".safetensors"))
      plain.push_back(name);
    else if (name.ends_with(".safetensors.index.json"))
      indexes.push_back(name);
  }
  if (problem)
    return Error{where + ": " + problem.message()};
  std::sort(plain.begin(), plain.end());
  if (std::binary_search(plain.begin(), plain.end(), "model.safetensors") || (indexes.empty() && plain.size() == 1)) {
    bool whole = std::binary_search(plain.begin(), plain.end(), "model.safetensors");
    if (Status added = addFile(where + "/" + (whole ? "model.safetensors" : plain[0])); !added)
      return added;
    return sortTensors(all);
  }
  if (indexes.size() == 1)
    return openIndexed(where + "/" + indexes[0]);
  if (plain.empty() && indexes.empty())
    return Error{where + ": no *.safetensors in this folder"};
  return Error{where + ": " + std::to_string(plain.size()) + " safetensors files and " +
               std::to_string(indexes.size()) +
               " indexes; expected model.safetensors, or shards with one *.safetensors.index.json"};
}

} // namespace

Result<std::vector<Tensor>> readSafetensorsHeader(const MappedFile &file) {
  std::span<const uint8_t> bytes = file.bytes();
  uint64_t length = 0;
  if (bytes.size() < 8)
    return Error{file.path() + ": " + std::to_string(bytes.size()) + " bytes are too few for a safetensors file"};
  std::memcpy(&length, bytes.data(), 8);
  if (length > kMaxHeaderBytes)
    return Error{file.path() + ": the header claims " + std::to_string(length) + " bytes; at most " +
                 std::to_string(kMaxHeaderBytes) + " can be right: not a safetensors file?"};
  if (length > bytes.size() - 8)
    return Error{file.path() + ": the header claims " + std::to_string(length) + " bytes, but the file has " +
                 std::to_string(bytes.size()) + ": truncated?"};
  std::string_view header(reinterpret_cast<const char *>(bytes.data()) + 8, length);
  if (!header.starts_with('{'))
    return Error{file.path() + ": the header does not begin with '{': not a safetensors file?"};
  HeaderEvents events(file.path(), bytes.subspan(8 + length));
  if (Status parsed = readJson(header, file.path(), events); !parsed)
    return parsed.error();
  if (Status apart = checkOverlap(events.tensors); !apart)
    return apart.error();
  return std::move(events.tensors);
}

Result<std::map<std::string, config::Value>> flattenConfig(std::string_view text, const std::string &file) {
  ConfigEvents events;
  if (Status parsed = readJson(text, file, events); !parsed)
    return parsed.error();
  return std::move(events.values);
}

Result<std::unique_ptr<Checkpoint>> openFolder(const std::string &path) {
  auto folder = std::make_unique<Folder>();
  if (Status opened = folder->open(path); !opened)
    return opened.error();
  return std::unique_ptr<Checkpoint>(std::move(folder));
}

} // namespace gemmac::import
