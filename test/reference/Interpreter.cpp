// Walks a function operation by operation, keeps the values that are still wanted, and asks Operations.cpp for the
// numbers.
#include "test/reference/Interpreter.h"

#include "test/reference/Operations.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace gemmac;
using namespace gemmac::reference;

namespace {

int64_t dim(mlir::Value weight, int64_t i) {
  return cast<RankedTensorType>(weight.getType()).getDimSize(i);
}

std::string nameOf(Operation &op) {
  return op.getName().getStringRef().str();
}

/// One run of one function.
class Interpreter {
public:
  Interpreter(int64_t tokens, int64_t lastRows, const WeightSource &weights, std::span<const int32_t> blocks)
      : tokens(tokens), last(lastRows), weights(weights), blocks(blocks) {}

  void keep(mlir::Value value, Tensor tensor) {
    auto uses = static_cast<int64_t>(std::distance(value.use_begin(), value.use_end()));
    if (uses > 0)
      values[value] = {std::move(tensor), uses};
  }

  /// Runs a block up to its terminator and returns the terminator's operands.
  Result<std::vector<Tensor>> runBlock(Block &block);

private:
  struct Kept {
    Tensor tensor;
    int64_t uses = 0;
  };

  const Tensor &in(mlir::Value value) { return values.find(value)->second.tensor; }
  const Tensor *optional(mlir::Value value) { return value ? &in(value) : nullptr; }
  const float *data(mlir::Value weight) { return in(weight).data.data(); }
  int64_t firstPosition(mlir::Value rows) {
    return gemma::rowsOf(rows.getType()) == gemma::Rows::Last ? tokens - last : 0;
  }

  /// Drops what nobody asks for any more: a long sequence would not fit into memory otherwise.
  void release(Operation &op) {
    for (mlir::Value operand : op.getOperands())
      if (auto it = values.find(operand); it != values.end() && --it->second.uses == 0)
        values.erase(it);
  }

  Result<Tensor> weight(gemma::WeightOp op);
  Result<Tensor> evaluate(Operation &op);
  Result<Ok> execute(Operation &op);

  int64_t tokens, last;
  const WeightSource &weights;
  std::span<const int32_t> blocks;
  llvm::DenseMap<mlir::Value, Kept> values;
};

} // namespace

Result<Tensor> Interpreter::weight(gemma::WeightOp op) {
  Result<std::vector<float>> read = weights(op);
  if (!read)
    return read.error();
  auto type = cast<RankedTensorType>(op.getType());
  if (static_cast<int64_t>(read->size()) != type.getNumElements())
    return Error{"weight '" + op.getName().str() + "' was given " + std::to_string(read->size()) +
                 " elements but has " + std::to_string(type.getNumElements())};
  return Tensor{type.getShape().back(), std::move(*read), {}};
}

/// How the input of a product with this weight is packed: as its format asks, where it has one.
static kernel::Packing packing(mlir::Value weight) {
  auto op = weight.getDefiningOp<gemma::WeightOp>();
  return op ? gemma::packedKind(op) : kernel::Packing::F32;
}

Result<Tensor> Interpreter::evaluate(Operation &operation) {
  return llvm::TypeSwitch<Operation &, Result<Tensor>>(operation)
      .Case([&](gemma::WeightOp op) { return weight(op); })
      .Case(
          [&](gemma::EmbedOp op) { return embed(in(op.getIds()), in(op.getTable()), op.getScale().convertToDouble()); })
      .Case([&](gemma::EmbedPositionsOp op) {
        bool onlyLast = gemma::rowsOf(op.getType()) == gemma::Rows::Last;
        return embedPositions(onlyLast ? tokens - last : 0, onlyLast ? last : tokens, in(op.getTable()),
                              op.getScale().convertToDouble());
      })
      .Case([&](gemma::LayerNormOp op) {
        const Tensor &input = in(op.getInput());
        return layerNorm(input, optional(op.getWeight()), optional(op.getBias()), op.getEps().convertToDouble(),
                         op.getGroup().value_or(input.columns));
      })
      .Case([&](gemma::BiasOp op) { return bias(in(op.getInput()), in(op.getWeight())); })
      .Case([&](gemma::ActOp op) { return act(in(op.getInput()), op.getActivation()); })
      .Case([&](gemma::RmsNormOp op) {
        const Tensor &input = in(op.getInput());
        return rmsNorm(input, optional(op.getWeight()), op.getEps().convertToDouble(),
                       op.getGroup().value_or(input.columns));
      })
      .Case(
          [&](gemma::ProjectOp op) { return project(in(op.getInput()), data(op.getWeight()), dim(op.getWeight(), 0)); })
      .Case([&](gemma::PackOp op) { return pack(in(op.getInput()), op.getType().getKind()); })
      .Case([&](gemma::ScaleOp op) { return scale(in(op.getInput()), op.getBy().convertToDouble()); })
      .Case([&](gemma::ScaleByOp op) { return scale(in(op.getInput()), *data(op.getWeight())); })
      .Case([&](gemma::SliceOp op) { return slice(in(op.getInput()), op.getOffset(), gemma::columnsOf(op.getType())); })
      .Case([&](gemma::AddOp op) { return add(in(op.getLhs()), in(op.getRhs())); })
      .Case([&](gemma::MulOp op) { return mul(in(op.getLhs()), in(op.getRhs())); })
      .Case([&](gemma::GatedOp op) { return gated(in(op.getGate()), in(op.getUp()), op.getActivation()); })
      .Case([&](gemma::SoftcapOp op) { return softcap(in(op.getInput()), op.getCap().convertToDouble()); })
      .Case([&](gemma::RopeOp op) {
        std::vector<float> frequencies =
            op.getFrequencies() ? op.getFrequencies()->vec()
                                : powers(op.getTheta()->convertToDouble(), *op.getDenominator(), op.getPairs());
        return rope(in(op.getInput()), firstPosition(op.getInput()), op.getHeadDim(),
                    op.getWidth().value_or(op.getHeadDim()), frequencies,
                    op.getMagnitude() ? op.getMagnitude()->convertToDouble() : 1);
      })
      .Case([&](gemma::AttentionOp op) {
        return attention(in(op.getQuery()), in(op.getKeys()), in(op.getValues()), firstPosition(op.getQuery()),
                         op.getHeads(), op.getKvHeads(), op.getHeadDim(), op.getScale().convertToDouble(),
                         op.getWindowTokens().value_or(0), op.getSoftcap() ? op.getSoftcap()->convertToDouble() : 0,
                         op.getBlockTokens() ? blocks : std::span<const int32_t>());
      })
      .Case([&](gemma::RouteOp op) {
        Tensor scores = project(in(op.getInput()), data(op.getWeight()), dim(op.getWeight(), 0)), deviations;
        if (op.getNoiseWeight())
          deviations = project(in(op.getInput()), data(op.getNoiseWeight()), dim(op.getWeight(), 0));
        if (op.getNoiseSeed())
          scores = noisyScores(scores, op.getNoiseWeight() ? &deviations : nullptr, *op.getNoiseSeed(),
                               firstPosition(op.getInput()));
        return topK(scores, optional(op.getPerExpert()), op.getType().getTopK(), !op.getUnnormalised());
      })
      .Case([&](gemma::TopKOp op) {
        const Tensor *deviations = optional(op.getNoiseScores());
        Tensor scores = in(op.getScores());
        if (op.getNoiseSeed())
          scores = noisyScores(scores, deviations, *op.getNoiseSeed(), firstPosition(op.getScores()));
        return topK(scores, optional(op.getPerExpert()), op.getType().getTopK(), !op.getUnnormalised());
      })
      .Case([&](gemma::ExpertsOp op) {
        return experts(in(op.getInput()), in(op.getRouting()), in(op.getGateUp()), in(op.getDown()),
                       dim(op.getDown(), 2), op.getActivation(), packing(op.getGateUp()), packing(op.getDown()));
      })
      .Case([&](gemma::LastRowsOp op) { return lastRows(in(op.getInput()), last); })
      .Default([](Operation &op) { return Error{"the reference interpreter does not know " + nameOf(op)}; });
}

Result<Ok> Interpreter::execute(Operation &op) {
  if (auto phase = dyn_cast<gemma::PhaseOp>(op)) {
    Result<std::vector<Tensor>> outputs = runBlock(phase.getBody().front());
    if (!outputs)
      return outputs.error();
    for (auto [result, tensor] : llvm::zip_equal(phase.getResults(), *outputs))
      keep(result, std::move(tensor));
    return Ok{};
  }
  if (isa<gemma::TapOp>(op)) {
    release(op); // nobody looks
    return Ok{};
  }
  Result<Tensor> result = evaluate(op);
  if (!result)
    return result.error();
  release(op);
  keep(op.getResult(0), std::move(*result));
  return Ok{};
}

Result<std::vector<Tensor>> Interpreter::runBlock(Block &block) {
  for (Operation &op : block.without_terminator())
    if (Result<Ok> done = execute(op); !done)
      return done.error();
  std::vector<Tensor> outputs;
  for (mlir::Value value : block.getTerminator()->getOperands())
    outputs.push_back(in(value));
  release(*block.getTerminator());
  return outputs;
}

Result<std::vector<Tensor>> reference::call(func::FuncOp function, std::vector<Tensor> arguments, int64_t tokens,
                                            int64_t lastRows, const WeightSource &weights,
                                            std::span<const int32_t> blocks) {
  std::string name = "function '" + function.getName().str() + "'";
  if (!function.getBody().hasOneBlock())
    return Error{name + " must have one block to be interpreted"};
  if (arguments.size() != function.getNumArguments())
    return Error{name + " takes " + std::to_string(function.getNumArguments()) + " arguments but was given " +
                 std::to_string(arguments.size())};
  if (tokens < 1 || lastRows < 1 || lastRows > tokens)
    return Error{"cannot run " + std::to_string(tokens) + " tokens for the last " + std::to_string(lastRows)};
  if (!blocks.empty() && static_cast<int64_t>(blocks.size()) != tokens)
    return Error{"there are " + std::to_string(blocks.size()) + " block numbers for " + std::to_string(tokens) +
                 " tokens"};
  Interpreter interpreter(tokens, lastRows, weights, blocks);
  for (auto [parameter, argument] : llvm::zip_equal(function.getArguments(), arguments))
    interpreter.keep(parameter, std::move(argument));
  return interpreter.runBlock(function.getBody().front());
}

Result<Tensor> reference::run(func::FuncOp function, std::span<const int32_t> ids, int64_t lastRows,
                              const WeightSource &weights, std::span<const int32_t> blocks) {
  auto isRows = [](Type type) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    return tensor && tensor.getRank() == 2 && tensor.getElementType().isF32();
  };
  auto isIds = [](Type type) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    return tensor && tensor.getRank() == 1 && tensor.getElementType().isInteger(32);
  };
  FunctionType type = function.getFunctionType();
  if (type.getNumInputs() != 1 || !isIds(type.getInput(0)) || type.getNumResults() != 1 || !isRows(type.getResult(0)))
    return Error{"function '" + function.getName().str() +
                 "' must turn ids, tensor<?xi32>, into logits, tensor<?xVxf32>"};
  Tensor tokens;
  tokens.ids.assign(ids.begin(), ids.end());
  Result<std::vector<Tensor>> results =
      call(function, {std::move(tokens)}, static_cast<int64_t>(ids.size()), lastRows, weights, blocks);
  if (!results)
    return results.error();
  return std::move(results->front());
}
