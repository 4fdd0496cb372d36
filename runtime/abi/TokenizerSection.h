// The "tokenizer" section of an executable: written once by the compiler, used in place by the runtime. One header,
// then tables at 8-byte aligned offsets from the start of the section. Little endian. A symbol is a token, or a
// character that is no token itself but can be part of a merge (scores only); tokens come first, so symbol id == token
// id.
#ifndef RUNTIME_ABI_TOKENIZERSECTION_H
#define RUNTIME_ABI_TOKENIZERSECTION_H

#include <stddef.h>
#include <stdint.h>

#define GM_TOKENIZER_MAGIC "GMTOKEN\2"
#define GM_TOKENIZER_MAX_SYMBOLS (1u << 22)
#define GM_TOKENIZER_MAX_STOPS 16u
#define GM_TOKENIZER_MAX_TOKEN_BYTES 1024u
#define GM_NO_SYMBOL 0xFFFFFFFFu

/// Facts of the whole tokenizer, bits of GmTokenizerHeader::flags.
enum GmTokenizerFlag {
  GM_TOKENIZER_SPACE_MARK = 1, ///< " " becomes U+2581 before merging, and U+2581 becomes " " when decoding
  GM_TOKENIZER_SPACE_PREFIX =
      2, ///< a space goes in front of every piece of text that starts the input or follows a control token
  GM_TOKENIZER_ADD_BOS = 4,  ///< the model wants `bos` in front, once
  GM_TOKENIZER_FUSE_UNK = 8, ///< neighbouring unknown characters give one `unk`
  /// The smallest symbols are the 256 bytes, not characters, and strings of symbols may be any bytes. Text is cut by
  /// the split program first; no merge reaches across a cut.
  GM_TOKENIZER_BYTE_LEVEL = 16,
};

/// Where the merges came from; only told to people, the algorithm is the same.
enum GmTokenizerKind { GM_TOKENIZER_MERGES = 1, GM_TOKENIZER_SCORES = 2 };

/// Bits of a symbol's type.
enum GmTokenType {
  GM_TOKEN_CONTROL = 1,    ///< not text: never shown, and found in a prompt only where control tokens are parsed
  GM_TOKEN_ADDED = 2,      ///< searched for in the text before merging
  GM_TOKEN_BYTE = 4,       ///< stands for one byte; its string is "<0xXX>"
  GM_TOKEN_UNUSED = 8,     ///< an id without a string
  GM_TOKEN_CHARACTER = 16, ///< a symbol that is no token
  GM_TOKEN_LSTRIP = 32,    ///< takes the white space on its left with it
  GM_TOKEN_RSTRIP = 64,    ///< likewise on its right
  GM_TOKEN_WHOLE = 128,    ///< its string gives the token itself, by its merges or in spite of them
};

/// An entry of the pair table: `left` and `right`, side by side, become `product`; the smallest rank goes first, the
/// leftmost of equals. Free entries have left == GM_NO_SYMBOL.
typedef struct GmTokenPair {
  uint32_t left, right, rank, product;
} GmTokenPair;

/// One step of the split program, which cuts text in stages: every piece of one stage is cut by the next. A stage is a
/// list of alternatives; at each place the first that matches makes a piece, and what none matches makes pieces, too.
typedef struct GmSplitItem {
  uint16_t kind;        ///< GmSplitKind
  uint16_t set;         ///< which set of characters
  uint16_t least, most; ///< how many of them, as many as possible; most = 65535: any number
} GmSplitItem;

enum GmSplitKind {
  GM_SPLIT_TAKE = 1,      ///< takes characters of the set
  GM_SPLIT_NOT_AHEAD = 2, ///< no character of the set follows; takes nothing
  GM_SPLIT_OR = 3,        ///< ends an alternative
  GM_SPLIT_STAGE = 4,     ///< ends a stage and its last alternative
};

/// Ranges [first, first + count) of the table of ranges, in order of their characters.
typedef struct GmSplitSet {
  uint32_t first, count;
} GmSplitSet;

typedef struct GmSplitRange {
  uint32_t first, last; ///< code points, both inclusive
} GmSplitRange;

#define GM_SPLIT_MAX_ITEMS 256u
#define GM_SPLIT_MAX_SETS 64u
#define GM_SPLIT_MAX_RANGES 65536u

typedef struct GmTokenizerHeader {
  char magic[8];
  uint64_t bytes; ///< of the whole section
  uint32_t kind, flags;
  uint32_t tokens;            ///< ids are below this
  uint32_t symbols;           ///< >= tokens
  int32_t bos, eos, unk, pad; ///< -1 if the tokenizer has none
  uint32_t stopCount;
  int32_t stops[GM_TOKENIZER_MAX_STOPS]; ///< ids that end a generation, as far as the checkpoint's files say
  int32_t byteTokens[256];               ///< id of "<0xXX>", or -1
  uint32_t addedCount;
  uint32_t maxTokenBytes;
  uint32_t indexSlots; ///< power of two, above `symbols`
  uint32_t pairSlots;  ///< 0 without merges
  uint32_t pairBuckets;
  uint32_t pairSeed;
  uint64_t stringOffsets; ///< uint32_t[symbols + 1]: symbol i is strings[o[i]] .. strings[o[i + 1]]
  uint64_t strings;       ///< uint8_t[o[symbols]]
  uint64_t stringBytes;
  uint64_t types; ///< uint8_t[symbols], GmTokenType
  uint64_t
      index; ///< uint32_t[indexSlots]: open addressing by gmTokenHash(string), linear probing; GM_NO_SYMBOL is free
  uint64_t added;         ///< uint32_t[addedCount]: ids of the added tokens, sorted by their bytes
  uint64_t displacements; ///< uint16_t[pairBuckets]: gmPairSlot's displacement
  uint64_t pairs;         ///< GmTokenPair[pairSlots]
  /// uint64_t[256][4]: bit b of row a is set if a merge can join text whose last byte is a with text whose first byte
  /// is b. The bytes are those of the text as it is typed (a space, not U+2581). Where the bit is clear the text may be
  /// cut without changing the result, for no merge ever reaches across. All set where that argument does not hold (byte
  /// tokens that take part in merges, unknown characters).
  uint64_t joins;
  uint64_t splitItems;  ///< GmSplitItem[splitItemCount]; none unless GM_TOKENIZER_BYTE_LEVEL
  uint64_t splitSets;   ///< GmSplitSet[splitSetCount]
  uint64_t splitRanges; ///< GmSplitRange[splitRangeCount]
  uint32_t splitItemCount, splitSetCount, splitRangeCount, splitUnused;
} GmTokenizerHeader;

#ifdef __cplusplus
static_assert(sizeof(GmTokenPair) == 16 && sizeof(GmTokenizerHeader) == 1280);
#endif

/// A well mixed 64-bit number.
static inline uint64_t gmMix(uint64_t x) {
  x ^= x >> 32;
  x *= 0xD6E8FEB86659FD93ull;
  x ^= x >> 29;
  x *= 0xC2B2AE3D27D4EB4Full;
  return x ^ (x >> 32);
}

/// Hash of a symbol's string.
static inline uint64_t gmTokenHash(const uint8_t *text, size_t bytes) {
  uint64_t hash = 0x9E3779B97F4A7C15ull ^ bytes;
  for (size_t i = 0; i < bytes; ++i)
    hash = (hash ^ text[i]) * 0x100000001B3ull;
  return gmMix(hash);
}

static inline uint64_t gmPairHash(uint32_t left, uint32_t right, uint32_t seed) {
  return gmMix(((uint64_t)left << 32 | right) + (uint64_t)seed * 0x9E3779B97F4A7C15ull);
}

/// The bucket of a pair: which displacement belongs to it.
static inline uint32_t gmPairBucket(uint64_t hash, uint32_t buckets) {
  return (uint32_t)(((hash >> 32) * buckets) >> 32);
}

/// The only slot a pair can be in.
static inline uint32_t gmPairSlot(uint64_t hash, uint16_t displacement, uint32_t slots) {
  uint64_t mixed = (hash ^ ((uint64_t)displacement << 16 | displacement)) * 0x9E3779B97F4A7C15ull;
  return (uint32_t)(((mixed >> 32) * slots) >> 32);
}
#endif
