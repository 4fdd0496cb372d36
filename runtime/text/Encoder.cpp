// The encoder: see the header, and joins in runtime/abi/TokenizerSection.h for why the cuts are exact.
#include "runtime/text/Encoder.h"

#include "runtime/base/Text.h"
#include "runtime/text/Utf8.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace gemmart {

Encoder::Encoder(const Tokenizer &tokenizer, std::vector<int32_t> &out, size_t textBytes)
    : tokenizer(tokenizer), out(out), count(out.size()) {
  out.resize(count + textBytes / 4 + 16);
  size_t entries = 64;
  while (entries < 32768 && entries * 16 < textBytes)
    entries *= 2;
  cache.resize(entries);
}

/// The added token at `at`, if any. `trusted` is the first trusted range that ends behind `at`.
Encoder::Found Encoder::findAdded(std::string_view text, size_t at, TextRange trusted) const {
  uint32_t id = tokenizer.mayBeAdded(text, at) ? tokenizer.addedAt(text, at) : GM_NO_SYMBOL;
  if (id == GM_NO_SYMBOL)
    return {id, at + 1};
  size_t stop = at + tokenizer.symbol(id).size();
  if (!tokenizer.isControl(int32_t(id)) || (trusted.begin <= at && stop <= trusted.end))
    return {id, stop};
  if (at < trusted.begin) // it stays text, but may hide nothing of what is trusted
    return {GM_NO_SYMBOL, std::min(stop, trusted.begin)};
  // The longest match needs text of others; a shorter one may not.
  id = tokenizer.addedAt(text.substr(0, trusted.end), at);
  return id == GM_NO_SYMBOL ? Found{id, at + 1} : Found{id, at + tokenizer.symbol(id).size()};
}

void Encoder::encode(std::string_view text, std::span<const TextRange> trusted) {
  size_t done = 0;
  for (size_t at = 0; at < text.size();) {
    while (!trusted.empty() && trusted.front().end <= at)
      trusted = trusted.subspan(1);
    size_t start = at;
    auto [id, stop] = findAdded(text, at, trusted.empty() ? TextRange{text.size(), text.size()} : trusted.front());
    at = stop;
    if (id == GM_NO_SYMBOL)
      continue;
    uint8_t type = tokenizer.types[id];
    if (type & GM_TOKEN_LSTRIP)
      start -= whiteSpaceBytes(text.substr(done, start > done ? start - done : 0), true, false);
    if (type & GM_TOKEN_RSTRIP)
      stop += whiteSpaceBytes(text.substr(stop), false, false);
    if (start > done)
      encodePiece(text.substr(done, start - done));
    append(int32_t(id));
    done = stop;
  }
  if (done < text.size())
    encodePiece(text.substr(done));
  out.resize(count);
}

void Encoder::encodeSplit(std::string_view piece) {
  uint32_t begin = 0;
  for (uint32_t end : tokenizer.splitter.split(piece)) {
    encodeChunk(piece.substr(begin, end - begin), piece.data() + piece.size());
    begin = end;
  }
}

void Encoder::encodePiece(std::string_view piece) {
  if (tokenizer.header->flags & GM_TOKENIZER_BYTE_LEVEL)
    return encodeSplit(piece);
  if (!tokenizer.hasSpacePrefix())
    return encodeChunks(piece);
  std::string prefixed = " ";
  prefixed += piece;
  encodeChunks(prefixed);
}

/// Bit i: a chunk begins at text[at + i]. `at` is no start of the piece; up to 64 bytes, none from `end` on.
uint64_t Encoder::cutsAt(const char *text, const char *end) const {
  size_t bytes = std::min<size_t>(64, size_t(end - text));
  uint64_t cuts = 0;
  for (size_t i = 0; i < bytes; ++i)
    cuts |= uint64_t(!tokenizer.mayJoin(uint8_t(text[ptrdiff_t(i) - 1]), uint8_t(text[i]))) << i;
  return cuts;
}

void Encoder::encodeChunks(std::string_view piece) {
  const char *start = piece.data(), *end = start + piece.size();
  for (const char *block = start + 1; block < end; block += 64)
    for (uint64_t cuts = cutsAt(block, end); cuts != 0; cuts &= cuts - 1) {
      const char *cut = block + std::countr_zero(cuts);
      encodeChunk({start, size_t(cut - start)}, end);
      start = cut;
    }
  encodeChunk({start, size_t(end - start)}, end);
}

/// Up to 16 bytes as two numbers, zeros behind them. Reads nothing from `end` on.
static void loadKey(std::string_view chunk, const char *end, uint64_t key[2]) {
  static constexpr uint64_t all = ~uint64_t(0);
  char copy[16] = {};
  const char *from = chunk.data();
  if (end - from < 16)
    from = static_cast<const char *>(std::memcpy(copy, from, chunk.size()));
  std::memcpy(key, from, 16);
  size_t bits = chunk.size() * 8; // 8 to 128
  key[0] &= bits >= 64 ? all : all >> (64 - bits);
  key[1] &= bits <= 64 ? 0 : all >> (128 - bits);
}

void Encoder::encodeChunk(std::string_view chunk, const char *end) {
  if (chunk.size() > sizeof(CacheEntry::key))
    return mergeChunk(chunk);
  uint64_t key[2];
  loadKey(chunk, end, key);
  uint64_t mixed = (key[0] ^ (key[1] * 0x9E3779B97F4A7C15ull) ^ chunk.size()) * 0xD6E8FEB86659FD93ull;
  CacheEntry &entry = cache[(mixed >> 32 ^ mixed >> 48) & (cache.size() - 1)];
  if (entry.key[0] == key[0] && entry.key[1] == key[1] && entry.bytes == chunk.size()) {
    std::memcpy(room(), entry.ids, sizeof entry.ids); // all of them: a copy of fixed size is cheaper
    count += entry.count;
    return;
  }
  size_t before = count;
  mergeChunk(chunk);
  size_t made = count - before;
  if (made > std::size(entry.ids))
    return;
  std::memcpy(entry.key, key, sizeof key);
  entry.bytes = uint16_t(chunk.size());
  entry.count = uint16_t(made);
  std::copy_n(out.data() + before, made, entry.ids);
}

/// The token that the chunk is as a whole, where merging would find just that; else GM_NO_SYMBOL. The common case of a
/// chunk not seen before, and far cheaper than its merges.
uint32_t Encoder::wholeToken(std::string_view chunk) {
  if (chunk.size() > tokenizer.header->maxTokenBytes)
    return GM_NO_SYMBOL;
  std::string_view text = chunk;
  if (tokenizer.header->flags & GM_TOKENIZER_SPACE_MARK && chunk.find(' ') != std::string_view::npos) {
    marked.clear();
    for (char c : chunk)
      if (c == ' ')
        marked += spaceMark;
      else
        marked += c;
    text = marked;
  }
  uint32_t symbol = tokenizer.findSymbol(text);
  return symbol != GM_NO_SYMBOL && tokenizer.types[symbol] & GM_TOKEN_WHOLE ? symbol : GM_NO_SYMBOL;
}

void Encoder::mergeChunk(std::string_view chunk) {
  if (uint32_t whole = wholeToken(chunk); whole != GM_NO_SYMBOL)
    return append(int32_t(whole));
  readSymbols(chunk);
  if (symbols.size() <= smallChunk)
    mergeSmall();
  else
    mergeLarge();
}

/// A character that is no symbol: its bytes if there are tokens for all of them, else `unk` (one for a run, where
/// fused). An `unk` waits until the next known character, so that bytes can pass it; odd, but so does the reference.
void Encoder::readUnknown(std::string_view character, bool &unknownWaits) {
  const int32_t *byteTokens = tokenizer.header->byteTokens;
  bool all = true;
  for (char c : character)
    all = all && byteTokens[uint8_t(c)] >= 0;
  if (all) {
    for (char c : character)
      symbols.push_back(uint32_t(byteTokens[uint8_t(c)]));
    return;
  }
  if (unknownWaits && !(tokenizer.header->flags & GM_TOKENIZER_FUSE_UNK))
    symbols.push_back(uint32_t(tokenizer.unk()));
  unknownWaits = tokenizer.unk() >= 0;
}

void Encoder::readSymbols(std::string_view chunk) {
  symbols.clear();
  if (tokenizer.header->flags & GM_TOKENIZER_BYTE_LEVEL) {
    for (char c : chunk)
      if (uint32_t symbol = tokenizer.byteSymbols[uint8_t(c)]; symbol != GM_NO_SYMBOL)
        symbols.push_back(symbol);
    return;
  }
  bool unknownWaits = false;
  for (size_t at = 0, bytes; at < chunk.size(); at += bytes) {
    uint8_t lead = uint8_t(chunk[at]);
    bytes = utf8Bytes(lead);
    std::string_view character = chunk.substr(at, bytes);
    uint32_t symbol = lead < 0x80 ? tokenizer.byteSymbols[lead] : tokenizer.findText(character);
    if (symbol == GM_NO_SYMBOL) {
      bool mark = lead == ' ' && (tokenizer.header->flags & GM_TOKENIZER_SPACE_MARK);
      readUnknown(mark ? spaceMark : character, unknownWaits);
      continue;
    }
    if (unknownWaits)
      symbols.push_back(uint32_t(tokenizer.unk()));
    unknownWaits = false;
    symbols.push_back(symbol);
  }
  if (unknownWaits)
    symbols.push_back(uint32_t(tokenizer.unk()));
}

void Encoder::mergeSmall() {
  uint32_t ranks[smallChunk], products[smallChunk];
  uint32_t *list = symbols.data();
  size_t count = symbols.size();
  auto look = [&](size_t i) {
    const GmTokenPair *pair = tokenizer.findPair(list[i], list[i + 1]);
    ranks[i] = pair ? pair->rank : noRank;
    products[i] = pair ? pair->product : 0;
  };
  for (size_t i = 0; i + 1 < count; ++i)
    look(i);
  while (count > 1) {
    size_t best = 0;
    for (size_t i = 1; i + 1 < count; ++i)
      if (ranks[i] < ranks[best])
        best = i;
    if (ranks[best] == noRank)
      break;
    list[best] = products[best];
    --count;
    for (size_t i = best + 1; i < count; ++i) {
      list[i] = list[i + 1];
      ranks[i] = ranks[i + 1];
      products[i] = products[i + 1];
    }
    if (best + 1 < count)
      look(best);
    if (best > 0)
      look(best - 1);
  }
  for (size_t i = 0; i < count; ++i)
    emit(list[i]);
}

void Encoder::siftDown(size_t at, uint64_t key) {
  for (size_t child; (child = at * 4 + 1) < heap.size();) {
    size_t end = std::min(child + 4, heap.size());
    size_t smallest = child;
    for (size_t i = child + 1; i < end; ++i)
      if (heap[i] < heap[smallest])
        smallest = i;
    if (heap[smallest] >= key)
      break;
    heap[at] = heap[smallest];
    at = smallest;
  }
  heap[at] = key;
}

void Encoder::pushHeap(uint64_t key) {
  size_t at = heap.size();
  heap.push_back(key);
  while (at > 0 && heap[(at - 1) / 4] > key) {
    heap[at] = heap[(at - 1) / 4];
    at = (at - 1) / 4;
  }
  heap[at] = key;
}

uint64_t Encoder::popHeap() {
  uint64_t top = heap.front(), last = heap.back();
  heap.pop_back();
  if (!heap.empty())
    siftDown(0, last);
  return top;
}

/// Looks up the merge of a node with its right neighbour.
void Encoder::setRank(uint32_t node) {
  Node &left = nodes[node];
  const GmTokenPair *pair =
      left.next < nodes.size() ? tokenizer.findPair(left.symbol, nodes[left.next].symbol) : nullptr;
  left.rank = pair ? pair->rank : noRank;
  left.product = pair ? pair->product : 0;
}

/// Merges nodes[at] with its right neighbour.
void Encoder::mergeNode(uint32_t at) {
  Node &node = nodes[at], &gone = nodes[node.next];
  gone.rank = noRank;
  node.symbol = node.product;
  node.next = gone.next;
  if (node.next < nodes.size())
    nodes[node.next].previous = at;
  for (uint32_t changed : {at, node.previous}) {
    if (changed >= nodes.size())
      continue;
    setRank(changed);
    if (nodes[changed].rank != noRank)
      pushHeap(uint64_t(nodes[changed].rank) << 32 | changed);
  }
}

/// Merges the symbols from `begin` to `end` as if there were no others; appends what they become to `found`.
void Encoder::mergeRange(uint32_t begin, uint32_t end, std::vector<Part> &found) {
  uint32_t count = end - begin;
  nodes.resize(count);
  known.clear();
  heap.clear();
  for (uint32_t i = 0; i < count; ++i)
    nodes[i] = {symbols[begin + i], i - 1, i + 1, noRank, 0}; // the first has no previous: 2^32 - 1 is no node
  for (uint32_t i = 0; i < count; ++i) {
    setRank(i);
    if (nodes[i].rank != noRank)
      known.push_back(uint64_t(nodes[i].rank) << 32 | i);
  }
  // The merges known from the start are sorted once and read in order; only those that arise later need the heap.
  std::sort(known.begin(), known.end());
  for (size_t next = 0; next < known.size() || !heap.empty();) {
    bool fromKnown = next < known.size() && (heap.empty() || known[next] < heap.front());
    uint64_t top = fromKnown ? known[next++] : popHeap();
    // An entry is stale if the node's pair has changed. A pair of the same rank at the same node is the same merge.
    if (nodes[uint32_t(top)].rank == top >> 32)
      mergeNode(uint32_t(top));
  }
  for (uint32_t i = 0; i < count; i = nodes[i].next)
    found.push_back({begin + i, nodes[i].symbol});
}

/// Whether the tokens that begin at `left` and `middle`, the second up to `end`, stay two when they are merged
/// together.
bool Encoder::stayApart(uint32_t left, uint32_t middle, uint32_t end) {
  std::vector<Part> both;
  mergeRange(left, end, both);
  return both.size() == 2 && both[1].start == middle;
}

/// A long chunk in ranges of bounded length, so that the time is linear. Exact, because merges on one side of a place
/// know nothing of the other side until one reaches across, and the first to do so lies within the two tokens that meet
/// there: the tokens of x and of y, in a row, are those of xy if and only if the last of x and the first of y, merged
/// by themselves, stay what they are. So a range begins where a token begins, its last tokens are left to the next
/// range, and where two ranges do not fit the second begins some tokens earlier.
void Encoder::mergeLarge() {
  uint32_t total = uint32_t(symbols.size()), longest = tokenizer.header->maxTokenBytes;
  uint32_t usual = std::max(256u, longest * 8), size = usual;
  std::vector<Part> parts, found;
  for (uint32_t begin = 0, end = 0, retreat = 1; begin < total;) {
    end = std::max(end, begin + std::min(size, total - begin));
    found.clear();
    mergeRange(begin, end, found);
    if (!parts.empty() && !stayApart(parts.back().start, begin, found.size() > 1 ? found[1].start : end)) {
      for (uint32_t i = 0; i < retreat && !parts.empty(); ++i, parts.pop_back())
        begin = parts.back().start;
      retreat *= 2;
      continue;
    }
    size_t certain = found.size();
    while (end < total && certain > 0 && found[certain - 1].start + longest * 2 > end)
      --certain;
    parts.insert(parts.end(), found.begin(), found.begin() + ptrdiff_t(certain));
    begin = certain < found.size() ? found[certain].start : total;
    size = certain > 0 ? usual : (end - begin) * 2;
    retreat = 1;
  }
  for (const Part &part : parts)
    emit(part.symbol);
}

/// A symbol that is no token is a character nothing was merged with.
void Encoder::emit(uint32_t symbol) {
  if (symbol < tokenizer.header->tokens) {
    append(int32_t(symbol));
    return;
  }
  const int32_t *byteTokens = tokenizer.header->byteTokens;
  std::string_view text = tokenizer.symbol(symbol);
  bool all = true;
  for (char c : text)
    all = all && byteTokens[uint8_t(c)] >= 0;
  for (char c : text)
    if (all)
      append(byteTokens[uint8_t(c)]);
  if (!all && tokenizer.unk() >= 0)
    append(tokenizer.unk());
}

Result<std::vector<int32_t>> Tokenizer::encodeTrusted(std::string_view text, std::span<const TextRange> trusted,
                                                      bool addBos) const {
  if (text.size() > 0x7FFFFFFF)
    return inputError(format("the text has %zu bytes; at most 2147483647 are possible", text.size()));
  if (size_t bad = findInvalidUtf8(text); bad != std::string_view::npos) {
    bool surrogate = uint8_t(text[bad]) == 0xED && bad + 1 < text.size() && uint8_t(text[bad + 1]) >= 0xA0;
    return inputError(format("the text is not UTF-8: byte 0x%02X at offset %zu%s", uint8_t(text[bad]), bad,
                             surrogate ? " starts a surrogate, which stands for no character alone" : ""));
  }
  std::vector<int32_t> ids;
  if (addBos && wantsBos())
    ids.push_back(bos());
  Encoder(*this, ids, text.size()).encode(text, trusted);
  if (addBos && wantsBos() && ids.size() > 1 && ids[1] == bos())
    ids.erase(ids.begin()); // the text brought its own
  return ids;
}

Result<std::vector<int32_t>> Tokenizer::encode(std::string_view text, const EncodeOptions &options) const {
  TextRange all{0, text.size()};
  return encodeTrusted(text, std::span(&all, options.parseControl ? 1 : 0), options.addBos);
}

Result<std::vector<int32_t>> Tokenizer::encode(const Prompt &prompt) const {
  return encodeTrusted(prompt.text(), prompt.templateRanges(), false);
}

} // namespace gemmart
