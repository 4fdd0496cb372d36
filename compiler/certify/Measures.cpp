// See Measures.h.
#include "compiler/certify/Measures.h"

#include <algorithm>
#include <cmath>

namespace gemmac::certify {

int64_t firstBroken(std::span<const float> row) {
  for (size_t i = 0; i < row.size(); ++i)
    if (!std::isfinite(row[i]))
      return static_cast<int64_t>(i);
  return -1;
}

/// log of the sum of exp.
static double logSum(std::span<const float> row, double largest) {
  double sum = 0;
  for (float x : row)
    sum += std::exp(x - largest);
  return largest + std::log(sum);
}

void LogitMeasures::add(int64_t position, std::span<const float> reference, std::span<const float> ours, int64_t next) {
  auto topA = std::max_element(reference.begin(), reference.end()), topB = std::max_element(ours.begin(), ours.end());
  double sumA = logSum(reference, *topA), sumB = logSum(ours, *topB), kl = 0;
  for (size_t i = 0; i < ours.size(); ++i) {
    double a = reference[i] - sumA, b = ours[i] - sumB;
    kl += std::exp(a) * (a - b);
    maxAbs = std::max(maxAbs, std::abs(double(reference[i]) - ours[i]));
  }
  ++rows;
  agreeing += topA - reference.begin() == topB - ours.begin();
  klSum += kl;
  if (kl > klMax) {
    klMax = kl;
    worstPosition = position;
  }
  if (next >= 0) {
    nllSum += (sumB - ours[next]) - (sumA - reference[next]);
    ++nllRows;
  }
}

void LayerMeasures::add(std::span<const float> reference, std::span<const float> ours) {
  size_t width = ours.size() / layers.size();
  for (size_t layer = 0; layer < layers.size(); ++layer) {
    double ab = 0, aa = 0, bb = 0;
    for (size_t i = layer * width; i < (layer + 1) * width; ++i) {
      double a = reference[i], b = ours[i];
      ab += a * b;
      aa += a * a;
      bb += b * b;
    }
    // Two rows of zeros are the same; one beside another is as far off as can be.
    double cosine = aa > 0 && bb > 0 ? ab / std::sqrt(aa * bb) : aa == bb ? 1 : 0;
    layers[layer].sum += cosine;
    layers[layer].least = std::min(layers[layer].least, cosine);
  }
  ++rows;
}

} // namespace gemmac::certify
