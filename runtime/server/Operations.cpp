// What is no API of a family: health, metrics, tokens, the root. See the contract's section 13.
#include "runtime/base/Text.h"
#include "runtime/model/Memory.h"
#include "runtime/server/OpenAiParts.h"
#include "runtime/text/Utf8.h"

namespace gemmart::server {

static void health(Service &service, std::shared_ptr<Exchange> exchange) {
  bool leaving = service.scheduler.draining();
  service.send(*exchange, {{"status", leaving ? "draining" : "ok"}}, nullptr, leaving ? 503 : 200);
}

static std::string label(const std::string &text) {
  std::string out;
  for (char c : text)
    out += c == '"' || c == '\\' || uint8_t(c) < 0x20 ? '_' : c;
  return out;
}

static void metrics(Service &service, std::shared_ptr<Exchange> exchange) {
  const Served &served = service.served;
  std::string out = service.metrics.print();
  auto gauge = [&](const char *name, const char *help, double value) { printMetric(name, "gauge", help, value, out); };
  out += "# HELP gemmac_build_info what runs here\n# TYPE gemmac_build_info gauge\n";
  out += format("gemmac_build_info{version=\"%s\",model=\"%s\",target=\"%s\",level=\"%s\"} 1\n",
                label(served.manifest->compilerVersion).c_str(), label(service.models.canonical()).c_str(),
                label(served.model->target).c_str(), label(served.level).c_str());
  gauge("gemmac_slots", "sequences that can run together", double(service.scheduler.slots()));
  gauge("gemmac_slots_busy", "sequences that run now", double(service.scheduler.busy()));
  gauge("gemmac_queue_length", "sequences that wait", double(service.scheduler.queued()));
  gauge("gemmac_kv_bytes", "keys and values held", double(service.scheduler.cacheBytes()));
  gauge("gemmac_kv_bytes_max", "keys and values with full contexts", double(fullCacheBytes(*served.model)));
  gauge("gemmac_connections", "open connections", double(service.connections ? service.connections() : 0));
  gauge("process_resident_memory_bytes", "memory of this process", double(residentBytes()));
  gauge("process_open_fds", "open files of this process", double(openFiles()));
  gauge("process_start_time_seconds", "start of this process", service.startTime);
  exchange->answer({200, service.headers(exchange->request, "text/plain; version=0.0.4; charset=utf-8"), out});
}

static void tokenize(Service &service, std::shared_ptr<Exchange> exchange) {
  Value body;
  if (!readBody(service, *exchange, Family::Ollama, body))
    return;
  Checks checks;
  checks.strict = service.options.strict;
  Fields fields(body, "", checks);
  std::optional<std::string> content = fields.text("content");
  if (!content)
    checks.problems.add(Check::Types, {400, "missing_field", "'content' is required", "content", {}});
  bool special = fields.flag("add_special", false), parse = fields.flag("parse_special", true),
       pieces = fields.flag("with_pieces", false);
  fields.finish();
  const Tokenizer &tokenizer = *service.served.tokenizer;
  Result<std::vector<int32_t>> ids = std::vector<int32_t>();
  if (!checks.problems) {
    ids = tokenizer.encode(*content, {parse, false});
    if (!ids)
      checks.problems.add(Check::Values, {400, "invalid_value", ids.status().message(), "content", {}});
  }
  if (checks.problems)
    return service.refuse(*exchange, Family::Ollama, checks.problems.problem());
  int32_t bos = service.served.manifest->bos;
  if (special && bos >= 0 && (ids->empty() || ids->front() != bos))
    ids->insert(ids->begin(), bos);
  Value list = Value::array();
  for (int32_t id : *ids) {
    if (!pieces) {
      list.push_back(id);
      continue;
    }
    std::string piece;
    tokenizer.appendBytes(id, true, piece);
    Value bytes = Value::array();
    for (char c : piece)
      bytes.push_back(uint8_t(c));
    bool text = findInvalidUtf8(piece) == std::string::npos;
    list.push_back({{"id", id}, {"piece", text ? Value(piece) : bytes}});
  }
  service.send(*exchange, {{"tokens", list}}, &checks);
}

static void detokenize(Service &service, std::shared_ptr<Exchange> exchange) {
  Value body;
  if (!readBody(service, *exchange, Family::Ollama, body))
    return;
  Checks checks;
  Fields fields(body, "", checks);
  const Value *tokens = fields.array("tokens");
  if (!tokens && !checks.problems)
    checks.problems.add(Check::Types, {400, "missing_field", "'tokens' is required", "tokens", {}});
  std::vector<int32_t> ids;
  if (tokens)
    for (const Value &id : *tokens) {
      if (!id.is_number_integer() || id.get<int64_t>() < 0 ||
          id.get<int64_t>() >= service.served.tokenizer->tokenCount()) {
        checks.problems.add(Check::Values, badValue("tokens", format("must hold ids from 0 to %d",
                                                                     service.served.tokenizer->tokenCount() - 1)));
        break;
      }
      ids.push_back(id.get<int32_t>());
    }
  fields.finish();
  if (checks.problems)
    return service.refuse(*exchange, Family::Ollama, checks.problems.problem());
  service.send(*exchange, {{"content", service.served.tokenizer->decode(ids, true)}}, &checks);
}

/// The exact text of a prompt, control tokens spelled out.
static void applyTemplate(Service &service, std::shared_ptr<Exchange> exchange) {
  Value body;
  if (!readBody(service, *exchange, Family::Ollama, body))
    return;
  Checks checks;
  Fields fields(body, "", checks);
  Conversation conversation;
  if (const Value *messages = fields.array("messages"); messages && !messages->empty())
    readOpenAiMessages(*messages, "messages", conversation, checks);
  else
    checks.problems.add(Check::Types, {400, "missing_field", "'messages' is required", "messages", {}});
  if (const Value *tools = fields.array("tools"))
    conversation.tools = checkTools(*tools, "tools", checks);
  if (const Value *extra = fields.object("chat_template_kwargs")) {
    Fields inner(*extra, "chat_template_kwargs", checks);
    conversation.thinking = inner.flag("enable_thinking", false);
  }
  fields.finish();
  if (!checks.problems && !service.served.isChat())
    checks.problems.add(Check::Capabilities,
                        {400, "unsupported_capability", "this is a base model without a chat template", "", {}});
  Result<std::string> prompt = std::string();
  if (!checks.problems) {
    prompt = promptText(*service.served.manifest, conversation);
    if (!prompt)
      checks.problems.add(Check::Values, {400, "invalid_value", prompt.status().message(), "messages", {}});
  }
  if (checks.problems)
    return service.refuse(*exchange, Family::Ollama, checks.problems.problem());
  service.send(*exchange, {{"prompt", *prompt}}, &checks);
}

static void props(Service &service, std::shared_ptr<Exchange> exchange) {
  service.send(*exchange, {{"default_generation_settings", {{"n_ctx", service.options.contextTokens}}},
                           {"total_slots", service.scheduler.slots()},
                           {"modalities", {{"vision", false}, {"audio", false}}},
                           {"build_info", service.served.manifest->compilerVersion}});
}

static void slots(Service &service, std::shared_ptr<Exchange> exchange) {
  Value list = Value::array();
  for (int64_t index = 0; index < service.scheduler.slots(); ++index)
    list.push_back(
        {{"id", index}, {"is_processing", index < service.scheduler.busy()}, {"n_ctx", service.options.contextTokens}});
  service.send(*exchange, list);
}

std::vector<Route> operationRoutes() {
  return {{"GET", "/health", Family::Ollama, health, true},
          {"GET", "/metrics", Family::Ollama, metrics},
          {"GET", "/props", Family::Ollama, props},
          {"GET", "/slots", Family::Ollama, slots},
          {"POST", "/apply-template", Family::Ollama, applyTemplate},
          {"POST", "/tokenize", Family::Ollama, tokenize},
          {"POST", "/detokenize", Family::Ollama, detokenize}};
}

} // namespace gemmart::server
