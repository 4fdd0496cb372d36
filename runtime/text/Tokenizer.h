// Text to token ids and back, over the "tokenizer" section (runtime/abi/TokenizerSection.h), which is used where it is
// mapped. Gives the same ids as Hugging Face's tokenizers (BPE with byte fallback, byte-level BPE) and as SentencePiece
// BPE scores.
#ifndef RUNTIME_TEXT_TOKENIZER_H
#define RUNTIME_TEXT_TOKENIZER_H

#include "runtime/abi/TokenizerSection.h"
#include "runtime/base/Status.h"
#include "runtime/text/Prompt.h"
#include "runtime/text/Splitter.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gemmart {

/// U+2581, which stands for a space inside tokens (GM_TOKENIZER_SPACE_MARK).
inline constexpr std::string_view spaceMark = "\xE2\x96\x81";

struct EncodeOptions {
  /// Control tokens spelled out in the text become their ids. Off for text from people: no id is then a control token,
  /// but for `unk` where the vocabulary lacks a character and its bytes.
  bool parseControl = false;
  /// Puts bos in front if the model wants it (Tokenizer::wantsBos) and the text does not begin with it.
  bool addBos = false;
};

/// Immutable, shared by all threads; views the section, which must outlive it.
class Tokenizer {
public:
  /// Checks the whole section: offsets, order, every id in every table. Fails with a message that names the table.
  static Result<Tokenizer> open(std::span<const uint8_t> section);

  /// Fails if the text is no UTF-8 (names the first bad byte; surrogates are none) or longer than 2^31 - 1 bytes. Time
  /// grows with the length, whatever the text; memory stays below 40 bytes per byte of text.
  Result<std::vector<int32_t>> encode(std::string_view text, const EncodeOptions &options = {}) const;

  /// Likewise for a conversation: control tokens count in what the template wrote, and nowhere else.
  Result<std::vector<int32_t>> encode(const Prompt &prompt) const;

  /// The text of ids as valid UTF-8: bytes that are none become U+FFFD. Ids out of range and, without `showControl`,
  /// control tokens give nothing.
  std::string decode(std::span<const int32_t> ids, bool showControl = false) const;

  /// Appends the bytes of one token, which may be a part of a character.
  void appendBytes(int32_t id, bool showControl, std::string &out) const;

  /// The id of a token by its string ("<bos>"), or -1.
  int32_t find(std::string_view token) const;
  /// The string of an id as the vocabulary has it; empty if it is out of range.
  std::string_view spelling(int32_t id) const;
  bool isControl(int32_t id) const {
    return isToken(id) &&
           (types[id] & GM_TOKEN_CONTROL || std::find(reserved.begin(), reserved.end(), id) != reserved.end());
  }
  /// Makes control tokens of these, as far as they are tokens, although the vocabulary does not say so: a GGUF file may
  /// list what a chat template spells as ordinary added tokens. Before the tokenizer is shared. (A token that merges
  /// spell, too, can still come of text; a GGUF file has no merges that give an added token.)
  void reserve(std::span<const std::string_view> spellings);
  bool isToken(int32_t id) const { return id >= 0 && uint32_t(id) < header->tokens; }

  int32_t tokenCount() const { return int32_t(header->tokens); }
  int32_t bos() const { return header->bos; } ///< -1 if there is none; likewise those below
  int32_t eos() const { return header->eos; }
  int32_t unk() const { return header->unk; }
  int32_t pad() const { return header->pad; }
  bool wantsBos() const { return (header->flags & GM_TOKENIZER_ADD_BOS) && header->bos >= 0; }
  bool hasSpacePrefix() const { return header->flags & GM_TOKENIZER_SPACE_PREFIX; }
  /// Ids that end a generation, as far as the checkpoint says.
  std::span<const int32_t> stops() const { return {header->stops, header->stopCount}; }
  /// "merges" or "scores", for people.
  const char *kind() const { return header->kind == GM_TOKENIZER_SCORES ? "scores" : "merges"; }

private:
  friend class Encoder;
  friend class SectionCheck;
  Tokenizer() = default;
  std::string_view symbol(uint32_t id) const {
    return {strings + stringOffsets[id], size_t(stringOffsets[id + 1] - stringOffsets[id])};
  }
  Result<std::vector<int32_t>> encodeTrusted(std::string_view text, std::span<const TextRange> trusted,
                                             bool addBos) const;
  uint32_t findSymbol(std::string_view text) const;
  /// As findSymbol; a control token is no text, whatever it is spelled.
  uint32_t findText(std::string_view text) const {
    uint32_t found = findSymbol(text);
    return found != GM_NO_SYMBOL && types[found] & GM_TOKEN_CONTROL ? GM_NO_SYMBOL : found;
  }
  const GmTokenPair *findPair(uint32_t left, uint32_t right) const;
  /// The added token that starts at text[at], the longest; GM_NO_SYMBOL if none does.
  uint32_t addedAt(std::string_view text, size_t at) const;
  /// Whether an added token may begin at text[at]; false for nearly all places, without a look at the tokens.
  bool mayBeAdded(std::string_view text, size_t at) const {
    uint8_t first = uint8_t(text[at]), next = at + 1 < text.size() ? uint8_t(text[at + 1]) : 0;
    return addedStarts[first] != addedStarts[first + 1] && addedPairs[first * 4 + (next >> 6)] >> (next & 63) & 1;
  }
  bool mayJoin(uint8_t last, uint8_t first) const { return joins[last * 4 + (first >> 6)] >> (first & 63) & 1; }
  void prepare();

  const GmTokenizerHeader *header = nullptr;
  const uint32_t *stringOffsets = nullptr;
  const char *strings = nullptr;
  const uint8_t *types = nullptr;
  const uint32_t *index = nullptr;
  const uint32_t *added = nullptr;
  const uint16_t *displacements = nullptr;
  const GmTokenPair *pairs = nullptr;
  const uint64_t *joins = nullptr;
  std::vector<int32_t> reserved; ///< few
  /// Of an ASCII character, after the space became a mark, or of any byte (GM_TOKENIZER_BYTE_LEVEL); GM_NO_SYMBOL if it
  /// is none.
  std::array<uint32_t, 256> byteSymbols{};
  Splitter splitter;
  std::array<uint32_t, 257>
      addedStarts{}; ///< added[addedStarts[b]] is the first that begins with byte b or a later one
  std::array<uint64_t, 256 * 4> addedPairs{}; ///< as `joins`: whether some added token can begin where a, b stand
};

/// Turns a stream of ids into text, never a part of a character at a time.
class StreamDecoder {
public:
  explicit StreamDecoder(const Tokenizer &tokenizer, bool showControl = false)
      : tokenizer(&tokenizer), showControl(showControl), atStart(tokenizer.hasSpacePrefix()) {}
  /// The text that is certain after this id; may be empty.
  std::string push(int32_t id);
  /// What is left: U+FFFD for a character that never ended, else nothing. The decoder can then be used again.
  std::string finish();

private:
  const Tokenizer *tokenizer;
  bool showControl;
  bool atStart; ///< the next text loses the space that encode put in front
  std::string pending;
};

} // namespace gemmart
#endif
