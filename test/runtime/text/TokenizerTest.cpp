// Encoding and decoding: goldens of Hugging Face's tokenizers (small ones of this repository, the real ones where
// ../shared is there), the definition of BPE, options, invalid text, streams, and time on long text without a cut.
#include "runtime/text/Tokenizer.h"

#include "ReferenceBpe.h"
#include "compiler/import/Tokenizer.h"
#include "runtime/text/Json.h"
#include "runtime/text/Utf8.h"

#include "gtest/gtest.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <map>

using namespace gemmart;

static const std::string goldens = GEMMAC_SOURCE_DIR "/test/goldens/tokenizer/";
static const char *const smallNames[] = {"words-bytes", "lines-bytes", "words-unk", "lines-unk-each",
                                         "words-half-the-bytes"};

namespace {

/// A tokenizer with the section it lives in.
struct Loaded {
  explicit Loaded(const std::string &path) {
    gemmac::Result<gemmac::import::TokenizerImport> imported = gemmac::import::importTokenizer(path);
    EXPECT_TRUE(imported) << imported.error().message;
    section = std::move(imported->section);
    Result<Tokenizer> opened = Tokenizer::open(section);
    EXPECT_TRUE(opened) << opened.status().message();
    tokenizer.emplace_back(*opened);
  }
  const Tokenizer *operator->() const { return &tokenizer[0]; }
  const Tokenizer &operator*() const { return tokenizer[0]; }
  std::vector<uint8_t> section;
  std::vector<Tokenizer> tokenizer; ///< one
};

} // namespace

static std::vector<int32_t> idsOf(const Json *list) {
  std::vector<int32_t> ids;
  for (const Json &id : list->items)
    ids.push_back(std::atoi(id.text.c_str()));
  return ids;
}

/// Every line of a golden file; answers how many there were.
static int checkGoldens(const Tokenizer &tokenizer, const std::string &path) {
  std::ifstream file(path);
  EXPECT_TRUE(file) << path;
  int count = 0;
  for (std::string line; std::getline(file, line); ++count) {
    Result<Json> json = parseJson(line);
    EXPECT_TRUE(json) << path << ":" << count + 1;
    if (!json)
      continue;
    const std::string &text = json->find("text")->text;
    std::vector<int32_t> want = idsOf(json->find("ids"));
    Result<std::vector<int32_t>> got = tokenizer.encode(text, {.parseControl = true});
    EXPECT_TRUE(got) << path << ":" << count + 1;
    EXPECT_EQ(*got, want) << path << ":" << count + 1 << ": " << text;
    if (const Json *plain = json->find("plain"))
      EXPECT_EQ(*tokenizer.encode(text), idsOf(plain)) << path << ":" << count + 1 << ": " << text;
    bool whole = true; // decoding gives the text back where nothing was unknown and no mark was spelled out
    for (int32_t id : want)
      whole = whole && id != tokenizer.unk();
    if (whole && text.find("\xE2\x96\x81") == std::string::npos && path.find("lines-") == std::string::npos)
      EXPECT_EQ(tokenizer.decode(want, true), text) << path << ":" << count + 1;
  }
  return count;
}

/// Every control token: its spelling is its id where control tokens are parsed, alone and amid text, and never where
/// they are not; decoding shows it only when asked. Answers how many there were.
static int checkControls(const Tokenizer &tokenizer) {
  int count = 0;
  for (int32_t id = 0; id < tokenizer.tokenCount(); ++id) {
    if (!tokenizer.isControl(id))
      continue;
    std::string text(tokenizer.spelling(id));
    EXPECT_EQ(*tokenizer.encode(text, {.parseControl = true}), std::vector<int32_t>{id}) << text;
    std::vector<int32_t> amid = *tokenizer.encode("a" + text + text + "b", {.parseControl = true});
    EXPECT_EQ(std::count(amid.begin(), amid.end(), id), 2) << text;
    std::vector<int32_t> plain = *tokenizer.encode("a" + text + "b");
    for (int32_t other : plain)
      EXPECT_TRUE(!tokenizer.isControl(other) || other == tokenizer.unk()) << text;
    EXPECT_EQ(tokenizer.decode(amid, true), "a" + text + text + "b");
    EXPECT_EQ(tokenizer.decode(amid), "ab");
    ++count;
  }
  return count;
}

TEST(Tokenizer, SmallGoldens) {
  for (const char *name : smallNames) {
    Loaded tokenizer(goldens + name + ".json");
    EXPECT_GE(checkGoldens(*tokenizer, goldens + name + ".jsonl"), 200) << name;
    EXPECT_GE(checkControls(*tokenizer), 6) << name;
  }
}

/// tokenizer.json.xz of ../shared/data (or GEMMAC_SHARED), unpacked by xz into a temporary file.
static void checkRealGoldens(const std::string &name, int lines, int controls) {
  const char *given = std::getenv("GEMMAC_SHARED");
  std::string shared = given ? given : GEMMAC_SOURCE_DIR "/../shared";
  std::string packed = shared + "/data/" + name + "-tokenizer.json.xz";
  std::string file = testing::TempDir() + name + "-tokenizer.json";
  if (!std::ifstream(packed))
    GTEST_SKIP() << "no " << packed;
  if (std::system(("xz -dc '" + packed + "' > '" + file + "'").c_str()) != 0)
    GTEST_SKIP() << "xz cannot unpack " << packed;
  Loaded tokenizer(file);
  std::remove(file.c_str());
  EXPECT_EQ(checkGoldens(*tokenizer, shared + "/goldens/tokenizer/" + name + ".jsonl"), lines);
  EXPECT_EQ(checkControls(*tokenizer), controls);
}

TEST(Tokenizer, SharedGoldensGemma3) {
  checkRealGoldens("gemma3", 328, 9);
}
TEST(Tokenizer, SharedGoldensGemma4) {
  checkRealGoldens("gemma4", 728, 23);
}

static double rankKey(const std::string &left, const std::string &right, const void *context) {
  const auto &ranks = *static_cast<const std::map<std::pair<std::string, std::string>, int> *>(context);
  auto found = ranks.find({left, right});
  return found == ranks.end() ? -1 : found->second;
}

TEST(Tokenizer, AsByDefinition) {
  for (const char *name : {"words-bytes", "lines-bytes"}) {
    Loaded tokenizer(goldens + name + ".json");
    std::ifstream file(goldens + name + ".json");
    Result<Json> json = parseJson(std::string(std::istreambuf_iterator<char>(file), {}));
    ASSERT_TRUE(json);
    std::map<std::pair<std::string, std::string>, int> ranks;
    for (const Json &merge : json->find("model")->find("merges")->items)
      ranks.try_emplace({merge.items[0].text, merge.items[1].text}, int(ranks.size()));
    std::vector<std::string> alphabet = {"the ", "License", "Work",         "s", "e", " ", "or", "a", "aa", "(",
                                         ",",    "ing",     "\xE6\x88\x91", "."};
    uint64_t state = 11;
    for (int round = 0; round < 1000; ++round) {
      // Up to 150 pieces: below and above the length at which the heap takes over, in one chunk and in many.
      std::string text = randomText(state, alphabet, 1 + size_t(round) % 150);
      std::vector<int32_t> want;
      for (const std::string &part : mergeByDefinition(markSpaces(text), rankKey, &ranks)) {
        if (int32_t id = tokenizer->find(part); id >= 0)
          want.push_back(id);
        else
          for (char c : part)
            want.push_back(4 + uint8_t(c));
      }
      ASSERT_EQ(*tokenizer->encode(text), want) << text;
    }
  }
}

TEST(Tokenizer, BosOnce) {
  Loaded tokenizer(goldens + "words-bytes.json");
  ASSERT_TRUE(tokenizer->wantsBos());
  EXPECT_EQ(tokenizer->bos(), 2);
  std::vector<int32_t> once = *tokenizer->encode("the", {.parseControl = true, .addBos = true});
  EXPECT_EQ(once.front(), 2);
  EXPECT_EQ(*tokenizer->encode("<bos>the", {.parseControl = true, .addBos = true}), once);
  EXPECT_EQ(*tokenizer->encode("", {.parseControl = true, .addBos = true}), std::vector<int32_t>{2});
  EXPECT_EQ(*tokenizer->encode("<bos>", {.parseControl = true, .addBos = true}), std::vector<int32_t>{2});
  EXPECT_NE((*tokenizer->encode("<bos>the", {.parseControl = false, .addBos = true}))[1], 2);
}

TEST(Tokenizer, ControlTokensStayTextUnlessParsed) {
  Loaded tokenizer(goldens + "words-bytes.json");
  int32_t turn = tokenizer->find("<|turn>");
  ASSERT_GE(turn, 0);
  EXPECT_TRUE(tokenizer->isControl(turn));
  EXPECT_EQ(*tokenizer->encode("<|turn>", {.parseControl = true}), std::vector<int32_t>{turn});
  std::vector<int32_t> plain = *tokenizer->encode("a<|turn>b<eos>");
  for (int32_t id : plain)
    EXPECT_FALSE(tokenizer->isControl(id));
  EXPECT_EQ(tokenizer->decode(std::vector<int32_t>{turn}), "");
  EXPECT_EQ(tokenizer->decode(std::vector<int32_t>{turn}, true), "<|turn>");
  EXPECT_EQ(tokenizer->decode(std::vector<int32_t>{-1, 1 << 30, tokenizer->tokenCount()}, true), "");
}

TEST(Tokenizer, InvalidUtf8IsNamed) {
  Loaded tokenizer(goldens + "words-bytes.json");
  auto problem = [&](std::string_view text) {
    Result<std::vector<int32_t>> ids = tokenizer->encode(text);
    return ids ? std::string("accepted") : ids.status().message();
  };
  EXPECT_EQ(problem("\xED\xA0\x80"),
            "the text is not UTF-8: byte 0xED at offset 0 starts a surrogate, which stands for no character alone");
  EXPECT_EQ(problem("abcdefghij\xFF"), "the text is not UTF-8: byte 0xFF at offset 10");
  for (const char *text :
       {"\x80", "\xC0\x80", "\xC1\xBF", "\xC3", "\xE0\x9F\xBF", "\xE2\x82", "\xED\xBF\xBF", "\xF0\x8F\xBF\xBF",
        "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xF0\x9F\x98", "12345678\xE2\x28\xA1"})
    EXPECT_NE(problem(text), "accepted") << text;
  for (const char *text :
       {"\xED\x9F\xBF", "\xEE\x80\x80", "\xF4\x8F\xBF\xBF", "\xC2\x80", "\xEF\xBB\xBF", "\xEF\xBF\xBF"})
    EXPECT_EQ(problem(text), "accepted") << text;
}

TEST(Tokenizer, StreamNeverSplitsACharacter) {
  Loaded tokenizer(goldens + "words-bytes.json");
  std::string text = "x\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x91\xA7 \xE6\x88\x91\xE6\x83\xB3 \xC3\xA9 \xE0\xA4\x95 end";
  std::vector<int32_t> ids = *tokenizer->encode(text);
  StreamDecoder stream(*tokenizer);
  std::string all;
  size_t held = 0;
  for (int32_t id : ids) {
    std::string part = stream.push(id);
    EXPECT_EQ(findInvalidUtf8(part), std::string::npos);
    held += part.empty();
    all += part;
  }
  EXPECT_GT(held, 5u); // bytes of characters that are no tokens
  EXPECT_EQ(stream.finish(), "");
  EXPECT_EQ(all, text);
}

TEST(Tokenizer, StreamReplacesWhatIsNoText) {
  Loaded tokenizer(goldens + "words-bytes.json");
  auto decode = [&](std::vector<int> bytes) {
    std::vector<int32_t> ids;
    for (int byte : bytes)
      ids.push_back(byte < 0 ? tokenizer->find("a") : 4 + byte);
    return tokenizer->decode(ids);
  };
  const std::string bad = "\xEF\xBF\xBD";
  EXPECT_EQ(decode({0xE6, 0x88, 0x91}), "\xE6\x88\x91");
  EXPECT_EQ(decode({0xE6, 0x88}), bad);
  EXPECT_EQ(decode({0xE6, 0x88, -1}), bad + "a");
  EXPECT_EQ(decode({0xFF, 0xFE, -1}), bad + bad + "a");
  EXPECT_EQ(decode({0xED, 0xA0, 0x80}), bad + bad + bad);
  EXPECT_EQ(decode({0xF0, 0x9F, 0x98, 0xE6, 0x88, 0x91}), bad + "\xE6\x88\x91");
}

static double threadSeconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return double(now.tv_sec) + double(now.tv_nsec) * 1e-9;
}

/// Texts in which every byte may belong to the token before: sixteen times the text takes sixteen times as long, give
/// or take what caches and neighbours do.
TEST(Tokenizer, LongTextWithoutCuts) {
  Loaded tokenizer(goldens + "lines-bytes.json");
  for (std::string unit :
       {"a", "e ", " ", "the", "License", "<unused1", "\xE6\x88\x91", "\xF0\x9F\x91\xA9", "<|", "\n"}) {
    double secondsPerByte[2];
    for (bool isLong : {false, true}) {
      std::string text;
      while (text.size() < (isLong ? 2u << 20 : 128u << 10))
        text += unit;
      double start = threadSeconds();
      Result<std::vector<int32_t>> ids = tokenizer->encode(text);
      secondsPerByte[isLong] = (threadSeconds() - start) / double(text.size());
      ASSERT_TRUE(ids);
      if (text[0] != '<') // <b> and its kin take white space with them here
        EXPECT_EQ(tokenizer->decode(*ids), text) << unit;
    }
    EXPECT_LT(secondsPerByte[true], secondsPerByte[false] * 5) << unit;
  }
}
