// The chat templates. Each mirrors its published template, oddities included, because the model has seen nothing else.
#include "runtime/text/Chat.h"

#include "runtime/abi/ChatTemplates.h"
#include "runtime/base/Text.h"
#include "runtime/text/ToolText.h"
#include "runtime/text/Utf8.h"

namespace gemmart {

static std::string_view trim(std::string_view text) {
  text.remove_prefix(whiteSpaceBytes(text, false, true));
  text.remove_suffix(whiteSpaceBytes(text, true, true));
  return text;
}

/// Calls `add` for each part of the content; a plain text is one part.
template <class Add> static void eachPart(const Message &message, Add add) {
  for (const ContentPart &part : message.parts)
    add(part);
  if (message.parts.empty() && !message.text.empty())
    add(ContentPart{ContentPart::Kind::Text, message.text});
}

static Result<Prompt> renderGemma3(std::span<const Message> messages, const ChatOptions &options) {
  if (messages.empty())
    return inputError("a conversation needs at least one message");
  if (!options.tools.isNull())
    return inputError("the chat template gemma3 knows no tools");
  Prompt out, prefix;
  out.addTemplate("<bos>");
  if (messages[0].role == "system") {
    if (!messages[0].parts.empty() && messages[0].parts[0].kind != ContentPart::Kind::Text)
      return inputError("the chat template gemma3 wants text in the system message");
    prefix.addPlain(messages[0].parts.empty() ? messages[0].text : messages[0].parts[0].text);
    prefix.addTemplate("\n\n");
    messages = messages.subspan(1);
  }
  for (size_t i = 0; i < messages.size(); ++i) {
    const Message &message = messages[i];
    if ((message.role == "user") != (i % 2 == 0))
      return inputError(format("the chat template gemma3 wants user and assistant in turn; message %zu is from '%s'",
                               i + 1, message.role.c_str()));
    out.addTemplate("<start_of_turn>");
    out.addPlain(message.role == "assistant" ? "model" : message.role);
    out.addTemplate("\n");
    if (i == 0)
      out.add(prefix);
    eachPart(message, [&](const ContentPart &part) {
      if (part.kind == ContentPart::Kind::Image)
        out.addTemplate("<start_of_image>");
      else if (part.kind == ContentPart::Kind::Text)
        out.addPlain(trim(part.text));
    });
    out.addTemplate("<end_of_turn>\n");
  }
  if (options.addGenerationPrompt)
    out.addTemplate("<start_of_turn>model\n");
  return out;
}

/// Gemma 4's template, one message at a time.
class Gemma4Chat {
public:
  Gemma4Chat(std::span<const Message> messages, const ChatOptions &options) : messages(messages), options(options) {
    out.addTemplate("<bos>");
  }
  Result<Prompt> run();

private:
  Status systemTurn();
  Status message(size_t at);
  Status toolCalls(const Message &message);
  /// The results of the calls of messages[at]; true if there are any.
  Result<bool> toolResults(size_t at);
  void responseBlock(const std::string &name, const Json &response);
  bool content(const Message &message, bool fromModel);
  void media(ContentPart::Kind kind);
  /// The first message after `at` that is no tool's, or null.
  const Message *nextSpeaker(size_t at) const;

  enum class Last { Nothing, ToolCall, ToolResponse };
  std::span<const Message> messages;
  const ChatOptions &options;
  Prompt out;
  Last last = Last::Nothing; ///< what ended the last message that is no tool's
  std::string_view lastRole;
  size_t afterLastUser = 0; ///< messages from here on come after the last of the user
};

/// A model's own text without its thoughts.
static std::string withoutThoughts(std::string_view text) {
  constexpr std::string_view open = "<|channel>", close = "<channel|>";
  std::string kept;
  for (size_t at = 0; at <= text.size();) {
    size_t end = std::min(text.find(close, at), text.size());
    std::string_view part = text.substr(at, end - at);
    kept += part.substr(0, part.find(open));
    at = end + close.size();
  }
  return std::string(trim(kept));
}

void Gemma4Chat::media(ContentPart::Kind kind) {
  if (kind == ContentPart::Kind::Image)
    out.addTemplate("<|image|>");
  else if (kind == ContentPart::Kind::Audio)
    out.addTemplate("<|audio|>");
  else if (kind == ContentPart::Kind::Video)
    out.addTemplate("<|video|>");
}

Status Gemma4Chat::systemTurn() {
  bool hasSystem = !messages.empty() && (messages[0].role == "system" || messages[0].role == "developer");
  bool hasTools = !options.tools.isNull() && !(options.tools.isArray() && options.tools.items.empty());
  if (!options.thinking && !hasTools && !hasSystem)
    return {};
  out.addTemplate(options.thinking ? "<|turn>system\n<|think|>\n" : "<|turn>system\n");
  if (hasSystem) {
    if (messages[0].parts.empty())
      out.addPlain(trim(messages[0].text));
    for (const ContentPart &part : messages[0].parts) {
      out.addPlain(trim(part.text));
      out.addTemplate(" ");
    }
    messages = messages.subspan(1);
  }
  if (hasTools) {
    if (!options.tools.isArray())
      return inputError("tools must be an array of functions");
    for (const Json &tool : options.tools.items) {
      out.addTemplate("<|tool>");
      if (Status status = addToolDeclaration(tool, out); !status)
        return status;
      out.addTemplate("<tool|>");
    }
  }
  out.addTemplate("<turn|>\n");
  return {};
}

Status Gemma4Chat::toolCalls(const Message &message) {
  for (const ToolCall &call : message.toolCalls) {
    if (!call.arguments.isObject() && !call.arguments.isNull())
      return inputError("the arguments of the call of '" + call.name +
                        "' must be an object with a value for each name");
    out.addTemplate("<|tool_call>call:");
    out.addPlain(call.name);
    out.addTemplate("{");
    addToolMembers(call.arguments, out);
    out.addTemplate("}<tool_call|>");
    last = Last::ToolCall;
  }
  return {};
}

void Gemma4Chat::responseBlock(const std::string &name, const Json &response) {
  out.addTemplate("<|tool_response>response:");
  out.addPlain(name);
  out.addTemplate("{");
  if (response.isObject()) {
    addToolMembers(response, out);
  } else {
    out.addTemplate("value:");
    addToolValue(response, false, out);
  }
  out.addTemplate("}<tool_response|>");
}

Result<bool> Gemma4Chat::toolResults(size_t at) {
  const Message &message = messages[at];
  bool any = false;
  for (const ToolResponse &response : message.toolResponses) {
    responseBlock(response.name.empty() ? "unknown" : response.name, response.response);
    any = true;
  }
  if (message.toolResponses.empty() && !message.toolCalls.empty()) {
    for (size_t k = at + 1; k < messages.size() && messages[k].role == "tool"; ++k) {
      const Message &result = messages[k];
      std::string name = result.name.empty() ? "unknown" : result.name, text;
      for (const ToolCall &call : message.toolCalls)
        if (call.id == result.toolCallId)
          name = call.name;
      eachPart(result, [&](const ContentPart &part) { text += part.text; });
      responseBlock(name, Json::string(text));
      for (const ContentPart &part : result.parts)
        media(part.kind);
      any = true;
    }
  }
  if (any)
    last = Last::ToolResponse;
  return any;
}

/// Writes the content; true if it is more than white space.
bool Gemma4Chat::content(const Message &message, bool fromModel) {
  size_t before = out.text().size();
  eachPart(message, [&](const ContentPart &part) {
    if (part.kind != ContentPart::Kind::Text)
      media(part.kind);
    else if (fromModel)
      out.addPlain(withoutThoughts(part.text));
    else
      out.addPlain(trim(part.text));
  });
  return !trim(std::string_view(out.text()).substr(before)).empty();
}

const Message *Gemma4Chat::nextSpeaker(size_t at) const {
  for (size_t i = at + 1; i < messages.size(); ++i)
    if (messages[i].role != "tool")
      return &messages[i];
  return nullptr;
}

Status Gemma4Chat::message(size_t at) {
  const Message &message = messages[at];
  if (message.role == "tool")
    return {}; // written with the calls it answers
  last = Last::Nothing;
  std::string role = message.role == "assistant" ? "model" : message.role;
  bool fromModel = role == "model";
  if (!fromModel || lastRole != "assistant") {
    out.addTemplate("<|turn>");
    out.addPlain(role);
    out.addTemplate("\n");
  }
  bool showThought = at >= afterLastUser || (options.preserveThinking && !message.toolCalls.empty());
  if (!message.reasoning.empty() && showThought) {
    out.addTemplate("<|channel>thought\n");
    out.addPlain(message.reasoning);
    out.addTemplate("\n<channel|>");
  }
  if (Status status = toolCalls(message); !status)
    return status;
  Result<bool> answered = toolResults(at);
  if (!answered)
    return answered.status();
  bool hasContent = content(message, fromModel);
  const Message *next = nextSpeaker(at);
  bool continues = fromModel && next && next->role == "assistant" && (message.toolCalls.empty() || *answered);
  if (last == Last::ToolCall)
    out.addTemplate("<|tool_response>"); // the model handed over; the result is to come
  else if (!continues && !(*answered && !hasContent && !next))
    out.addTemplate("<turn|>\n");
  lastRole = message.role;
  return {};
}

Result<Prompt> Gemma4Chat::run() {
  if (Status status = systemTurn(); !status)
    return status;
  for (size_t i = 0; i < messages.size(); ++i)
    if (messages[i].role == "user")
      afterLastUser = i + 1;
  for (size_t i = 0; i < messages.size(); ++i)
    if (Status status = message(i); !status)
      return status;
  if (!options.addGenerationPrompt)
    return std::move(out);
  if (last == Last::Nothing) {
    out.addTemplate("<|turn>model\n");
    if (!options.thinking && options.emptyThought)
      out.addTemplate("<|channel>thought\n<channel|>");
  } else if (last == Last::ToolResponse && options.thinking) {
    out.addTemplate("<|channel>thought\n");
  }
  return std::move(out);
}

std::span<const std::string_view> chatTemplates() {
  return gmChatTemplates;
}

std::span<const std::string_view> templateTokens(std::string_view templateName) {
  static constexpr std::string_view gemma3[] = {
      "<bos>", "<start_of_turn>", "<end_of_turn>", "<start_of_image>", "<image_soft_token>", "<end_of_image>"};
  static constexpr std::string_view gemma4[] = {"<bos>",        "<|turn>",      "<turn|>",          "<|think|>",
                                                "<|channel>",   "<channel|>",   "<|tool>",          "<tool|>",
                                                "<|tool_call>", "<tool_call|>", "<|\"|>",           "<|image|>",
                                                "<|audio|>",    "<|video|>",    "<|tool_response>", "<tool_response|>",
                                                "<|image>",     "<image|>",     "<|audio>",         "<audio|>"};
  if (templateName == "gemma3")
    return gemma3;
  return templateName == "gemma4" ? std::span<const std::string_view>(gemma4) : std::span<const std::string_view>();
}

Result<Prompt> render(std::string_view templateName, std::span<const Message> messages, const ChatOptions &options) {
  if (templateName == "gemma3")
    return renderGemma3(messages, options);
  if (templateName == "gemma4")
    return Gemma4Chat(messages, options).run();
  return inputError("unknown chat template '" + std::string(templateName) + "'" +
                    didYouMean(templateName, gmChatTemplates));
}

} // namespace gemmart
