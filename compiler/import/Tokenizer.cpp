// Finds the tokenizer of a checkpoint and turns it into a section.
#include "compiler/import/Tokenizer.h"

#include "compiler/import/Gguf.h"
#include "compiler/import/TokenizerData.h"

#include <cmath>
#include <filesystem>

namespace gemmac::import {

static Result<TokenizerImport> finish(TokenizerData data) {
  Result<std::vector<uint8_t>> section = buildTokenizerSection(data);
  if (!section)
    return section.error();
  std::string note = "tokenizer: " + std::to_string(data.tokens) + " tokens, " + std::to_string(data.merges.size()) +
                     (data.kind == GM_TOKENIZER_SCORES ? " merges made from scores" : " merges") + ", from " +
                     data.file;
  return TokenizerImport{std::move(*section), {std::move(note)}};
}

static TokenizerImport none(const std::string &file, const std::string &why) {
  return TokenizerImport{{}, {"no tokenizer: " + file + ": " + why}};
}

static Result<TokenizerImport> importFile(const std::string &file, const std::string &folder) {
  std::string unsupported;
  Result<TokenizerData> data = readTokenizerJson(file, unsupported);
  if (!data)
    return data.error();
  if (!unsupported.empty())
    return none(file, unsupported);
  if (Status status = readTokenizerNeighbours(folder, *data); !status)
    return status.error();
  return finish(std::move(*data));
}

/// The scalar of this type under the key, or null.
template <class T> static const T *scalarOf(const Gguf &gguf, const std::string &key) {
  auto found = gguf.numbers().find(key);
  return found == gguf.numbers().end() ? nullptr : std::get_if<T>(&found->second.scalar);
}

static bool flagOf(const Gguf &gguf, const std::string &key, bool otherwise) {
  const bool *flag = scalarOf<bool>(gguf, key);
  return flag ? *flag : otherwise;
}

/// -1 if the key is absent or says "none" (2^32 - 1); -2 if it is no id, which the reader refuses by name.
static int64_t idOf(const Gguf &gguf, const std::string &key) {
  if (!gguf.has(key))
    return -1;
  const double *number = scalarOf<double>(gguf, key);
  if (number && *number == 4294967295.0)
    return -1;
  bool isId = number && *number >= 0 && *number < 4294967295.0 && *number == std::floor(*number);
  return isId ? int64_t(*number) : -2;
}

static Result<TokenizerImport> importGguf(const Gguf &gguf) {
  const std::string prefix = "tokenizer.ggml.";
  GgufTokenizer facts;
  if (!gguf.has(prefix + "tokens") || !gguf.has(prefix + "model"))
    return none(gguf.path(), "the file has no tokenizer.ggml.tokens and tokenizer.ggml.model");
  const std::string *model = scalarOf<std::string>(gguf, prefix + "model");
  if (!model)
    return Error{gguf.path() + ": tokenizer.ggml.model is no string"};
  facts.model = *model;
  if (const std::string *pre = scalarOf<std::string>(gguf, prefix + "pre"))
    facts.pre = *pre;
  for (auto [key, into] : {std::pair("tokens", &facts.tokens), std::pair("merges", &facts.merges)}) {
    if (!gguf.has(prefix + key))
      continue;
    Result<GgufStrings> strings = gguf.strings(prefix + key);
    if (!strings)
      return strings.error();
    into->reserve(size_t(strings->size()));
    for (std::string_view text : *strings)
      into->push_back(text);
  }
  if (gguf.has(prefix + "scores")) {
    Result<std::vector<float>> scores = gguf.floats(prefix + "scores");
    if (!scores)
      return scores.error();
    facts.scores = std::move(*scores);
  }
  if (gguf.has(prefix + "token_type")) {
    Result<std::vector<int32_t>> types = gguf.ints(prefix + "token_type");
    if (!types)
      return types.error();
    facts.types = std::move(*types);
  }
  facts.bos = idOf(gguf, prefix + "bos_token_id");
  facts.eos = idOf(gguf, prefix + "eos_token_id");
  facts.unk = idOf(gguf, prefix + "unknown_token_id");
  facts.pad = idOf(gguf, prefix + "padding_token_id");
  facts.eot = idOf(gguf, prefix + "eot_token_id");
  facts.addBos = flagOf(gguf, prefix + "add_bos_token", facts.model == "llama" && facts.bos >= 0);
  facts.addSpacePrefix = flagOf(gguf, prefix + "add_space_prefix", facts.model == "llama");
  std::string unsupported;
  Result<TokenizerData> data = readTokenizerGguf(facts, gguf.path(), unsupported);
  if (!data)
    return data.error();
  return unsupported.empty() ? finish(std::move(*data)) : none(gguf.path(), unsupported);
}

Result<TokenizerImport> importTokenizer(const Checkpoint &checkpoint) {
  if (checkpoint.source() == Source::Random)
    return TokenizerImport{{}, {"no tokenizer: random weights have none"}};
  if (const Gguf *gguf = asGguf(checkpoint))
    return importGguf(*gguf);
  return importTokenizer(checkpoint.path());
}

Result<TokenizerImport> importTokenizer(const std::string &path) {
  std::error_code error;
  std::filesystem::path given(path);
  if (std::filesystem::is_directory(given, error)) {
    std::string file = (given / "tokenizer.json").string();
    if (!std::filesystem::exists(file, error))
      return none(path, "the folder has no tokenizer.json");
    return importFile(file, path);
  }
  if (given.extension() == ".json")
    return importFile(path, given.parent_path().string());
  Result<std::unique_ptr<Gguf>> gguf = Gguf::open(path);
  if (!gguf)
    return gguf.error();
  return importGguf(**gguf);
}

} // namespace gemmac::import
