// Regular expressions: what they match, and automata over characters against a slow matcher.
#include "runtime/grammar/CharAutomaton.h"
#include "test/runtime/grammar/GrammarFixture.h"

#include "gtest/gtest.h"
#include <regex>

using namespace gemmart;

static std::string problemOf(const std::string &pattern) {
  GrammarProblem problem;
  return compileGrammar({GrammarSource::Regex, pattern}, smallVocabulary(), problem) ? "" : problem.message;
}

TEST(Regex, MatchesAsStdRegexDoes) {
  const char *patterns[] = {
      "a|b*c",     "(ab|a)(bc|c)?", "[^a]b{2,3}", "a+?b",     "(?:a|bc){1,2}", "\\x61\\u0062c", "[a-c]{0,2}$", "^a.c",
      "(a|ab)*c",  "(a{2}|b){2}",   "",           "a||b",     "[\\d\\-ab]+",   "\\.\\*",        "(?<name>a)b", "x*",
      "[^\\s\\w]", "a{0}b",         "a{,2}",      "((a*)*)*b"};
  std::mt19937 random(3);
  for (const char *pattern : patterns) {
    bool isUnsupported;
    Result<RegexTree> tree = parseRegex(pattern, isUnsupported);
    if (std::string(pattern) == "a{,2}") { // with the u flag no literal
      EXPECT_FALSE(tree);
      continue;
    }
    ASSERT_TRUE(tree) << pattern << ": " << tree.status().message();
    std::string plain = pattern;
    if (size_t name = plain.find("?<name>"); name != std::string::npos)
      plain.erase(name, 7);
    std::regex reference(plain);
    std::optional<CharAutomaton> whole = CharAutomaton::of(*tree, false), part = CharAutomaton::of(*tree, true);
    ASSERT_TRUE(whole && part) << pattern;
    for (int round = 0; round < 400; ++round) {
      std::string text;
      for (size_t i = random() % 6; i-- > 0;)
        text += "abcx1-.* "[random() % 9];
      EXPECT_EQ(whole->matches(text), std::regex_match(text, reference)) << pattern << " on " << text;
      EXPECT_EQ(part->matches(text), std::regex_search(text, reference)) << pattern << " in " << text;
    }
  }
}

TEST(Regex, KnowsUnicode) {
  auto grammar = mustCompile(GrammarSource::Regex, "\\p{Lu}[é-í]\\P{L}\\u{1F600}?.");
  EXPECT_EQ(judge(grammar, "Éê1x"), "");
  EXPECT_EQ(judge(grammar, "Aí 😀\xF0\x9F\xA6\x99"), "");
  EXPECT_NE(judge(grammar, "aê1x"), "");
  EXPECT_NE(judge(grammar, "Aea1x"), "");
  EXPECT_NE(judge(grammar, "Aê1\n"), "");
}

TEST(Regex, MasksAreWhatTryingEachTokenGives) {
  std::mt19937 random(5);
  for (const char *pattern :
       {"[a-z]+@[a-z]+\\.(com|org)", "\\p{L}{2,5}", "(\"[^\"]*\",)*x", ".*foo", "\\d{4}-\\d\\d"}) {
    auto grammar = mustCompile(GrammarSource::Regex, pattern);
    for (int round = 0; round < 5; ++round)
      randomAnswer(grammar, random, 40);
  }
}

TEST(Regex, RefusesWhatItCannotEnforce) {
  EXPECT_EQ(problemOf("a(?=b)"), "regular expression, byte 5: look-around cannot be enforced");
  EXPECT_EQ(problemOf("(a)\\1"), "regular expression, byte 6: a back-reference cannot be enforced");
  EXPECT_EQ(problemOf("\\ba"), "regular expression, byte 3: a word boundary cannot be enforced");
  EXPECT_EQ(problemOf("(a"), "regular expression, byte 3: ')' is missing");
  EXPECT_EQ(problemOf("a)"), "regular expression, byte 2: ')' without '('");
  EXPECT_EQ(problemOf("[b-a]"), "regular expression, byte 5: the range is out of order");
  EXPECT_EQ(problemOf("*a"), "regular expression, byte 1: nothing to repeat");
  for (const char *pattern : {"[a", "a{2,1}", "\\", "\\u{110000}", "(?<", "\\p{Nonsense}", "\\y", "a**", "\xFF", "^*"})
    EXPECT_NE(problemOf(pattern), "") << pattern;
}

TEST(Regex, IsBounded) {
  for (const char *pattern : {"((((a{0,50}){0,50}){0,50}){0,50}){0,50}", "(a|b)*a(a|b){30}", ".{0,3000}x.{0,3000}"})
    EXPECT_NE(problemOf(pattern).find("too many states"), std::string::npos) << pattern;
  EXPECT_NE(problemOf(std::string(100000, '(')), "");
}
