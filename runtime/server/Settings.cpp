// The environment, as Ollama reads it; see Server.h.
#include "runtime/base/Args.h"
#include "runtime/base/File.h"
#include "runtime/base/Text.h"
#include "runtime/server/Server.h"

#include <algorithm>

namespace gemmart::server {

bool isLoopback(const std::string &address) {
  return address.starts_with("127.") || address == "::1";
}

Status readHost(std::string_view text, Settings &settings) {
  while (!text.empty() && (text.back() == '/' || text.back() == ' '))
    text.remove_suffix(1);
  if (text.starts_with("https://"))
    return usageError("OLLAMA_HOST or --host says https: there is no TLS here; put a proxy in front");
  if (text.starts_with("http://")) {
    text.remove_prefix(7);
    settings.port = 80;
  }
  std::string_view host = text, port;
  if (text.starts_with('[')) {
    size_t close = std::min(text.find(']'), text.size());
    host = text.substr(1, close - 1);
    if (text.substr(std::min(close + 1, text.size())).starts_with(':'))
      port = text.substr(close + 2);
  } else if (std::count(text.begin(), text.end(), ':') == 1) {
    size_t colon = text.find(':');
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
  }
  if (!host.empty())
    settings.host = host;
  int64_t number;
  if (!port.empty() && parseInteger(port, 0, 65535, number)) {
    settings.port = int(number);
  } else if (!port.empty()) {
    settings.port = 11434;
    settings.warnings.push_back("the port '" + std::string(port.substr(0, 40)) + "' is none; 11434 is used");
  }
  return {};
}

Status checkAddress(Settings &settings) {
  if (settings.host == "localhost")
    settings.host = "127.0.0.1";
  bool numeric = settings.host.find_first_not_of("0123456789.") == std::string::npos ||
                 settings.host.find(':') != std::string::npos;
  if (!numeric)
    return usageError("--host is '" + settings.host +
                      "'; it must be a numeric address, as names are not looked up here");
  if (!isLoopback(settings.host) && settings.token.empty() && !settings.insecure)
    return usageError("others can reach " + settings.host +
                      ": give a token with GEMMAC_TOKEN or --token-file, or say --insecure-no-token");
  return {};
}

Result<std::string> readToken(const std::string &path) {
  constexpr size_t kLongest = 4096;
  Result<std::string> token = readText(path, kLongest);
  if (!token)
    return token;
  while (!token->empty() && (token->back() == '\n' || token->back() == '\r'))
    token->pop_back();
  return token;
}

static std::vector<std::string> splitList(std::string_view text) {
  std::vector<std::string> list;
  for (size_t at = 0; at < text.size();) {
    size_t comma = std::min(text.find(',', at), text.size());
    if (comma > at)
      list.emplace_back(text.substr(at, comma - at));
    at = comma + 1;
  }
  return list;
}

Status readEnvironment(const char *const *environment, Settings &settings) {
  std::string ignored, home;
  bool storeGiven = false;
  auto integer = [&](std::string_view name, std::string_view value, int64_t low, int64_t &out) {
    int64_t number;
    if (parseInteger(value, low, INT64_MAX, number))
      out = number;
    else
      settings.warnings.push_back(std::string(name) + " is no number of at least " + std::to_string(low) +
                                  "; the default is used");
  };
  for (; *environment; ++environment) {
    std::string_view entry = *environment, name = entry.substr(0, entry.find('=')),
                     value = entry.substr(std::min(name.size() + 1, entry.size()));
    if (name == "HOME")
      home = home.empty() ? std::string(value) + "/.local/share" : home;
    else if (name == "XDG_DATA_HOME" && !value.empty())
      home = value;
    if (value.empty())
      continue;
    if (name == "OLLAMA_HOST") {
      if (Status status = readHost(value, settings); !status)
        return status;
    } else if (name == "OLLAMA_ORIGINS") {
      settings.origins = splitList(value);
    } else if (name == "OLLAMA_KEEP_ALIVE") {
      if (std::optional<double> seconds = durationSeconds(value))
        settings.keepAlive = *seconds;
      else
        settings.warnings.push_back("OLLAMA_KEEP_ALIVE is no duration; 5m is used");
    } else if (name == "OLLAMA_NUM_PARALLEL") {
      integer(name, value, 0, settings.parallel);
    } else if (name == "OLLAMA_MAX_QUEUE") {
      integer(name, value, 0, settings.maxQueue);
    } else if (name == "OLLAMA_CONTEXT_LENGTH") {
      integer(name, value, 0, settings.contextTokens);
    } else if (name == "OLLAMA_MODELS") {
      settings.store = value;
      storeGiven = true;
    } else if (name == "OLLAMA_DEBUG") {
      settings.debug = value != "0" && value != "false";
    } else if (name == "OLLAMA_DEBUG_LOG_REQUESTS") {
      settings.logRequests = value == "1" || value == "true";
    } else if (name == "GEMMAC_TOKEN") {
      settings.token = value;
    } else if (name.starts_with("OLLAMA_")) {
      ignored += (ignored.empty() ? "" : ", ") + std::string(name);
    }
  }
  if (!storeGiven && !home.empty())
    settings.store = home + "/gemmac/models";
  if (!ignored.empty())
    settings.warnings.push_back("these have no effect here: " + ignored);
  return {};
}

} // namespace gemmart::server
