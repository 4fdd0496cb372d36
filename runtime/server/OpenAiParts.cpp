// The parts of OpenAI's routes, see OpenAiParts.h.
#include "runtime/server/OpenAiParts.h"

#include "runtime/base/Args.h"
#include "runtime/base/Text.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace gemmart::server {

std::string tokenText(const Tokenizer &tokenizer, int32_t id) {
  return tokenizer.decode({&id, 1}, true);
}

static Value candidateValue(const Tokenizer &tokenizer, const Candidate &candidate) {
  constexpr double kNever = -9999; // minus infinity is no JSON
  std::string bytes;
  tokenizer.appendBytes(candidate.token, true, bytes);
  Value list = Value::array();
  for (char c : bytes)
    list.push_back(uint8_t(c));
  double value = candidate.logProbability;
  return {{"token", tokenText(tokenizer, candidate.token)},
          {"logprob", std::isfinite(value) ? std::min(value, 0.0) : kNever},
          {"bytes", list}};
}

Value judgedValue(const Tokenizer &tokenizer, const Drawn &drawn) {
  Value value = candidateValue(tokenizer, drawn.chosen);
  value["top_logprobs"] = Value::array();
  for (const Candidate &candidate : drawn.best)
    value["top_logprobs"].push_back(candidateValue(tokenizer, candidate));
  return value;
}

bool readTask(Service &service, Fields &fields, std::string &model, std::optional<Models::Entry> &entry, Task &task) {
  fields.checks.strict = service.options.strict;
  model = fields.neededText("model");
  Problem problem;
  entry = service.models.find(model, problem);
  if (!entry) {
    fields.checks.problems.add(Check::Model, problem);
    return false;
  }
  task = service.newTask(*entry->overlay, fields.checks);
  return true;
}

void readLogitBias(Service &service, Fields &fields, Task &task) {
  const Value *bias = fields.object("logit_bias");
  if (!bias)
    return;
  for (auto item = bias->begin(); item != bias->end(); ++item) {
    int64_t id;
    bool right = parseInteger(item.key(), 0, service.served.model->vocab_tokens - 1, id) && item->is_number() &&
                 std::abs(item->get<double>()) <= 100;
    if (right)
      task.sampling.bias.emplace_back(int32_t(id), item->get<float>());
    else
      fields.checks.problems.add(Check::Values,
                                 badValue("logit_bias", "must map ids of this model to numbers from -100 to 100"));
  }
}

void readSampling(Service &service, Fields &fields, Task &task) {
  SamplerOptions &sampling = task.sampling;
  sampling.temperature = fields.real("temperature", 0, 2).value_or(sampling.temperature);
  sampling.topP = fields.real("top_p", 0, 1).value_or(sampling.topP);
  sampling.topK = fields.integer("top_k", 0, INT32_MAX).value_or(sampling.topK);
  sampling.minP = fields.real("min_p", 0, 1).value_or(sampling.minP);
  sampling.typicalP = fields.real("typical_p", 0, 1, true).value_or(sampling.typicalP);
  sampling.repetitionPenalty = fields.real("repeat_penalty", 0, 100, true).value_or(sampling.repetitionPenalty);
  sampling.presencePenalty = fields.real("presence_penalty", -2, 2).value_or(sampling.presencePenalty);
  sampling.frequencyPenalty = fields.real("frequency_penalty", -2, 2).value_or(sampling.frequencyPenalty);
  if (std::optional<int64_t> seed = fields.integer("seed", INT64_MIN, INT64_MAX); seed && *seed != -1)
    sampling.seed = uint64_t(*seed);
  if (std::optional<std::vector<std::string>> stops = fields.texts("stop", 16, 512))
    task.stops = std::move(*stops);
  if (std::optional<int64_t> context = fields.integer("num_ctx", 1, INT64_MAX)) {
    task.contextTokens = std::min(*context, service.served.contextTokens);
    if (*context > service.served.contextTokens)
      fields.checks.ignored.push_back(format("num_ctx=%lld", (long long)task.contextTokens));
  }
  fields.flag("cache_prompt");
  task.keepAlive = service.readKeepAlive(fields);
  readLogitBias(service, fields, task);
}

void addOverlay(const Overlay &overlay, std::vector<Message> &messages) {
  bool hasSystem = !messages.empty() && messages[0].role == "system";
  size_t at = hasSystem ? 1 : 0;
  auto put = [&](const std::string &role, const std::string &text) {
    Message message;
    message.role = role;
    message.text = text;
    messages.insert(messages.begin() + int64_t(at++), std::move(message));
  };
  if (!hasSystem && !overlay.system.empty())
    put("system", overlay.system);
  for (const auto &[role, text] : overlay.messages)
    put(role, text);
}

ToolChoice readToolChoice(Fields &fields, bool flat) {
  ToolChoice choice;
  const Value *value = fields.find("tool_choice");
  if (!value)
    return choice;
  std::string word = value->is_string() ? value->get<std::string>() : "";
  if (word == "none" || word == "auto" || word == "required") {
    choice.kind = word == "none" ? ToolChoice::None : word == "auto" ? ToolChoice::Auto : ToolChoice::Required;
    return choice;
  }
  if (value->is_object()) {
    Fields inner(*value, "tool_choice", fields.checks);
    std::string type = inner.text("type", "");
    const Value *function = flat ? value : inner.object("function");
    if (type == "function" && function) {
      Fields named(*function, flat ? "tool_choice" : "tool_choice.function", fields.checks);
      choice.kind = ToolChoice::Named;
      choice.name = named.neededText("name");
      return choice;
    }
    if (type == "allowed_tools") {
      fields.checks.problems.add(Check::Values, unsupported("tool_choice", "declare only the tools that are allowed"));
      return choice;
    }
  }
  fields.checks.problems.add(value->is_string() || value->is_object() ? Check::Values : Check::Types,
                             badValue("tool_choice", "must be none, auto, required, or name a function"));
  return choice;
}

void applyTools(Service &service, const std::string &model, const Value *tools, const ToolChoice &choice, Task &task,
                Conversation &conversation, Checks &checks) {
  Json declared = tools ? checkTools(*tools, "tools", checks) : Json();
  std::vector<std::string> names;
  for (const Json &tool : declared.items)
    if (const Json *function = tool.find("function"))
      if (const Json *name = function->find("name"); name && name->isString())
        names.push_back(name->text);
  if (choice.kind == ToolChoice::Named) {
    if (std::find(names.begin(), names.end(), choice.name) == names.end())
      checks.problems.add(Check::Values, badValue("tool_choice", "names a tool that is not declared"));
    names = {choice.name};
  }
  if (choice.kind == ToolChoice::Required && names.empty())
    checks.problems.add(Check::Values, badValue("tool_choice", "requires a call, but no tools are declared"));
  if (names.empty() || choice.kind == ToolChoice::None)
    return;
  if (!service.served.knowsTools()) {
    checks.problems.add(Check::Capabilities,
                        {400, "unsupported_capability", "\"" + model + "\" does not support tools", "tools", {}});
    return;
  }
  conversation.tools = std::move(declared);
  task.calls = true;
  if (checks.problems)
    return;
  Value callable = Value::array();
  for (const Value &tool : *tools)
    if (choice.kind != ToolChoice::Named || tool["function"]["name"] == choice.name)
      callable.push_back(tool);
  bool mustCall = choice.kind == ToolChoice::Required || choice.kind == ToolChoice::Named;
  service.constrainCalls(callable, mustCall, conversation.thinking, task, checks);
}

void applyThinking(Service &service, const std::string &model, std::optional<bool> wish, Task &task,
                   Conversation &conversation, Checks &checks) {
  bool can = service.served.thinks();
  if (wish.value_or(false) && !can)
    checks.problems.add(
        Check::Capabilities,
        {400, "unsupported_capability", "\"" + model + "\" does not support thinking", "reasoning_effort", {}});
  bool automatic = service.options.thinking == Thinking::On;
  conversation.thinking = task.showThoughts = can && wish.value_or(automatic);
}

std::optional<bool> readEffort(Fields &fields, std::string_view name, Task &task) {
  std::optional<std::string> effort = fields.text(name);
  if (!effort)
    return {};
  static const std::pair<const char *, int64_t> levels[] = {{"minimal", 512}, {"low", 512}, {"medium", 2048},
                                                            {"high", -1},     {"max", -1},  {"xhigh", -1}};
  if (*effort == "none")
    return false;
  for (auto [word, tokens] : levels)
    if (*effort == word) {
      task.thoughtTokens = tokens;
      return true;
    }
  fields.checks.problems.add(Check::Values,
                             badValue(fields.pathOf(name), "must be none, minimal, low, medium, high, xhigh or max"));
  return {};
}

void setPrompt(Service &service, const Conversation &conversation, bool truncate, Task &task, Checks &checks) {
  const Served &served = service.served;
  if (!served.isChat())
    checks.problems.add(Check::Capabilities, {400,
                                              "unsupported_capability",
                                              "this is a base model without a chat template; use /v1/completions",
                                              "model",
                                              {}});
  if (checks.problems)
    return;
  Result<std::vector<int32_t>> ids =
      truncate ? fittingIds(*served.tokenizer, *served.manifest, conversation, task.contextTokens)
               : promptIds(*served.tokenizer, *served.manifest, conversation);
  if (!ids) {
    checks.problems.add(Check::Values, {400, "invalid_value", ids.status().message(), "messages", {}});
    return;
  }
  service.checkLength(ids->size(), task, checks);
  task.prompts = {std::move(*ids)};
}

void readFormat(Service &service, const Value &format, const std::string &param, bool thinking, Task &task,
                Checks &checks) {
  if (format == "json")
    service.constrain({GrammarSource::JsonObject, ""}, param, thinking, task, checks);
  else if (format.is_object())
    service.constrain({GrammarSource::Schema, dump(format)}, param, thinking, task, checks);
  else if (format.is_string())
    checks.problems.add(Check::Values, badValue(param, "must be \"json\" or a schema"));
  else
    checks.problems.add(Check::Types, badType(param, "\"json\" or a schema"));
}

/// The schema in a member of that name: an object, or a boolean.
static void readSchema(Service &service, Fields &holder, bool thinking, Task &task) {
  const Value *schema = holder.find("schema");
  std::string param = holder.pathOf("schema");
  if (!schema)
    holder.checks.problems.add(Check::Types, {400, "missing_field", "'" + param + "' is required", param, {}});
  else if (!schema->is_object() && !schema->is_boolean())
    holder.checks.problems.add(Check::Types, badType(param, "a JSON Schema"));
  else
    service.constrain({GrammarSource::Schema, dump(*schema)}, param, thinking, task, holder.checks);
}

void readTypedFormat(Service &service, const Value &format, const std::string &param, bool thinking, Task &task,
                     Checks &checks) {
  Fields inner(format, param, checks);
  std::string type = inner.neededText("type");
  const Value *nested = inner.object("json_schema"); // chat completions; elsewhere its members stand beside the type
  Fields schema(nested ? *nested : format, nested ? inner.pathOf("json_schema") : param, checks);
  if (type == "json_object") {
    service.constrain({GrammarSource::JsonObject, ""}, param, thinking, task, checks);
  } else if (type == "json_schema") {
    readSchema(service, schema, thinking, task);
    for (const char *name : {"type", "name", "description", "strict"}) // a schema is always enforced
      schema.find(name);
    schema.finish();
  } else if (!type.empty() && type != "text") {
    checks.problems.add(Check::Values, badValue(param + ".type", "must be text, json_object or json_schema"));
  }
}

const char *finishReason(const Answer &answer, bool named) {
  switch (answer.cause) {
  case Cause::Length:
  case Cause::Context:
    return "length";
  case Cause::Calls:
    return named ? "stop" : "tool_calls";
  default:
    return "stop";
  }
}

/// Text of a content: a string, or parts.
static std::string readContent(Fields &fields, bool needed, Checks &checks) {
  const Value *content = fields.find("content");
  std::string path = fields.pathOf("content"), text;
  if (!content) {
    if (needed)
      checks.problems.add(Check::Types, {400, "missing_field", "'" + path + "' is required", path, {}});
    return text;
  }
  if (content->is_string())
    return content->get<std::string>();
  if (!content->is_array()) {
    checks.problems.add(Check::Types, badType(path, "a string or an array of parts"));
    return text;
  }
  for (size_t index = 0; index < content->size(); ++index) {
    std::string place = path + "." + std::to_string(index);
    if (!(*content)[index].is_object()) {
      checks.problems.add(Check::Types, badType(place, "an object"));
      continue;
    }
    Fields part((*content)[index], place, checks);
    std::string type = part.neededText("type");
    if (type == "text")
      text += part.text("text", "");
    else if (type == "image_url" || type == "input_audio")
      checks.problems.add(
          Check::Media,
          {400, "unsupported_media", "'" + place + "': this build has no encoder for images or audio", place, {}});
    else
      checks.problems.add(Check::Values, unsupported(place + ".type", "a part must be text, image_url or input_audio"));
  }
  return text;
}

static ToolCall readToolCall(const Value &value, const std::string &path, Checks &checks) {
  ToolCall call;
  if (!value.is_object()) {
    checks.problems.add(Check::Types, badType(path, "an object"));
    return call;
  }
  Fields fields(value, path, checks);
  call.id = fields.text("id", "");
  fields.text("type");
  const Value *function = fields.object("function");
  if (!function) {
    checks.problems.add(Check::Types, {400, "missing_field", "'" + path + ".function' is required", path, {}});
    return call;
  }
  Fields inner(*function, path + ".function", checks);
  call.name = inner.neededText("name");
  Value arguments;
  std::string text = inner.text("arguments", "{}");
  if (Problem problem = parseBody(text.empty() ? "{}" : text, arguments))
    checks.problems.add(Check::Values, badValue(path + ".function.arguments", "must be the text of a JSON object"));
  else
    call.arguments = toJson(arguments);
  return call;
}

void readOpenAiMessages(const Value &list, const std::string &path, Conversation &conversation, Checks &checks) {
  std::vector<std::string> calls; // ids of all calls so far
  for (size_t index = 0; index < list.size(); ++index) {
    std::string place = path + "." + std::to_string(index);
    if (!list[index].is_object()) {
      checks.problems.add(Check::Types, badType(place, "an object"));
      continue;
    }
    Fields fields(list[index], place, checks);
    Message message;
    message.role = fields.neededText("role");
    if (message.role == "developer")
      message.role = "system";
    bool assistant = message.role == "assistant", tool = message.role == "tool";
    if (!message.role.empty() && !assistant && !tool && message.role != "system" && message.role != "user")
      checks.problems.add(Check::Values,
                          badValue(place + ".role", "must be system, developer, user, assistant or tool"));
    const Value *toolCalls = fields.array("tool_calls");
    if (toolCalls && assistant)
      for (size_t each = 0; each < toolCalls->size(); ++each) {
        message.toolCalls.push_back(
            readToolCall((*toolCalls)[each], place + ".tool_calls." + std::to_string(each), checks));
        calls.push_back(message.toolCalls.back().id);
      }
    message.text = readContent(fields, message.toolCalls.empty(), checks);
    message.reasoning = fields.text("reasoning_content", fields.text("reasoning", ""));
    message.name = fields.text("name", "");
    fields.ignore({"refusal", "annotations", "audio"});
    if (tool) {
      message.toolCallId = fields.neededText("tool_call_id");
      if (!message.toolCallId.empty() && std::find(calls.begin(), calls.end(), message.toolCallId) == calls.end())
        checks.problems.add(Check::Values, badValue(place + ".tool_call_id", "names no earlier call"));
    }
    fields.finish();
    conversation.messages.push_back(std::move(message));
  }
}

} // namespace gemmart::server
