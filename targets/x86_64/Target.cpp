// x86-64: five levels, from any CPU to AVX-512 with byte and bfloat16 products.
#include "targets/Target.h"

#include "targets/x86_64/LowerDot.h"
#include "targets/x86_64/device/Features.h"

using namespace gemmac;
using namespace gemmac::targets;

namespace {

/// Token tiles are what the registers hold: per token, one integer and one float accumulator for each vector of rows.
const Level kLevels[] = {
    {{"x86-64-v4-bf16", "x86_64_v4_bf16", 512, 32, 6, 2, true, false},
     "x86-64-v4",
     "+avx512vnni,+avx512bf16",
     gemmac::x86_64::kLevelV4Bf16,
     "AVX-512 with vpdpbusd and vdpbf16ps (2020 and later)"},
    {{"x86-64-v4-vnni", "x86_64_v4_vnni", 512, 32, 6, 2, true, false},
     "x86-64-v4",
     "+avx512vnni",
     gemmac::x86_64::kLevelV4Vnni,
     "AVX-512 with vpdpbusd (2019 and later)"},
    {{"x86-64-v4", "x86_64_v4", 512, 32, 6, 2, true, false}, "x86-64-v4", "", gemmac::x86_64::kLevelV4, "AVX-512"},
    {{"x86-64-v3", "x86_64_v3", 256, 16, 3, 2, true, false}, "x86-64-v3", "", gemmac::x86_64::kLevelV3, "AVX2 and FMA"},
    {{"x86-64", "x86_64", 128, 16, 3, 2, false, false}, "x86-64", "", gemmac::x86_64::kBaseline, "any x86-64 CPU"},
};

class X86 : public Target {
public:
  llvm::StringRef name() const override { return "x86_64"; }
  llvm::StringRef triple() const override { return "x86_64-unknown-linux-gnu"; }
  llvm::ArrayRef<Level> levels() const override { return kLevels; }
  void addLowering(mlir::OpPassManager &pm, const Level &level) const override {
    gemmac::x86_64::DotInstructions has;
    has.vnni = level.featureBits & gemmac::x86_64::bit(gemmac::x86_64::kAvx512Vnni);
    has.bf16 = level.featureBits & gemmac::x86_64::bit(gemmac::x86_64::kAvx512Bf16);
    has.maddubs = level.featureBits & gemmac::x86_64::bit(gemmac::x86_64::kAvx2);
    pm.addPass(gemmac::x86_64::createLowerDot(has));
  }
};

} // namespace

namespace gemmac::targets {
const Target &x86_64() {
  static const X86 target;
  return target;
}
} // namespace gemmac::targets
