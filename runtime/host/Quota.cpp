// See Quota.h.
#include "runtime/host/Quota.h"

#include "runtime/base/File.h"

#include <algorithm>
#include <cstdio>
#include <limits>

namespace gemmart {

constexpr double kNone = std::numeric_limits<double>::infinity();
constexpr size_t kLongest = 1 << 16; // bytes of a file of the kernel's that is read

/// A quota and its period in one text; "max" or -1 is no quota.
static double quotaIn(const std::string &text) {
  long long quota = 0, period = 0;
  if (sscanf(text.c_str(), "%lld %lld", &quota, &period) != 2 || quota <= 0 || period <= 0)
    return kNone;
  return double(quota) / double(period);
}

static std::string contents(const std::string &path) {
  Result<std::string> text = readText(path, kLongest);
  return text ? *text : std::string();
}

/// Of a group and all around it, up to the mount.
static double smallestUpwards(const std::string &mount, std::string path, bool unified) {
  double least = kNone;
  while (true) {
    std::string folder = mount + path + "/";
    least = std::min(
        least, quotaIn(unified ? contents(folder + "cpu.max")
                               : contents(folder + "cpu.cfs_quota_us") + " " + contents(folder + "cpu.cfs_period_us")));
    if (path.empty())
      return least;
    path.resize(path.rfind('/') == std::string::npos ? 0 : path.rfind('/'));
  }
}

double cpuQuota(const std::string &groups, const std::string &mount) {
  std::string list = contents(groups);
  double least = kNone;
  for (size_t begin = 0; begin < list.size();) {
    size_t end = std::min(list.find('\n', begin), list.size());
    std::string line = list.substr(begin, end - begin);
    begin = end + 1;
    // number:controllers:path, without controllers in version 2
    size_t first = line.find(':'), second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos)
      continue;
    std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",", path = line.substr(second + 1);
    if (path == "/")
      path.clear();
    if (controllers == ",,")
      least = std::min(least, smallestUpwards(mount, path, true));
    else if (controllers.find(",cpu,") != std::string::npos)
      least = std::min(least, smallestUpwards(mount + "/cpu", path, false));
  }
  return least;
}

} // namespace gemmart
