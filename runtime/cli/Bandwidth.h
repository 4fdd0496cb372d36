// What the memory of this machine gives to all threads together: the yardstick of `bench`.
#ifndef RUNTIME_CLI_BANDWIDTH_H
#define RUNTIME_CLI_BANDWIDTH_H

#include "runtime/abi/Step.h"
#include "runtime/base/File.h"
#include "runtime/host/Team.h"

#include <optional>
#include <span>

namespace gemmart {

/// Reads the weights (where they are far larger than a cache) or a buffer of large pages (where the memory is free for
/// one), whichever turned out faster at first, so that a fraction of it never flatters. Kept ready, so that a
/// measurement can stand right beside what it is compared with: on a shared machine the bandwidth changes from second
/// to second.
class Bandwidth {
public:
  Bandwidth(const GmLevel &level, Team &team, std::span<const uint8_t> weights);

  /// Best read rate over some passes, in bytes per second; 0 when there is nothing to read.
  double measure(int passes);

private:
  double readRate(std::span<const uint8_t> data, int passes);

  const GmLevel &level;
  Team &team;
  std::optional<Pages> buffer;
  std::span<const uint8_t> data; ///< starts at a page; a rest below a page is left out
};

} // namespace gemmart
#endif
