// Long texts without a place to cut, by vocabularies whose merges and ranks are random (in no order that training would
// give, some of them equal): merged range by range, the ids are those of the definition.
#include "compiler/import/TokenizerData.h"
#include "runtime/text/Tokenizer.h"

#include "gtest/gtest.h"

#include <algorithm>
#include <map>
#include <random>

using namespace gemmac::import;

namespace {

struct Merge {
  uint32_t rank, product;
};

/// A tokenizer over the letters from a on. A letter's id is its place in the alphabet.
struct Vocabulary {
  TokenizerData data;
  std::map<std::pair<uint32_t, uint32_t>, Merge> merges;

  explicit Vocabulary(uint32_t letters) {
    for (uint32_t letter = 0; letter < letters; ++letter)
      data.symbols.emplace_back(1, char('a' + letter));
    data.file = "test";
  }

  void add(uint32_t left, uint32_t right, uint32_t rank) {
    std::string text = data.symbols[left] + data.symbols[right];
    auto found = std::find(data.symbols.begin(), data.symbols.end(), text);
    merges[{left, right}] = {rank, uint32_t(found - data.symbols.begin())};
    if (found == data.symbols.end())
      data.symbols.push_back(text);
  }

  std::vector<uint8_t> section() {
    for (const auto &[sides, merge] : merges)
      data.merges.push_back({sides.first, sides.second, merge.rank, merge.product});
    data.tokens = uint32_t(data.symbols.size());
    data.types.assign(data.tokens, 0);
    gemmac::Result<std::vector<uint8_t>> section = buildTokenizerSection(data);
    EXPECT_TRUE(section) << section.error().message;
    return *section;
  }

  /// The smallest rank first, the leftmost of equals.
  std::vector<int32_t> byDefinition(const std::string &text) const {
    std::vector<uint32_t> parts, ranks;
    for (char c : text)
      parts.push_back(uint32_t(c - 'a'));
    auto rankAt = [&](size_t i) {
      auto found = i + 1 < parts.size() ? merges.find({parts[i], parts[i + 1]}) : merges.end();
      return found == merges.end() ? UINT32_MAX : found->second.rank;
    };
    for (size_t i = 0; i < parts.size(); ++i)
      ranks.push_back(rankAt(i));
    while (true) {
      size_t best = size_t(std::min_element(ranks.begin(), ranks.end()) - ranks.begin());
      if (ranks[best] == UINT32_MAX)
        return {parts.begin(), parts.end()};
      parts[best] = merges.at({parts[best], parts[best + 1]}).product;
      parts.erase(parts.begin() + ptrdiff_t(best) + 1);
      ranks.erase(ranks.begin() + ptrdiff_t(best) + 1);
      ranks[best] = rankAt(best);
      if (best > 0)
        ranks[best - 1] = rankAt(best - 1);
    }
  }
};

} // namespace

static Vocabulary randomVocabulary(std::mt19937 &random, uint32_t tokens, size_t longest, uint32_t ranks) {
  Vocabulary vocabulary(4);
  for (uint32_t tries = 0; tries < tokens * 4 && vocabulary.data.symbols.size() < tokens; ++tries) {
    uint32_t count = uint32_t(vocabulary.data.symbols.size());
    uint32_t left = uint32_t(random() % count), right = uint32_t(random() % count);
    if (vocabulary.data.symbols[left].size() + vocabulary.data.symbols[right].size() <= longest &&
        !vocabulary.merges.count({left, right}))
      vocabulary.add(left, right, uint32_t(random() % ranks));
  }
  return vocabulary;
}

/// Letters at random, or a few of them again and again with one that disturbs.
static std::string randomText(std::mt19937 &random, size_t length) {
  std::string text;
  unsigned letters = 1 + unsigned(random() % 4), period = random() % 2 ? 1 + unsigned(random() % 7) : 0;
  for (size_t i = 0; i < length; ++i)
    text += period && i >= period ? text[i - period] : char('a' + random() % letters);
  if (period && length > 10)
    text[random() % length] = 'a';
  return text;
}

TEST(RandomMerges, AsByDefinition) {
  std::mt19937 random(5);
  for (int round = 0; round < 60; ++round) {
    // Few ranks make many equals.
    Vocabulary vocabulary = randomVocabulary(random, round % 3 ? 12 + random() % 40 : 400, 4 + random() % 20,
                                             round % 4 ? 1000000 : 1 + random() % 20);
    std::vector<uint8_t> section = vocabulary.section();
    gemmart::Result<gemmart::Tokenizer> tokenizer = gemmart::Tokenizer::open(section);
    ASSERT_TRUE(tokenizer) << tokenizer.status().message();
    for (size_t length : {3, 20, 48, 49, 200, 255, 256, 257, 700, 3000}) {
      std::string text = randomText(random, length);
      gemmart::Result<std::vector<int32_t>> ids = tokenizer->encode(text);
      ASSERT_TRUE(ids);
      ASSERT_EQ(*ids, vocabulary.byDefinition(text)) << "round " << round << ": " << text;
    }
  }
}

/// Each letter prefers its right neighbour to its left one, so that the end of a run decides about its beginning: a
/// range that ends within a run goes wrong further back than what is left to the next range.
TEST(RandomMerges, TheRightDecides) {
  constexpr uint32_t letters = 26;
  Vocabulary vocabulary(letters);
  for (uint32_t letter = 0; letter + 1 < letters; ++letter)
    vocabulary.add(letter, letter + 1, 100 - letter);
  for (uint32_t letter = 0; letter < letters; ++letter)
    for (uint32_t next = 0; next <= letter; ++next)
      vocabulary.add(letter, next, 1000); // so that there is no place to cut
  std::vector<uint8_t> section = vocabulary.section();
  gemmart::Result<gemmart::Tokenizer> tokenizer = gemmart::Tokenizer::open(section);
  ASSERT_TRUE(tokenizer) << tokenizer.status().message();
  std::mt19937 random(6);
  for (int round = 0; round < 100; ++round) {
    std::string text;
    while (text.size() < 1500)
      for (uint32_t letter = random() % 4, end = letters - random() % 3; letter < end; ++letter)
        text += char('a' + letter);
    ASSERT_EQ(*tokenizer->encode(text), vocabulary.byDefinition(text)) << text;
  }
}
