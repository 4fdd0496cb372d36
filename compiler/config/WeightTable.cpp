// See WeightTable.h.
#include "compiler/config/WeightTable.h"

#include <fmt/format.h>

#include <algorithm>

namespace gemmac::config {

namespace {

constexpr int64_t kMostWeights = 200000, kMostListedExperts = 1024;
constexpr int64_t kWidest = (int64_t(1) << 31) - 1, kMostElements = int64_t(1) << 42;

const WeightDecl *findDecl(const std::vector<WeightDecl> &list, const std::string &name) {
  for (const WeightDecl &weight : list)
    if (weight.name.text == name)
      return &weight;
  return nullptr;
}

} // namespace

std::string WeightTable::tensorName(const std::string &name) const {
  std::string full = withLayer(name, e.scope.layer);
  return full.starts_with("/") ? full.substr(1) : e.scope.prefix + full;
}

std::vector<std::vector<std::string>> WeightTable::tensorNames(const WeightDecl &decl) const {
  std::vector<std::vector<std::string>> names;
  for (const std::vector<std::string> &candidate : gguf() ? decl.gguf : decl.hf) {
    names.emplace_back();
    for (const std::string &part : candidate)
      names.back().push_back(tensorName(part));
  }
  return names;
}

bool WeightTable::inCheckpoint(const std::vector<std::vector<std::string>> &names) const {
  auto whole = [&](const std::vector<std::string> &parts) {
    return std::all_of(parts.begin(), parts.end(),
                       [&](const std::string &part) { return e.facts->tensors.count(part) != 0; });
  };
  return e.facts && std::any_of(names.begin(), names.end(), whole);
}

/// The layer's own weight before the model's.
const WeightDecl *WeightTable::declaration(const std::string &name) const {
  const WeightDecl *decl = e.scope.layer >= 0 ? findDecl(e.d.layerWeights, name) : nullptr;
  return decl ? decl : findDecl(e.d.weights, name);
}

std::optional<bool> WeightTable::exists(const Text &name) {
  const WeightDecl *decl = declaration(name.text);
  return decl->when ? e.condition(decl->when) : inCheckpoint(tensorNames(*decl));
}

std::optional<size_t> WeightTable::find(const Text &name) {
  const WeightDecl *decl = declaration(name.text);
  bool layered = e.scope.layer >= 0 && findDecl(e.d.layerWeights, name.text);
  std::string full = layered ? fmt::format("layers.{}.{}", e.scope.layer, name.text) : name.text;
  if (auto found = indices.find(full); found != indices.end())
    return found->second;
  int64_t layer = e.scope.layer;
  if (!layered)
    e.scope.layer = -1;
  std::optional<size_t> index = make(*decl, full, name);
  e.scope.layer = layer;
  if (index)
    indices[full] = *index;
  return index;
}

std::optional<size_t> WeightTable::make(const WeightDecl &decl, const std::string &full, const Text &user) {
  Weight weight;
  weight.name = full;
  weight.where = decl.name.where;
  weight.names = tensorNames(decl);
  std::optional<bool> evaluated = e.condition(decl.when);
  if (!evaluated)
    return std::nullopt;
  bool wanted = *evaluated;
  if (decl.tied && (decl.when ? !wanted : !inCheckpoint(weight.names)))
    return find(*decl.tied);
  if (!wanted) {
    e.diagnostics.errorOnce(user.where, fmt::format("weight '{}' is used, but its 'when' does not hold", full),
                            {{decl.when->position(), "the condition is here"}});
    return std::nullopt;
  }
  if (weight.names.empty()) {
    e.diagnostics.errorOnce(decl.name.where,
                            fmt::format("weight '{}' has no name in a checkpoint of this kind: '{}' is needed", full,
                                        gguf() ? "gguf" : "hf"));
    return std::nullopt;
  }
  if (!readShape(decl, weight) || !readStorage(decl, weight) || !listExperts(decl, weight))
    return std::nullopt;
  if (model.weights.size() >= kMostWeights) {
    e.diagnostics.errorOnce(decl.name.where, fmt::format("more than {} weights", kMostWeights));
    return std::nullopt;
  }
  model.weights.push_back(std::move(weight));
  return model.weights.size() - 1;
}

bool WeightTable::readShape(const WeightDecl &decl, Weight &weight) {
  int64_t elements = 1;
  for (const Expression &expression : decl.shape) {
    std::optional<int64_t> axis = e.whole(expression, "an axis of " + weight.name, 1, kWidest);
    if (!axis)
      return false;
    if (elements > kMostElements / *axis) {
      e.diagnostics.errorOnce(decl.name.where,
                              fmt::format("weight '{}' would have more than {} elements", weight.name, kMostElements));
      return false;
    }
    elements *= *axis;
    weight.shape.push_back(*axis);
  }
  return true;
}

/// How the tensors hold the weight: offset, interleaved heads, a part of the rows, transposed.
bool WeightTable::readStorage(const WeightDecl &decl, Weight &weight) {
  weight.floor = decl.floor;
  weight.offset = gguf() ? decl.offsetGguf : decl.offsetHf;
  if (const auto &heads = gguf() ? decl.interleavedGguf : decl.interleavedHf)
    weight.interleavedHeads = e.whole(*heads, "the interleaved heads of " + weight.name, 1, kWidest).value_or(0);
  weight.transposed = !gguf() && decl.transposedHf;
  if (weight.transposed && weight.shape.size() != 2) {
    e.diagnostics.errorOnce(decl.name.where, fmt::format("weight '{}' has {} axes; only two can be transposed",
                                                         weight.name, weight.shape.size()));
    return false;
  }
  const std::vector<Expression> &part = gguf() ? decl.partGguf : decl.partHf;
  if (part.empty())
    return true;
  std::optional<int64_t> offset = e.whole(part[0], "the offset of a part", 0, kWidest);
  std::optional<int64_t> size = e.whole(part[1], "the size of a part", 1, kWidest);
  std::optional<int64_t> every = e.whole(part[2], "the period of a part", 1, kWidest);
  if (!offset || !size || !every)
    return false;
  if (*offset + *size > *every || weight.shape.size() > 2 || weight.shape[0] % *size) {
    e.diagnostics.errorOnce(part[0].position(),
                            fmt::format("rows {} .. {} of every {} do not make the {} rows of weight '{}'", *offset,
                                        *offset + *size - 1, *every, weight.shape[0], weight.name));
    return false;
  }
  weight.part = {*offset, *size, *every};
  return true;
}

/// A name with "{e}" stands for one tensor for each expert: the candidate is their concatenation, expert by expert.
bool WeightTable::listExperts(const WeightDecl &decl, Weight &weight) {
  for (std::vector<std::string> &candidate : weight.names) {
    auto listed = [](const std::string &name) { return name.find("{e}") != std::string::npos; };
    if (std::none_of(candidate.begin(), candidate.end(), listed))
      continue;
    if (weight.shape.size() != 3 || weight.shape[0] > kMostListedExperts ||
        !std::all_of(candidate.begin(), candidate.end(), listed)) {
      e.diagnostics.errorOnce(
          decl.name.where,
          fmt::format("weight '{}': with {{e}} in a tensor's name, the shape is [experts, out, in] with at most {} "
                      "experts, and every name has it",
                      weight.name, kMostListedExperts));
      return false;
    }
    std::vector<std::string> names;
    for (int64_t expert = 0; expert < weight.shape[0]; ++expert)
      for (std::string name : candidate) {
        for (size_t at; (at = name.find("{e}")) != std::string::npos;)
          name.replace(at, 3, std::to_string(expert));
        names.push_back(std::move(name));
      }
    candidate = std::move(names);
  }
  return true;
}

} // namespace gemmac::config
