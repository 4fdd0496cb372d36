// A reference interpreter of the gemma dialect: every operation as its description says, in plain loops, the whole
// sequence at once. It is slow and small, and the judge of everything below it: any IR up to the quantize stage can be
// run. It knows nothing of phases (a region runs in place), layouts or targets, and shares no code with them.
#ifndef TEST_REFERENCE_INTERPRETER_H
#define TEST_REFERENCE_INTERPRETER_H

#include "compiler/support/Result.h"
#include "dialects/gemma/Gemma.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace gemmac::reference {

/// A value of the program, row-major. Rows: `data` is [rows, columns]. A weight: `data` flattened, `columns` its last
/// dimension. Token ids: `ids`, one column. A routing: the experts in `ids` and their weights in `data`, both [rows,
/// columns = top_k].
struct Tensor {
  int64_t columns = 1;
  std::vector<float> data;
  std::vector<int32_t> ids;

  int64_t rows() const { return static_cast<int64_t>(std::max(data.size(), ids.size())) / columns; }
};

/// Gives the elements of a weight, flattened, as float32. Whether they are rounded to the operation's `format` is the
/// source's choice; they are used as given. A wrong number of elements is an error of the run.
using WeightSource = std::function<Result<std::vector<float>>(gemma::WeightOp)>;

/// The same numbers in [-1, 1) / sqrt(columns) for the same seed and the same weight (its index and shape); near 1 for
/// vectors.
WeightSource randomWeights(uint64_t seed);

/// Reads `folder`/NAME.f32: raw little-endian float32, exactly as many as the weight has.
WeightSource weightsFromFolder(std::string folder);

/// Runs any function of gemma operations. `tokens` is the number of rows of a plain tensor and `lastRows`, of 1 to
/// `tokens`, that of a "last" one; row 0 stands at position 0. One argument per parameter, results in order. `blocks`:
/// each row's block number, for attentions that know blocks; empty: no blocks.
Result<std::vector<Tensor>> call(mlir::func::FuncOp function, std::vector<Tensor> arguments, int64_t tokens,
                                 int64_t lastRows, const WeightSource &weights, std::span<const int32_t> blocks = {});

/// Runs a model: a function of ids (`tensor<?xi32>`) alone to logits. Their number of rows is `lastRows` if the
/// function yields the last rows, else that of the ids.
Result<Tensor> run(mlir::func::FuncOp function, std::span<const int32_t> ids, int64_t lastRows,
                   const WeightSource &weights, std::span<const int32_t> blocks = {});

} // namespace gemmac::reference
#endif
