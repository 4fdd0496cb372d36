// Turns a description and one set of numbers into a Model: weights and steps, layer by layer.
#include "compiler/config/Evaluator.h"
#include "compiler/config/Keys.h"
#include "compiler/config/Numbers.h"
#include "compiler/config/Operations.h"
#include "compiler/config/Schema.h"
#include "compiler/config/WeightTable.h"
#include "compiler/config/Widths.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace gemmac::config {

namespace {

constexpr int64_t kMostSteps = 200000, kMostIgnored = 200000;
constexpr int64_t kWidest = (int64_t(1) << 31) - 1;

/// Without a word of the description, layers are alike that have the same operations and shapes of weights.
void numberClasses(Model &model) {
  std::vector<std::string> keys(model.layers);
  for (const Step &step : model.steps)
    if (step.layer >= 0) {
      keys[step.layer] += step.op;
      for (const std::string &name : step.weights)
        for (const Weight &weight : model.weights)
          if (weight.name == name)
            keys[step.layer] += showShape(weight.shape);
    }
  std::map<std::string, size_t> numbers;
  for (int64_t layer = 0; layer < model.layers; ++layer)
    model.layerList[layer].layerClass =
        fmt::format("class {}", numbers.try_emplace(keys[layer], numbers.size() + 1).first->second);
}

class Elaborator : private Evaluator {
public:
  Elaborator(const Description &d, const SizeDecl *size, const Facts *facts, Diagnostics &diagnostics)
      : Evaluator(d, size, facts, diagnostics) {
    model.numbers = values;
  }

  /// `structural`: the description itself has errors, so stop after what depends on numbers alone.
  std::optional<Model> run(bool structural) {
    evaluateLets();
    evaluateChecks();
    if (facts)
      checkKeys(d, *facts, [&](const std::optional<Expression> &when) { return holds(when); }, diagnostics);
    if (structural || anyFault())
      return std::nullopt;
    model.layers = layers;
    elaborateRuntime();
    elaborateSteps();
    elaborateIgnored();
    if (anyFault())
      return std::nullopt;
    model.family = d.family;
    model.size = size ? size->name.text : "checkpoint";
    return std::move(model);
  }

private:
  Model model;
  // While steps are elaborated:
  struct Produced {
    std::string fullName;
    Shape shape;
  };
  using Frame = std::map<std::string, Produced>;
  Frame outer;
  std::vector<Frame> frames;
  Produced stream; ///< "x"
  std::set<std::string> broken;
  WeightTable table{*this, model};

  void elaborateRuntime() {
    const RuntimeDecl &runtime = d.runtime;
    auto real = [&](const std::optional<Expression> &expression, const char *what, double &out) {
      std::optional<Value> value = expression ? evaluate(*expression) : std::nullopt;
      if (!value)
        return;
      if (const double *x = value->isList ? nullptr : std::get_if<double>(&value->scalar))
        out = *x;
      else
        diagnostics.errorOnce(value->where, fmt::format("{} must be a number, found {}", what, show(*value)));
    };
    auto integer = [&](const std::optional<Expression> &expression, const char *what, int64_t least, int64_t &out) {
      if (expression)
        out = whole(*expression, what, least, kWidest).value_or(out);
    };
    integer(runtime.vocab, "vocab", 1, model.vocab);
    integer(runtime.context, "context", 1, model.context);
    integer(runtime.bos, "bos", -1, model.bos);
    integer(runtime.topK, "top_k", 0, model.topK);
    real(runtime.temperature, "temperature", model.temperature);
    real(runtime.topP, "top_p", model.topP);
    model.chatTemplate = runtime.chatTemplate;
    model.emptyThought = runtime.emptyThought && holds(runtime.emptyThought);
    for (const Expression &expression : runtime.stopIds) {
      std::optional<Value> value = evaluate(expression);
      if (!value)
        continue;
      for (const Scalar &scalar : value->isList ? value->list : std::vector<Scalar>{value->scalar}) {
        if (std::holds_alternative<std::monostate>(scalar))
          continue;
        Value one;
        one.scalar = scalar;
        one.where = value->where;
        std::optional<int64_t> id = wholeNumber(one, "a stop id", 0, kWidest, diagnostics);
        if (id && std::find(model.stopIds.begin(), model.stopIds.end(), *id) == model.stopIds.end())
          model.stopIds.push_back(*id);
      }
    }
  }

  /// "name", "name@layer", "a|b": what it stands for here, or null after an error.
  const Produced *resolve(const Text &in) {
    std::string missing;
    size_t begin = 0;
    bool silent = false;
    do {
      size_t end = std::min(in.text.find('|', begin), in.text.size());
      std::string name = in.text.substr(begin, end - begin);
      begin = end + 1;
      Frame *frame = scope.layer >= 0 ? &frames[scope.layer] : nullptr;
      if (size_t mark = name.find('@'); mark != std::string::npos) {
        const Value *layer = lookup(name.substr(mark + 1));
        if (!layer)
          return nullptr;
        const double *index = layer->isList ? nullptr : std::get_if<double>(&layer->scalar);
        if (!index || *index < 0 || *index > double(scope.layer) || *index != std::floor(*index)) {
          diagnostics.errorOnce(in.where,
                                fmt::format("layer {}: '{}' is {}; it must be this layer's number or an earlier one's",
                                            scope.layer, name.substr(mark + 1), show(*layer)));
          return nullptr;
        }
        frame = &frames[static_cast<size_t>(*index)];
        name = name.substr(0, mark);
        missing = fmt::format("layer {} wants '{}' of layer {}, which has none", scope.layer, name, show(*layer));
      } else {
        if (name == "x" && stream.fullName.size())
          return &stream;
        if (auto found = outer.find(name); found != outer.end())
          return &found->second;
      }
      if (frame)
        if (auto found = frame->find(name); found != frame->end())
          return &found->second;
      silent |= broken.count(name) != 0;
    } while (begin <= in.text.size());
    if (missing.empty())
      missing = fmt::format("{}no step yields '{}': its 'when' does not hold",
                            scope.layer >= 0 ? fmt::format("layer {}: ", scope.layer) : "", in.text);
    if (!silent)
      diagnostics.errorOnce(in.where, missing);
    return nullptr;
  }

  bool list(const Value &value, const AttributeInfo &info, Step &step) {
    std::vector<double> numbers;
    for (const Scalar &scalar : value.isList ? value.list : std::vector<Scalar>{value.scalar}) {
      const double *x = std::get_if<double>(&scalar);
      if (!x || *x < info.min || *x > info.max) {
        diagnostics.errorOnce(value.where, fmt::format("{} must be a list of numbers in {:g} .. {:g}, found {}",
                                                       info.name, info.min, info.max, show(scalar)));
        return false;
      }
      numbers.push_back(*x);
    }
    step.attributes[info.name] = std::move(numbers);
    return true;
  }

  bool attributes(const StepDecl &decl, const OperationInfo &operation, Step &step) {
    bool good = true;
    for (const AttributeInfo &info : operation.attributes) {
      auto found = decl.attributes.find(info.name);
      if (found == decl.attributes.end()) {
        if (info.fallback && (info.kind == AttributeKind::Integer || info.kind == AttributeKind::Boolean))
          step.attributes[info.name] = static_cast<int64_t>(*info.fallback);
        else if (info.fallback)
          step.attributes[info.name] = *info.fallback;
        continue;
      }
      if (info.kind == AttributeKind::Word) {
        step.attributes[info.name] = found->second.word.text;
        continue;
      }
      std::optional<Value> value = evaluate(found->second.value);
      if (info.kind == AttributeKind::Boolean) {
        const bool *truth = value && !value->isList ? std::get_if<bool>(&value->scalar) : nullptr;
        if (value && !truth)
          diagnostics.errorOnce(value->where,
                                fmt::format("{} must be true or false, found {}", info.name, show(*value)));
        step.attributes[info.name] = int64_t(truth && *truth);
        good &= truth != nullptr;
        continue;
      }
      if (info.kind == AttributeKind::List) {
        good &= value && list(*value, info, step);
        continue;
      }
      const double *x = value && !value->isList ? std::get_if<double>(&value->scalar) : nullptr;
      if (value && !x)
        diagnostics.errorOnce(value->where, fmt::format("{} must be a number, found {}", info.name, show(*value)));
      else if (value && info.kind == AttributeKind::Integer) {
        std::optional<int64_t> n = wholeNumber(*value, info.name, int64_t(info.min), int64_t(info.max), diagnostics);
        if (n)
          step.attributes[info.name] = *n;
        good &= n.has_value();
      } else if (value && (*x < info.min || *x > info.max))
        diagnostics.errorOnce(
            value->where, fmt::format("{} = {} must be in {:g} .. {:g}", info.name, show(*value), info.min, info.max));
      else if (value)
        step.attributes[info.name] = *x;
      good &= step.attributes.count(info.name) != 0;
    }
    return good;
  }

  /// What reads a step that could not be made is left out in silence: its fault has been reported.
  bool elaborateStep(const StepDecl &decl) {
    bool good = tryStep(decl);
    if (!good)
      broken.insert(decl.name.text);
    return good;
  }

  bool tryStep(const StepDecl &decl) {
    std::optional<bool> present = condition(decl.when);
    if (!present || !*present)
      return present.has_value();
    const OperationInfo &operation = *findOperation(decl.op.text);
    Step step;
    step.op = decl.op.text;
    step.layer = static_cast<int>(scope.layer);
    step.name = scope.layer >= 0 ? fmt::format("layers.{}.{}", scope.layer, decl.name.text) : decl.name.text;
    step.where = decl.name.where;
    std::vector<Shape> inputs;
    std::vector<size_t> indices;
    bool good = attributes(decl, operation, step);
    for (const Text &in : decl.in) {
      const Produced *value = resolve(in);
      good &= value != nullptr;
      if (!value)
        continue;
      step.inputs.push_back(value->fullName);
      inputs.push_back(value->shape);
    }
    for (const WeightUse &name : decl.weights) {
      std::optional<bool> there = name.optional ? table.exists(name) : true;
      if (there == false)
        continue;
      std::optional<size_t> index = there ? table.find(name) : std::nullopt;
      good &= index.has_value();
      if (index)
        indices.push_back(*index);
    }
    if (!good)
      return false;
    if (indices.size() < operation.leastWeights) {
      diagnostics.errorOnce(decl.op.where, fmt::format("'{}' needs {} weights, but only {} exist here", operation.name,
                                                       operation.leastWeights, indices.size()));
      return false;
    }
    std::vector<const Weight *> weights;
    for (size_t index : indices) {
      weights.push_back(&model.weights[index]);
      step.weights.push_back(model.weights[index].name);
    }
    std::string fault;
    std::optional<Shape> shape = inferShape(step, inputs, weights, fault);
    if (!shape) {
      std::string layer = scope.layer >= 0 ? fmt::format("layer {}: ", scope.layer) : "";
      std::vector<Note> notes;
      for (const Weight *weight : weights)
        notes.push_back({weight->where, fmt::format("'{}' has shape {}", weight->name, showShape(weight->shape))});
      diagnostics.errorOnce(decl.op.where, layer + fault, notes);
      return false;
    }
    if (model.steps.size() >= kMostSteps) {
      diagnostics.errorOnce(decl.name.where, fmt::format("more than {} steps", kMostSteps));
      return false;
    }
    (scope.layer >= 0 ? frames[scope.layer] : outer)[decl.name.text] = {step.name, *shape};
    model.steps.push_back(std::move(step));
    return true;
  }

  bool elaborateList(const std::vector<StepDecl> &list) {
    bool good = true;
    for (const StepDecl &step : list)
      good &= elaborateStep(step);
    return good;
  }

  void elaborateSteps() {
    for (const char *name : {"ids", "positions"})
      outer[name] = {name, {Shape::Kind::Ids, 0, false}};
    if (!elaborateList(d.before))
      return;
    const Produced *in = resolve(d.layerIn);
    if (!in)
      return;
    stream = *in;
    frames.resize(model.layers);
    for (scope.layer = 0; scope.layer < model.layers; ++scope.layer) {
      if (!elaborateList(d.layerSteps))
        return;
      const Produced *out = resolve(d.layerOut);
      if (!out)
        return;
      if (out->shape.kind != Shape::Kind::Rows || out->shape.width != stream.shape.width ||
          out->shape.lastRows != stream.shape.lastRows)
        return diagnostics.error(d.layerOut.where,
                                 fmt::format("layer {} turns a stream that is {} wide into one that is {} wide",
                                             scope.layer, stream.shape.width, out->shape.width));
      stream = *out;
      model.layerList.push_back({out->fullName, d.layerClass ? filled(*d.layerClass, /*quoted=*/false) : ""});
    }
    scope.layer = -1;
    if (!d.layerClass)
      numberClasses(model);
    if (!elaborateList(d.after))
      return;
    const Step &last = model.steps.back();
    auto found = outer.find(last.name);
    if (found == outer.end() || found->second.shape.kind != Shape::Kind::Rows ||
        found->second.shape.width != model.vocab || !found->second.shape.lastRows)
      diagnostics.error(
          last.where,
          fmt::format("the last step must yield the logits: rows after last_rows, vocab = {} wide", model.vocab));
  }

  void elaborateIgnored() {
    auto add = [&](const IgnoredDecl &ignored) {
      const std::optional<Text> &pattern = table.gguf() ? ignored.gguf : ignored.hf;
      if (pattern && holds(ignored.when) && model.ignored.size() < kMostIgnored)
        model.ignored.push_back(
            {table.tensorName(pattern->text), ignored.why, ignored.copyOf ? ignored.copyOf->text : ""});
    };
    scope.layer = -1;
    for (const IgnoredDecl &ignored : d.ignored)
      add(ignored);
    for (scope.layer = 0; scope.layer < model.layers; ++scope.layer)
      for (const IgnoredDecl &ignored : d.layerIgnored)
        add(ignored);
    scope.layer = -1;
  }
};

const SizeDecl *findSize(const Description &d, const std::string &name, Diagnostics &diagnostics) {
  for (const SizeDecl &size : d.sizes)
    if (size.name.text == name)
      return &size;
  std::vector<std::string> names = d.sizeNames();
  diagnostics.error({d.file, 0, 0}, fmt::format("unknown size {}: it has {}{}", inQuotes(name),
                                                names.empty() ? "none" : joined(names), didYouMean(name, names)));
  return nullptr;
}

} // namespace

Result<Model> elaborate(const std::string &tomlPath, const std::optional<std::string> &size, const Facts *facts) {
  Diagnostics diagnostics;
  std::optional<Description> d = readDescription(tomlPath, diagnostics);
  if (!d)
    return Error{diagnostics.render()};
  bool structural = !diagnostics.empty();
  const SizeDecl *decl = size ? findSize(*d, *size, diagnostics) : nullptr;
  if (facts && facts->source == Facts::Source::None)
    facts = nullptr;
  std::string seen;
  if (facts && !acceptsArchitecture(*d, *facts, seen)) {
    std::vector<std::string> accepted;
    for (const Text &one : facts->source == Facts::Source::Gguf ? d->ggufArchitectures : d->hfModelTypes)
      accepted.push_back(one.text);
    diagnostics.error({facts->path, 0, 0},
                      fmt::format("{} describes models of type {}, but this checkpoint {}", tomlPath, joined(accepted),
                                  seen.empty() ? "does not say its type" : "is of type " + inQuotes(seen)));
  } else if (!size && !facts) {
    std::vector<std::string> names = d->sizeNames();
    diagnostics.error({d->file, 0, 0}, fmt::format("neither a size nor a checkpoint is given; it has {}",
                                                   names.empty() ? "no sizes" : "the sizes " + joined(names)));
  } else if (decl || !size) {
    std::optional<Model> model = Elaborator(*d, decl, facts, diagnostics).run(structural);
    if (model && diagnostics.empty())
      return std::move(*model);
  }
  return Error{diagnostics.render()};
}

Status check(const std::string &tomlPath) {
  Diagnostics diagnostics;
  std::optional<Description> d = readDescription(tomlPath, diagnostics);
  if (d) {
    bool structural = !diagnostics.empty();
    for (const SizeDecl &size : d->sizes)
      Elaborator(*d, &size, nullptr, diagnostics).run(structural);
  }
  if (!diagnostics.empty())
    return Error{diagnostics.render()};
  return Ok{};
}

Result<std::vector<std::string>> listSizes(const std::string &tomlPath) {
  Diagnostics diagnostics;
  std::optional<Description> d = readDescription(tomlPath, diagnostics);
  if (!d)
    return Error{diagnostics.render()};
  return d->sizeNames();
}

Result<bool> recognises(const std::string &tomlPath, const Facts &facts) {
  Diagnostics diagnostics;
  std::optional<Description> d = readDescription(tomlPath, diagnostics);
  if (!d)
    return Error{diagnostics.render()};
  std::string seen;
  return acceptsArchitecture(*d, facts, seen);
}

} // namespace gemmac::config
