// What the readers of tokenizer.json and GGUF have in common: the facts of a tokenizer, before they become a section.
#ifndef COMPILER_IMPORT_TOKENIZERDATA_H
#define COMPILER_IMPORT_TOKENIZERDATA_H

#include "compiler/import/SplitPattern.h"
#include "compiler/import/Tokenizer.h"
#include "runtime/abi/TokenizerSection.h"

#include <optional>
#include <span>
#include <string_view>

namespace gemmac::import {

/// U+2581, which stands for a space inside tokens.
inline constexpr std::string_view spaceMark = "\xE2\x96\x81";

struct TokenizerData {
  GmTokenizerKind kind = GM_TOKENIZER_MERGES;
  uint32_t flags = 0;               ///< GmTokenizerFlag
  std::vector<std::string> symbols; ///< by id; tokens first
  std::vector<uint8_t> types;       ///< GmTokenType, parallel to symbols
  uint32_t tokens = 0;              ///< how many of the symbols are tokens
  std::vector<GmTokenPair> merges;  ///< any order; of two with the same sides the later wins
  int32_t bos = -1, eos = -1, unk = -1, pad = -1;
  std::vector<int32_t> stops;
  SplitProgram split; ///< of GM_TOKENIZER_BYTE_LEVEL
  std::string file;   ///< for messages
};

/// String -> symbol, the later of two equal strings wins. Keeps views into the given strings.
class SymbolIndex {
public:
  explicit SymbolIndex(std::span<const std::string> symbols);
  /// Strings were left out, because too many share a place in the table: chosen to, for it does not happen by chance.
  /// Such a vocabulary is refused by buildTokenizerSection at the latest.
  bool crowded() const { return leftOut; }
  /// GM_NO_SYMBOL if there is none.
  uint32_t find(std::string_view text) const;
  const std::vector<uint32_t> &slots() const { return table; }

private:
  std::span<const std::string> symbols;
  std::vector<uint32_t> table;
  bool leftOut = false;
};

/// The tokens' own arrays of a GGUF file, as views into it.
struct GgufTokenizer {
  std::string model; ///< tokenizer.ggml.model
  std::string pre;   ///< tokenizer.ggml.pre; "" if there is none
  std::vector<std::string_view> tokens, merges;
  std::vector<float> scores;
  std::vector<int32_t> types;
  int64_t bos = -1, eos = -1, unk = -1, pad = -1, eot = -1;
  bool addBos = false, addSpacePrefix = false;
};

/// tokenizer.json beside `folder`'s other files. An unsupported kind is left to `unsupported` (the reason), not an
/// error.
Result<TokenizerData> readTokenizerJson(const std::string &file, std::string &unsupported);
/// Adds what tokenizer_config.json, generation_config.json and config.json of the folder say about special tokens.
Status readTokenizerNeighbours(const std::string &folder, TokenizerData &data);
Result<TokenizerData> readTokenizerGguf(const GgufTokenizer &gguf, const std::string &file, std::string &unsupported);

/// Checks the data as a whole and lays it out. Fails if it is inconsistent or too large.
Result<std::vector<uint8_t>> buildTokenizerSection(const TokenizerData &data);

/// The bytes that a token of a byte-level vocabulary stands for: each of its characters is one of 256 that stand for
/// bytes. Nothing if one is another.
std::optional<std::string> bytesOfToken(std::string_view text);

/// Replaces the strings of the tokens that `wanted` names by their bytes; those that do not stand for bytes stay.
template <class Wanted> void spellInBytes(TokenizerData &data, Wanted wanted) {
  for (uint32_t id = 0; id < data.symbols.size(); ++id)
    if (std::optional<std::string> bytes = wanted(id) ? bytesOfToken(data.symbols[id]) : std::nullopt)
      data.symbols[id] = std::move(*bytes);
}

/// Gives every "<0xXX>" token its type; used by both readers where the file does not say it.
void markByteTokens(TokenizerData &data);

} // namespace gemmac::import
#endif
