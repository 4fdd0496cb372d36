// HTTP/1.1 on Boost.Beast: connections, limits, time-outs. Knows nothing of models.
#ifndef RUNTIME_SERVER_HTTP_H
#define RUNTIME_SERVER_HTTP_H

#include "runtime/base/Status.h"
#include "runtime/server/Head.h"

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace gemmart::server {

using Headers = std::vector<std::pair<std::string, std::string>>;

/// One request, complete.
struct HttpRequest {
  Head head;
  std::string id;          ///< new for each request
  std::string path, query; ///< the path decoded
  std::string body;
  double received = 0; ///< secondsNow() when the head was there
};

/// A whole answer.
struct HttpAnswer {
  int status = 200;
  Headers headers;
  std::string body;
};

/// One request and its answer, whole or in pieces. Any thread may answer; the connection may be gone at any time, then
/// everything here does nothing.
class Exchange {
public:
  explicit Exchange(HttpRequest request) : request(std::move(request)) {}
  const HttpRequest request;

  void answer(HttpAnswer answer);
  /// Status line and headers of an answer in pieces; nothing is sent before.
  void begin(int status, const Headers &headers);
  void write(std::string_view data);
  void end();

  bool begun() const { return hasBegun.load(); }
  bool gone() const { return isGone.load(); }
  int status() const { return sentStatus.load(); }
  int64_t bytesWritten() const { return written.load(); }

  /// Set before the handler returns; called on the connection's thread. `gone`: nobody will read the answer.
  /// `halfClosed`: the client sends no more, and may be gone or not. `silence`: nothing was written for 15 s.
  struct Watch {
    std::function<void()> gone, halfClosed, silence;
  };
  void watch(Watch watch);

private:
  friend class Connection;
  void put(std::string_view data);
  void setGone();
  void setHalfClosed();
  void forgetWatch();
  std::mutex mutex;
  std::string out; ///< to be sent
  bool ended = false, aborted = false, chunked = true, over = false, halfClosed = false;
  bool isHead = false, keepAlive = true;
  std::atomic<bool> hasBegun{false}, isGone{false};
  std::atomic<int> sentStatus{0};
  std::atomic<int64_t> written{0};
  std::function<void()> wake; ///< tells the connection that there is something to do
  Watch callbacks;
};

struct HttpOptions {
  std::string address = "127.0.0.1"; ///< numeric
  int port = 0;
  int64_t maxBody = 64 << 20;
  int64_t maxConnections = 10000;
};

/// What the layer above decides.
struct HttpHandlers {
  /// With the head only, before the body is read: an answer, or nothing to go on. May lower the limit of the body.
  std::function<std::optional<HttpAnswer>(const HttpRequest &request, int64_t &bodyLimit)> gate;
  /// With all of the request, on a worker thread.
  std::function<void(std::shared_ptr<Exchange> exchange)> handle;
  /// The body of an error that this layer found.
  std::function<HttpAnswer(const std::string &path, const std::string &id, int status, const char *reason)> error;
  std::function<void(const HttpRequest &request, int status)> log;
};

class HttpServer {
public:
  /// Binds and listens; an error names the address.
  static Result<std::unique_ptr<HttpServer>> open(const HttpOptions &options, HttpHandlers handlers);
  virtual ~HttpServer() = default;
  virtual int port() const = 0;
  /// Serves on a thread of its own, and on two for the handlers. `onSignal` is called for each SIGINT and SIGTERM.
  virtual void start(std::function<void(int count)> onSignal) = 0;
  /// Takes no more connections; closes those that are idle, and the others after their answer.
  virtual void drain() = 0;
  /// Calls `work` on the connections' thread after so many seconds.
  virtual void later(double seconds, std::function<void()> work) = 0;
  /// Ends the threads.
  virtual void stop() = 0;
  virtual int64_t connections() const = 0;
  /// Exchanges that are not yet answered.
  virtual int64_t active() const = 0;
};

/// "OK", "Not Found"
const char *reasonPhrase(int status);
/// Status line and headers, without the empty line.
std::string headText(int status, const Headers &headers);

} // namespace gemmart::server
#endif
