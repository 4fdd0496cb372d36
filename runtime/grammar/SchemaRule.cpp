// See SchemaRule.h.
#include "runtime/grammar/SchemaRule.h"

#include <algorithm>

namespace gemmart {

namespace {

class ShapeWriter {
public:
  ShapeWriter(NetworkBuilder &builder, JsonRules &json, const std::vector<Shape> &shapes)
      : builder(builder), json(json), shapes(shapes), starts(shapes.size()) {}
  /// The start of a shape's rule, which is written when it is first asked for.
  uint32_t shape(ShapeId id);
  const std::string &problem() const { return trouble; }

private:
  uint32_t alternative(const ShapeAlternative &alternative);
  uint32_t values(const std::vector<const Json *> &values);
  uint32_t valueText(uint32_t node, const Json &value);
  uint32_t string(const ShapeAlternative &string);
  uint32_t array(const ShapeAlternative &array);
  uint32_t object(const ShapeAlternative &object);
  uint32_t keyRule(const ShapeKeys &keys);
  bool canBe(ShapeId id) const { return shapes[id].isInhabited; }
  uint32_t newRule(bool counted) { return builder.addNode(builder.addRule(counted)); }
  uint32_t nothing() { return newRule(false); }

  NetworkBuilder &builder;
  JsonRules &json;
  const std::vector<Shape> &shapes;
  std::vector<uint32_t> starts; ///< 0: not written yet
  std::vector<ShapeId> open;    ///< rules whose insides are still to be written
  std::string trouble;          ///< why it cannot be written, if so
};

} // namespace

uint32_t ShapeWriter::shape(ShapeId id) {
  if (shapes[id].isAny)
    return json.value();
  if (starts[id])
    return starts[id];
  bool isOutermost = open.empty();
  starts[id] = newRule(false);
  open.push_back(id);
  // Worked off in a loop, not by recursion: references make chains of any length.
  for (size_t at = 0; isOutermost && at < open.size() && !builder.tooLarge(); ++at) {
    const Shape &made = shapes[open[at]];
    uint32_t start = starts[open[at]], end = builder.addNode(builder.ruleOf(start));
    builder.leave(end);
    for (const ShapeAlternative &each : made.alternatives)
      builder.call(start, alternative(each), end);
  }
  if (isOutermost)
    open.clear();
  return starts[id];
}

uint32_t ShapeWriter::alternative(const ShapeAlternative &made) {
  switch (made.kind) {
  case ShapeAlternative::Values:
    return values(made.values);
  case ShapeAlternative::Null:
  case ShapeAlternative::Bool: {
    uint32_t start = newRule(false);
    builder.leave(builder.addText(start, "null"));
    return start;
  }
  case ShapeAlternative::Number: {
    bool isEmpty = false;
    if (made.numbers.isFree())
      return json.number();
    std::optional<uint32_t> start = addNumber(builder, made.numbers, isEmpty);
    if (!start)
      trouble = "the automaton of a number has too many states";
    return start && !isEmpty ? *start : nothing();
  }
  case ShapeAlternative::String:
    return string(made);
  case ShapeAlternative::Array:
    return array(made);
  case ShapeAlternative::Object:
    return object(made);
  }
  return nothing();
}

/// Spells a value from a node on, with white space where JSON has it; returns the node behind.
uint32_t ShapeWriter::valueText(uint32_t node, const Json &value) {
  uint32_t rule = builder.ruleOf(node);
  switch (value.kind) {
  case Json::Kind::Null:
    return builder.addText(node, "null");
  case Json::Kind::Bool:
    return builder.addText(node, value.flag ? "true" : "false");
  case Json::Kind::Number:
    return builder.addText(node, Decimal::parse(value.text)->text());
  case Json::Kind::String:
    return json.stringText(node, value.text);
  case Json::Kind::Array:
  case Json::Kind::Object:
    break;
  }
  bool isArray = value.isArray();
  uint32_t inside = builder.addNode(rule), end = builder.addNode(rule);
  builder.addEdge(node, isArray ? '[' : '{', isArray ? '[' : '{', inside, 1);
  node = json.space(inside);
  for (size_t i = 0; isArray && i < value.items.size(); ++i) {
    node = i ? json.space(builder.addText(node, ",")) : node;
    node = valueText(node, value.items[i]);
  }
  for (size_t i = 0; !isArray && i < value.members.size(); ++i) {
    node = i ? json.space(builder.addText(node, ",")) : node;
    node = valueText(json.endKey(json.keyText(node, value.members[i].name), false), value.members[i].value);
  }
  bool isEmpty = isArray ? value.items.empty() : value.members.empty();
  builder.addEdge(isEmpty ? node : json.space(node), isArray ? ']' : '}', isArray ? ']' : '}', end, -1);
  return end;
}

/// The words, numbers and strings share their beginnings: there may be thousands. Others have a way of their own.
uint32_t ShapeWriter::values(const std::vector<const Json *> &values) {
  uint32_t start = newRule(false), rule = builder.ruleOf(start);
  std::map<std::pair<uint32_t, char>, uint32_t> tree;
  std::set<uint32_t> ends;
  auto share = [&](uint32_t from, std::string_view text) {
    for (char byte : text) {
      auto [found, isNew] = tree.try_emplace({from, byte}, 0);
      if (isNew) {
        found->second = builder.addNode(rule);
        builder.addEdge(from, uint8_t(byte), uint8_t(byte), found->second);
      }
      from = found->second;
    }
    return from;
  };
  uint32_t quoted = 0;
  for (const Json *value : values) {
    uint32_t end = 0;
    if (value->isArray() || value->isObject()) {
      uint32_t own = builder.addNode(rule);
      builder.jump(start, own);
      end = valueText(own, *value);
    } else if (value->isString() && !json.isToolCall()) {
      end = share(start, quotedJson(value->text));
    } else if (value->isString()) {
      if (!quoted) {
        quoted = builder.addNode(rule);
        builder.addMove(start, {GrammarMove::Token, quoted, uint32_t(json.quote())});
      }
      end = share(quoted, value->text);
      if (!ends.insert(end).second)
        continue;
      uint32_t closed = builder.addNode(rule);
      builder.addMove(end, {GrammarMove::Token, closed, uint32_t(json.quote())});
      end = closed;
    } else {
      end = share(start, value->kind == Json::Kind::Number ? Decimal::parse(value->text)->text()
                         : value->isNull()                 ? "null"
                         : value->flag                     ? "true"
                                                           : "false");
    }
    if (ends.insert(end).second)
      builder.leave(end);
  }
  return start;
}

uint32_t ShapeWriter::string(const ShapeAlternative &made) {
  if (!made.text)
    return made.least <= made.most ? json.string(made.least, made.most) : nothing();
  std::optional<uint32_t> start =
      addAutomaton(builder, *made.text, json.isToolCall() ? CharSpelling::Plain : CharSpelling::JsonString);
  if (!start)
    trouble = "the automaton of a string has too many states";
  if (!start || !json.isToolCall())
    return start ? *start : nothing();
  uint32_t around = newRule(false), rule = builder.ruleOf(around), inside = builder.addNode(rule);
  uint32_t close = builder.addNode(rule), end = builder.addNode(rule);
  builder.addMove(around, {GrammarMove::Token, inside, uint32_t(json.quote())});
  builder.call(inside, *start, close);
  builder.addMove(close, {GrammarMove::Token, end, uint32_t(json.quote())});
  builder.leave(end);
  return around;
}

uint32_t ShapeWriter::array(const ShapeAlternative &made) {
  size_t named = made.items.size();
  uint64_t most = made.most;
  for (size_t i = 0; i < named; ++i)
    if (!canBe(made.items[i]))
      most = std::min<uint64_t>(most, i);
  bool hasRest = made.rest && canBe(*made.rest) && most > named;
  if (!hasRest)
    most = std::min<uint64_t>(most, named);
  if (made.least > most)
    return nothing();
  bool isCounted = hasRest && (made.least > named + 1 || made.most != UINT32_MAX);
  uint32_t start = newRule(isCounted), rule = builder.ruleOf(start), open = builder.addNode(rule);
  uint32_t end = builder.addNode(rule);
  builder.leave(end);
  builder.addEdge(start, '[', '[', open, 1);
  auto close = [&](uint32_t node) { builder.addEdge(node, ']', ']', end, -1); };
  // `before` is where item i can begin, `after` where item i - 1 has ended.
  uint32_t before = json.space(open), after = 0;
  if (made.least == 0)
    close(before);
  size_t fixed = std::min<uint64_t>(named, most);
  for (size_t i = 0; i < fixed; ++i) {
    after = builder.addNode(rule);
    builder.call(before, shape(made.items[i]), after);
    if (i + 1 >= made.least)
      close(json.space(after));
    if (i + 1 < most)
      before = json.space(builder.addText(after, ","));
  }
  if (!hasRest)
    return start;
  after = builder.addNode(rule);
  uint32_t least = made.least > named ? made.least - uint32_t(named) : 0;
  uint32_t room = made.most == UINT32_MAX ? UINT32_MAX : made.most - uint32_t(named);
  uint32_t item = builder.addNode(rule), again = after, done = after;
  if (isCounted) {
    builder.addMove(before, {GrammarMove::Count, item, 1, 0, room - 1});
    again = builder.addNode(rule);
    done = builder.addNode(rule);
    builder.addMove(after, {GrammarMove::Count, again, 0, 0, room - 1});
    builder.addMove(after, {GrammarMove::Count, done, 0, least, UINT32_MAX});
  } else {
    builder.jump(before, item);
  }
  builder.call(item, shape(*made.rest), after);
  uint32_t next = json.space(builder.addText(again, ","));
  if (isCounted)
    builder.addMove(next, {GrammarMove::Count, item, 1, 0, room - 1});
  else
    builder.jump(next, item);
  close(json.space(done));
  return start;
}

uint32_t ShapeWriter::keyRule(const ShapeKeys &made) {
  if (!made.keys)
    return json.key();
  std::optional<uint32_t> start;
  if (!json.isToolCall()) {
    start = addAutomaton(builder, *made.keys, CharSpelling::JsonKey);
  } else {
    bool isUnsupported = false;
    std::optional<CharAutomaton> plain = CharAutomaton::of(*parseRegex("[A-Za-z0-9_$.-]+", isUnsupported), false);
    std::optional<CharAutomaton> both =
        CharAutomaton::combine(*made.keys, *plain, [](bool left, bool right) { return left && right; });
    if (both)
      start = addAutomaton(builder, *both, CharSpelling::ToolKey);
  }
  if (!start) {
    trouble = "the automaton of the keys has too many states";
    return nothing();
  }
  builder.limitKeys(*start);
  return *start;
}

uint32_t ShapeWriter::object(const ShapeAlternative &made) {
  std::vector<const ShapeProperty *> properties;
  for (const ShapeProperty &property : made.properties)
    if (property.required && (!canBe(property.value) || made.most == 0))
      return nothing();
    else if (canBe(property.value) && made.most > 0)
      properties.push_back(&property);
  for (const ShapeProperty *property : properties)
    if (json.isToolCall() && property->name.find_first_of(":{}[],<>\"' \t\r\n") != std::string::npos)
      trouble = "the key '" + property->name + "' cannot be written in a tool call";
  if (json.isToolCall()) // as the model was trained: in the order of the names
    std::stable_sort(properties.begin(), properties.end(), [](const ShapeProperty *left, const ShapeProperty *right) {
      return std::ranges::lexicographical_compare(left->name, right->name,
                                                  [](char a, char b) { return std::tolower(a) < std::tolower(b); });
    });
  std::vector<const ShapeKeys *> free;
  uint32_t freeMost = 0;
  for (const ShapeKeys &each : made.keys)
    if (canBe(each.value) && made.most > 0) {
      free.push_back(&each);
      freeMost = std::max(freeMost, each.most);
    }
  size_t count = properties.size(), required = 0;
  std::vector<uint32_t> requiredFrom(count + 1);
  for (size_t i = count; i-- > 0;)
    requiredFrom[i] = requiredFrom[i + 1] + properties[i]->required;
  required = requiredFrom[0];
  bool hasFree = !free.empty() && made.least <= freeMost;
  if (required > made.most || made.least > made.most || (!hasFree && made.least > count))
    return nothing();
  bool isCounted = made.least > required || (made.most != UINT32_MAX && (hasFree || made.most < count)) ||
                   (!free.empty() && freeMost != UINT32_MAX);
  uint32_t most = made.most, start = newRule(isCounted || !free.empty()), rule = builder.ruleOf(start);
  uint32_t open = builder.addNode(rule), end = builder.addNode(rule);
  builder.leave(end);
  builder.addEdge(start, '{', '{', open, 1);
  auto go = [&](uint32_t from, uint32_t to, uint32_t low, uint32_t high, uint32_t add) {
    if (isCounted)
      builder.addMove(from, {GrammarMove::Count, to, add, low, high});
    else
      builder.jump(from, to);
  };
  auto close = [&](uint32_t from, bool afterMember) {
    uint32_t last = builder.addNode(rule);
    go(from, last, made.least, UINT32_MAX, 0);
    builder.addEdge(afterMember ? json.space(last) : last, '}', '}', end, -1);
  };
  // choose[i]: one of the properties from i on must come now. after[i]: one before i has come, the brace may close.
  std::vector<uint32_t> choose(count + 1), after(count + 1);
  for (size_t i = 0; i <= count; ++i) {
    choose[i] = builder.addNode(rule);
    after[i] = builder.addNode(rule);
  }
  uint32_t first = json.space(open);
  builder.jump(first, choose[0]);
  if (required == 0)
    close(first, false);
  for (size_t i = 0; i <= count; ++i) {
    bool isLast = i == count;
    uint32_t needed = requiredFrom[i];
    if (!isLast || hasFree) {
      uint32_t comma = builder.addNode(rule);
      go(after[i], comma, 0, (isLast ? std::min(most, freeMost) : most) - std::max(needed, 1u), 0);
      builder.jump(json.space(builder.addText(comma, ",")), choose[i]);
    }
    if (needed == 0)
      close(after[i], true);
    if (isLast)
      break;
    uint32_t take = builder.addNode(rule), value = json.endKey(json.keyText(take, properties[i]->name), false);
    if (most > requiredFrom[i + 1])
      go(choose[i], take, 0, most - 1 - requiredFrom[i + 1], 1);
    builder.call(value, shape(properties[i]->value), after[i + 1]);
    if (!properties[i]->required) {
      // Left out only if enough others can come.
      uint64_t others = count - i - 1;
      uint32_t low = hasFree ? 0 : uint32_t(made.least - std::min<uint64_t>(others, made.least));
      go(choose[i], choose[i + 1], low, UINT32_MAX, 0);
    }
  }
  for (const ShapeKeys *each : free) {
    uint32_t take = builder.addNode(rule), named = builder.addNode(rule);
    go(choose[count], take, 0, std::min(most, each->most) - 1, 1);
    builder.call(take, keyRule(*each), named);
    builder.call(json.endKey(named, true), shape(each->value), after[count]);
  }
  return start;
}

static std::optional<uint32_t> addDocument(NetworkBuilder &builder, JsonRules &json, SchemaDocument &document,
                                           bool onlyObjects, GrammarProblem &problem) {
  ShapeBuilder shapes(document);
  if (!shapes.build(onlyObjects, problem))
    return std::nullopt;
  ShapeWriter writer(builder, json, shapes.shapes());
  uint32_t start = onlyObjects && shapes.shapes()[0].isAny ? json.object() : writer.shape(0);
  if (writer.problem().empty() && !builder.tooLarge())
    return start;
  problem = {GrammarProblem::TooLarge, writer.problem().empty() ? "the schema has too many parts" : writer.problem(),
             "", ""};
  return std::nullopt;
}

std::optional<uint32_t> addSchema(NetworkBuilder &builder, JsonRules &json, std::string_view schema,
                                  GrammarProblem &problem) {
  SchemaDocument document;
  return document.read(schema, problem) ? addDocument(builder, json, document, false, problem) : std::nullopt;
}

std::optional<uint32_t> addSchema(NetworkBuilder &builder, JsonRules &json, const Json &schema, bool onlyObjects,
                                  GrammarProblem &problem) {
  SchemaDocument document;
  return document.take(schema, problem) ? addDocument(builder, json, document, onlyObjects, problem) : std::nullopt;
}

} // namespace gemmart
