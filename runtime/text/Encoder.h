// One call of Tokenizer::encode: splits at added tokens, cuts the pieces into chunks that no merge reaches across,
// merges each chunk (small ones by a scan, long ones range by range with a heap) and remembers those it has seen.
#ifndef RUNTIME_TEXT_ENCODER_H
#define RUNTIME_TEXT_ENCODER_H

#include "runtime/text/Tokenizer.h"

namespace gemmart {

class Encoder {
public:
  Encoder(const Tokenizer &tokenizer, std::vector<int32_t> &out, size_t textBytes);
  /// The whole text, which is valid UTF-8 below 2^31 bytes. Control tokens count where they lie within one range of
  /// `trusted` (in order, none overlapping).
  void encode(std::string_view text, std::span<const TextRange> trusted);

private:
  /// Chunks of up to 16 bytes with their ids; half a cache line each.
  struct alignas(32) CacheEntry {
    uint64_t key[2];
    uint16_t bytes; ///< 0: free
    uint16_t count;
    int32_t ids[3];
  };
  struct Node {
    uint32_t symbol, previous, next, rank, product; ///< rank, product: of the merge with `next`
  };
  /// What symbols were merged to, from the symbol at `start` up to the next part.
  struct Part {
    uint32_t start, symbol;
  };
  static constexpr uint32_t noRank = 0xFFFFFFFF;
  static constexpr size_t smallChunk = 48; ///< symbols up to which scanning beats the heap

  struct Found {
    uint32_t id; ///< GM_NO_SYMBOL: all up to `stop` is text
    size_t stop;
  };
  Found findAdded(std::string_view text, size_t at, TextRange trusted) const;
  void encodePiece(std::string_view piece);
  void encodeSplit(std::string_view piece);
  void encodeChunks(std::string_view piece);
  uint64_t cutsAt(const char *text, const char *end) const;
  void encodeChunk(std::string_view chunk, const char *end);
  uint32_t wholeToken(std::string_view chunk);
  void mergeChunk(std::string_view chunk);
  void readSymbols(std::string_view chunk);
  void readUnknown(std::string_view character, bool &unknownWaits);
  void mergeSmall();
  void mergeLarge();
  void mergeRange(uint32_t begin, uint32_t end, std::vector<Part> &found);
  bool stayApart(uint32_t left, uint32_t middle, uint32_t end);
  void mergeNode(uint32_t at);
  void setRank(uint32_t node);
  void pushHeap(uint64_t key);
  uint64_t popHeap();
  void siftDown(size_t at, uint64_t key);
  void emit(uint32_t symbol);
  /// Where the next ids go: there is room for three.
  int32_t *room() {
    if (out.size() - count < std::size(CacheEntry().ids))
      out.resize(out.size() * 2 + 16);
    return out.data() + count;
  }
  void append(int32_t id) {
    *room() = id;
    ++count;
  }

  const Tokenizer &tokenizer;
  std::vector<int32_t> &out; ///< grown ahead; encode cuts it to `count`
  size_t count;
  std::vector<CacheEntry> cache; ///< a power of two
  std::string marked;            ///< the chunk at hand with marks for spaces
  std::vector<uint32_t> symbols; ///< of the chunk at hand
  std::vector<Node> nodes;
  std::vector<uint64_t> known; ///< merges there are before the first is made, as in `heap`
  std::vector<uint64_t> heap;  ///< 4-ary, smallest first: rank in the high half, node in the low half
};

} // namespace gemmart
#endif
