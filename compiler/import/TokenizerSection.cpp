// Lays a tokenizer out as the section that the runtime maps: string table, hash index, perfect pair table, join matrix.
#include "compiler/import/TokenizerData.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

namespace gemmac::import {

static Error fail(const TokenizerData &data, const std::string &what) {
  return Error{data.file + ": " + what};
}

static uint64_t hashOf(std::string_view text) {
  return gmTokenHash(reinterpret_cast<const uint8_t *>(text.data()), text.size());
}

/// Places looked at for one string. Two thirds of the places are taken: of four million strings that nobody chose, none
/// needs more than about 250.
static constexpr size_t mostProbes = 2048;

SymbolIndex::SymbolIndex(std::span<const std::string> symbols) : symbols(symbols) {
  size_t slotCount = 4;
  while (slotCount * 2 < symbols.size() * 3)
    slotCount *= 2;
  table.assign(slotCount, GM_NO_SYMBOL);
  for (uint32_t id = 0; id < symbols.size(); ++id) {
    if (symbols[id].empty())
      continue;
    size_t slot = hashOf(symbols[id]) & (slotCount - 1);
    size_t probes = 0;
    while (table[slot] != GM_NO_SYMBOL && symbols[table[slot]] != symbols[id] && ++probes < mostProbes)
      slot = (slot + 1) & (slotCount - 1);
    if (probes < mostProbes)
      table[slot] = id;
    else
      leftOut = true;
    if (leftOut)
      return;
  }
}

uint32_t SymbolIndex::find(std::string_view text) const {
  if (text.empty())
    return GM_NO_SYMBOL;
  size_t slot = hashOf(text) & (table.size() - 1);
  for (size_t probes = 0; probes < mostProbes && table[slot] != GM_NO_SYMBOL; ++probes) {
    if (symbols[table[slot]] == text)
      return table[slot];
    slot = (slot + 1) & (table.size() - 1);
  }
  return GM_NO_SYMBOL;
}

/// The value of "<0xXX>", or -1.
static int byteOfToken(std::string_view text) {
  if (text.size() != 6 || text.substr(0, 3) != "<0x" || text[5] != '>')
    return -1;
  int value = 0;
  for (char c : text.substr(3, 2)) {
    int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
    if (digit < 0)
      return -1;
    value = value * 16 + digit;
  }
  return value;
}

void markByteTokens(TokenizerData &data) {
  if (data.flags & GM_TOKENIZER_BYTE_LEVEL)
    return; // there, "<0x41>" is six characters
  for (uint32_t id = 0; id < data.tokens; ++id)
    if (byteOfToken(data.symbols[id]) >= 0 && !(data.types[id] & GM_TOKEN_ADDED))
      data.types[id] |= GM_TOKEN_BYTE;
}

/// GPT-2's alphabet: printable bytes of Latin-1 stand for themselves, the others for the characters from U+0100 on.
static std::array<int, 512> makeAlphabet() {
  std::array<int, 512> bytes;
  bytes.fill(-1);
  int next = 256;
  for (int b = 0; b < 256; ++b) {
    bool itself = (b >= '!' && b <= '~') || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
    bytes[size_t(itself ? b : next++)] = b;
  }
  return bytes;
}

std::optional<std::string> bytesOfToken(std::string_view text) {
  static const std::array<int, 512> kBytes = makeAlphabet();
  std::string out;
  for (size_t at = 0; at < text.size(); ++at) {
    uint32_t code = uint8_t(text[at]);
    if (code >= 0xC0 && code < 0xC8 && at + 1 < text.size())
      code = (code & 0x1F) << 6 | (uint8_t(text[++at]) & 0x3F);
    else if (code >= 0x80)
      return std::nullopt;
    if (kBytes[code] < 0)
      return std::nullopt;
    out += char(kBytes[code]);
  }
  return out;
}

namespace {

/// The pair table: hash and displace. Every pair has one possible slot, so that a lookup that fails (most do) costs one
/// line.
class PairTable {
public:
  bool build(const std::vector<GmTokenPair> &pairs);
  /// nullptr if these two never merge.
  const GmTokenPair *find(uint32_t left, uint32_t right) const;
  std::vector<GmTokenPair> slots;
  std::vector<uint16_t> displacements;
  uint32_t seed = 0;

private:
  bool tryBuild(const std::vector<GmTokenPair> &pairs);
};

} // namespace

bool PairTable::tryBuild(const std::vector<GmTokenPair> &pairs) {
  uint32_t bucketCount = uint32_t(pairs.size() / 4 + 1), slotCount = uint32_t(pairs.size() + pairs.size() / 16 + 8);
  slots.assign(slotCount, GmTokenPair{GM_NO_SYMBOL, GM_NO_SYMBOL, 0, 0});
  displacements.assign(bucketCount, 0);
  std::vector<uint64_t> hashes(pairs.size());
  std::vector<uint32_t> starts(bucketCount + 1, 0), members(pairs.size());
  for (size_t i = 0; i < pairs.size(); ++i) {
    hashes[i] = gmPairHash(pairs[i].left, pairs[i].right, seed);
    ++starts[gmPairBucket(hashes[i], bucketCount) + 1];
  }
  for (uint32_t b = 0; b < bucketCount; ++b)
    starts[b + 1] += starts[b];
  std::vector<uint32_t> next(starts.begin(), starts.end() - 1), order(bucketCount);
  for (uint32_t i = 0; i < pairs.size(); ++i)
    members[next[gmPairBucket(hashes[i], bucketCount)]++] = i;
  for (uint32_t b = 0; b < bucketCount; ++b)
    order[b] = b;
  // Large buckets first, while the table is empty.
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
    uint32_t sizeA = starts[a + 1] - starts[a], sizeB = starts[b + 1] - starts[b];
    return sizeA != sizeB ? sizeA > sizeB : a < b;
  });
  std::vector<uint32_t> taken;
  for (uint32_t b : order) {
    std::span<const uint32_t> bucket(members.data() + starts[b], starts[b + 1] - starts[b]);
    bool placed = bucket.empty();
    for (uint32_t d = 0; d < 65536 && !placed; ++d) {
      taken.clear();
      for (uint32_t i : bucket) {
        uint32_t slot = gmPairSlot(hashes[i], uint16_t(d), slotCount);
        if (slots[slot].left != GM_NO_SYMBOL || std::find(taken.begin(), taken.end(), slot) != taken.end())
          break;
        taken.push_back(slot);
      }
      placed = taken.size() == bucket.size();
      if (placed)
        displacements[b] = uint16_t(d);
    }
    if (!placed)
      return false;
    for (size_t k = 0; k < bucket.size(); ++k)
      slots[taken[k]] = pairs[bucket[k]];
  }
  return true;
}

bool PairTable::build(const std::vector<GmTokenPair> &pairs) {
  if (pairs.empty())
    return true;
  for (seed = 1; seed <= 16; ++seed)
    if (tryBuild(pairs))
      return true;
  return false;
}

const GmTokenPair *PairTable::find(uint32_t left, uint32_t right) const {
  if (slots.empty())
    return nullptr;
  uint64_t hash = gmPairHash(left, right, seed);
  uint16_t displacement = displacements[gmPairBucket(hash, uint32_t(displacements.size()))];
  const GmTokenPair &pair = slots[gmPairSlot(hash, displacement, uint32_t(slots.size()))];
  return pair.left == left && pair.right == right ? &pair : nullptr;
}

/// Merges symbols as the definition of BPE says: the smallest rank first, the leftmost of equals.
static void mergeAll(const PairTable &table, std::vector<uint32_t> &parts) {
  while (true) {
    const GmTokenPair *best = nullptr;
    size_t place = 0;
    for (size_t i = 0; i + 1 < parts.size(); ++i)
      if (const GmTokenPair *pair = table.find(parts[i], parts[i + 1]); pair && (!best || pair->rank < best->rank))
        best = pair, place = i;
    if (!best)
      return;
    parts[place] = best->product;
    parts.erase(parts.begin() + ptrdiff_t(place) + 1);
  }
}

/// The symbols' types, with those marked that merging spells (GM_TOKEN_WHOLE).
static std::vector<uint8_t> markWhole(const TokenizerData &data, const SymbolIndex &index, const PairTable &table) {
  std::vector<uint8_t> types = data.types;
  std::vector<uint32_t> parts;
  for (uint32_t id = 0; id < data.tokens; ++id) {
    std::string_view text = data.symbols[id];
    parts.clear();
    bool byBytes = data.flags & GM_TOKENIZER_BYTE_LEVEL;
    for (size_t at = 0, bytes; at < text.size(); at += bytes) {
      bytes = 1;
      while (!byBytes && at + bytes < text.size() && (uint8_t(text[at + bytes]) & 0xC0) == 0x80)
        ++bytes;
      parts.push_back(index.find(text.substr(at, bytes)));
    }
    if (std::find(parts.begin(), parts.end(), GM_NO_SYMBOL) != parts.end())
      continue;
    mergeAll(table, parts);
    if (parts.size() == 1 && parts[0] == id && !(types[id] & GM_TOKEN_CONTROL))
      types[id] |= GM_TOKEN_WHOLE;
  }
  return types;
}

/// Sorted by sides, of equal sides only the last given. What would make a control token of text is left out.
static std::vector<GmTokenPair> usefulPairs(const TokenizerData &data) {
  std::vector<GmTokenPair> pairs = data.merges;
  std::erase_if(pairs, [&](const GmTokenPair &pair) { return data.types[pair.product] & GM_TOKEN_CONTROL; });
  auto sides = [](const GmTokenPair &p) { return uint64_t(p.left) << 32 | p.right; };
  std::sort(pairs.begin(), pairs.end(), [&](const GmTokenPair &a, const GmTokenPair &b) {
    return sides(a) != sides(b) ? sides(a) < sides(b) : a.rank < b.rank;
  });
  size_t kept = 0;
  for (size_t i = 0; i < pairs.size(); ++i)
    if (i + 1 == pairs.size() || sides(pairs[i]) != sides(pairs[i + 1]))
      pairs[kept++] = pairs[i];
  pairs.resize(kept);
  return pairs;
}

/// Header's `joins`; see there why all bits are set for some tokenizers.
static std::vector<uint64_t> joinMatrix(const TokenizerData &data, std::span<const GmTokenPair> pairs, bool allBytes) {
  std::vector<uint64_t> joins(256 * 4, 0);
  bool spaces = data.flags & GM_TOKENIZER_SPACE_MARK;
  bool exact = allBytes;
  for (const GmTokenPair &pair : pairs)
    exact = exact && !((data.types[pair.left] | data.types[pair.right]) & GM_TOKEN_BYTE) &&
            int32_t(pair.left) != data.unk && int32_t(pair.right) != data.unk;
  if (!exact) {
    std::fill(joins.begin(), joins.end(), ~uint64_t(0));
    return joins;
  }
  auto join = [&](uint8_t last, uint8_t first) { joins[last * 4 + (first >> 6)] |= uint64_t(1) << (first & 63); };
  for (unsigned last = 0x80; last < 256; ++last)
    for (unsigned first = 0x80; first < 0xC0; ++first)
      join(uint8_t(last), uint8_t(first)); // inside of a character there is no cut
  for (const GmTokenPair &pair : pairs) {
    const std::string &left = data.symbols[pair.left], &right = data.symbols[pair.right];
    uint8_t lasts[2] = {uint8_t(left.back()), uint8_t(left.back())};
    uint8_t firsts[2] = {uint8_t(right.front()), uint8_t(right.front())};
    if (spaces && left.ends_with(spaceMark))
      lasts[1] = ' ';
    if (spaces && right.starts_with(spaceMark))
      firsts[1] = ' ';
    for (uint8_t last : lasts)
      for (uint8_t first : firsts)
        join(last, first);
  }
  return joins;
}

static Status checkData(const TokenizerData &data) {
  size_t count = data.symbols.size();
  if (data.tokens == 0)
    return fail(data, "the vocabulary is empty");
  if (count > GM_TOKENIZER_MAX_SYMBOLS)
    return fail(data, std::to_string(count) + " tokens; at most " + std::to_string(GM_TOKENIZER_MAX_SYMBOLS) +
                          " are possible");
  size_t stringBytes = 0;
  for (const std::string &symbol : data.symbols)
    stringBytes += symbol.size();
  if (stringBytes > (size_t(1) << 31))
    return fail(data, "the tokens' strings take more than 2 GiB");
  for (uint32_t id = 0; id < count; ++id)
    if (data.symbols[id].size() > GM_TOKENIZER_MAX_TOKEN_BYTES)
      return fail(data, "token " + std::to_string(id) + " has " + std::to_string(data.symbols[id].size()) +
                            " bytes; at most " + std::to_string(GM_TOKENIZER_MAX_TOKEN_BYTES) + " are possible");
  auto known = [&](int32_t id) { return id >= -1 && id < int64_t(data.tokens); };
  if (!known(data.bos) || !known(data.eos) || !known(data.unk) || !known(data.pad))
    return fail(data, "a special token's id is not below the number of tokens, " + std::to_string(data.tokens));
  return Ok{};
}

/// Appends tables at 8-byte aligned offsets.
class SectionWriter {
public:
  template <class T> uint64_t append(std::span<const T> table) {
    bytes.resize((bytes.size() + 7) / 8 * 8);
    uint64_t offset = bytes.size();
    const auto *first = reinterpret_cast<const uint8_t *>(table.data());
    bytes.insert(bytes.end(), first, first + table.size_bytes());
    return offset;
  }
  std::vector<uint8_t> bytes = std::vector<uint8_t>(sizeof(GmTokenizerHeader));
};

static std::vector<uint32_t> sortedAdded(const TokenizerData &data, const SymbolIndex &index) {
  std::vector<uint32_t> added;
  for (uint32_t id = 0; id < data.tokens; ++id)
    if ((data.types[id] & GM_TOKEN_ADDED) && index.find(data.symbols[id]) == id)
      added.push_back(id);
  std::sort(added.begin(), added.end(), [&](uint32_t a, uint32_t b) { return data.symbols[a] < data.symbols[b]; });
  return added;
}

Result<std::vector<uint8_t>> buildTokenizerSection(const TokenizerData &data) {
  if (Status status = checkData(data); !status)
    return status.error();
  GmTokenizerHeader header{};
  std::memcpy(header.magic, GM_TOKENIZER_MAGIC, sizeof header.magic);
  header.kind = data.kind;
  header.flags = data.flags;
  header.tokens = data.tokens;
  header.symbols = uint32_t(data.symbols.size());
  header.bos = data.bos, header.eos = data.eos, header.unk = data.unk, header.pad = data.pad;
  for (int32_t stop : data.stops)
    if (header.stopCount < GM_TOKENIZER_MAX_STOPS && stop >= 0 && stop < int64_t(data.tokens))
      header.stops[header.stopCount++] = stop;

  std::fill(std::begin(header.byteTokens), std::end(header.byteTokens), -1);
  std::vector<uint32_t> offsets{0};
  std::vector<uint8_t> strings;
  for (uint32_t id = 0; id < header.symbols; ++id) {
    const std::string &text = data.symbols[id];
    strings.insert(strings.end(), text.begin(), text.end());
    offsets.push_back(uint32_t(strings.size())); // checkData limits the sum
    header.maxTokenBytes = std::max(header.maxTokenBytes, uint32_t(text.size()));
    if (id < data.tokens && (data.types[id] & GM_TOKEN_BYTE) && !(data.flags & GM_TOKENIZER_BYTE_LEVEL))
      if (int value = byteOfToken(text); value >= 0)
        header.byteTokens[value] = int32_t(id);
  }
  bool allBytes =
      std::find(std::begin(header.byteTokens), std::end(header.byteTokens), -1) == std::end(header.byteTokens);

  SymbolIndex index(data.symbols);
  if (index.crowded())
    return fail(data, "the hashes of its tokens fall together; no vocabulary has that by chance");
  std::vector<uint32_t> added = sortedAdded(data, index);
  std::vector<GmTokenPair> pairs = usefulPairs(data);
  PairTable table;
  if (!table.build(pairs))
    return fail(data, "no perfect hash found for " + std::to_string(pairs.size()) + " merges");
  header.addedCount = uint32_t(added.size());
  header.indexSlots = uint32_t(index.slots().size());
  header.pairSlots = uint32_t(table.slots.size());
  header.pairBuckets = uint32_t(table.displacements.size());
  header.pairSeed = table.seed;

  SectionWriter writer;
  header.stringOffsets = writer.append(std::span<const uint32_t>(offsets));
  header.strings = writer.append(std::span<const uint8_t>(strings));
  header.stringBytes = strings.size();
  header.types = writer.append(std::span<const uint8_t>(markWhole(data, index, table)));
  header.index = writer.append(std::span<const uint32_t>(index.slots()));
  header.added = writer.append(std::span<const uint32_t>(added));
  header.displacements = writer.append(std::span<const uint16_t>(table.displacements));
  header.pairs = writer.append(std::span<const GmTokenPair>(table.slots));
  header.joins = writer.append(std::span<const uint64_t>(joinMatrix(data, pairs, allBytes)));
  header.splitItems = writer.append(std::span<const GmSplitItem>(data.split.items));
  header.splitSets = writer.append(std::span<const GmSplitSet>(data.split.sets));
  header.splitRanges = writer.append(std::span<const GmSplitRange>(data.split.ranges));
  header.splitItemCount = uint32_t(data.split.items.size());
  header.splitSetCount = uint32_t(data.split.sets.size());
  header.splitRangeCount = uint32_t(data.split.ranges.size());
  header.bytes = writer.bytes.size();
  std::memcpy(writer.bytes.data(), &header, sizeof header);
  return std::move(writer.bytes);
}

} // namespace gemmac::import
