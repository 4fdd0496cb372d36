// Modelfiles: Ollama's grammar, exact errors, and files that read back as the same overlay.
#include "runtime/server/Modelfile.h"

#include <gtest/gtest.h>

using namespace gemmart;
using namespace gemmart::server;

namespace {

std::string errorOf(const std::string &text) {
  std::vector<std::string> warnings;
  Result<Overlay> overlay = readModelfile(text, warnings);
  return overlay ? "" : overlay.status().message();
}

TEST(Modelfile, ReadsEveryCommand) {
  std::vector<std::string> warnings;
  Result<Overlay> overlay = readModelfile("# comment\nfrom gemma4:e2b  \n"
                                          "PARAMETER temperature 0.5\nparameter stop \"A\"\nPARAMETER stop B C\n"
                                          "PARAMETER mirostat 2\nSYSTEM \"\"\"two\n\"lines\" # kept\"\"\"\n"
                                          "MESSAGE user hello there\r\nMESSAGE assistant \"hi\"\nLICENSE MIT\n"
                                          "TEMPLATE {{ .Prompt }}\nRENDERER gemma4\nREQUIRES 0.1.0",
                                          warnings);
  ASSERT_TRUE(bool(overlay)) << overlay.status().message();
  EXPECT_EQ(overlay->from, "gemma4:e2b");
  EXPECT_EQ(overlay->system, "two\n\"lines\" # kept");
  EXPECT_EQ(overlay->parameters.dump(), R"({"temperature":0.5,"stop":["A","B C"]})");
  EXPECT_EQ(overlay->messages.size(), 2u);
  EXPECT_EQ(overlay->messages[0].second, "hello there");
  EXPECT_EQ(overlay->requires_, "0.1.0");
  EXPECT_EQ(warnings.size(), 1u);
}

TEST(Modelfile, NamesLineAndWord) {
  const std::pair<const char *, const char *> bad[] = {
      {"FROM a\nFORM b", "(line 2): command must be one of"},
      {"FROM a\n\nSYSTEM \"\"\"x", "(line 3): unexpected end of the file"},
      {"FROM a\nMESSAGE robot x", "(line 2): message role must be one of"},
      {"FROM a\nPARAMETER heat 1", "(line 2): unknown parameter 'heat'"},
      {"FROM a\nPARAMETER top_k many", "(line 2): parameter 'top_k' must be a whole number"},
      {"FROM a\nPARAMETER top_k", "(line 2): unexpected end of the line"},
      {"FROM", "(line 1): unexpected end of the line"},
      {"SYSTEM x", "no FROM line"},
      {"", "no FROM line"},
      {"FROM a\nADAPTER x.gguf", "(line 2): ADAPTER is not supported"},
      {"FROM a\nTEMPLATE \"{{ .System }}\"", "(line 2): TEMPLATE cannot be changed"},
      {"FROM a\nSYSTEM \"x\" y", "(line 2): the line goes on"},
      {"FROM \xff", "no UTF-8"}};
  for (auto [text, words] : bad)
    EXPECT_NE(errorOf(text).find(words), std::string::npos) << text << ": " << errorOf(text);
}

TEST(Modelfile, ReadsByteOrderMarks) {
  EXPECT_EQ(errorOf("\xEF\xBB\xBF"
                    "FROM a"),
            "");
  EXPECT_EQ(errorOf(std::string("\xFF\xFE"
                                "F\0R\0O\0M\0 \0a\0",
                                14)),
            "");
}

TEST(Modelfile, WritesWhatItReads) {
  for (const char *system : {"plain", " spaces ", "two\nlines", "\"quoted\" inside", "ends with \"", "# no comment"}) {
    Overlay overlay;
    overlay.from = "gemma4";
    overlay.system = system;
    overlay.parameters = {{"temperature", 0.25}, {"stop", {"a b", "\"", "#"}}, {"num_ctx", 10}};
    overlay.messages = {{"user", "x\ny"}, {"assistant", "z"}};
    overlay.licenses = {"MIT", "more\nlines"};
    std::vector<std::string> warnings;
    std::string text = writeModelfile(overlay, overlay.from);
    Result<Overlay> again = readModelfile(text, warnings);
    ASSERT_TRUE(bool(again)) << text << again.status().message();
    EXPECT_EQ(*again, overlay) << text;
  }
}

} // namespace
