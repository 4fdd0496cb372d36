// What can be said about a description's names without any number: every name is defined before it is used, once, and
// every weight is used by a step.
#include "compiler/config/Schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace gemmac::config {

namespace {

using Names = std::vector<std::string>;

bool contains(const Names &names, const std::string &name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

class NameChecker {
public:
  NameChecker(const Description &d, Diagnostics &diagnostics) : d(d), diagnostics(diagnostics) {}

  void run() {
    numbers();
    Names global = lets(d.lets, numberNames);
    if (d.layerCount)
      expression(*d.layerCount, global);
    Names withIndex = global;
    withIndex.push_back("i");
    Names local = lets(d.layerLets, withIndex);
    for (const CheckDecl &check : d.checks)
      expression(check.that, check.eachLayer ? local : global);
    weights(d.weights, global);
    weights(d.layerWeights, local);
    for (const IgnoredDecl &ignored : d.ignored)
      optional(ignored.when, global);
    for (const IgnoredDecl &ignored : d.layerIgnored)
      optional(ignored.when, local);
    for (const IgnoredKeyDecl &ignored : d.ignoredKeys)
      optional(ignored.when, global);
    for (const auto *list : {&d.ignored, &d.layerIgnored})
      for (const IgnoredDecl &ignored : *list)
        if (ignored.copyOf)
          original("copy_of", *ignored.copyOf);
    steps(global, local);
    unusedWeights();
    const RuntimeDecl &runtime = d.runtime;
    for (const auto *value : {&runtime.vocab, &runtime.context, &runtime.emptyThought, &runtime.bos,
                              &runtime.temperature, &runtime.topP, &runtime.topK})
      optional(*value, global);
    for (const Expression &id : runtime.stopIds)
      expression(id, global);
  }

private:
  const Description &d;
  Diagnostics &diagnostics;
  Names numberNames;
  std::map<std::string, Position> defined; ///< numbers and lets share one name space
  std::set<std::string> usedGlobal, usedLayer;
  bool unknownWeight = false; ///< then an unused one is most likely the one that was meant

  void define(const Text &name) {
    auto [found, fresh] = defined.emplace(name.text, name.where);
    if (!fresh)
      diagnostics.error(name.where, fmt::format("'{}' is defined twice", name.text),
                        {{found->second, "the other definition is here"}});
  }

  void expression(const Expression &expression, const Names &known) {
    expression.forEachName([&](const std::string &name, const Position &where) {
      if (contains(known, name))
        return;
      std::string later;
      if (name == "i")
        later = " outside of the layers";
      for (const LetDecl &let : d.layerLets)
        if (let.name.text == name)
          later = contains(known, "i") ? ": it is defined further down" : ": it has a value only inside of the layers";
      for (const LetDecl &let : d.lets)
        if (let.name.text == name)
          later = ": it is defined further down";
      if (d.findNumber(name))
        later = ": it is defined further down";
      diagnostics.error(where,
                        fmt::format("unknown name '{}'{}", name, later.empty() ? didYouMean(name, known) : later));
    });
  }
  void optional(const std::optional<Expression> &value, const Names &known) {
    if (value)
      expression(*value, known);
  }

  void numbers() {
    for (const NumberDecl &number : d.numbers) {
      for (const auto *value : {&number.fallback, &number.hf.fallback, &number.gguf.fallback})
        optional(*value, numberNames);
      Names withValue = numberNames;
      withValue.push_back("value");
      optional(number.hf.as, withValue);
      optional(number.gguf.as, withValue);
      define(number.name);
      numberNames.push_back(number.name.text);
    }
  }

  Names lets(const std::vector<LetDecl> &list, Names known) {
    for (const LetDecl &let : list) {
      expression(let.value, known);
      define(let.name);
      known.push_back(let.name.text);
    }
    return known;
  }

  void weights(const std::vector<WeightDecl> &list, const Names &known) {
    for (const WeightDecl &weight : list) {
      for (const Expression &size : weight.shape)
        expression(size, known);
      for (const auto *value : {&weight.when, &weight.interleavedHf, &weight.interleavedGguf})
        optional(*value, known);
      for (const auto *part : {&weight.partHf, &weight.partGguf})
        for (const Expression &number : *part)
          expression(number, known);
      if (weight.tied)
        original("tied", *weight.tied);
    }
  }

  /// `key` must name a weight of [weights] that is not itself tied: no chains, no cycles.
  void original(const char *key, const Text &name) {
    Names originals;
    for (const WeightDecl &weight : d.weights)
      if (!weight.tied)
        originals.push_back(weight.name.text);
    if (!contains(originals, name.text))
      diagnostics.error(name.where, fmt::format("'{}' names {}, which is not a weight of [weights] of its own{}", key,
                                                inQuotes(name.text), didYouMean(name.text, originals)));
  }

  /// One value of `in`: alternatives "a|b", each "name" or "name@layer".
  void value(const Text &in, const Names &visible, const Names &anyLayer, const Names &indices) {
    size_t begin = 0;
    do {
      size_t end = std::min(in.text.find('|', begin), in.text.size());
      std::string name = in.text.substr(begin, end - begin);
      Position where = in.where;
      where.column += static_cast<int>(begin) + 1;
      size_t mark = name.find('@');
      if (mark != std::string::npos) {
        std::string layer = name.substr(mark + 1), step = name.substr(0, mark);
        if (!contains(anyLayer, step))
          diagnostics.error(
              where, fmt::format("no step of [[layer.steps]] yields {}{}", inQuotes(step), didYouMean(step, anyLayer)));
        if (!contains(indices, layer))
          diagnostics.error(
              where, fmt::format("{} is not a value of [layer.let]{}", inQuotes(layer), didYouMean(layer, indices)));
      } else if (!contains(visible, name)) {
        std::string hint = contains(anyLayer, name) ? ": that step comes later" : didYouMean(name, visible);
        diagnostics.error(where, fmt::format("no earlier step yields {}{}", inQuotes(name), hint));
      }
      begin = end + 1;
    } while (begin <= in.text.size());
  }

  void stepList(const std::vector<StepDecl> &list, Names visible, const Names &known, bool inLayer, Names &out) {
    Names anyLayer, indices, weightNames;
    for (const WeightDecl &weight : d.weights)
      weightNames.push_back(weight.name.text);
    if (inLayer) {
      for (const StepDecl &step : list)
        anyLayer.push_back(step.name.text);
      for (const LetDecl &let : d.layerLets)
        indices.push_back(let.name.text);
      for (const WeightDecl &weight : d.layerWeights)
        weightNames.push_back(weight.name.text);
    }
    std::map<std::string, Position> seen;
    for (const StepDecl &step : list) {
      for (const Text &in : step.in)
        value(in, visible, anyLayer, indices);
      for (const Text &weight : step.weights) {
        if (!contains(weightNames, weight.text))
          unknownWeight = true,
          diagnostics.error(weight.where, fmt::format("unknown weight {}{}", inQuotes(weight.text),
                                                      didYouMean(weight.text, weightNames)));
        bool layers = inLayer && std::any_of(d.layerWeights.begin(), d.layerWeights.end(),
                                             [&](const WeightDecl &w) { return w.name.text == weight.text; });
        (layers ? usedLayer : usedGlobal).insert(weight.text);
      }
      optional(step.when, known);
      for (const auto &[name, attribute] : step.attributes)
        if (attribute.value.valid())
          expression(attribute.value, known);
      auto [found, fresh] = seen.emplace(step.name.text, step.name.where);
      if ((!fresh || (!inLayer && contains(out, step.name.text))) && !step.name.text.empty())
        diagnostics.error(step.name.where, fmt::format("two steps are called '{}'", step.name.text),
                          fresh ? std::vector<Note>{} : std::vector<Note>{{found->second, "the other one is here"}});
      visible.push_back(step.name.text);
      out.push_back(step.name.text);
    }
  }

  void steps(const Names &global, const Names &local) {
    Names outer, layerNames;
    stepList(d.before, {"ids", "positions"}, global, false, outer);
    Names visible = outer;
    visible.push_back("x");
    stepList(d.layerSteps, visible, local, true, layerNames);
    if (!d.layerIn.text.empty())
      value(d.layerIn, outer, {}, {});
    if (!d.layerOut.text.empty())
      value(d.layerOut, layerNames, {}, {});
    stepList(d.after, visible, global, false, outer);
  }

  void unusedWeights() {
    if (unknownWeight)
      return;
    for (const WeightDecl &weight : d.weights)
      if (weight.tied && usedGlobal.count(weight.name.text))
        usedGlobal.insert(weight.tied->text);
    for (const auto &[list, used, table] :
         {std::tuple(&d.weights, &usedGlobal, "weights"), std::tuple(&d.layerWeights, &usedLayer, "layer.weights")})
      for (const WeightDecl &weight : *list)
        if (!used->count(weight.name.text))
          diagnostics.error(weight.name.where, fmt::format("no step uses [{}.{}]", table, weight.name.text));
  }
};

} // namespace

void checkNames(const Description &description, Diagnostics &diagnostics) {
  NameChecker(description, diagnostics).run();
}

} // namespace gemmac::config
