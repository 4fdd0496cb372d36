// How far rows are from the rows of a reference. Definitions: docs/testing.md, "Measures".
#ifndef COMPILER_CERTIFY_MEASURES_H
#define COMPILER_CERTIFY_MEASURES_H

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace gemmac::certify {

/// Index of the first number that is none (NaN or an infinity), or -1.
int64_t firstBroken(std::span<const float> row);

/// Logits, row by row; everything in float64.
class LogitMeasures {
public:
  /// `next` is the token that follows, -1 where none does.
  void add(int64_t position, std::span<const float> reference, std::span<const float> ours, int64_t next);

  int64_t rows = 0, agreeing = 0; ///< rows; those whose largest logit is at the same token (the first of equal ones)
  double klSum = 0, klMax = -1;   ///< nats
  int64_t worstPosition = 0;      ///< of klMax
  double maxAbs = 0;
  double nllSum = 0; ///< ours less the reference's
  int64_t nllRows = 0;
};

/// Cosines between what leaves each layer, row by row.
class LayerMeasures {
public:
  LayerMeasures(int64_t layers) : layers(layers) {}
  void add(std::span<const float> reference, std::span<const float> ours);

  struct Layer {
    double sum = 0, least = 2;
  };
  std::vector<Layer> layers;
  int64_t rows = 0;
};

} // namespace gemmac::certify
#endif
