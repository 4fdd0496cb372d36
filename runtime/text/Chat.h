// Chat templates: a conversation becomes the text that the model was trained on. Native renderers, byte for byte what
// the published Jinja templates give (tested against jinja2; see tools/goldens/templates.py).
#ifndef RUNTIME_TEXT_CHAT_H
#define RUNTIME_TEXT_CHAT_H

#include "runtime/base/Status.h"
#include "runtime/text/Json.h"
#include "runtime/text/Prompt.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gemmart {

struct ContentPart {
  enum class Kind { Text, Image, Audio, Video };
  Kind kind = Kind::Text;
  std::string text; ///< of Text
};

struct ToolCall {
  std::string id; ///< may be empty
  std::string name;
  Json arguments; ///< an Object, or Null for none
};

/// The result of a call, when it travels on the assistant's own message. A String or an Object with named results.
struct ToolResponse {
  std::string name; ///< empty: "unknown"
  Json response;
};

struct Message {
  std::string role; ///< "system", "developer", "user", "assistant", "tool"
  std::string text; ///< the content, unless `parts` has it
  std::vector<ContentPart> parts;
  std::string reasoning; ///< the thought that led to an assistant's message
  std::vector<ToolCall> toolCalls;
  std::vector<ToolResponse> toolResponses;
  std::string name, toolCallId; ///< of a "tool" message: which function, which call it answers
};

struct ChatOptions {
  bool addGenerationPrompt = true; ///< open the model's turn at the end
  bool thinking = false;           ///< let the model think first
  bool preserveThinking = false;   ///< keep the thoughts of earlier turns that called tools
  bool emptyThought = false;       ///< without thinking, open with an empty thought, as the large sizes want it
  Json tools;                      ///< Null, or an array of {"type": "function", "function": {...}}
};

/// The names that render() knows.
std::span<const std::string_view> chatTemplates();

/// The tokens that a template spells, and those that stand for media in its conversations; none for an unknown name.
std::span<const std::string_view> templateTokens(std::string_view templateName);

/// The whole conversation, beginning with "<bos>"; Tokenizer::encode takes it. Only the template's own words can give
/// control tokens: what messages, tools and their results spell stays text. Fails for an unknown template name and for
/// a conversation that the template refuses; the message says which and why.
Result<Prompt> render(std::string_view templateName, std::span<const Message> messages, const ChatOptions &options);

} // namespace gemmart
#endif
