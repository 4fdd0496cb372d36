// Broken descriptions and broken numbers: each is one clear error, never a crash, a hang or a large allocation. Meant
// to run under ASan and UBSan (preset asan). broken/ holds one fault a file; the rest is made here.
#include "compiler/config/Description.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <limits>
#include <random>
#include <sstream>
#include <unistd.h>

using namespace gemmac;
using namespace gemmac::config;

namespace {

const std::string kFamily = GEMMAC_SOURCE_DIR "/models/gemma4.toml";
const std::filesystem::path kBroken = GEMMAC_SOURCE_DIR "/test/compiler/config/broken";

std::string slurp(const std::filesystem::path &path) {
  std::ostringstream out;
  out << std::ifstream(path, std::ios::binary).rdbuf();
  return out.str();
}

class BrokenTest : public testing::Test {
protected:
  BrokenTest() : path(testing::TempDir() + "/gemmac_broken_" + std::to_string(::getpid()) + ".toml") {}
  ~BrokenTest() override { std::filesystem::remove(path); }

  Status checkText(const std::string &text) {
    std::ofstream(path, std::ios::binary) << text;
    return check(path);
  }
  std::string message(const std::string &text) {
    Status status = checkText(text);
    return status ? "" : status.error().message;
  }
  const std::string path;
};

TEST(BrokenFiles, EachIsAnError) {
  size_t count = 0;
  for (const auto &entry : std::filesystem::directory_iterator(kBroken)) {
    SCOPED_TRACE(entry.path().filename());
    Status status = check(entry.path());
    ASSERT_FALSE(status);
    const std::string &text = status.error().message;
    EXPECT_EQ(text.find(entry.path().string() + ":"), 0u) << text;
    EXPECT_NE(text.find("error: "), std::string::npos);
    EXPECT_LT(text.size(), 100000u);
    ++count;
  }
  EXPECT_GE(count, 60u);
}

TEST(BrokenFiles, NotAFile) {
  Status missing = check("/nonexistent/x.toml");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().message, "/nonexistent/x.toml: error: no such file");
  for (const char *path : {"/tmp", "/dev/zero"}) {
    Status status = check(path);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().message, std::string(path) + ": error: not a file");
  }
}

TEST_F(BrokenTest, TooLarge) {
  EXPECT_EQ(message(std::string((1 << 20) + 1, '#')),
            path + ": error: 1048577 bytes; a description has at most 1048576");
}

TEST_F(BrokenTest, CutAnywhere) {
  std::string whole = slurp(kFamily);
  size_t end = whole.rfind("\n[runtime]");
  ASSERT_NE(end, std::string::npos) << kFamily << " is not there";
  for (size_t length = 0; length < end; length += 131)
    EXPECT_FALSE(checkText(whole.substr(0, length))) << "cut after " << length << " bytes";
}

TEST_F(BrokenTest, CutBeforeEveryTable) {
  std::string whole = slurp(kFamily);
  size_t cuts = 0;
  for (size_t at = whole.find("\n["); at != std::string::npos; at = whole.find("\n[", at + 1), ++cuts)
    EXPECT_FALSE(checkText(whole.substr(0, at + 1))) << "cut after " << at + 1 << " bytes";
  EXPECT_GT(cuts, 30u);
}

TEST_F(BrokenTest, LinesLeftOutOrRepeated) {
  std::string whole = slurp(kFamily);
  std::vector<std::string> lines;
  std::istringstream stream(whole);
  for (std::string line; std::getline(stream, line);)
    lines.push_back(line + "\n");
  for (size_t i = 0; i < lines.size(); i += 11) {
    std::string without, twice;
    for (size_t j = 0; j < lines.size(); ++j) {
      without += j == i ? "" : lines[j];
      twice += j == i ? lines[j] + lines[j] : lines[j];
    }
    (void)checkText(without); // some lines are optional: only crashes count here
    (void)checkText(twice);
  }
}

TEST_F(BrokenTest, ChangedBytes) {
  std::string whole = slurp(kFamily);
  ASSERT_FALSE(whole.empty());
  std::mt19937 random(1234);
  const std::string alphabet = std::string(1, 0) + "\n\"'[]{}=.,#0189azAZ_-+|@?:()\\\x80\xff";
  for (int round = 0; round < 150; ++round) {
    std::string text = whole;
    for (int change = 0; change <= round % 4; ++change)
      text[random() % text.size()] = alphabet[random() % alphabet.size()];
    (void)checkText(text);
  }
}

TEST_F(BrokenTest, TooManySteps) {
  std::string text = "before = [\n";
  for (int i = 0; i < 2000; ++i)
    text += "{},\n";
  EXPECT_NE(message(text + "]\n").find("[[before]] has 2000 entries; at most 1000 are allowed"), std::string::npos);
}

TEST_F(BrokenTest, ErrorsAreCounted) {
  std::string text;
  for (int i = 0; i < 5000; ++i)
    text += "unknown" + std::to_string(i) + " = 1\n";
  EXPECT_NE(message(text).find("more errors are not shown"), std::string::npos);
}

TEST(BrokenNumbers, EachIsAnError) {
  Facts good;
  good.source = Facts::Source::Gguf;
  good.path = "file.gguf";
  auto set = [&](const char *key, Scalar scalar) { good.numbers[key].scalar = std::move(scalar); };
  good.tensors["token_embd.weight"] = {512, 64};
  set("general.architecture", std::string("gemma4"));
  for (auto [key, value] : std::map<const char *, double>{{"gemma4.context_length", 4096},
                                                          {"gemma4.embedding_length", 64},
                                                          {"gemma4.block_count", 6},
                                                          {"gemma4.feed_forward_length", 96},
                                                          {"gemma4.attention.head_count", 4},
                                                          {"gemma4.attention.head_count_kv", 2},
                                                          {"gemma4.attention.key_length", 32},
                                                          {"gemma4.attention.sliding_window", 16}})
    set(key, value);
  Result<Model> model = elaborate(kFamily, std::nullopt, &good);
  ASSERT_TRUE(model) << model.error().message;

  const double kInfinity = std::numeric_limits<double>::infinity();
  const std::vector<Scalar> wrong = {0.0,
                                     -1.0,
                                     1.5,
                                     2147483648.0,
                                     4294967296.0,
                                     9.3e18,
                                     1e300,
                                     kInfinity,
                                     std::nan(""),
                                     std::monostate(),
                                     true,
                                     std::string("64"),
                                     std::string(100000, 'x')};
  for (const char *key :
       {"gemma4.context_length", "gemma4.embedding_length", "gemma4.block_count", "gemma4.feed_forward_length",
        "gemma4.attention.head_count", "gemma4.attention.key_length", "gemma4.attention.sliding_window"})
    for (const Scalar &scalar : wrong) {
      Facts facts = good;
      facts.numbers[key].scalar = scalar;
      Result<Model> broken = elaborate(kFamily, std::nullopt, &facts);
      // A missing feed-forward width is found when the layers are made; everything else at once.
      EXPECT_FALSE(broken) << key << " number " << &scalar - wrong.data();
      if (!broken)
        EXPECT_LT(broken.error().message.size(), 20000u);
    }
  for (size_t length : {0, 1001, 1000000}) {
    Facts facts = good;
    Value &value = facts.numbers["gemma4.feed_forward_length"];
    value.isList = true;
    value.list.assign(length, 96.0);
    EXPECT_FALSE(elaborate(kFamily, std::nullopt, &facts)) << length;
  }
  Facts none;
  none.source = Facts::Source::Gguf;
  none.path = "file.gguf";
  Result<Model> empty = elaborate(kFamily, std::nullopt, &none);
  ASSERT_FALSE(empty);
  EXPECT_NE(empty.error().message.find("does not say its type"), std::string::npos);
}

} // namespace
