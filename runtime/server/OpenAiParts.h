// What OpenAI's routes have in common: sampling fields, messages, tools, probabilities.
#ifndef RUNTIME_SERVER_OPENAIPARTS_H
#define RUNTIME_SERVER_OPENAIPARTS_H

#include "runtime/server/Service.h"

namespace gemmart::server {

/// {token, logprob, bytes}, and with top_logprobs the likeliest beside it.
Value judgedValue(const Tokenizer &tokenizer, const Drawn &drawn);
/// The text of one token; U+FFFD for a part of a character.
std::string tokenText(const Tokenizer &tokenizer, int32_t id);

/// The model of a request and a task with its defaults; false if a problem was found.
bool readTask(Service &service, Fields &fields, std::string &model, std::optional<Models::Entry> &entry, Task &task);
/// temperature, top_p, seed, stop and so on.
void readSampling(Service &service, Fields &fields, Task &task);
/// Which tokens are favoured: {"id": -100..100}.
void readLogitBias(Service &service, Fields &fields, Task &task);

/// Puts the overlay's system text and examples before messages that have none of their own.
void addOverlay(const Overlay &overlay, std::vector<Message> &messages);

/// Which tools may and must be called.
struct ToolChoice {
  enum Kind { None, Auto, Required, Named } kind = Auto;
  std::string name;
};
/// Reads tool_choice in OpenAI's forms; `flat`: the name stands beside the type, as in responses.
ToolChoice readToolChoice(Fields &fields, bool flat);
/// Declares the tools in the conversation, and makes the task obey the choice. After applyThinking().
void applyTools(Service &service, const std::string &model, const Value *tools, const ToolChoice &choice, Task &task,
                Conversation &conversation, Checks &checks);
/// Whether the model is asked to think: sets task and conversation, or adds a problem.
void applyThinking(Service &service, const std::string &model, std::optional<bool> wish, Task &task,
                   Conversation &conversation, Checks &checks);
/// An effort in words: none is off, all others are on and may limit the thought.
std::optional<bool> readEffort(Fields &fields, std::string_view name, Task &task);

/// Renders, checks the length, and puts the ids into the task.
void setPrompt(Service &service, const Conversation &conversation, bool truncate, Task &task, Checks &checks);

/// Ollama's `format`: "json" or a schema.
void readFormat(Service &service, const Value &format, const std::string &param, bool thinking, Task &task,
                Checks &checks);
/// An object whose `type` is text, json_object or json_schema; the schema is in `json_schema`, or beside the type.
void readTypedFormat(Service &service, const Value &format, const std::string &param, bool thinking, Task &task,
                     Checks &checks);

/// "stop", "length" or "tool_calls".
const char *finishReason(const Answer &answer, bool named);

/// Messages in the form of chat completions.
void readOpenAiMessages(const Value &list, const std::string &path, Conversation &conversation, Checks &checks);

} // namespace gemmart::server
#endif
