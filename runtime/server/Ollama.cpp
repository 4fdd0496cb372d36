// POST /api/generate and /api/chat, see the contract's section 6.
#include "runtime/base/Text.h"
#include "runtime/server/OpenAiParts.h"

namespace gemmart::server {

static int64_t nanoseconds(double seconds) {
  return int64_t(seconds * 1e9);
}

namespace {

/// Lines of NDJSON, or one object, in the shape of generate or of chat.
class OllamaReply : public Reply {
public:
  OllamaReply(Service &service, std::shared_ptr<Exchange> exchange, Checks checks, bool stream, bool chat,
              std::string model, std::optional<std::vector<int32_t>> context)
      : Reply(service, std::move(exchange), Family::Ollama, std::move(checks), stream, "application/x-ndjson"),
        chat(chat), model(std::move(model)), context(std::move(context)) {}

  void delta(size_t, const Delta &delta) override {
    if (!stream)
      return;
    Delta text = delta;
    text.calls.clear();
    if (!text.empty())
      line(body(text));
    for (const Call &call : delta.calls) { // each comes in its own line
      Delta one;
      one.calls = {call};
      line(body(one));
    }
  }

  void complete(const std::vector<Answer> &answers) override {
    const Answer &answer = answers[0];
    Value value = body(stream ? Delta() : answer.all);
    value["done"] = true;
    value["done_reason"] = answer.cause == Cause::Length || answer.cause == Cause::Context ? "length" : "stop";
    if (context) {
      std::vector<int32_t> ids = *context;
      ids.insert(ids.end(), answer.tokens.begin(), answer.tokens.end());
      value["context"] = ids;
    }
    const Usage &usage = answer.usage;
    value["total_duration"] = nanoseconds(usage.queueSeconds + usage.promptSeconds + usage.decodeSeconds);
    value["load_duration"] = nanoseconds(usage.queueSeconds);
    value["prompt_eval_count"] = usage.promptTokens;
    value["prompt_eval_duration"] = nanoseconds(usage.promptSeconds);
    value["eval_count"] = usage.drawnTokens;
    value["eval_duration"] = nanoseconds(usage.decodeSeconds);
    if (!stream) {
      whole(value);
      return;
    }
    line(value);
    exchange->end();
  }

  void streamError(const Problem &problem) override {
    line(errorValue(Family::Ollama, problem, exchange->request.id));
    exchange->end();
  }

  /// The answer to a request that only loads or unloads.
  Value loaded(const char *reason) {
    Value value = body({});
    value["done"] = true;
    value["done_reason"] = reason;
    return value;
  }

private:
  void line(const Value &value) {
    open();
    exchange->write(dump(value) + "\n");
  }

  Value body(const Delta &delta) {
    Value value = {{"model", model}, {"created_at", timeText()}};
    if (chat) {
      Value message = {{"role", "assistant"}, {"content", delta.content}};
      if (!delta.thought.empty())
        message["thinking"] = delta.thought;
      for (const Call &call : delta.calls)
        message["tool_calls"].push_back(
            {{"id", randomId("call_", 8)},
             {"function", {{"index", callIndex++}, {"name", call.name}, {"arguments", call.arguments}}}});
      value["message"] = message;
    } else {
      value["response"] = delta.content;
      if (!delta.thought.empty())
        value["thinking"] = delta.thought;
    }
    for (const Judged &token : delta.tokens)
      value["logprobs"].push_back(judgedValue(*service.served.tokenizer, token.drawn));
    value["done"] = false;
    return value;
  }

  const bool chat;
  const std::string model;
  std::optional<std::vector<int32_t>> context; ///< the prompt's ids, where the answer shows them
  int callIndex = 0;
};

/// A request to generate or chat while it is read.
struct Request {
  Request(Service &service, std::shared_ptr<Exchange> exchange) : service(service), exchange(std::move(exchange)) {}
  Service &service;
  std::shared_ptr<Exchange> exchange;
  Checks checks;
  std::string model;
  std::optional<Models::Entry> entry;
  Task task;
  Conversation conversation;
  bool stream = true, raw = false, truncate = true, format = false;
  std::optional<double> keepAlive;
};

} // namespace

static bool hasContent(const Value *value) {
  return value && !(value->is_string() && value->get_ref<const std::string &>().empty()) && !value->empty();
}

/// true, false or a level; sets the limit of the thought.
static std::optional<bool> readThink(Fields &fields, Task &task) {
  const Value *value = fields.find("think");
  if (!value)
    return {};
  if (value->is_boolean())
    return value->get<bool>();
  static const std::pair<const char *, int64_t> levels[] = {{"low", 512}, {"medium", 2048}, {"high", -1}, {"max", -1}};
  if (value->is_string())
    for (auto [name, tokens] : levels)
      if (*value == name) {
        task.thoughtTokens = tokens;
        return true;
      }
  fields.checks.problems.add(value->is_string() ? Check::Values : Check::Types,
                             badValue("think", "must be true, false, \"low\", \"medium\", \"high\" or \"max\""));
  return {};
}

/// What generate and chat have in common. Reads the model first: the overlay's defaults lie under the options.
static void readCommon(Request &request, Fields &fields) {
  Service &service = request.service;
  Checks &checks = request.checks;
  checks.strict = service.options.strict;
  request.model = fields.text("model", "");
  Problem problem;
  request.entry = service.models.find(request.model, problem);
  if (!request.entry) {
    checks.problems.add(Check::Model, problem);
    return;
  }
  const Overlay &overlay = *request.entry->overlay;
  request.task = service.newTask(overlay, checks);
  if (const Value *options = fields.object("options")) {
    Fields inner(*options, "options", checks);
    service.readOptions(inner, request.task);
    inner.finish();
  }
  request.stream = fields.flag("stream", true);
  request.truncate = fields.flag("truncate", true);
  request.keepAlive = service.readKeepAlive(fields);
  bool probabilities = fields.flag("logprobs", false);
  int64_t best = fields.integer("top_logprobs", 0, 20).value_or(0);
  request.task.best = probabilities ? int(best) : -1;
  const Value *format = fields.find("format");
  request.format = hasContent(format);
  std::optional<bool> think = readThink(fields, request.task);
  const Served &served = service.served;
  if (think.value_or(false) && !served.thinks())
    checks.problems.add(
        Check::Capabilities,
        {400, "unsupported_capability", "\"" + request.model + "\" does not support thinking", "think", {}});
  bool automatic =
      service.options.thinking == Thinking::Auto ? !request.format : service.options.thinking == Thinking::On;
  request.conversation.thinking = request.task.showThoughts = think.value_or(automatic) && served.thinks();
  if (request.format)
    readFormat(service, *format, "format", request.conversation.thinking, request.task, checks);
  fields.ignore({"shift"});
}

static void checkMedia(const Value *images, const std::string &path, Checks &checks) {
  if (hasContent(images))
    checks.problems.add(
        Check::Media,
        {400, "unsupported_media", "'" + path + "': this build has no encoder for images or audio", path, {}});
}

/// Gives the ids to the task, or the reason why not to `checks`.
static void setPrompt(Request &request, Result<std::vector<int32_t>> ids) {
  if (!ids) {
    request.checks.problems.add(Check::Values, {400, "invalid_value", ids.status().message(), "", {}});
    return;
  }
  if (ids->empty())
    request.checks.problems.add(Check::Values, {400, "invalid_value", "the prompt is empty", "prompt", {}});
  request.service.checkLength(ids->size(), request.task, request.checks);
  request.task.prompts = {std::move(*ids)};
}

/// Answers a request without a prompt: it only loads the model, or lets go of it.
static void answerLoad(Request &request, std::shared_ptr<OllamaReply> reply) {
  bool unload = request.keepAlive && *request.keepAlive == 0;
  if (unload) {
    request.service.scheduler.unload();
  } else {
    request.service.scheduler.keepAlive(request.keepAlive.value_or(request.service.options.keepAlive));
    request.service.scheduler.load();
  }
  request.service.send(*request.exchange, reply->loaded(unload ? "unload" : "load"), &request.checks);
}

/// Refuses, loads, or runs.
static void finish(Request &request, bool chat, bool onlyLoad, bool showContext) {
  Service &service = request.service;
  if (request.checks.problems) {
    service.refuse(*request.exchange, Family::Ollama, request.checks.problems.problem());
    return;
  }
  std::optional<std::vector<int32_t>> context;
  if (showContext && !onlyLoad)
    context = request.task.prompts[0];
  auto reply = std::make_shared<OllamaReply>(service, request.exchange, request.checks, request.stream, chat,
                                             request.model, std::move(context));
  if (onlyLoad) {
    answerLoad(request, reply);
    return;
  }
  request.task.keepAlive = request.keepAlive;
  service.run(std::move(request.task), request.exchange, Family::Ollama, reply);
}

/// The overlay's system text and example turns.
static void addOverlay(Request &request, const std::optional<std::string> &system) {
  const Overlay &overlay = *request.entry->overlay;
  std::vector<Message> &messages = request.conversation.messages;
  auto add = [&](const std::string &role, const std::string &text) {
    messages.emplace_back();
    messages.back().role = role;
    messages.back().text = text;
  };
  if (std::string text = system.value_or(overlay.system); !text.empty())
    add("system", text);
  for (const auto &[role, text] : overlay.messages)
    add(role, text);
}

static void generate(Service &service, std::shared_ptr<Exchange> exchange) {
  Value body;
  if (!readBody(service, *exchange, Family::Ollama, body))
    return;
  Request request(service, exchange);
  Fields fields(body, "", request.checks);
  readCommon(request, fields);
  std::string prompt = fields.text("prompt", "");
  std::optional<std::string> system = fields.text("system");
  std::string shown = fields.text("template", "");
  request.raw = fields.flag("raw", false);
  const Value *images = fields.array("images"), *context = fields.array("context");
  checkMedia(images, "images", request.checks);
  auto bad = [&](const char *name, const char *why) {
    request.checks.problems.add(Check::Values, badValue(name, why));
  };
  if (request.raw && (system || !shown.empty() || hasContent(context)))
    bad("raw", "cannot stand beside 'system', 'template' or 'context'");
  if (shown == "{{ .Prompt }}")
    request.raw = true;
  else if (!shown.empty())
    bad("template", "cannot be changed: templates are compiled; only \"{{ .Prompt }}\" is known");
  fields.refuse({"suffix"}, "this model has no tokens to fill in a gap", "unsupported_capability");
  fields.refuse({"width", "height", "steps"}, "this model makes no images", "unsupported_capability");
  std::vector<int32_t> before;
  if (context)
    for (const Value &id : *context) {
      if (!id.is_number_integer() || id.get<int64_t>() < 0 || id.get<int64_t>() >= service.served.model->vocab_tokens) {
        bad("context", "must hold ids of this model's vocabulary");
        break;
      }
      before.push_back(id.get<int32_t>());
    }
  fields.finish();
  bool onlyLoad = prompt.empty() && !hasContent(images);
  if (request.entry && !request.checks.problems && !onlyLoad) {
    const Served &served = service.served;
    Result<std::vector<int32_t>> ids = std::vector<int32_t>();
    if (request.raw || !served.isChat()) {
      request.task.takeApart = !request.raw;
      ids = rawIds(*served.tokenizer, *served.manifest, prompt);
    } else {
      addOverlay(request, system);
      request.conversation.messages.emplace_back();
      request.conversation.messages.back().role = "user";
      request.conversation.messages.back().text = prompt;
      ids = promptIds(*served.tokenizer, *served.manifest, request.conversation);
    }
    if (ids && !before.empty()) {
      size_t skip = !ids->empty() && ids->front() == served.manifest->bos ? 1 : 0; // it stands in front already
      before.insert(before.end(), ids->begin() + int64_t(skip), ids->end());
      ids = std::move(before);
    }
    setPrompt(request, std::move(ids));
  }
  finish(request, false, onlyLoad, !request.raw);
}

/// Reads one call of an assistant's message.
static ToolCall readCall(const Value &value, const std::string &path, Checks &checks) {
  ToolCall call;
  Fields fields(value, path, checks);
  call.id = fields.text("id", "");
  const Value *function = fields.object("function");
  if (!function) {
    checks.problems.add(Check::Types, badType(path + ".function", "an object with a name and arguments"));
    return call;
  }
  Fields inner(*function, path + ".function", checks);
  inner.find("index");
  call.name = inner.neededText("name");
  if (const Value *arguments = inner.object("arguments"))
    call.arguments = toJson(*arguments);
  return call;
}

/// Which earlier call a result belongs to: by id, by name, or the next that has none.
static void placeResult(std::vector<Message> &messages, Message &result, std::vector<bool> &answered) {
  if (messages.empty())
    return;
  size_t owner = messages.size();
  while (owner > 0 && messages[owner - 1].role == "tool")
    --owner;
  if (owner == 0 || messages[owner - 1].toolCalls.empty())
    return;
  std::vector<ToolCall> &calls = messages[owner - 1].toolCalls;
  answered.resize(calls.size());
  for (size_t index = 0; index < calls.size(); ++index) {
    bool fits = !result.toolCallId.empty() ? calls[index].id == result.toolCallId
                : !result.name.empty()     ? calls[index].name == result.name
                                           : true;
    if (!fits || answered[index])
      continue;
    answered[index] = true;
    if (calls[index].id.empty())
      calls[index].id = "call_" + std::to_string(index);
    result.toolCallId = calls[index].id;
    return;
  }
}

static void readMessages(Request &request, const Value &list) {
  Checks &checks = request.checks;
  std::vector<Message> &messages = request.conversation.messages;
  std::vector<bool> answered;
  for (size_t index = 0; index < list.size(); ++index) {
    std::string path = "messages." + std::to_string(index);
    if (!list[index].is_object()) {
      checks.problems.add(Check::Types, badType(path, "an object"));
      continue;
    }
    Fields fields(list[index], path, checks);
    Message message;
    std::string role = fields.neededText("role");
    for (char &c : role)
      c = char(tolower(uint8_t(c)));
    message.role = role == "developer" ? "system" : role;
    if (!role.empty() && message.role != "system" && role != "user" && role != "assistant" && role != "tool")
      checks.problems.add(Check::Values, badValue(path + ".role", "must be system, user, assistant or tool"));
    message.text = fields.text("content", "");
    message.reasoning = fields.text("thinking", "");
    message.name = fields.text("tool_name", "");
    if (message.name.empty())
      message.name = fields.text("name", "");
    message.toolCallId = fields.text("tool_call_id", "");
    checkMedia(fields.array("images"), path + ".images", checks);
    if (const Value *calls = fields.array("tool_calls"))
      for (size_t each = 0; each < calls->size(); ++each)
        message.toolCalls.push_back(readCall((*calls)[each], path + ".tool_calls." + std::to_string(each), checks));
    fields.finish();
    if (role == "tool")
      placeResult(messages, message, answered);
    else
      answered.clear();
    messages.push_back(std::move(message));
  }
}

static void chat(Service &service, std::shared_ptr<Exchange> exchange) {
  Value body;
  if (!readBody(service, *exchange, Family::Ollama, body))
    return;
  Request request(service, exchange);
  Fields fields(body, "", request.checks);
  readCommon(request, fields);
  const Value *messages = fields.array("messages"), *tools = fields.array("tools");
  const Served &served = service.served;
  applyTools(service, request.model, tools, {}, request.task, request.conversation, request.checks);
  bool onlyLoad = !messages || messages->empty();
  if (!onlyLoad && request.entry) {
    bool hasSystem = (*messages)[0].is_object() && (*messages)[0].value("role", Value()) == "system";
    addOverlay(request, hasSystem ? std::optional<std::string>("") : std::nullopt);
    if (hasSystem && !request.entry->overlay->messages.empty()) { // the system text stays in front of the examples
      std::vector<Message> examples = std::move(request.conversation.messages);
      request.conversation.messages.clear();
      readMessages(request, *messages);
      request.conversation.messages.insert(request.conversation.messages.begin() + 1, examples.begin(), examples.end());
    } else {
      readMessages(request, *messages);
    }
  }
  fields.finish();
  if (!onlyLoad && !served.isChat())
    request.checks.problems.add(Check::Capabilities,
                                {400,
                                 "unsupported_capability",
                                 "\"" + request.model + "\" is a base model without a chat template; use /api/generate",
                                 "model",
                                 {}});
  if (request.entry && !request.checks.problems && !onlyLoad)
    setPrompt(request, request.truncate ? fittingIds(*served.tokenizer, *served.manifest, request.conversation,
                                                     request.task.contextTokens)
                                        : promptIds(*served.tokenizer, *served.manifest, request.conversation));
  finish(request, true, onlyLoad, false);
}

std::vector<Route> ollamaRoutes() {
  return {{"POST", "/api/generate", Family::Ollama, generate}, {"POST", "/api/chat", Family::Ollama, chat}};
}

} // namespace gemmart::server
