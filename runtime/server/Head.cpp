// The strict reader of heads, see Head.h.
#include "runtime/server/Head.h"

#include <algorithm>

namespace gemmart::server {

const std::string *Head::find(std::string_view name) const {
  for (const auto &[known, value] : fields)
    if (known == name)
      return &value;
  return nullptr;
}

static bool isTokenChar(char c) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return isalnum(uint8_t(c)) || marks.find(c) != std::string_view::npos;
}

static bool isToken(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), isTokenChar);
}

static std::string lower(std::string_view text) {
  std::string out(text);
  for (char &c : out)
    if (c >= 'A' && c <= 'Z')
      c = char(c - 'A' + 'a');
  return out;
}

/// METHOD SP TARGET SP HTTP/1.x
static HeadScan requestLine(std::string_view line, Head &head) {
  size_t first = line.find(' '), last = line.rfind(' ');
  if (first == std::string_view::npos || first == last)
    return {0, 400, "the request line must be METHOD TARGET HTTP/1.1"};
  std::string_view method = line.substr(0, first), target = line.substr(first + 1, last - first - 1),
                   version = line.substr(last + 1);
  if (!isToken(method) || target.empty() || target.find(' ') != std::string_view::npos)
    return {0, 400, "the request line must be METHOD TARGET HTTP/1.1"};
  if (version != "HTTP/1.1" && version != "HTTP/1.0")
    return {0, version.starts_with("HTTP/") ? 505 : 400, "only HTTP/1.1 and HTTP/1.0 are spoken here"};
  head.method = method;
  head.target = target;
  head.minor = version.back() - '0';
  head.keepAlive = head.minor == 1;
  return {};
}

static HeadScan contentLength(std::string_view value, Head &head) {
  constexpr size_t kMostDigits = 18;
  if (value.empty() || value.size() > kMostDigits ||
      !std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; }))
    return {0, 400, "Content-Length must be a plain number"};
  int64_t length = 0;
  for (char c : value)
    length = length * 10 + (c - '0');
  if (head.contentLength >= 0 && head.contentLength != length)
    return {0, 400, "two different Content-Lengths"};
  head.contentLength = length;
  return {};
}

static HeadScan field(std::string_view line, Head &head) {
  if (line[0] == ' ' || line[0] == '\t')
    return {0, 400, "a header must not go on over several lines"};
  size_t colon = line.find(':');
  if (colon == std::string_view::npos || !isToken(line.substr(0, colon)))
    return {0, 400, "a header must be NAME: VALUE, without a space before the colon"};
  if (head.fields.size() >= kMostFields)
    return {0, 431, "more than 100 headers"};
  std::string name = lower(line.substr(0, colon));
  std::string_view value = line.substr(colon + 1);
  size_t start = value.find_first_not_of(" \t"), end = value.find_last_not_of(" \t");
  value = start == std::string_view::npos ? std::string_view() : value.substr(start, end - start + 1);
  if (name == "host" && head.find("host"))
    return {0, 400, "two Host headers"};
  if (name == "content-length")
    if (HeadScan scan = contentLength(value, head); scan.status)
      return scan;
  if (name == "transfer-encoding") {
    if (head.chunked || lower(value) != "chunked" || head.minor == 0)
      return {0, 400, "the only transfer coding is chunked, once, with HTTP/1.1"};
    head.chunked = true;
  }
  if (name == "connection") {
    std::string wish = lower(value);
    if (wish.find("close") != std::string::npos)
      head.keepAlive = false;
    else if (wish.find("keep-alive") != std::string::npos)
      head.keepAlive = true;
  }
  head.fields.emplace_back(std::move(name), value);
  return {};
}

/// Whether a line holds a byte that must not be there: control characters but the tab, DEL.
static bool hasControl(std::string_view line) {
  return std::any_of(line.begin(), line.end(), [](char c) { return (uint8_t(c) < 0x20 && c != '\t') || c == 0x7F; });
}

HeadScan scanHead(std::string_view data, Head &head) {
  head = Head();
  size_t at = 0;
  while (data.substr(at, 2) == "\r\n" && at < 4) // some clients send a line end after a body
    at += 2;
  for (bool first = true;; first = false) {
    size_t end = data.find('\n', at);
    if (first && std::min(end, data.size()) - at > kLongestLine)
      return {0, 414, "the request line is longer than 8 KiB"};
    if (std::min(end, data.size()) > kLongestHead)
      return {0, 431, "the headers are longer than 32 KiB"};
    if (end == std::string_view::npos)
      return {};
    if (end == at || data[end - 1] != '\r')
      return {0, 400, "a line must end with CR LF"};
    std::string_view line = data.substr(at, end - 1 - at);
    at = end + 1;
    if (hasControl(line))
      return {0, 400, "a control character in the head"};
    if (!first && line.empty())
      break;
    HeadScan scan = first ? requestLine(line, head) : field(line, head);
    if (scan.status)
      return scan;
  }
  if (head.chunked && head.contentLength >= 0)
    return {0, 400, "Content-Length and Transfer-Encoding in one request"};
  if (head.minor == 1 && !head.find("host"))
    return {0, 400, "HTTP/1.1 needs a Host header"};
  return {at, 0, ""};
}

static int hexDigit(char c) {
  return c >= '0' && c <= '9'   ? c - '0'
         : c >= 'a' && c <= 'f' ? c - 'a' + 10
         : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                : -1;
}

bool splitTarget(std::string_view target, std::string &path, std::string &query) {
  if (size_t scheme = target.find("://"); target[0] != '/' && scheme != std::string_view::npos) {
    size_t slash = target.find('/', scheme + 3); // the absolute form: its host counts for nothing
    target = slash == std::string_view::npos ? "/" : target.substr(slash);
  }
  size_t mark = std::min(target.find('?'), target.size());
  query = mark < target.size() ? target.substr(mark + 1) : std::string_view();
  path.clear();
  for (size_t at = 0; at < mark; ++at) {
    char c = target[at];
    if (c == '%') {
      int high = at + 1 < mark ? hexDigit(target[at + 1]) : -1, low = at + 2 < mark ? hexDigit(target[at + 2]) : -1;
      if (high < 0 || low < 0)
        return false;
      c = char(high * 16 + low);
      at += 2;
    }
    if (uint8_t(c) < 0x20 || c == '\\' || c == 0x7F)
      return false;
    path += c;
  }
  return path.starts_with('/') && (path + "/").find("/../") == std::string::npos;
}

} // namespace gemmart::server
