// Reads GGUF: magic, version, counts, metadata (key, type, value), tensor infos (name, dimensions, type, offset),
// padding, data. Nothing is allocated by a count of the file before the bytes that must stand behind it have been seen
// to be there.
#include "compiler/import/Gguf.h"

#include "compiler/import/Dequantize.h"

#include <algorithm>
#include <cstring>
#include <limits>

namespace gemmac::import {

namespace {

enum ValueType : uint32_t { U8, I8, U16, I16, U32, I32, F32, Bool, String, Array, U64, I64, F64, kValueTypes };
constexpr int kSizes[kValueTypes] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
constexpr const char *kNames[kValueTypes] = {"u8",   "i8",     "u16",   "i16", "u32", "i32", "f32",
                                             "bool", "string", "array", "u64", "i64", "f64"};
constexpr uint64_t kMaxListed = 4096;   ///< longer arrays are not copied into numbers()
constexpr uint64_t kMaxKeys = 65536;    ///< a thousand times as many as any file has
constexpr uint64_t kMaxValues = 262144; ///< copied into numbers(), all arrays together
constexpr uint64_t kMaxName = 65535;
constexpr uint32_t kMaxDimensions = 4;
constexpr int kMaxArrayDepth = 4;

struct StoredType {
  uint32_t id;
  DType type;
  std::string_view name;
};
constexpr StoredType kStoredTypes[] = {
    {0, DType::F32, "F32"},       {1, DType::F16, "F16"},        {2, DType::Q4_0, "Q4_0"},
    {3, DType::Q4_1, "Q4_1"},     {6, DType::Q5_0, "Q5_0"},      {7, DType::Q5_1, "Q5_1"},
    {8, DType::Q8_0, "Q8_0"},     {9, DType::Other, "Q8_1"},     {10, DType::Other, "Q2_K"},
    {11, DType::Other, "Q3_K"},   {12, DType::Q4_K, "Q4_K"},     {13, DType::Q5_K, "Q5_K"},
    {14, DType::Q6_K, "Q6_K"},    {15, DType::Other, "Q8_K"},    {16, DType::Other, "IQ2_XXS"},
    {17, DType::Other, "IQ2_XS"}, {18, DType::Other, "IQ3_XXS"}, {19, DType::Other, "IQ1_S"},
    {20, DType::Other, "IQ4_NL"}, {21, DType::Other, "IQ3_S"},   {22, DType::Other, "IQ2_S"},
    {23, DType::Other, "IQ4_XS"}, {24, DType::Other, "I8"},      {25, DType::Other, "I16"},
    {26, DType::Other, "I32"},    {27, DType::Other, "I64"},     {28, DType::Other, "F64"},
    {29, DType::Other, "IQ1_M"},  {30, DType::BF16, "BF16"},     {34, DType::Other, "TQ1_0"},
    {35, DType::Other, "TQ2_0"},  {39, DType::Other, "MXFP4"},
};

template <class T> T load(const uint8_t *p) {
  T value;
  std::memcpy(&value, p, sizeof(T));
  return value;
}

/// A number or bool of the file; strings and arrays are not asked for.
config::Scalar loadScalar(uint32_t type, const uint8_t *p) {
  switch (type) {
  case U8:
    return static_cast<double>(load<uint8_t>(p));
  case I8:
    return static_cast<double>(load<int8_t>(p));
  case U16:
    return static_cast<double>(load<uint16_t>(p));
  case I16:
    return static_cast<double>(load<int16_t>(p));
  case U32:
    return static_cast<double>(load<uint32_t>(p));
  case I32:
    return static_cast<double>(load<int32_t>(p));
  case F32:
    return static_cast<double>(load<float>(p));
  case Bool:
    return load<uint8_t>(p) != 0;
  case U64:
    return static_cast<double>(load<uint64_t>(p));
  case I64:
    return static_cast<double>(load<int64_t>(p));
  case F64:
    return load<double>(p);
  default:
    return {};
  }
}

std::string number(uint64_t value) {
  return std::to_string(value);
}

} // namespace

/// Walks the file once. Every take* either advances inside of the file or sets `error`, after which all of them return
/// zeros.
class GgufReader {
public:
  GgufReader(Gguf &gguf, const MappedFile &file) : gguf(gguf), path(file.path()), bytes(file.bytes()) {}

  Status run() {
    header();
    for (uint64_t i = 0; i < keyCount && error.empty(); ++i)
      metadata(i);
    if (error.empty())
      alignment();
    for (uint64_t i = 0; i < tensorCount && error.empty(); ++i)
      tensorInfo(i);
    if (error.empty())
      tensorData();
    if (!error.empty())
      return Error{path + ": " + error};
    if (Status apart = checkOverlap(gguf.all); !apart)
      return apart;
    return sortTensors(gguf.all);
  }

private:
  uint64_t left() const { return bytes.size() - at; }

  void fail(const std::string &message) {
    if (error.empty())
      error = message;
  }

  const uint8_t *takeBytes(uint64_t count, const std::string &what) {
    if (!error.empty())
      return nullptr;
    if (count > left()) {
      fail(what + " needs " + number(count) + " bytes at byte " + number(at) + ", but the file has " +
           number(bytes.size()) + ": truncated?");
      return nullptr;
    }
    const uint8_t *p = bytes.data() + at;
    at += count;
    return p;
  }

  template <class T> T take(const std::string &what) {
    const uint8_t *p = takeBytes(sizeof(T), what);
    return p ? load<T>(p) : T();
  }

  std::string_view takeString(const std::string &what, uint64_t limit = std::numeric_limits<uint64_t>::max()) {
    auto length = take<uint64_t>("the length of " + what);
    if (length > limit) {
      fail(what + " claims " + number(length) + " bytes; at most " + number(limit) + " can be right");
      return {};
    }
    const uint8_t *p = takeBytes(length, what);
    return p ? std::string_view(reinterpret_cast<const char *>(p), length) : std::string_view();
  }

  void header() {
    if (bytes.size() < 24)
      return fail(number(bytes.size()) + " bytes are too few for a GGUF file: truncated?");
    if (std::memcmp(takeBytes(4, "magic"), "GGUF", 4) != 0)
      return fail("not a GGUF file: it does not begin with 'GGUF'");
    gguf.fileVersion = take<uint32_t>("version");
    if (gguf.fileVersion == 0x02000000 || gguf.fileVersion == 0x03000000)
      return fail("a big-endian GGUF file; only little-endian ones can be read");
    if (gguf.fileVersion != 2 && gguf.fileVersion != 3)
      return fail("GGUF version " + number(gguf.fileVersion) + "; 2 and 3 can be read");
    tensorCount = take<uint64_t>("tensor count");
    keyCount = take<uint64_t>("metadata count");
    if (keyCount > left() / 13) // key length, key, type, value
      return fail("claims " + number(keyCount) + " metadata keys, more than its " + number(bytes.size()) +
                  " bytes can hold");
    if (keyCount > kMaxKeys)
      return fail("has " + number(keyCount) + " metadata keys; at most " + number(kMaxKeys) + " are read");
    if (tensorCount > left() / 24) // name length, dimensions, type, offset
      return fail("claims " + number(tensorCount) + " tensors, more than its " + number(bytes.size()) +
                  " bytes can hold");
  }

  /// Advances over `count` values of `type`; strings and nested arrays are walked.
  void skipValues(uint32_t type, uint64_t count, const std::string &what, int depth) {
    if (type >= kValueTypes)
      return fail(what + " has unknown type " + number(type));
    if (type != String && type != Array) {
      if (count > left() / kSizes[type])
        return fail(what + " claims " + number(count) + " values of " + kNames[type] + " at byte " + number(at) +
                    ", but the file has " + number(bytes.size()) + " bytes: truncated?");
      at += count * kSizes[type];
      return;
    }
    if (count > left() / (type == String ? 8 : 12))
      return fail(what + " claims " + number(count) + " " + kNames[type] + "s, more than the " + number(left()) +
                  " bytes left can hold");
    if (type == Array && depth >= kMaxArrayDepth)
      return fail(what + " nests arrays deeper than " + number(kMaxArrayDepth));
    for (uint64_t i = 0; i < count && error.empty(); ++i) {
      if (type == String) {
        takeString(what);
        continue;
      }
      auto inner = take<uint32_t>(what);
      auto innerCount = take<uint64_t>(what);
      if (error.empty())
        skipValues(inner, innerCount, what, depth + 1);
    }
  }

  void metadata(uint64_t index) {
    std::string_view keyText = takeString("metadata key " + number(index), kMaxName);
    if (error.empty() && keyText.empty())
      fail("metadata key " + number(index) + " is empty");
    if (!error.empty())
      return;
    std::string key(keyText), what = "metadata '" + printable(key) + "'";
    Gguf::Field field;
    field.type = take<uint32_t>(what);
    if (field.type == Array) {
      field.elementType = take<uint32_t>(what);
      field.count = take<uint64_t>(what);
      field.data = bytes.data() + at;
      if (error.empty())
        skipValues(field.elementType, field.count, what, 1);
    } else if (error.empty()) {
      field.data = bytes.data() + at;
      skipValues(field.type, 1, what, 1);
    }
    if (!error.empty())
      return;
    if (!gguf.fields.emplace(key, field).second)
      return fail(what + " stands twice");
    addNumber(key, field);
  }

  void addNumber(const std::string &key, const Gguf::Field &field) {
    config::Value value;
    value.where.file = path;
    if (field.type == String) {
      value.scalar = std::string(*GgufStrings(field.data, 1).begin());
    } else if (field.type != Array) {
      value.scalar = loadScalar(field.type, field.data);
    } else {
      if (field.count > kMaxListed || field.elementType == Array)
        return;
      listed += field.count;
      if (listed > kMaxValues)
        return fail("has more than " + number(kMaxValues) + " values in the short arrays of its metadata");
      value.isList = true;
      if (field.elementType == String)
        for (std::string_view text : GgufStrings(field.data, static_cast<int64_t>(field.count)))
          value.list.push_back(std::string(text));
      else
        for (uint64_t i = 0; i < field.count; ++i)
          value.list.push_back(loadScalar(field.elementType, field.data + i * kSizes[field.elementType]));
    }
    gguf.values.emplace(key, std::move(value));
  }

  void alignment() {
    auto split = gguf.fields.find("split.count");
    if (split != gguf.fields.end() && split->second.type == U16 && load<uint16_t>(split->second.data) > 1)
      return fail("one of " + number(load<uint16_t>(split->second.data)) +
                  " parts of a split GGUF file; merge them into one file first");
    auto field = gguf.fields.find("general.alignment");
    if (field == gguf.fields.end())
      return;
    if (field->second.type != U32)
      return fail("general.alignment must be a u32");
    gguf.alignBytes = load<uint32_t>(field->second.data);
    if (gguf.alignBytes == 0 || gguf.alignBytes > (1 << 20) || (gguf.alignBytes & (gguf.alignBytes - 1)))
      fail("general.alignment is " + number(gguf.alignBytes) + "; it must be a power of two of at most 1048576");
  }

  void tensorInfo(uint64_t index) {
    Tensor tensor;
    tensor.file = path;
    tensor.name = takeString("the name of tensor " + number(index), kMaxName);
    std::string what = "tensor '" + printable(tensor.name) + "'";
    if (error.empty() && tensor.name.empty())
      fail("the name of tensor " + number(index) + " is empty");
    auto dimensions = take<uint32_t>(what);
    if (dimensions > kMaxDimensions)
      return fail(what + " has " + number(dimensions) + " dimensions; at most 4 can be right");
    for (uint32_t i = 0; i < dimensions; ++i) {
      auto dimension = take<uint64_t>(what);
      if (dimension > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()))
        fail(what + ": dimension " + number(dimension) + " overflows");
      tensor.shape.insert(tensor.shape.begin(), static_cast<int64_t>(dimension));
    }
    auto typeId = take<uint32_t>(what);
    auto offset = take<uint64_t>(what);
    if (!error.empty())
      return;
    const auto *stored = std::find_if(std::begin(kStoredTypes), std::end(kStoredTypes),
                                      [&](const StoredType &t) { return t.id == typeId; });
    bool known = stored != std::end(kStoredTypes);
    tensor.type = known ? stored->type : DType::Other;
    tensor.typeName = known ? std::string(stored->name) : "number " + number(typeId);
    gguf.all.push_back(std::move(tensor));
    offsets.push_back(offset);
  }

  /// Gives every tensor its bytes, now that the place where the data begin is known.
  void tensorData() {
    uint64_t start = (at + gguf.alignBytes - 1) / gguf.alignBytes * gguf.alignBytes;
    uint64_t room = start < bytes.size() ? bytes.size() - start : 0;
    for (size_t i = 0; i < gguf.all.size(); ++i) {
      Tensor &tensor = gguf.all[i];
      std::string what = "tensor '" + printable(tensor.name) + "'";
      if (offsets[i] % gguf.alignBytes)
        return fail(what + ": offset " + number(offsets[i]) + " is not a multiple of the alignment " +
                    number(gguf.alignBytes));
      std::optional<int64_t> elements = elementCount(tensor.shape);
      const TypeInfo &type = typeInfo(tensor.type);
      if (!elements || (type.blockBytes && *elements > (int64_t(1) << 62) / type.blockBytes))
        return fail(what + ": the size of shape " + shapeText(tensor.shape) + " overflows");
      if (type.blockElements > 1 && (tensor.shape.empty() || tensor.shape.back() % type.blockElements))
        return fail(what + ": rows of " + (tensor.shape.empty() ? "1" : std::to_string(tensor.shape.back())) +
                    " elements do not divide into " + tensor.typeName + " blocks of " +
                    std::to_string(type.blockElements));
      uint64_t size =
          static_cast<uint64_t>(*elements / type.blockElements * type.blockBytes); // 0 for types we do not read
      if (offsets[i] > room || size > room - offsets[i])
        return fail(what + ": its " + number(size) + " bytes begin " + number(offsets[i]) + " bytes after byte " +
                    number(start) + ", but the file has " + number(bytes.size()) + " bytes: truncated?");
      tensor.data = bytes.subspan(size ? start + offsets[i] : 0, size);
    }
  }

  Gguf &gguf;
  const std::string &path;
  std::span<const uint8_t> bytes;
  uint64_t at = 0, keyCount = 0, tensorCount = 0, listed = 0;
  std::vector<uint64_t> offsets;
  std::string error;
};

std::string_view GgufStrings::Iterator::operator*() const {
  return {reinterpret_cast<const char *>(at) + 8, load<uint64_t>(at)};
}

GgufStrings::Iterator &GgufStrings::Iterator::operator++() {
  at += 8 + load<uint64_t>(at);
  ++index;
  return *this;
}

Result<std::unique_ptr<Gguf>> Gguf::open(const std::string &path) {
  auto file = MappedFile::open(path);
  if (!file)
    return file.error();
  auto gguf = std::make_unique<Gguf>();
  gguf->kind = Source::Gguf;
  gguf->where = path;
  Status status = GgufReader(*gguf, **file).run();
  if (!status)
    return status.error();
  gguf->files.push_back(std::move(*file));
  return std::move(gguf);
}

Result<Gguf::Field> Gguf::array(std::string_view key, const char *wanted) const {
  auto field = fields.find(key);
  if (field == fields.end())
    return Error{where + ": no metadata '" + printable(key) + "'"};
  if (field->second.type != Array)
    return Error{where + ": metadata '" + printable(key) + "' is a " + kNames[field->second.type] +
                 "; expected an array of " + wanted};
  return field->second;
}

Result<GgufStrings> Gguf::strings(std::string_view key) const {
  Result<Field> field = array(key, "strings");
  if (!field)
    return field.error();
  if (field->elementType != String)
    return Error{where + ": metadata '" + printable(key) + "' is an array of " + kNames[field->elementType] +
                 "; expected strings"};
  return GgufStrings(field->data, static_cast<int64_t>(field->count));
}

Result<std::vector<float>> Gguf::floats(std::string_view key) const {
  Result<Field> field = array(key, "f32");
  if (!field)
    return field.error();
  if (field->elementType != F32)
    return Error{where + ": metadata '" + printable(key) + "' is an array of " + kNames[field->elementType] +
                 "; expected f32"};
  std::vector<float> values(field->count);
  if (!values.empty())
    std::memcpy(values.data(), field->data, values.size() * sizeof(float));
  return values;
}

Result<std::vector<int32_t>> Gguf::ints(std::string_view key) const {
  Result<Field> field = array(key, "i32");
  if (!field)
    return field.error();
  uint32_t type = field->elementType;
  if (type == F32 || type == F64 || type == String || type == Array)
    return Error{where + ": metadata '" + printable(key) + "' is an array of " + kNames[type] + "; expected i32"};
  std::vector<int32_t> values(field->count);
  for (size_t i = 0; i < values.size(); ++i) {
    config::Scalar scalar = loadScalar(type, field->data + i * kSizes[type]);
    double value = std::holds_alternative<bool>(scalar) ? std::get<bool>(scalar) : std::get<double>(scalar);
    if (value < std::numeric_limits<int32_t>::min() || value > std::numeric_limits<int32_t>::max())
      return Error{where + ": metadata '" + printable(key) + "': entry " + std::to_string(i) + " does not fit 32 bits"};
    values[i] = static_cast<int32_t>(value);
  }
  return values;
}

const Gguf *asGguf(const Checkpoint &checkpoint) {
  return dynamic_cast<const Gguf *>(&checkpoint);
}

} // namespace gemmac::import
