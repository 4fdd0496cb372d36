// What the handlers of all APIs share: the model, the queue, the names, and how answers and errors are sent.
#ifndef RUNTIME_SERVER_SERVICE_H
#define RUNTIME_SERVER_SERVICE_H

#include "runtime/grammar/Grammar.h"
#include "runtime/model/Manifest.h"
#include "runtime/server/Conversation.h"
#include "runtime/server/Fields.h"
#include "runtime/server/Generation.h"
#include "runtime/server/Models.h"

namespace gemmart::server {

/// The model that is served. All of it outlives the service.
struct Served {
  const GmModel *model = nullptr;
  const Manifest *manifest = nullptr;
  const Tokenizer *tokenizer = nullptr;
  int64_t contextTokens = 0, fileBytes = 0;
  std::string digest;   ///< 64 hexadecimal digits
  std::string level;    ///< the instruction-set level that runs
  std::string modified; ///< of the file, RFC 3339
  bool thinks() const { return isChat() && tokenizer->find("<|channel>") >= 0; }
  bool knowsTools() const { return isChat() && tokenizer->find("<|tool_call>") >= 0; }
  bool isChat() const { return !manifest->chatTemplate.empty(); }
};

enum class Thinking { Auto, On, Off };

struct ServiceOptions {
  int64_t contextTokens = 0; ///< default of num_ctx
  int64_t maxBody = 64 << 20;
  double keepAlive = 300;
  bool strict = false;
  Thinking thinking = Thinking::Auto;
  std::string token;                ///< empty: none is needed
  std::vector<std::string> origins; ///< allowed beside the local ones, `*` stands for anything
  bool checkHost = true;            ///< of a server on the loopback address
  bool debug = false, logRequests = false;
  std::vector<std::string> hostNames; ///< own names
};

class Service {
public:
  Service(const Served &served, const ServiceOptions &options, Scheduler &scheduler, Metrics &metrics, Models &models)
      : served(served), options(options), scheduler(scheduler), metrics(metrics), models(models),
        grammars(*served.tokenizer, served.manifest->stopIds) {}

  // --- for HttpHandlers
  std::optional<HttpAnswer> gate(const HttpRequest &request, int64_t &bodyLimit);
  void handle(std::shared_ptr<Exchange> exchange);
  HttpAnswer error(const std::string &path, const std::string &id, int status, const char *reason);
  void log(const HttpRequest &request, int status);

  // --- for the routes
  /// Headers of every answer; `checks` may be null.
  Headers headers(const HttpRequest &request, const std::string &type, const Checks *checks = nullptr) const;
  HttpAnswer refusal(const HttpRequest &request, Family family, const Problem &problem) const;
  void refuse(Exchange &exchange, Family family, const Problem &problem);
  void send(Exchange &exchange, const Value &value, const Checks *checks = nullptr, int status = 200);

  /// A task with the model's defaults, and the overlay's.
  Task newTask(const Overlay &overlay, Checks &checks);
  /// Reads Ollama's options into a task.
  void readOptions(Fields &fields, Task &task);
  /// Submits, and refuses if that fails.
  void run(Task task, std::shared_ptr<Exchange> exchange, Family family, std::shared_ptr<Listener> listener);
  /// Reads "keep_alive" and obeys it; nothing given: the default.
  std::optional<double> readKeepAlive(Fields &fields);
  /// The answer's text must match a grammar, after a thought where the model thinks.
  void constrain(const GrammarSource &source, const std::string &param, bool thinking, Task &task, Checks &checks);
  /// Calls must be calls of these tools ({"function": {...}} each), with arguments that their parameters allow. A
  /// schema that cannot be enforced is refused where the tool is strict; else `checks` says that it is ignored.
  void constrainCalls(const Value &tools, bool mustCall, bool thinking, Task &task, Checks &checks);
  /// Problems of a prompt's length go into `checks`.
  void checkLength(size_t promptTokens, const Task &task, Checks &checks) const;

  const Served &served;
  const ServiceOptions options;
  Scheduler &scheduler;
  Metrics &metrics;
  Models &models;
  GrammarCache grammars;
  std::function<int64_t()> connections; ///< open now; may be empty
  double startTime = double(time(nullptr));
};

/// One route. `path` may end in "*": the rest is read by the handler.
struct Route {
  const char *methods; ///< "GET" stands for HEAD, too; separated by spaces
  const char *path;
  Family family;
  void (*handler)(Service &service, std::shared_ptr<Exchange> exchange);
  bool open = false; ///< needs no token
  int64_t bodyLimit = 0;
};

std::vector<Route> ollamaRoutes();
std::vector<Route> ollamaModelRoutes();
std::vector<Route> openAiRoutes();
std::vector<Route> responsesRoutes();
std::vector<Route> anthropicRoutes();
std::vector<Route> operationRoutes();
std::vector<Route> pageRoutes();

/// Parses the body of a request; refuses and returns false if it is not usable.
bool readBody(Service &service, Exchange &exchange, Family family, Value &body);

/// What the listeners of all families do the same way.
class Reply : public Listener {
public:
  Reply(Service &service, std::shared_ptr<Exchange> exchange, Family family, Checks checks, bool stream,
        const char *streamType)
      : service(service), exchange(std::move(exchange)), family(family), checks(std::move(checks)), stream(stream),
        streamType(streamType) {}
  void delta(size_t, const Delta &) override {}
  void finished(size_t, const Answer &) override {}
  void failed(const Problem &problem) override;
  void sendNothing(bool probe) override;

protected:
  /// Sends the status line of a stream, once.
  void open();
  /// Sends a whole answer.
  void whole(const Value &value);
  /// An error in the middle of a stream; ends it.
  virtual void streamError(const Problem &problem) = 0;
  /// What a stream may hold without meaning.
  virtual std::string nothing(bool probe) { return probe ? " " : ""; }
  /// Lines of "data: VALUE", with an event's name if there is one.
  void event(const Value &value, const char *name = nullptr);

  Service &service;
  std::shared_ptr<Exchange> exchange;
  const Family family;
  const Checks checks;
  const bool stream;
  const char *streamType;
};

/// "call_" and so many random letters and digits.
std::string randomId(const char *prefix, int length);

/// Seconds of a Go duration ("1h30m", "-1s"), or of a plain number; nothing if it is neither.
std::optional<double> durationSeconds(std::string_view text);

} // namespace gemmart::server
#endif
