// The server as a whole: its settings, and the threads between start and the last answer.
#ifndef RUNTIME_SERVER_SERVER_H
#define RUNTIME_SERVER_SERVER_H

#include "runtime/server/Service.h"

namespace gemmart::server {

/// Settings from the command line over those from the environment over the defaults.
struct Settings {
  std::string host = "127.0.0.1"; ///< numeric
  int port = 11434;
  int64_t parallel = 0, maxQueue = 512, maxBody = 64 << 20;
  double keepAlive = 300;
  int64_t contextTokens = 0; ///< 0: the model's
  std::vector<std::string> origins;
  std::string token, store; ///< an empty store keeps overlays in memory
  bool anyModel = false, strict = false, insecure = false, debug = false, logRequests = false;
  Thinking thinking = Thinking::Auto;
  std::vector<std::string> warnings; ///< to be logged at the start
};

/// Reads OLLAMA_* and GEMMAC_TOKEN out of an environment ("NAME=value", ends with null).
Status readEnvironment(const char *const *environment, Settings &settings);
/// "host", "host:port", ":port", "[v6]:port" or "http://host:port" into host and port.
Status readHost(std::string_view text, Settings &settings);
/// Names that are no addresses: "localhost" becomes one, others are refused, as nothing is looked up here.
Status checkAddress(Settings &settings);
bool isLoopback(const std::string &address);
/// A token from a file: without the line end, 16 bytes or more.
Result<std::string> readToken(const std::string &path);

/// Serves until a signal ends it. Runs the engine on the calling thread.
Status serve(const Settings &settings, Served served, std::unique_ptr<Engine> engine,
             const std::vector<std::string> &names);

} // namespace gemmart::server
#endif
