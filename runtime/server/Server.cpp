// From the first connection to the last answer, see Server.h.
#include "runtime/server/Server.h"

#include "runtime/base/Text.h"

#include <unistd.h>

namespace gemmart::server {

constexpr double kDrainSeconds = 30;

static ServiceOptions serviceOptions(const Settings &settings, const Served &served) {
  ServiceOptions options;
  options.contextTokens =
      settings.contextTokens > 0 ? std::min(settings.contextTokens, served.contextTokens) : served.contextTokens;
  options.maxBody = settings.maxBody;
  options.keepAlive = settings.keepAlive;
  options.strict = settings.strict;
  options.thinking = settings.thinking;
  options.token = settings.token;
  options.origins = settings.origins;
  options.checkHost = isLoopback(settings.host);
  options.debug = settings.debug;
  options.logRequests = settings.logRequests;
  char name[256] = "";
  if (gethostname(name, sizeof name - 1) == 0 && name[0])
    options.hostNames.push_back(name);
  return options;
}

static void say(const char *level, const std::string &message) {
  fprintf(stderr, "time=%s level=%s msg=\"%s\"\n", timeText().c_str(), level, message.c_str());
}

/// Leaves as soon as the last answer is out.
static void stopWhenDone(HttpServer &http, Scheduler &scheduler) {
  http.later(0.02, [&] {
    if (http.active() == 0)
      scheduler.stop();
    else
      stopWhenDone(http, scheduler);
  });
}

/// What a signal does: the first one lets requests end, the second ends everything.
static void onSignal(int count, HttpServer &http, Scheduler &scheduler) {
  if (count > 1)
    _exit(130);
  say("info", "leaving: no new requests; those that run have 30 s");
  scheduler.drain();
  http.drain();
  http.later(kDrainSeconds, [&scheduler] { scheduler.stop(); });
  stopWhenDone(http, scheduler);
}

Status serve(const Settings &settings, Served served, std::unique_ptr<Engine> engine,
             const std::vector<std::string> &names) {
  Metrics metrics;
  Scheduler scheduler(*engine, settings.maxQueue);
  Models models(names, Overlay(), settings.store, settings.anyModel);
  for (const std::string &warning : settings.warnings)
    say("warn", warning);
  if (settings.parallel > engine->slots())
    say("warn", format("this build decodes %lld sequence at a time; others wait", (long long)engine->slots()));
  for (const std::string &file : models.load())
    say("warn", file + " is no overlay; it is passed over");
  Service service(served, serviceOptions(settings, served), scheduler, metrics, models);
  HttpOptions options;
  options.address = settings.host;
  options.port = settings.port;
  options.maxBody = settings.maxBody;
  HttpHandlers handlers;
  handlers.gate = [&](const HttpRequest &request, int64_t &limit) { return service.gate(request, limit); };
  handlers.handle = [&](std::shared_ptr<Exchange> exchange) { service.handle(std::move(exchange)); };
  handlers.error = [&](const std::string &path, const std::string &id, int status, const char *reason) {
    return service.error(path, id, status, reason);
  };
  handlers.log = [&](const HttpRequest &request, int status) { service.log(request, status); };
  Result<std::unique_ptr<HttpServer>> http = HttpServer::open(options, std::move(handlers));
  if (!http)
    return http.status();
  service.connections = [&] { return (*http)->connections(); };
  scheduler.keepAlive(settings.keepAlive);
  (*http)->start([&](int count) { onSignal(count, **http, scheduler); });
  bool v6 = settings.host.find(':') != std::string::npos;
  printf("listening on http://%s%s%s:%d\n", v6 ? "[" : "", settings.host.c_str(), v6 ? "]" : "", (*http)->port());
  fflush(stdout);
  scheduler.run();
  (*http)->stop();
  say("info", "left");
  return {};
}

} // namespace gemmart::server
