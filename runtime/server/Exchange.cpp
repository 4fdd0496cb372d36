// An answer on its way to a connection, whole or in pieces; see Http.h.
#include "runtime/base/Text.h"
#include "runtime/server/Http.h"

namespace gemmart::server {

constexpr size_t kMostUnsent = 16 << 20; // bytes of an answer that nobody fetches

const char *reasonPhrase(int status) {
  static constexpr std::pair<int, const char *> phrases[] = {{200, "OK"},
                                                             {204, "No Content"},
                                                             {400, "Bad Request"},
                                                             {401, "Unauthorized"},
                                                             {403, "Forbidden"},
                                                             {404, "Not Found"},
                                                             {405, "Method Not Allowed"},
                                                             {408, "Request Timeout"},
                                                             {413, "Content Too Large"},
                                                             {414, "URI Too Long"},
                                                             {415, "Unsupported Media Type"},
                                                             {417, "Expectation Failed"},
                                                             {429, "Too Many Requests"},
                                                             {431, "Request Header Fields Too Large"},
                                                             {500, "Internal Server Error"},
                                                             {501, "Not Implemented"},
                                                             {503, "Service Unavailable"},
                                                             {505, "HTTP Version Not Supported"},
                                                             {529, "Overloaded"}};
  for (auto [known, phrase] : phrases)
    if (known == status)
      return phrase;
  return "Status";
}

std::string headText(int status, const Headers &headers) {
  std::string text = format("HTTP/1.1 %d %s\r\n", status, reasonPhrase(status));
  for (const auto &[name, value] : headers)
    text += name + ": " + value + "\r\n";
  return text;
}

void Exchange::put(std::string_view data) {
  // Called with the mutex held.
  out += data;
  if (out.size() > kMostUnsent)
    aborted = true; // counts as a client that does not read
}

void Exchange::answer(HttpAnswer answer) {
  std::unique_lock lock(mutex);
  if (hasBegun && !ended) { // something without meaning went ahead
    lock.unlock();
    write(answer.body);
    end();
    return;
  }
  if (ended)
    return;
  hasBegun = ended = true;
  sentStatus = answer.status;
  std::string text = headText(answer.status, answer.headers);
  bool empty = answer.status == 204;
  if (!empty)
    text += format("Content-Length: %zu\r\n", answer.body.size());
  text += keepAlive ? "\r\n" : "Connection: close\r\n\r\n";
  if (!isHead && !empty)
    text += answer.body;
  out += text;
  written += int64_t(text.size());
  if (wake)
    wake();
}

void Exchange::begin(int status, const Headers &headers) {
  std::unique_lock lock(mutex);
  if (hasBegun || ended)
    return;
  hasBegun = true;
  sentStatus = status;
  chunked = request.head.minor == 1;
  if (!chunked)
    keepAlive = false;
  std::string text = headText(status, headers);
  text += chunked ? "Transfer-Encoding: chunked\r\n" : "";
  text += keepAlive ? "\r\n" : "Connection: close\r\n\r\n";
  put(text);
  if (wake)
    wake();
}

void Exchange::write(std::string_view data) {
  std::unique_lock lock(mutex);
  if (ended || data.empty() || isHead || isGone)
    return;
  if (chunked)
    put(format("%zx\r\n", data.size()));
  put(data);
  if (chunked)
    put("\r\n");
  written += int64_t(data.size());
  if (wake)
    wake();
}

void Exchange::end() {
  std::unique_lock lock(mutex);
  if (ended)
    return;
  ended = true;
  if (chunked && !isHead)
    put("0\r\n\r\n");
  if (wake)
    wake();
}

void Exchange::watch(Watch watch) {
  std::function<void()> tell;
  {
    std::unique_lock lock(mutex);
    tell = isGone ? watch.gone : halfClosed ? watch.halfClosed : nullptr;
    if (!over)
      callbacks = std::move(watch);
  }
  if (tell)
    tell();
}

/// The callbacks hold what holds this: they must go when nothing more can happen.
void Exchange::forgetWatch() {
  Watch old;
  std::unique_lock lock(mutex);
  over = true;
  std::swap(old, callbacks);
  lock.unlock();
}

void Exchange::setGone() {
  std::function<void()> tell;
  {
    std::unique_lock lock(mutex);
    if (isGone.exchange(true))
      return;
    tell = callbacks.gone;
  }
  if (tell)
    tell();
}

void Exchange::setHalfClosed() {
  std::function<void()> tell;
  {
    std::unique_lock lock(mutex);
    halfClosed = true;
    tell = callbacks.halfClosed;
  }
  if (tell)
    tell();
}

} // namespace gemmart::server
