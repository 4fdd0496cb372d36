// POST /v1/messages and /v1/messages/count_tokens. See the contract's section 12.
#include "runtime/base/Text.h"
#include "runtime/server/OpenAiParts.h"

#include <algorithm>

namespace gemmart::server {

static const char *stopReason(const Answer &answer) {
  switch (answer.cause) {
  case Cause::StopString:
    return "stop_sequence";
  case Cause::Calls:
    return "tool_use";
  case Cause::Length:
    return "max_tokens";
  case Cause::Context:
    return "model_context_window_exceeded";
  case Cause::End:
    break;
  }
  return "end_turn";
}

namespace {

class MessageReply : public Reply {
public:
  MessageReply(Service &service, std::shared_ptr<Exchange> exchange, Checks checks, bool stream, std::string model)
      : Reply(service, std::move(exchange), Family::Anthropic, std::move(checks), stream, "text/event-stream"),
        model(std::move(model)), id(randomId("msg_", 24)) {}

  void delta(size_t, const Delta &delta) override {
    if (!stream)
      return;
    if (!delta.thought.empty())
      piece("thinking", {{"type", "thinking"}, {"thinking", ""}, {"signature", ""}},
            {{"type", "thinking_delta"}, {"thinking", delta.thought}});
    if (!delta.content.empty())
      piece("text", {{"type", "text"}, {"text", ""}}, {{"type", "text_delta"}, {"text", delta.content}});
    for (const Call &call : delta.calls) {
      closeBlock();
      piece("tool_use",
            {{"type", "tool_use"}, {"id", randomId("toolu_", 24)}, {"name", call.name}, {"input", Value::object()}},
            {{"type", "input_json_delta"}, {"partial_json", dump(call.arguments)}});
      closeBlock();
    }
  }

  void complete(const std::vector<Answer> &answers) override {
    const Answer &answer = answers[0];
    Value usage = usageOf(answer);
    Value stop = answer.cause == Cause::StopString ? Value(answer.stopString) : Value();
    if (stream) {
      start();
      closeBlock();
      event({{"type", "message_delta"},
             {"delta", {{"stop_reason", stopReason(answer)}, {"stop_sequence", stop}}},
             {"usage", usage}},
            "message_delta");
      event({{"type", "message_stop"}}, "message_stop");
      exchange->end();
      return;
    }
    Value value = message();
    if (!answer.all.thought.empty())
      value["content"].push_back(
          {{"type", "thinking"}, {"thinking", answer.all.thought}, {"signature", signature(answer.all.thought)}});
    if (!answer.all.content.empty())
      value["content"].push_back({{"type", "text"}, {"text", answer.all.content}});
    for (const Call &call : answer.all.calls)
      value["content"].push_back(
          {{"type", "tool_use"}, {"id", randomId("toolu_", 24)}, {"name", call.name}, {"input", call.arguments}});
    value["stop_reason"] = stopReason(answer);
    value["stop_sequence"] = stop;
    value["usage"] = usage;
    whole(value);
  }

  void streamError(const Problem &problem) override {
    event(errorValue(Family::Anthropic, problem, exchange->request.id), "error");
    exchange->end();
  }
  std::string nothing(bool) override { return "event: ping\ndata: {\"type\": \"ping\"}\n\n"; }

private:
  static std::string signature(const std::string &thought) {
    return toBase64("gemmac:" + std::to_string(thought.size()));
  }

  static Value usageOf(const Answer &answer) {
    const Usage &usage = answer.usage;
    return {{"input_tokens", usage.promptTokens - usage.cachedTokens},
            {"output_tokens", usage.drawnTokens},
            {"cache_creation_input_tokens", 0},
            {"cache_read_input_tokens", usage.cachedTokens}};
  }

  Value message() const {
    return {{"id", id},
            {"type", "message"},
            {"role", "assistant"},
            {"model", model},
            {"content", Value::array()},
            {"stop_reason", nullptr},
            {"stop_sequence", nullptr},
            {"usage", usageOf(Answer())}};
  }

  void start() {
    if (!started)
      event({{"type", "message_start"}, {"message", message()}}, "message_start");
    started = true;
  }

  /// A piece of the block of this kind; begins one unless it is open.
  void piece(const char *kind, const Value &empty, const Value &delta) {
    start();
    if (block != kind) {
      closeBlock();
      event({{"type", "content_block_start"}, {"index", index}, {"content_block", empty}}, "content_block_start");
      block = kind;
    }
    if (delta.contains("thinking"))
      thought += delta["thinking"].get<std::string>();
    event({{"type", "content_block_delta"}, {"index", index}, {"delta", delta}}, "content_block_delta");
  }

  void closeBlock() {
    if (block.empty())
      return;
    if (block == "thinking")
      event({{"type", "content_block_delta"},
             {"index", index},
             {"delta", {{"type", "signature_delta"}, {"signature", signature(thought)}}}},
            "content_block_delta");
    event({{"type", "content_block_stop"}, {"index", index}}, "content_block_stop");
    ++index;
    block.clear();
    thought.clear();
  }

  const std::string model, id;
  std::string block, thought; ///< the kind that is open, and what it holds
  int index = 0;
  bool started = false;
};

/// A list of messages in Anthropic's form.
class MessageReader {
public:
  MessageReader(Conversation &conversation, Checks &checks) : conversation(conversation), checks(checks) {}

  void read(const Value &list) {
    for (size_t index = 0; index < list.size(); ++index) {
      std::string place = "messages." + std::to_string(index);
      if (!list[index].is_object()) {
        checks.problems.add(Check::Types, badType(place, "an object"));
        continue;
      }
      Fields fields(list[index], place, checks);
      std::string role = fields.neededText("role");
      if (!role.empty() && role != "user" && role != "assistant")
        checks.problems.add(Check::Values, badValue(place + ".role", "must be user or assistant"));
      if (index == 0 && role == "assistant")
        checks.problems.add(Check::Values, badValue(place + ".role", "must be user: the first message is the user's"));
      message(fields, role, place);
      fields.finish();
    }
  }

  /// Text of a string or of text blocks.
  std::string text(Fields &fields, std::string_view name) {
    const Value *content = fields.find(name);
    std::string out, path = fields.pathOf(name);
    if (!content)
      return out;
    if (content->is_string())
      return content->get<std::string>();
    if (!content->is_array()) {
      checks.problems.add(Check::Types, badType(path, "a string or an array of text blocks"));
      return out;
    }
    for (size_t index = 0; index < content->size(); ++index) {
      Fields block((*content)[index], path + "." + std::to_string(index), checks);
      std::string type = block.neededText("type");
      if (type == "text")
        out += block.text("text", "");
      else if (type == "image")
        media(block.pathOf("type"));
      else
        checks.problems.add(Check::Values, unsupported(block.pathOf("type"), "a block here must be text"));
      block.ignore({"cache_control", "citations"});
    }
    return out;
  }

private:
  void media(const std::string &path) {
    checks.problems.add(
        Check::Media,
        {400, "unsupported_media", "'" + path + "': this build has no encoder for images or documents", path, {}});
  }

  void message(Fields &fields, const std::string &role, const std::string &place) {
    const Value *content = fields.find("content");
    Message message;
    message.role = role;
    if (!content) {
      checks.problems.add(Check::Types, {400, "missing_field", "'" + place + ".content' is required", place, {}});
      return;
    }
    if (content->is_string()) {
      message.text = content->get<std::string>();
      conversation.messages.push_back(std::move(message));
      return;
    }
    if (!content->is_array()) {
      checks.problems.add(Check::Types, badType(place + ".content", "a string or an array of blocks"));
      return;
    }
    std::vector<Message> results;
    for (size_t index = 0; index < content->size(); ++index) {
      std::string path = place + ".content." + std::to_string(index);
      if (!(*content)[index].is_object()) {
        checks.problems.add(Check::Types, badType(path, "an object"));
        continue;
      }
      Fields block((*content)[index], path, checks);
      this->block(block, message, results);
      block.ignore({"cache_control", "citations"});
      block.finish();
    }
    for (Message &result : results)
      conversation.messages.push_back(std::move(result));
    bool empty = message.text.empty() && message.toolCalls.empty() && message.reasoning.empty();
    if (!empty || results.empty())
      conversation.messages.push_back(std::move(message));
  }

  void block(Fields &block, Message &message, std::vector<Message> &results) {
    std::string type = block.neededText("type");
    if (type == "text") {
      message.text += block.text("text", "");
    } else if (type == "thinking") {
      message.reasoning += block.text("thinking", "");
      block.text("signature");
    } else if (type == "redacted_thinking") {
      block.text("data");
    } else if (type == "tool_use") {
      ToolCall call;
      call.id = block.neededText("id");
      call.name = block.neededText("name");
      if (const Value *input = block.object("input"))
        call.arguments = toJson(*input);
      calls.push_back(call.id);
      message.toolCalls.push_back(std::move(call));
    } else if (type == "tool_result") {
      Message result;
      result.role = "tool";
      result.toolCallId = block.neededText("tool_use_id");
      if (!result.toolCallId.empty() && std::find(calls.begin(), calls.end(), result.toolCallId) == calls.end())
        checks.problems.add(Check::Values, badValue(block.pathOf("tool_use_id"), "names no earlier tool_use"));
      result.text = text(block, "content");
      if (block.flag("is_error", false))
        result.text = "error: " + result.text;
      results.push_back(std::move(result));
    } else if (type == "image" || type == "document") {
      block.find("source");
      media(block.pathOf("type"));
    } else if (!type.empty()) {
      checks.problems.add(Check::Values, unsupported(block.pathOf("type"), "unknown kind of block"));
    }
  }

  Conversation &conversation;
  Checks &checks;
  std::vector<std::string> calls;
};

/// What messages and count_tokens read alike.
struct Parsed {
  Checks checks;
  std::string model;
  std::optional<Models::Entry> entry;
  Task task;
  Conversation conversation;
  bool stream = false;
};

} // namespace

/// Tools in Anthropic's form become those of the template.
static Value plainTools(const Value *tools, Checks &checks) {
  Value list = Value::array();
  for (size_t index = 0; tools && index < tools->size(); ++index) {
    Fields tool((*tools)[index], "tools." + std::to_string(index), checks);
    if (std::string type = tool.text("type", "custom"); type != "custom" && type != "function") {
      checks.problems.add(Check::Values, unsupported(tool.pathOf("type"), "this server runs no tools itself"));
      continue;
    }
    Value function = {{"name", tool.neededText("name")}, {"description", tool.text("description", "")}};
    if (const Value *schema = tool.object("input_schema"))
      function["parameters"] = *schema;
    if (tool.flag("strict", false))
      function["strict"] = true;
    tool.ignore({"cache_control"});
    list.push_back({{"type", "function"}, {"function", function}});
  }
  return list;
}

static ToolChoice readChoice(Fields &fields, Task &task) {
  ToolChoice choice;
  const Value *value = fields.object("tool_choice");
  if (!value)
    return choice;
  Fields inner(*value, "tool_choice", fields.checks);
  std::string type = inner.neededText("type");
  task.oneCall = inner.flag("disable_parallel_tool_use", false);
  if (type == "tool") {
    choice.kind = ToolChoice::Named;
    choice.name = inner.neededText("name");
  } else if (type == "any" || type == "none") {
    choice.kind = type == "any" ? ToolChoice::Required : ToolChoice::None;
  } else if (!type.empty() && type != "auto") {
    fields.checks.problems.add(Check::Values, badValue("tool_choice.type", "must be auto, any, tool or none"));
  }
  inner.finish();
  return choice;
}

/// Thinking (enabled or adaptive, where the model can; Anthropic's clients are not told when it cannot) and the
/// answer's form.
static void readOutput(Service &service, Fields &fields, Parsed &parsed) {
  std::optional<bool> wish;
  const Value *format = nullptr;
  if (const Value *thinking = fields.object("thinking")) {
    Fields inner(*thinking, "thinking", parsed.checks);
    std::string type = inner.neededText("type");
    if (type == "enabled" || type == "adaptive" || type == "disabled")
      wish = type != "disabled";
    else if (!type.empty())
      parsed.checks.problems.add(Check::Values, badValue("thinking.type", "must be enabled, disabled or adaptive"));
    parsed.task.thoughtTokens = inner.integer("budget_tokens", 1, INT64_MAX).value_or(-1);
    inner.finish();
  }
  if (const Value *config = fields.object("output_config")) {
    Fields inner(*config, "output_config", parsed.checks);
    readEffort(inner, "effort", parsed.task);
    format = inner.object("format");
    inner.finish();
  }
  if (wish.value_or(false) && !service.served.thinks())
    wish = false;
  applyThinking(service, parsed.model, wish, parsed.task, parsed.conversation, parsed.checks);
  if (format)
    readTypedFormat(service, *format, "output_config.format", parsed.conversation.thinking, parsed.task, parsed.checks);
}

static void readMessages(Service &service, const Value &body, bool counting, Parsed &parsed) {
  Checks &checks = parsed.checks;
  Fields fields(body, "", checks);
  readTask(service, fields, parsed.model, parsed.entry, parsed.task);
  SamplerOptions &sampling = parsed.task.sampling;
  sampling.temperature = fields.real("temperature", 0, 1).value_or(sampling.temperature);
  sampling.topP = fields.real("top_p", 0, 1).value_or(sampling.topP);
  sampling.topK = fields.integer("top_k", 0, INT32_MAX).value_or(sampling.topK);
  if (std::optional<int64_t> most = fields.integer("max_tokens", 1, INT64_MAX))
    parsed.task.maxTokens = *most;
  else if (!counting && !checks.problems)
    checks.problems.add(Check::Types, {400, "missing_field", "'max_tokens' is required", "max_tokens", {}});
  if (std::optional<std::vector<std::string>> stops = fields.texts("stop_sequences", 64, 512))
    parsed.task.stops = std::move(*stops);
  parsed.stream = fields.flag("stream", false);
  MessageReader reader(parsed.conversation, checks);
  std::string system = reader.text(fields, "system");
  const Value *messages = fields.array("messages");
  if (!messages || messages->empty())
    checks.problems.add(Check::Types,
                        {400, "missing_field", "'messages' must hold at least one message", "messages", {}});
  else
    reader.read(*messages);
  if (!system.empty()) {
    Message message;
    message.role = "system";
    message.text = system;
    parsed.conversation.messages.insert(parsed.conversation.messages.begin(), std::move(message));
  }
  if (parsed.entry)
    addOverlay(*parsed.entry->overlay, parsed.conversation.messages);
  ToolChoice choice = readChoice(fields, parsed.task);
  Value tools = plainTools(fields.array("tools"), checks);
  readOutput(service, fields, parsed);
  applyTools(service, parsed.model, &tools, choice, parsed.task, parsed.conversation, checks);
  fields.refuse({"mcp_servers"}, "this server opens no connections");
  fields.ignore(
      {"metadata", "service_tier", "cache_control", "container", "context_management", "speed", "inference_geo"});
  fields.finish();
  setPrompt(service, parsed.conversation, false, parsed.task, checks);
}

static void messages(Service &service, std::shared_ptr<Exchange> exchange) {
  Value body;
  if (!readBody(service, *exchange, Family::Anthropic, body))
    return;
  Parsed parsed;
  readMessages(service, body, false, parsed);
  if (parsed.checks.problems)
    return service.refuse(*exchange, Family::Anthropic, parsed.checks.problems.problem());
  auto reply = std::make_shared<MessageReply>(service, exchange, parsed.checks, parsed.stream, parsed.model);
  service.run(std::move(parsed.task), exchange, Family::Anthropic, reply);
}

static void countTokens(Service &service, std::shared_ptr<Exchange> exchange) {
  Value body;
  if (!readBody(service, *exchange, Family::Anthropic, body))
    return;
  Parsed parsed;
  readMessages(service, body, true, parsed);
  if (parsed.checks.problems)
    return service.refuse(*exchange, Family::Anthropic, parsed.checks.problems.problem());
  service.send(*exchange, {{"input_tokens", parsed.task.prompts[0].size()}}, &parsed.checks);
}

std::vector<Route> anthropicRoutes() {
  return {{"POST", "/v1/messages", Family::Anthropic, messages},
          {"POST", "/v1/messages/count_tokens", Family::Anthropic, countTokens}};
}

} // namespace gemmart::server
