// Masks and states: every mask equals what trying each token gives, and what is let through is JSON.
#include "test/runtime/grammar/GrammarFixture.h"

#include "gtest/gtest.h"

using namespace gemmart;

TEST(Constraint, JsonObjects) {
  auto grammar = mustCompile(GrammarSource::JsonObject, "");
  ASSERT_TRUE(grammar);
  for (const char *text : {"{}", "{ }", "{\n}", R"({"a":1})", R"({"a": [1, 2.5e3, -0, true, false, null, {}, [], ""]})",
                           "{\n  \"a\": {\n    \"b\": [\n      1\n    ]\n  }\n}",
                           R"({"a":"é\u00e9\ud83d\ude00\u0000"})", R"({"a":{"a":1},"b":{"a":1}})"})
    EXPECT_EQ(judge(grammar, text), "") << text;
  for (const char *text : {"",
                           "[]",
                           "1",
                           " {}",
                           "{} ",
                           "{\"a\"}",
                           "{\"a\":}",
                           "{\"a\":1,}",
                           "{\"a\":01}",
                           "{\"a\":1.}",
                           "{\"a\":+1}",
                           "{\"a\":\"\\ud83d\"}",
                           "{\"a\":\"\\udc00\"}",
                           "{\"a\":\"\x01\"}",
                           "{\"a\":\"\xFF\"}",
                           "{\"a\":\"\xC0\x80\"}",
                           "{\"a\":\"\xED\xA0\x80\"}",
                           "{\"a\":1,\"a\":2}",
                           "{\"a\":1e999}",
                           "{\n      \"a\":1}",
                           "{\"a\":[1,]}",
                           "{'a':1}",
                           "{\"a\":tru}",
                           "{\"a\":1]"})
    EXPECT_NE(judge(grammar, text), "") << text;
}

TEST(Constraint, MasksAreWhatTryingEachTokenGives) {
  auto grammar = mustCompile(GrammarSource::JsonObject, "");
  ASSERT_TRUE(grammar);
  std::mt19937 random(1);
  int ended = 0;
  for (int round = 0; round < 60; ++round) {
    std::string text = randomAnswer(grammar, random, 120);
    if (text.empty())
      continue;
    ++ended;
    Result<Json> json = parseJson(text);
    EXPECT_TRUE(json) << text;
  }
  EXPECT_GT(ended, 20);
}

TEST(Constraint, BracketsInsideEachOtherAreLimited) {
  auto grammar = mustCompile(GrammarSource::JsonObject, "");
  std::string deep = "{\"a\":" + std::string(47, '[') + std::string(47, ']') + "}";
  EXPECT_EQ(judge(grammar, deep), "");
  EXPECT_NE(judge(grammar, "{\"a\":" + std::string(48, '[') + std::string(48, ']') + "}"), "");
}

TEST(Constraint, ThinksFreelyOnce) {
  auto grammar = mustCompile(GrammarSource::JsonObject, "");
  const Vocabulary &vocabulary = grammar->vocabulary();
  int32_t opens = vocabulary.control("<|channel>"), closes = vocabulary.control("<channel|>");
  int32_t stop = vocabulary.stops()[0];
  Constraint constraint(grammar, {opens, closes});
  std::vector<uint64_t> bits(vocabulary.words());
  auto allowed = [&](int32_t token) {
    constraint.mask(bits);
    return bool(bits[size_t(token) / 64] >> (token & 63) & 1);
  };
  EXPECT_TRUE(allowed('{') && allowed(opens));
  EXPECT_FALSE(allowed('x') || allowed(stop) || allowed(closes));
  ASSERT_TRUE(constraint.accept(opens));
  EXPECT_TRUE(constraint.isThinking() && allowed('x') && allowed(closes));
  EXPECT_FALSE(allowed(stop) || allowed(opens));
  ASSERT_TRUE(constraint.accept('x'));
  ASSERT_TRUE(constraint.accept(closes));
  EXPECT_FALSE(allowed(opens) || allowed('x'));
  ASSERT_TRUE(constraint.accept('{'));
  EXPECT_FALSE(constraint.accept(stop));
  ASSERT_TRUE(constraint.accept('}'));
  EXPECT_TRUE(constraint.isFinished() && allowed(stop) && !allowed('}'));
  EXPECT_TRUE(constraint.accept(stop));
}

TEST(Constraint, LogitsOfOtherTokensGo) {
  auto grammar = mustCompile(GrammarSource::JsonObject, "");
  std::vector<float> logits(grammar->vocabulary().tokens() + 10, 1.0f);
  ASSERT_TRUE(Constraint(grammar).apply(logits));
  for (size_t token = 0; token < logits.size(); ++token) {
    bool opens =
        token < grammar->vocabulary().tokens() && grammar->vocabulary().trie().text(int32_t(token)).starts_with("{");
    if (token == '{')
      EXPECT_EQ(logits[token], 1.0f);
    if (!opens)
      EXPECT_LT(logits[token], -1e30f) << token;
  }
}

TEST(Constraint, ForgetsStacksOfLongAnswers) {
  auto grammar = mustCompile(GrammarSource::JsonObject, "");
  Constraint constraint(grammar);
  std::string text = "{\"a\":[";
  for (int i = 0; i < 40000; ++i)
    text += "{\"k\":[1]},";
  text += "0]}";
  for (char byte : text)
    ASSERT_TRUE(constraint.accept(uint8_t(byte)));
  EXPECT_TRUE(constraint.isFinished());
}
