// The notation for grammars.
#include "test/runtime/grammar/GrammarFixture.h"

#include "gtest/gtest.h"

using namespace gemmart;

static std::string problemOf(const std::string &rules) {
  GrammarProblem problem;
  return compileGrammar({GrammarSource::Rules, rules}, smallVocabulary(), problem) ? "" : problem.message;
}

TEST(Rules, Arithmetic) {
  auto grammar = mustCompile(GrammarSource::Rules, R"x(
    # sums and products
    root ::= sum "\n"
    sum ::= product ([-+]
            product)*   # any number
    product ::= value ("*" value
      | "/" value)*
    value ::= [0-9]+ | "(" sum ")"
)x");
  for (const char *text : {"1\n", "1+2*3\n", "((1)-22)/7\n"})
    EXPECT_EQ(judge(grammar, text), "") << text;
  for (const char *text : {"1", "1+\n", "(1\n", "1)\n", "+1\n", "\n"})
    EXPECT_NE(judge(grammar, text), "") << text;
  std::mt19937 random(7);
  for (int round = 0; round < 10; ++round)
    randomAnswer(grammar, random, 60);
}

TEST(Rules, AmbiguousOnesEndInAWord) {
  // Every text can be read in exponentially many ways: read, or refused for that, and soon.
  auto grammar = mustCompile(GrammarSource::Rules, "root ::= \"a\" root root | \"a\" root | \"a\" \"b\"?");
  EXPECT_EQ(judge(grammar, std::string(20, 'a')), "");
  EXPECT_EQ(judge(grammar, std::string(20, 'a') + "b"), "");
  EXPECT_NE(judge(grammar, "b"), "");
  Constraint constraint(grammar);
  Status status;
  for (int i = 0; i < 2000 && status; ++i)
    status = constraint.accept('a');
  EXPECT_TRUE(status || status.message().find("too ambiguous") != std::string::npos) << status.message();
}

TEST(Rules, CountsWhatRepeats) {
  auto grammar = mustCompile(GrammarSource::Rules, "root ::= pair{2,3} \"!\"?\npair ::= \"(\" pair? \")\"");
  for (const char *text : {"()()", "(())()!", "()()()"})
    EXPECT_EQ(judge(grammar, text), "") << text;
  for (const char *text : {"()", "()()()()", "((()))", "!"})
    EXPECT_NE(judge(grammar, text), "") << text;
}

TEST(Rules, Escapes) {
  auto grammar = mustCompile(GrammarSource::Rules, R"x(root ::= "\"\\\x41\u00e9\U0001F600" [^\]\n-] . [é-í])x");
  EXPECT_EQ(judge(grammar, "\"\\A\xC3\xA9\xF0\x9F\x98\x80x\n\xC3\xAA"), "");
  EXPECT_NE(judge(grammar, "\"\\A\xC3\xA9\xF0\x9F\x98\x80]\n\xC3\xAA"), "");
}

TEST(Rules, ErrorsNameTheLine) {
  EXPECT_EQ(problemOf("root ::= \"a\nx ::= y"), "grammar: line 1: '\"' is missing");
  EXPECT_EQ(problemOf("root ::= \"a\"\n\nx := y"), "grammar: line 3: a rule must stand here: name ::= ...");
  EXPECT_EQ(problemOf("root ::= x"), "grammar: the rule 'x' is used in 'root' but stands nowhere");
  EXPECT_EQ(problemOf("a ::= \"x\""), "grammar: there is no rule 'root'");
  EXPECT_EQ(problemOf("root ::= \"x\"\nroot ::= \"y\""), "grammar: line 2: the rule 'root' stands twice");
  EXPECT_NE(problemOf("root ::= root \"a\" | \"b\"").find("left recursion"), std::string::npos);
  EXPECT_NE(problemOf("root ::= x? root \"a\" | \"b\"\nx ::= \"x\"").find("left recursion"), std::string::npos);
  EXPECT_EQ(problemOf("root ::= \"a\" root"), "nothing matches");
  for (const char *rules :
       {"", "root ::= (", "root ::= \"a\"{3,2}", "root ::= [z-a]", "root ::= \"\\q\"", "root ::= )"})
    EXPECT_NE(problemOf(rules), "") << rules;
}

TEST(Rules, AreBounded) {
  std::string doubling = "root ::= a0\n";
  for (int i = 0; i < 40; ++i)
    doubling += "a" + std::to_string(i) + " ::= a" + std::to_string(i + 1) + " a" + std::to_string(i + 1) + "\n";
  EXPECT_NE(problemOf(doubling + "a40 ::= \"x\"").find("too many states"), std::string::npos);
  EXPECT_NE(problemOf("root ::= " + std::string(100000, '(')), "");
}
