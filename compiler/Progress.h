// A progress bar with an estimate, for people: silent when stderr is no terminal, except for a line now and then.
#ifndef COMPILER_PROGRESS_H
#define COMPILER_PROGRESS_H

#include <chrono>
#include <cstdint>
#include <string>

namespace gemmac {

class Progress {
public:
  Progress(std::string what, bool quiet);
  /// `done` of `total` bytes. Cheap enough to be called often.
  void update(int64_t done, int64_t total);
  /// Ends the line.
  void finish();

private:
  using Clock = std::chrono::steady_clock;
  std::string what;
  bool quiet, terminal;
  Clock::time_point start, shown;
  bool any = false;
};

} // namespace gemmac
#endif
