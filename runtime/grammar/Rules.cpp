// See Rules.h.
#include "runtime/grammar/Rules.h"

#include "runtime/base/Text.h"
#include "runtime/grammar/CharAutomaton.h"
#include "runtime/text/Utf8.h"

#include <algorithm>
#include <map>
#include <set>

namespace gemmart {

namespace {

using Trees = std::map<std::string, RegexTree>;

class RulesParser {
public:
  explicit RulesParser(std::string_view text) : whole(text), rest(text) {}
  bool parse(Trees &rules);
  std::string message;

private:
  static constexpr int kDeepest = 100;
  bool fail(const std::string &what) {
    if (message.empty())
      message = format("line %d: %s", int(std::count(whole.begin(), whole.end() - ptrdiff_t(rest.size()), '\n')) + 1,
                       what.c_str());
    rest = {};
    return false;
  }
  void skipSpace(bool lines);
  bool atRule() const;
  std::string word();
  RegexTree alternatives(bool lines, int depth);
  RegexTree item(bool lines, int depth);
  RegexTree quantified(RegexTree atom, bool lines);
  uint32_t character(char end);
  uint32_t number();
  RegexTree set();
  bool take(char c) {
    if (!rest.starts_with(c))
      return false;
    rest.remove_prefix(1);
    return true;
  }
  std::string_view whole, rest;
};

/// Rules that can reach themselves stay rules; all others become part of automata.
class RulesWriter {
public:
  RulesWriter(NetworkBuilder &builder, const Trees &rules) : builder(builder), rules(rules) {}
  uint32_t start(const std::string &name);
  bool tooLarge = false;

private:
  bool isRegular(const RegexTree &tree);
  bool isRecursive(const std::string &name);
  RegexTree inlined(const RegexTree &tree);
  uint32_t write(const RegexTree &tree, uint32_t from);
  uint32_t writeRegular(RegexTree tree, uint32_t from);

  NetworkBuilder &builder;
  const Trees &rules;
  std::map<std::string, uint32_t> starts;
  std::map<std::string, bool> recursive;
  size_t inlinedParts = 0;
};

} // namespace

static bool isWordCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/// White space and comments; line ends only where the rule goes on over them.
void RulesParser::skipSpace(bool lines) {
  while (!rest.empty()) {
    if (rest[0] == ' ' || rest[0] == '\t' || rest[0] == '\r' || (lines && rest[0] == '\n'))
      rest.remove_prefix(1);
    else if (rest[0] == '#')
      rest.remove_prefix(std::min(rest.find('\n'), rest.size()));
    else
      return;
  }
}

std::string RulesParser::word() {
  size_t length = 0;
  while (length < rest.size() && isWordCharacter(rest[length]))
    ++length;
  std::string name(rest.substr(0, length));
  rest.remove_prefix(length);
  return name;
}

/// Whether `name ::=` stands here.
bool RulesParser::atRule() const {
  size_t at = 0;
  while (at < rest.size() && isWordCharacter(rest[at]))
    ++at;
  size_t mark = rest.find_first_not_of(" \t", at);
  return at > 0 && mark != std::string_view::npos && rest.substr(mark).starts_with("::=");
}

bool RulesParser::parse(Trees &rules) {
  for (skipSpace(true); !rest.empty(); skipSpace(true)) {
    if (!atRule())
      return fail("a rule must stand here: name ::= ...");
    std::string name = word();
    skipSpace(false);
    rest.remove_prefix(3);
    skipSpace(true);
    RegexTree tree = alternatives(false, 0);
    if (message.empty() && !rest.empty() && rest[0] != '\n')
      return fail("not a part of a rule");
    if (!rules.try_emplace(name, std::move(tree)).second)
      return fail("the rule '" + name + "' stands twice");
  }
  return message.empty();
}

RegexTree RulesParser::alternatives(bool lines, int depth) {
  std::vector<RegexTree> choices;
  if (depth > kDeepest)
    fail("more than 100 parentheses inside each other");
  while (true) {
    std::vector<RegexTree> items;
    for (skipSpace(lines); !rest.empty() && rest[0] != '|' && rest[0] != ')' && rest[0] != '\n'; skipSpace(lines))
      items.push_back(item(lines, depth));
    choices.push_back(RegexTree::concat(std::move(items)));
    // A line that begins with | goes on with the rule.
    std::string_view before = rest;
    skipSpace(true);
    if (!take('|')) {
      rest = before;
      break;
    }
    skipSpace(true);
  }
  return RegexTree::either(std::move(choices));
}

uint32_t RulesParser::character(char end) {
  if (rest.empty() || rest[0] == '\n') {
    fail(std::string("'") + end + "' is missing");
    return 0;
  }
  if (!take('\\')) {
    uint8_t lead = uint8_t(rest[0]);
    size_t bytes = utf8Bytes(lead);
    uint32_t value = bytes == 1 ? lead : lead & (0x7Fu >> bytes);
    for (size_t i = 1; i < bytes; ++i)
      value = value << 6 | (uint8_t(rest[i]) & 63);
    rest.remove_prefix(bytes);
    return value;
  }
  char c = rest.empty() ? 0 : rest[0];
  rest.remove_prefix(!rest.empty());
  static constexpr std::string_view kNames = "nrt\\\"[]-^", kValues = "\n\r\t\\\"[]-^";
  if (size_t known = kNames.find(c); c && known != std::string_view::npos)
    return uint8_t(kValues[known]);
  size_t digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
  uint64_t value = 0;
  for (size_t i = 0; i < digits; ++i) {
    char digit = rest.empty() ? 0 : rest[0];
    int number = digit >= '0' && digit <= '9'                 ? digit - '0'
                 : (digit | 32) >= 'a' && (digit | 32) <= 'f' ? (digit | 32) - 'a' + 10
                                                              : -1;
    if (number < 0)
      digits = 0;
    value = value * 16 + uint64_t(number);
    rest.remove_prefix(!rest.empty());
  }
  if (digits == 0 || value > CharSet::last) {
    fail("not an escape; these are: \\n \\r \\t \\\\ \\\" \\[ \\] \\xHH \\uHHHH \\UHHHHHHHH");
    return 0;
  }
  return uint32_t(value);
}

RegexTree RulesParser::set() {
  CharSet chosen;
  bool negated = take('^');
  while (!rest.empty() && rest[0] != ']') {
    uint32_t low = character(']'), high = low;
    if (rest.size() > 1 && rest[0] == '-' && rest[1] != ']') {
      rest.remove_prefix(1);
      high = character(']');
    }
    if (high < low)
      fail("the range is out of order");
    else
      chosen.add(low, high);
  }
  if (!take(']'))
    fail("']' is missing");
  return RegexTree::of(negated ? chosen.complement() : chosen);
}

RegexTree RulesParser::item(bool lines, int depth) {
  if (take('"')) {
    std::vector<RegexTree> characters;
    while (!rest.empty() && rest[0] != '"') {
      uint32_t each = character('"');
      characters.push_back(RegexTree::of({each, each}));
    }
    if (!take('"'))
      fail("'\"' is missing");
    return quantified(RegexTree::concat(std::move(characters)), lines);
  }
  if (take('['))
    return quantified(set(), lines);
  if (take('.'))
    return quantified(RegexTree::of(CharSet::any()), lines);
  if (take('(')) {
    RegexTree inner = alternatives(true, depth + 1);
    skipSpace(true);
    if (!take(')'))
      fail("')' is missing");
    return quantified(std::move(inner), lines);
  }
  RegexTree call;
  call.kind = RegexTree::Call;
  call.name = word();
  if (call.name.empty())
    fail("not a part of a rule");
  return quantified(std::move(call), lines);
}

uint32_t RulesParser::number() {
  size_t length = 0;
  uint64_t value = 0;
  while (length < rest.size() && rest[length] >= '0' && rest[length] <= '9')
    value = std::min<uint64_t>(value * 10 + uint64_t(rest[length++] - '0'), RegexTree::endless - 1);
  rest.remove_prefix(length);
  if (length == 0)
    fail("a number must stand here");
  return uint32_t(value);
}

RegexTree RulesParser::quantified(RegexTree atom, bool lines) {
  while (true) {
    skipSpace(lines);
    uint32_t least = 0, most = RegexTree::endless;
    if (take('+')) {
      least = 1;
    } else if (take('?')) {
      most = 1;
    } else if (take('{')) {
      least = most = number();
      if (take(','))
        most = rest.starts_with('}') ? RegexTree::endless : number();
      if (!take('}'))
        fail("'}' is missing");
      else if (most < least)
        fail("the numbers of {m,n} are out of order");
    } else if (!take('*')) {
      return atom;
    }
    atom = RegexTree::repeat(std::move(atom), least, most);
  }
}

template <class Use> static void forEachCall(const RegexTree &tree, Use use) {
  if (tree.kind == RegexTree::Call)
    use(tree.name);
  for (const RegexTree &child : tree.children)
    forEachCall(child, use);
}

bool RulesWriter::isRecursive(const std::string &name) {
  auto [found, isNew] = recursive.try_emplace(name, false);
  if (!isNew)
    return found->second;
  std::set<std::string> seen;
  std::vector<std::string> work = {name};
  bool comesBack = false;
  while (!work.empty()) {
    std::string at = work.back();
    work.pop_back();
    forEachCall(rules.at(at), [&](const std::string &called) {
      comesBack |= called == name;
      if (seen.insert(called).second)
        work.push_back(called);
    });
  }
  return recursive[name] = comesBack;
}

/// Whether it calls no rule that reaches itself, directly or through others.
bool RulesWriter::isRegular(const RegexTree &tree) {
  std::set<std::string> seen;
  std::vector<std::string> work;
  auto note = [&](const std::string &name) {
    if (seen.insert(name).second)
      work.push_back(name);
  };
  forEachCall(tree, note);
  while (!work.empty()) {
    std::string name = work.back();
    work.pop_back();
    if (isRecursive(name))
      return false;
    forEachCall(rules.at(name), note);
  }
  return true;
}

RegexTree RulesWriter::inlined(const RegexTree &tree) {
  if (++inlinedParts > CharAutomaton::mostSteps) {
    tooLarge = true;
    return {};
  }
  if (tree.kind == RegexTree::Call)
    return inlined(rules.at(tree.name));
  RegexTree copy = tree;
  for (RegexTree &child : copy.children)
    child = inlined(child);
  return copy;
}

uint32_t RulesWriter::start(const std::string &name) {
  auto [found, isNew] = starts.try_emplace(name, 0);
  if (isNew) {
    uint32_t made = found->second = builder.addNode(builder.addRule());
    builder.leave(write(rules.at(name), made));
    return made;
  }
  return found->second;
}

uint32_t RulesWriter::writeRegular(RegexTree tree, uint32_t from) {
  uint32_t end = builder.addNode(builder.ruleOf(from));
  inlinedParts = 0;
  std::optional<CharAutomaton> automaton = CharAutomaton::of(inlined(tree), false);
  std::optional<uint32_t> made =
      automaton ? addAutomaton(builder, *automaton, CharSpelling::Plain) : std::optional<uint32_t>();
  if (!made)
    tooLarge = true;
  else
    builder.call(from, *made, end);
  return end;
}

/// From a node to the node behind the tree. Neighbours that are regular become one automaton.
uint32_t RulesWriter::write(const RegexTree &tree, uint32_t from) {
  if (tooLarge || builder.tooLarge())
    return from;
  if (isRegular(tree))
    return writeRegular(tree, from);
  uint32_t rule = builder.ruleOf(from);
  switch (tree.kind) {
  case RegexTree::Call: {
    uint32_t end = builder.addNode(rule);
    builder.call(from, start(tree.name), end);
    return end;
  }
  case RegexTree::Concat: {
    std::vector<RegexTree> regular;
    auto flush = [&] {
      if (!regular.empty())
        from = writeRegular(RegexTree::concat(std::move(regular)), from);
      regular.clear();
    };
    for (const RegexTree &child : tree.children) {
      if (isRegular(child)) {
        regular.push_back(child);
        continue;
      }
      flush();
      from = write(child, from);
    }
    flush();
    return from;
  }
  case RegexTree::Either: {
    uint32_t end = builder.addNode(rule);
    for (const RegexTree &child : tree.children) {
      uint32_t own = builder.addNode(rule);
      builder.jump(from, own);
      builder.jump(write(child, own), end);
    }
    return end;
  }
  case RegexTree::Repeat: {
    // A rule of its own, whose count says how often.
    uint32_t inner = builder.addRule(true), loop = builder.addNode(inner), body = builder.addNode(inner);
    uint32_t done = builder.addNode(inner), end = builder.addNode(rule);
    if (tree.most == RegexTree::endless) { // counts no further than it must
      if (tree.least > 0)
        builder.addMove(loop, {GrammarMove::Count, body, 1, 0, tree.least - 1});
      builder.addMove(loop, {GrammarMove::Count, body, 0, tree.least, UINT32_MAX});
    } else if (tree.most > 0) {
      builder.addMove(loop, {GrammarMove::Count, body, 1, 0, tree.most - 1});
    }
    builder.addMove(loop, {GrammarMove::Count, done, 0, tree.least, UINT32_MAX});
    builder.leave(done);
    builder.jump(write(tree.children[0], body), loop);
    builder.call(from, loop, end);
    return end;
  }
  default:
    return from;
  }
}

std::optional<uint32_t> addRules(NetworkBuilder &builder, std::string_view text, GrammarProblem &problem) {
  auto fail = [&](GrammarProblem::Kind kind, const std::string &message) {
    problem = {kind, "grammar: " + message, "", ""};
    return std::nullopt;
  };
  if (text.size() > (256 << 10))
    return fail(GrammarProblem::TooLarge, "longer than 256 KiB");
  if (findInvalidUtf8(text) != std::string_view::npos)
    return fail(GrammarProblem::Invalid, "not UTF-8");
  Trees rules;
  RulesParser parser(text);
  if (!parser.parse(rules))
    return fail(GrammarProblem::Invalid, parser.message);
  if (!rules.count("root"))
    return fail(GrammarProblem::Invalid, "there is no rule 'root'");
  std::string missing;
  for (const auto &[name, tree] : rules)
    forEachCall(tree, [&](const std::string &called) {
      if (!rules.count(called))
        missing = "the rule '" + called + "' is used in '" + name + "' but stands nowhere";
    });
  if (!missing.empty())
    return fail(GrammarProblem::Invalid, missing);
  RulesWriter writer(builder, rules);
  uint32_t start = writer.start("root");
  if (writer.tooLarge || builder.tooLarge())
    return fail(GrammarProblem::TooLarge, "the automaton has too many states");
  return start;
}

} // namespace gemmart
