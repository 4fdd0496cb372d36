// Turns the token arrays of a GGUF file into tokenizer facts: "llama" (SentencePiece scores) and BPE with marks for
// spaces. Scores become merges: each way to split a token in two known halves is one, ranked by the score of the token.
#include "compiler/import/TokenizerData.h"

#include <algorithm>
#include <cmath>

namespace gemmac::import {

/// The token types of the format.
enum GgufTokenType { Normal = 1, Unknown = 2, Control = 3, UserDefined = 4, Unused = 5, Byte = 6 };

static Error fail(const std::string &file, const std::string &what) {
  return Error{file + ": " + what};
}

/// Bytes of the character that starts here; 1 for a byte that starts none.
static size_t characterBytes(std::string_view text) {
  uint8_t lead = uint8_t(text[0]);
  size_t bytes = lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  return std::min(bytes, text.size());
}

static Status readTokens(const GgufTokenizer &gguf, TokenizerData &data) {
  size_t count = gguf.tokens.size();
  if (count > GM_TOKENIZER_MAX_SYMBOLS)
    return fail(data.file, "tokenizer.ggml.tokens has " + std::to_string(count) + " entries; at most " +
                               std::to_string(GM_TOKENIZER_MAX_SYMBOLS) + " are possible");
  if (!gguf.types.empty() && gguf.types.size() != count)
    return fail(data.file, "tokenizer.ggml.token_type has " + std::to_string(gguf.types.size()) +
                               " entries and tokenizer.ggml.tokens " + std::to_string(count));
  for (size_t id = 0; id < count; ++id) {
    int32_t type = gguf.types.empty() ? int32_t(Normal) : gguf.types[id];
    if (type < Normal || type > Byte)
      return fail(data.file, "tokenizer.ggml.token_type[" + std::to_string(id) + "] is " + std::to_string(type) +
                                 "; types are 1 to 6");
    data.symbols.emplace_back(gguf.tokens[id]);
    bool added = (type == Unknown || type == Control || type == UserDefined) && !gguf.tokens[id].empty();
    data.types.push_back(uint8_t((added ? GM_TOKEN_ADDED : 0) |
                                 (type == Unknown || type == Control ? GM_TOKEN_CONTROL : 0) |
                                 (type == Unused ? GM_TOKEN_UNUSED : 0) | (type == Byte ? GM_TOKEN_BYTE : 0)));
  }
  data.tokens = uint32_t(count);
  return Ok{};
}

/// Adds each character of a mergeable token that is no token itself as a further symbol.
static void addCharacters(TokenizerData &data, std::span<const uint8_t> mergeable) {
  std::vector<std::string> missing;
  SymbolIndex index(data.symbols);
  for (uint32_t id = 0; id < data.tokens; ++id) {
    std::string_view text = data.symbols[id];
    for (size_t at = 0, bytes; mergeable[id] && at < text.size(); at += bytes) {
      bytes = characterBytes(text.substr(at));
      std::string_view character = text.substr(at, bytes);
      if (index.find(character) == GM_NO_SYMBOL)
        missing.emplace_back(character);
    }
  }
  std::sort(missing.begin(), missing.end());
  missing.erase(std::unique(missing.begin(), missing.end()), missing.end());
  for (std::string &character : missing) {
    data.symbols.push_back(std::move(character));
    data.types.push_back(GM_TOKEN_CHARACTER);
  }
}

/// One merge per split of a mergeable token. The smallest rank is the best score; equal scores share one.
static Status mergesFromScores(const GgufTokenizer &gguf, TokenizerData &data) {
  if (gguf.scores.size() != gguf.tokens.size())
    return fail(data.file, "tokenizer.ggml.scores has " + std::to_string(gguf.scores.size()) +
                               " entries and tokenizer.ggml.tokens " + std::to_string(gguf.tokens.size()));
  std::vector<float> order;
  for (size_t id = 0; id < gguf.scores.size(); ++id) {
    if (!std::isfinite(gguf.scores[id]))
      return fail(data.file, "tokenizer.ggml.scores[" + std::to_string(id) + "] is no finite number");
    order.push_back(gguf.scores[id]);
  }
  std::sort(order.begin(), order.end(), std::greater<float>());
  order.erase(std::unique(order.begin(), order.end()), order.end());

  std::vector<uint8_t> mergeable(data.tokens);
  for (uint32_t id = 0; id < data.tokens; ++id) {
    mergeable[id] = data.types[id] == 0 && !data.symbols[id].empty();
    if (data.symbols[id].size() > GM_TOKENIZER_MAX_TOKEN_BYTES)
      return fail(data.file, "token " + std::to_string(id) + " has " + std::to_string(data.symbols[id].size()) +
                                 " bytes; at most " + std::to_string(GM_TOKENIZER_MAX_TOKEN_BYTES) + " are possible");
  }
  addCharacters(data, mergeable);
  SymbolIndex index(data.symbols);
  auto half = [&](std::string_view text) {
    uint32_t found = index.find(text);
    bool usable = found != GM_NO_SYMBOL && (characterBytes(text) == text.size() || mergeable[found]);
    return usable ? found : GM_NO_SYMBOL;
  };
  for (uint32_t id = 0; id < data.tokens; ++id) {
    std::string_view text = data.symbols[id];
    if (!mergeable[id] || index.find(text) != id)
      continue;
    auto rank = std::lower_bound(order.begin(), order.end(), gguf.scores[id], std::greater<float>()) - order.begin();
    for (size_t cut = characterBytes(text); cut < text.size(); cut += characterBytes(text.substr(cut))) {
      uint32_t left = half(text.substr(0, cut)), right = half(text.substr(cut));
      if (left != GM_NO_SYMBOL && right != GM_NO_SYMBOL)
        data.merges.push_back({left, right, uint32_t(rank), id});
    }
  }
  return Ok{};
}

static Status mergesFromList(const GgufTokenizer &gguf, TokenizerData &data) {
  SymbolIndex index(data.symbols);
  for (size_t i = 0; i < gguf.merges.size(); ++i) {
    std::string_view line = gguf.merges[i];
    std::string where = "tokenizer.ggml.merges[" + std::to_string(i) + "]";
    size_t space = line.find(' ', 1); // a left half that is itself a space keeps it
    if (line.size() < 3 || space == std::string_view::npos || space + 1 == line.size())
      return fail(data.file,
                  where + ": '" + std::string(line.substr(0, 80)) + "'; a merge is two tokens with a space between");
    std::string left(line.substr(0, space)), right(line.substr(space + 1));
    GmTokenPair pair{index.find(left), index.find(right), uint32_t(i), index.find(left + right)};
    for (auto [id, text] :
         {std::pair(pair.left, left), std::pair(pair.right, right), std::pair(pair.product, left + right)})
      if (id == GM_NO_SYMBOL)
        return fail(data.file, where + ": '" + text.substr(0, 80) + "' is not a token");
    data.merges.push_back(pair);
  }
  return Ok{};
}

Result<TokenizerData> readTokenizerGguf(const GgufTokenizer &gguf, const std::string &file, std::string &unsupported) {
  TokenizerData data;
  data.file = file;
  bool scores = gguf.model == "llama";
  // Byte-level BPE spells bytes as other letters and is named by the pattern that cuts its text; a vocabulary with
  // marks for spaces is not.
  bool marks = false;
  for (std::string_view token : gguf.tokens)
    marks = marks || token.starts_with(spaceMark);
  bool byteLevel = gguf.model == "gpt2" && !marks;
  std::string known;
  const NamedSplit *split = byteLevel ? findNamedSplit(gguf.pre, known) : nullptr;
  if (byteLevel && !split) {
    unsupported = "its tokenizer.ggml.pre is '" + gguf.pre + "'; of byte-level BPE gemmac knows " + known;
    return data;
  }
  if (split && split->digitsFirst)
    addDigitStage(data.split);
  if (split)
    addSplitStage(split->pattern, data.split);
  if (!scores && !byteLevel && (gguf.merges.empty() || !marks)) {
    unsupported = "its tokenizer.ggml.model is '" + gguf.model +
                  "'; gemmac knows scores ('llama'), byte-level BPE ('gpt2') and BPE with U+2581 for spaces";
    return data;
  }
  data.kind = scores ? GM_TOKENIZER_SCORES : GM_TOKENIZER_MERGES;
  data.flags = (byteLevel ? GM_TOKENIZER_BYTE_LEVEL : GM_TOKENIZER_SPACE_MARK | GM_TOKENIZER_FUSE_UNK) |
               (gguf.addBos ? GM_TOKENIZER_ADD_BOS : 0) | (gguf.addSpacePrefix ? GM_TOKENIZER_SPACE_PREFIX : 0);
  if (Status status = readTokens(gguf, data); !status)
    return status.error();
  if (Status status = scores ? mergesFromScores(gguf, data) : mergesFromList(gguf, data); !status)
    return status.error();
  if (byteLevel)
    spellInBytes(data, [&](uint32_t id) { return !(data.types[id] & GM_TOKEN_ADDED); });
  if (split && split->wholeFirst) // a piece that is a token is that token, whatever merges there are
    for (uint8_t &type : data.types)
      type |= type == 0 ? GM_TOKEN_WHOLE : 0;
  struct Named {
    const char *key;
    int64_t id;
    int32_t *into;
  };
  int32_t eot = -1;
  for (auto [key, id, into] : {Named{"bos", gguf.bos, &data.bos},
                               {"eos", gguf.eos, &data.eos},
                               {"unknown", gguf.unk, &data.unk},
                               {"padding", gguf.pad, &data.pad},
                               {"eot", gguf.eot, &eot}}) {
    if (id < -1 || id >= int64_t(data.tokens))
      return fail(file, std::string("tokenizer.ggml.") + key + "_token_id is no token; the file has " +
                            std::to_string(data.tokens) + " of them");
    *into = int32_t(id);
  }
  for (int32_t stop : {data.eos, eot})
    if (stop >= 0 && std::find(data.stops.begin(), data.stops.end(), stop) == data.stops.end())
      data.stops.push_back(stop);
  if (gguf.addBos && data.bos < 0)
    return fail(file, "tokenizer.ggml.add_bos_token is true and tokenizer.ggml.bos_token_id is missing");
  return data;
}

} // namespace gemmac::import
