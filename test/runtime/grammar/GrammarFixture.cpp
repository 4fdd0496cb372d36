// See GrammarFixture.h.
#include "test/runtime/grammar/GrammarFixture.h"

#include "gtest/gtest.h"

namespace gemmart {

std::shared_ptr<const Vocabulary> smallVocabulary() {
  static const std::shared_ptr<const Vocabulary> kVocabulary = [] {
    std::vector<std::string> texts;
    for (int byte = 0; byte < 256; ++byte)
      texts.push_back(std::string(1, char(byte)));
    for (const char *piece :
         {"\"",    "\":",     "\": ",     "\",\"",    "\", \"",      "\"}",       "\"]",          "\":\"",
          "{\"",   "{\"a\":", "},{",      "}}",       "]}",          "]]",        "[[",           "[]",
          "{}",    ", ",      ",\n  ",    "\n  ",     "   ",         "\n    ",    "tr",           "rue",
          "fal",   "se,",     "null",     "ull}",     "12",          "1,2",       "0.5",          "1e",
          "e5",    ".0",      "-1",       "ab",       "abc",         "a\"",       "a\":1,\"a\":", "a\":1,\"b",
          "b\":",  "\\n",     "\\\"",     "\\u",      "\\u00",       "00e9",      "\\ud83d",      "\\ude00",
          "\xC3",  "\xA9",    "\xC3\xA9", "\xF0\x9F", "\x98\x80",    "\xE2\x82",  "\xAC",         "foo",
          "foo\"", "bar",     "x\",\"y",  "key",      "key\":{",     "\"type\":", "\"a\",",       "1}",
          "2]",    "true}",   "a:",       "b:1",      ",b:",         "{a:",       "2020-",        "-01",
          "T00:",  ":00Z",    "127.0",    "a@b",      "hello world", " the",      "aaaa",         "aaaaaaaa"})
      texts.push_back(piece);
    std::map<std::string, int32_t, std::less<>> control;
    for (const char *name : {"<eos>", "<|tool_call>", "<tool_call|>", "<|\"|>", "<|channel>", "<channel|>"}) {
      control[name] = int32_t(texts.size());
      texts.push_back("");
    }
    int32_t stop = control["<eos>"];
    return std::make_shared<const Vocabulary>(texts, control, std::vector<int32_t>{stop});
  }();
  return kVocabulary;
}

std::shared_ptr<const Grammar> mustCompile(GrammarSource::Kind kind, const std::string &text) {
  GrammarProblem problem;
  std::shared_ptr<const Grammar> grammar = compileGrammar({kind, text}, smallVocabulary(), problem);
  if (!grammar)
    ADD_FAILURE() << text << "\n" << problem.code() << ": " << problem.status().message();
  return grammar;
}

std::string judge(const std::shared_ptr<const Grammar> &grammar, std::string_view text) {
  Constraint constraint(grammar);
  for (size_t at = 0; at < text.size(); ++at)
    if (Status status = constraint.accept(uint8_t(text[at])); !status)
      return "refused at byte " + std::to_string(at) + ": " + std::string(text.substr(0, at + 1));
  return constraint.isComplete() ? "" : "not complete";
}

std::string randomAnswer(const std::shared_ptr<const Grammar> &grammar, std::mt19937 &random, int mostTokens) {
  const Vocabulary &vocabulary = grammar->vocabulary();
  Constraint constraint(grammar);
  std::vector<uint64_t> bits(vocabulary.words());
  std::string text;
  for (int step = 0; step < mostTokens; ++step) {
    constraint.mask(bits);
    std::vector<int32_t> allowed;
    for (int32_t token = 0; token < int32_t(vocabulary.tokens()); ++token) {
      bool set = bits[size_t(token) / 64] >> (token & 63) & 1;
      bool accepted = Constraint(constraint).accept(token).ok();
      EXPECT_EQ(set, accepted) << "token " << token << " '" << vocabulary.trie().text(token) << "' after " << text;
      if (set != accepted)
        return "";
      if (set)
        allowed.push_back(token);
    }
    EXPECT_FALSE(allowed.empty()) << "nothing may follow " << text;
    if (allowed.empty())
      return "";
    // Ends soon once it may: texts stay short.
    int32_t stop = vocabulary.stops()[0];
    bool mayStop = allowed.back() >= stop && constraint.isComplete();
    int32_t token = mayStop && random() % 3 == 0 ? stop : allowed[random() % allowed.size()];
    if (token == stop)
      return text;
    // Brackets that close are drawn more often, or nothing ever ends.
    if (step > mostTokens / 4)
      for (char close : std::string_view("}]\""))
        if (std::find(allowed.begin(), allowed.end(), int32_t(uint8_t(close))) != allowed.end() && random() % 2)
          token = int32_t(uint8_t(close));
    EXPECT_TRUE(constraint.accept(token).ok());
    if (vocabulary.trie().text(token).empty())
      text += "<" + std::to_string(token) + ">";
    text += vocabulary.trie().text(token);
  }
  return "";
}

} // namespace gemmart
