// POST /v1/responses, without a memory of its own. See the contract's section 7.3.
#include "runtime/base/Text.h"
#include "runtime/server/OpenAiParts.h"

#include <ctime>

namespace gemmart::server {

namespace {

/// What of the request stands in its answer again.
struct Echo {
  std::string model;
  Value instructions, metadata = Value::object(), tools = Value::array(), toolChoice = "auto", text, reasoning;
  Value temperature, topP, maxTokens, truncation = "disabled";
  bool parallel = true, summary = false, logprobs = false, encrypted = false;
};

class ResponseReply : public Reply {
public:
  ResponseReply(Service &service, std::shared_ptr<Exchange> exchange, Checks checks, bool stream, Echo echo)
      : Reply(service, std::move(exchange), Family::OpenAi, std::move(checks), stream, "text/event-stream"),
        echo(std::move(echo)), id(randomId("resp_", 32)), created(time(nullptr)) {}

  void delta(size_t, const Delta &delta) override {
    start();
    if (!delta.thought.empty())
      thoughtPiece(delta.thought);
    if (!delta.content.empty())
      textPiece(delta);
    for (const Call &call : delta.calls)
      callItem(call);
  }

  void complete(const std::vector<Answer> &answers) override {
    const Answer &answer = answers[0];
    start();
    closeItem();
    bool cut = answer.cause == Cause::Length || answer.cause == Cause::Context;
    Value value = object(cut ? "incomplete" : "completed", &answer);
    if (!stream)
      return whole(value);
    tell(cut ? "response.incomplete" : "response.completed", {{"response", value}});
    exchange->end();
  }

  void streamError(const Problem &problem) override {
    Value value = object("failed", nullptr);
    value["error"] = {{"code", problem.code}, {"message", problem.message}};
    tell("response.failed", {{"response", value}});
    exchange->end();
  }
  std::string nothing(bool) override { return ": ping\n\n"; }

private:
  /// An event; numbers go up without gaps.
  void tell(const char *type, Value fields) {
    if (!stream)
      return;
    Value value = {{"type", type}, {"sequence_number", sequence++}};
    value.update(fields);
    event(value, type);
  }

  Value object(const char *status, const Answer *answer) const {
    bool done = answer != nullptr;
    Value incomplete = std::string_view(status) == "incomplete" ? Value{{"reason", "max_output_tokens"}} : Value();
    Value value = {{"id", id},
                   {"object", "response"},
                   {"created_at", created},
                   {"completed_at", done ? Value(int64_t(time(nullptr))) : Value()},
                   {"status", status},
                   {"error", nullptr},
                   {"incomplete_details", incomplete},
                   {"instructions", echo.instructions},
                   {"metadata", echo.metadata},
                   {"model", echo.model},
                   {"output", output},
                   {"parallel_tool_calls", echo.parallel},
                   {"temperature", echo.temperature},
                   {"tool_choice", echo.toolChoice},
                   {"tools", echo.tools},
                   {"top_p", echo.topP},
                   {"text", echo.text},
                   {"reasoning", echo.reasoning},
                   {"max_output_tokens", echo.maxTokens},
                   {"max_tool_calls", nullptr},
                   {"previous_response_id", nullptr},
                   {"store", false},
                   {"background", false},
                   {"service_tier", "default"},
                   {"truncation", echo.truncation},
                   {"usage", nullptr}};
    if (answer) {
      const Usage &usage = answer->usage;
      value["usage"] = {{"input_tokens", usage.promptTokens},
                        {"input_tokens_details", {{"cached_tokens", usage.cachedTokens}, {"cache_write_tokens", 0}}},
                        {"output_tokens", usage.drawnTokens},
                        {"output_tokens_details", {{"reasoning_tokens", answer->thoughtTokens}}},
                        {"total_tokens", usage.promptTokens + usage.drawnTokens}};
    }
    return value;
  }

  void start() {
    if (started)
      return;
    started = true;
    tell("response.created", {{"response", object("in_progress", nullptr)}});
    tell("response.in_progress", {{"response", object("in_progress", nullptr)}});
  }

  void addItem(const char *kind, Value item) {
    closeItem();
    openKind = kind;
    tell("response.output_item.added", {{"output_index", output.size()}, {"item", item}});
    current = std::move(item);
  }

  Value place() const { return {{"item_id", current["id"]}, {"output_index", output.size()}, {"content_index", 0}}; }
  Value with(Value fields) const {
    Value value = place();
    value.update(fields);
    return value;
  }

  void thoughtPiece(const std::string &piece) {
    if (openKind != "reasoning")
      addItem("reasoning", {{"id", randomId("rs_", 24)},
                            {"type", "reasoning"},
                            {"summary", Value::array()},
                            {"content", Value::array()},
                            {"status", "in_progress"}});
    text += piece;
    tell("response.reasoning_text.delta", with({{"delta", piece}}));
  }

  void textPiece(const Delta &delta) {
    Value part = {{"type", "output_text"}, {"text", ""}, {"annotations", Value::array()}, {"logprobs", Value::array()}};
    if (openKind != "message") {
      addItem("message", {{"id", randomId("msg_", 24)},
                          {"type", "message"},
                          {"status", "in_progress"},
                          {"role", "assistant"},
                          {"content", Value::array()}});
      tell("response.content_part.added", with({{"part", part}}));
    }
    Value pieces = Value::array();
    if (echo.logprobs)
      for (const Judged &token : delta.tokens)
        if (token.inContent)
          pieces.push_back(judgedValue(*service.served.tokenizer, token.drawn));
    text += delta.content;
    logprobs.insert(logprobs.end(), pieces.begin(), pieces.end());
    tell("response.output_text.delta", with({{"delta", delta.content}, {"logprobs", pieces}}));
  }

  void callItem(const Call &call) {
    std::string arguments = dump(call.arguments);
    addItem("function_call", {{"id", randomId("fc_", 24)},
                              {"type", "function_call"},
                              {"status", "in_progress"},
                              {"call_id", randomId("call_", 24)},
                              {"name", call.name},
                              {"arguments", ""}});
    Value where = {{"item_id", current["id"]}, {"output_index", output.size()}};
    Value piece = where, whole = where;
    piece["delta"] = whole["arguments"] = current["arguments"] = arguments;
    whole["name"] = call.name;
    tell("response.function_call_arguments.delta", piece);
    tell("response.function_call_arguments.done", whole);
    closeItem();
  }

  void closeItem() {
    if (openKind.empty())
      return;
    if (openKind == "message") {
      Value part = {{"type", "output_text"}, {"text", text}, {"annotations", Value::array()}, {"logprobs", logprobs}};
      tell("response.output_text.done", with({{"text", text}, {"logprobs", logprobs}}));
      tell("response.content_part.done", with({{"part", part}}));
      current["content"].push_back(part);
    } else if (openKind == "reasoning") {
      tell("response.reasoning_text.done", with({{"text", text}}));
      current["content"].push_back({{"type", "reasoning_text"}, {"text", text}});
      if (echo.encrypted)
        current["encrypted_content"] = toBase64(text);
      if (echo.summary)
        tellSummary();
    }
    current["status"] = "completed";
    tell("response.output_item.done", {{"output_index", output.size()}, {"item", current}});
    output.push_back(current);
    openKind.clear();
    text.clear();
    logprobs = Value::array();
  }

  /// The thought is its own summary.
  void tellSummary() {
    Value where = {{"item_id", current["id"]}, {"output_index", output.size()}, {"summary_index", 0}};
    auto with = [&](Value fields) {
      Value value = where;
      value.update(fields);
      return value;
    };
    Value part = {{"type", "summary_text"}, {"text", text}};
    tell("response.reasoning_summary_part.added", with({{"part", {{"type", "summary_text"}, {"text", ""}}}}));
    tell("response.reasoning_summary_text.delta", with({{"delta", text}}));
    tell("response.reasoning_summary_text.done", with({{"text", text}}));
    tell("response.reasoning_summary_part.done", with({{"part", part}}));
    current["summary"].push_back(part);
  }

  const Echo echo;
  const std::string id;
  const int64_t created;
  int64_t sequence = 0;
  bool started = false;
  std::string openKind, text;
  Value current, output = Value::array(), logprobs = Value::array();
};

/// Items of the input become messages.
class InputReader {
public:
  InputReader(Conversation &conversation, Checks &checks) : conversation(conversation), checks(checks) {}

  void read(const Value &items) {
    for (size_t index = 0; index < items.size(); ++index) {
      std::string place = "input." + std::to_string(index);
      if (!items[index].is_object()) {
        checks.problems.add(Check::Types, badType(place, "an object"));
        continue;
      }
      Fields item(items[index], place, checks);
      read(item);
    }
    if (!thought.empty())
      assistant();
  }

private:
  void read(Fields &item) {
    std::string type = item.text("type", "message");
    item.find("status");
    item.find("id");
    if (type == "message") {
      std::string role = item.neededText("role");
      if (role == "developer")
        role = "system";
      if (!role.empty() && role != "system" && role != "user" && role != "assistant")
        checks.problems.add(Check::Values,
                            badValue(item.pathOf("role"), "must be system, developer, user or assistant"));
      Message message;
      message.role = role;
      message.text = text(item, "content");
      if (role == "assistant")
        message.reasoning = std::exchange(thought, {});
      conversation.messages.push_back(std::move(message));
    } else if (type == "function_call") {
      call(item);
    } else if (type == "function_call_output") {
      Message message;
      message.role = "tool";
      message.toolCallId = item.neededText("call_id");
      message.text = text(item, "output");
      conversation.messages.push_back(std::move(message));
    } else if (type == "reasoning") {
      std::string said = reasoningText(item, "content");
      if (said.empty())
        said = reasoningText(item, "summary");
      if (std::string hidden = item.text("encrypted_content", ""); said.empty() && !hidden.empty())
        said = fromBase64(hidden).value_or("");
      thought += said;
    } else {
      checks.problems.add(Check::Values, unsupported(item.pathOf("type"), "unknown kind of item"));
    }
    item.finish();
  }

  void call(Fields &item) {
    ToolCall call;
    call.id = item.neededText("call_id");
    call.name = item.neededText("name");
    Value arguments;
    std::string text = item.text("arguments", "{}");
    if (Problem problem = parseBody(text.empty() ? "{}" : text, arguments))
      checks.problems.add(Check::Values, badValue(item.pathOf("arguments"), "must be the text of a JSON object"));
    else
      call.arguments = toJson(arguments);
    assistant().toolCalls.push_back(std::move(call));
  }

  /// The assistant's message that is being told, or a new one.
  Message &assistant() {
    std::vector<Message> &messages = conversation.messages;
    if (messages.empty() || messages.back().role != "assistant" || !thought.empty()) {
      messages.emplace_back();
      messages.back().role = "assistant";
      messages.back().reasoning = std::exchange(thought, {});
    }
    return messages.back();
  }

  std::string reasoningText(Fields &item, std::string_view name) {
    std::string out;
    if (const Value *parts = item.array(name))
      for (const Value &part : *parts)
        if (part.is_object() && part.contains("text") && part["text"].is_string())
          out += part["text"].get<std::string>();
    return out;
  }

  std::string text(Fields &item, std::string_view name) {
    const Value *content = item.find(name);
    std::string out, path = item.pathOf(name);
    if (!content || content->is_string())
      return content ? content->get<std::string>() : out;
    if (!content->is_array()) {
      checks.problems.add(Check::Types, badType(path, "a string or an array of parts"));
      return out;
    }
    for (size_t index = 0; index < content->size(); ++index) {
      Fields part((*content)[index], path + "." + std::to_string(index), checks);
      std::string type = part.neededText("type");
      if (type == "input_text" || type == "output_text" || type == "text")
        out += part.text("text", "");
      else if (type == "input_image" || type == "input_audio")
        checks.problems.add(
            Check::Media,
            {400, "unsupported_media", "'" + path + "': this build has no encoder for images or audio", path, {}});
      else
        checks.problems.add(Check::Values, unsupported(part.pathOf("type"), "unknown kind of part"));
    }
    return out;
  }

  Conversation &conversation;
  Checks &checks;
  std::string thought;
};

} // namespace

/// The flat declarations of this API become those of chat.
static Value nestedTools(const Value *tools, Checks &checks) {
  Value list = Value::array();
  for (size_t index = 0; tools && index < tools->size(); ++index) {
    Fields tool((*tools)[index], "tools." + std::to_string(index), checks);
    if (std::string type = tool.neededText("type"); type != "function") {
      checks.problems.add(Check::Values, unsupported(tool.pathOf("type"), "only functions can be declared"));
      continue;
    }
    Value function = {{"name", tool.neededText("name")}, {"description", tool.text("description", "")}};
    if (const Value *parameters = tool.object("parameters"))
      function["parameters"] = *parameters;
    list.push_back({{"type", "function"}, {"function", function}});
  }
  return list;
}

static void readInclude(Fields &fields, Echo &echo) {
  const Value *include = fields.array("include");
  for (size_t index = 0; include && index < include->size(); ++index) {
    if ((*include)[index] == "message.output_text.logprobs")
      echo.logprobs = true;
    else if ((*include)[index] == "reasoning.encrypted_content")
      echo.encrypted = true;
    else
      fields.checks.problems.add(Check::Values, badValue("include", "knows message.output_text.logprobs and "
                                                                    "reasoning.encrypted_content"));
  }
}

static void readTextFormat(Service &service, Fields &fields, bool thinking, Task &task, Echo &echo) {
  echo.text = {{"format", {{"type", "text"}}}};
  const Value *text = fields.object("text");
  if (!text)
    return;
  Fields inner(*text, "text", fields.checks);
  if (const Value *format = inner.object("format")) {
    echo.text["format"] = *format;
    readTypedFormat(service, *format, "text.format", thinking, task, fields.checks);
  }
  inner.ignore({"verbosity"});
}

static void responses(Service &service, std::shared_ptr<Exchange> exchange) {
  Value body;
  if (!readBody(service, *exchange, Family::OpenAi, body))
    return;
  Checks checks;
  Fields fields(body, "", checks);
  Echo echo;
  std::optional<Models::Entry> entry;
  Task task;
  Conversation conversation;
  readTask(service, fields, echo.model, entry, task);
  task.sampling.temperature = fields.real("temperature", 0, 2).value_or(task.sampling.temperature);
  task.sampling.topP = fields.real("top_p", 0, 1).value_or(task.sampling.topP);
  echo.temperature = task.sampling.temperature;
  echo.topP = task.sampling.topP;
  if (std::optional<int64_t> most = fields.integer("max_output_tokens", 1, INT64_MAX)) {
    task.maxTokens = *most;
    echo.maxTokens = *most;
  }
  if (std::optional<std::string> instructions = fields.text("instructions")) {
    echo.instructions = *instructions;
    conversation.messages.emplace_back();
    conversation.messages.back().role = "system";
    conversation.messages.back().text = *instructions;
  }
  const Value *input = fields.find("input");
  InputReader reader(conversation, checks);
  if (input && input->is_string())
    reader.read(Value::array({{{"role", "user"}, {"content", *input}}}));
  else if (input && input->is_array() && !input->empty())
    reader.read(*input);
  else if (!checks.problems)
    checks.problems.add(Check::Types,
                        {400, "missing_field", "'input' must be a string or a list of items", "input", {}});
  // Instructions stand before a system message of the input: they become one.
  std::vector<Message> &messages = conversation.messages;
  if (messages.size() > 1 && messages[0].role == "system" && messages[1].role == "system") {
    messages[0].text += "\n\n" + messages[1].text;
    messages.erase(messages.begin() + 1);
  }
  if (entry)
    addOverlay(*entry->overlay, messages);
  echo.parallel = fields.flag("parallel_tool_calls", true);
  task.oneCall = !echo.parallel;
  ToolChoice choice = readToolChoice(fields, true);
  if (const Value *given = fields.find("tool_choice"))
    echo.toolChoice = *given;
  const Value *given = fields.array("tools");
  if (given)
    echo.tools = *given;
  Value tools = nestedTools(given, checks);
  std::optional<bool> think;
  echo.reasoning = {{"effort", nullptr}, {"summary", nullptr}};
  if (const Value *reasoning = fields.object("reasoning")) {
    Fields inner(*reasoning, "reasoning", checks);
    think = readEffort(inner, "effort", task);
    std::string summary = inner.text("summary", inner.text("generate_summary", ""));
    echo.summary = !summary.empty();
    echo.reasoning.update(*reasoning);
    inner.finish();
  }
  applyThinking(service, echo.model, think, task, conversation, checks);
  applyTools(service, echo.model, &tools, choice, task, conversation, checks);
  readTextFormat(service, fields, conversation.thinking, task, echo);
  readInclude(fields, echo);
  int64_t best = fields.integer("top_logprobs", 0, 20).value_or(0);
  if (echo.logprobs)
    task.best = int(best);
  echo.truncation = fields.text("truncation", "disabled");
  if (echo.truncation != "auto" && echo.truncation != "disabled")
    checks.problems.add(Check::Values, badValue("truncation", "must be auto or disabled"));
  if (const Value *metadata = fields.object("metadata"))
    echo.metadata = *metadata;
  bool stream = fields.flag("stream", false);
  fields.refuse({"previous_response_id", "conversation", "background", "prompt"}, "this server keeps no conversations");
  fields.ignore({"store", "user", "service_tier", "safety_identifier", "prompt_cache_key", "max_tool_calls"});
  fields.finish();
  setPrompt(service, conversation, echo.truncation == "auto", task, checks);
  if (checks.problems)
    return service.refuse(*exchange, Family::OpenAi, checks.problems.problem());
  auto reply = std::make_shared<ResponseReply>(service, exchange, checks, stream, std::move(echo));
  service.run(std::move(task), exchange, Family::OpenAi, reply);
}

static void noResponse(Service &service, std::shared_ptr<Exchange> exchange) {
  service.refuse(*exchange, Family::OpenAi,
                 {404, "not_found", "no such response: this server keeps none", "response_id", {}});
}

std::vector<Route> responsesRoutes() {
  return {{"POST", "/v1/responses", Family::OpenAi, responses},
          {"GET DELETE POST", "/v1/responses/*", Family::OpenAi, noResponse}};
}

} // namespace gemmart::server
