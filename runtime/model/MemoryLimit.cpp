// See MemoryLimit.h. A group's folder may lie outside of what a container shows; then only the root's file is there.
#include "runtime/model/MemoryLimit.h"

#include "runtime/base/Args.h"
#include "runtime/base/File.h"

#include <string_view>

namespace gemmart {

constexpr size_t kSmall = 1 << 16;
constexpr int64_t kNone = int64_t(1) << 60; // version 1 says "no limit" by a huge number

static void takeFile(const std::string &path, std::optional<int64_t> &least) {
  Result<std::string> text = readText(path, kSmall);
  if (!text)
    return;
  int64_t bytes;
  bool limit = parseInteger(std::string_view(*text).substr(0, text->find('\n')), 0, kNone, bytes); // or "max"
  if (limit && (!least || bytes < *least))
    least = bytes;
}

std::optional<int64_t> memoryLimit(const std::string &root) {
  std::optional<int64_t> least;
  Result<std::string> groups = readText(root + "/proc/self/cgroup", kSmall);
  if (!groups)
    return least;
  for (size_t at = 0; at < groups->size();) { // "4:memory:/a/b", or "0::/a/b" of version 2
    size_t end = std::min(groups->find('\n', at), groups->size());
    std::string_view line = std::string_view(*groups).substr(at, end - at);
    at = end + 1;
    size_t first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string_view::npos || second == std::string_view::npos)
      continue;
    std::string_view kinds = line.substr(first + 1, second - first - 1);
    bool two = kinds.empty(), one = ("," + std::string(kinds) + ",").find(",memory,") != std::string::npos;
    std::string path(line.substr(second + 1)), base = root + (two ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory");
    for (size_t length = path.size(); (two || one) && length != std::string::npos;
         length = path.rfind('/', length - 1)) {
      takeFile(base + path.substr(0, length) + (two ? "/memory.max" : "/memory.limit_in_bytes"), least);
      if (length == 0)
        break;
    }
  }
  return least;
}

} // namespace gemmart
