// Elapsed time.
#ifndef RUNTIME_BASE_CLOCK_H
#define RUNTIME_BASE_CLOCK_H

#include <ctime>

namespace gemmart {

/// Seconds on a clock that never goes back; only differences mean something.
inline double secondsNow() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return double(now.tv_sec) + double(now.tv_nsec) * 1e-9;
}

} // namespace gemmart
#endif
