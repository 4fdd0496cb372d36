// See Vocabulary.h.
#include "runtime/grammar/Vocabulary.h"

#include "runtime/grammar/JsonParts.h"

#include <algorithm>

namespace gemmart {

Vocabulary::Vocabulary(const Tokenizer &tokenizer, std::span<const int32_t> stops)
    : tree(tokenizer), stopIds(stops.begin(), stops.end()) {
  for (int32_t id = 0; id < tokenizer.tokenCount(); ++id)
    if (tokenizer.isControl(id))
      controls.emplace(tokenizer.spelling(id), id);
  prepare();
}

Vocabulary::Vocabulary(std::span<const std::string> texts, std::map<std::string, int32_t, std::less<>> control,
                       std::vector<int32_t> stops)
    : tree(texts), controls(std::move(control)), stopIds(std::move(stops)) {
  prepare();
}

void ExitTable::finish(const TokenTrie &trie) {
  std::sort(found.begin(), found.end(), [](const Found &left, const Found &right) { return left.chars < right.chars; });
  std::array<uint32_t, 257> count{};
  auto eachNext = [&](const Found &exit, auto use) {
    for (uint32_t node = exit.node + 1; node < trie.end(exit.node); node = trie.end(node))
      use(node);
  };
  for (const Found &exit : found) {
    if (!exit.goesOn)
      for (int32_t token : trie.tokens(exit.node))
        ending.push_back({exit.chars, uint32_t(token)});
    eachNext(exit, [&](uint32_t node) { ++count[trie.byte(node)]; });
  }
  for (size_t byte = 0; byte < 256; ++byte)
    first[byte + 1] = first[byte] + count[byte];
  behind.resize(first[256]);
  count = first;
  for (const Found &exit : found)
    eachNext(exit, [&](uint32_t node) { behind[count[trie.byte(node)]++] = {exit.chars, node}; });
  found = {};
}

int32_t Vocabulary::control(std::string_view name) const {
  auto found = controls.find(name);
  return found == controls.end() ? -1 : found->second;
}

void Vocabulary::prepare() {
  for (uint32_t node = 1; node < tree.nodeCount(); node = tree.end(node))
    starting[tree.byte(node)] = uint32_t(tree.subtreeTokens(node).size());
  prepare(BodyKind::JsonString, jsonMasks);
  prepare(BodyKind::Text, textMasks);
}

/// Runs every token through the automaton of a string's body, which has no calls and no counts.
void Vocabulary::prepare(BodyKind kind, StringMasks &out) const {
  NetworkBuilder builder;
  uint32_t rule = builder.addRule(), after = builder.addNode(rule);
  builder.leave(after);
  Network network;
  bool emptyLoop;
  uint32_t start = kind == BodyKind::Text ? addTextBody(builder, rule, 0, UINT32_MAX, after)
                                          : addStringBody(builder, rule, 0, UINT32_MAX, after);
  builder.finish(start, 0, network, emptyLoop);
  constexpr uint32_t none = UINT32_MAX;
  std::vector<std::array<uint32_t, 256>> next(network.nodes.size());
  for (uint32_t node = 0; node < next.size(); ++node) {
    next[node].fill(none);
    for (const GrammarEdge &edge : network.edgesOf(node))
      for (uint32_t byte = edge.low; byte <= edge.high; ++byte)
        next[node][byte] = edge.target;
  }
  struct Level {
    uint32_t end, node, chars;
  };
  std::vector<Level> path = {{tree.end(0), network.start, 0}};
  std::vector<std::pair<uint32_t, int32_t>> inside; // characters, token
  for (uint32_t at = 1; at < tree.nodeCount();) {
    while (at >= path.back().end)
      path.pop_back();
    Level above = path.back();
    uint32_t target = next[above.node][tree.byte(at)];
    if (target == none) {
      at = tree.end(at);
      continue;
    }
    if (network.nodes[target].edgeCount == 0) { // behind the quote
      out.exits.add(at, above.chars, false);
      at = tree.end(at);
      continue;
    }
    uint32_t chars = above.chars + (above.node == network.start);
    for (int32_t token : tree.tokens(at))
      inside.push_back({chars, token});
    if (!tree.isLeaf(at))
      path.push_back({tree.end(at), target, chars});
    ++at;
  }
  out.exits.finish(tree);
  std::sort(inside.begin(), inside.end());
  out.inside.emplace_back(words());
  for (const auto &[chars, token] : inside) {
    while (out.inside.size() <= chars)
      out.inside.push_back(out.inside.back());
    out.inside.back()[size_t(token) / 64] |= uint64_t(1) << (token & 63);
  }
}

} // namespace gemmart
