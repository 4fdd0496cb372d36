// The native chat templates against what jinja2 made of the published ones (tools/goldens/templates.py).
#include "runtime/text/Chat.h"

#include "gtest/gtest.h"

#include <fstream>

using namespace gemmart;

static const char *folder = GEMMAC_SOURCE_DIR "/test/goldens/templates/";

static std::string textOf(const Json &object, const char *name) {
  const Json *value = object.find(name);
  return value && value->isString() ? value->text : std::string();
}

static bool flagOf(const Json &object, const char *name, bool otherwise) {
  const Json *value = object.find(name);
  return value ? value->flag : otherwise;
}

static void readContent(const Json *content, Message &message) {
  if (content && content->isString())
    message.text = content->text;
  if (!content || !content->isArray())
    return;
  for (const Json &part : content->items) {
    std::string type = textOf(part, "type");
    ContentPart::Kind kind = type == "image"   ? ContentPart::Kind::Image
                             : type == "audio" ? ContentPart::Kind::Audio
                             : type == "video" ? ContentPart::Kind::Video
                                               : ContentPart::Kind::Text;
    message.parts.push_back({kind, textOf(part, "text")});
  }
}

static Message readMessage(const Json &json) {
  Message message;
  message.role = textOf(json, "role");
  message.name = textOf(json, "name");
  message.toolCallId = textOf(json, "tool_call_id");
  message.reasoning = textOf(json, "reasoning") + textOf(json, "reasoning_content");
  readContent(json.find("content"), message);
  if (const Json *calls = json.find("tool_calls"))
    for (const Json &call : calls->items) {
      const Json *function = call.find("function");
      message.toolCalls.push_back({textOf(call, "id"), textOf(*function, "name"), *function->find("arguments")});
    }
  if (const Json *responses = json.find("tool_responses"))
    for (const Json &response : responses->items)
      message.toolResponses.push_back({textOf(response, "name"), *response.find("response")});
  return message;
}

static int checkFile(const char *name) {
  std::ifstream file(std::string(folder) + name);
  EXPECT_TRUE(file) << name;
  int count = 0;
  for (std::string line; std::getline(file, line); ++count) {
    Result<Json> json = parseJson(line);
    EXPECT_TRUE(json) << name << ":" << count + 1;
    if (!json)
      continue;
    std::vector<Message> messages;
    for (const Json &message : json->find("messages")->items)
      messages.push_back(readMessage(message));
    const Json &given = *json->find("options");
    ChatOptions options;
    options.addGenerationPrompt = flagOf(given, "add_generation_prompt", true);
    options.thinking = flagOf(given, "enable_thinking", false);
    options.preserveThinking = flagOf(given, "preserve_thinking", false);
    options.emptyThought = flagOf(*json, "empty_thought", false);
    if (const Json *tools = given.find("tools"))
      options.tools = *tools;
    Result<Prompt> prompt = render(textOf(*json, "template"), messages, options);
    if (json->find("error")) {
      EXPECT_FALSE(prompt) << name << ":" << count + 1 << ": " << line;
    } else {
      EXPECT_TRUE(prompt) << name << ":" << count + 1 << ": " << prompt.status().message();
      if (prompt)
        EXPECT_EQ(prompt->text(), textOf(*json, "expected")) << name << ":" << count + 1;
    }
  }
  return count;
}

TEST(Chat, Gemma3) {
  EXPECT_GE(checkFile("gemma3.jsonl"), 15);
}
TEST(Chat, Gemma4Large) {
  EXPECT_GE(checkFile("gemma4_large.jsonl"), 60);
}
TEST(Chat, Gemma4Small) {
  EXPECT_GE(checkFile("gemma4_small.jsonl"), 60);
}

TEST(Chat, UnknownTemplate) {
  Result<Prompt> prompt = render("gemma5", {}, {});
  ASSERT_FALSE(prompt);
  EXPECT_EQ(prompt.status().message(), "unknown chat template 'gemma5'; did you mean 'gemma3'?");
}

TEST(Chat, RefusalsSayWhy) {
  auto refusal = [](std::string_view name, std::vector<Message> messages, ChatOptions options = {}) {
    Result<Prompt> prompt = render(name, messages, options);
    return prompt ? prompt->text() : prompt.status().message();
  };
  Message one, two;
  one.role = two.role = "user";
  EXPECT_EQ(refusal("gemma3", {one, two}),
            "the chat template gemma3 wants user and assistant in turn; message 2 is from 'user'");
  EXPECT_EQ(refusal("gemma3", {}), "a conversation needs at least one message");
  ChatOptions tools;
  tools.tools = *parseJson("[{}]");
  EXPECT_EQ(refusal("gemma3", {one}, tools), "the chat template gemma3 knows no tools");
  EXPECT_EQ(refusal("gemma4", {one}, tools), "a tool needs a function with a name (a string)");
  tools.tools = *parseJson("{\"type\": 1}");
  EXPECT_EQ(refusal("gemma4", {one}, tools), "tools must be an array of functions");
  one.role = "assistant";
  one.toolCalls.push_back({"", "f", Json::string("{}")});
  EXPECT_EQ(refusal("gemma4", {one}), "the arguments of the call of 'f' must be an object with a value for each name");
}
