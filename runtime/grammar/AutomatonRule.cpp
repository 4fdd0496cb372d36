// Characters become bytes: UTF-8, and the escapes of JSON strings. See CharAutomaton.h.
#include "runtime/grammar/CharAutomaton.h"
#include "runtime/grammar/JsonParts.h"

#include <array>
#include <map>

namespace gemmart {

namespace {

class RuleWriter {
public:
  RuleWriter(NetworkBuilder &builder, const CharAutomaton &automaton, CharSpelling spelling)
      : builder(builder), automaton(automaton), spelling(spelling), rule(builder.addRule()), nodes(automaton.states()),
        tails(automaton.states()) {}
  std::optional<uint32_t> write();

private:
  using Sequence = std::array<std::pair<uint8_t, uint8_t>, 4>;
  void addRange(uint32_t from, uint32_t low, uint32_t high, uint32_t target);
  void addSequence(uint32_t from, uint32_t low, uint32_t high, size_t bytes, uint32_t target);
  uint32_t tail(size_t bytes, uint32_t target);
  void addEscapes(uint32_t from, uint32_t state);
  bool isQuoted() const { return spelling == CharSpelling::JsonString || spelling == CharSpelling::JsonKey; }

  NetworkBuilder &builder;
  const CharAutomaton &automaton;
  CharSpelling spelling;
  uint32_t rule;
  std::vector<uint32_t> nodes;                        ///< [state]
  std::vector<std::array<uint32_t, 4>> tails;         ///< [state][n]: n bytes 80..BF and then the state; 0: not made
  std::map<std::array<uint32_t, 3>, uint32_t> starts; ///< node, low, high: where a sequence that began so goes on
};

} // namespace

uint32_t RuleWriter::tail(size_t bytes, uint32_t target) {
  if (bytes == 0)
    return nodes[target];
  uint32_t &made = tails[target][bytes];
  if (!made) {
    uint32_t next = tail(bytes - 1, target);
    made = builder.addNode(rule);
    builder.addEdge(made, 0x80, 0xBF, next);
  }
  return made;
}

static uint32_t leadOf(size_t bytes) {
  return bytes == 1 ? 0 : bytes == 2 ? 0xC0 : bytes == 3 ? 0xE0 : 0xF0;
}

/// Characters of one length whose ranges of bytes are independent of each other.
void RuleWriter::addSequence(uint32_t from, uint32_t low, uint32_t high, size_t bytes, uint32_t target) {
  for (size_t i = 0; i < bytes; ++i) {
    uint32_t shift = uint32_t(6 * (bytes - 1 - i)), mask = i == 0 ? 0x7F : 63, mark = i == 0 ? leadOf(bytes) : 0x80;
    uint32_t first = (low >> shift & mask) | mark, end = (high >> shift & mask) | mark;
    uint32_t rest = (1u << shift) - 1;
    if ((low & rest) == 0 && (high & rest) == rest) { // what follows is any continuation
      builder.addEdge(from, uint8_t(first), uint8_t(end), tail(bytes - 1 - i, target));
      return;
    }
    auto [next, isNew] = starts.try_emplace({from, first, end}, 0);
    if (isNew) {
      next->second = builder.addNode(rule);
      builder.addEdge(from, uint8_t(first), uint8_t(end), next->second);
    }
    from = next->second;
  }
}

void RuleWriter::addRange(uint32_t from, uint32_t low, uint32_t high, uint32_t target) {
  static constexpr uint32_t kEnds[] = {0x7F, 0x7FF, 0xD7FF, 0xDFFF, 0xFFFF, CharSet::last};
  for (uint32_t end : kEnds)
    if (low <= end && high > end) {
      addRange(from, low, end, target);
      addRange(from, end + 1, high, target);
      return;
    }
  if (low >= 0xD800 && high <= 0xDFFF)
    return;
  size_t bytes = high <= 0x7F ? 1 : high <= 0x7FF ? 2 : high <= 0xFFFF ? 3 : 4;
  for (size_t i = 1; i < bytes; ++i) {
    uint32_t rest = (1u << (6 * i)) - 1;
    if ((low & ~rest) == (high & ~rest))
      continue;
    if (low & rest) {
      addRange(from, low, low | rest, target);
      addRange(from, (low | rest) + 1, high, target);
      return;
    }
    if ((high & rest) != rest) {
      addRange(from, low, (high & ~rest) - 1, target);
      addRange(from, high & ~rest, high, target);
      return;
    }
  }
  addSequence(from, low, high, bytes, target);
}

void RuleWriter::addEscapes(uint32_t from, uint32_t state) {
  uint32_t escape = 0, digits[2] = {};
  for (uint32_t c :
       {0u,  1u,  2u,  3u,  4u,  5u,  6u,  7u,  8u,  9u,  10u, 11u, 12u, 13u, 14u, 15u,           16u,
        17u, 18u, 19u, 20u, 21u, 22u, 23u, 24u, 25u, 26u, 27u, 28u, 29u, 30u, 31u, uint32_t('"'), uint32_t('\\')}) {
    uint32_t target = automaton.next(state, c);
    if (target == CharAutomaton::dead)
      continue;
    std::string text = quotedJson(std::string(1, char(c)));
    text = text.substr(2, text.size() - 3); // without the quotes and the backslash
    if (!escape)
      escape = builder.addText(from, "\\");
    if (text.size() == 1) {
      builder.addEdge(escape, uint8_t(text[0]), uint8_t(text[0]), nodes[target]);
      continue;
    }
    uint32_t &last = digits[c >> 4];
    if (!last) {
      auto [next, isNew] = starts.try_emplace({escape, 'u', 'u'}, 0);
      if (isNew)
        next->second = builder.addText(escape, "u00");
      last = builder.addText(next->second, text.substr(3, 1));
    }
    builder.addEdge(last, uint8_t(text[4]), uint8_t(text[4]), nodes[target]);
  }
}

std::optional<uint32_t> RuleWriter::write() {
  uint32_t start = builder.addNode(rule), end = builder.addNode(rule);
  builder.leave(end);
  for (uint32_t &node : nodes)
    node = builder.addNode(rule);
  for (uint32_t state = 0; state < automaton.states(); ++state) {
    uint32_t from = nodes[state];
    if (builder.tooLarge())
      return std::nullopt;
    if (spelling == CharSpelling::JsonString && automaton.acceptsAll(state)) {
      builder.jump(from, addStringBody(builder, rule, 0, UINT32_MAX, end));
      continue;
    }
    automaton.forEachRange(state, [&](uint32_t low, uint32_t high, uint32_t target) {
      if (!isQuoted())
        return addRange(from, low, high, target);
      // Control characters, the quote and the backslash are escaped.
      static constexpr std::pair<uint32_t, uint32_t> kPlain[] = {{0x20, 0x21}, {0x23, 0x5B}, {0x5D, CharSet::last}};
      for (auto [first, last] : kPlain)
        if (std::max(low, first) <= std::min(high, last))
          addRange(from, std::max(low, first), std::min(high, last), target);
    });
    if (isQuoted())
      addEscapes(from, state);
    if (automaton.accepts(state) && isQuoted())
      builder.addEdge(from, '"', '"', end);
    else if (automaton.accepts(state) && spelling == CharSpelling::ToolKey)
      builder.addEdge(from, ':', ':', end);
    else if (automaton.accepts(state))
      builder.leave(from);
  }
  if (isQuoted())
    builder.addEdge(start, '"', '"', nodes[0], 0, spelling == CharSpelling::JsonKey ? EdgeFlag::StartsKey : 0);
  if (spelling == CharSpelling::ToolKey) // the start has no way back to it, so that only the first byte starts a key
    automaton.forEachRange(0, [&](uint32_t low, uint32_t high, uint32_t target) {
      builder.addEdge(start, uint8_t(low), uint8_t(high), nodes[target], 0, EdgeFlag::StartsKey);
    });
  return spelling == CharSpelling::Plain ? nodes[0] : start;
}

std::optional<uint32_t> addAutomaton(NetworkBuilder &builder, const CharAutomaton &automaton, CharSpelling spelling) {
  if (automaton.empty()) { // a rule that nothing matches
    return builder.addNode(builder.addRule());
  }
  return RuleWriter(builder, automaton, spelling).write();
}

} // namespace gemmart
