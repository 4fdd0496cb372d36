// See Progress.h.
#include "compiler/Progress.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

using namespace gemmac;

Progress::Progress(std::string what, bool quiet)
    : what(std::move(what)), quiet(quiet), terminal(isatty(STDERR_FILENO)), start(Clock::now()), shown(start) {}

void Progress::update(int64_t done, int64_t total) {
  auto now = Clock::now();
  if (quiet || total <= 0 || now - shown < std::chrono::milliseconds(terminal ? 100 : 10000))
    return;
  shown = now;
  any = true;
  double seconds = std::chrono::duration<double>(now - start).count();
  double part = static_cast<double>(done) / static_cast<double>(total);
  double left = done > 0 ? seconds / part - seconds : 0;
  int filled = static_cast<int>(part * 30);
  std::string bar =
      std::string(static_cast<size_t>(filled), '#') + std::string(static_cast<size_t>(std::max(0, 30 - filled)), '.');
  fmt::print(stderr, "{}{} [{}] {:3.0f} %  {:.0f} of {:.0f} MB  {:.0f} s left{}", terminal ? "\r" : "", what, bar,
             part * 100, static_cast<double>(done) / 1e6, static_cast<double>(total) / 1e6, left,
             terminal ? "   " : "\n");
  std::fflush(stderr);
}

void Progress::finish() {
  if (any && terminal)
    fmt::print(stderr, "\r{:80}\r", "");
}
