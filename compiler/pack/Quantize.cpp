// q8: scale = largest magnitude / 127. q4: codes -8..7, the scale with the least weighted squared error among a few
// candidates, then one least-squares step. q4m, q8m: scale and minimum from the range, then least-squares steps. Codes
// are always chosen for the scale as rounded to f16.
#include "compiler/pack/Quantize.h"

#include "compiler/import/Half.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#pragma STDC FP_CONTRACT OFF

namespace gemmac::pack {
namespace {

using import::floatToHalf;
using import::halfToFloat;
using import::isFiniteHalf;
using kernel::Format;

/// Eight lanes in whatever registers the machine has.
using Lanes = float __attribute__((vector_size(32)));
using IntLanes = int32_t __attribute__((vector_size(32)));
constexpr int kVectors = 4; // of 8 lanes: one group

struct Values {
  Lanes v[kVectors];
};

constexpr float kRounder = 12582912.0f; // 1.5 * 2^23: adding it rounds to a whole number, whose bits are the low ones

Lanes splat(float x) {
  return Lanes{x, x, x, x, x, x, x, x};
}
Lanes smaller(Lanes a, Lanes b) {
  return a < b ? a : b;
}
Lanes larger(Lanes a, Lanes b) {
  return a > b ? a : b;
}
float sum(Lanes a) {
  return ((a[0] + a[4]) + (a[1] + a[5])) + ((a[2] + a[6]) + (a[3] + a[7]));
}

struct Range {
  float low, high;
};

Range range(const Values &x) {
  Lanes low = x.v[0], high = x.v[0];
  for (int i = 1; i < kVectors; ++i) {
    low = smaller(low, x.v[i]);
    high = larger(high, x.v[i]);
  }
  Range r{low[0], high[0]};
  for (int i = 1; i < 8; ++i) {
    r.low = std::min(r.low, low[i]);
    r.high = std::max(r.high, high[i]);
  }
  return r;
}

/// round((x - min) / scale), clamped, as floats.
Lanes codes(Lanes x, float inverse, float min, float lowest, float highest) {
  Lanes y = larger(smaller((x - splat(min)) * splat(inverse), splat(highest)), splat(lowest));
  return (y + splat(kRounder)) - splat(kRounder);
}

/// A grid to quantise to: values scale * code + min.
struct Grid {
  float scale = 0, min = 0, inverse = 0, lowest = 0, highest = 0;

  Lanes at(Lanes x) const { return codes(x, inverse, min, lowest, highest); }
  float error(const Values &x) const {
    Lanes total{};
    for (int i = 0; i < kVectors; ++i) {
      Lanes off = x.v[i] - (at(x.v[i]) * splat(scale) + splat(min));
      total += off * off;
    }
    return sum(total);
  }
  /// With a weight for each value's square, and no minimum.
  float error(const Values &x, const Values &weights) const {
    Lanes total{};
    for (int i = 0; i < kVectors; ++i) {
      Lanes off = x.v[i] - at(x.v[i]) * splat(scale);
      total += weights.v[i] * off * off;
    }
    return sum(total);
  }
  void store(const Values &x, int zero, Group &out) const {
    for (int i = 0; i < kVectors; ++i) {
      Lanes biased = at(x.v[i]) + splat(kRounder + static_cast<float>(zero));
      IntLanes bits;
      std::memcpy(&bits, &biased, sizeof bits);
      for (int j = 0; j < 8; ++j)
        out.code[8 * i + j] = static_cast<uint8_t>(bits[j]);
    }
    out.scale = floatToHalf(scale);
    out.min = floatToHalf(min);
  }
};

/// The nearest f16, as a float.
float roundToHalf(float value) {
  uint32_t bits = std::bit_cast<uint32_t>(value), magnitude = bits & 0x7fffffff;
  if (magnitude - 0x38800000 < 0x47000000 - 0x38800000) // normal in f16, and stays so
    return std::bit_cast<float>((bits + 0xfff + (bits >> 13 & 1)) & ~0x1fffu);
  return halfToFloat(floatToHalf(value));
}

/// With scale and minimum rounded to f16. A scale that rounds to 0 gives a grid of the minimum alone.
Grid grid(float scale, float min, float lowest, float highest) {
  Grid g{roundToHalf(scale), roundToHalf(min), 0, lowest, highest};
  g.inverse = g.scale == 0 ? 0 : 1 / g.scale;
  return g;
}

bool finite(const Grid &g) {
  return std::isfinite(g.scale) && std::isfinite(g.min);
}

void storeZeros(int zero, Group &out) {
  std::memset(out.code, zero, sizeof out.code);
  out.scale = out.min = 0;
}

/// Codes zero - highest .. zero + highest.
bool quantizeSymmetric(const Values &x, float highest, int zero, Group &out) {
  Range r = range(x);
  Grid g = grid(std::max(-r.low, r.high) / highest, 0, -highest, highest);
  if (!finite(g))
    return false;
  if (g.scale == 0)
    return storeZeros(zero, out), true;
  g.store(x, zero, out);
  return true;
}

/// Where the value of largest magnitude may be put, as a multiple of -scale. Measured on normal groups: the mean plain
/// squared error is within 1 % of a dense search.
constexpr float kPlaces[] = {8.0f, 7.6f, 8.5f, 7.2f, 9.0f};

/// Values that already lie on a grid (trained for one, or read from one) need not reach its ends: their largest
/// magnitude may be any multiple of the scale. The first values tell, for all multiples at once; in other groups they
/// seldom fit by chance.
template <class Consider> void considerGrids(const Values &x, float extreme, Consider consider) {
  constexpr Lanes places{1, 2, 3, 4, 5, 6, 7, 8};
  constexpr int looked = 6;
  constexpr float near = 0.04f; // of a step: values and scale may have been rounded to 8 bits
  float inverse = 1 / extreme;
  Lanes total{};
  for (int i = 0; i < looked; ++i) {
    Lanes y = splat(x.v[0][i] * inverse) * places;
    Lanes off = y - ((y + splat(kRounder)) - splat(kRounder));
    total += off * off;
  }
  IntLanes fits = total <= splat(looked * near * near);
  int64_t any[4];
  std::memcpy(any, &fits, sizeof any);
  if ((any[0] | any[1] | any[2] | any[3]) == 0)
    return;
  for (int i = 7; i >= 0; --i)
    if (fits[i])
      consider(extreme / -places[i]);
}

/// How much the error of each value matters: its square, and the mean square of the group. Large weights carry more of
/// what a model says than their share of the squared error (docs/quantization.md).
Values importance(const Values &x) {
  Values weights;
  Lanes total{};
  for (int i = 0; i < kVectors; ++i) {
    weights.v[i] = x.v[i] * x.v[i];
    total += weights.v[i];
  }
  for (Lanes &w : weights.v)
    w += splat(sum(total) / 32);
  return weights;
}

bool quantize4(const Values &x, Group &out) {
  Range r = range(x);
  float extreme = -r.low > r.high ? r.low : r.high;
  if (!std::isfinite(halfToFloat(floatToHalf(extreme / -8))))
    return false;
  Grid best = grid(extreme / -8, 0, -8, 7);
  if (best.scale == 0)
    return storeZeros(8, out), true;
  const Values weights = importance(x);
  float error = best.error(x, weights);
  auto consider = [&](float scale) {
    Grid g = grid(scale, 0, -8, 7);
    float e = g.error(x, weights);
    bool better = e < error; // selected, not branched on: it is a coin toss
    best.scale = better ? g.scale : best.scale;
    best.inverse = better ? g.inverse : best.inverse;
    error = better ? e : error;
  };
  if (error > 0)
    for (size_t i = 1; i < std::size(kPlaces); ++i)
      consider(extreme / -kPlaces[i]);
  if (error > 0)
    considerGrids(x, extreme, consider);
  if (error > 0) {
    Lanes xq{}, qq{};
    for (int i = 0; i < kVectors; ++i) {
      Lanes q = best.at(x.v[i]), weighted = weights.v[i] * q;
      xq += x.v[i] * weighted;
      qq += q * weighted;
    }
    if (float squares = sum(qq); squares > 0)
      consider(sum(xq) / squares);
  }
  best.store(x, 8, out);
  return true;
}

/// Codes 0..highest between a minimum and a maximum.
bool quantizeWithMin(const Values &x, float highest, Group &out) {
  Range r = range(x);
  Grid best = grid((r.high - r.low) / highest, r.low, 0, highest);
  if (!finite(best))
    return false;
  float error = best.error(x);
  for (int step = 0; step < 3 && error > 0 && best.scale != 0; ++step) {
    Lanes q1{}, q2{}, x1{}, xq{};
    for (const Lanes &v : x.v) {
      Lanes q = best.at(v);
      q1 += q;
      q2 += q * q;
      x1 += v;
      xq += v * q;
    }
    float n = 32, sq = sum(q1), determinant = n * sum(q2) - sq * sq;
    if (determinant <= 0)
      break;
    float scale = (n * sum(xq) - sq * sum(x1)) / determinant;
    Grid g = grid(scale, (sum(x1) - scale * sq) / n, 0, highest);
    float e = g.error(x);
    if (!finite(g) || !(e < error))
      break;
    best = g;
    error = e;
  }
  best.store(x, 0, out);
  return true;
}

} // namespace

/// q6: each half of 16 values by itself, codes -32..31; the largest magnitude gets code -32 or 31, whichever errs less.
static bool quantize6(const float *values, Group &out) {
  for (int half = 0; half < 2; ++half) {
    const float *x = values + 16 * half;
    float largest = 0;
    for (int i = 0; i < 16; ++i)
      if (std::fabs(x[i]) > std::fabs(largest))
        largest = x[i];
    float best = -1;
    for (float reach : {-32.0f, 31.0f, -31.0f}) {
      uint16_t bits = floatToHalf(largest / reach);
      if (!isFiniteHalf(bits))
        continue;
      float scale = halfToFloat(bits), inverse = scale == 0 ? 0 : 1 / scale, error = 0;
      uint8_t code[16];
      for (int i = 0; i < 16; ++i) {
        float q = std::min(31.0f, std::max(-32.0f, (x[i] * inverse + kRounder) - kRounder));
        code[i] = static_cast<uint8_t>(static_cast<int>(q) + 32);
        error += (x[i] - q * scale) * (x[i] - q * scale);
      }
      if (best >= 0 && !(error < best))
        continue;
      best = error;
      std::memcpy(out.code + 16 * half, code, 16);
      (half ? out.min : out.scale) = bits;
    }
    if (best < 0)
      return false;
  }
  return true;
}

bool quantizeGroup(Format format, const float *values, int valid, Group &out) {
  if (format == Format::Q6)
    return quantize6(values, out);
  Values x;
  std::memcpy(&x, values, sizeof x);
  bool hasMin = kernel::info(format).hasMin, four = kernel::info(format).codeBits == 4;
  if (hasMin && valid == 32)
    return quantizeWithMin(x, four ? 15 : 127, out);
  // A group with padding has to hold an exact 0, so it stays symmetric. Its minimum is that of the symmetric grid,
  // exact in f16 because the zero is a power of two. Codes of q8m end at 127.
  int zero = four ? 8 : hasMin ? 64 : 128;
  if (!(four ? quantize4(x, out) : quantizeSymmetric(x, hasMin ? 63 : 127, zero, out)))
    return false;
  if (hasMin)
    out.min = floatToHalf(-halfToFloat(out.scale) * static_cast<float>(zero));
  return isFiniteHalf(out.min);
}

} // namespace gemmac::pack
