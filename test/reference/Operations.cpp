// GemmaOps.td's formulas, one plain loop each. T rows, D columns.
#include "test/reference/Operations.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>
#include <cmath>
#include <numbers>

using namespace gemmac;
using namespace gemmac::reference;

namespace {

Tensor rowsLike(const Tensor &like, int64_t columns) {
  Tensor result;
  result.columns = columns;
  result.data.resize(like.rows() * columns);
  return result;
}

template <class F> Tensor forEach(const Tensor &a, F f) {
  Tensor result = rowsLike(a, a.columns);
  for (size_t i = 0; i < a.data.size(); ++i)
    result.data[i] = static_cast<float>(f(a.data[i]));
  return result;
}

template <class F> Tensor forEach(const Tensor &a, const Tensor &b, F f) {
  Tensor result = rowsLike(a, a.columns);
  for (size_t i = 0; i < a.data.size(); ++i)
    result.data[i] = static_cast<float>(f(a.data[i], b.data[i]));
  return result;
}

double activate(double z, gemma::Activation activation) {
  if (activation == gemma::Activation::Gelu)
    return 0.5 * z * (1 + std::erf(z / std::numbers::sqrt2));
  if (activation == gemma::Activation::Relu)
    return std::max(z, 0.0);
  if (activation == gemma::Activation::Relu2)
    return std::max(z, 0.0) * std::max(z, 0.0);
  if (activation == gemma::Activation::Silu)
    return z / (1 + std::exp(-z));
  return 0.5 * z * (1 + std::tanh(std::sqrt(2 / std::numbers::pi) * (z + 0.044715 * z * z * z)));
}

double dot(const float *a, const float *b, int64_t n) {
  double sum = 0;
  for (int64_t i = 0; i < n; ++i)
    sum += static_cast<double>(a[i]) * b[i];
  return sum;
}

void softmax(std::vector<double> &x) {
  double largest = *std::max_element(x.begin(), x.end()), sum = 0;
  for (double &v : x)
    sum += v = std::exp(v - largest);
  for (double &v : x)
    v /= sum;
}

} // namespace

Result<Tensor> reference::embed(const Tensor &ids, const Tensor &table, double scale) {
  Tensor result = rowsLike(ids, table.columns);
  for (int64_t t = 0; t < ids.rows(); ++t) {
    int32_t id = ids.ids[t];
    if (id < 0 || id >= table.rows())
      return Error{"token " + std::to_string(t) + " has id " + std::to_string(id) + ", but the table has " +
                   std::to_string(table.rows()) + " rows"};
    for (int64_t d = 0; d < table.columns; ++d)
      result.data[t * table.columns + d] = static_cast<float>(table.data[id * table.columns + d] * scale);
  }
  return result;
}

Result<Tensor> reference::embedPositions(int64_t firstPosition, int64_t rows, const Tensor &table, double scale) {
  Tensor positions;
  positions.columns = 1;
  for (int64_t t = 0; t < rows; ++t)
    positions.ids.push_back(static_cast<int32_t>(firstPosition + t));
  return embed(positions, table, scale);
}

Tensor reference::rmsNorm(const Tensor &input, const Tensor *weight, double eps, int64_t group) {
  Tensor result = rowsLike(input, input.columns);
  for (size_t start = 0; start < input.data.size(); start += group) {
    const float *x = &input.data[start];
    double root = std::sqrt(dot(x, x, group) / static_cast<double>(group) + eps);
    for (int64_t d = 0; d < group; ++d)
      result.data[start + d] = static_cast<float>(x[d] / root * (weight ? weight->data[d] : 1.0f));
  }
  return result;
}

Tensor reference::layerNorm(const Tensor &input, const Tensor *weight, const Tensor *bias, double eps, int64_t group) {
  Tensor result = rowsLike(input, input.columns);
  for (size_t start = 0; start < input.data.size(); start += group) {
    const float *x = &input.data[start];
    double mean = 0, variance = 0;
    for (int64_t d = 0; d < group; ++d)
      mean += x[d] / static_cast<double>(group);
    for (int64_t d = 0; d < group; ++d)
      variance += (x[d] - mean) * (x[d] - mean) / static_cast<double>(group);
    for (int64_t d = 0; d < group; ++d)
      result.data[start + d] =
          static_cast<float>((x[d] - mean) / std::sqrt(variance + eps) * (weight ? weight->data[d] : 1.0f) +
                             (bias ? bias->data[d] : 0.0f));
  }
  return result;
}

Tensor reference::bias(const Tensor &input, const Tensor &weight) {
  Tensor result = input;
  for (size_t i = 0; i < result.data.size(); ++i)
    result.data[i] += weight.data[i % static_cast<size_t>(input.columns)];
  return result;
}

Tensor reference::project(const Tensor &input, const float *weight, int64_t outputs) {
  Tensor result = rowsLike(input, outputs);
  for (int64_t t = 0; t < input.rows(); ++t)
    for (int64_t n = 0; n < outputs; ++n)
      result.data[t * outputs + n] =
          static_cast<float>(dot(&input.data[t * input.columns], weight + n * input.columns, input.columns));
  return result;
}

Tensor reference::packI8(const Tensor &input) {
  Tensor result = rowsLike(input, input.columns);
  for (int64_t t = 0; t < input.rows(); ++t)
    for (int64_t first = 0; first < input.columns; first += 32) {
      int64_t start = t * input.columns + first, size = std::min<int64_t>(32, input.columns - first);
      float largest = 0;
      for (int64_t i = start; i < start + size; ++i)
        largest = std::max(largest, std::fabs(input.data[i]));
      float scale = largest / 127; // the group is 0 where this is 0
      for (int64_t i = start; i < start + size && scale > 0; ++i)
        result.data[i] = std::nearbyint(input.data[i] / scale) * scale; // the default mode rounds to nearest even
    }
  return result;
}

Tensor reference::packBf16(const Tensor &input) {
  Tensor result = rowsLike(input, input.columns);
  for (size_t i = 0; i < result.data.size(); ++i) {
    uint32_t bits = std::bit_cast<uint32_t>(static_cast<float>(input.data[i]));
    bits += 0x7fff + (bits >> 16 & 1); // half a unit, ties to even
    result.data[i] = std::bit_cast<float>(bits & 0xffff0000);
  }
  return result;
}

Tensor reference::pack(const Tensor &input, kernel::Packing kind) {
  return kind == kernel::Packing::I8 ? packI8(input) : kind == kernel::Packing::BF16 ? packBf16(input) : input;
}

Tensor reference::scale(const Tensor &input, double by) {
  return forEach(input, [&](double x) { return x * by; });
}

Tensor reference::slice(const Tensor &input, int64_t offset, int64_t columns) {
  Tensor result = rowsLike(input, columns);
  for (int64_t t = 0; t < input.rows(); ++t)
    for (int64_t j = 0; j < columns; ++j)
      result.data[t * columns + j] = input.data[t * input.columns + offset + j];
  return result;
}

Tensor reference::add(const Tensor &lhs, const Tensor &rhs) {
  return forEach(lhs, rhs, [](double a, double b) { return a + b; });
}

Tensor reference::mul(const Tensor &lhs, const Tensor &rhs) {
  return forEach(lhs, rhs, [](double a, double b) { return a * b; });
}

Tensor reference::act(const Tensor &input, gemma::Activation activation) {
  return forEach(input, [&](double z) { return activate(z, activation); });
}

Tensor reference::gated(const Tensor &gate, const Tensor &up, gemma::Activation activation) {
  return forEach(gate, up, [&](double g, double u) { return activate(g, activation) * u; });
}

Tensor reference::softcap(const Tensor &input, double cap) {
  return forEach(input, [&](double x) { return cap * std::tanh(x / cap); });
}

std::vector<float> reference::powers(double theta, int64_t denominator, int64_t pairs) {
  std::vector<float> frequencies;
  for (int64_t i = 0; i < pairs; ++i)
    frequencies.push_back(
        static_cast<float>(std::pow(theta, -2.0 * static_cast<double>(i) / static_cast<double>(denominator))));
  return frequencies;
}

Tensor reference::rope(const Tensor &input, int64_t firstPosition, int64_t headDim, int64_t width,
                       std::span<const float> frequencies, double magnitude) {
  Tensor result = input;
  for (int64_t t = 0; t < input.rows(); ++t)
    for (size_t i = 0; i < frequencies.size(); ++i) {
      double angle = static_cast<float>(firstPosition + t) * frequencies[i]; // a float32 product: the angle is rounded
      double cosine = std::cos(angle) * magnitude, sine = std::sin(angle) * magnitude;
      for (int64_t head = 0; head < input.columns; head += headDim) {
        int64_t a = t * input.columns + head + static_cast<int64_t>(i), b = a + width / 2;
        result.data[a] = static_cast<float>(input.data[a] * cosine - input.data[b] * sine);
        result.data[b] = static_cast<float>(input.data[b] * cosine + input.data[a] * sine);
      }
    }
  return result;
}

Tensor reference::attention(const Tensor &query, const Tensor &keys, const Tensor &values, int64_t firstPosition,
                            int64_t heads, int64_t kvHeads, int64_t headDim, double scale, int64_t window, double cap,
                            std::span<const int32_t> blocks) {
  Tensor result = rowsLike(query, query.columns);
  std::vector<double> sums(headDim);
  for (int64_t t = 0; t < query.rows(); ++t)
    for (int64_t head = 0; head < heads; ++head) {
      int64_t position = firstPosition + t, shared = head / (heads / kvHeads) * headDim;
      int64_t first = window > 0 ? std::max<int64_t>(0, position - window + 1) : 0, end = position + 1;
      while (!blocks.empty() && blocks[position] > 0 && end < keys.rows() && blocks[end] == blocks[position])
        ++end;
      const float *q = &query.data[t * query.columns + head * headDim];
      std::vector<double> weights;
      for (int64_t s = first; s < end; ++s) {
        double score = scale * dot(q, &keys.data[s * keys.columns + shared], headDim);
        weights.push_back(cap > 0 ? cap * std::tanh(score / cap) : score);
      }
      softmax(weights);
      std::fill(sums.begin(), sums.end(), 0);
      for (int64_t s = first; s < end; ++s)
        for (int64_t d = 0; d < headDim; ++d)
          sums[d] += weights[s - first] * values.data[s * values.columns + shared + d];
      for (int64_t d = 0; d < headDim; ++d)
        result.data[t * query.columns + head * headDim + d] = static_cast<float>(sums[d]);
    }
  return result;
}

double reference::gateNoise(uint64_t seed, int64_t position, int64_t expert) {
  auto mix = [](uint64_t z) {
    z += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
  };
  uint64_t bits = mix(mix(mix(seed) + position) + expert);
  double u = static_cast<double>((bits >> 40) + 1) * 0x1p-24, v = static_cast<double>(bits >> 16 & 0xffffff) * 0x1p-24;
  return std::sqrt(-2 * std::log(u)) * std::cos(2 * std::numbers::pi * v);
}

Tensor reference::noisyScores(const Tensor &scores, const Tensor *deviations, uint64_t seed, int64_t firstPosition) {
  Tensor result = scores;
  for (int64_t t = 0; t < scores.rows(); ++t)
    for (int64_t e = 0; e < scores.columns; ++e) {
      int64_t i = t * scores.columns + e;
      double deviation = deviations ? std::log1p(std::exp(static_cast<double>(deviations->data[i]))) : 1;
      result.data[i] = static_cast<float>(scores.data[i] + gateNoise(seed, firstPosition + t, e) * deviation);
    }
  return result;
}

Tensor reference::topK(const Tensor &scores, const Tensor *perExpert, int64_t topK, bool normalised) {
  Tensor routing = rowsLike(scores, topK);
  routing.ids.resize(routing.data.size());
  for (int64_t t = 0; t < scores.rows(); ++t) {
    const float *row = &scores.data[t * scores.columns];
    std::vector<double> p(row, row + scores.columns);
    softmax(p);
    std::vector<int32_t> chosen;
    for (int64_t j = 0; j < topK; ++j) {
      int32_t best = -1;
      for (int32_t e = 0; e < scores.columns; ++e)
        if (llvm::find(chosen, e) == chosen.end() && (best < 0 || row[e] > row[best]))
          best = e;
      chosen.push_back(best);
    }
    double sum = 0;
    for (int32_t e : chosen)
      sum += p[e];
    if (!normalised)
      sum = 1;
    for (int64_t j = 0; j < topK; ++j) {
      routing.ids[t * topK + j] = chosen[j];
      routing.data[t * topK + j] =
          static_cast<float>(p[chosen[j]] / sum * (perExpert ? perExpert->data[chosen[j]] : 1));
    }
  }
  return routing;
}

Tensor reference::experts(const Tensor &input, const Tensor &routing, const Tensor &gateUp, const Tensor &down,
                          int64_t hidden, gemma::Activation activation, kernel::Packing outerKind,
                          kernel::Packing innerKind) {
  int64_t columns = input.columns;
  Tensor result = rowsLike(input, columns);
  for (int64_t t = 0; t < input.rows(); ++t) {
    Tensor row = pack({columns, {&input.data[t * columns], &input.data[t * columns] + columns}, {}}, outerKind);
    std::vector<double> sums(columns);
    for (int64_t j = 0; j < routing.columns; ++j) {
      int64_t expert = routing.ids[t * routing.columns + j];
      Tensor both = project(row, &gateUp.data[expert * 2 * hidden * columns], 2 * hidden);
      Tensor inner = pack(gated(slice(both, 0, hidden), slice(both, hidden, hidden), activation), innerKind);
      Tensor outer = project(inner, &down.data[expert * columns * hidden], columns);
      for (int64_t d = 0; d < columns; ++d)
        sums[d] += static_cast<double>(routing.data[t * routing.columns + j]) * outer.data[d];
    }
    std::copy(sums.begin(), sums.end(), result.data.begin() + t * columns);
  }
  return result;
}

Tensor reference::lastRows(const Tensor &input, int64_t rows) {
  Tensor result;
  result.columns = input.columns;
  result.data.assign(input.data.end() - rows * input.columns, input.data.end());
  if (!input.ids.empty()) // a routing
    result.ids.assign(input.ids.end() - rows * input.columns, input.ids.end());
  return result;
}
