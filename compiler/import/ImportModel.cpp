// See ImportModel.h. Shapes are computed here from the weights; whatever does not fit is found by the operations'
// verifiers, which report it at the description's line.
#include "compiler/import/ImportModel.h"

#include "dialects/gemma/Gemma.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/Verifier.h"

#include <functional>

using namespace mlir;
using namespace gemmac;
using namespace gemmac::gemma;

namespace {

class Importer {
public:
  Importer(MLIRContext &context, const config::Model &model, const std::vector<kernel::Format> &kept)
      : model(model), kept(kept), b(&context) {
    for (auto [index, weight] : llvm::enumerate(model.weights))
      weightIndex[weight.name] = index;
  }

  OwningOpRef<ModuleOp> run();

private:
  using Build = std::function<Value(const config::Step &)>;

  Location locationOf(const std::string &name, const config::Position &where) {
    return NameLoc::get(b.getStringAttr(name),
                        FileLineColLoc::get(b.getContext(), where.file, where.line, where.column));
  }
  bool build(const config::Step &step);
  void tapLayers();
  Value make(const config::Step &step, Location loc);
  Value rope(const config::Step &step, Location loc);
  Value weight(const std::string &name);
  Value input(const config::Step &step, unsigned index) { return values.lookup(step.inputs[index]); }
  double number(const config::Step &step, StringRef name, double fallback);
  FloatAttr real(const config::Step &step, StringRef name, double fallback = 0) {
    return b.getF64FloatAttr(number(step, name, fallback));
  }
  IntegerAttr integer(const config::Step &step, StringRef name) {
    return b.getI64IntegerAttr(static_cast<int64_t>(number(step, name, 0)));
  }
  ActivationAttr activation(const config::Step &step);
  FormatAttr formatAttr(std::optional<kernel::Format> format) {
    return format ? FormatAttr::get(b.getContext(), *format) : FormatAttr();
  }

  const config::Model &model;
  const std::vector<kernel::Format> &kept;
  OpBuilder b;
  Block *body = nullptr;
  Operation *lastWeight = nullptr;
  llvm::StringMap<size_t> weightIndex;
  llvm::StringMap<Value> values, weights;
};

/// Weights are declared at the start of the function, in order of first use.
Value Importer::weight(const std::string &name) {
  Value &known = weights[name];
  if (known)
    return known;
  size_t index = weightIndex.lookup(name);
  const config::Weight &w = model.weights[index];
  OpBuilder::InsertionGuard guard(b);
  if (lastWeight)
    b.setInsertionPointAfter(lastWeight);
  else
    b.setInsertionPointToStart(body);
  auto op =
      WeightOp::create(b, locationOf(name, w.where), RankedTensorType::get(w.shape, b.getF32Type()),
                       b.getStringAttr(name), b.getI64IntegerAttr(index), formatAttr(kernel::symbolizeFormat(w.floor)),
                       FormatAttr(), formatAttr(kept.empty() ? std::nullopt : std::optional(kept[index])));
  lastWeight = op;
  return known = op;
}

double Importer::number(const config::Step &step, StringRef name, double fallback) {
  auto found = step.attributes.find(name.str());
  if (found == step.attributes.end())
    return fallback;
  if (auto *whole = std::get_if<int64_t>(&found->second))
    return static_cast<double>(*whole);
  if (auto *value = std::get_if<double>(&found->second))
    return *value;
  return fallback;
}

ActivationAttr Importer::activation(const config::Step &step) {
  // The schema lets no other words through.
  return ActivationAttr::get(b.getContext(),
                             *symbolizeActivation(std::get<std::string>(step.attributes.at("activation"))));
}

Value Importer::rope(const config::Step &step, Location loc) {
  auto given = [&](StringRef name) { return step.attributes.contains(name.str()); };
  DenseF32ArrayAttr frequencies;
  if (given("frequency")) {
    const auto &list = std::get<std::vector<double>>(step.attributes.at("frequency"));
    frequencies = b.getDenseF32ArrayAttr(SmallVector<float>(list.begin(), list.end()));
  }
  Value in = input(step, 0);
  return RopeOp::create(b, loc, in.getType(), in, integer(step, "head_dim"),
                        given("width") ? integer(step, "width") : IntegerAttr(), integer(step, "pairs"),
                        given("theta") ? real(step, "theta") : FloatAttr(),
                        given("denominator") ? integer(step, "denominator") : IntegerAttr(), frequencies,
                        number(step, "magnitude", 1) != 1 ? real(step, "magnitude") : FloatAttr(), IntegerAttr());
}

Value Importer::make(const config::Step &step, Location loc) {
  StringRef op = step.op;
  auto type = [&](unsigned index) { return input(step, index).getType(); };
  auto rows = [&](int64_t columns, unsigned of = 0) { return rowsType(b.getContext(), columns, rowsOf(type(of))); };
  auto shape = [&](unsigned index) { return model.weights[weightIndex.lookup(step.weights[index])].shape; };
  if (op == "embed" && step.inputs[0] == "positions")
    return EmbedPositionsOp::create(b, loc, rowsType(b.getContext(), shape(0).back()), weight(step.weights[0]),
                                    real(step, "scale", 1));
  if (op == "embed")
    return EmbedOp::create(b, loc, rowsType(b.getContext(), shape(0).back()), input(step, 0), weight(step.weights[0]),
                           real(step, "scale", 1));
  if (op == "rms_norm") {
    Value scale = step.weights.empty() ? Value() : weight(step.weights[0]);
    return RmsNormOp::create(b, loc, type(0), input(step, 0), scale, real(step, "eps"),
                             step.attributes.contains("group") ? integer(step, "group") : IntegerAttr());
  }
  if (op == "layer_norm") {
    auto stored = [&](unsigned index) { return index < step.weights.size() ? weight(step.weights[index]) : Value(); };
    return LayerNormOp::create(b, loc, type(0), input(step, 0), stored(0), stored(1), real(step, "eps"),
                               step.attributes.contains("group") ? integer(step, "group") : IntegerAttr());
  }
  if (op == "project") {
    Value product = ProjectOp::create(b, loc, rows(shape(0).front()), input(step, 0), weight(step.weights[0]));
    return step.weights.size() == 1 ? product
                                    : BiasOp::create(b, loc, product.getType(), product, weight(step.weights[1]));
  }
  if (op == "scale")
    return ScaleOp::create(b, loc, type(0), input(step, 0), real(step, "by"));
  if (op == "scale_by")
    return ScaleByOp::create(b, loc, type(0), input(step, 0), weight(step.weights[0]));
  if (op == "slice")
    return SliceOp::create(b, loc, rows(integer(step, "size").getInt()), input(step, 0), integer(step, "offset"));
  if (op == "add")
    return AddOp::create(b, loc, type(0), input(step, 0), input(step, 1));
  if (op == "mul")
    return MulOp::create(b, loc, type(0), input(step, 0), input(step, 1));
  if (op == "act")
    return ActOp::create(b, loc, type(0), input(step, 0), activation(step));
  if (op == "gated")
    return GatedOp::create(b, loc, type(0), input(step, 0), input(step, 1), activation(step));
  if (op == "rope")
    return rope(step, loc);
  if (op == "attention") {
    IntegerAttr window = integer(step, "window");
    IntegerAttr blocks = integer(step, "blocks");
    FloatAttr softcap = real(step, "softcap");
    return AttentionOp::create(b, loc, type(0), input(step, 0), input(step, 1), input(step, 2), integer(step, "heads"),
                               integer(step, "kv_heads"), integer(step, "head_dim"), real(step, "scale", 1),
                               window.getInt() ? window : IntegerAttr(), blocks.getInt() ? blocks : IntegerAttr(),
                               softcap.getValueAsDouble() != 0 ? softcap : FloatAttr());
  }
  if (op == "route") {
    auto routing = RoutingType::get(b.getContext(), integer(step, "top_k").getInt(), shape(0).front(), rowsOf(type(0)));
    IntegerAttr seed = integer(step, "noise"); // 0: none, and a weight for it is not read
    bool noisy = seed.getInt() != 0;
    Value noiseWeight = noisy && step.weights.size() > 2 ? weight(step.weights[2]) : Value();
    Value perExpert = step.weights.size() > 1 ? weight(step.weights[1]) : Value();
    return RouteOp::create(b, loc, routing, input(step, 0), weight(step.weights[0]), perExpert, noiseWeight,
                           noisy ? seed : IntegerAttr(), number(step, "normalise", 1) == 0);
  }
  if (op == "experts")
    return ExpertsOp::create(b, loc, type(0), input(step, 0), input(step, 1), weight(step.weights[0]),
                             weight(step.weights[1]), activation(step));
  if (op == "last_rows")
    return LastRowsOp::create(b, loc, withRows(type(0), Rows::Last), input(step, 0));
  if (op == "softcap")
    return SoftcapOp::create(b, loc, type(0), input(step, 0), real(step, "cap"));
  emitError(loc) << "unknown operation '" << op << "'";
  return {};
}

bool Importer::build(const config::Step &step) {
  Location loc = locationOf(step.name, step.where);
  for (const std::string &name : step.inputs)
    if (name != "positions" && !values.lookup(name)) {
      emitError(loc) << "step " << step.name << " reads '" << name << "', which no earlier step yields";
      return false;
    }
  for (const std::string &name : step.weights)
    if (!weightIndex.contains(name)) {
      emitError(loc) << "step " << step.name << " uses weight '" << name << "', which is not described";
      return false;
    }
  Value value = make(step, loc);
  if (!value || failed(verify(value.getDefiningOp())))
    return false;
  values[step.name] = value;
  return true;
}

/// What leaves each layer can be looked at, layer after layer side by side.
void Importer::tapLayers() {
  int64_t column = 0;
  for (const config::Layer &layer : model.layerList) {
    Value output = values.lookup(layer.output);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointAfterValue(output);
    TapOp::create(b, output.getLoc(), output, b.getI64IntegerAttr(column));
    column += columnsOf(output.getType());
  }
}

OwningOpRef<ModuleOp> Importer::run() {
  Location loc = model.steps.empty() ? b.getUnknownLoc() : locationOf(model.family, model.steps.front().where);
  OwningOpRef<ModuleOp> module = ModuleOp::create(loc, model.family + (model.size.empty() ? "" : "-" + model.size));
  if (model.steps.empty()) {
    emitError(loc) << "the description has no steps";
    return {};
  }
  b.setInsertionPointToEnd(module->getBody());
  auto ids = RankedTensorType::get({ShapedType::kDynamic}, b.getI32Type());
  auto function = func::FuncOp::create(b, loc, "forward", b.getFunctionType({ids}, {}));
  body = function.addEntryBlock();
  values["ids"] = function.getArgument(0);
  b.setInsertionPointToStart(body);
  for (const config::Step &step : model.steps)
    if (!build(step))
      return {};
  tapLayers();
  Value logits = values[model.steps.back().name];
  func::ReturnOp::create(b, loc, logits);
  function.setFunctionType(b.getFunctionType({ids}, {logits.getType()}));
  if (failed(verify(*module)))
    return {};
  return module;
}

} // namespace

OwningOpRef<ModuleOp> import::importModel(MLIRContext &context, const config::Model &model,
                                          const std::vector<kernel::Format> &keptFormats) {
  context.loadDialect<func::FuncDialect, GemmaDialect>();
  return Importer(context, model, keptFormats).run();
}
