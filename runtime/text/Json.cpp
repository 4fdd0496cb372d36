// A recursive-descent JSON parser with a depth limit.
#include "runtime/text/Json.h"

#include "runtime/base/Text.h"
#include "runtime/text/Utf8.h"

#include <algorithm>
#include <cstdint>

namespace gemmart {

Json Json::string(std::string value) {
  Json json;
  json.kind = Kind::String;
  json.text = std::move(value);
  return json;
}

const Json *Json::find(std::string_view name) const {
  for (size_t i = members.size(); i-- > 0;)
    if (members[i].name == name)
      return &members[i].value;
  return nullptr;
}

namespace {

class Parser {
public:
  explicit Parser(std::string_view text) : text(text) {}
  Result<Json> run();

private:
  static constexpr int maxDepth = 64;
  bool fail(const char *what) {
    if (!problem)
      problem = what;
    return false;
  }
  void skipSpace() {
    while (at < text.size() && (text[at] == ' ' || text[at] == '\t' || text[at] == '\n' || text[at] == '\r'))
      ++at;
  }
  bool take(char c) {
    if (at >= text.size() || text[at] != c)
      return false;
    ++at;
    return true;
  }
  bool takeWord(std::string_view word) {
    if (text.substr(at, word.size()) != word)
      return fail("not a value");
    at += word.size();
    return true;
  }
  bool value(Json &out, int depth);
  bool object(Json &out, int depth);
  bool array(Json &out, int depth);
  bool number(Json &out);
  bool string(std::string &out);
  bool escape(std::string &out);
  bool hexDigits(uint32_t &out);

  std::string_view text;
  size_t at = 0;
  const char *problem = nullptr;
};

} // namespace

static void appendUtf8(uint32_t c, std::string &out) {
  if (c < 0x80) {
    out += char(c);
  } else if (c < 0x800) {
    out += char(0xC0 | c >> 6);
    out += char(0x80 | (c & 63));
  } else if (c < 0x10000) {
    out += char(0xE0 | c >> 12);
    out += char(0x80 | (c >> 6 & 63));
    out += char(0x80 | (c & 63));
  } else {
    out += char(0xF0 | c >> 18);
    out += char(0x80 | (c >> 12 & 63));
    out += char(0x80 | (c >> 6 & 63));
    out += char(0x80 | (c & 63));
  }
}

bool Parser::hexDigits(uint32_t &out) {
  out = 0;
  for (int i = 0; i < 4; ++i, ++at) {
    char c = at < text.size() ? text[at] : 0;
    int digit = c >= '0' && c <= '9'   ? c - '0'
                : c >= 'a' && c <= 'f' ? c - 'a' + 10
                : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                       : -1;
    if (digit < 0)
      return fail("four hex digits must follow \\u");
    out = out * 16 + uint32_t(digit);
  }
  return true;
}

bool Parser::escape(std::string &out) {
  static constexpr std::string_view names = "\"\\/bfnrt", values = "\"\\/\b\f\n\r\t";
  char c = at < text.size() ? text[at++] : 0;
  if (size_t known = names.find(c); c && known != std::string_view::npos) {
    out += values[known];
    return true;
  }
  if (c != 'u')
    return fail("unknown escape");
  uint32_t code, low;
  if (!hexDigits(code))
    return false;
  if (code >= 0xD800 && code < 0xDC00) {
    if (text.substr(at, 2) != "\\u")
      return fail("a lone surrogate");
    at += 2;
    if (!hexDigits(low))
      return false;
    if (low < 0xDC00 || low >= 0xE000)
      return fail("a lone surrogate");
    code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
  } else if (code >= 0xDC00 && code < 0xE000) {
    return fail("a lone surrogate");
  }
  appendUtf8(code, out);
  return true;
}

bool Parser::string(std::string &out) {
  if (!take('"'))
    return fail("a string must stand here");
  while (at < text.size()) {
    uint8_t c = uint8_t(text[at]);
    if (c == '"') {
      ++at;
      return true;
    }
    if (c < 0x20)
      return fail("a control character in a string");
    ++at;
    if (c != '\\')
      out += char(c);
    else if (!escape(out))
      return false;
  }
  return fail("the string does not end");
}

bool Parser::number(Json &out) {
  size_t start = at;
  auto digits = [&] {
    size_t first = at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9')
      ++at;
    return at > first;
  };
  take('-');
  if (!take('0') && !digits())
    return fail("not a value");
  if (take('.') && !digits())
    return fail("digits must follow the point");
  if (take('e') || take('E')) {
    if (!take('+'))
      take('-');
    if (!digits())
      return fail("digits must follow the exponent's sign");
  }
  out.kind = Json::Kind::Number;
  out.text = text.substr(start, at - start);
  return true;
}

bool Parser::array(Json &out, int depth) {
  out.kind = Json::Kind::Array;
  ++at;
  skipSpace();
  if (take(']'))
    return true;
  while (true) {
    if (!value(out.items.emplace_back(), depth + 1))
      return false;
    if (take(']'))
      return true;
    if (!take(','))
      return fail("',' or ']' must stand here");
  }
}

bool Parser::object(Json &out, int depth) {
  out.kind = Json::Kind::Object;
  ++at;
  skipSpace();
  if (take('}'))
    return true;
  while (true) {
    auto &[name, member] = out.members.emplace_back();
    skipSpace();
    if (!string(name))
      return false;
    skipSpace();
    if (!take(':'))
      return fail("':' must stand here");
    if (!value(member, depth + 1))
      return false;
    if (take('}'))
      return true;
    if (!take(','))
      return fail("',' or '}' must stand here");
  }
}

/// A value with the white space around it.
bool Parser::value(Json &out, int depth) {
  if (depth > maxDepth)
    return fail("more than 64 levels");
  skipSpace();
  char c = at < text.size() ? text[at] : 0;
  bool good = false;
  if (c == '{') {
    good = object(out, depth);
  } else if (c == '[') {
    good = array(out, depth);
  } else if (c == '"') {
    out.kind = Json::Kind::String;
    good = string(out.text);
  } else if (c == 't' || c == 'f') {
    out.kind = Json::Kind::Bool;
    out.flag = c == 't';
    good = takeWord(out.flag ? "true" : "false");
  } else if (c == 'n') {
    good = takeWord("null");
  } else {
    good = number(out);
  }
  skipSpace();
  return good;
}

Result<Json> Parser::run() {
  Json root;
  at = findInvalidUtf8(text);
  if (at != std::string_view::npos) {
    fail("not UTF-8");
  } else {
    at = 0;
    if (value(root, 1) && at < text.size())
      fail("something follows the value");
  }
  if (!problem)
    return root;
  size_t stop = std::min(at, text.size());
  size_t line = 1 + size_t(std::count(text.begin(), text.begin() + ptrdiff_t(stop), '\n'));
  size_t start = stop == 0 ? std::string_view::npos : text.rfind('\n', stop - 1);
  size_t column = start == std::string_view::npos ? stop + 1 : stop - start;
  return inputError(format("JSON: line %zu, column %zu: %s", line, column, problem));
}

Result<Json> parseJson(std::string_view text) {
  return Parser(text).run();
}

} // namespace gemmart
