// Read bandwidth, see Bandwidth.h.
#include "runtime/cli/Bandwidth.h"

#include "runtime/base/Clock.h"

#include <algorithm>
#include <cstring>
#include <sys/sysinfo.h>

namespace gemmart {

constexpr int64_t kPage = 4096;

double Bandwidth::readRate(std::span<const uint8_t> data, int passes) {
  int64_t pages = int64_t(data.size()) / kPage, threads = team.threads();
  double best = 0;
  std::vector<uint64_t> sinks(size_t(threads) * 8); // a line each
  for (int pass = 0; pass < passes && pages > 0; ++pass) {
    double start = secondsNow();
    team.run([&](int64_t thread) {
      int64_t begin = pages * thread / threads, end = pages * (thread + 1) / threads;
      if (end > begin)
        level.read(data.data() + begin * kPage, (end - begin) * kPage, &sinks[size_t(thread) * 8]);
    });
    double seconds = secondsNow() - start;
    if (seconds > 0)
      best = std::max(best, double(pages * kPage) / seconds);
  }
  return best;
}

Bandwidth::Bandwidth(const GmLevel &level, Team &team, std::span<const uint8_t> weights) : level(level), team(team) {
  constexpr int64_t kWanted = 512 << 20, kLeast = 64 << 20;
  constexpr int kPasses = 5;
  bool large = int64_t(weights.size()) >= kWanted;
  data = weights.first(std::min<size_t>(weights.size(), kWanted));
  struct sysinfo memory;
  int64_t bytes = kWanted;
  if (sysinfo(&memory) == 0) // free, not available: nothing is pushed out of memory for a measurement
    bytes = std::min<int64_t>(bytes, int64_t(memory.freeram) * memory.mem_unit / 2 / kPage * kPage);
  if (bytes < kLeast)
    return;
  Result<Pages> pages = Pages::reserve(bytes, "bandwidth measurement", true);
  if (!pages)
    return;
  buffer = std::move(*pages);
  team.run([&](int64_t thread) { // each touches what it will read
    int64_t count = bytes / kPage, begin = count * thread / team.threads(), end = count * (thread + 1) / team.threads();
    std::memset(buffer->data() + begin * kPage, 1, size_t(end - begin) * kPage);
  });
  std::span<const uint8_t> largePages(buffer->data(), buffer->size());
  if (!large || readRate(largePages, kPasses) > readRate(data, kPasses))
    data = largePages;
}

double Bandwidth::measure(int passes) {
  return readRate(data, passes);
}

} // namespace gemmart
