// A conversation with tools as JSON, through both templates: no text forges a control token.
#include "runtime/text/Chat.h"
#include "test/fuzz/Text.h"

#include <algorithm>

using namespace gemmart;

static std::string textOf(const Json &object, const char *name) {
  const Json *value = object.find(name);
  return value && value->isString() ? value->text : std::string();
}

static Message messageOf(const Json &json) {
  Message message;
  message.role = textOf(json, "role");
  message.text = textOf(json, "content");
  message.name = textOf(json, "name");
  message.toolCallId = textOf(json, "tool_call_id");
  message.reasoning = textOf(json, "reasoning");
  if (const Json *parts = json.find("content"); parts && parts->isArray())
    for (const Json &part : parts->items)
      message.parts.push_back(
          {textOf(part, "type") == "image" ? ContentPart::Kind::Image : ContentPart::Kind::Text, textOf(part, "text")});
  if (const Json *calls = json.find("tool_calls"))
    for (const Json &call : calls->items) {
      const Json *function = call.find("function"), *arguments = function ? function->find("arguments") : nullptr;
      if (function)
        message.toolCalls.push_back({textOf(call, "id"), textOf(*function, "name"), arguments ? *arguments : Json()});
    }
  if (const Json *responses = json.find("tool_responses"))
    for (const Json &response : responses->items)
      if (const Json *value = response.find("response"))
        message.toolResponses.push_back({textOf(response, "name"), *value});
  return message;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  Result<Json> json = parseJson(fuzz::text(data, size));
  if (!json)
    return 0;
  std::vector<Message> messages;
  if (const Json *list = json->find("messages"))
    for (const Json &message : list->items)
      messages.push_back(messageOf(message));
  ChatOptions options;
  options.thinking = size % 2;
  options.emptyThought = size % 3 == 0;
  if (const Json *tools = json->find("tools"))
    options.tools = *tools;
  const Tokenizer &tokenizer = *fuzz::goldenTokenizer();
  for (std::string_view name : chatTemplates()) {
    Result<Prompt> prompt = render(name, messages, options);
    if (!prompt)
      continue;
    size_t end = 0;
    std::string trusted;
    for (TextRange range : prompt->templateRanges()) {
      fuzz::must(range.begin >= end && range.begin < range.end && range.end <= prompt->text().size(),
                 "ranges are in order and within the text");
      end = range.end;
      trusted += prompt->text().substr(range.begin, range.end - range.begin) + "\x01"; // no token reaches across
    }
    auto ids = tokenizer.encode(*prompt), own = tokenizer.encode(trusted, {.parseControl = true});
    fuzz::must(ids && own, "what is rendered is valid text");
    auto controls = [&](const std::vector<int32_t> &of) {
      return std::count_if(of.begin(), of.end(), [&](int32_t id) { return tokenizer.isControl(id); });
    };
    fuzz::must(controls(*ids) == controls(*own), "all control tokens are the template's");
  }
  return 0;
}
