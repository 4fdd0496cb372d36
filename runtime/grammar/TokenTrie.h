// The text of every token of a vocabulary as one tree over bytes, in preorder: what a mask is computed on.
#ifndef RUNTIME_GRAMMAR_TOKENTRIE_H
#define RUNTIME_GRAMMAR_TOKENTRIE_H

#include "runtime/text/Tokenizer.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace gemmart {

/// Node 0 is the root. The children of a node follow it: the first is node + 1 (if that is below end(node)), the next
/// one of a child is end(child). Immutable.
class TokenTrie {
public:
  /// `texts`[id] is what a token spells; an empty one is no text and stays out.
  explicit TokenTrie(std::span<const std::string> texts);
  explicit TokenTrie(const Tokenizer &tokenizer);

  uint32_t nodeCount() const { return uint32_t(nodes.size()) - 1; }
  uint32_t vocabTokens() const { return vocab; }
  size_t longest() const { return longestText; } ///< bytes
  uint8_t byte(uint32_t node) const { return uint8_t(nodes[node].endAndByte & 0xFF); }
  uint32_t end(uint32_t node) const { return nodes[node].endAndByte >> 8; } ///< first node outside the subtree
  /// Bytes from the root to the node.
  size_t depth(uint32_t node) const { return depths[node]; }
  /// The bytes from the root to the node.
  std::string_view path(uint32_t node) const { return text(subtreeTokens(node)[0]).substr(0, depth(node)); }
  bool isLeaf(uint32_t node) const { return end(node) == node + 1; }
  /// The tokens that end at this node: more than one where two have the same text.
  std::span<const int32_t> tokens(uint32_t node) const {
    return {ids.data() + nodes[node].firstToken, nodes[node + 1].firstToken - nodes[node].firstToken};
  }
  /// The tokens of the whole subtree.
  std::span<const int32_t> subtreeTokens(uint32_t node) const {
    return {ids.data() + nodes[node].firstToken, nodes[end(node)].firstToken - nodes[node].firstToken};
  }
  /// The child with this byte, or 0.
  uint32_t child(uint32_t node, uint8_t byte) const;
  /// The text of a token; empty if it has none.
  std::string_view text(int32_t token) const {
    return std::string_view(bytes).substr(offsets[size_t(token)], offsets[size_t(token) + 1] - offsets[size_t(token)]);
  }

private:
  struct Node {
    uint32_t endAndByte, firstToken;
  };
  void build();
  std::string bytes;
  std::vector<uint32_t> offsets; ///< [vocab + 1]
  std::vector<Node> nodes;       ///< and one behind the last
  std::vector<uint32_t> depths;
  std::vector<int32_t> ids; ///< in the order of their texts
  uint32_t vocab = 0;
  size_t longestText = 0;
};

} // namespace gemmart
#endif
