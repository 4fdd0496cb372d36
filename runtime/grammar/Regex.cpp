// See Regex.h.
#include "runtime/grammar/Regex.h"

#include "runtime/base/Text.h"
#include "runtime/text/Utf8.h"

#include <algorithm>

namespace gemmart {

/// The character at the start of valid UTF-8; takes it off.
static uint32_t takeCharacter(std::string_view &text) {
  uint8_t lead = uint8_t(text[0]);
  size_t bytes = utf8Bytes(lead);
  uint32_t character = bytes == 1 ? lead : lead & (0x7Fu >> bytes);
  for (size_t i = 1; i < bytes; ++i)
    character = character << 6 | (uint8_t(text[i]) & 63);
  text.remove_prefix(bytes);
  return character;
}

RegexTree RegexTree::of(CharSet set) {
  RegexTree tree;
  tree.kind = Set;
  tree.set = std::move(set);
  return tree;
}

RegexTree RegexTree::text(std::string_view utf8) {
  std::vector<RegexTree> characters;
  while (!utf8.empty()) {
    uint32_t character = takeCharacter(utf8);
    characters.push_back(of({character, character}));
  }
  return concat(std::move(characters));
}

RegexTree RegexTree::concat(std::vector<RegexTree> children) {
  if (children.size() == 1)
    return std::move(children[0]);
  RegexTree tree;
  tree.kind = children.empty() ? Empty : Concat;
  tree.children = std::move(children);
  return tree;
}

RegexTree RegexTree::either(std::vector<RegexTree> children) {
  if (children.size() == 1)
    return std::move(children[0]);
  RegexTree tree;
  tree.kind = Either;
  tree.children = std::move(children);
  return tree;
}

RegexTree RegexTree::repeat(RegexTree child, uint32_t least, uint32_t most) {
  RegexTree tree;
  tree.kind = Repeat;
  tree.children.push_back(std::move(child));
  tree.least = least;
  tree.most = most;
  return tree;
}

namespace {

class Parser {
public:
  explicit Parser(std::string_view pattern) : whole(pattern), rest(pattern) {}
  RegexTree alternatives(int depth);
  Status status() const { return problem; }
  bool atEnd() const { return rest.empty(); }
  void failAt(const std::string &what) {
    if (problem.ok())
      problem = inputError(format("regular expression, byte %zu: %s", whole.size() - rest.size() + 1, what.c_str()));
    rest = {};
  }
  bool isUnsupported = false;

private:
  static constexpr int kDeepest = 100;
  RegexTree term(int depth);
  RegexTree group(int depth);
  RegexTree quantified(RegexTree atom);
  CharSet characterClass();
  CharSet escape(bool inClass);
  uint32_t hex(size_t digits);
  uint32_t unicodeEscape();
  uint32_t number();
  bool take(std::string_view text) {
    if (!rest.starts_with(text))
      return false;
    rest.remove_prefix(text.size());
    return true;
  }
  void refuse(const char *what) {
    isUnsupported = problem.ok();
    failAt(std::string(what) + " cannot be enforced");
  }

  std::string_view whole, rest;
  Status problem;
};

} // namespace

static CharSet digits() {
  return {'0', '9'};
}

static CharSet wordCharacters() {
  CharSet set = digits();
  set.add('A', 'Z');
  set.add('a', 'z');
  set.add('_', '_');
  return set;
}

static CharSet lineEnds() {
  CharSet set('\n', '\n');
  set.add('\r', '\r');
  set.add(0x2028, 0x2029);
  return set;
}

static CharSet whiteSpace() {
  CharSet set = lineEnds();
  for (uint32_t space : {0x09u, 0x0Bu, 0x0Cu, 0xA0u, 0xFEFFu})
    set.add(space, space);
  set.add(*CharSet::category("Zs"));
  return set;
}

RegexTree Parser::alternatives(int depth) {
  std::vector<RegexTree> choices;
  if (depth > kDeepest)
    failAt("more than 100 groups inside each other");
  do {
    std::vector<RegexTree> terms;
    while (!rest.empty() && rest[0] != '|' && rest[0] != ')')
      terms.push_back(term(depth));
    choices.push_back(RegexTree::concat(std::move(terms)));
  } while (take("|"));
  return RegexTree::either(std::move(choices));
}

RegexTree Parser::group(int depth) {
  if (take("?=") || take("?!") || take("?<=") || take("?<!")) {
    refuse("look-around");
    return {};
  }
  if (take("?<")) {
    size_t end = rest.find('>');
    if (end == 0 || end == std::string_view::npos)
      failAt("a group's name must end with '>'");
    else
      rest.remove_prefix(end + 1);
  } else if (!take("?:") && rest.starts_with("?")) {
    failAt("not a kind of group");
  }
  RegexTree inner = alternatives(depth + 1);
  if (!take(")"))
    failAt("')' is missing");
  return inner;
}

RegexTree Parser::term(int depth) {
  RegexTree anchor;
  if (take("^") || take("$")) {
    anchor.kind = rest.data()[-1] == '^' ? RegexTree::Start : RegexTree::End;
    if (!rest.empty() && std::string_view("*+?{").find(rest[0]) != std::string_view::npos)
      failAt("nothing to repeat");
    return anchor;
  }
  if (take("("))
    return quantified(group(depth));
  if (take("["))
    return quantified(RegexTree::of(characterClass()));
  if (take("."))
    return quantified(RegexTree::of(lineEnds().complement()));
  if (take("\\"))
    return quantified(RegexTree::of(escape(false)));
  if (std::string_view("*+?{").find(rest[0]) != std::string_view::npos) {
    failAt("nothing to repeat");
    return {};
  }
  uint32_t character = takeCharacter(rest);
  return quantified(RegexTree::of({character, character}));
}

uint32_t Parser::number() {
  uint64_t value = 0;
  bool any = false;
  for (; !rest.empty() && rest[0] >= '0' && rest[0] <= '9'; rest.remove_prefix(1), any = true)
    value = std::min<uint64_t>(value * 10 + uint64_t(rest[0] - '0'), RegexTree::endless - 1);
  if (!any)
    failAt("a number must stand here");
  return uint32_t(value);
}

RegexTree Parser::quantified(RegexTree atom) {
  uint32_t least, most;
  if (take("*")) {
    least = 0, most = RegexTree::endless;
  } else if (take("+")) {
    least = 1, most = RegexTree::endless;
  } else if (take("?")) {
    least = 0, most = 1;
  } else if (take("{")) {
    least = most = number();
    if (take(","))
      most = rest.starts_with("}") ? RegexTree::endless : number();
    if (!take("}"))
      failAt("'}' is missing");
    else if (most < least)
      failAt("the numbers of {m,n} are out of order");
  } else {
    return atom;
  }
  take("?"); // lazy: the same texts
  if (!rest.empty() && std::string_view("*+?{").find(rest[0]) != std::string_view::npos)
    failAt("nothing to repeat");
  return RegexTree::repeat(std::move(atom), least, most);
}

uint32_t Parser::hex(size_t digits) {
  uint32_t value = 0;
  for (size_t i = 0; i < digits; ++i) {
    char c = rest.empty() ? 0 : rest[0];
    int digit = c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
    if (digit < 0) {
      failAt("a hexadecimal digit must stand here");
      return 0;
    }
    value = value * 16 + uint32_t(digit);
    rest.remove_prefix(1);
  }
  return value;
}

uint32_t Parser::unicodeEscape() {
  if (take("{")) {
    size_t end = rest.find('}');
    if (end == std::string_view::npos || end == 0 || end > 6) {
      failAt("\\u{...} takes one to six digits");
      return 0;
    }
    uint32_t value = hex(end);
    if (value > CharSet::last)
      failAt("no such character");
    take("}");
    return value;
  }
  uint32_t high = hex(4);
  if (high < 0xD800 || high > 0xDBFF || !rest.starts_with("\\u"))
    return high;
  std::string_view before = rest;
  rest.remove_prefix(2);
  uint32_t low = hex(4);
  if (low >= 0xDC00 && low <= 0xDFFF)
    return 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
  rest = before;
  return high;
}

/// What follows a backslash.
CharSet Parser::escape(bool inClass) {
  if (rest.empty()) {
    failAt("the pattern ends in a backslash");
    return {};
  }
  uint32_t c = takeCharacter(rest);
  auto one = [](uint32_t character) { return CharSet(character, character); };
  switch (c) {
  case 'd':
    return digits();
  case 'D':
    return digits().complement();
  case 'w':
    return wordCharacters();
  case 'W':
    return wordCharacters().complement();
  case 's':
    return whiteSpace();
  case 'S':
    return whiteSpace().complement();
  case 't':
    return one('\t');
  case 'n':
    return one('\n');
  case 'v':
    return one('\v');
  case 'f':
    return one('\f');
  case 'r':
    return one('\r');
  case '0':
    return one(0);
  case 'x':
    return one(hex(2));
  case 'u':
    return one(unicodeEscape());
  case 'c':
    if (rest.empty() || !((rest[0] | 32) >= 'a' && (rest[0] | 32) <= 'z'))
      failAt("a letter must follow \\c");
    else
      return one(takeCharacter(rest) & 31);
    return {};
  case 'b':
    if (inClass)
      return one('\b');
    [[fallthrough]];
  case 'B':
    refuse("a word boundary");
    return {};
  case 'k':
    refuse("a back-reference");
    return {};
  case 'p':
  case 'P': {
    size_t end = rest.find('}');
    if (!take("{") || end == std::string_view::npos) {
      failAt("\\p takes a name in braces");
      return {};
    }
    std::string_view name = rest.substr(0, end - 1);
    for (std::string_view prefix : {"General_Category=", "gc="})
      if (name.starts_with(prefix))
        name.remove_prefix(prefix.size());
    std::optional<CharSet> set = CharSet::category(name);
    if (!set) {
      refuse("\\p of other things than general categories");
      return {};
    }
    rest.remove_prefix(end);
    return c == 'p' ? *set : set->complement();
  }
  default:
    if (c >= '1' && c <= '9')
      refuse("a back-reference");
    else if ((c | 32) >= 'a' && (c | 32) <= 'z' && c < 0x80)
      failAt("not an escape");
    return one(c);
  }
}

CharSet Parser::characterClass() {
  CharSet set;
  bool negated = take("^");
  while (!rest.empty() && rest[0] != ']') {
    auto single = [&](bool &isOne) {
      CharSet each;
      if (take("\\")) {
        each = escape(true);
      } else {
        uint32_t character = takeCharacter(rest);
        each = {character, character};
      }
      isOne = each.ranges().size() == 1 && each.ranges()[0].first == each.ranges()[0].second;
      return each;
    };
    bool isOne = false, isEnd = false;
    CharSet first = single(isOne);
    if (rest.size() > 1 && rest[0] == '-' && rest[1] != ']') {
      rest.remove_prefix(1);
      CharSet end = single(isEnd);
      if (!isOne || !isEnd) {
        failAt("a range goes from one character to another");
        return {};
      }
      if (end.ranges()[0].first < first.ranges()[0].first) {
        failAt("the range is out of order");
        return {};
      }
      first = {first.ranges()[0].first, end.ranges()[0].first};
    }
    set.add(first);
  }
  if (!take("]"))
    failAt("']' is missing");
  return negated ? set.complement() : set;
}

Result<RegexTree> parseRegex(std::string_view pattern, bool &unsupported) {
  unsupported = false;
  if (findInvalidUtf8(pattern) != std::string_view::npos)
    return inputError("regular expression: not UTF-8");
  Parser parser(pattern);
  RegexTree tree = parser.alternatives(0);
  if (!parser.atEnd())
    parser.failAt("')' without '('");
  unsupported = parser.isUnsupported;
  if (Status status = parser.status(); !status)
    return status;
  return tree;
}

} // namespace gemmart
