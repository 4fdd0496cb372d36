// See Manifest.h; runtime/model/Manifest.h reads it.
#include "compiler/emit/Manifest.h"

#include "compiler/import/MappedFile.h"

#include <nlohmann/json.hpp>

#include <filesystem>

using namespace gemmac;

/// Whether the weights come with a chat template: a base model has none, and continues text instead.
static bool hasChatTemplate(const import::Checkpoint &checkpoint) {
  if (checkpoint.source() == import::Source::Gguf)
    return checkpoint.numbers().contains("tokenizer.chat_template");
  if (checkpoint.source() == import::Source::Random)
    return false;
  std::filesystem::path folder = checkpoint.path();
  std::error_code error;
  if (std::filesystem::exists(folder / "chat_template.jinja", error) ||
      std::filesystem::exists(folder / "chat_template.json", error))
    return true;
  Result<std::unique_ptr<import::MappedFile>> file =
      import::MappedFile::open((folder / "tokenizer_config.json").string());
  if (!file)
    return false;
  std::span<const uint8_t> text = (*file)->bytes();
  nlohmann::json config = nlohmann::json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
  return config.is_object() && config.contains("chat_template") && !config["chat_template"].is_null();
}

std::string emit::buildManifest(const config::Model &model, const import::Checkpoint &checkpoint,
                                std::span<const pack::Item> items, const ManifestFacts &facts) {
  nlohmann::ordered_json manifest;
  manifest["model"] = model.family;
  manifest["size"] = model.size;
  manifest["quant"] = facts.quant;
  manifest["kv"] = facts.kv;
  manifest["context"] = facts.context;
  manifest["template"] = hasChatTemplate(checkpoint) ? model.chatTemplate : "";
  manifest["empty_thought"] = model.emptyThought;
  manifest["bos"] = model.bos >= 0 ? nlohmann::ordered_json(model.bos) : nlohmann::ordered_json();
  manifest["add_bos"] = model.bos >= 0;
  manifest["stop_ids"] = model.stopIds;
  manifest["sampling"] = {{"temperature", model.temperature}, {"top_p", model.topP}, {"top_k", model.topK}};
  // The name, not the path: the same weights elsewhere give the same bytes.
  std::string source = facts.weightsSource;
  manifest["weights_source"] =
      source.starts_with("random:") ? source : std::filesystem::path(source).lexically_normal().filename().string();
  std::map<std::string, int64_t> formats;
  for (const pack::Item &item : items)
    if (item.layout != kernel::Layout::Vector)
      ++formats[kernel::name(item.format)];
  manifest["formats"] = formats;
  manifest["layers"] = nlohmann::ordered_json::array(); // the class of each, for certificates
  for (const config::Layer &layer : model.layerList)
    manifest["layers"].push_back(layer.layerClass);
  manifest["compiler_version"] = compilerVersion;
  // A file's name need not be UTF-8; a manifest is.
  return manifest.dump(1, ' ', false, nlohmann::json::error_handler_t::replace);
}
