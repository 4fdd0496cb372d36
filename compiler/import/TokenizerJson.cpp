// Reads Hugging Face's tokenizer.json (model BPE) and the small files beside it that name the special tokens. The two
// big tables, vocabulary and merges, are taken out while the text is parsed and never become a document tree.
#include "compiler/import/TokenizerData.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <unordered_map>

namespace gemmac::import {

using Json = nlohmann::json;

namespace {

constexpr uintmax_t maxFileBytes = 128u << 20; ///< three times the largest tokenizer known
constexpr int maxDepth = 64;

/// The big tables as they stand in the file.
struct Tables {
  std::vector<std::pair<std::string, int64_t>> vocab;
  std::vector<std::pair<std::string, std::string>> merges;
  bool vocabSeen = false, mergesSeen = false;
  std::string problem; ///< the first wrong type found in one of them
};

/// Fills Tables from parse events; answers whether the value stays in the document tree.
class TableReader {
public:
  explicit TableReader(Tables &tables) : tables(tables) {}
  bool operator()(int depth, Json::parse_event_t event, Json &value);

private:
  bool vocabEvent(Json::parse_event_t event, Json &value);
  bool mergesEvent(int depth, Json::parse_event_t event, Json &value);
  void blame(std::string what) {
    if (tables.problem.empty())
      tables.problem = std::move(what);
  }
  Tables &tables;
  std::string keys[2]; ///< the open keys of depth 1 and 2
  std::string token;
  std::vector<std::string> parts;
};

} // namespace

bool TableReader::vocabEvent(Json::parse_event_t event, Json &value) {
  if (event == Json::parse_event_t::key) {
    token = std::move(value.get_ref<std::string &>());
    return false;
  }
  if (event == Json::parse_event_t::value) {
    if (value.is_number_integer() && value >= 0 && value <= int64_t(1) << 40)
      tables.vocab.emplace_back(std::move(token), value.get<int64_t>());
    else
      blame("model.vocab: the id of token " + Json(token).dump() + " is " + value.dump() +
            "; an id is a whole number from 0");
    return false;
  }
  if (event == Json::parse_event_t::object_start || event == Json::parse_event_t::array_start)
    blame("model.vocab: a table stands where the id of token " + Json(token).dump() + " should");
  return false;
}

bool TableReader::mergesEvent(int depth, Json::parse_event_t event, Json &value) {
  auto blameHere = [&](const std::string &what) {
    blame("model.merges[" + std::to_string(tables.merges.size()) + "]: " + what);
  };
  switch (event) {
  case Json::parse_event_t::array_start:
    parts.clear();
    if (depth > 3)
      blameHere("an array inside of a merge");
    return true;
  case Json::parse_event_t::array_end:
    if (parts.size() == 2)
      tables.merges.emplace_back(std::move(parts[0]), std::move(parts[1]));
    else
      blameHere("an array of " + std::to_string(parts.size()) + "; a merge has two parts");
    parts.clear();
    return false;
  case Json::parse_event_t::value:
    if (!value.is_string()) {
      blameHere(value.dump() + "; a merge is two strings");
    } else if (depth > 3) {
      parts.push_back(std::move(value.get_ref<std::string &>()));
      if (parts.size() > 2)
        blameHere("more than two parts");
    } else {
      const auto &line = value.get_ref<const std::string &>();
      size_t space = line.find(' ');
      if (space == std::string::npos || line.find(' ', space + 1) != std::string::npos)
        blameHere(value.dump() + "; a merge is two strings with one space between");
      else
        tables.merges.emplace_back(line.substr(0, space), line.substr(space + 1));
    }
    return false;
  default:
    if (event != Json::parse_event_t::key)
      blameHere("an object; a merge is two strings");
    return false;
  }
}

bool TableReader::operator()(int depth, Json::parse_event_t event, Json &value) {
  using Event = Json::parse_event_t;
  if (event == Event::key && (depth == 1 || depth == 2))
    keys[depth - 1] = value.get_ref<const std::string &>();
  if (!tables.problem.empty() && event == Event::value)
    return false;
  bool inVocab = depth >= 2 && keys[0] == "model" && keys[1] == "vocab";
  bool inMerges = depth >= 2 && keys[0] == "model" && keys[1] == "merges";
  if (depth == 2 && (inVocab || inMerges)) {
    // The table itself: opened, closed, or a value of the wrong type.
    if (event == Event::value)
      blame("model." + keys[1] + ": " + value.dump() + (inVocab ? "; it is an object" : "; it is an array"));
    else if (event == (inVocab ? Event::object_start : Event::array_start))
      (inVocab ? tables.vocabSeen : tables.mergesSeen) = true;
    else if (event == Event::object_start || event == Event::array_start)
      blame("model." + keys[1] + (inVocab ? " is an array; it is an object" : " is an object; it is an array"));
    return true;
  }
  if (inVocab)
    return vocabEvent(event, value);
  if (inMerges)
    return mergesEvent(depth, event, value);
  return true;
}

/// Reads a small or large JSON file; `tables` may be null.
static Result<Json> parseFile(const std::string &file, Tables *tables) {
  std::error_code error;
  uintmax_t size = std::filesystem::file_size(file, error);
  if (error)
    return Error{file + ": " + error.message()};
  if (size > maxFileBytes)
    return Error{file + ": " + std::to_string(size) + " bytes; a tokenizer's files have at most " +
                 std::to_string(maxFileBytes)};
  std::string text(size, '\0');
  std::ifstream stream(file, std::ios::binary);
  if (!stream.read(text.data(), std::streamsize(size)))
    return Error{file + ": cannot be read"};
  Tables unused;
  TableReader reader(tables ? *tables : unused);
  try {
    return Json::parse(text, [&](int depth, Json::parse_event_t event, Json &value) {
      if (depth > maxDepth)
        throw std::length_error("more than " + std::to_string(maxDepth) + " levels");
      return !tables || reader(depth, event, value);
    });
  } catch (const std::length_error &problem) {
    return Error{file + ": not valid JSON: " + problem.what()};
  } catch (const Json::exception &problem) {
    std::string what = problem.what(); // "[json.exception.parse_error.101] parse error at line 1, column 2: ..."
    size_t end = what.find("] ");
    return Error{file + ": not valid JSON: " + (end == std::string::npos ? what : what.substr(end + 2))};
  }
}

/// A member of an object, or null if there is none.
static const Json *member(const Json &object, std::string_view key) {
  if (!object.is_object())
    return nullptr;
  auto found = object.find(key);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

static std::string textMember(const Json &object, std::string_view key) {
  const Json *value = member(object, key);
  return value && value->is_string() ? value->get<std::string>() : std::string();
}

static bool trueMember(const Json &object, std::string_view key) {
  const Json *value = member(object, key);
  return value && value->is_boolean() && value->get<bool>();
}

/// A pattern or content that is `{"String": text}`.
static bool isPattern(const Json &object, std::string_view text) {
  const Json *pattern = member(object, "pattern");
  return pattern && textMember(*pattern, "String") == text;
}

/// Sets the flags for a normaliser that only turns spaces into marks; false for any other.
static bool readNormalizer(const Json *normalizer, TokenizerData &data) {
  if (!normalizer)
    return true;
  std::string type = textMember(*normalizer, "type");
  if (type == "Replace" && isPattern(*normalizer, " ") && textMember(*normalizer, "content") == spaceMark) {
    data.flags |= GM_TOKENIZER_SPACE_MARK;
    return true;
  }
  if (type == "Prepend" && textMember(*normalizer, "prepend") == spaceMark) {
    data.flags |= GM_TOKENIZER_SPACE_PREFIX;
    return true;
  }
  const Json *list = member(*normalizer, "normalizers");
  if (type != "Sequence" || !list || !list->is_array())
    return false;
  for (const Json &part : *list)
    if (!readNormalizer(&part, data))
      return false;
  return true;
}

/// True for pre-tokenisers that cut nothing: after spaces became marks there is no space to split at.
static bool cutsNothing(const Json *pre, const TokenizerData &data) {
  if (!pre)
    return true;
  return textMember(*pre, "type") == "Split" && isPattern(*pre, " ") && !trueMember(*pre, "invert") &&
         (data.flags & GM_TOKENIZER_SPACE_MARK);
}

/// Whether this pre-tokeniser, or one of its parts, is ByteLevel.
static bool isByteLevel(const Json *pre) {
  if (!pre)
    return false;
  const Json *list = member(*pre, "pretokenizers");
  if (!list || !list->is_array())
    return textMember(*pre, "type") == "ByteLevel";
  return std::any_of(list->begin(), list->end(), [](const Json &part) { return isByteLevel(&part); });
}

/// Turns the parts of a byte-level pre-tokeniser into stages that cut text; what is not known of them, or nothing.
static std::string readStages(const Json &pre, TokenizerData &data) {
  if (const Json *list = member(pre, "pretokenizers"); list && list->is_array()) {
    for (const Json &part : *list)
      if (std::string problem = readStages(part, data); !problem.empty())
        return problem;
    return "";
  }
  std::string type = textMember(pre, "type");
  const Json *pattern = member(pre, "pattern");
  if (type == "ByteLevel" && !trueMember(pre, "add_prefix_space")) {
    const Json *regex = member(pre, "use_regex");
    return regex && *regex == false ? "" : addSplitStage(kGpt2Pattern, data.split);
  }
  if (type == "Digits" && trueMember(pre, "individual_digits")) {
    addDigitStage(data.split);
    return "";
  }
  if (type == "Split" && pattern && textMember(pre, "behavior") == "Isolated" && !trueMember(pre, "invert"))
    return addSplitStage(textMember(*pattern, "Regex"), data.split);
  return "it is none that gemmac knows";
}

/// Why a byte-level tokenizer cannot be used, or nothing.
static std::string readByteLevel(const Json &root, const Json &pre, TokenizerData &data) {
  data.flags |= GM_TOKENIZER_BYTE_LEVEL;
  if (const Json *normalizer = member(root, "normalizer"))
    return "its normalizer is " + normalizer->dump().substr(0, 200) + "; beside ByteLevel gemmac knows none";
  if (std::string problem = readStages(pre, data); !problem.empty())
    return "its pre_tokenizer is " + pre.dump().substr(0, 400) + "; " + problem;
  if (data.split.items.empty()) // ByteLevel alone, without its pattern: all of a text is one piece
    return "its pre_tokenizer cuts nothing";
  return "";
}

/// Why gemmac cannot use this tokenizer, or nothing.
static std::string whyUnsupported(const Json &root, TokenizerData &data) {
  const Json &model = root["model"];
  std::string type = textMember(model, "type");
  if (!type.empty() && type != "BPE")
    return "its model is " + type + "; gemmac knows BPE, byte-level or with byte fallback";
  const Json *pre = member(root, "pre_tokenizer");
  bool byteLevel = isByteLevel(pre);
  if (byteLevel)
    if (std::string problem = readByteLevel(root, *pre, data); !problem.empty())
      return problem;
  if (!byteLevel && !readNormalizer(member(root, "normalizer"), data))
    return "its normalizer is " + root["normalizer"].dump().substr(0, 200) +
           "; gemmac knows the one that replaces ' ' by U+2581";
  if (!byteLevel && !cutsNothing(pre, data))
    return "its pre_tokenizer is " + pre->dump().substr(0, 200) + "; gemmac knows none, or a split at spaces";
  for (const char *key : {"continuing_subword_prefix", "end_of_word_suffix"})
    if (!textMember(model, key).empty())
      return std::string("its model has a ") + key;
  if (const Json *dropout = member(model, "dropout"); dropout && *dropout != 0.0)
    return "its model has dropout";
  if (trueMember(model, "ignore_merges") && !byteLevel)
    return "its model has ignore_merges";
  return {};
}

/// ids -> strings, each id once.
static Status readVocab(Tables &tables, TokenizerData &data) {
  int64_t top = -1;
  for (const auto &[text, id] : tables.vocab) {
    if (id >= int64_t(GM_TOKENIZER_MAX_SYMBOLS))
      return Error{data.file + ": model.vocab: the id of token " + Json(text).dump() + " is " + std::to_string(id) +
                   "; ids are below " + std::to_string(GM_TOKENIZER_MAX_SYMBOLS)};
    top = std::max(top, id);
  }
  data.symbols.resize(size_t(top + 1));
  data.types.assign(size_t(top + 1), GM_TOKEN_UNUSED);
  for (auto &[text, id] : tables.vocab) {
    if (!(data.types[id] & GM_TOKEN_UNUSED) && data.symbols[id] != text)
      return Error{data.file + ": model.vocab: tokens " + Json(data.symbols[id]).dump() + " and " + Json(text).dump() +
                   " have the same id, " + std::to_string(id)};
    data.symbols[id] = std::move(text);
    data.types[id] = 0;
  }
  return Ok{};
}

static Status readMerges(const Tables &tables, const SymbolIndex &index, TokenizerData &data) {
  uint32_t rank = 0;
  data.merges.reserve(tables.merges.size());
  for (const auto &[left, right] : tables.merges) {
    GmTokenPair pair{index.find(left), index.find(right), rank, index.find(left + right)};
    for (auto [id, text] :
         {std::pair(pair.left, left), std::pair(pair.right, right), std::pair(pair.product, left + right)})
      if (id == GM_NO_SYMBOL)
        return Error{data.file + ": model.merges[" + std::to_string(rank) + "]: " + Json(text).dump() +
                     " is not in the vocabulary"};
    data.merges.push_back(pair);
    ++rank;
  }
  return Ok{};
}

static Status readAdded(const Json &list, TokenizerData &data) {
  if (!list.is_array())
    return Error{data.file + ": added_tokens is no array"};
  std::unordered_map<std::string, uint32_t> ids; // of the vocabulary, later ids win
  for (uint32_t id = 0; id < data.symbols.size(); ++id)
    if (!data.symbols[id].empty())
      ids[data.symbols[id]] = id;
  size_t number = 0;
  for (const Json &token : list) {
    std::string where = data.file + ": added_tokens[" + std::to_string(number++) + "]";
    const Json *id = member(token, "id");
    std::string content = textMember(token, "content");
    if (!id || !id->is_number_unsigned() || content.empty())
      return Error{where + ": needs an id (a whole number from 0) and a content (a string)"};
    if (*id >= GM_TOKENIZER_MAX_SYMBOLS)
      return Error{where + ": its id is " + id->dump() + "; ids are below " + std::to_string(GM_TOKENIZER_MAX_SYMBOLS)};
    uint32_t value = id->get<uint32_t>();
    auto [known, isNew] = ids.try_emplace(content, value);
    if (!isNew && known->second != value)
      return Error{where + ": " + Json(content).dump() + " has id " + id->dump() + " here and " +
                   std::to_string(known->second) + " before"};
    if (value >= data.symbols.size()) {
      data.symbols.resize(value + 1);
      data.types.resize(value + 1, GM_TOKEN_UNUSED);
    }
    if (isNew && !(data.types[value] & GM_TOKEN_UNUSED))
      return Error{where + ": id " + id->dump() + " belongs to token " + Json(data.symbols[value]).dump()};
    if (trueMember(token, "single_word"))
      return Error{where + ": " + Json(content).dump() + " has single_word, which gemmac does not know"};
    if (trueMember(token, "normalized") &&
        (content.find(' ') != std::string::npos || content.find(spaceMark) != std::string::npos))
      return Error{where + ": " + Json(content).dump() + " is normalized and has spaces, which gemmac does not know"};
    data.symbols[value] = std::move(content);
    data.types[value] = uint8_t(GM_TOKEN_ADDED | (trueMember(token, "special") ? GM_TOKEN_CONTROL : 0) |
                                (trueMember(token, "lstrip") ? GM_TOKEN_LSTRIP : 0) |
                                (trueMember(token, "rstrip") ? GM_TOKEN_RSTRIP : 0));
  }
  return Ok{};
}

/// A template that starts with a special token asks for it in front: that is `bos`.
static void readPostProcessor(const Json *post, const SymbolIndex &index, TokenizerData &data) {
  if (!post)
    return;
  if (const Json *list = member(*post, "processors"); list && list->is_array())
    for (const Json &part : *list)
      readPostProcessor(&part, index, data);
  const Json *single = member(*post, "single");
  if (!single || !single->is_array() || single->empty())
    return;
  const Json *special = member((*single)[0], "SpecialToken");
  uint32_t id = special ? index.find(textMember(*special, "id")) : GM_NO_SYMBOL;
  if (id == GM_NO_SYMBOL)
    return;
  data.bos = int32_t(id);
  data.flags |= GM_TOKENIZER_ADD_BOS;
}

Result<TokenizerData> readTokenizerJson(const std::string &file, std::string &unsupported) {
  TokenizerData data;
  data.file = file;
  Tables tables;
  Result<Json> root = parseFile(file, &tables);
  if (!root)
    return root.error();
  if (!root->is_object() || !member(*root, "model") || !(*root)["model"].is_object())
    return Error{file + ": has no object \"model\"; it is not a tokenizer"};
  if (unsupported = whyUnsupported(*root, data); !unsupported.empty())
    return data;
  if (!tables.problem.empty())
    return Error{file + ": " + tables.problem};
  if (!tables.vocabSeen || !tables.mergesSeen)
    return Error{file + ": model." + (tables.vocabSeen ? "merges" : "vocab") + " is missing"};
  if (Status status = readVocab(tables, data); !status)
    return status.error();
  {
    SymbolIndex vocabulary(data.symbols);
    if (Status status = readMerges(tables, vocabulary, data); !status)
      return status.error();
  }
  const std::vector<uint8_t> before = data.types;
  if (const Json *added = member(*root, "added_tokens"))
    if (Status status = readAdded(*added, data); !status)
      return status.error();
  if (data.flags & GM_TOKENIZER_BYTE_LEVEL) {
    auto isAdded = [&](uint32_t id) { return (data.types[id] & GM_TOKEN_ADDED) != 0; };
    for (uint32_t id = 0; id < before.size(); ++id)
      if (isAdded(id) && !(before[id] & GM_TOKEN_UNUSED) && bytesOfToken(data.symbols[id]) != data.symbols[id])
        return Error{file + ": added token " + Json(data.symbols[id]).dump() +
                     " spells other bytes in the vocabulary, which gemmac does not know"};
    spellInBytes(data, [&](uint32_t id) { return !isAdded(id); });
    if (trueMember((*root)["model"], "ignore_merges"))
      for (uint32_t id = 0; id < before.size(); ++id) // whatever merges there are
        if (!(before[id] & GM_TOKEN_UNUSED) && !(data.types[id] & GM_TOKEN_CONTROL))
          data.types[id] |= GM_TOKEN_WHOLE;
  }
  data.tokens = uint32_t(data.symbols.size());
  const Json &model = (*root)["model"];
  if (trueMember(model, "byte_fallback"))
    markByteTokens(data);
  if (trueMember(model, "fuse_unk"))
    data.flags |= GM_TOKENIZER_FUSE_UNK;
  SymbolIndex index(data.symbols);
  if (std::string unk = textMember(model, "unk_token"); !unk.empty()) {
    if (index.find(unk) == GM_NO_SYMBOL)
      return Error{file + ": model.unk_token " + Json(unk).dump() + " is not in the vocabulary"};
    data.unk = int32_t(index.find(unk));
  }
  readPostProcessor(member(*root, "post_processor"), index, data);
  return data;
}

/// A token given as its string or as an object with "content".
static int32_t tokenNamed(const Json &object, std::string_view key, const SymbolIndex &index) {
  std::string text = textMember(object, key);
  if (const Json *value = member(object, key); value && text.empty())
    text = textMember(*value, "content");
  uint32_t id = index.find(text);
  return id == GM_NO_SYMBOL ? -1 : int32_t(id);
}

/// An id, or a list of ids; those that are no token of this vocabulary are passed over.
static std::vector<int32_t> idsIn(const Json &object, std::string_view key, const TokenizerData &data) {
  const Json *value = member(object, key);
  std::vector<int32_t> ids;
  if (!value)
    return ids;
  for (const Json &id : value->is_array() ? *value : Json::array({*value}))
    if (id.is_number_unsigned() && id < data.tokens)
      ids.push_back(id.get<int32_t>());
  return ids;
}

Status readTokenizerNeighbours(const std::string &folder, TokenizerData &data) {
  SymbolIndex index(data.symbols);
  auto first = [](int32_t known, int32_t other) { return known >= 0 ? known : other; };
  for (const char *name : {"tokenizer_config.json", "generation_config.json", "config.json"}) {
    std::string file = (std::filesystem::path(folder) / name).string();
    std::error_code error;
    if (!std::filesystem::exists(file, error))
      continue;
    Result<Json> root = parseFile(file, nullptr);
    if (!root)
      return root.error();
    const Json *text = member(*root, "text_config");
    for (const Json *object : {std::as_const(root).operator->(), text}) {
      if (!object)
        continue;
      data.bos = first(data.bos, tokenNamed(*object, "bos_token", index));
      data.eos = first(data.eos, tokenNamed(*object, "eos_token", index));
      data.pad = first(data.pad, tokenNamed(*object, "pad_token", index));
      auto firstId = [&](std::string_view key) {
        std::vector<int32_t> ids = idsIn(*object, key, data);
        return ids.empty() ? -1 : ids[0];
      };
      data.bos = first(data.bos, firstId("bos_token_id"));
      data.eos = first(data.eos, firstId("eos_token_id"));
      data.pad = first(data.pad, firstId("pad_token_id"));
      if (data.stops.empty())
        data.stops = idsIn(*object, "eos_token_id", data);
    }
    if (const Json *add = member(*root, "add_bos_token"); add && add->is_boolean() && data.bos >= 0)
      data.flags = (data.flags & ~GM_TOKENIZER_ADD_BOS) | (add->get<bool>() ? GM_TOKENIZER_ADD_BOS : 0);
  }
  if (data.stops.empty() && data.eos >= 0)
    data.stops = {data.eos};
  return Ok{};
}

} // namespace gemmac::import
