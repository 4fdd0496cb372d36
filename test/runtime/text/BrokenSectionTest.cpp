// Damaged tokenizer sections: opening fails with a message that names the table; whatever opens does not crash.
#include "compiler/import/Tokenizer.h"
#include "runtime/text/Tokenizer.h"

#include "gtest/gtest.h"

#include <cstring>
#include <functional>

using namespace gemmart;

static const std::vector<uint8_t> &wholeSection() {
  static const std::vector<uint8_t> section =
      gemmac::import::importTokenizer(std::string(GEMMAC_SOURCE_DIR "/test/goldens/tokenizer/words-bytes.json"))
          ->section;
  return section;
}

static std::string openProblem(const std::vector<uint8_t> &section) {
  Result<Tokenizer> tokenizer = Tokenizer::open(section);
  return tokenizer ? "opened" : tokenizer.status().message();
}

/// What opening says after `change`.
static std::string after(const std::function<void(GmTokenizerHeader &, uint8_t *)> &change) {
  std::vector<uint8_t> section = wholeSection();
  change(*reinterpret_cast<GmTokenizerHeader *>(section.data()), section.data());
  std::string message = openProblem(section);
  const std::string start = "the tokenizer section is damaged: ";
  return message.starts_with(start) ? message.substr(start.size()) : message;
}

template <class T> static T *at(uint8_t *section, uint64_t offset) {
  return reinterpret_cast<T *>(section + offset);
}

TEST(BrokenSection, Header) {
  using H = GmTokenizerHeader;
  EXPECT_EQ(after([](H &, uint8_t *) {}), "opened");
  EXPECT_EQ(after([](H &h, uint8_t *) { h.magic[7] = 9; }), "header: not a tokenizer of this version");
  EXPECT_EQ(after([](H &h, uint8_t *) { h.bytes -= 1; }), "header: its size is not the section's");
  EXPECT_EQ(after([](H &h, uint8_t *) { h.kind = 7; }), "header: unknown kind");
  EXPECT_EQ(after([](H &h, uint8_t *) { h.flags |= 1 << 20; }), "header: unknown flags");
  EXPECT_EQ(after([](H &h, uint8_t *) { h.tokens = 0; }), "header: impossible number of tokens");
  EXPECT_EQ(after([](H &h, uint8_t *) { h.tokens = h.symbols + 1; }), "header: impossible number of tokens");
  EXPECT_EQ(after([](H &h, uint8_t *) { h.symbols = 0xFFFFFFFF; }), "header: impossible number of tokens");
  EXPECT_EQ(after([](H &h, uint8_t *) { h.bos = int32_t(h.tokens); }), "header: a special token is out of range");
  EXPECT_EQ(after([](H &h, uint8_t *) { h.eos = -2; }), "header: a special token is out of range");
  EXPECT_EQ(after([](H &h, uint8_t *) { h.stopCount = 17; }), "header: too many stop tokens");
  EXPECT_EQ(after([](H &h, uint8_t *) { h.stopCount = 1, h.stops[0] = -1; }), "header: a stop token is out of range");
  EXPECT_EQ(after([](H &h, uint8_t *) { h.byteTokens[255] = 1 << 30; }), "header: a byte token is out of range");
}

TEST(BrokenSection, Tables) {
  using H = GmTokenizerHeader;
  for (uint64_t H::*table :
       {&H::stringOffsets, &H::strings, &H::types, &H::index, &H::added, &H::displacements, &H::pairs, &H::joins})
    for (uint64_t offset : {uint64_t(1), uint64_t(1) << 31, uint64_t(1) << 32, uint64_t(1) << 63, ~uint64_t(7)})
      EXPECT_NE(after([&](H &h, uint8_t *) { h.*table = offset; }).find("it lies outside of the section"),
                std::string::npos);
  EXPECT_EQ(after([](H &h, uint8_t *) { h.stringBytes = ~uint64_t(0); }), "strings: it lies outside of the section");
  EXPECT_EQ(after([](H &h, uint8_t *s) { at<uint32_t>(s, h.stringOffsets)[5] = 0xFFFFFFF0; }),
            "strings: an offset is out of order");
  EXPECT_EQ(after([](H &h, uint8_t *s) { at<uint32_t>(s, h.stringOffsets)[h.symbols] += 1; }),
            "strings: the offsets do not span the text");
  EXPECT_EQ(after([](H &h, uint8_t *) { h.maxTokenBytes = 1; }), "strings: an offset is out of order");
  EXPECT_EQ(after([](H &h, uint8_t *s) { at<uint8_t>(s, h.types)[0] = GM_TOKEN_CHARACTER; }), "types: an unknown type");
  EXPECT_EQ(after([](H &h, uint8_t *s) { at<uint8_t>(s, h.types)[0] = GM_TOKEN_BYTE; }),
            "types: a byte token is not spelled as one");
  EXPECT_EQ(after([](H &h, uint8_t *) { h.indexSlots = 3; }), "index: its size is no power of two");
  EXPECT_EQ(after([](H &h, uint8_t *) { h.indexSlots = 0; }), "index: its size is no power of two");
  EXPECT_EQ(after([](H &h, uint8_t *s) { at<uint32_t>(s, h.index)[0] = h.symbols; }),
            "index: a symbol is out of range");
  EXPECT_EQ(after([](H &h, uint8_t *s) { std::memset(s + h.index, 0, h.indexSlots * 4); }),
            "index: it is full, so that no search in it would end");
  EXPECT_EQ(after([](H &h, uint8_t *s) { at<uint32_t>(s, h.added)[0] = h.tokens; }),
            "added tokens: an id is out of range or without text");
  EXPECT_EQ(after([](H &h, uint8_t *s) { std::swap(at<uint32_t>(s, h.added)[0], at<uint32_t>(s, h.added)[1]); }),
            "added tokens: they are not sorted");
  EXPECT_EQ(after([](H &h, uint8_t *) { h.addedCount = 0x40000000; }), "added tokens: it lies outside of the section");
  EXPECT_EQ(after([](H &h, uint8_t *) { h.pairBuckets = 0; }), "merges: no displacements");
  EXPECT_EQ(after([](H &h, uint8_t *) { h.pairSlots = 0xFFFFFFFF; }), "merges: it lies outside of the section");
  EXPECT_EQ(after([](H &h, uint8_t *s) {
              for (uint32_t i = 0; i < h.pairSlots; ++i)
                at<GmTokenPair>(s, h.pairs)[i] = {0, 0, 0, h.symbols};
            }),
            "merges: a symbol is out of range");
  EXPECT_EQ(after([](H &h, uint8_t *s) { at<uint64_t>(s, h.joins)[0xE2 * 4 + 2] = 0; }),
            "joins: they cut inside of a character");
}

TEST(BrokenSection, Truncated) {
  for (size_t bytes = 0; bytes < wholeSection().size(); bytes += bytes < 2000 ? 8 : 997) {
    std::vector<uint8_t> section(wholeSection().begin(), wholeSection().begin() + ptrdiff_t(bytes));
    EXPECT_NE(openProblem(section), "opened") << bytes;
    if (section.size() >= sizeof(GmTokenizerHeader)) {
      reinterpret_cast<GmTokenizerHeader *>(section.data())->bytes = section.size();
      EXPECT_NE(openProblem(section), "opened") << bytes;
    }
  }
}

/// Random damage anywhere; what still opens must encode and decode without leaving its tables (the sanitizers watch).
TEST(BrokenSection, RandomDamage) {
  uint64_t state = 3;
  auto next = [&] { return (state = state * 6364136223846793005ull + 1442695040888963407ull) >> 33; };
  int opened = 0;
  for (int round = 0; round < 4000; ++round) {
    std::vector<uint8_t> section = wholeSection();
    for (int i = 0; i < 1 + round % 8; ++i) {
      size_t where = round % 2 ? next() % sizeof(GmTokenizerHeader) : next() % section.size();
      section[where] = uint8_t(next());
    }
    Result<Tokenizer> tokenizer = Tokenizer::open(section);
    if (!tokenizer)
      continue;
    ++opened;
    Result<std::vector<int32_t>> ids =
        tokenizer->encode("the License of \xE6\x88\x91\xF0\x9F\x91\xA9 <|turn>\n\n  aaaa", {.parseControl = true});
    if (ids)
      tokenizer->decode(*ids, true);
    for (int32_t id = 0; id < tokenizer->tokenCount(); id += 17)
      tokenizer->spelling(id);
  }
  EXPECT_GT(opened, 100);
}
