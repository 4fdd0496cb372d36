// SentencePiece scores: the pair table made at import against the algorithm by its definition, and the real GGUF file.
#include "ReferenceBpe.h"
#include "compiler/import/TokenizerData.h"
#include "runtime/text/Json.h"

#include "gtest/gtest.h"

#include <cstdlib>
#include <fstream>
#include <map>

using namespace gemmac::import;

namespace {

/// A small vocabulary with equal scores, characters that are no tokens, and tokens that no merge reaches.
struct Vocabulary {
  GgufTokenizer gguf;
  std::vector<std::string> strings;
  std::map<std::string, float> scores;

  void add(const std::string &text, float score, int type) {
    strings.push_back(text);
    gguf.scores.push_back(score);
    gguf.types.push_back(type);
    if (type == 1)
      scores[text] = score;
  }
  Vocabulary() {
    gguf.model = "llama";
    for (const char *control : {"<unk>", "<s>", "</s>"})
      add(control, 0, 3);
    for (int b = 0; b < 256; ++b) {
      char text[8];
      std::snprintf(text, sizeof text, "<0x%02X>", unsigned(b));
      add(text, 0, 6);
    }
    add("\n", 0, 4);
    const char *words[] = {"\xE2\x96\x81"
                           "a",
                           "ab",
                           "bc",
                           "abc",
                           "aa",
                           "aaaa",
                           "aaa",
                           "b\xC3\xA9",
                           "\xC3\xA9z",
                           "zz",
                           "zq",
                           "\xE2\x96\x81\xE2\x96\x81",
                           "c\xE2\x96\x81"
                           "a",
                           "qzq",
                           "never",
                           "ev",
                           "er"};
    float score = -1;
    for (const char *word : words)
      add(word, score -= float(strings.size() % 3), 1); // some scores are equal
    for (const char *letter : {"a", "b", "c", "z", "\xE2\x96\x81", "e", "r", "n"})
      add(letter, -100, 1); // q, v and e-acute are characters of tokens, but no tokens
    gguf.tokens.assign(strings.begin(), strings.end());
    gguf.unk = 0, gguf.bos = 1, gguf.eos = 2;
    gguf.addBos = true;
  }
};

double scoreKey(const std::string &left, const std::string &right, const void *context) {
  const auto &scores = *static_cast<const std::map<std::string, float> *>(context);
  auto found = scores.find(left + right);
  return found == scores.end() ? -1 : -found->second;
}

std::vector<uint8_t> sectionOf(const GgufTokenizer &gguf) {
  std::string unsupported;
  gemmac::Result<TokenizerData> data = readTokenizerGguf(gguf, "test.gguf", unsupported);
  EXPECT_TRUE(data) << data.error().message;
  gemmac::Result<std::vector<uint8_t>> section = buildTokenizerSection(*data);
  EXPECT_TRUE(section);
  return *section;
}

} // namespace

TEST(Scores, AsByDefinition) {
  Vocabulary vocabulary;
  std::vector<uint8_t> section = sectionOf(vocabulary.gguf);
  gemmart::Result<gemmart::Tokenizer> tokenizer = gemmart::Tokenizer::open(section);
  ASSERT_TRUE(tokenizer) << tokenizer.status().message();
  EXPECT_STREQ(tokenizer->kind(), "scores");
  uint64_t state = 7;
  std::vector<std::string> alphabet = {"a", "a", "b",   "c", "z", "q", "v", "e", "\xC3\xA9", " ", "\xE6\x88\x91",
                                       "r", "n", "aaaa"};
  for (int round = 0; round < 3000; ++round) {
    std::string text = randomText(state, alphabet, 1 + size_t(round) % 90);
    std::vector<int32_t> want;
    for (const std::string &part : mergeByDefinition(markSpaces(text), scoreKey, &vocabulary.scores)) {
      if (vocabulary.scores.count(part)) {
        want.push_back(tokenizer->find(part));
        continue;
      }
      for (char c : part)
        want.push_back(3 + uint8_t(c));
    }
    gemmart::Result<std::vector<int32_t>> got = tokenizer->encode(text);
    ASSERT_TRUE(got);
    ASSERT_EQ(*got, want) << text;
    ASSERT_EQ(tokenizer->decode(*got), text);
  }
}

TEST(Scores, SpacePrefix) {
  Vocabulary vocabulary;
  vocabulary.gguf.addSpacePrefix = true;
  std::vector<uint8_t> section = sectionOf(vocabulary.gguf);
  gemmart::Result<gemmart::Tokenizer> tokenizer = gemmart::Tokenizer::open(section);
  ASSERT_TRUE(tokenizer);
  gemmart::Result<std::vector<int32_t>> ids = tokenizer->encode("a", {.parseControl = false, .addBos = true});
  ASSERT_TRUE(ids);
  EXPECT_EQ(*ids, (std::vector<int32_t>{1, tokenizer->find("\xE2\x96\x81"
                                                           "a")}));
  EXPECT_EQ(tokenizer->decode(*ids), "a");
}

/// GEMMAC_GEMMA3_GGUF names the real file (else the one tools/demo made), GEMMAC_SHARED the folder of the goldens.
TEST(Scores, RealPrompts) {
  const char *gguf = std::getenv("GEMMAC_GEMMA3_GGUF");
  const char *shared = std::getenv("GEMMAC_SHARED");
  std::string folder = shared ? shared : GEMMAC_SOURCE_DIR "/../shared";
  std::string path = gguf ? gguf : GEMMAC_SOURCE_DIR "/build/demo/gemma-3-270m.gguf";
  std::ifstream file(folder + "/goldens/real/gemma3-270m/prompts.json");
  if (!file || !std::ifstream(path))
    GTEST_SKIP() << "needs " << path << " and " << folder << "/goldens";
  gemmac::Result<TokenizerImport> imported = importTokenizer(path);
  ASSERT_TRUE(imported) << imported.error().message;
  gemmart::Result<gemmart::Tokenizer> tokenizer = gemmart::Tokenizer::open(imported->section);
  ASSERT_TRUE(tokenizer) << tokenizer.status().message();
  gemmart::Result<gemmart::Json> json = gemmart::parseJson(std::string(std::istreambuf_iterator<char>(file), {}));
  ASSERT_TRUE(json) << json.status().message();
  int prompts = 0;
  for (const gemmart::Json &prompt : json->find("prompts")->items) {
    const gemmart::Json *text = prompt.find("text");
    std::string content = text ? text->text : std::string();
    if (!text) {
      std::ifstream license("/usr/share/common-licenses/Apache-2.0");
      content.assign(std::istreambuf_iterator<char>(license), {});
    }
    std::vector<int32_t> want;
    for (const gemmart::Json &id : prompt.find("ids")->items)
      want.push_back(std::atoi(id.text.c_str()));
    gemmart::Result<std::vector<int32_t>> got = tokenizer->encode(content, {.parseControl = true, .addBos = true});
    ASSERT_TRUE(got);
    if (!text && got->size() > want.size())
      got->resize(want.size()); // the golden holds the first 1,600 tokens of the file
    EXPECT_EQ(*got, want) << content.substr(0, 80);
    ++prompts;
  }
  EXPECT_GE(prompts, 10);
}
