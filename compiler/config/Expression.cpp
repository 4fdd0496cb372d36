// Evaluator of the description's expressions.
#include "compiler/config/ExpressionNode.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace gemmac::config {

namespace {

using Node = Expression::Node;
using NodePtr = std::shared_ptr<const Node>;

class Evaluator {
public:
  Evaluator(const Scope &scope) : scope(scope) {}
  std::string message;
  size_t messageOffset = 0;

  std::optional<Value> run(const Node &node) {
    switch (node.op) {
    case Op::Constant:
      return node.value;
    case Op::Name:
      if (element && node.text == "j")
        return scalar(*element);
      if (const Value *value = scope.lookup ? scope.lookup(node.text) : nullptr)
        return *value;
      return fail(node, fmt::format("unknown name '{}'", node.text));
    case Op::Negate: {
      std::optional<double> x = number(*node.args[0]);
      return x ? real(node, -*x) : std::nullopt;
    }
    case Op::Not: {
      std::optional<bool> x = truth(*node.args[0]);
      return x ? scalar(!*x) : std::nullopt;
    }
    case Op::And:
    case Op::Or: {
      std::optional<bool> left = truth(*node.args[0]);
      if (!left || *left == (node.op == Op::Or))
        return left ? scalar(*left) : std::nullopt;
      std::optional<bool> right = truth(*node.args[1]);
      return right ? scalar(*right) : std::nullopt;
    }
    case Op::Coalesce: {
      std::optional<Value> left = run(*node.args[0]);
      bool null = left && !left->isList && std::holds_alternative<std::monostate>(left->scalar);
      return null ? run(*node.args[1]) : left;
    }
    case Op::Choose: {
      std::optional<bool> condition = truth(*node.args[0]);
      return condition ? run(*node.args[*condition ? 1 : 2]) : std::nullopt;
    }
    case Op::Index:
      return index(node);
    case Op::Binary:
      return binary(node);
    case Op::Call:
      return call(node);
    }
    return std::nullopt;
  }

private:
  const Scope &scope;
  std::optional<double> element; ///< "j" inside of each()

  std::nullopt_t fail(const Node &node, std::string what) {
    if (message.empty()) {
      message = std::move(what);
      messageOffset = node.offset;
    }
    return std::nullopt;
  }
  static std::optional<Value> scalar(Scalar value) {
    Value out;
    out.scalar = std::move(value);
    return out;
  }
  std::optional<Value> real(const Node &node, double x) {
    if (!std::isfinite(x))
      return fail(node, fmt::format("the result of '{}' is not a finite number", node.text));
    return scalar(x);
  }
  std::optional<double> number(const Node &node) {
    std::optional<Value> value = run(node);
    if (!value)
      return std::nullopt;
    if (!value->isList)
      if (const double *x = std::get_if<double>(&value->scalar))
        return *x;
    return fail(node, fmt::format("expected a number, found {}", show(*value)));
  }
  std::optional<bool> truth(const Node &node) {
    std::optional<Value> value = run(node);
    if (!value)
      return std::nullopt;
    if (!value->isList)
      if (const bool *x = std::get_if<bool>(&value->scalar))
        return *x;
    return fail(node, fmt::format("expected true or false, found {}", show(*value)));
  }

  std::optional<Value> index(const Node &node) {
    std::optional<Value> list = run(*node.args[0]);
    std::optional<double> at = list ? number(*node.args[1]) : std::nullopt;
    if (!at)
      return std::nullopt;
    if (*at < 0 || *at != std::floor(*at) || *at > 1e9)
      return fail(node, fmt::format("an index is a whole number from 0, found {}", show(Scalar(*at))));
    if (!list->isList)
      return list; // one value for every layer
    if (list->list.empty())
      return fail(node, "the list is empty");
    return scalar(list->list[static_cast<size_t>(*at) % list->list.size()]);
  }

  std::optional<Value> binary(const Node &node) {
    const std::string &op = node.text;
    if (op == "==" || op == "!=") {
      std::optional<Value> a = run(*node.args[0]);
      std::optional<Value> b = a ? run(*node.args[1]) : std::nullopt;
      if (!b)
        return std::nullopt;
      bool equal = a->isList == b->isList && (a->isList ? a->list == b->list : same(a->scalar, b->scalar));
      return scalar(equal == (op == "=="));
    }
    std::optional<double> a = number(*node.args[0]);
    std::optional<double> b = a ? number(*node.args[1]) : std::nullopt;
    if (!b)
      return std::nullopt;
    if (op == "<" || op == "<=" || op == ">" || op == ">=")
      return scalar(op == "<" ? *a < *b : op == "<=" ? *a <= *b : op == ">" ? *a > *b : *a >= *b);
    if ((op == "/" || op == "%") && *b == 0)
      return fail(node, "division by 0");
    return real(node, op == "+"   ? *a + *b
                      : op == "-" ? *a - *b
                      : op == "*" ? *a * *b
                      : op == "/" ? *a / *b
                      : op == "%" ? std::fmod(*a, *b)
                                  : std::pow(*a, *b));
  }

  std::optional<Value> call(const Node &node) {
    const std::string &name = node.text;
    if (name == "len") {
      std::optional<Value> value = run(*node.args[0]);
      return value ? scalar(value->isList ? double(value->list.size()) : 1.0) : std::nullopt;
    }
    if (name == "contains")
      return contains(node);
    if (name == "each")
      return each(node);
    if (name == "min" || name == "max")
      return extreme(node);
    if (name == "last")
      return last(node);
    if (name == "has" || name == "dim")
      return tensor(node);
    std::optional<double> x = number(*node.args[0]);
    if (!x)
      return std::nullopt;
    return real(node, name == "sqrt"    ? std::sqrt(*x)
                      : name == "log"   ? std::log(*x)
                      : name == "floor" ? std::floor(*x)
                                        : std::ceil(*x));
  }

  /// contains(list, x): is x an element of the list; a single value is its own only element, null has none.
  std::optional<Value> contains(const Node &node) {
    std::optional<Value> list = run(*node.args[0]);
    std::optional<Value> wanted = list ? run(*node.args[1]) : std::nullopt;
    if (!wanted)
      return std::nullopt;
    if (wanted->isList)
      return fail(*node.args[1], fmt::format("expected a single value, found {}", show(*wanted)));
    if (!list->isList)
      return scalar(!std::holds_alternative<std::monostate>(list->scalar) && same(list->scalar, wanted->scalar));
    return scalar(std::any_of(list->list.begin(), list->list.end(),
                              [&](const Scalar &element) { return same(element, wanted->scalar); }));
  }

  /// each(n, e): the list of e for j = 0 .. n - 1.
  std::optional<Value> each(const Node &node) {
    constexpr double kMost = 4096;
    std::optional<double> count = number(*node.args[0]);
    if (!count)
      return std::nullopt;
    if (!(*count >= 1 && *count <= kMost) || *count != std::floor(*count))
      return fail(*node.args[0],
                  fmt::format("'each' counts a whole number from 1 to {}, found {}", kMost, show(Scalar(*count))));
    Value out;
    out.isList = true;
    for (element = 0; *element < *count; ++*element) {
      std::optional<Value> one = run(*node.args[1]);
      if (!one)
        return std::nullopt;
      if (one->isList)
        return fail(*node.args[1], fmt::format("expected a single value, found {}", show(*one)));
      out.list.push_back(std::move(one->scalar));
    }
    element.reset();
    return out;
  }

  /// min and max of all arguments; a list counts as its elements.
  std::optional<Value> extreme(const Node &node) {
    std::optional<double> best;
    for (const NodePtr &argument : node.args) {
      std::optional<Value> value = run(*argument);
      if (!value)
        return std::nullopt;
      std::vector<Scalar> elements = value->isList ? value->list : std::vector<Scalar>{value->scalar};
      for (const Scalar &element : elements) {
        const double *x = std::get_if<double>(&element);
        if (!x)
          return fail(*argument, fmt::format("expected numbers, found {}", show(element)));
        best = !best ? *x : node.text == "min" ? std::min(*best, *x) : std::max(*best, *x);
      }
    }
    return best ? scalar(*best) : fail(node, "the list is empty");
  }

  /// last(n, name): the largest layer below n whose `name` equals this layer's; null if there is none.
  std::optional<Value> last(const Node &node) {
    std::optional<double> before = number(*node.args[0]);
    if (!before)
      return std::nullopt;
    const std::string &name = node.args[1]->text;
    const Value *mine = scope.inLayer ? scope.inLayer(name, scope.layer) : nullptr;
    if (!mine)
      return fail(*node.args[1], fmt::format("'{}' is not an earlier value of [layer.let]", name));
    for (int64_t layer = static_cast<int64_t>(std::clamp(*before, 0.0, 1e6)) - 1; layer >= 0; --layer) {
      const Value *other = scope.inLayer(name, layer);
      if (other && !other->isList && !mine->isList && same(other->scalar, mine->scalar))
        return scalar(double(layer));
    }
    return scalar(std::monostate());
  }

  /// has(name): is there such a tensor; dim(name, axis): its size there, null without the tensor.
  std::optional<Value> tensor(const Node &node) {
    std::optional<Value> name = run(*node.args[0]);
    const std::string *text = name && !name->isList ? std::get_if<std::string>(&name->scalar) : nullptr;
    if (!text)
      return name ? fail(*node.args[0], fmt::format("expected the name of a tensor, found {}", show(*name)))
                  : std::nullopt;
    std::string full = withLayer(*text, scope.layer);
    full = !full.empty() && full[0] == '/' ? full.substr(1) : scope.prefix + full;
    const std::vector<int64_t> *shape = nullptr;
    if (scope.facts)
      if (auto found = scope.facts->tensors.find(full); found != scope.facts->tensors.end())
        shape = &found->second;
    if (node.text == "has")
      return scalar(shape != nullptr);
    std::optional<double> axis = number(*node.args[1]);
    if (!axis)
      return std::nullopt;
    if (!shape || *axis < 0 || *axis >= double(shape->size()))
      return scalar(std::monostate());
    return scalar(double((*shape)[static_cast<size_t>(*axis)]));
  }
};

void visitNames(const Node &node, const std::function<void(const Node &)> &callback) {
  if (node.op == Op::Name)
    callback(node);
  bool each = node.op == Op::Call && node.text == "each";
  for (const NodePtr &argument : node.args)
    visitNames(*argument, [&](const Node &name) {
      if (!each || argument != node.args[1] || name.text != "j")
        callback(name);
    });
}

} // namespace

static Position moved(Position where, size_t columns) {
  if (where.line > 0)
    where.column += static_cast<int>(columns);
  return where;
}

Expression Expression::parse(const std::string &text, const Position &where, Diagnostics &diagnostics) {
  constexpr size_t kLongest = 1000;
  Expression out;
  out.source = text;
  out.start = where;
  if (text.size() > kLongest) {
    diagnostics.error(where, fmt::format("expression of {} characters; at most {} are allowed", text.size(), kLongest));
    return out;
  }
  std::string message;
  size_t offset = 0;
  out.root = parseExpression(text, message, offset);
  if (!out.root)
    diagnostics.error(moved(where, offset), message);
  return out;
}

Expression Expression::constant(Value value, const Position &where) {
  Expression out;
  Node node;
  node.value = std::move(value);
  out.source = show(node.value);
  out.start = where;
  out.root = std::make_shared<const Node>(std::move(node));
  return out;
}

void Expression::forEachName(const std::function<void(const std::string &, const Position &)> &callback) const {
  if (root)
    visitNames(*root, [&](const Node &node) { callback(node.text, moved(start, node.offset)); });
}

std::optional<Value> Expression::evaluate(const Scope &scope, Diagnostics &diagnostics) const {
  if (!root)
    return std::nullopt;
  Evaluator evaluator(scope);
  std::optional<Value> value = evaluator.run(*root);
  if (value)
    value->where = start;
  else
    diagnostics.errorOnce(moved(start, evaluator.messageOffset), evaluator.message);
  return value;
}

std::string show(const Scalar &scalar) {
  if (const bool *b = std::get_if<bool>(&scalar))
    return *b ? "true" : "false";
  if (const double *x = std::get_if<double>(&scalar))
    return std::floor(*x) == *x && std::fabs(*x) < 1e15 ? fmt::format("{:.0f}", *x) : fmt::format("{}", *x);
  if (const std::string *s = std::get_if<std::string>(&scalar))
    return inQuotes(*s);
  return "null";
}

std::string show(const Value &value) {
  if (!value.isList)
    return show(value.scalar);
  constexpr size_t kShown = 8;
  std::string out = "[";
  for (size_t i = 0; i < value.list.size() && i < kShown; ++i)
    out += (i ? ", " : "") + show(value.list[i]);
  return out + (value.list.size() > kShown ? ", ...]" : "]");
}

std::string kindOf(const Value &value) {
  if (value.isList)
    return "a list";
  if (std::holds_alternative<bool>(value.scalar))
    return "true or false";
  if (std::holds_alternative<double>(value.scalar))
    return "a number";
  return std::holds_alternative<std::string>(value.scalar) ? "a string" : "null";
}

std::string withLayer(const std::string &text, int64_t layer) {
  std::string out;
  size_t at = 0;
  for (size_t found; layer >= 0 && (found = text.find("{i}", at)) != std::string::npos; at = found + 3)
    out += text.substr(at, found - at) + std::to_string(layer);
  return out + text.substr(at);
}

bool same(const Scalar &a, const Scalar &b, bool nearly) {
  const double *x = std::get_if<double>(&a), *y = std::get_if<double>(&b);
  if (x && y && nearly)
    return std::fabs(*x - *y) <= 1e-6 * std::max(std::fabs(*x), std::fabs(*y));
  return a == b;
}

} // namespace gemmac::config
