// Lexer, recursive-descent parser and evaluator of the description's expressions.
#include "compiler/config/Expression.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace gemmac::config {

enum class Op { Constant, Name, Negate, Not, Binary, And, Or, Coalesce, Choose, Index, Call };

struct Expression::Node {
  Op op = Op::Constant;
  std::string text; ///< name, operator or function
  Value value;
  std::vector<std::shared_ptr<const Node>> args;
  size_t offset = 0; ///< in the expression's text
};

namespace {

using Node = Expression::Node;
using NodePtr = std::shared_ptr<const Node>;

struct Function {
  const char *name;
  size_t least, most; ///< arguments
};
constexpr Function kFunctions[] = {{"sqrt", 1, 1}, {"floor", 1, 1}, {"ceil", 1, 1}, {"min", 1, 8}, {"max", 1, 8},
                                   {"len", 1, 1},  {"last", 2, 2},  {"has", 1, 1},  {"dim", 2, 2}};

struct Level {
  std::vector<std::string> operators;
  Op op;
};
/// Binary operators from the loosest to the tightest.
const std::vector<Level> &levels() {
  static const std::vector<Level> kLevels = {{{"??"}, Op::Coalesce},
                                             {{"||"}, Op::Or},
                                             {{"&&"}, Op::And},
                                             {{"==", "!="}, Op::Binary},
                                             {{"<=", ">=", "<", ">"}, Op::Binary},
                                             {{"+", "-"}, Op::Binary},
                                             {{"*", "/", "%"}, Op::Binary}};
  return kLevels;
}

bool isNameStart(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool isDigit(char c) {
  return c >= '0' && c <= '9';
}

struct Token {
  enum class Kind { End, Number, String, Name, Symbol, Bad } kind = Kind::End;
  std::string text;
  double number = 0;
  size_t offset = 0;
};

class Parser {
public:
  Parser(const std::string &text) : text(text) { next(); }

  NodePtr run() {
    NodePtr node = choose();
    if (node && token.kind != Token::Kind::End)
      return fail(fmt::format("unexpected {} in the expression", shown()));
    return node;
  }
  std::string message;
  size_t messageOffset = 0;

private:
  static constexpr int kDeepest = 48;
  const std::string &text;
  size_t at = 0;
  int depth = 0;
  Token token;

  struct Deeper {
    int &depth;
    explicit Deeper(int &depth) : depth(++depth) {}
    ~Deeper() { --depth; }
  };

  std::string shown() const {
    return token.kind == Token::Kind::End ? "end" : token.kind == Token::Kind::Bad ? token.text : inQuotes(token.text);
  }
  NodePtr fail(std::string what) { return failAt(token.offset, std::move(what)); }
  NodePtr failAt(size_t offset, std::string what) {
    if (message.empty()) {
      message = std::move(what);
      messageOffset = offset;
    }
    return nullptr;
  }

  void next() {
    while (at < text.size() && (text[at] == ' ' || text[at] == '\t' || text[at] == '\n' || text[at] == '\r'))
      ++at;
    token = {};
    token.offset = at;
    if (at >= text.size())
      return;
    char c = text[at];
    if (isDigit(c) || (c == '.' && at + 1 < text.size() && isDigit(text[at + 1])))
      return number();
    if (isNameStart(c)) {
      size_t end = at;
      while (end < text.size() && (isNameStart(text[end]) || isDigit(text[end])))
        ++end;
      token.kind = Token::Kind::Name;
      token.text = text.substr(at, end - at);
      at = end;
      return;
    }
    if (c == '\'') {
      size_t end = text.find('\'', at + 1);
      if (end == std::string::npos) {
        token.kind = Token::Kind::Bad;
        token.text = "string without a closing '";
        at = text.size();
        return;
      }
      token.kind = Token::Kind::String;
      token.text = text.substr(at + 1, end - at - 1);
      at = end + 1;
      return;
    }
    token.kind = Token::Kind::Symbol;
    for (const char *two : {"==", "!=", "<=", ">=", "&&", "||", "??"})
      if (text.compare(at, 2, two) == 0) {
        token.text = two;
        at += 2;
        return;
      }
    token.text = text.substr(at++, 1);
    if (std::string_view("+-*/%^()[]<>!?:,").find(c) == std::string_view::npos) {
      token.kind = Token::Kind::Bad;
      token.text = "character " + inQuotes(token.text);
    }
  }

  void number() {
    const char *begin = text.data() + at, *end = text.data() + text.size();
    auto [stop, error] = std::from_chars(begin, end, token.number);
    token.text = std::string(begin, stop);
    token.kind = error == std::errc() && std::isfinite(token.number) ? Token::Kind::Number : Token::Kind::Bad;
    if (token.kind == Token::Kind::Bad)
      token.text = "number that is too large";
    at += std::max<size_t>(1, stop - begin);
  }

  bool accept(const char *symbol) {
    if (token.kind != Token::Kind::Symbol || token.text != symbol)
      return false;
    next();
    return true;
  }
  bool expect(const char *symbol) {
    if (accept(symbol))
      return true;
    fail(fmt::format("expected '{}', found {}", symbol, shown()));
    return false;
  }
  static NodePtr make(Op op, size_t offset, std::string text, std::vector<NodePtr> args) {
    Node node;
    node.op = op;
    node.offset = offset;
    node.text = std::move(text);
    node.args = std::move(args);
    return std::make_shared<const Node>(std::move(node));
  }
  static NodePtr constant(size_t offset, Scalar scalar) {
    Node node;
    node.offset = offset;
    node.value.scalar = std::move(scalar);
    return std::make_shared<const Node>(std::move(node));
  }

  NodePtr choose() {
    Deeper deeper(depth);
    if (depth > kDeepest)
      return fail("expression nested too deeply");
    NodePtr condition = binary(0);
    size_t offset = token.offset;
    if (!condition || !accept("?"))
      return condition;
    NodePtr yes = choose();
    if (!yes || !expect(":"))
      return nullptr;
    NodePtr no = choose();
    return no ? make(Op::Choose, offset, "?", {condition, yes, no}) : nullptr;
  }

  NodePtr binary(size_t level) {
    if (level == levels().size())
      return unary();
    NodePtr left = binary(level + 1);
    for (int64_t count = 0; left;) {
      const Level &here = levels()[level];
      bool ours = token.kind == Token::Kind::Symbol &&
                  std::find(here.operators.begin(), here.operators.end(), token.text) != here.operators.end();
      if (!ours)
        break;
      if (++count > kDeepest) // a chain is as deep as it is long when it is evaluated
        return fail("expression too long");
      std::string symbol = token.text;
      size_t offset = token.offset;
      next();
      NodePtr right = binary(level + 1);
      left = right ? make(here.op, offset, symbol, {left, right}) : nullptr;
    }
    return left;
  }

  NodePtr unary() {
    Deeper deeper(depth);
    if (depth > kDeepest)
      return fail("expression nested too deeply");
    size_t offset = token.offset;
    bool negate = accept("-");
    if (negate || accept("!")) {
      NodePtr inner = unary();
      return inner ? make(negate ? Op::Negate : Op::Not, offset, negate ? "-" : "!", {inner}) : nullptr;
    }
    NodePtr base = postfix();
    offset = token.offset;
    if (!base || !accept("^"))
      return base;
    NodePtr exponent = unary(); // right-associative, and 2^-0.5 needs no parentheses
    return exponent ? make(Op::Binary, offset, "^", {base, exponent}) : nullptr;
  }

  NodePtr postfix() {
    NodePtr node = primary();
    for (int count = 0; node;) {
      size_t offset = token.offset;
      if (!accept("["))
        break;
      if (++count > 4)
        return fail("expression nested too deeply");
      NodePtr index = choose();
      if (!index || !expect("]"))
        return nullptr;
      node = make(Op::Index, offset, "[", {node, index});
    }
    return node;
  }

  NodePtr primary() {
    Token here = token;
    switch (token.kind) {
    case Token::Kind::Number:
      next();
      return constant(here.offset, here.number);
    case Token::Kind::String:
      next();
      return constant(here.offset, here.text);
    case Token::Kind::Name:
      next();
      if (here.text == "true" || here.text == "false")
        return constant(here.offset, here.text == "true");
      if (here.text == "null")
        return constant(here.offset, std::monostate());
      return accept("(") ? call(here) : make(Op::Name, here.offset, here.text, {});
    case Token::Kind::Symbol:
      if (accept("(")) {
        NodePtr inner = choose();
        return inner && expect(")") ? inner : nullptr;
      }
      [[fallthrough]];
    case Token::Kind::Bad:
    case Token::Kind::End:
      return fail(fmt::format("expected a value, found {}", shown()));
    }
    return nullptr;
  }

  NodePtr call(const Token &name) {
    const Function *function = nullptr;
    std::vector<std::string> known;
    for (const Function &candidate : kFunctions) {
      known.push_back(candidate.name);
      if (name.text == candidate.name)
        function = &candidate;
    }
    if (!function)
      return failAt(name.offset, fmt::format("unknown function '{}'{}", name.text, didYouMean(name.text, known)));
    std::vector<NodePtr> args;
    if (!accept(")")) {
      do {
        NodePtr argument = choose();
        if (!argument)
          return nullptr;
        args.push_back(std::move(argument));
      } while (args.size() <= function->most && accept(","));
      if (args.size() <= function->most && !expect(")"))
        return nullptr;
    }
    if (args.size() < function->least || args.size() > function->most)
      return failAt(name.offset, fmt::format("wrong number of arguments to '{}': it takes {}", name.text,
                                             function->least == function->most
                                                 ? fmt::format("{}", function->least)
                                                 : fmt::format("{} to {}", function->least, function->most)));
    if (name.text == "last" && args[1]->op != Op::Name)
      return failAt(args[1]->offset, "the second argument of 'last' is the name of a value of [layer.let]");
    return make(Op::Call, name.offset, name.text, std::move(args));
  }
};

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
    if (name == "min" || name == "max")
      return extreme(node);
    if (name == "last")
      return last(node);
    if (name == "has" || name == "dim")
      return tensor(node);
    std::optional<double> x = number(*node.args[0]);
    if (!x)
      return std::nullopt;
    return real(node, name == "sqrt" ? std::sqrt(*x) : name == "floor" ? std::floor(*x) : std::ceil(*x));
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
  for (const NodePtr &argument : node.args)
    visitNames(*argument, callback);
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
  Parser parser(text);
  out.root = parser.run();
  if (!out.root)
    diagnostics.error(moved(where, parser.messageOffset), parser.message);
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
