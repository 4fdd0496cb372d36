// A conversation with tools becomes the ids of a prompt.
#ifndef RUNTIME_SERVER_CONVERSATION_H
#define RUNTIME_SERVER_CONVERSATION_H

#include "runtime/model/Manifest.h"
#include "runtime/server/Fields.h"
#include "runtime/text/Chat.h"
#include "runtime/text/Tokenizer.h"

namespace gemmart::server {

struct Conversation {
  std::vector<Message> messages;
  Json tools; ///< Null, or an array of functions
  bool thinking = false;
};

/// The ids up to where the answer begins. A last message of the assistant is continued.
Result<std::vector<int32_t>> promptIds(const Tokenizer &tokenizer, const Manifest &manifest,
                                       const Conversation &conversation);
/// The text of the same, control tokens spelled out.
Result<std::string> promptText(const Manifest &manifest, const Conversation &conversation);
/// Raw text: bos where the model wants one, control tokens parsed.
Result<std::vector<int32_t>> rawIds(const Tokenizer &tokenizer, const Manifest &manifest, const std::string &text);

/// Leaves out the oldest messages until the prompt is shorter than `room` tokens; the system message and all from the
/// last of the user on stay. Returns the ids, too long if that was not enough.
Result<std::vector<int32_t>> fittingIds(const Tokenizer &tokenizer, const Manifest &manifest,
                                        const Conversation &conversation, int64_t room);

/// Checks declarations of tools, each {"type": "function", "function": {...}}, and returns them for the template. The
/// names must be new and plain.
Json checkTools(const Value &tools, const std::string &path, Checks &checks);

/// The bytes of base64 text (RFC 4648, padding may be missing), or nothing.
std::optional<std::string> fromBase64(std::string_view text);
std::string toBase64(std::string_view bytes);

} // namespace gemmart::server
#endif
