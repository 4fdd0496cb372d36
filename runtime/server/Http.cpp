// Connections as coroutines on one thread, see Http.h. The only file that sees Boost.
#include "runtime/server/Http.h"

#include "runtime/base/Clock.h"
#include "runtime/base/Text.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <sched.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <thread>

namespace gemmart::server {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using namespace asio::experimental::awaitable_operators;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
constexpr double kHeadSeconds = 10, kBodySeconds = 15, kIdleSeconds = 75, kWriteSeconds = 60, kSilenceSeconds = 15;
constexpr size_t kBodyPace = 1 << 10;               // bytes that must come in kBodySeconds
constexpr size_t kReadAhead = 64 << 10;             // of the next request, while this one is answered
constexpr int64_t kBodyBudget = int64_t(256) << 20; // bytes of all bodies together

namespace {

/// Cancels what a socket waits for when the time is over.
class Deadline {
public:
  explicit Deadline(tcp::socket &socket) : socket(socket), timer(socket.get_executor()) {}
  void set(double seconds) {
    fired = false;
    timer.expires_after(std::chrono::milliseconds(int64_t(seconds * 1000)));
    timer.async_wait([this, turn = ++turns, alive = std::weak_ptr<int>(life)](error_code failure) {
      if (failure || alive.expired() || turn != turns)
        return;
      fired = true;
      error_code ignored;
      socket.cancel(ignored);
    });
  }
  void clear() {
    ++turns;
    timer.cancel();
  }
  bool over() const { return fired; }

private:
  tcp::socket &socket;
  asio::steady_timer timer;
  std::shared_ptr<int> life = std::make_shared<int>(0);
  uint64_t turns = 0;
  bool fired = false;
};

/// All of the server that connections share.
struct Shared {
  HttpOptions options;
  HttpHandlers handlers;
  std::atomic<int64_t> connections{0}, active{0}, bodyBytes{0};
  std::atomic<bool> draining{false};
  asio::io_context io{1};
  asio::thread_pool pool{2};
};

std::string newId() {
  uint64_t random[2];
  if (getrandom(random, sizeof random, 0) != sizeof random)
    random[0] = uint64_t(secondsNow() * 1e9);
  return format("%016llx%08llx", (unsigned long long)random[0], (unsigned long long)(random[1] & 0xFFFFFFFF));
}

/// Gives bytes back to the budget when it ends.
class BodyShare {
public:
  explicit BodyShare(std::atomic<int64_t> &total) : total(total) {}
  ~BodyShare() { total -= mine; }
  BodyShare(const BodyShare &) = delete;
  bool grow(int64_t bytes) {
    int64_t more = bytes - mine;
    mine = bytes;
    return (total += more) <= kBodyBudget;
  }

private:
  std::atomic<int64_t> &total;
  int64_t mine = 0;
};

} // namespace

/// One connection: reads requests, answers them in order.
class Connection : public std::enable_shared_from_this<Connection> {
public:
  Connection(tcp::socket socket, std::shared_ptr<Shared> shared)
      : socket(std::move(socket)), shared(std::move(shared)), deadline(this->socket),
        changed(this->socket.get_executor()) {
    ++this->shared->connections;
  }
  ~Connection() { --shared->connections; }

  asio::awaitable<void> run(bool refused);
  /// Ends a connection that waits for its next request.
  void closeIfIdle() {
    error_code ignored;
    if (idle)
      socket.cancel(ignored);
  }

private:
  using Parser = http::request_parser<http::string_body>;
  asio::awaitable<bool> readHead(HttpRequest &request);
  asio::awaitable<bool> readBody(HttpRequest &request, BodyShare &share, int64_t limit);
  asio::awaitable<void> refuse(const HttpRequest &request, int status, const char *reason);
  asio::awaitable<void> send(std::string text);
  asio::awaitable<void> linger();
  asio::awaitable<bool> serve(HttpRequest request);
  asio::awaitable<void> writeAnswer(std::shared_ptr<Exchange> exchange);
  asio::awaitable<void> watchClient(std::shared_ptr<Exchange> exchange);

  tcp::socket socket;
  std::shared_ptr<Shared> shared;
  Deadline deadline;
  asio::steady_timer changed; ///< cancelled when an exchange has something to send
  boost::beast::flat_buffer buffer;
  std::unique_ptr<Parser> parser;
  bool idle = false;
};

asio::awaitable<void> Connection::send(std::string text) {
  deadline.set(kWriteSeconds);
  co_await asio::async_write(socket, asio::buffer(text), kAwait);
  deadline.clear();
}

/// Lets the client read the answer: closing at once with bytes unread would reset the connection under it.
asio::awaitable<void> Connection::linger() {
  error_code ignored;
  socket.shutdown(tcp::socket::shutdown_send, ignored);
  constexpr size_t most = 8 << 20;
  std::string waste(64 << 10, '\0');
  deadline.set(2);
  for (size_t total = 0; total < most;) {
    auto [failure, count] = co_await socket.async_read_some(asio::buffer(waste), kAwait);
    if (failure)
      break;
    total += count;
  }
  deadline.clear();
}

asio::awaitable<void> Connection::refuse(const HttpRequest &request, int status, const char *reason) {
  HttpAnswer answer = shared->handlers.error(request.path, request.id, status, reason);
  std::string text = headText(answer.status, answer.headers) +
                     format("Content-Length: %zu\r\nConnection: close\r\n\r\n", answer.body.size());
  co_await send(text + (request.head.method == "HEAD" ? "" : answer.body));
  shared->handlers.log(request, answer.status);
  co_await linger();
}

/// False: the connection is over.
asio::awaitable<bool> Connection::readHead(HttpRequest &request) {
  bool started = buffer.size() > 0;
  deadline.set(started ? kHeadSeconds : kIdleSeconds);
  while (true) {
    if (buffer.size() > 0) {
      std::string_view data(static_cast<const char *>(buffer.data().data()), buffer.size());
      HeadScan scan = scanHead(data, request.head);
      if (scan.status) {
        co_await refuse(request, scan.status, scan.reason);
        co_return false;
      }
      if (scan.bytes) {
        deadline.clear();
        co_return true;
      }
    }
    idle = !started;
    if (idle && shared->draining)
      co_return false;
    auto [failure, count] = co_await socket.async_read_some(buffer.prepare(4096), kAwait);
    idle = false;
    if (failure) {
      if (deadline.over() && started)
        co_await refuse(request, 408, "the headers were not complete in 10 s");
      co_return false;
    }
    buffer.commit(count);
    if (!started) {
      started = true;
      deadline.set(kHeadSeconds);
    }
  }
}

asio::awaitable<bool> Connection::readBody(HttpRequest &request, BodyShare &share, int64_t limit) {
  parser = std::make_unique<Parser>();
  parser->header_limit(uint32_t(kLongestHead + kLongestLine));
  parser->body_limit(uint64_t(limit));
  const char *wrong = nullptr;
  auto chunkHeader = [&](uint64_t, boost::beast::string_view extension, error_code &failure) {
    if (extension.size() > 256) {
      wrong = "the extensions of a chunk are longer than 256 bytes";
      failure = http::error::bad_chunk_extension;
    }
  };
  parser->on_chunk_header(chunkHeader);
  bool expects = false;
  if (const std::string *expect = request.head.find("expect")) {
    if (*expect != "100-continue" && *expect != "100-Continue") {
      co_await refuse(request, 417, "the only expectation is 100-continue");
      co_return false;
    }
    expects = request.head.minor == 1;
  }
  if (request.head.contentLength > limit) {
    co_await refuse(request, 413, "the body is longer than this route takes");
    co_return false;
  }
  auto [headFailure, headCount] = co_await http::async_read_header(socket, buffer, *parser, kAwait);
  if (headFailure) {
    co_await refuse(request, 400, "the head makes no sense");
    co_return false;
  }
  if (expects && !parser->is_done())
    co_await send("HTTP/1.1 100 Continue\r\n\r\n");
  size_t before = 0;
  deadline.set(kBodySeconds);
  while (!parser->is_done()) {
    auto [failure, count] = co_await http::async_read_some(socket, buffer, *parser, kAwait);
    const std::string &body = parser->get().body();
    if (failure) {
      bool late = deadline.over();
      int status = late ? 408 : failure == http::error::body_limit ? 413 : 400;
      const char *reason = late            ? "less than 1 KiB of the body came in 15 s"
                           : status == 413 ? "the body is longer than this route takes"
                           : wrong         ? wrong
                                           : "the body is not framed as HTTP wants it";
      bool gone = failure == http::error::end_of_stream || failure == http::error::partial_message ||
                  failure == asio::error::eof || failure == asio::error::connection_reset;
      if (!gone)
        co_await refuse(request, status, reason);
      co_return false;
    }
    if (!share.grow(int64_t(body.capacity()))) {
      co_await refuse(request, 503, "too many large bodies at once");
      co_return false;
    }
    if (body.size() - before >= kBodyPace) {
      before = body.size();
      deadline.set(kBodySeconds);
    }
  }
  deadline.clear();
  request.body = std::move(parser->get().body());
  parser.reset();
  co_return true;
}

/// Sends what the exchange has, until it has ended or the client is gone.
asio::awaitable<void> Connection::writeAnswer(std::shared_ptr<Exchange> exchange) {
  std::string text;
  while (true) {
    bool ended, aborted;
    std::function<void()> silence;
    {
      std::unique_lock lock(exchange->mutex);
      text = std::move(exchange->out);
      exchange->out.clear();
      ended = exchange->ended;
      aborted = exchange->aborted;
      silence = exchange->callbacks.silence;
    }
    if (aborted) {
      exchange->setGone();
      co_return;
    }
    if (!text.empty()) {
      deadline.set(kWriteSeconds);
      auto [failure, count] = co_await asio::async_write(socket, asio::buffer(text), kAwait);
      deadline.clear();
      if (failure) {
        exchange->setGone();
        co_return;
      }
      continue;
    }
    if (ended)
      co_return;
    changed.expires_after(std::chrono::milliseconds(int64_t(kSilenceSeconds * 1000)));
    {
      std::unique_lock lock(exchange->mutex); // nothing may come between the look and the wait
      if (!exchange->out.empty() || exchange->ended)
        continue;
    }
    auto [failure] = co_await changed.async_wait(kAwait);
    if (!failure && silence)
      silence();
  }
}

/// Reads ahead while the answer is made, so that the end of the client is seen.
asio::awaitable<void> Connection::watchClient(std::shared_ptr<Exchange> exchange) {
  while (buffer.size() < kReadAhead) {
    auto [failure, count] = co_await socket.async_read_some(buffer.prepare(4096), kAwait);
    if (failure == asio::error::operation_aborted)
      co_return;
    if (failure == asio::error::eof) {
      exchange->setHalfClosed();
      break;
    }
    if (failure) {
      exchange->setGone();
      co_return;
    }
    buffer.commit(count);
  }
  auto [failure] = co_await socket.async_wait(tcp::socket::wait_error, kAwait);
  if (!failure)
    exchange->setGone();
}

asio::awaitable<bool> Connection::serve(HttpRequest request) {
  auto exchange = std::make_shared<Exchange>(std::move(request));
  exchange->keepAlive = exchange->request.head.keepAlive && !shared->draining;
  exchange->isHead = exchange->request.head.method == "HEAD";
  exchange->wake = [weak = weak_from_this()] {
    if (std::shared_ptr<Connection> self = weak.lock())
      asio::post(self->socket.get_executor(), [self] { self->changed.cancel(); });
  };
  ++shared->active;
  asio::post(shared->pool, [exchange, shared = shared] { shared->handlers.handle(exchange); });
  co_await (writeAnswer(exchange) || watchClient(exchange));
  --shared->active;
  exchange->forgetWatch();
  shared->handlers.log(exchange->request, exchange->gone() ? 499 : exchange->status());
  co_return exchange->keepAlive && !exchange->gone() && !shared->draining;
}

asio::awaitable<void> Connection::run(bool refused) {
  auto self = shared_from_this();
  error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  if (refused) {
    co_await send(
        "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    co_return;
  }
  while (true) {
    HttpRequest request;
    request.id = newId();
    if (!co_await readHead(request))
      break;
    request.received = secondsNow();
    if (!splitTarget(request.head.target, request.path, request.query)) {
      co_await refuse(request, 400, "the path makes no sense");
      break;
    }
    int64_t limit = shared->options.maxBody;
    bool hasBody = request.head.chunked || request.head.contentLength > 0;
    if (std::optional<HttpAnswer> early = shared->handlers.gate(request, limit)) {
      bool stays = request.head.keepAlive && !hasBody;
      std::string text = headText(early->status, early->headers);
      if (early->status != 204)
        text += format("Content-Length: %zu\r\n", early->body.size());
      text += stays ? "\r\n" : "Connection: close\r\n\r\n";
      co_await send(text + (request.head.method == "HEAD" ? "" : early->body));
      shared->handlers.log(request, early->status);
      if (!stays) {
        co_await linger();
        break;
      }
      Head next; // the head was only looked at until now
      std::string_view data(static_cast<const char *>(buffer.data().data()), buffer.size());
      buffer.consume(scanHead(data, next).bytes);
      continue;
    }
    BodyShare share(shared->bodyBytes);
    if (!co_await readBody(request, share, limit))
      break;
    if (!co_await serve(std::move(request)))
      break;
  }
  socket.shutdown(tcp::socket::shutdown_both, ignored);
  socket.close(ignored);
}

namespace {

class BeastServer : public HttpServer {
public:
  BeastServer(const HttpOptions &options, HttpHandlers handlers)
      : shared(std::make_shared<Shared>()), signals(shared->io), acceptor(shared->io) {
    shared->options = options;
    shared->handlers = std::move(handlers);
  }
  ~BeastServer() override { stop(); }

  Status listen() {
    error_code failure;
    const HttpOptions &options = shared->options;
    asio::ip::address address = asio::ip::make_address(options.address, failure);
    if (failure)
      return usageError("the address '" + options.address + "' must be numeric, 127.0.0.1 or ::1");
    tcp::endpoint endpoint(address, uint16_t(options.port));
    acceptor.open(endpoint.protocol(), failure);
    if (!failure)
      acceptor.set_option(tcp::acceptor::reuse_address(true), failure);
    if (!failure)
      acceptor.bind(endpoint, failure);
    if (!failure)
      acceptor.listen(4096, failure);
    if (failure)
      return inputError("cannot listen on " + options.address + format(" port %d: ", options.port) + failure.message());
    raiseLimit();
    return {};
  }

  int port() const override {
    error_code ignored;
    return acceptor.local_endpoint(ignored).port();
  }

  void start(std::function<void(int)> onSignal) override {
    signals.add(SIGINT);
    signals.add(SIGTERM);
    this->onSignal = std::move(onSignal);
    waitForSignal();
    asio::co_spawn(shared->io, accept(), asio::detached);
    thread = std::thread([this] {
      // Made by the thread that runs the model, which may be pinned to a CPU: this one may run anywhere.
      cpu_set_t all;
      memset(&all, 0xFF, sizeof all);
      sched_setaffinity(0, sizeof all, &all);
      shared->io.run();
    });
    for (int each = 0; each < 2; ++each)
      asio::post(shared->pool, [] {
        cpu_set_t all;
        memset(&all, 0xFF, sizeof all);
        sched_setaffinity(0, sizeof all, &all);
        std::this_thread::sleep_for(std::chrono::milliseconds(20)); // so that the other thread takes the other one
      });
  }

  void drain() override {
    shared->draining = true;
    asio::post(shared->io, [this] {
      error_code ignored;
      acceptor.close(ignored);
      for (const std::weak_ptr<Connection> &each : open)
        if (std::shared_ptr<Connection> connection = each.lock())
          connection->closeIfIdle();
    });
  }

  void later(double seconds, std::function<void()> work) override {
    auto timer = std::make_shared<asio::steady_timer>(shared->io);
    timer->expires_after(std::chrono::milliseconds(int64_t(seconds * 1000)));
    timer->async_wait([timer, work = std::move(work)](error_code failure) {
      if (!failure)
        work();
    });
  }

  void stop() override {
    if (!thread.joinable())
      return;
    shared->pool.join();
    shared->io.stop();
    thread.join();
  }

  int64_t connections() const override { return shared->connections; }
  int64_t active() const override { return shared->active; }

private:
  /// As many descriptors as allowed; 64 stay for files and libraries.
  void raiseLimit() {
    rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
      return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    getrlimit(RLIMIT_NOFILE, &limit);
    int64_t room = int64_t(std::min<rlim_t>(limit.rlim_cur, 1 << 20)) - 64;
    shared->options.maxConnections = std::max<int64_t>(std::min(shared->options.maxConnections, room), 1);
  }

  void waitForSignal() {
    signals.async_wait([this](error_code failure, int) {
      if (failure)
        return;
      onSignal(++signalCount);
      waitForSignal();
    });
  }

  asio::awaitable<void> accept() {
    while (acceptor.is_open()) {
      auto [failure, socket] = co_await acceptor.async_accept(kAwait);
      if (!acceptor.is_open())
        co_return;
      if (failure) { // out of descriptors, most likely
        asio::steady_timer pause(shared->io, std::chrono::milliseconds(50));
        co_await pause.async_wait(kAwait);
        continue;
      }
      bool refused = shared->connections >= shared->options.maxConnections;
      auto connection = std::make_shared<Connection>(std::move(socket), shared);
      std::erase_if(open, [](const std::weak_ptr<Connection> &each) { return each.expired(); });
      open.push_back(connection);
      asio::co_spawn(shared->io, connection->run(refused), asio::detached);
    }
  }

  std::shared_ptr<Shared> shared;
  asio::signal_set signals;
  tcp::acceptor acceptor;
  std::function<void(int)> onSignal;
  int signalCount = 0;
  std::vector<std::weak_ptr<Connection>> open;
  std::thread thread;
};

} // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::open(const HttpOptions &options, HttpHandlers handlers) {
  auto server = std::make_unique<BeastServer>(options, std::move(handlers));
  if (Status status = server->listen(); !status)
    return status;
  return std::unique_ptr<HttpServer>(std::move(server));
}

} // namespace gemmart::server
