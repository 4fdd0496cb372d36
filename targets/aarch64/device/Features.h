// The CPU feature bits of the aarch64 target: what GmLevel.features and gmTargetCpuFeatures mean here.
// Plain numbers, shared by the compiler (Target.cpp sets a level's bits) and the device code (Cpu.cpp asks the kernel).
#ifndef TARGETS_AARCH64_DEVICE_FEATURES_H
#define TARGETS_AARCH64_DEVICE_FEATURES_H

#include <cstdint>

namespace gemmac::aarch64 {

/// Bit numbers. A bit is set when the kernel reports the instructions. Append only.
enum FeatureBit : unsigned {
  kAtomics,
  kFp16,
  kDotProd,
  kFp16Fml,
  kI8mm,
  kBf16,
  kSve,
  kSve2,
  kSve2I8mm,
  kSme,
  kRdm,
  kFeatureCount
};

constexpr uint64_t bit(FeatureBit feature) {
  return uint64_t(1) << feature;
}

/// What every armv8 CPU has: NEON.
constexpr uint64_t kBaseline = 0;
/// armv8.2-a with fp16 arithmetic and 8-bit dot products.
constexpr uint64_t kLevelDotProd = bit(kAtomics) | bit(kRdm) | bit(kFp16) | bit(kDotProd);
/// armv8.6-a: with 8-bit and bfloat16 matrix products.
constexpr uint64_t kLevelI8mm = kLevelDotProd | bit(kI8mm) | bit(kBf16);

} // namespace gemmac::aarch64
#endif
