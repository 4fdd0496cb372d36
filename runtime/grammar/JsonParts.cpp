// See JsonParts.h.
#include "runtime/grammar/JsonParts.h"

namespace gemmart {

void addLongCharacters(NetworkBuilder &builder, uint32_t from, uint32_t after) {
  uint32_t rule = builder.ruleOf(from);
  auto node = [&](uint8_t low, uint8_t high, uint32_t target) {
    uint32_t made = builder.addNode(rule);
    builder.addEdge(made, low, high, target);
    return made;
  };
  // Table 3-7 of the Unicode standard.
  uint32_t last = node(0x80, 0xBF, after), lastTwo = node(0x80, 0xBF, last), lastThree = node(0x80, 0xBF, lastTwo);
  builder.addEdge(from, 0xC2, 0xDF, last);
  builder.addEdge(from, 0xE0, 0xE0, node(0xA0, 0xBF, last));
  builder.addEdge(from, 0xE1, 0xEC, lastTwo);
  builder.addEdge(from, 0xED, 0xED, node(0x80, 0x9F, last));
  builder.addEdge(from, 0xEE, 0xEF, lastTwo);
  builder.addEdge(from, 0xF0, 0xF0, node(0x90, 0xBF, lastTwo));
  builder.addEdge(from, 0xF1, 0xF3, lastThree);
  builder.addEdge(from, 0xF4, 0xF4, node(0x80, 0x8F, lastTwo));
}

static void addHexLower(NetworkBuilder &builder, uint32_t from, std::string_view digits, uint32_t target) {
  for (char digit : digits)
    builder.addEdge(from, uint8_t(digit), uint8_t(digit), target);
}

static void addHex(NetworkBuilder &builder, uint32_t from, std::string_view digits, uint32_t target) {
  for (char digit : digits) {
    builder.addEdge(from, uint8_t(digit), uint8_t(digit), target);
    if (digit >= 'a')
      builder.addEdge(from, uint8_t(digit - 32), uint8_t(digit - 32), target);
  }
}

/// What follows `\u`, to `after`.
static uint32_t addUnicodeEscape(NetworkBuilder &builder, uint32_t rule, uint32_t after) {
  constexpr std::string_view kAll = "0123456789abcdef";
  auto node = [&](std::string_view digits, uint32_t target) {
    uint32_t made = builder.addNode(rule);
    addHex(builder, made, digits, target);
    return made;
  };
  uint32_t last = node(kAll, after), lastTwo = node(kAll, last), lastThree = node(kAll, lastTwo);
  // A high surrogate must be followed by a low one: \ud8xx\udcxx.
  uint32_t low = node("d", node("cdef", lastTwo)), escape = builder.addNode(rule), mark = builder.addNode(rule);
  builder.addEdge(escape, '\\', '\\', mark);
  builder.addEdge(mark, 'u', 'u', low);
  uint32_t high = node("89ab", node(kAll, node(kAll, escape)));
  addHex(builder, high, "01234567", lastTwo);
  uint32_t first = node("0123456789abcef", lastThree);
  addHex(builder, first, "d", high);
  return first;
}

/// The one spelling of characters that need an escape in JSON, from `from` to `after`.
static void addKeyEscapes(NetworkBuilder &builder, uint32_t from, uint32_t after) {
  uint32_t rule = builder.ruleOf(from), escape = builder.addText(from, "\\");
  for (char name : std::string_view("\"\\bfnrt"))
    builder.addEdge(escape, uint8_t(name), uint8_t(name), after);
  uint32_t high = builder.addText(escape, "u00"), low = builder.addNode(rule), lowOfOne = builder.addNode(rule);
  builder.addEdge(high, '0', '0', low);
  builder.addEdge(high, '1', '1', lowOfOne);
  addHexLower(builder, low, "01234567bef", after); // but 8 9 a c d, which have names
  addHexLower(builder, lowOfOne, "0123456789abcdef", after);
}

uint32_t addStringBody(NetworkBuilder &builder, uint32_t rule, uint32_t leastChars, uint32_t mostChars,
                       uint32_t after) {
  uint32_t body = builder.addNode(rule), escape = builder.addNode(rule);
  builder.makeBody(body, BodyKind::JsonString, leastChars, mostChars);
  builder.addEdge(body, '"', '"', after);
  builder.addEdge(body, '\\', '\\', escape);
  builder.addEdge(body, ' ', '!', body);
  builder.addEdge(body, '#', '[', body);
  builder.addEdge(body, ']', 0x7F, body);
  addLongCharacters(builder, body, body);
  for (char name : std::string_view("\"\\/bfnrt"))
    builder.addEdge(escape, uint8_t(name), uint8_t(name), body);
  builder.addEdge(escape, 'u', 'u', addUnicodeEscape(builder, rule, body));
  return body;
}

uint32_t addTextBody(NetworkBuilder &builder, uint32_t rule, uint32_t leastChars, uint32_t mostChars, uint32_t after) {
  uint32_t body = builder.addNode(rule);
  builder.makeBody(body, BodyKind::Text, leastChars, mostChars);
  builder.addEdge(body, 0x01, 0x7F, body);
  addLongCharacters(builder, body, body);
  builder.addMove(body, {GrammarMove::Count, after, 0, leastChars, UINT32_MAX});
  return body;
}

std::string quotedJson(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    constexpr std::string_view kPlain = "\"\\\b\f\n\r\t", kNames = "\"\\bfnrt", kDigits = "0123456789abcdef";
    if (size_t known = kPlain.find(c); known != std::string_view::npos)
      (out += '\\') += kNames[known];
    else if (uint8_t(c) < 0x20)
      ((out += "\\u00") += kDigits[size_t(c) >> 4]) += kDigits[size_t(c) & 15];
    else
      out += c;
  }
  return out + '"';
}

/// One space, or a line end and an indentation.
uint32_t JsonRules::spaceRule() {
  if (made[0])
    return made[0];
  uint32_t start = made[0] = builderRule(true), rule = builder.ruleOf(start);
  uint32_t end = builder.addNode(rule), indent = builder.addNode(rule), blank = builder.addNode(rule);
  builder.leave(end);
  builder.addEdge(start, ' ', ' ', end);
  builder.addEdge(start, '\n', '\n', indent);
  builder.leave(indent);
  builder.addMove(indent, {GrammarMove::Indent, blank});
  builder.addEdge(blank, ' ', ' ', indent);
  return start;
}

uint32_t JsonRules::space(uint32_t node) {
  if (isToolCall())
    return node;
  uint32_t next = builder.addNode(builder.ruleOf(node));
  builder.jump(node, next);
  builder.call(node, spaceRule(), next);
  return next;
}

uint32_t JsonRules::endKey(uint32_t node, bool isFree) {
  uint32_t rule = builder.ruleOf(node);
  if (isFree) {
    uint32_t checked = builder.addNode(rule);
    builder.addMove(node, {GrammarMove::EndKey, checked});
    node = checked;
  }
  if (isToolCall()) // the colon is a part of the key, as its end
    return node;
  uint32_t colon = builder.addText(node, ":"), next = builder.addNode(rule);
  builder.jump(colon, next);
  builder.addEdge(colon, ' ', ' ', next);
  return next;
}

uint32_t JsonRules::keyText(uint32_t node, std::string_view key) {
  return builder.addText(node, isToolCall() ? std::string(key) + ":" : quotedJson(key));
}

uint32_t JsonRules::stringText(uint32_t node, std::string_view text) {
  if (!isToolCall())
    return builder.addText(node, quotedJson(text));
  uint32_t rule = builder.ruleOf(node), inside = builder.addNode(rule), end = builder.addNode(rule);
  builder.addMove(node, {GrammarMove::Token, inside, uint32_t(quoteToken)});
  builder.addMove(builder.addText(inside, text), {GrammarMove::Token, end, uint32_t(quoteToken)});
  return end;
}

uint32_t JsonRules::string(uint32_t leastChars, uint32_t mostChars) {
  uint32_t &start = strings[{leastChars, mostChars}];
  if (start)
    return start;
  start = builderRule(leastChars > 0 || mostChars != UINT32_MAX);
  uint32_t rule = builder.ruleOf(start), end = builder.addNode(rule);
  builder.leave(end);
  if (!isToolCall()) {
    builder.addEdge(start, '"', '"', addStringBody(builder, rule, leastChars, mostChars, end));
    return start;
  }
  uint32_t close = builder.addNode(rule);
  builder.addMove(close, {GrammarMove::Token, end, uint32_t(quoteToken)});
  builder.addMove(start,
                  {GrammarMove::Token, addTextBody(builder, rule, leastChars, mostChars, close), uint32_t(quoteToken)});
  return start;
}

uint32_t JsonRules::key() {
  if (made[1])
    return made[1];
  uint32_t start = made[1] = builderRule(), rule = builder.ruleOf(start);
  uint32_t end = builder.addNode(rule), body = builder.addNode(rule);
  builder.leave(end);
  if (isToolCall()) {
    for (uint32_t from : {start, body}) {
      uint8_t flags = from == start ? EdgeFlag::StartsKey : 0;
      for (auto [low, high] : {std::pair('A', 'Z'), {'a', 'z'}, {'_', '_'}, {'0', '9'}, {'-', '.'}, {'$', '$'}})
        builder.addEdge(from, uint8_t(low), uint8_t(high), body, 0, flags);
    }
    builder.addEdge(body, ':', ':', end);
    return start;
  }
  builder.addEdge(start, '"', '"', body, 0, EdgeFlag::StartsKey);
  builder.addEdge(body, '"', '"', end);
  builder.addEdge(body, ' ', '!', body);
  builder.addEdge(body, '#', '[', body);
  builder.addEdge(body, ']', 0x7F, body);
  addLongCharacters(builder, body, body);
  addKeyEscapes(builder, body, body);
  return start;
}

uint32_t JsonRules::number() {
  if (made[2])
    return made[2];
  uint32_t start = made[2] = builderRule(), rule = builder.ruleOf(start);
  auto digits = [&](uint32_t from, int most, std::vector<uint32_t> &ends) {
    for (int i = 0; i < most; ++i) {
      uint32_t next = builder.addNode(rule);
      builder.addEdge(from, '0', '9', next);
      ends.push_back(next);
      from = next;
    }
  };
  std::vector<uint32_t> whole, fraction, ends;
  uint32_t sign = builder.addNode(rule), zero = builder.addNode(rule), first = builder.addNode(rule);
  for (uint32_t from : {start, sign}) {
    builder.addEdge(from, '0', '0', zero);
    builder.addEdge(from, '1', '9', first);
  }
  builder.addEdge(start, '-', '-', sign);
  whole = {zero, first};
  digits(first, 16, whole);
  uint32_t point = builder.addNode(rule), exponent = builder.addNode(rule), signedExponent = builder.addNode(rule);
  digits(point, 17, fraction);
  for (uint32_t end : whole)
    builder.addEdge(end, '.', '.', point);
  ends = whole;
  ends.insert(ends.end(), fraction.begin(), fraction.end());
  for (uint32_t end : ends) {
    builder.addEdge(end, 'E', 'E', exponent);
    builder.addEdge(end, 'e', 'e', exponent);
  }
  // Up to 289, so that every number is a double.
  uint32_t one = builder.addNode(rule), two = builder.addNode(rule), other = builder.addNode(rule);
  uint32_t last = builder.addNode(rule), end = builder.addNode(rule);
  builder.addEdge(exponent, '+', '+', signedExponent);
  builder.addEdge(exponent, '-', '-', signedExponent);
  for (uint32_t from : {exponent, signedExponent}) {
    builder.addEdge(from, '1', '1', one);
    builder.addEdge(from, '2', '2', two);
    builder.addEdge(from, '0', '0', other);
    builder.addEdge(from, '3', '9', other);
  }
  builder.addEdge(one, '0', '9', last);
  builder.addEdge(two, '0', '8', last);
  builder.addEdge(two, '9', '9', end);
  builder.addEdge(other, '0', '9', end);
  builder.addEdge(last, '0', '9', end);
  for (uint32_t node : {one, two, other, last, end})
    ends.push_back(node);
  for (uint32_t node : ends)
    builder.leave(node);
  return start;
}

uint32_t JsonRules::array() {
  if (made[3])
    return made[3];
  uint32_t start = made[3] = builderRule(), rule = builder.ruleOf(start);
  uint32_t open = builder.addNode(rule), item = builder.addNode(rule), end = builder.addNode(rule);
  builder.leave(end);
  builder.addEdge(start, '[', '[', open, 1, EdgeFlag::Limited);
  uint32_t first = space(open);
  builder.addEdge(first, ']', ']', end, -1);
  builder.call(first, value(), item);
  builder.call(space(builder.addText(item, ",")), value(), item);
  builder.addEdge(space(item), ']', ']', end, -1);
  return start;
}

uint32_t JsonRules::object() {
  if (made[4])
    return made[4];
  uint32_t start = made[4] = builderRule(true), rule = builder.ruleOf(start);
  uint32_t open = builder.addNode(rule), named = builder.addNode(rule), member = builder.addNode(rule);
  uint32_t end = builder.addNode(rule);
  builder.leave(end);
  builder.addEdge(start, '{', '{', open, 1, EdgeFlag::Limited);
  uint32_t first = space(open);
  builder.addEdge(first, '}', '}', end, -1);
  builder.call(first, key(), named);
  builder.call(endKey(named, true), value(), member);
  builder.call(space(builder.addText(member, ",")), key(), named);
  builder.addEdge(space(member), '}', '}', end, -1);
  return start;
}

uint32_t JsonRules::value() {
  if (made[5])
    return made[5];
  uint32_t start = made[5] = builderRule();
  for (std::string_view word : {"null", "true", "false"})
    builder.leave(builder.addText(start, word));
  uint32_t end = builder.addNode(builder.ruleOf(start));
  builder.leave(end);
  for (uint32_t rule : {string(), number(), array(), object()})
    builder.call(start, rule, end);
  return start;
}

} // namespace gemmart
