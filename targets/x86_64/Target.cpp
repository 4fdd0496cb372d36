// x86-64: six levels, from any CPU to AVX-512 with byte and bfloat16 products.
#include "targets/Target.h"

#include "targets/x86_64/LowerDot.h"
#include "targets/x86_64/device/Features.h"

using namespace gemmac;
using namespace gemmac::targets;

namespace {

/// Token tiles are what the registers hold: per token, one integer accumulator for each vector of rows; of 16 registers
/// the float accumulators, needed once in a block, stand on the stack. Tiles and distances were measured, see
/// README.md.
const Level kLevels[] = {
    {{.name = "x86-64-v4-bf16",
      .symbol = "x86_64_v4_bf16",
      .vectorBits = 512,
      .registers = 32,
      .tokenTile = 6,
      .halfConversion = true,
      .prefetchBytes = 2304},
     "x86-64-v4",
     "+avx512vnni,+avx512bf16",
     gemmac::x86_64::kLevelV4Bf16,
     "AVX-512 with vpdpbusd and vdpbf16ps (2020 and later)"},
    {{.name = "x86-64-v4-vnni",
      .symbol = "x86_64_v4_vnni",
      .vectorBits = 512,
      .registers = 32,
      .tokenTile = 6,
      .halfConversion = true,
      .prefetchBytes = 2304},
     "x86-64-v4",
     "+avx512vnni",
     gemmac::x86_64::kLevelV4Vnni,
     "AVX-512 with vpdpbusd (2019 and later)"},
    {{.name = "x86-64-v4",
      .symbol = "x86_64_v4",
      .vectorBits = 512,
      .registers = 32,
      .tokenTile = 6,
      .halfConversion = true,
      .prefetchBytes = 2304},
     "x86-64-v4",
     "",
     gemmac::x86_64::kLevelV4,
     "AVX-512"},
    {{.name = "x86-64-v3-avxvnni",
      .symbol = "x86_64_v3_avxvnni",
      .vectorBits = 256,
      .registers = 16,
      .tokenTile = 4,
      .halfConversion = true,
      .prefetchBytes = 4608},
     "x86-64-v3",
     "+avxvnni",
     gemmac::x86_64::kLevelV3AvxVnni,
     "AVX2 and FMA with vpdpbusd (2021 and later)"},
    {{.name = "x86-64-v3",
      .symbol = "x86_64_v3",
      .vectorBits = 256,
      .registers = 16,
      .tokenTile = 4,
      .halfConversion = true,
      .prefetchBytes = 4608,
      .signedProducts = true},
     "x86-64-v3",
     "",
     gemmac::x86_64::kLevelV3,
     "AVX2 and FMA"},
    {{.name = "x86-64", .symbol = "x86_64", .vectorBits = 128, .registers = 16, .tokenTile = 3},
     "x86-64",
     "",
     gemmac::x86_64::kBaseline,
     "any x86-64 CPU"},
};

class X86 : public Target {
public:
  llvm::StringRef name() const override { return "x86_64"; }
  llvm::StringRef triple() const override { return "x86_64-unknown-linux-gnu"; }
  llvm::ArrayRef<Level> levels() const override { return kLevels; }
  void addLowering(mlir::OpPassManager &pm, const Level &level) const override {
    gemmac::x86_64::DotInstructions has;
    if (level.featureBits & gemmac::x86_64::bit(gemmac::x86_64::kAvx512Vnni))
      has.vnniBits = 512;
    else if (level.featureBits & gemmac::x86_64::bit(gemmac::x86_64::kAvxVnni))
      has.vnniBits = 256;
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
