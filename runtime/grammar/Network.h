// What every grammar is compiled to: rules that call each other, each a little automaton over bytes. A node consumes a
// byte by one of its edges, or does something without consuming by its moves. Which of several moves is right is found
// out by following all of them (Machine.h).
#ifndef RUNTIME_GRAMMAR_NETWORK_H
#define RUNTIME_GRAMMAR_NETWORK_H

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace gemmart {

enum EdgeFlag : uint8_t {
  StartsKey = 1, ///< the first byte of a key that must differ from the object's other keys
  Limited = 2,   ///< opens a bracket only where fewer than Network::deepest are open
};

/// Consumes one byte of [low, high].
struct GrammarEdge {
  uint8_t low, high;
  int8_t depth;  ///< +1: opens a bracket, -1: closes one
  uint8_t flags; ///< EdgeFlag
  uint32_t target;
};

struct GrammarMove {
  enum Kind : uint8_t {
    Jump,   ///< to `target`
    Call,   ///< rule that starts at `target`; goes on at `other` when it returns
    Return, ///< the rule is matched
    Count,  ///< to `target` if low <= count <= high; adds `other` to the count
    Indent, ///< to `target`, adds 1 to the count, if count < 2 * depth
    EndKey, ///< to `target` if the key that ends here is new in this object
    Token,  ///< consumes the control token `other`, to `target`
  };
  Kind kind;
  uint32_t target = 0, other = 0, low = 0, high = 0;
};

/// What a node with precomputed masks is: the characters of a JSON string (addStringBody), or any UTF-8 (addTextBody).
enum class BodyKind : uint8_t { None, JsonString, Text };

struct GrammarNode {
  uint32_t firstEdge, edgeCount, firstMove, moveCount;
  uint32_t rule;
  BodyKind body = BodyKind::None;
  uint32_t leastChars = 0, mostChars = UINT32_MAX; ///< of a body: characters before the quote
  /// Of a rule for keys: how many keys can be spelled from here. The node is entered only while the object lacks one.
  uint32_t keysLeft = UINT32_MAX;
};

/// Immutable; built by NetworkBuilder.
struct Network {
  std::vector<GrammarEdge> edges; ///< of each node sorted, without overlap
  std::vector<GrammarMove> moves;
  std::vector<GrammarNode> nodes;
  std::vector<uint8_t> counted; ///< [rule]: the rule's nodes depend on a count or on keys
  uint32_t start = 0;
  uint32_t deepest = 0; ///< brackets inside each other that Limited edges open at most

  std::span<const GrammarEdge> edgesOf(uint32_t node) const {
    return {edges.data() + nodes[node].firstEdge, nodes[node].edgeCount};
  }
  std::span<const GrammarMove> movesOf(uint32_t node) const {
    return {moves.data() + nodes[node].firstMove, nodes[node].moveCount};
  }
  /// The edge for this byte, or null.
  const GrammarEdge *edgeAt(uint32_t node, uint8_t byte) const {
    for (const GrammarEdge &edge : edgesOf(node))
      if (byte <= edge.high)
        return byte >= edge.low ? &edge : nullptr;
    return nullptr;
  }
  size_t bytes() const { return edges.size() * sizeof(GrammarEdge) + moves.size() * 20 + nodes.size() * 32; }
};

class NetworkBuilder {
public:
  static constexpr size_t mostNodes = 500000;

  NetworkBuilder() { addNode(addRule()); } ///< node 0 is nobody's

  uint32_t addRule(bool counted = false) {
    counted_.push_back(counted);
    return uint32_t(counted_.size()) - 1;
  }
  uint32_t addNode(uint32_t rule) {
    nodes.emplace_back().rule = rule;
    return uint32_t(nodes.size()) - 1;
  }
  /// Edges of one node must not overlap, unless they are equal.
  void addEdge(uint32_t node, uint8_t low, uint8_t high, uint32_t target, int8_t depth = 0, uint8_t flags = 0) {
    nodes[node].edges.push_back({low, high, depth, flags, target});
  }
  void addMove(uint32_t node, GrammarMove move) { nodes[node].moves.push_back(move); }
  void jump(uint32_t node, uint32_t target) { addMove(node, {GrammarMove::Jump, target}); }
  void call(uint32_t node, uint32_t ruleStart, uint32_t next) { addMove(node, {GrammarMove::Call, ruleStart, next}); }
  void leave(uint32_t node) { addMove(node, {GrammarMove::Return}); }
  /// A chain of nodes from `node` that spells `text`; returns its end.
  uint32_t addText(uint32_t node, std::string_view text);
  void makeBody(uint32_t node, BodyKind kind, uint32_t leastChars, uint32_t mostChars) {
    nodes[node].body = kind;
    nodes[node].leastChars = leastChars;
    nodes[node].mostChars = mostChars;
  }
  /// Works out keysLeft for the nodes of a rule for keys, which has edges only.
  void limitKeys(uint32_t start);
  uint32_t ruleOf(uint32_t node) const { return nodes[node].rule; }
  size_t size() const { return nodes.size(); }
  bool tooLarge() const { return nodes.size() > mostNodes; }

  /// Drops what can never be completed. False if nothing can: the language is empty. `emptyLoop` is set when a rule
  /// can call itself before it consumes anything (left recursion); then there is no network either.
  bool finish(uint32_t start, uint32_t deepest, Network &out, bool &emptyLoop);

private:
  struct Node {
    std::vector<GrammarEdge> edges;
    std::vector<GrammarMove> moves;
    uint32_t rule = 0, leastChars = 0, mostChars = UINT32_MAX, keysLeft = UINT32_MAX;
    BodyKind body = BodyKind::None;
  };
  std::vector<uint8_t> reachesEnd(bool consuming) const;
  bool hasEmptyLoop() const;
  std::vector<Node> nodes;
  std::vector<uint8_t> counted_;
};

} // namespace gemmart
#endif
