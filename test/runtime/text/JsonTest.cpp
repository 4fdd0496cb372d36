// The JSON parser: what is accepted, and where errors are said to be.
#include "runtime/text/Json.h"

#include "gtest/gtest.h"

using namespace gemmart;

static std::string problem(std::string_view text) {
  Result<Json> json = parseJson(text);
  return json ? "accepted" : json.status().message();
}

TEST(Json, Values) {
  Result<Json> json =
      parseJson(R"( {"a": [1, -2.5e+3, true, false, null, "x\"\\\/\b\f\n\r\té😀"], "a b": {}, "a": 7} )");
  ASSERT_TRUE(json) << json.status().message();
  ASSERT_EQ(json->members.size(), 3u);
  const Json &list = json->members[0].value;
  ASSERT_EQ(list.items.size(), 6u);
  EXPECT_EQ(list.items[1].text, "-2.5e+3");
  EXPECT_TRUE(list.items[2].flag);
  EXPECT_TRUE(list.items[4].isNull());
  EXPECT_EQ(list.items[5].text, "x\"\\/\b\f\n\r\t\xC3\xA9\xF0\x9F\x98\x80");
  EXPECT_EQ(json->find("a")->text, "7"); // the last of equal names
  EXPECT_EQ(json->find("c"), nullptr);
  EXPECT_EQ(parseJson(R"("é😀")")->text, "\xC3\xA9\xF0\x9F\x98\x80");
}

TEST(Json, Errors) {
  EXPECT_EQ(problem("{\"a\": 1,\n  \"b\" 2}"), "JSON: line 2, column 7: ':' must stand here");
  EXPECT_EQ(problem(""), "JSON: line 1, column 1: not a value");
  EXPECT_EQ(problem("[1, 2"), "JSON: line 1, column 6: ',' or ']' must stand here");
  EXPECT_EQ(problem("\n\n x"), "JSON: line 3, column 2: not a value");
  for (const char *text :
       {"{",           "[",        "\"",       "[1,]",    "{\"a\":1,}", "{a:1}",       "01",
        "1.",          ".5",       "1e",       "-",       "+1",         "tru",         "nul",
        "NaN",         "'a'",      "1 2",      "\"\\x\"", "\"\\u12\"",  "\"\\uD800\"", "\"\\uD800\\u0041\"",
        "\"\\uDC00\"", "\"\x01\"", "\"\xFF\"", "[}"})
    EXPECT_NE(problem(text), "accepted") << text;
}

TEST(Json, DepthIsLimited) {
  std::string deep(64, '['), deeper(1000000, '[');
  EXPECT_EQ(problem(deep + std::string(64, ']')), "accepted");
  EXPECT_EQ(problem(deeper), "JSON: line 1, column 65: more than 64 levels");
}
