// Verifiers of the gemma operations. Each check names the constraint of GemmaOps.td that it enforces.
#include "dialects/gemma/Gemma.h"

#include "llvm/Support/MathExtras.h"

#include <cmath>

using namespace mlir;
using namespace gemmac::gemma;

namespace {

/// A value of rows: `tensor<?xDxf32>`, perhaps "last", or a packed or routing value.
LogicalResult checkRows(Operation *op, Type type, StringRef what) {
  if (!isa<TensorType>(type))
    return success();
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor || tensor.getRank() != 2 || !tensor.isDynamicDim(0) || tensor.getDimSize(1) < 1)
    return op->emitOpError() << what << " must be rows of static width, tensor<?xDxf32>, but is " << type;
  if (Attribute encoding = tensor.getEncoding())
    if (auto word = dyn_cast<StringAttr>(encoding); !word || word.getValue() != "last")
      return op->emitOpError() << what << " has encoding " << encoding << "; only \"last\" is known";
  return success();
}

LogicalResult checkSame(Operation *op, Type a, Type b, StringRef whatA, StringRef whatB) {
  if (failed(checkRows(op, a, whatA)) || failed(checkRows(op, b, whatB)))
    return failure();
  if (a != b)
    return op->emitOpError() << whatA << " is " << a << " but " << whatB << " is " << b;
  return success();
}

LogicalResult checkSameRows(Operation *op, Type a, Type b, StringRef whatA, StringRef whatB) {
  if (failed(checkRows(op, a, whatA)) || failed(checkRows(op, b, whatB)))
    return failure();
  if (rowsOf(a) != rowsOf(b))
    return op->emitOpError() << whatA << " and " << whatB << " must hold the same rows (all or last), but are " << a
                             << " and " << b;
  return success();
}

/// Of a weight; -1 if the type does not say.
int64_t elements(Type type) {
  auto tensor = cast<TensorType>(type);
  return tensor.hasStaticShape() ? tensor.getNumElements() : -1;
}

/// Of a weight; empty if it has no rank.
ArrayRef<int64_t> shape(Value value) {
  auto tensor = dyn_cast<RankedTensorType>(value.getType());
  return tensor ? tensor.getShape() : ArrayRef<int64_t>();
}

} // namespace

LogicalResult WeightOp::verify() {
  auto type = dyn_cast<RankedTensorType>(getType());
  if (!type || type.getRank() < 1 || type.getRank() > 3 || !type.hasStaticShape() ||
      llvm::is_contained(type.getShape(), 0)) // C1
    return emitOpError() << "needs a static shape of 1 to 3 positive dimensions but has " << getType();
  int64_t left = int64_t(1) << 48; // C2
  for (int64_t size : type.getShape()) {
    if (size > left)
      return emitOpError() << "can have at most 2^48 elements but is " << getType();
    left /= size;
  }
  return success();
}

/// C2 and C3 of embed and embed_positions.
static LogicalResult checkEmbedding(Operation *op, Type result, Value table, double scale) {
  if (failed(checkRows(op, result, "result")))
    return failure();
  if (columnsOf(result) != shape(table)[1]) // C2
    return op->emitOpError() << "result has " << columnsOf(result) << " columns but a row of table has "
                             << shape(table)[1];
  if (!std::isfinite(scale) || scale == 0) // C3
    return op->emitOpError() << "scale must be finite and not 0 but is " << scale;
  return success();
}

LogicalResult EmbedOp::verify() {
  auto ids = dyn_cast<RankedTensorType>(getIds().getType());
  if (!ids || ids.getRank() != 1 || !ids.isDynamicDim(0) || shape(getTable()).size() != 2) // C1
    return emitOpError() << "needs ids tensor<?xi32> and a table of rank 2 but has " << getIds().getType() << " and "
                         << getTable().getType();
  return checkEmbedding(*this, getType(), getTable(), getScale().convertToDouble()); // C2, C3
}

LogicalResult EmbedPositionsOp::verify() {
  if (shape(getTable()).size() != 2) // C1
    return emitOpError() << "needs a table of rank 2 but has " << getTable().getType();
  return checkEmbedding(*this, getType(), getTable(), getScale().convertToDouble()); // C2, C3
}

/// C1 to C4 of rms_norm and layer_norm; `weights` may be absent.
template <class Op> static LogicalResult checkNorm(Op op, std::initializer_list<std::pair<StringRef, Value>> weights) {
  if (failed(checkSame(op, op.getInput().getType(), op.getType(), "input", "result"))) // C4
    return failure();
  int64_t columns = columnsOf(op.getType()), group = op.getGroup().value_or(columns);
  if (group < 1 || columns % group != 0) // C1
    return op.emitOpError() << "group = " << group << " does not divide the " << columns << " columns of input";
  for (auto [name, weight] : weights)
    if (weight && (shape(weight).size() != 1 || shape(weight)[0] != group)) // C2
      return op.emitOpError() << name << " is " << weight.getType() << " but a group has " << group << " elements";
  if (!(op.getEps().convertToDouble() > 0)) // C3
    return op.emitOpError() << "eps must be above 0 but is " << op.getEps().convertToDouble();
  return success();
}

LogicalResult RmsNormOp::verify() {
  return checkNorm(*this, {{"weight", getWeight()}});
}

LogicalResult LayerNormOp::verify() {
  if (getBias() && !getWeight()) // C2
    return emitOpError() << "has a bias but no weight";
  return checkNorm(*this, {{"weight", getWeight()}, {"bias", getBias()}});
}

LogicalResult ProjectOp::verify() {
  if (failed(checkSameRows(*this, getInput().getType(), getType(), "input", "result"))) // C3
    return failure();
  auto weight = shape(getWeight());
  if (weight.size() != 2 || weight[1] != columnsOf(getInput().getType())) // C1
    return emitOpError() << "weight is " << getWeight().getType() << " but input has "
                         << columnsOf(getInput().getType()) << " columns";
  if (weight[0] != columnsOf(getType())) // C2
    return emitOpError() << "result has " << columnsOf(getType()) << " columns but weight has " << weight[0] << " rows";
  return success();
}

LogicalResult PackOp::verify() {
  PackedType packed = getType();
  if (failed(checkSameRows(*this, getInput().getType(), packed, "input", "result"))) // C1
    return failure();
  if (packed.getWidth() != columnsOf(getInput().getType())) // C1
    return emitOpError() << "result has " << packed.getWidth() << " columns but input has "
                         << columnsOf(getInput().getType());
  return success();
}

LogicalResult ScaleOp::verify() {
  if (!std::isfinite(getBy().convertToDouble())) // C1
    return emitOpError() << "the factor must be finite but is " << getBy().convertToDouble();
  return checkSame(*this, getInput().getType(), getType(), "input", "result"); // C2
}

OpFoldResult ScaleOp::fold(FoldAdaptor) {
  if (getBy().convertToDouble() == 1.0)
    return getInput();
  return {};
}

LogicalResult ScaleByOp::verify() {
  if (elements(getWeight().getType()) != 1) // C1
    return emitOpError() << "weight must have one element but is " << getWeight().getType();
  return checkSame(*this, getInput().getType(), getType(), "input", "result"); // C2
}

LogicalResult BiasOp::verify() {
  if (failed(checkSame(*this, getInput().getType(), getType(), "input", "result"))) // C2
    return failure();
  int64_t columns = columnsOf(getInput().getType());
  if (shape(getWeight()).size() != 1 || shape(getWeight())[0] != columns) // C1
    return emitOpError() << "weight is " << getWeight().getType() << " but input has " << columns << " columns";
  return success();
}

LogicalResult SliceOp::verify() {
  if (failed(checkSameRows(*this, getInput().getType(), getType(), "input", "result"))) // C2
    return failure();
  int64_t columns = columnsOf(getInput().getType()), size = columnsOf(getType()), offset = getOffset();
  if (offset < 0 || offset > columns - size) // C1
    return emitOpError() << size << " columns at " << offset << " are not within the " << columns
                         << " columns of input";
  return success();
}

LogicalResult AddOp::verify() {
  return failure(failed(checkSame(*this, getLhs().getType(), getRhs().getType(), "lhs", "rhs")) || // C1
                 failed(checkSame(*this, getLhs().getType(), getType(), "lhs", "result")));
}

LogicalResult MulOp::verify() {
  return failure(failed(checkSame(*this, getLhs().getType(), getRhs().getType(), "lhs", "rhs")) || // C1
                 failed(checkSame(*this, getLhs().getType(), getType(), "lhs", "result")));
}

LogicalResult ActOp::verify() {
  return checkSame(*this, getInput().getType(), getType(), "input", "result"); // C1
}

LogicalResult GatedOp::verify() {
  return failure(failed(checkSame(*this, getGate().getType(), getUp().getType(), "gate", "up")) || // C1
                 failed(checkSame(*this, getGate().getType(), getType(), "gate", "result")));
}

LogicalResult SoftcapOp::verify() {
  if (!(getCap().convertToDouble() > 0)) // C1
    return emitOpError() << "cap must be above 0 but is " << getCap().convertToDouble();
  return checkSame(*this, getInput().getType(), getType(), "input", "result"); // C2
}

LogicalResult RopeOp::verify() {
  if (failed(checkSame(*this, getInput().getType(), getType(), "input", "result"))) // C4
    return failure();
  int64_t columns = columnsOf(getType()), head = getHeadDim(), pairs = getPairs();
  int64_t width = getWidth().value_or(head);
  if (head < 2 || head % 2 != 0 || columns % head != 0) // C1
    return emitOpError() << "head_dim = " << head << " must be even and divide the " << columns << " columns of input";
  if (width < 2 || width % 2 != 0 || width > head) // C1
    return emitOpError() << "width = " << width << " must be even and at most head_dim = " << head;
  if (pairs < 1 || pairs > width / 2) // C2
    return emitOpError() << "pairs = " << pairs << " must be within 1 to " << width / 2 << ", half of "
                         << (getWidth() ? "width" : "head_dim");
  if (getMagnitude() && !std::isfinite(getMagnitude()->convertToDouble())) // C5
    return emitOpError() << "magnitude must be finite but is " << getMagnitude()->convertToDouble();
  bool base = getTheta() && getDenominator();
  if (base == getFrequencies().has_value() || getTheta().has_value() != getDenominator().has_value()) // C3
    return emitOpError() << "must have either theta and denominator or frequencies";
  if (base && (!(getTheta()->convertToDouble() > 0) || static_cast<int64_t>(*getDenominator()) < 1)) // C3
    return emitOpError() << "theta and denominator must be above 0 but are " << getTheta()->convertToDouble() << " and "
                         << static_cast<int64_t>(*getDenominator());
  if (!base && static_cast<int64_t>(getFrequencies()->size()) != pairs) // C3
    return emitOpError() << "has " << getFrequencies()->size() << " frequencies for " << pairs << " pairs";
  for (float frequency : getFrequencies().value_or(ArrayRef<float>()))
    if (!(frequency >= 0) || !std::isfinite(frequency)) // C3
      return emitOpError() << "a frequency must be finite and at least 0 but is " << frequency;
  return success();
}

LogicalResult AttentionOp::verify() {
  int64_t heads = getHeads(), kvHeads = getKvHeads(), head = getHeadDim();
  if (heads < 1 || kvHeads < 1 || heads % kvHeads != 0) // C1
    return emitOpError() << "kv_heads = " << kvHeads << " must divide heads = " << heads;
  if (int64_t product; head < 1 || llvm::MulOverflow(heads, head, product)) // C2, C3
    return emitOpError() << "head_dim = " << head << " must be above 0 and fit " << heads << " heads";
  if (failed(checkSame(*this, getQuery().getType(), getType(), "query", "result"))) // C2
    return failure();
  if (columnsOf(getType()) != heads * head)
    return emitOpError() << "query has " << columnsOf(getType()) << " columns but heads * head_dim = " << heads * head;
  if (failed(checkSame(*this, getKeys().getType(), getValues().getType(), "keys", "values"))) // C3
    return failure();
  if (columnsOf(getKeys().getType()) != kvHeads * head || rowsOf(getKeys().getType()) != Rows::All)
    return emitOpError() << "keys and values must hold all rows of kv_heads * head_dim = " << kvHeads * head
                         << " columns but are " << getKeys().getType();
  if (getWindowTokens() && static_cast<int64_t>(*getWindowTokens()) < 1) // C4
    return emitOpError() << "window must be at least 1 but is " << static_cast<int64_t>(*getWindowTokens());
  if (getBlockTokens() && static_cast<int64_t>(*getBlockTokens()) < 1) // C6
    return emitOpError() << "blocks must be at least 1 but is " << static_cast<int64_t>(*getBlockTokens());
  if (getSoftcap() && !(getSoftcap()->convertToDouble() > 0)) // C5
    return emitOpError() << "softcap must be above 0 but is " << getSoftcap()->convertToDouble();
  if (!std::isfinite(getScale().convertToDouble())) // C5
    return emitOpError() << "scale must be finite but is " << getScale().convertToDouble();
  return success();
}

/// C1 and C2 of route and top_k.
static LogicalResult checkChoice(Operation *op, RoutingType routing, int64_t experts, Value perExpert) {
  int64_t factors = perExpert ? elements(perExpert.getType()) : experts;
  if (routing.getExperts() != experts || factors != experts)
    return op->emitOpError() << "has scores for " << experts << " experts, " << factors
                             << " factors per expert, and a result over " << routing.getExperts();
  if (routing.getTopK() < 1 || routing.getTopK() > experts)
    return op->emitOpError() << "cannot choose " << routing.getTopK() << " of " << experts << " experts";
  return success();
}

/// C4 and C5 of route and top_k. `deviation` is what spreads the noise, `like` what it must look like.
static LogicalResult checkNoise(Operation *op, std::optional<int64_t> seed, Value deviation, Value like,
                                Value perExpert) {
  if (deviation && deviation.getType() != like.getType()) // C4
    return op->emitOpError() << "spreads its noise with " << deviation.getType() << " but must do so with "
                             << like.getType();
  if (deviation && !seed) // C4
    return op->emitOpError() << "spreads a noise that it has not: a seed is missing";
  if (deviation && !perExpert) // C4
    return op->emitOpError() << "spreads its noise, which needs a factor per expert";
  if (seed && *seed < 1) // C5
    return op->emitOpError() << "noise seed must be at least 1 but is " << *seed;
  return success();
}

LogicalResult RouteOp::verify() {
  if (failed(checkSameRows(*this, getInput().getType(), getType(), "input", "result"))) // C3
    return failure();
  auto weight = shape(getWeight());
  if (weight.size() != 2 || weight[1] != columnsOf(getInput().getType())) // C1
    return emitOpError() << "weight is " << getWeight().getType() << " but input has "
                         << columnsOf(getInput().getType()) << " columns";
  if (failed(checkChoice(*this, getType(), weight[0], getPerExpert()))) // C1, C2
    return failure();
  return checkNoise(*this, getNoiseSeed(), getNoiseWeight(), getWeight(), getPerExpert()); // C4, C5
}

LogicalResult TopKOp::verify() {
  if (failed(checkSameRows(*this, getScores().getType(), getType(), "scores", "result"))) // C3
    return failure();
  if (failed(checkChoice(*this, getType(), columnsOf(getScores().getType()), getPerExpert()))) // C1, C2
    return failure();
  return checkNoise(*this, getNoiseSeed(), getNoiseScores(), getScores(), getPerExpert()); // C4, C5
}

LogicalResult ExpertsOp::verify() {
  if (failed(checkSame(*this, getInput().getType(), getType(), "input", "result")) || // C2
      failed(checkSameRows(*this, getInput().getType(), getRouting().getType(), "input", "routing")))
    return failure();
  auto up = shape(getGateUp()), down = shape(getDown());
  int64_t columns = columnsOf(getInput().getType()), experts = getRouting().getType().getExperts();
  if (up.size() != 3 || down.size() != 3 || up[0] != experts || down[0] != experts || up[1] % 2 != 0 ||
      up[2] != columns || down[1] != columns || down[2] != up[1] / 2) // C1
    return emitOpError() << "gate_up is " << getGateUp().getType() << " and down is " << getDown().getType()
                         << " but there are " << experts << " experts and input has " << columns << " columns";
  return success();
}

LogicalResult LastRowsOp::verify() {
  if (failed(checkRows(*this, getInput().getType(), "input")) || failed(checkRows(*this, getType(), "result")))
    return failure();
  if (rowsOf(getInput().getType()) != Rows::All || getType() != withRows(getInput().getType(), Rows::Last)) // C1
    return emitOpError() << "must turn all rows into the last rows of the same width, but turns "
                         << getInput().getType() << " into " << getType();
  return success();
}

LogicalResult TapOp::verify() {
  if (static_cast<int64_t>(getColumn()) < 0) // C1
    return emitOpError() << "column must not be negative but is " << static_cast<int64_t>(getColumn());
  return checkRows(*this, getInput().getType(), "input");
}

static bool fits(PhaseKind kind, Operation *op) {
  switch (kind) {
  case PhaseKind::Rows:
    return op->hasTrait<RowWise>();
  case PhaseKind::Project:
    return isa<ProjectOp, SliceOp, PackOp>(op) || op->hasTrait<Elementwise>();
  case PhaseKind::Attention:
    return isa<AttentionOp, PackOp>(op);
  case PhaseKind::Experts:
    return isa<ExpertsOp>(op);
  case PhaseKind::Tap:
    return isa<TapOp>(op);
  }
  return false;
}

LogicalResult PhaseOp::verify() {
  Block &block = getBody().front();
  auto yield = block.empty() ? YieldOp() : dyn_cast<YieldOp>(block.back());
  if (!yield || block.getNumArguments() != 0)
    return emitOpError() << "must end with gemma.yield and have no arguments";
  if (yield.getOperandTypes() != getResultTypes()) // C2
    return emitOpError() << "yields other types than its results have";
  for (Operation &op : llvm::drop_end(block))
    if (!fits(getKind(), &op)) // C1
      return emitOpError() << "of kind " << stringifyPhaseKind(getKind()) << " cannot hold " << op.getName();
  return success();
}
