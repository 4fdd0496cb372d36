// A vocabulary whose hashes fall together is refused at once; without a bound it took minutes.
#include "compiler/import/TokenizerData.h"

#include "gtest/gtest.h"

using namespace gemmac::import;

/// `count` strings whose hashes agree in the low `bits`.
static std::vector<std::string> crowd(size_t count, int bits) {
  std::vector<std::string> strings;
  for (uint64_t number = 0; strings.size() < count; ++number) {
    std::string text = "t" + std::to_string(number);
    uint64_t hash = gmTokenHash(reinterpret_cast<const uint8_t *>(text.data()), text.size());
    if ((hash & ((uint64_t(1) << bits) - 1)) == 0)
      strings.push_back(text);
  }
  return strings;
}

TEST(CrowdedVocabulary, IsRefused) {
  std::vector<std::string> strings = crowd(2600, 12); // of 4096 places in the table
  TokenizerData data;
  data.file = "t.json";
  data.symbols = strings;
  data.types.assign(strings.size(), 0);
  data.tokens = uint32_t(strings.size());
  auto section = buildTokenizerSection(data);
  ASSERT_FALSE(section);
  EXPECT_EQ(section.error().message,
            "t.json: the hashes of its tokens fall together; no vocabulary has that by chance");
  // What fell out cannot make a search endless or long.
  SymbolIndex index(data.symbols);
  EXPECT_TRUE(index.crowded());
  EXPECT_EQ(index.find(strings.back()), GM_NO_SYMBOL);
  EXPECT_EQ(index.find(strings.front()), 0u);
}
