// What the memory of this machine gives to all threads together: the yardstick of `bench`.
#ifndef RUNTIME_CLI_BANDWIDTH_H
#define RUNTIME_CLI_BANDWIDTH_H

#include "runtime/abi/Step.h"
#include "runtime/host/Team.h"

#include <span>

namespace gemmart {

/// Best read rate over some passes, in bytes per second. `data` starts at a page; a rest below a page is left out.
double readRate(const GmLevel &level, Team &team, std::span<const uint8_t> data, int passes);

/// The best of reading the weights (where they are far larger than a cache) and a buffer of large pages (where the
/// memory is free for one): the higher of the two, so that a fraction of it never flatters. Bytes per second; 0 when
/// neither was possible.
double measureBandwidth(const GmLevel &level, Team &team, std::span<const uint8_t> weights);

} // namespace gemmart
#endif
