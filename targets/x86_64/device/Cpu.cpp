// What this x86-64 machine can do: CPUID for the instructions, XGETBV for the registers that the kernel saves.
#include "targets/x86_64/device/Features.h"

#include "runtime/abi/Step.h"

#include <cpuid.h>
#include <immintrin.h>

using namespace gemmac::x86_64;

namespace {

/// The extended control register 0: which register files the kernel saves on a task switch. Needs OSXSAVE.
uint64_t savedState() {
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return uint64_t(high) << 32 | low;
}

constexpr uint64_t kSavedYmm = 0x6;  // SSE and upper halves of ymm
constexpr uint64_t kSavedZmm = 0xe6; // and mask registers, upper halves of zmm0-15, zmm16-31

constexpr const char *kNames[kFeatureCount] = {"AVX2",        "FMA",        "F16C",        "BMI",         "BMI2",
                                               "LZCNT",       "MOVBE",      "AVX512F",     "AVX512BW",    "AVX512VL",
                                               "AVX512DQ",    "AVX512CD",   "AVX512-VNNI", "AVX512-BF16", "AVX-VNNI",
                                               "AVX512-VBMI", "AVX512-FP16"};

} // namespace

uint64_t gmTargetCpuFeatures(void) {
  unsigned eax, ebx, ecx, edx;
  uint64_t features = 0;
  auto add = [&](FeatureBit feature, unsigned word, unsigned position) {
    if (word >> position & 1)
      features |= bit(feature);
  };
  if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx))
    return 0;
  bool xsave = ecx >> 27 & 1;
  add(kMovbe, ecx, 22);
  uint64_t saved = xsave ? savedState() : 0;
  bool ymm = (saved & kSavedYmm) == kSavedYmm && (ecx >> 28 & 1), zmm = ymm && (saved & kSavedZmm) == kSavedZmm;
  if (ymm) {
    add(kFma, ecx, 12);
    add(kF16c, ecx, 29);
  }
  if (__get_cpuid(0x80000001, &eax, &ebx, &ecx, &edx))
    add(kLzcnt, ecx, 5);
  if (!__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx))
    return features;
  unsigned lastLeaf = eax;
  add(kBmi, ebx, 3);
  add(kBmi2, ebx, 8);
  if (ymm)
    add(kAvx2, ebx, 5);
  if (zmm) {
    add(kAvx512F, ebx, 16);
    add(kAvx512DQ, ebx, 17);
    add(kAvx512CD, ebx, 28);
    add(kAvx512BW, ebx, 30);
    add(kAvx512VL, ebx, 31);
    add(kAvx512Vbmi, ecx, 1);
    add(kAvx512Vnni, ecx, 11);
    add(kAvx512Fp16, edx, 23);
  }
  if (lastLeaf >= 1 && __get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx)) {
    if (ymm)
      add(kAvxVnni, eax, 4);
    if (zmm)
      add(kAvx512Bf16, eax, 5);
  }
  return features;
}

const char *gmTargetFeatureName(unsigned position) {
  return position < kFeatureCount ? kNames[position] : nullptr;
}

void gmTargetPause(void) {
  _mm_pause();
}
