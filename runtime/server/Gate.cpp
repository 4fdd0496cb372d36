// What is decided before a route runs: hosts, origins, tokens, routes; and the log. See Service.h.
#include "runtime/server/Service.h"

#include "runtime/base/Clock.h"
#include "runtime/base/Text.h"

#include <algorithm>

namespace gemmart::server {

static const std::vector<Route> &routes() {
  static const std::vector<Route> all = [] {
    std::vector<Route> list;
    for (std::vector<Route> part : {ollamaRoutes(), ollamaModelRoutes(), openAiRoutes(), responsesRoutes(),
                                    anthropicRoutes(), operationRoutes(), pageRoutes()})
      list.insert(list.end(), part.begin(), part.end());
    return list;
  }();
  return all;
}

static Family familyOf(std::string_view path) {
  if (path.starts_with("/v1/messages"))
    return Family::Anthropic;
  return path.starts_with("/v1/") || path == "/v1" ? Family::OpenAi : Family::Ollama;
}

static bool allows(const Route &route, std::string_view method) {
  if (method == "HEAD")
    method = "GET";
  std::string words = std::string(" ") + route.methods + " ";
  return words.find(" " + std::string(method) + " ") != std::string::npos;
}

static bool matches(const Route &route, std::string_view path) {
  std::string_view pattern = route.path;
  if (pattern.ends_with('*'))
    return path.starts_with(pattern.substr(0, pattern.size() - 1)) && path.size() >= pattern.size();
  return path == pattern;
}

static const Route *findRoute(std::string_view path, std::string_view method) {
  for (const Route &route : routes())
    if (matches(route, path) && allows(route, method))
      return &route;
  return nullptr;
}

/// The methods of a path, for the Allow header; empty for an unknown path.
static std::string allowedMethods(std::string_view path) {
  std::string list;
  for (const Route &route : routes())
    if (matches(route, path)) {
      std::string methods = route.methods;
      for (size_t space; (space = methods.find(' ')) != std::string::npos;)
        methods.replace(space, 1, ",");
      list += (list.empty() ? "" : ",") + methods;
      if (methods.find("GET") != std::string::npos)
        list += ",HEAD";
    }
  return list.empty() ? list : list + ",OPTIONS";
}

/// Whether a text is like a pattern, in which `*` stands for anything. Linear but for the stars.
static bool isLike(std::string_view text, std::string_view pattern) {
  size_t at = 0, star = std::string_view::npos, mark = 0, p = 0;
  while (at < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      mark = at;
    } else if (p < pattern.size() && pattern[p] == text[at]) {
      ++p;
      ++at;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      at = ++mark;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*')
    ++p;
  return p == pattern.size();
}

static bool isAllowedOrigin(const ServiceOptions &options, const std::string &origin) {
  for (std::string_view scheme : {"http://", "https://"})
    for (std::string_view host : {"localhost", "127.0.0.1", "0.0.0.0", "[::1]"}) {
      std::string base = std::string(scheme) + std::string(host);
      if (origin == base)
        return true;
      std::string_view rest = origin;
      if (rest.starts_with(base + ":")) {
        rest.remove_prefix(base.size() + 1);
        if (!rest.empty() && rest.find_first_not_of("0123456789") == std::string_view::npos)
          return true;
      }
    }
  for (std::string_view scheme : {"app://", "file://", "tauri://", "vscode-webview://", "vscode-file://",
                                  "chrome-extension://", "moz-extension://", "safari-web-extension://"})
    if (origin.starts_with(scheme))
      return true;
  return std::any_of(options.origins.begin(), options.origins.end(),
                     [&](const std::string &pattern) { return isLike(origin, pattern); });
}

/// The host without its port and brackets, in lower case.
static std::string hostName(std::string host) {
  if (host.starts_with('[')) {
    host = host.substr(1, std::min(host.find(']'), host.size()) - 1);
  } else if (size_t colon = host.rfind(':'); colon != std::string::npos) {
    host.resize(colon);
  }
  for (char &c : host)
    if (c >= 'A' && c <= 'Z')
      c = char(c - 'A' + 'a');
  return host;
}

/// Loopback, private and unspecified addresses, as numbers.
static bool isPrivateAddress(const std::string &host) {
  int parts[4], end = 0;
  if (sscanf(host.c_str(), "%3d.%3d.%3d.%3d%n", parts, parts + 1, parts + 2, parts + 3, &end) == 4 &&
      size_t(end) == host.size()) {
    for (int part : parts)
      if (part < 0 || part > 255)
        return false;
    return parts[0] == 127 || parts[0] == 10 || (parts[0] == 192 && parts[1] == 168) ||
           (parts[0] == 172 && parts[1] >= 16 && parts[1] < 32) || (parts[0] == 169 && parts[1] == 254) ||
           host == "0.0.0.0";
  }
  if (host.find(':') == std::string::npos)
    return false;
  return host == "::1" || host == "::" || host.starts_with("fe80:") || host.starts_with("fc") || host.starts_with("fd");
}

static bool isAllowedHost(const ServiceOptions &options, const std::string &header) {
  std::string host = hostName(header);
  if (host == "localhost" || isPrivateAddress(host) ||
      std::find(options.hostNames.begin(), options.hostNames.end(), host) != options.hostNames.end())
    return true;
  for (std::string_view suffix : {".localhost", ".local", ".internal"})
    if (host.ends_with(suffix))
      return true;
  return host.empty(); // HTTP/1.0 has none
}

/// Takes as long for a wrong token as for the right one.
static bool sameSecret(std::string_view given, std::string_view secret) {
  unsigned difference = given.size() != secret.size();
  for (size_t index = 0; index < secret.size(); ++index)
    difference |= unsigned(uint8_t(index < given.size() ? given[index] : 0) ^ uint8_t(secret[index]));
  return difference == 0;
}

static bool isAuthorized(const ServiceOptions &options, const HttpRequest &request) {
  constexpr std::string_view bearer = "Bearer ";
  if (options.token.empty())
    return true;
  const std::string *header = request.head.find("authorization"), *key = request.head.find("x-api-key");
  if (header && header->starts_with(bearer) &&
      sameSecret(std::string_view(*header).substr(bearer.size()), options.token))
    return true;
  return key && sameSecret(*key, options.token);
}

Headers Service::headers(const HttpRequest &request, const std::string &type, const Checks *checks) const {
  Headers list = {{"Content-Type", type},
                  {"X-Request-Id", request.id},
                  {"Cache-Control", "no-store"},
                  {"X-Content-Type-Options", "nosniff"}};
  if (familyOf(request.path) == Family::Anthropic)
    list.emplace_back("request-id", "req_" + request.id);
  if (const std::string *origin = request.head.find("origin"); origin && isAllowedOrigin(options, *origin)) {
    list.emplace_back("Access-Control-Allow-Origin", *origin);
    list.emplace_back("Vary", "Origin");
  }
  std::string ignored;
  constexpr size_t mostNames = 20, longestName = 100;
  if (checks)
    for (size_t index = 0; index < checks->ignored.size() && index < mostNames; ++index) {
      std::string name = checks->ignored[index].substr(0, longestName);
      std::erase_if(name, [](char c) { return c < 0x21 || c > 0x7E || c == ','; });
      ignored += (ignored.empty() ? "" : ", ") + name;
    }
  if (!ignored.empty())
    list.emplace_back("X-Gemmac-Ignored", ignored);
  return list;
}

static HttpAnswer preflight(const Service &service, const HttpRequest &request) {
  HttpAnswer answer{204, service.headers(request, "text/plain"), ""};
  std::erase_if(answer.headers, [](const auto &header) { return header.first == "Content-Type"; });
  if (request.head.find("origin")) {
    answer.headers.emplace_back("Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS");
    answer.headers.emplace_back(
        "Access-Control-Allow-Headers",
        "Authorization, Content-Type, User-Agent, Accept, X-Requested-With, OpenAI-Beta, x-api-key, anthropic-version, "
        "anthropic-beta, x-stainless-arch, x-stainless-async, x-stainless-custom-poll-interval, "
        "x-stainless-helper-method, x-stainless-lang, x-stainless-os, x-stainless-package-version, "
        "x-stainless-poll-helper, x-stainless-retry-count, x-stainless-runtime, x-stainless-runtime-version, "
        "x-stainless-timeout");
    answer.headers.emplace_back("Access-Control-Max-Age", "43200");
  } else {
    answer.headers.emplace_back("Allow", allowedMethods(request.path));
  }
  return answer;
}

std::optional<HttpAnswer> Service::gate(const HttpRequest &request, int64_t &bodyLimit) {
  const std::string *host = request.head.find("host"), *origin = request.head.find("origin");
  const std::string &method = request.head.method;
  Family family = familyOf(request.path);
  auto refuse = [&](int status, const char *code, std::string message) {
    metrics.countRejected(code);
    return refusal(request, family, {status, code, std::move(message), "", {}});
  };
  if (options.checkHost && host && !isAllowedHost(options, *host)) {
    HttpAnswer answer{403, headers(request, "text/plain"), ""};
    metrics.countRejected("host");
    return answer;
  }
  if (origin && !isAllowedOrigin(options, *origin))
    return refuse(403, "forbidden", "this origin is not allowed; OLLAMA_ORIGINS lists more");
  if (method == "OPTIONS")
    return preflight(*this, request);
  constexpr std::string_view known[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"};
  if (std::find(std::begin(known), std::end(known), method) == std::end(known))
    return refuse(method == "TRACE" || method == "CONNECT" ? 405 : 501,
                  method == "TRACE" || method == "CONNECT" ? "method_not_allowed" : "not_supported",
                  "unknown method " + method.substr(0, 40));
  const Route *route = findRoute(request.path, method);
  if (!(route && route->open) && !isAuthorized(options, request))
    return refuse(401, "invalid_api_key", "a token is needed: Authorization: Bearer TOKEN, or x-api-key");
  if (!route) {
    std::string allowed = allowedMethods(request.path);
    if (allowed.empty())
      return refuse(404, "unknown_path", "unknown path " + request.path.substr(0, 200));
    HttpAnswer answer = refuse(405, "method_not_allowed", "this path takes " + allowed);
    answer.headers.emplace_back("Allow", allowed);
    return answer;
  }
  if (const std::string *coding = request.head.find("content-encoding"); coding && *coding != "identity")
    return refuse(415, "unsupported_media_type", "bodies must not be compressed");
  // curl calls any -d a form: only what cannot be JSON is turned away.
  if (const std::string *type = request.head.find("content-type"); type && type->starts_with("multipart/"))
    return refuse(415, "unsupported_media_type", "this path takes JSON");
  if (route->bodyLimit > 0)
    bodyLimit = std::min(bodyLimit, route->bodyLimit);
  return {};
}

void Service::handle(std::shared_ptr<Exchange> exchange) {
  const Route *route = findRoute(exchange->request.path, exchange->request.head.method);
  route->handler(*this, exchange); // gate() found it
}

HttpAnswer Service::error(const std::string &path, const std::string &id, int status, const char *reason) {
  HttpRequest request;
  request.path = path;
  request.id = id;
  static const std::pair<int, const char *> codes[] = {{408, "timeout"},
                                                       {413, "body_too_large"},
                                                       {414, "uri_too_long"},
                                                       {431, "headers_too_large"},
                                                       {503, "too_many_bodies"}};
  const char *code = "bad_request";
  for (auto [known, name] : codes)
    if (known == status)
      code = name;
  metrics.countRejected(code);
  return refusal(request, familyOf(path), {status, code, reason, "", {}});
}

void Service::log(const HttpRequest &request, int status) {
  const Route *route = findRoute(request.path, request.head.method);
  double seconds = request.received > 0 ? secondsNow() - request.received : 0;
  metrics.countRequest(route ? route->path : "other", status);
  metrics.request.add(seconds);
  // The path comes from a client: only a known one is printed.
  fprintf(stderr, "time=%s level=info id=%s method=%s path=%s status=%d ms=%.1f\n", timeText().c_str(),
          request.id.c_str(), route ? request.head.method.c_str() : "-", route ? route->path : "-", status,
          seconds * 1e3);
  if (options.logRequests && !request.body.empty())
    fprintf(stderr, "time=%s level=debug id=%s body=%s\n", timeText().c_str(), request.id.c_str(),
            dump(Value(request.body)).c_str());
}

} // namespace gemmart::server
