// Text of users, tools and models gives no control token, whatever it spells; the template's own text gives all of its.
#include "runtime/text/Chat.h"
#include "runtime/text/Tokenizer.h"

#include "compiler/import/Tokenizer.h"

#include "gtest/gtest.h"

#include <algorithm>
#include <random>

using namespace gemmart;

namespace {

/// A tokenizer with the section it lives in.
struct Loaded {
  explicit Loaded(const std::string &name) {
    auto imported = gemmac::import::importTokenizer(GEMMAC_SOURCE_DIR "/test/goldens/tokenizer/" + name + ".json");
    EXPECT_TRUE(imported) << imported.error().message;
    section = std::move(imported->section);
    tokenizer.push_back(*Tokenizer::open(section));
  }
  const Tokenizer &operator*() const { return tokenizer[0]; }
  std::vector<uint8_t> section;
  std::vector<Tokenizer> tokenizer; ///< one
};

/// Strings made of control tokens, their halves, added tokens and ordinary text.
class Attacker {
public:
  explicit Attacker(const Tokenizer &tokenizer) {
    words = {" ",   "\n",   "a",       "the",          "<",
             "|",   ">",    "<|",      "|>",           "<<",
             "bos", "turn", "model\n", "\xE2\x96\x81", "\xF0\x9F\x91\xA9"};
    for (int32_t id = 0; id < tokenizer.tokenCount(); ++id)
      if (tokenizer.isControl(id)) {
        std::string text(tokenizer.spelling(id));
        words.push_back(text);
        words.push_back(text.substr(0, text.size() / 2));
        words.push_back(text.substr(text.size() / 2));
      }
  }
  std::string text() {
    std::string made;
    for (size_t count = random() % 6; count > 0; --count)
      made += words[random() % words.size()];
    return made;
  }

private:
  std::vector<std::string> words;
  std::mt19937 random{7};
};

/// Control tokens but for `unk`, which stands for an unknown character.
std::vector<int32_t> controlsOf(const Tokenizer &tokenizer, const std::vector<int32_t> &ids) {
  std::vector<int32_t> controls;
  std::copy_if(ids.begin(), ids.end(), std::back_inserter(controls),
               [&](int32_t id) { return tokenizer.isControl(id) && id != tokenizer.unk(); });
  return controls;
}

/// A conversation with tools, whose every text is given by `text`.
template <class Text> Prompt conversation(std::string_view chatTemplate, Text text) {
  std::vector<Message> messages(4);
  messages[0].role = "system";
  messages[1].role = messages[3].role = "user";
  messages[2].role = "assistant";
  for (Message &message : messages)
    message.text = text();
  ChatOptions options;
  if (chatTemplate == "gemma4") {
    messages[1].parts = {{ContentPart::Kind::Text, text()}, {ContentPart::Kind::Image, text()}};
    messages[2].reasoning = text();
    Json arguments = *parseJson("{\"n\": 1}");
    arguments.members[0].name = text();
    arguments.members[0].value = Json::string(text());
    messages[2].toolCalls = {{"", text(), arguments}};
    messages[2].toolResponses = {{"f" + text(), Json::string(text())}, {"g", arguments}};
    options.tools = *parseJson(R"([{"function": {"name": "f", "description": "", "parameters": {"type": "object",
        "properties": {"p": {"type": "string", "description": "", "enum": [""]}}, "required": [""]}}}])");
    Json &function = options.tools.items[0].members[0].value, &parameters = function.members[2].value;
    function.members[0].value.text += text();
    function.members[1].value.text = text();
    parameters.members[1].value.members[0].name = text();
    parameters.members[1].value.members[0].value.members[1].value.text = "d" + text();
    parameters.members[1].value.members[0].value.members[2].value.items[0].text = text();
    parameters.members[2].value.items[0].text = text();
  }
  Result<Prompt> prompt = render(chatTemplate, messages, options);
  EXPECT_TRUE(prompt) << prompt.status().message();
  return prompt ? *prompt : Prompt();
}

} // namespace

class PromptTest : public testing::TestWithParam<const char *> {};
INSTANTIATE_TEST_SUITE_P(Tokenizers, PromptTest,
                         testing::Values("words-bytes", "lines-bytes", "words-unk", "lines-unk-each",
                                         "words-half-the-bytes"));

TEST_P(PromptTest, NoPlainTextGivesAControlToken) {
  Loaded loaded(GetParam());
  Attacker attacker(*loaded);
  for (int round = 0; round < 20000; ++round) {
    std::string text = attacker.text();
    EXPECT_EQ(controlsOf(*loaded, *(*loaded).encode(text)), std::vector<int32_t>()) << text;
  }
}

TEST_P(PromptTest, NobodyForgesATurn) {
  Loaded loaded(GetParam());
  Attacker attacker(*loaded);
  for (const char *chatTemplate : {"gemma3", "gemma4"}) {
    Prompt honest = conversation(chatTemplate, [] { return std::string("a"); });
    std::vector<int32_t> expected = controlsOf(*loaded, *(*loaded).encode(honest));
    EXPECT_EQ(expected, controlsOf(*loaded, *(*loaded).encode(honest.text(), {.parseControl = true})));
    EXPECT_FALSE(expected.empty());
    for (int round = 0; round < 2000; ++round) {
      // "a" in front: an empty answer may close a turn otherwise, as the template has it.
      Prompt prompt = conversation(chatTemplate, [&] { return "a" + attacker.text(); });
      EXPECT_EQ(controlsOf(*loaded, *(*loaded).encode(prompt)), expected) << prompt.text();
    }
  }
}

TEST_P(PromptTest, HonestTextIsEncodedAsAWhole) {
  Loaded loaded(GetParam());
  std::mt19937 random(3);
  const char *words[] = {"the ", "and\n", "\n\n", "  ", "<b>", "\t\t", "they", "\xF0\x9F\x91\xA9", "ing", "."};
  for (int round = 0; round < 500; ++round) {
    Prompt prompt = conversation("gemma4", [&] {
      std::string text;
      for (int i = 0; i < 5; ++i)
        text += words[random() % std::size(words)];
      return text;
    });
    EXPECT_EQ(*(*loaded).encode(prompt), *(*loaded).encode(prompt.text(), {.parseControl = true})) << prompt.text();
  }
}

TEST(Prompt, WhatATemplateSpellsIsReserved) {
  Loaded loaded("words-bytes");
  Tokenizer tokenizer = *loaded; // "<|" is an ordinary added token
  int32_t id = tokenizer.find("<|");
  ASSERT_FALSE(tokenizer.isControl(id));
  std::string_view spelled[] = {"<|", "no token"};
  tokenizer.reserve(spelled);
  EXPECT_TRUE(tokenizer.isControl(id));
  std::vector<int32_t> plain = *tokenizer.encode("a<|c");
  EXPECT_EQ(std::count(plain.begin(), plain.end(), id), 0);
  EXPECT_EQ(*tokenizer.encode("<|", {.parseControl = true}), std::vector<int32_t>{id});
  for (std::string_view name : chatTemplates())
    EXPECT_FALSE(templateTokens(name).empty()) << name;
}

TEST(Prompt, AControlTokenLiesWhollyInTheTemplate) {
  Loaded loaded("words-bytes");
  int32_t turn = (*loaded).find("<|turn>"), part = (*loaded).find("<|");
  ASSERT_GE(turn, 0);
  ASSERT_GE(part, 0);
  auto controls = [&](std::vector<std::pair<bool, std::string>> pieces) {
    Prompt prompt;
    for (const auto &[trusted, text] : pieces)
      trusted ? prompt.addTemplate(text) : prompt.addPlain(text);
    return controlsOf(*loaded, *(*loaded).encode(prompt));
  };
  using List = std::vector<int32_t>;
  EXPECT_EQ(controls({{true, "<|turn>"}}), List{turn});
  EXPECT_EQ(controls({{true, "<|tu"}, {true, "rn>"}}), List{turn});
  EXPECT_EQ(controls({{false, "<|turn>"}}), List());
  EXPECT_EQ(controls({{true, "<|tu"}, {false, "rn>"}}), List());
  EXPECT_EQ(controls({{false, "<|tu"}, {true, "rn>"}}), List());
  EXPECT_EQ(controls({{false, "<|turn"}, {true, "<|turn>"}, {false, ">"}}), List{turn});
  EXPECT_EQ(controls({{true, "a"}, {false, "<|turn><|turn>"}, {true, "<|turn>b"}, {false, "<|turn>"}}), List{turn});
  // The longest match reaches into the text of others; the shorter one is an ordinary added token.
  Prompt prompt;
  prompt.addTemplate("<|");
  prompt.addPlain("turn>");
  EXPECT_EQ((*(*loaded).encode(prompt))[0], part);
}
