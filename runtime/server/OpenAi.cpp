// POST /v1/chat/completions and /v1/completions, GET /v1/models. See the contract's sections 7.1, 7.2 and 7.4.
#include "runtime/base/Text.h"
#include "runtime/server/OpenAiParts.h"

#include <ctime>

namespace gemmart::server {

namespace {

/// What both kinds of completions have in common.
class CompletionReply : public Reply {
public:
  CompletionReply(Service &service, std::shared_ptr<Exchange> exchange, Checks checks, bool stream, bool includeUsage,
                  std::string model, const char *idPrefix)
      : Reply(service, std::move(exchange), Family::OpenAi, std::move(checks), stream, "text/event-stream"),
        includeUsage(includeUsage), model(std::move(model)), id(randomId(idPrefix, 24)), created(time(nullptr)) {}

  void streamError(const Problem &problem) override {
    event(errorValue(Family::OpenAi, problem, exchange->request.id));
    exchange->end();
  }
  std::string nothing(bool) override { return ": ping\n\n"; }

protected:
  Value base(const char *object) const {
    return {{"id", id},
            {"object", object},
            {"created", created},
            {"model", model},
            {"system_fingerprint", "fp_" + service.served.digest.substr(0, 12)}};
  }

  /// `perPrompt` answers share a prompt, which counts once.
  static Value usageValue(const std::vector<Answer> &answers, size_t perPrompt) {
    int64_t prompt = 0, cached = 0, drawn = 0, thought = 0;
    for (size_t index = 0; index < answers.size(); ++index) {
      const Answer &answer = answers[index];
      if (index % perPrompt == 0) {
        prompt += answer.usage.promptTokens;
        cached += answer.usage.cachedTokens;
      }
      drawn += answer.usage.drawnTokens;
      thought += answer.thoughtTokens;
    }
    return {{"prompt_tokens", prompt},
            {"completion_tokens", drawn},
            {"total_tokens", prompt + drawn},
            {"prompt_tokens_details", {{"cached_tokens", cached}}},
            {"completion_tokens_details", {{"reasoning_tokens", thought}}}};
  }

  static Value timings(const Answer &answer) {
    const Usage &usage = answer.usage;
    return {{"cache_n", usage.cachedTokens},
            {"prompt_n", usage.promptTokens - usage.cachedTokens},
            {"prompt_ms", usage.promptSeconds * 1e3},
            {"predicted_n", usage.drawnTokens},
            {"predicted_ms", usage.decodeSeconds * 1e3},
            {"draft_n", 0},
            {"draft_accepted", 0}};
  }

  void endStream(Value last, const Value &usage) {
    if (includeUsage) {
      last["choices"] = Value::array();
      last["usage"] = usage;
      event(last);
    }
    open();
    exchange->write("data: [DONE]\n\n");
    exchange->end();
  }

  const bool includeUsage;
  const std::string model, id;
  const int64_t created;
};

class ChatReply : public CompletionReply {
public:
  ChatReply(Service &service, std::shared_ptr<Exchange> exchange, Checks checks, bool stream, bool includeUsage,
            std::string model, bool logprobs, bool named, size_t answers)
      : CompletionReply(service, std::move(exchange), std::move(checks), stream, includeUsage, std::move(model),
                        "chatcmpl-"),
        logprobs(logprobs), named(named), calls(answers), begun(answers) {}

  void delta(size_t index, const Delta &delta) override {
    if (!stream)
      return;
    begin(index);
    if (!delta.thought.empty())
      chunk(index, {{"reasoning_content", delta.thought}, {"reasoning", delta.thought}});
    if (!delta.content.empty())
      chunk(index, {{"content", delta.content}}, nullptr, logprobs ? probabilities(delta) : Value());
    for (const Call &call : delta.calls) {
      size_t number = calls[index]++;
      chunk(index, {{"tool_calls", Value::array({{{"index", number},
                                                  {"id", randomId("call_", 24)},
                                                  {"type", "function"},
                                                  {"function", {{"name", call.name}, {"arguments", ""}}}}})}});
      chunk(index,
            {{"tool_calls", Value::array({{{"index", number}, {"function", {{"arguments", dump(call.arguments)}}}}})}});
    }
  }

  void finished(size_t index, const Answer &answer) override {
    if (!stream)
      return;
    begin(index);
    chunk(index, Value::object(), finishReason(answer, named));
  }

  void complete(const std::vector<Answer> &answers) override {
    Value usage = usageValue(answers, answers.size());
    if (stream)
      return endStream(base("chat.completion.chunk"), usage);
    Value value = base("chat.completion");
    for (size_t index = 0; index < answers.size(); ++index) {
      const Answer &answer = answers[index];
      Value message = {{"role", "assistant"}, {"content", answer.all.content}, {"refusal", nullptr}};
      if (!answer.all.calls.empty() && answer.all.content.empty())
        message["content"] = nullptr;
      if (!answer.all.thought.empty())
        message["reasoning_content"] = message["reasoning"] = answer.all.thought;
      for (const Call &call : answer.all.calls)
        message["tool_calls"].push_back({{"id", randomId("call_", 24)},
                                         {"type", "function"},
                                         {"function", {{"name", call.name}, {"arguments", dump(call.arguments)}}}});
      value["choices"].push_back({{"index", index},
                                  {"message", message},
                                  {"logprobs", logprobs ? probabilities(answer.all) : Value()},
                                  {"finish_reason", finishReason(answer, named)}});
    }
    value["usage"] = usage;
    value["timings"] = timings(answers[0]);
    whole(value);
  }

private:
  Value probabilities(const Delta &delta) const {
    Value list = Value::array();
    for (const Judged &token : delta.tokens)
      if (token.inContent)
        list.push_back(judgedValue(*service.served.tokenizer, token.drawn));
    return {{"content", list}, {"refusal", nullptr}};
  }

  void begin(size_t index) {
    if (!begun[index])
      chunk(index, {{"role", "assistant"}, {"content", ""}});
    begun[index] = true;
  }

  void chunk(size_t index, const Value &delta, const char *reason = nullptr, Value probabilities = {}) {
    Value value = base("chat.completion.chunk");
    value["choices"] = Value::array({{{"index", index},
                                      {"delta", delta},
                                      {"logprobs", std::move(probabilities)},
                                      {"finish_reason", reason ? Value(reason) : Value()}}});
    if (includeUsage)
      value["usage"] = nullptr;
    event(value);
  }

  const bool logprobs, named;
  std::vector<size_t> calls;
  std::vector<bool> begun;
};

class TextReply : public CompletionReply {
public:
  TextReply(Service &service, std::shared_ptr<Exchange> exchange, Checks checks, bool stream, bool includeUsage,
            std::string model, int best, std::vector<std::string> echoes, std::vector<std::vector<int32_t>> prompts,
            size_t perPrompt)
      : CompletionReply(service, std::move(exchange), std::move(checks), stream, includeUsage, std::move(model),
                        "cmpl-"),
        best(best), echoes(std::move(echoes)), prompts(std::move(prompts)), perPrompt(perPrompt),
        begun(this->prompts.size() * perPrompt) {}

  void delta(size_t index, const Delta &delta) override {
    if (!stream)
      return;
    begin(index);
    chunk(index, delta.content, nullptr);
  }
  void finished(size_t index, const Answer &answer) override {
    if (!stream)
      return;
    begin(index);
    chunk(index, "", finishReason(answer, false));
  }
  void complete(const std::vector<Answer> &answers) override {
    Value usage = usageValue(answers, perPrompt);
    if (stream)
      return endStream(base("text_completion"), usage);
    Value value = base("text_completion");
    for (size_t index = 0; index < answers.size(); ++index) {
      const Answer &answer = answers[index];
      std::string echo = echoes.empty() ? "" : echoes[index / perPrompt];
      value["choices"].push_back({{"text", echo + answer.all.content},
                                  {"index", index},
                                  {"logprobs", best < 0 ? Value() : probabilities(index, answer)},
                                  {"finish_reason", finishReason(answer, false)}});
    }
    value["usage"] = usage;
    whole(value);
  }

private:
  void begin(size_t index) {
    if (!begun[index] && !echoes.empty() && !echoes[index / perPrompt].empty())
      chunk(index, echoes[index / perPrompt], nullptr);
    begun[index] = true;
  }

  void chunk(size_t index, const std::string &text, const char *reason) {
    Value value = base("text_completion");
    value["choices"] = Value::array({{{"text", text},
                                      {"index", index},
                                      {"logprobs", nullptr},
                                      {"finish_reason", reason ? Value(reason) : Value()}}});
    if (includeUsage)
      value["usage"] = nullptr;
    event(value);
  }

  /// The old form: lists side by side. With echo the prompt's tokens come first; the very first has no probability.
  Value probabilities(size_t index, const Answer &answer) const {
    const Tokenizer &tokenizer = *service.served.tokenizer;
    Value tokens = Value::array(), values = Value::array(), tops = Value::array(), offsets = Value::array();
    size_t offset = 0;
    auto add = [&](int32_t id, const Drawn *drawn) {
      std::string text = tokenText(tokenizer, id);
      tokens.push_back(text);
      offsets.push_back(offset);
      offset += text.size();
      values.push_back(drawn ? Value(drawn->chosen.logProbability) : Value());
      Value top = Value::object();
      if (drawn)
        for (const Candidate &candidate : drawn->best)
          top[tokenText(tokenizer, candidate.token)] = candidate.logProbability;
      tops.push_back(drawn ? top : Value());
    };
    if (!echoes.empty()) {
      const std::vector<int32_t> &prompt = prompts[index / perPrompt];
      for (size_t at = 0; at < prompt.size(); ++at)
        add(prompt[at], at > 0 && at - 1 < answer.prompt.size() ? &answer.prompt[at - 1] : nullptr);
    }
    for (const Judged &token : answer.all.tokens)
      add(token.drawn.chosen.token, &token.drawn);
    return {{"tokens", tokens}, {"token_logprobs", values}, {"top_logprobs", tops}, {"text_offset", offsets}};
  }

  const int best;
  const std::vector<std::string> echoes; ///< a prompt's own text, where it is to be shown
  const std::vector<std::vector<int32_t>> prompts;
  const size_t perPrompt;
  std::vector<bool> begun;
};

} // namespace

static bool readStreamUsage(Fields &fields) {
  const Value *options = fields.object("stream_options");
  if (!options)
    return false;
  Fields inner(*options, "stream_options", fields.checks);
  bool usage = inner.flag("include_usage", false);
  inner.finish();
  return usage;
}

static void readMaxTokens(Fields &fields, Task &task, int64_t low) {
  std::optional<int64_t> most = fields.integer("max_tokens", low, INT64_MAX),
                         better = fields.integer("max_completion_tokens", 1, INT64_MAX);
  if (better || most)
    task.maxTokens = better ? *better : *most;
}

static void chatCompletions(Service &service, std::shared_ptr<Exchange> exchange) {
  Value body;
  if (!readBody(service, *exchange, Family::OpenAi, body))
    return;
  Checks checks;
  Fields fields(body, "", checks);
  std::string model;
  std::optional<Models::Entry> entry;
  Task task;
  Conversation conversation;
  readTask(service, fields, model, entry, task);
  readSampling(service, fields, task);
  readMaxTokens(fields, task, 1);
  task.answers = int(fields.integer("n", 1, 16).value_or(1));
  bool stream = fields.flag("stream", false), includeUsage = readStreamUsage(fields);
  bool logprobs = fields.flag("logprobs", false);
  std::optional<int64_t> best = fields.integer("top_logprobs", 0, 20);
  if (best && *best > 0 && !logprobs)
    checks.problems.add(Check::Values, badValue("top_logprobs", "needs 'logprobs': true"));
  if (logprobs)
    task.best = int(best.value_or(0));
  const Value *messages = fields.array("messages");
  if (!checks.problems && (!messages || messages->empty()))
    checks.problems.add(Check::Types,
                        {400, "missing_field", "'messages' must hold at least one message", "messages", {}});
  if (messages)
    readOpenAiMessages(*messages, "messages", conversation, checks);
  if (entry)
    addOverlay(*entry->overlay, conversation.messages);
  ToolChoice choice = readToolChoice(fields, false);
  task.oneCall = !fields.flag("parallel_tool_calls", true);
  std::optional<bool> think = readEffort(fields, "reasoning_effort", task);
  if (const Value *reasoning = fields.object("reasoning")) {
    Fields inner(*reasoning, "reasoning", checks);
    if (std::optional<bool> wish = readEffort(inner, "effort", task))
      think = wish;
  }
  if (const Value *extra = fields.object("chat_template_kwargs")) {
    Fields inner(*extra, "chat_template_kwargs", checks);
    if (std::optional<bool> wish = inner.flag("enable_thinking"))
      think = wish;
    inner.finish();
  }
  applyThinking(service, model, think, task, conversation, checks);
  applyTools(service, model, fields.array("tools"), choice, task, conversation, checks);
  if (const Value *format = fields.object("response_format"))
    readTypedFormat(service, *format, "response_format", conversation.thinking, task, checks);
  if (const Value *kinds = fields.array("modalities"); kinds && kinds->size() > 0 && *kinds != Value::array({"text"}))
    checks.problems.add(Check::Values, unsupported("modalities", "this model answers with text"));
  fields.refuse({"audio"}, "this model answers with text");
  fields.refuse({"web_search_options"}, "this server opens no connections");
  fields.refuse({"functions", "function_call"}, "use tools");
  fields.refuse({"grammar", "chat_template"}, "use response_format; templates are compiled");
  fields.finish();
  setPrompt(service, conversation, false, task, checks);
  if (checks.problems)
    return service.refuse(*exchange, Family::OpenAi, checks.problems.problem());
  auto reply = std::make_shared<ChatReply>(service, exchange, checks, stream, includeUsage, model, logprobs,
                                           choice.kind == ToolChoice::Named, size_t(task.answers));
  service.run(std::move(task), exchange, Family::OpenAi, reply);
}

/// A prompt as ids: a text, a list of texts, ids, or a list of those.
static void readPrompts(Service &service, const Value *prompt, std::vector<std::vector<int32_t>> &prompts,
                        Checks &checks) {
  constexpr size_t mostPrompts = 16;
  const Served &served = service.served;
  auto bad = [&] {
    checks.problems.add(Check::Types, badType("prompt", "a string, an array of strings, ids, or an array of those"));
  };
  auto addText = [&](const Value &text) {
    Result<std::vector<int32_t>> ids = rawIds(*served.tokenizer, *served.manifest, text.get<std::string>());
    if (!ids)
      checks.problems.add(Check::Values, badValue("prompt", ids.status().message()));
    else
      prompts.push_back(std::move(*ids));
  };
  auto addIds = [&](const Value &list) {
    prompts.emplace_back();
    for (const Value &id : list) {
      if (!id.is_number_integer() || id.get<int64_t>() < 0 || id.get<int64_t>() >= served.model->vocab_tokens) {
        checks.problems.add(Check::Values, badValue("prompt", "must hold ids of this model's vocabulary"));
        return;
      }
      prompts.back().push_back(id.get<int32_t>());
    }
  };
  if (!prompt)
    return addText("");
  if (prompt->is_string())
    return addText(*prompt);
  if (!prompt->is_array() || prompt->empty())
    return bad();
  if ((*prompt)[0].is_number())
    return addIds(*prompt);
  if (prompt->size() > mostPrompts)
    checks.problems.add(Check::Values, badValue("prompt", format("has %zu entries; at most %zu are allowed",
                                                                 prompt->size(), mostPrompts)));
  for (const Value &each : *prompt)
    if (each.is_string())
      addText(each);
    else if (each.is_array())
      addIds(each);
    else
      bad();
}

static void completions(Service &service, std::shared_ptr<Exchange> exchange) {
  Value body;
  if (!readBody(service, *exchange, Family::OpenAi, body))
    return;
  Checks checks;
  Fields fields(body, "", checks);
  std::string model;
  std::optional<Models::Entry> entry;
  Task task;
  readTask(service, fields, model, entry, task);
  readSampling(service, fields, task);
  task.takeApart = false;
  task.maxTokens = fields.integer("max_tokens", 0, INT64_MAX).value_or(16);
  task.answers = int(fields.integer("n", 1, 16).value_or(1));
  if (std::optional<int64_t> bestOf = fields.integer("best_of", 1, 16); bestOf && *bestOf != task.answers)
    checks.problems.add(Check::Values, unsupported("best_of", "it must equal n"));
  bool stream = fields.flag("stream", false), includeUsage = readStreamUsage(fields), echo = fields.flag("echo", false);
  if (std::optional<int64_t> best = fields.integer("logprobs", 0, 5))
    task.best = int(*best);
  task.scorePrompt = echo && task.best >= 0;
  fields.refuse({"suffix"}, "this model has no tokens to fill in a gap");
  readPrompts(service, fields.find("prompt"), task.prompts, checks);
  fields.finish();
  std::vector<std::string> echoes;
  for (const std::vector<int32_t> &prompt : task.prompts) {
    if (prompt.empty())
      checks.problems.add(Check::Values, badValue("prompt", "is empty"));
    service.checkLength(prompt.size(), task, checks);
    if (echo)
      echoes.push_back(service.served.tokenizer->decode(prompt));
  }
  if (checks.problems)
    return service.refuse(*exchange, Family::OpenAi, checks.problems.problem());
  auto reply = std::make_shared<TextReply>(service, exchange, checks, stream, includeUsage, model, task.best, echoes,
                                           task.prompts, size_t(task.answers));
  service.run(std::move(task), exchange, Family::OpenAi, reply);
}

static Value modelValue(const Service &service, const Models::Entry &entry) {
  const std::string &modified = entry.overlay->modified.empty() ? service.served.modified : entry.overlay->modified;
  tm parts{};
  int64_t created = strptime(modified.c_str(), "%Y-%m-%dT%H:%M:%S", &parts) ? int64_t(timegm(&parts)) : 0;
  return {{"id", entry.name},
          {"object", "model"},
          {"created", created},
          {"owned_by", "library"},
          {"type", "model"},
          {"display_name", entry.name},
          {"created_at", modified},
          {"lifecycle", "active"},
          {"max_input_tokens", service.served.contextTokens},
          {"max_tokens", service.served.contextTokens}};
}

static void models(Service &service, std::shared_ptr<Exchange> exchange) {
  Value list = Value::array();
  for (const Models::Entry &entry : service.models.list())
    list.push_back(modelValue(service, entry));
  Value first = list.front()["id"], last = list.back()["id"];
  service.send(*exchange,
               {{"object", "list"}, {"data", list}, {"has_more", false}, {"first_id", first}, {"last_id", last}});
}

static void oneModel(Service &service, std::shared_ptr<Exchange> exchange) {
  std::string name = exchange->request.path.substr(std::string("/v1/models/").size());
  Problem problem;
  std::optional<Models::Entry> entry = service.models.find(name, problem);
  if (!entry)
    return service.refuse(*exchange, Family::OpenAi, problem);
  Value value = modelValue(service, *entry);
  value["id"] = value["display_name"] = name;
  service.send(*exchange, value);
}

static void embeddings(Service &service, std::shared_ptr<Exchange> exchange) {
  service.refuse(*exchange, Family::OpenAi,
                 {400,
                  "unsupported_capability",
                  "this build does not support embeddings: the step hands out logits, not the last hidden state",
                  "model",
                  {}});
}

static void transcriptions(Service &service, std::shared_ptr<Exchange> exchange) {
  service.refuse(*exchange, Family::OpenAi,
                 {400, "unsupported_capability", "this build has no encoder for audio", "file", {}});
}

static void notHere(Service &service, std::shared_ptr<Exchange> exchange) {
  service.refuse(*exchange, Family::OpenAi,
                 {501, "not_supported", "this server does not have this part of the API", "", {}});
}

std::vector<Route> openAiRoutes() {
  std::vector<Route> list = {{"POST", "/v1/chat/completions", Family::OpenAi, chatCompletions},
                             {"POST", "/v1/completions", Family::OpenAi, completions},
                             {"POST", "/v1/embeddings", Family::OpenAi, embeddings},
                             {"POST", "/v1/audio/transcriptions", Family::OpenAi, transcriptions},
                             {"GET", "/v1/models", Family::OpenAi, models},
                             {"GET", "/v1/models/*", Family::OpenAi, oneModel}};
  for (const char *path :
       {"/v1/moderations", "/v1/images/*", "/v1/files", "/v1/files/*", "/v1/batches", "/v1/batches/*",
        "/v1/fine_tuning/*", "/v1/assistants", "/v1/assistants/*", "/v1/threads", "/v1/threads/*"})
    list.push_back({"GET POST DELETE", path, Family::OpenAi, notHere});
  return list;
}

} // namespace gemmart::server
