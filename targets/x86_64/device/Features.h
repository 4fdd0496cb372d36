// The CPU feature bits of the x86_64 target: what GmLevel.features and gmTargetCpuFeatures mean here.
// Plain numbers, shared by the compiler (Target.cpp sets a level's bits) and the device code (Cpu.cpp asks the CPU).
#ifndef TARGETS_X86_64_DEVICE_FEATURES_H
#define TARGETS_X86_64_DEVICE_FEATURES_H

#include <cstdint>

namespace gemmac::x86_64 {

/// Bit numbers. A bit is set when the CPU has the instructions and the kernel saves their registers. Append only.
enum FeatureBit : unsigned {
  kAvx2,
  kFma,
  kF16c,
  kBmi,
  kBmi2,
  kLzcnt,
  kMovbe,
  kAvx512F,
  kAvx512BW,
  kAvx512VL,
  kAvx512DQ,
  kAvx512CD,
  kAvx512Vnni,
  kAvx512Bf16,
  kAvxVnni,
  kAvx512Vbmi,
  kAvx512Fp16,
  kFeatureCount
};

constexpr uint64_t bit(FeatureBit feature) {
  return uint64_t(1) << feature;
}

/// What every x86-64 CPU has: SSE2.
constexpr uint64_t kBaseline = 0;
/// The psABI level x86-64-v3, as far as code generation uses it.
constexpr uint64_t kLevelV3 = bit(kAvx2) | bit(kFma) | bit(kF16c) | bit(kBmi) | bit(kBmi2) | bit(kLzcnt) | bit(kMovbe);
/// x86-64-v3 with int8 dot products on 256 bits.
constexpr uint64_t kLevelV3AvxVnni = kLevelV3 | bit(kAvxVnni);
/// x86-64-v4.
constexpr uint64_t kLevelV4 =
    kLevelV3 | bit(kAvx512F) | bit(kAvx512BW) | bit(kAvx512VL) | bit(kAvx512DQ) | bit(kAvx512CD);
/// x86-64-v4 with int8 dot products, and with bf16 ones too.
constexpr uint64_t kLevelV4Vnni = kLevelV4 | bit(kAvx512Vnni);
constexpr uint64_t kLevelV4Bf16 = kLevelV4Vnni | bit(kAvx512Bf16);

} // namespace gemmac::x86_64
#endif
