// Evaluates a description's lets and checks; see the header.
#include "compiler/config/Evaluator.h"

#include "compiler/config/Numbers.h"

#include <fmt/format.h>

namespace gemmac::config {

static constexpr int64_t kMostLayers = 1000;

Evaluator::Evaluator(const Description &d, const SizeDecl *size, const Facts *facts, Diagnostics &diagnostics)
    : d(d), size(size), facts(facts), diagnostics(diagnostics) {
  Numbers numbers = resolveNumbers(d, size, facts, diagnostics);
  values = std::move(numbers.values);
  failed = std::move(numbers.failed);
  scope.facts = facts;
  scope.prefix = tensorPrefix(d, facts);
  scope.lookup = [this](const std::string &name) { return lookup(name); };
  scope.inLayer = [this](const std::string &name, int64_t layer) -> const Value * {
    if (layer < 0 || layer >= static_cast<int64_t>(layerValues.size()))
      return nullptr;
    auto found = layerValues[layer].find(name);
    return found == layerValues[layer].end() ? nullptr : &found->second;
  };
}

const Value *Evaluator::lookup(const std::string &name) {
  if (scope.layer >= 0) {
    if (name == "i") {
      indexValue.scalar = double(scope.layer);
      return &indexValue;
    }
    if (scope.layer < static_cast<int64_t>(layerValues.size()))
      if (auto found = layerValues[scope.layer].find(name); found != layerValues[scope.layer].end())
        return &found->second;
  }
  auto found = values.find(name);
  return found == values.end() ? nullptr : &found->second;
}

std::optional<Value> Evaluator::evaluate(const Expression &expression) {
  bool skip = !expression.valid();
  expression.forEachName(
      [&](const std::string &name, const Position &) { skip |= failed.count(name) || !lookup(name); });
  return skip ? std::nullopt : expression.evaluate(scope, diagnostics);
}

std::optional<bool> Evaluator::condition(const std::optional<Expression> &when) {
  if (!when)
    return true;
  std::optional<Value> value = evaluate(*when);
  if (!value)
    return std::nullopt;
  if (const bool *b = value->isList ? nullptr : std::get_if<bool>(&value->scalar))
    return *b;
  diagnostics.errorOnce(when->position(), fmt::format("expected true or false, found {}", show(*value)));
  return std::nullopt;
}

std::optional<int64_t> Evaluator::whole(const Expression &expression, const std::string &what, int64_t least,
                                        int64_t most) {
  std::optional<Value> value = evaluate(expression);
  return value ? wholeNumber(*value, what, least, most, diagnostics) : std::nullopt;
}

void Evaluator::evaluateLets() {
  for (const LetDecl &let : d.lets) {
    if (std::optional<Value> value = evaluate(let.value))
      values[let.name.text] = std::move(*value);
    else
      failed.insert(let.name.text);
  }
  std::optional<int64_t> count =
      d.layerCount ? whole(*d.layerCount, "the number of layers", 1, kMostLayers) : std::nullopt;
  if (!count)
    return;
  layers = *count;
  layerValues.resize(*count);
  // Name by name and not layer by layer, so that `last` can look at every layer.
  for (const LetDecl &let : d.layerLets)
    for (scope.layer = 0; scope.layer < *count; ++scope.layer) {
      std::optional<Value> value = evaluate(let.value);
      if (!value) {
        failed.insert(let.name.text);
        break;
      }
      layerValues[scope.layer][let.name.text] = std::move(*value);
    }
  scope.layer = -1;
}

void Evaluator::evaluateChecks() {
  for (const CheckDecl &check : d.checks) {
    int64_t times = check.eachLayer ? layers : 1;
    bool good = true;
    for (int64_t i = 0; i < times && good; ++i) {
      scope.layer = check.eachLayer ? i : -1;
      std::optional<Value> value = evaluate(check.that);
      if (!value)
        break;
      const bool *b = value->isList ? nullptr : std::get_if<bool>(&value->scalar);
      if (!b)
        diagnostics.errorOnce(value->where, fmt::format("'that' must be true or false, found {}", show(*value)));
      good = b && *b;
      if (b && !good)
        violated(check);
    }
  }
  scope.layer = -1;
}

void Evaluator::violated(const CheckDecl &check) {
  const Value *at = lookup(check.at);
  Position where = at ? at->where : check.where;
  std::string message = filled(check.say);
  if (scope.layer >= 0)
    message = fmt::format("layer {}: {}", scope.layer, message);
  std::vector<Note> notes;
  std::set<std::string> noted = {check.at};
  check.that.forEachName([&](const std::string &name, const Position &) {
    const Value *value = d.findNumber(name) && noted.insert(name).second ? lookup(name) : nullptr;
    if (value && (value->where.line > 0 || value->where.file != where.file))
      notes.push_back({value->where, fmt::format("{} = {} is set here", name, show(*value))});
  });
  diagnostics.error(where, message, notes);
}

std::string Evaluator::filled(const Text &say, bool quoted) {
  std::string out;
  size_t at = 0;
  for (size_t open; (open = say.text.find('{', at)) != std::string::npos;) {
    size_t close = say.text.find('}', open);
    if (close == std::string::npos)
      break;
    Position where = say.where;
    where.column += static_cast<int>(open) + 2;
    out += say.text.substr(at, open - at);
    Expression expression = Expression::parse(say.text.substr(open + 1, close - open - 1), where, diagnostics);
    std::optional<Value> value = expression.valid() ? expression.evaluate(scope, diagnostics) : std::nullopt;
    const std::string *bare = !quoted && value && !value->isList ? std::get_if<std::string>(&value->scalar) : nullptr;
    out += bare ? *bare : value ? show(*value) : "?";
    at = close + 1;
  }
  return out + say.text.substr(at);
}

} // namespace gemmac::config
