// The head of an HTTP/1.x request, read strictly: what two readers could understand differently is refused.
#ifndef RUNTIME_SERVER_HEAD_H
#define RUNTIME_SERVER_HEAD_H

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gemmart::server {

constexpr size_t kLongestLine = 8 << 10, kLongestHead = 32 << 10, kMostFields = 100;

/// Request line and fields. Names are in lower case.
struct Head {
  std::string method, target;
  int minor = 1; ///< HTTP/1.minor: 0 or 1
  std::vector<std::pair<std::string, std::string>> fields;
  int64_t contentLength = -1; ///< -1: none given
  bool chunked = false;
  bool keepAlive = true;

  /// The value of the first field of this name, or null.
  const std::string *find(std::string_view name) const;
};

/// How far the head is: `status` 0 and `bytes` 0: more must come; `status` 0: complete, and so long; else the answer.
struct HeadScan {
  size_t bytes = 0;
  int status = 0;
  const char *reason = "";
};

/// Reads the head at the start of `data`. Time grows with its length.
HeadScan scanHead(std::string_view data, Head &head);

/// Splits a target into its decoded path and its query. False for a bad percent code, a control character, a backslash
/// or a `..` segment.
bool splitTarget(std::string_view target, std::string &path, std::string &query);

} // namespace gemmart::server
#endif
