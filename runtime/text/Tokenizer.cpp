// Opens and checks the tokenizer section; lookups and decoding.
#include "runtime/text/Tokenizer.h"

#include "runtime/base/Text.h"
#include "runtime/text/Utf8.h"

#include <algorithm>
#include <cstring>

namespace gemmart {

/// Checks a section table by table; after the first failure the rest is skipped.
class SectionCheck {
public:
  explicit SectionCheck(std::span<const uint8_t> section) : section(section) {}
  Result<Tokenizer> run();

private:
  template <class T> const T *table(const char *name, uint64_t offset, uint64_t count);
  void fail(const char *table, const char *what) {
    if (problem.empty())
      problem = format("the tokenizer section is damaged: %s: %s", table, what);
  }
  void checkHeader();
  void checkStrings();
  void checkIndex();
  void checkAdded();
  void checkPairs();
  void checkSplit();

  std::span<const uint8_t> section;
  const GmTokenizerHeader *header = nullptr;
  Tokenizer tokenizer;
  std::string problem;
};

template <class T> const T *SectionCheck::table(const char *name, uint64_t offset, uint64_t count) {
  if (offset % alignof(uint64_t) != 0 || offset > section.size() || count > (section.size() - offset) / sizeof(T)) {
    fail(name, "it lies outside of the section");
    return nullptr;
  }
  return reinterpret_cast<const T *>(section.data() + offset);
}

void SectionCheck::checkHeader() {
  auto isId = [&](int32_t id) { return id >= -1 && id < int64_t(header->tokens); };
  if (header->bytes != section.size())
    return fail("header", "its size is not the section's");
  if (header->kind != GM_TOKENIZER_MERGES && header->kind != GM_TOKENIZER_SCORES)
    return fail("header", "unknown kind");
  if (header->flags >> 5 != 0)
    return fail("header", "unknown flags");
  if (header->tokens == 0 || header->tokens > header->symbols || header->symbols > GM_TOKENIZER_MAX_SYMBOLS)
    return fail("header", "impossible number of tokens");
  if (!isId(header->bos) || !isId(header->eos) || !isId(header->unk) || !isId(header->pad))
    return fail("header", "a special token is out of range");
  if (header->stopCount > GM_TOKENIZER_MAX_STOPS)
    return fail("header", "too many stop tokens");
  for (uint32_t i = 0; i < header->stopCount; ++i)
    if (header->stops[i] < 0 || !isId(header->stops[i]))
      return fail("header", "a stop token is out of range");
  for (int32_t id : header->byteTokens)
    if (!isId(id))
      return fail("header", "a byte token is out of range");
}

void SectionCheck::checkStrings() {
  uint32_t symbols = header->symbols;
  tokenizer.stringOffsets = table<uint32_t>("strings", header->stringOffsets, uint64_t(symbols) + 1);
  tokenizer.strings = table<char>("strings", header->strings, header->stringBytes);
  tokenizer.types = table<uint8_t>("types", header->types, symbols);
  if (!problem.empty())
    return;
  const uint32_t *offsets = tokenizer.stringOffsets;
  if (offsets[0] != 0 || offsets[symbols] != header->stringBytes)
    return fail("strings", "the offsets do not span the text");
  for (uint32_t i = 0; i < symbols; ++i)
    if (offsets[i] > offsets[i + 1] || offsets[i + 1] - offsets[i] > header->maxTokenBytes)
      return fail("strings", "an offset is out of order");
  if (header->maxTokenBytes > GM_TOKENIZER_MAX_TOKEN_BYTES)
    return fail("strings", "a token is too long");
  for (uint32_t i = 0; i < symbols; ++i) {
    uint8_t type = tokenizer.types[i];
    if (((type & GM_TOKEN_CHARACTER) != 0) != (i >= header->tokens) || (type & GM_TOKEN_WHOLE && i >= header->tokens))
      return fail("types", "an unknown type");
    if ((type & GM_TOKEN_BYTE) && offsets[i + 1] - offsets[i] != 6)
      return fail("types", "a byte token is not spelled as one");
    if (type & GM_TOKEN_CONTROL && type & (GM_TOKEN_BYTE | GM_TOKEN_WHOLE))
      return fail("types", "a control token is text, too");
  }
  for (int32_t id : header->byteTokens)
    if (id >= 0 && tokenizer.types[id] & GM_TOKEN_CONTROL)
      return fail("types", "a byte is a control token");
}

void SectionCheck::checkIndex() {
  uint32_t slots = header->indexSlots, used = 0;
  tokenizer.index = table<uint32_t>("index", header->index, slots);
  if (!problem.empty())
    return;
  if (slots == 0 || (slots & (slots - 1)) != 0)
    return fail("index", "its size is no power of two");
  for (uint32_t i = 0; i < slots; ++i) {
    if (tokenizer.index[i] == GM_NO_SYMBOL)
      continue;
    ++used;
    if (tokenizer.index[i] >= header->symbols)
      return fail("index", "a symbol is out of range");
  }
  if (used == slots)
    fail("index", "it is full, so that no search in it would end");
}

void SectionCheck::checkAdded() {
  tokenizer.added = table<uint32_t>("added tokens", header->added, header->addedCount);
  if (!problem.empty())
    return;
  for (uint32_t i = 0; i < header->addedCount; ++i) {
    if (tokenizer.added[i] >= header->tokens || tokenizer.symbol(tokenizer.added[i]).empty())
      return fail("added tokens", "an id is out of range or without text");
    if (i > 0 && !(tokenizer.symbol(tokenizer.added[i - 1]) < tokenizer.symbol(tokenizer.added[i])))
      return fail("added tokens", "they are not sorted");
  }
}

void SectionCheck::checkPairs() {
  tokenizer.displacements = table<uint16_t>("merges", header->displacements, header->pairBuckets);
  tokenizer.pairs = table<GmTokenPair>("merges", header->pairs, header->pairSlots);
  tokenizer.joins = table<uint64_t>("joins", header->joins, 256 * 4);
  if (!problem.empty())
    return;
  if (header->pairSlots > 0 && header->pairBuckets == 0)
    return fail("merges", "no displacements");
  for (uint32_t i = 0; i < header->pairSlots; ++i) {
    const GmTokenPair &pair = tokenizer.pairs[i];
    if (pair.left != GM_NO_SYMBOL &&
        (pair.left >= header->symbols || pair.right >= header->symbols || pair.product >= header->symbols))
      return fail("merges", "a symbol is out of range");
    if (pair.left != GM_NO_SYMBOL && tokenizer.types[pair.product] & GM_TOKEN_CONTROL)
      return fail("merges", "text becomes a control token");
  }
  // A cut inside of a character would break the walk over characters.
  for (unsigned last = 0x80; last < 256; ++last)
    if (tokenizer.joins[last * 4 + 2] != ~uint64_t(0))
      return fail("joins", "they cut inside of a character");
}

void SectionCheck::checkSplit() {
  bool byteLevel = header->flags & GM_TOKENIZER_BYTE_LEVEL;
  if (byteLevel != (header->splitItemCount > 0) || header->splitItemCount > GM_SPLIT_MAX_ITEMS ||
      header->splitSetCount > GM_SPLIT_MAX_SETS || header->splitRangeCount > GM_SPLIT_MAX_RANGES)
    return fail("split", "impossible numbers of its parts");
  auto *items = table<GmSplitItem>("split", header->splitItems, header->splitItemCount);
  auto *sets = table<GmSplitSet>("split", header->splitSets, header->splitSetCount);
  auto *ranges = table<GmSplitRange>("split", header->splitRanges, header->splitRangeCount);
  if (!problem.empty())
    return;
  std::span<const GmSplitItem> all(items, header->splitItemCount);
  std::span<const GmSplitSet> allSets(sets, header->splitSetCount);
  std::span<const GmSplitRange> allRanges(ranges, header->splitRangeCount);
  if (const char *what = Splitter::check(all, allSets, allRanges))
    return fail("split", what);
  tokenizer.splitter = Splitter(all, allSets, allRanges);
}

Result<Tokenizer> SectionCheck::run() {
  if (section.size() < sizeof(GmTokenizerHeader) ||
      reinterpret_cast<uintptr_t>(section.data()) % alignof(uint64_t) != 0)
    return inputError("the tokenizer section is damaged: header: too short or not aligned");
  header = reinterpret_cast<const GmTokenizerHeader *>(section.data());
  if (std::memcmp(header->magic, GM_TOKENIZER_MAGIC, sizeof header->magic) != 0)
    return inputError("the tokenizer section is damaged: header: not a tokenizer of this version");
  tokenizer.header = header;
  for (void (SectionCheck::*step)() :
       {&SectionCheck::checkHeader, &SectionCheck::checkStrings, &SectionCheck::checkIndex, &SectionCheck::checkAdded,
        &SectionCheck::checkPairs, &SectionCheck::checkSplit}) {
    (this->*step)();
    if (!problem.empty())
      return inputError(problem);
  }
  tokenizer.prepare();
  return tokenizer;
}

Result<Tokenizer> Tokenizer::open(std::span<const uint8_t> section) {
  return SectionCheck(section).run();
}

void Tokenizer::prepare() {
  for (unsigned c = 0; c < 256; ++c) {
    char text = char(c);
    bool mark = c == ' ' && (header->flags & GM_TOKENIZER_SPACE_MARK);
    byteSymbols[c] = findText(mark ? spaceMark : std::string_view(&text, 1));
  }
  uint32_t next = 0;
  for (unsigned c = 0; c <= 256; ++c) {
    while (next < header->addedCount && uint8_t(symbol(added[next])[0]) < c)
      ++next;
    addedStarts[c] = next;
  }
  for (uint32_t i = 0; i < header->addedCount; ++i) {
    std::string_view token = symbol(added[i]);
    uint64_t *seconds = &addedPairs[uint8_t(token[0]) * 4];
    if (token.size() == 1)
      std::fill_n(seconds, 4, ~uint64_t(0));
    else
      seconds[uint8_t(token[1]) >> 6] |= uint64_t(1) << (token[1] & 63);
  }
}

void Tokenizer::reserve(std::span<const std::string_view> spellings) {
  for (std::string_view spelling : spellings)
    if (int32_t id = find(spelling); id >= 0 && !isControl(id))
      reserved.push_back(id);
}

uint32_t Tokenizer::findSymbol(std::string_view text) const {
  uint32_t mask = header->indexSlots - 1;
  uint32_t slot = uint32_t(gmTokenHash(reinterpret_cast<const uint8_t *>(text.data()), text.size())) & mask;
  while (index[slot] != GM_NO_SYMBOL && symbol(index[slot]) != text)
    slot = (slot + 1) & mask;
  return index[slot];
}

const GmTokenPair *Tokenizer::findPair(uint32_t left, uint32_t right) const {
  if (header->pairSlots == 0)
    return nullptr;
  uint64_t hash = gmPairHash(left, right, header->pairSeed);
  uint16_t displacement = displacements[gmPairBucket(hash, header->pairBuckets)];
  const GmTokenPair *pair = pairs + gmPairSlot(hash, displacement, header->pairSlots);
  return pair->left == left && pair->right == right ? pair : nullptr;
}

uint32_t Tokenizer::addedAt(std::string_view text, size_t at) const {
  uint8_t first = uint8_t(text[at]);
  uint32_t low = addedStarts[first], high = addedStarts[first + 1], found = GM_NO_SYMBOL;
  // The range [low, high) holds the added tokens that begin with the first `depth` bytes; a token of just these comes
  // first.
  for (size_t depth = 1; low < high; ++depth) {
    if (symbol(added[low]).size() == depth)
      found = added[low++];
    if (at + depth == text.size())
      break;
    uint8_t next = uint8_t(text[at + depth]);
    auto byteOf = [&](uint32_t id) { return uint8_t(symbol(id)[depth]); };
    low = uint32_t(
        std::lower_bound(added + low, added + high, next, [&](uint32_t id, uint8_t b) { return byteOf(id) < b; }) -
        added);
    high = uint32_t(
        std::upper_bound(added + low, added + high, next, [&](uint8_t b, uint32_t id) { return b < byteOf(id); }) -
        added);
  }
  return found;
}

int32_t Tokenizer::find(std::string_view token) const {
  uint32_t id = token.empty() ? GM_NO_SYMBOL : findSymbol(token);
  return id < header->tokens ? int32_t(id) : -1;
}

std::string_view Tokenizer::spelling(int32_t id) const {
  return isToken(id) ? symbol(uint32_t(id)) : std::string_view();
}

void Tokenizer::appendBytes(int32_t id, bool showControl, std::string &out) const {
  if (!isToken(id) || (isControl(id) && !showControl))
    return;
  std::string_view text = symbol(uint32_t(id));
  if (types[id] & GM_TOKEN_BYTE) {
    auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'A' + 10; };
    out += char(digit(text[3]) * 16 + digit(text[4]));
    return;
  }
  if (!(header->flags & GM_TOKENIZER_SPACE_MARK)) {
    out += text;
    return;
  }
  for (size_t at = 0; at < text.size();) {
    size_t mark = text.find(spaceMark, at);
    out += text.substr(at, mark - at);
    if (mark == std::string_view::npos)
      break;
    out += ' ';
    at = mark + 3;
  }
}

std::string Tokenizer::decode(std::span<const int32_t> ids, bool showControl) const {
  StreamDecoder stream(*this, showControl);
  std::string text;
  for (int32_t id : ids)
    text += stream.push(id);
  return text + stream.finish();
}

std::string StreamDecoder::push(int32_t id) {
  size_t before = pending.size();
  tokenizer->appendBytes(id, showControl, pending);
  if (atStart && pending.size() > before) {
    if (pending[before] == ' ')
      pending.erase(before, 1);
    atStart = false;
  }
  std::string out;
  drainUtf8(pending, false, out);
  return out;
}

std::string StreamDecoder::finish() {
  std::string out;
  drainUtf8(pending, true, out);
  atStart = tokenizer->hasSpacePrefix();
  return out;
}

} // namespace gemmart
