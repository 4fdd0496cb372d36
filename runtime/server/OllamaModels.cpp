// Ollama's routes about models: what is there, made, copied, deleted. See the contract's sections 6.4 and 11.
#include "runtime/base/Text.h"
#include "runtime/server/Modelfile.h"
#include "runtime/server/Service.h"

namespace gemmart::server {

constexpr const char *kOllamaLevel = "0.13.5"; // of Ollama's API that is served
constexpr const char *kVersion = "0.1.0";

static std::string upper(std::string text) {
  for (char &c : text)
    c = char(toupper(uint8_t(c)));
  return text;
}

static Value details(const Served &served, const Overlay &overlay) {
  const Manifest &manifest = *served.manifest;
  return {{"parent_model", overlay.from},
          {"format", "gemmac"},
          {"family", manifest.model},
          {"families", {manifest.model}},
          {"parameter_size", upper(manifest.size)},
          {"quantization_level", upper(manifest.quant)},
          {"context_length", served.contextTokens}};
}

static Value capabilities(const Served &served) {
  Value list = {"completion"};
  if (served.knowsTools())
    list.push_back("tools");
  if (served.thinks())
    list.push_back("thinking");
  return list;
}

static Value listed(const Service &service, const Models::Entry &entry) {
  const Served &served = service.served;
  return {{"name", entry.name},
          {"model", entry.name},
          {"modified_at", entry.overlay->modified.empty() ? served.modified : entry.overlay->modified},
          {"size", served.fileBytes},
          {"digest", served.digest},
          {"details", details(served, *entry.overlay)}};
}

static void version(Service &service, std::shared_ptr<Exchange> exchange) {
  service.send(*exchange, {{"version", kOllamaLevel}, {"gemmac", kVersion}});
}

static void tags(Service &service, std::shared_ptr<Exchange> exchange) {
  Value list = Value::array();
  for (const Models::Entry &entry : service.models.list()) {
    Value item = listed(service, entry);
    item["capabilities"] = capabilities(service.served);
    list.push_back(item);
  }
  service.send(*exchange, {{"models", list}});
}

static void ps(Service &service, std::shared_ptr<Exchange> exchange) {
  Value list = Value::array();
  if (service.scheduler.loaded()) {
    Value item = listed(service, service.models.list().front());
    item.erase("modified_at");
    item["size_vram"] = 0;
    double expires = service.scheduler.expires();
    constexpr double kForEver = 292.0 * 365 * 86400;
    double now = double(time(nullptr));
    item["expires_at"] = timeText(expires < 0 ? kForEver : expires - now);
    item["context_length"] = service.served.contextTokens;
    list.push_back(item);
  }
  service.send(*exchange, {{"models", list}});
}

/// Reads the body and the model that it names; refuses and returns nothing otherwise.
static std::optional<Models::Entry> readModel(Service &service, Exchange &exchange, Value &body, Checks &checks) {
  if (!readBody(service, exchange, Family::Ollama, body))
    return {};
  Fields fields(body, "", checks);
  std::string name = fields.text("model", fields.text("name", ""));
  Problem problem;
  std::optional<Models::Entry> entry = service.models.find(name, problem);
  if (checks.problems || !entry)
    service.refuse(exchange, Family::Ollama, checks.problems ? checks.problems.problem() : problem);
  return checks.problems ? std::nullopt : entry;
}

static std::string parameterLines(const Overlay &overlay) {
  std::string lines;
  for (auto item = overlay.parameters.begin(); item != overlay.parameters.end(); ++item) {
    Value values = item->is_array() ? *item : Value::array({*item});
    for (const Value &value : values)
      lines += format("%-30s ", item.key().c_str()) + dump(value) + "\n";
  }
  if (!lines.empty())
    lines.pop_back();
  return lines;
}

static Value modelInfo(const Served &served) {
  const std::string &a = served.manifest->model;
  const Tokenizer &tokenizer = *served.tokenizer;
  Value info = {{"general.architecture", a},
                {"general.basename", a},
                {a + ".context_length", served.contextTokens},
                {a + ".block_count", served.manifest->layers.size()},
                {a + ".vocab_size", served.model->vocab_tokens},
                {"tokenizer.ggml.bos_token_id", tokenizer.bos()},
                {"tokenizer.ggml.eos_token_id", tokenizer.eos()},
                {"tokenizer.ggml.padding_token_id", tokenizer.pad()},
                {"tokenizer.ggml.unknown_token_id", tokenizer.unk()}};
  return info;
}

static void show(Service &service, std::shared_ptr<Exchange> exchange) {
  Value body;
  Checks checks;
  std::optional<Models::Entry> entry = readModel(service, *exchange, body, checks);
  if (!entry)
    return;
  const Overlay &overlay = *entry->overlay;
  const Served &served = service.served;
  std::string license;
  for (const std::string &part : overlay.licenses)
    license += (license.empty() ? "" : "\n") + part;
  Value value = {
      {"modelfile", writeModelfile(overlay, overlay.from.empty() ? service.models.canonical() : overlay.from)},
      {"parameters", parameterLines(overlay)},
      {"template", "{{ .Prompt }}"},
      {"renderer", served.manifest->chatTemplate},
      {"parser", served.manifest->chatTemplate},
      {"license", license},
      {"details", details(served, overlay)},
      {"model_info", modelInfo(served)},
      {"capabilities", capabilities(served)},
      {"modified_at", overlay.modified.empty() ? served.modified : overlay.modified}};
  if (!overlay.system.empty())
    value["system"] = overlay.system;
  for (const auto &[role, text] : overlay.messages)
    value["messages"].push_back({{"role", role}, {"content", text}});
  service.send(*exchange, value);
}

/// "1.2.3" as one number that compares; nothing for what is none.
static std::optional<int64_t> versionNumber(const std::string &text) {
  int parts[3], end = 0;
  if (sscanf(text.c_str(), "%6d.%6d.%6d%n", parts, parts + 1, parts + 2, &end) != 3 || size_t(end) != text.size())
    return {};
  return (int64_t(parts[0]) * 1000000 + parts[1]) * 1000000 + parts[2];
}

/// Whether the build can honour what an overlay names.
static Problem checkOverlay(const Service &service, const Overlay &overlay, Overlay &whole) {
  Problem problem;
  std::optional<Models::Entry> base = service.models.find(overlay.from, problem);
  if (!base)
    return {404,
            "model_not_found",
            "model '" + overlay.from.substr(0, 200) + "' not found: this file holds " + service.models.canonical() +
                "; weights are built with gemmac build",
            "from",
            {}};
  const std::string &kind = service.served.manifest->chatTemplate;
  for (const std::string &word : {overlay.renderer, overlay.parser})
    if (!word.empty() && word != kind)
      return {400,
              "invalid_value",
              "this model's renderer and parser is '" + kind + "', not '" + word.substr(0, 100) + "'",
              "renderer",
              {}};
  if (!overlay.requires_.empty()) {
    std::optional<int64_t> wanted = versionNumber(overlay.requires_), have = versionNumber(kOllamaLevel);
    if (!wanted || *wanted > *have)
      return {400,
              "invalid_value",
              "REQUIRES " + overlay.requires_.substr(0, 100) + ": this server has version " + kOllamaLevel,
              "requires",
              {}};
  }
  // What the base has, and what is new on top of it.
  whole = *base->overlay;
  whole.from = overlay.from;
  if (!overlay.system.empty())
    whole.system = overlay.system;
  for (auto item = overlay.parameters.begin(); item != overlay.parameters.end(); ++item)
    whole.parameters[item.key()] = *item;
  if (!overlay.messages.empty())
    whole.messages = overlay.messages;
  if (!overlay.licenses.empty())
    whole.licenses = overlay.licenses;
  return {};
}

static void readCreate(Fields &fields, Overlay &overlay, std::vector<std::string> &warnings) {
  Checks &checks = fields.checks;
  if (std::optional<std::string> text = fields.text("modelfile")) {
    Result<Overlay> read = readModelfile(*text, warnings);
    if (read)
      overlay = std::move(*read);
    else
      checks.problems.add(Check::Values, {400, "invalid_value", read.status().message(), "modelfile", {}});
  }
  overlay.from = fields.text("from", overlay.from);
  overlay.system = fields.text("system", overlay.system);
  overlay.renderer = fields.text("renderer", overlay.renderer);
  overlay.parser = fields.text("parser", overlay.parser);
  overlay.requires_ = fields.text("requires", overlay.requires_);
  if (std::string text = fields.text("template", ""); !text.empty() && text != "{{ .Prompt }}")
    checks.problems.add(Check::Values, badValue("template", "cannot be changed: templates are compiled"));
  if (std::optional<std::vector<std::string>> licenses = fields.texts("license", 64, 1 << 20))
    overlay.licenses = *licenses;
  if (const Value *messages = fields.array("messages")) {
    overlay.messages.clear();
    for (size_t index = 0; index < messages->size(); ++index) {
      Fields message((*messages)[index], "messages." + std::to_string(index), checks);
      std::string role = message.neededText("role");
      if (role != "system" && role != "user" && role != "assistant")
        checks.problems.add(Check::Values, badValue(message.pathOf("role"), "must be system, user or assistant"));
      overlay.messages.emplace_back(role, message.text("content", ""));
    }
  }
  if (const Value *parameters = fields.object("parameters"))
    for (auto item = parameters->begin(); item != parameters->end(); ++item) {
      Value list = item->is_array() ? *item : Value::array({*item});
      for (const Value &each : list) {
        bool withoutEffect = false;
        Result<Value> value =
            parameterValue(item.key(), each.is_string() ? each.get<std::string>() : dump(each), withoutEffect);
        if (!value)
          checks.problems.add(Check::Values,
                              {400, "invalid_value", value.status().message(), "parameters." + item.key(), {}});
        else if (withoutEffect)
          warnings.push_back("parameter '" + item.key() + "' has no effect here");
        else if (item.key() == "stop")
          overlay.parameters["stop"] = list;
        else
          overlay.parameters[item.key()] = *value;
      }
    }
  fields.refuse({"files", "adapters", "quantize", "draft_files", "remote_host"},
                "weights are built into the file with gemmac build");
}

static void create(Service &service, std::shared_ptr<Exchange> exchange) {
  Value body;
  if (!readBody(service, *exchange, Family::Ollama, body))
    return;
  Checks checks;
  checks.strict = service.options.strict;
  Fields fields(body, "", checks);
  std::string name = fields.text("model", fields.text("name", ""));
  if (name.empty())
    checks.problems.add(Check::Types, {400, "missing_field", "'model' is required", "model", {}});
  Overlay overlay, whole;
  std::vector<std::string> warnings;
  readCreate(fields, overlay, warnings);
  bool stream = fields.flag("stream", true);
  fields.finish();
  if (!checks.problems && overlay.from.empty())
    checks.problems.add(Check::Values, {400, "missing_field", "neither 'from' or 'files' was specified", "from", {}});
  if (!checks.problems)
    if (Problem problem = checkOverlay(service, overlay, whole))
      checks.problems.add(Check::Model, problem);
  if (!checks.problems) { // ranges are those of a request
    Checks ranges;
    service.newTask(whole, ranges);
    if (ranges.problems)
      checks.problems = ranges.problems;
  }
  if (!checks.problems)
    if (Problem problem = service.models.put(name, whole))
      checks.problems.add(Check::Values, problem);
  if (checks.problems) {
    service.refuse(*exchange, Family::Ollama, checks.problems.problem());
    return;
  }
  if (!stream) {
    service.send(*exchange, {{"status", "success"}}, &checks);
    return;
  }
  exchange->begin(200, service.headers(exchange->request, "application/x-ndjson", &checks));
  for (const std::string &warning : warnings)
    exchange->write(dump(Value{{"status", "warning: " + warning}}) + "\n");
  for (const char *status : {"using existing layer", "writing manifest", "success"})
    exchange->write(dump(Value{{"status", status}}) + "\n");
  exchange->end();
}

static void answerEmpty(Service &service, Exchange &exchange, const Problem &problem) {
  if (problem)
    service.refuse(exchange, Family::Ollama, problem);
  else
    exchange.answer({200, service.headers(exchange.request, "application/json"), ""});
}

static void copy(Service &service, std::shared_ptr<Exchange> exchange) {
  Value body;
  if (!readBody(service, *exchange, Family::Ollama, body))
    return;
  Checks checks;
  Fields fields(body, "", checks);
  std::string source = fields.neededText("source"), destination = fields.neededText("destination");
  answerEmpty(service, *exchange,
              checks.problems ? checks.problems.problem() : service.models.copy(source, destination));
}

static void remove(Service &service, std::shared_ptr<Exchange> exchange) {
  Value body;
  Checks checks;
  if (!readBody(service, *exchange, Family::Ollama, body))
    return;
  Fields fields(body, "", checks);
  std::string name = fields.text("model", fields.text("name", ""));
  answerEmpty(service, *exchange, checks.problems ? checks.problems.problem() : service.models.remove(name));
}

static void pull(Service &service, std::shared_ptr<Exchange> exchange) {
  Value body;
  Checks checks;
  if (readModel(service, *exchange, body, checks))
    service.send(*exchange, {{"status", "success"}});
}

static void refused(Service &service, std::shared_ptr<Exchange> exchange) {
  service.refuse(*exchange, Family::Ollama,
                 {501, "not_supported", "this server has no registry: a model is a file that gemmac built", "", {}});
}

/// A blob is never there; a digest that is none is an error of its own.
static void blob(Service &service, std::shared_ptr<Exchange> exchange) {
  std::string digest = exchange->request.path.substr(std::string("/api/blobs/").size());
  bool right = digest.size() == 71 && (digest.starts_with("sha256:") || digest.starts_with("sha256-")) &&
               digest.find_first_not_of("0123456789abcdefABCDEF", 7) == std::string::npos;
  if (!right)
    service.refuse(*exchange, Family::Ollama, {400, "invalid_value", "invalid digest format", "digest", {}});
  else if (exchange->request.head.method == "POST")
    refused(service, exchange);
  else
    service.refuse(*exchange, Family::Ollama, {404, "not_found", "no such blob", "digest", {}});
}

static void status(Service &service, std::shared_ptr<Exchange> exchange) {
  service.send(*exchange, {{"cloud", {{"disabled", true}, {"source", "build"}}}});
}

/// Pooled hidden states: the executables show what leaves each layer, but not what leaves the last norm.
static void embed(Service &service, std::shared_ptr<Exchange> exchange) {
  Value body;
  Checks checks;
  if (!readModel(service, *exchange, body, checks))
    return;
  service.refuse(*exchange, Family::Ollama,
                 {400,
                  "unsupported_capability",
                  "this build does not support embeddings: the step hands out logits, not the last hidden state",
                  "model",
                  {}});
}

std::vector<Route> ollamaModelRoutes() {
  constexpr int64_t kModelfileBytes = 8 << 20;
  return {{"GET", "/api/version", Family::Ollama, version},
          {"GET", "/api/tags", Family::Ollama, tags},
          {"GET", "/api/ps", Family::Ollama, ps},
          {"POST", "/api/show", Family::Ollama, show},
          {"POST", "/api/create", Family::Ollama, create, false, kModelfileBytes},
          {"POST", "/api/copy", Family::Ollama, copy},
          {"DELETE", "/api/delete", Family::Ollama, remove},
          {"POST", "/api/pull", Family::Ollama, pull},
          {"POST", "/api/push", Family::Ollama, refused},
          {"GET POST", "/api/blobs/*", Family::Ollama, blob},
          {"GET", "/api/status", Family::Ollama, status},
          {"POST", "/api/me", Family::Ollama, refused},
          {"POST", "/api/signout", Family::Ollama, refused},
          {"GET POST", "/api/experimental/*", Family::Ollama, refused},
          {"POST", "/api/embed", Family::Ollama, embed},
          {"POST", "/api/embeddings", Family::Ollama, embed}};
}

} // namespace gemmart::server
