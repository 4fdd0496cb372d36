// The operations of the gemma dialect as functions on arrays: GemmaOps.td's formulas, one loop each. Rows are float32;
// sums, exponentials and the like are taken in double and rounded once, so that no order of summation is preferred.
#ifndef TEST_REFERENCE_OPERATIONS_H
#define TEST_REFERENCE_OPERATIONS_H

#include "test/reference/Interpreter.h"

namespace gemmac::reference {

/// table [N, D]; an id outside of 0..N-1 is an error.
Result<Tensor> embed(const Tensor &ids, const Tensor &table, double scale);
/// The rows of `table` from `firstPosition` on, `rows` of them; as embed otherwise.
Result<Tensor> embedPositions(int64_t firstPosition, int64_t rows, const Tensor &table, double scale);
/// `weight` may be null; `group` divides the columns.
Tensor rmsNorm(const Tensor &input, const Tensor *weight, double eps, int64_t group);
/// `weight` and `bias` may be null.
Tensor layerNorm(const Tensor &input, const Tensor *weight, const Tensor *bias, double eps, int64_t group);
Tensor bias(const Tensor &input, const Tensor &weight);
/// weight [N, K] over input [T, K].
Tensor project(const Tensor &input, const float *weight, int64_t outputs);
/// Codes and scales of 32 columns each, multiplied out again.
Tensor packI8(const Tensor &input);
Tensor packBf16(const Tensor &input);
/// gemma.pack of one kind.
Tensor pack(const Tensor &input, kernel::Packing kind);
Tensor scale(const Tensor &input, double by);
Tensor slice(const Tensor &input, int64_t offset, int64_t columns);
Tensor add(const Tensor &lhs, const Tensor &rhs);
Tensor mul(const Tensor &lhs, const Tensor &rhs);
Tensor act(const Tensor &input, gemma::Activation activation);
Tensor gated(const Tensor &gate, const Tensor &up, gemma::Activation activation);
Tensor softcap(const Tensor &input, double cap);
/// theta^(-2 i / denominator) for i < pairs, in float32.
std::vector<float> powers(double theta, int64_t denominator, int64_t pairs);
/// Row t stands at `firstPosition` + t; one frequency for each pair, which lie `width` / 2 apart.
Tensor rope(const Tensor &input, int64_t firstPosition, int64_t headDim, int64_t width,
            std::span<const float> frequencies, double magnitude);
/// Row t of `query` stands at `firstPosition` + t, row s of `keys` and `values` at s. `window` 0: none; `cap` 0: none.
/// `blocks`: the block number of each row of `keys`, 0 outside of blocks; empty: none.
Tensor attention(const Tensor &query, const Tensor &keys, const Tensor &values, int64_t firstPosition, int64_t heads,
                 int64_t kvHeads, int64_t headDim, double scale, int64_t window, double cap,
                 std::span<const int32_t> blocks = {});
/// The noise of gemma.route: standard normal, from these numbers alone.
double gateNoise(uint64_t seed, int64_t position, int64_t expert);
/// scores + noise, row t at `firstPosition` + t; `deviations` (before softplus) may be null: 1 everywhere.
Tensor noisyScores(const Tensor &scores, const Tensor *deviations, uint64_t seed, int64_t firstPosition);
Tensor topK(const Tensor &scores, const Tensor *perExpert, int64_t topK, bool normalised = true);
/// gateUp [E, 2 F, D], down [E, D, F]. `outerKind` and `innerKind`: how the inputs of the two are packed.
Tensor experts(const Tensor &input, const Tensor &routing, const Tensor &gateUp, const Tensor &down, int64_t hidden,
               gemma::Activation activation, kernel::Packing outerKind, kernel::Packing innerKind);
Tensor lastRows(const Tensor &input, int64_t rows);

} // namespace gemmac::reference
#endif
