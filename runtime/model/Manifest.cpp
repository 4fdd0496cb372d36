// The "manifest" section, see Manifest.h.
#include "runtime/model/Manifest.h"

#include "runtime/base/Text.h"

#include <nlohmann/json.hpp>

namespace gemmart {

namespace {

using Json = nlohmann::json;

/// Takes keys out of the manifest and remembers the first one whose value is of the wrong kind.
class Reader {
public:
  Reader(const Json &object, int64_t vocabTokens) : object(object), vocabTokens(vocabTokens) {}

  void text(const char *key, std::string &value) {
    if (const Json *found = find(key); found && expect(found->is_string(), key, "a string"))
      value = withoutControl(found->get_ref<const std::string &>()); // names of files of anybody, shown to people
  }
  void flag(const char *key, bool &value) {
    if (const Json *found = find(key); found && expect(found->is_boolean(), key, "true or false"))
      value = found->get<bool>();
  }
  void real(const Json &from, const char *key, double low, double high, double &value) {
    auto found = from.find(key);
    if (found == from.end())
      return;
    if (expect(found->is_number() && found->get<double>() >= low && found->get<double>() <= high, key,
               "a number in its range"))
      value = found->get<double>();
  }
  void token(const char *key, int32_t &value) {
    if (const Json *found = find(key); found && !found->is_null())
      id(*found, key, value);
  }
  void tokens(const char *key, std::vector<int32_t> &values) {
    const Json *found = find(key);
    if (!found || !expect(found->is_array(), key, "a list of token ids"))
      return;
    for (const Json &item : *found)
      if (int32_t value; id(item, key, value))
        values.push_back(value);
  }
  const Json *find(const char *key) {
    auto found = object.find(key);
    return found == object.end() ? nullptr : &*found;
  }
  bool expect(bool right, const char *key, const char *wanted) {
    if (!right && failure.empty())
      failure = std::string("section 'manifest': ") + key + " must be " + wanted;
    return right;
  }

  std::string failure;

private:
  bool id(const Json &item, const char *key, int32_t &value) {
    bool right = item.is_number_integer() && item.get<int64_t>() >= 0 && item.get<int64_t>() < vocabTokens;
    if (expect(right, key, "made of token ids of the vocabulary"))
      value = item.get<int32_t>();
    return right;
  }
  const Json &object;
  int64_t vocabTokens;
};

} // namespace

Result<Manifest> parseManifest(std::span<const uint8_t> section, int64_t vocabTokens) {
  Json object = Json::parse(section.begin(), section.end(), nullptr, /*allow_exceptions=*/false);
  if (!object.is_object())
    return inputError("section 'manifest' is no JSON object");
  Manifest manifest;
  Reader reader(object, vocabTokens);
  reader.text("model", manifest.model);
  reader.text("size", manifest.size);
  reader.text("quant", manifest.quant);
  reader.text("kv", manifest.kv);
  reader.text("weights_source", manifest.weightsSource);
  reader.text("compiler_version", manifest.compilerVersion);
  reader.text("template", manifest.chatTemplate);
  reader.flag("empty_thought", manifest.emptyThought);
  reader.flag("add_bos", manifest.addBos);
  reader.token("bos", manifest.bos);
  reader.tokens("stop_ids", manifest.stopIds);
  if (const Json *sampling = reader.find("sampling");
      sampling && reader.expect(sampling->is_object(), "sampling", "an object")) {
    double topK = 0;
    reader.real(*sampling, "temperature", 0, 100, manifest.temperature);
    reader.real(*sampling, "top_p", 0, 1, manifest.topP);
    reader.real(*sampling, "top_k", 0, double(INT32_MAX), topK);
    manifest.topK = int64_t(topK);
  }
  if (const Json *layers = reader.find("layers"); layers && reader.expect(layers->is_array(), "layers", "a list"))
    for (const Json &item : *layers)
      if (reader.expect(item.is_string(), "layers", "a list of strings"))
        manifest.layers.push_back(item.get<std::string>());
  if (const Json *formats = reader.find("formats");
      formats && reader.expect(formats->is_object(), "formats", "an object"))
    for (auto item = formats->begin(); item != formats->end(); ++item)
      if (reader.expect(item->is_number_integer(), "formats", "counts by name"))
        manifest.formats[item.key()] = item->get<int64_t>();
  if (!reader.failure.empty())
    return inputError(reader.failure);
  return manifest;
}

} // namespace gemmart
