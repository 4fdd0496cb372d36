// What this aarch64 machine can do, as the kernel says in the auxiliary vector.
#include "targets/aarch64/device/Features.h"

#include "runtime/abi/Step.h"

#include <sys/auxv.h>

using namespace gemmac::aarch64;

namespace {

// Bit positions in AT_HWCAP and AT_HWCAP2, part of the kernel's ABI. Spelled out: an older header lacks some of them.
constexpr struct {
  FeatureBit feature;
  const char *name;
  bool second;
  unsigned position;
} kCapabilities[kFeatureCount] = {
    {kAtomics, "LSE atomics", false, 8},
    {kFp16, "FP16", false, 10},
    {kDotProd, "DotProd", false, 20},
    {kFp16Fml, "FP16FML", false, 23},
    {kI8mm, "I8MM", true, 13},
    {kBf16, "BF16", true, 14},
    {kSve, "SVE", false, 22},
    {kSve2, "SVE2", true, 1},
    {kSve2I8mm, "SVE I8MM", true, 9},
    {kSme, "SME", true, 23},
    {kRdm, "RDM", false, 12},
};

} // namespace

uint64_t gmTargetCpuFeatures(void) {
  uint64_t first = getauxval(AT_HWCAP), second = getauxval(AT_HWCAP2), features = 0;
  for (const auto &capability : kCapabilities)
    if ((capability.second ? second : first) >> capability.position & 1)
      features |= bit(capability.feature);
  return features;
}

const char *gmTargetFeatureName(unsigned position) {
  for (const auto &capability : kCapabilities)
    if (capability.feature == position)
      return capability.name;
  return nullptr;
}

// isb, not yield: yield does nothing on most cores, and a spinning thread should leave its sibling room.
void gmTargetPause(void) {
  __asm__ volatile("isb" ::: "memory");
}
