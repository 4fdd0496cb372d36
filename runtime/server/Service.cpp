// What the routes share, see Service.h.
#include "runtime/server/Service.h"

#include "runtime/base/Clock.h"
#include "runtime/base/Text.h"
#include "runtime/grammar/Constraint.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <sys/random.h>

namespace gemmart::server {

std::string randomId(const char *prefix, int length) {
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  std::string id = prefix;
  std::vector<uint8_t> bytes(static_cast<size_t>(length));
  if (getrandom(bytes.data(), bytes.size(), 0) != ssize_t(bytes.size()))
    std::fill(bytes.begin(), bytes.end(), uint8_t(secondsNow() * 1e6));
  for (uint8_t byte : bytes)
    id += letters[byte % letters.size()];
  return id;
}

std::optional<double> durationSeconds(std::string_view text) {
  static constexpr std::pair<std::string_view, double> units[] = {
      {"ns", 1e-9}, {"us", 1e-6}, {"\xC2\xB5s", 1e-6}, {"ms", 1e-3}, {"s", 1}, {"m", 60}, {"h", 3600}};
  double sign = 1, total = 0;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    sign = text[0] == '-' ? -1 : 1;
    text.remove_prefix(1);
  }
  if (text.empty())
    return {};
  while (!text.empty()) {
    double number;
    auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    if (failure != std::errc() || !(number >= 0 && number < 1e12))
      return {};
    text.remove_prefix(size_t(end - text.data()));
    if (text.empty() && total == 0)
      return sign * number; // a plain number counts seconds
    size_t length = std::min(text.find_first_of("0123456789."), text.size());
    auto unit = std::find_if(std::begin(units), std::end(units),
                             [&](const auto &known) { return known.first == text.substr(0, length); });
    if (unit == std::end(units))
      return {};
    total += number * unit->second;
    text.remove_prefix(length);
  }
  return sign * total;
}

HttpAnswer Service::refusal(const HttpRequest &request, Family family, const Problem &problem) const {
  HttpAnswer answer{errorStatus(family, problem), headers(request, "application/json"), ""};
  if (problem.status == 503 || problem.status == 429)
    answer.headers.emplace_back("Retry-After", "1");
  if (problem.status == 401)
    answer.headers.emplace_back("WWW-Authenticate", "Bearer");
  answer.body = errorBody(family, problem, request.id);
  return answer;
}

void Service::refuse(Exchange &exchange, Family family, const Problem &problem) {
  exchange.answer(refusal(exchange.request, family, problem));
}

void Service::send(Exchange &exchange, const Value &value, const Checks *checks, int status) {
  exchange.answer({status, headers(exchange.request, "application/json", checks), dump(value)});
}

Task Service::newTask(const Overlay &overlay, Checks &checks) {
  Task task;
  task.sampling.temperature = served.manifest->temperature;
  task.sampling.topK = served.manifest->topK;
  task.sampling.topP = served.manifest->topP;
  task.sampling.penaltyWindow = 64;
  task.contextTokens = options.contextTokens;
  task.stopIds = served.manifest->stopIds;
  uint64_t random = 0;
  if (getrandom(&random, sizeof random, 0) == sizeof random)
    task.sampling.seed = random >> 1;
  Fields parameters(overlay.parameters, "parameters", checks);
  readOptions(parameters, task);
  return task;
}

void Service::readOptions(Fields &fields, Task &task) {
  SamplerOptions &sampling = task.sampling;
  sampling.temperature = fields.real("temperature", 0, 100).value_or(sampling.temperature);
  sampling.topK = fields.integer("top_k", 0, INT32_MAX).value_or(sampling.topK);
  sampling.topP = fields.real("top_p", 0, 1, true).value_or(sampling.topP);
  sampling.minP = fields.real("min_p", 0, 1).value_or(sampling.minP);
  sampling.typicalP = fields.real("typical_p", 0, 1, true).value_or(sampling.typicalP);
  sampling.repetitionPenalty = fields.real("repeat_penalty", 0, 100, true).value_or(sampling.repetitionPenalty);
  sampling.penaltyWindow = fields.integer("repeat_last_n", -1, INT32_MAX).value_or(sampling.penaltyWindow);
  sampling.presencePenalty = fields.real("presence_penalty", -100, 100).value_or(sampling.presencePenalty);
  sampling.frequencyPenalty = fields.real("frequency_penalty", -100, 100).value_or(sampling.frequencyPenalty);
  if (std::optional<int64_t> seed = fields.integer("seed", INT64_MIN, INT64_MAX); seed && *seed != -1)
    sampling.seed = uint64_t(*seed);
  if (std::optional<int64_t> most = fields.integer("num_predict", -2, INT64_MAX))
    task.maxTokens = *most <= 0 ? INT64_MAX : *most;
  if (std::optional<std::vector<std::string>> stops = fields.texts("stop", 64, 512))
    task.stops = std::move(*stops);
  if (std::optional<int64_t> context = fields.integer("num_ctx", 1, INT64_MAX)) {
    task.contextTokens = std::min(*context, served.contextTokens);
    if (*context > served.contextTokens)
      fields.checks.ignored.push_back(fields.pathOf("num_ctx") + format("=%lld", (long long)task.contextTokens));
  }
}

std::optional<double> Service::readKeepAlive(Fields &fields) {
  const Value *value = fields.find("keep_alive");
  if (!value)
    return {};
  std::optional<double> seconds;
  if (value->is_number())
    seconds = value->get<double>();
  else if (value->is_string())
    seconds = durationSeconds(value->get<std::string>());
  if (!seconds)
    fields.checks.problems.add(value->is_string() || value->is_number() ? Check::Values : Check::Types,
                               badType(fields.pathOf("keep_alive"), "a duration like \"5m\", or a number of seconds"));
  return seconds;
}

static ThoughtTokens thoughtTokens(const Tokenizer &tokenizer, bool thinking) {
  return thinking ? ThoughtTokens{tokenizer.find("<|channel>"), tokenizer.find("<channel|>")} : ThoughtTokens();
}

static Problem grammarProblem(const GrammarProblem &problem, const std::string &param) {
  return {400,
          problem.code(),
          "'" + param + "': " + problem.status().message(),
          param,
          {{"schema_path", problem.path}, {"keyword", problem.keyword}}};
}

void Service::constrain(const GrammarSource &source, const std::string &param, bool thinking, Task &task,
                        Checks &checks) {
  GrammarProblem problem;
  task.rules.text = grammars.compile(source, problem);
  if (!task.rules.text)
    checks.problems.add(Check::Schema, grammarProblem(problem, param));
  task.rules.thought = thoughtTokens(*served.tokenizer, thinking);
}

void Service::constrainCalls(const Value &tools, bool mustCall, bool thinking, Task &task, Checks &checks) {
  auto compile = [&](const Value &list, GrammarProblem &problem) {
    return grammars.compile({GrammarSource::ToolCall, dump(list)}, problem);
  };
  Value list = Value::array();
  for (const Value &tool : tools) {
    const Value &function = tool["function"];
    list.push_back({{"name", function["name"]}, {"parameters", function.value("parameters", Value())}});
  }
  GrammarProblem problem;
  task.rules.calls = compile(list, problem);
  for (size_t index = 0; !task.rules.calls && index < list.size(); ++index) {
    GrammarProblem own;
    if (compile(Value::array({list[index]}), own))
      continue;
    std::string param = "tools." + std::to_string(index) + ".function.parameters";
    if (tools[index]["function"].value("strict", Value()) == true)
      return checks.problems.add(Check::Schema, grammarProblem(own, param));
    checks.ignored.push_back(param);
    list[index]["parameters"] = nullptr; // still a call of a tool that there is, with arguments that can be read
  }
  if (!task.rules.calls)
    task.rules.calls = compile(list, problem);
  if (!task.rules.calls)
    return checks.problems.add(Check::Schema, grammarProblem(problem, "tools"));
  task.rules.callOpens = served.tokenizer->find("<|tool_call>");
  task.rules.mustCall = mustCall;
  task.rules.thought = thoughtTokens(*served.tokenizer, thinking);
}

void Service::checkLength(size_t promptTokens, const Task &task, Checks &checks) const {
  if (int64_t(promptTokens) < task.contextTokens)
    return;
  checks.problems.add(Check::Context,
                      {400,
                       "context_length_exceeded",
                       format("the prompt has %zu tokens; with room for an answer, the context holds %lld",
                              promptTokens, (long long)task.contextTokens - 1),
                       "",
                       {{"n_prompt_tokens", promptTokens}, {"n_ctx", task.contextTokens}}});
}

void Service::run(Task task, std::shared_ptr<Exchange> exchange, Family family, std::shared_ptr<Listener> listener) {
  scheduler.keepAlive(task.keepAlive.value_or(options.keepAlive));
  if (Problem problem = start(std::move(task), exchange, std::move(listener), scheduler, metrics, *served.tokenizer))
    refuse(*exchange, family, problem);
}

bool readBody(Service &service, Exchange &exchange, Family family, Value &body) {
  Problem problem = parseBody(exchange.request.body, body);
  if (problem)
    service.refuse(exchange, family, problem);
  return !problem;
}

void Reply::open() {
  if (exchange->begun())
    return;
  Headers headers = service.headers(exchange->request, stream ? streamType : "application/json", &checks);
  if (stream) {
    std::erase_if(headers, [](const auto &header) { return header.first == "Cache-Control"; });
    headers.emplace_back("Cache-Control", "no-cache");
    headers.emplace_back("X-Accel-Buffering", "no");
  }
  exchange->begin(200, headers);
}

void Reply::whole(const Value &value) {
  service.send(*exchange, value, &checks);
}

void Reply::event(const Value &value, const char *name) {
  open();
  exchange->write((name ? std::string("event: ") + name + "\n" : std::string()) + "data: " + dump(value) + "\n\n");
}

void Reply::failed(const Problem &problem) {
  if (!exchange->begun())
    service.refuse(*exchange, family, problem);
  else if (stream)
    streamError(problem);
  else // a probe went ahead with the status of success
    exchange->answer({200, {}, errorBody(family, problem, exchange->request.id)});
}

void Reply::sendNothing(bool probe) {
  std::string text = stream ? nothing(probe) : probe ? " " : "";
  if (text.empty())
    return;
  open();
  exchange->write(text);
}

} // namespace gemmart::server
