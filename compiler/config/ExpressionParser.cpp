// Lexer and recursive-descent parser of the description's expressions.
#include "compiler/config/ExpressionNode.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

namespace gemmac::config {

namespace {

using Node = Expression::Node;
using NodePtr = std::shared_ptr<const Node>;

struct Function {
  const char *name;
  size_t least, most; ///< arguments
};
constexpr Function kFunctions[] = {{"sqrt", 1, 1}, {"log", 1, 1},  {"floor", 1, 1}, {"ceil", 1, 1},
                                   {"min", 1, 8},  {"max", 1, 8},  {"len", 1, 1},   {"contains", 2, 2},
                                   {"each", 2, 2}, {"last", 2, 2}, {"has", 1, 1},   {"dim", 2, 2}};

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
  bool insideEach = false;
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
    bool isEach = name.text == "each";
    if (isEach && std::exchange(insideEach, true))
      return failAt(name.offset, "'each' cannot stand inside of another 'each'");
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
    if (isEach)
      insideEach = false;
    return make(Op::Call, name.offset, name.text, std::move(args));
  }
};

} // namespace

std::shared_ptr<const Expression::Node> parseExpression(const std::string &text, std::string &message, size_t &offset) {
  Parser parser(text);
  NodePtr root = parser.run();
  message = parser.message;
  offset = parser.messageOffset;
  return root;
}

} // namespace gemmac::config
