// What all grammars of one model share: the tree of its tokens, and which of them fit into a JSON string.
#ifndef RUNTIME_GRAMMAR_VOCABULARY_H
#define RUNTIME_GRAMMAR_VOCABULARY_H

#include "runtime/grammar/Network.h"
#include "runtime/grammar/TokenTrie.h"

#include <array>
#include <map>
#include <memory>

namespace gemmart {

/// Tokens, and ways to tokens, that leave a rule before they end: what may follow depends on the open calls.
class ExitTable {
public:
  struct Exit {
    uint32_t chars; ///< begun in a string before its quote; else 0
    uint32_t what;  ///< a token that ends with the rule, or a node of the tree one byte behind the rule's end
  };
  /// The rule can end at this node. With `goesOn` it need not, so that the node's own tokens are no exits.
  void add(uint32_t node, uint32_t chars, bool goesOn) { found.push_back({node, chars, goesOn}); }
  void finish(const TokenTrie &trie);

  std::span<const Exit> tokens() const { return ending; }
  /// The nodes that go on with this byte.
  std::span<const Exit> nexts(uint8_t byte) const {
    return {behind.data() + first[byte], size_t(first[byte + 1] - first[byte])};
  }
  bool empty() const { return ending.empty() && behind.empty(); }
  size_t bytes() const { return (ending.capacity() + behind.capacity()) * sizeof(Exit); }

private:
  struct Found {
    uint32_t node, chars;
    bool goesOn;
  };
  std::vector<Found> found;
  std::vector<Exit> ending, behind; ///< by chars; by byte, then chars
  std::array<uint32_t, 257> first{};
};

/// The tokens that may stand in the middle of a string, by how many characters they begin.
struct StringMasks {
  std::vector<std::vector<uint64_t>> inside; ///< [n]: tokens that stay inside the string and begin at most n characters
  ExitTable exits;
};

/// Immutable; built once for a model, in about 0.1 s for 262,144 tokens.
class Vocabulary {
public:
  /// Ids in `stops` end an answer: they are allowed where the grammar's text is complete, and nowhere else.
  Vocabulary(const Tokenizer &tokenizer, std::span<const int32_t> stops);
  /// For tests: `texts`[id]; an empty one is no text.
  Vocabulary(std::span<const std::string> texts, std::map<std::string, int32_t, std::less<>> control,
             std::vector<int32_t> stops);

  const TokenTrie &trie() const { return tree; }
  const StringMasks &strings(BodyKind kind) const { return kind == BodyKind::Text ? textMasks : jsonMasks; }
  std::span<const int32_t> stops() const { return stopIds; }
  /// The id of a control token by its name, or -1.
  int32_t control(std::string_view name) const;
  uint32_t tokens() const { return tree.vocabTokens(); }
  /// Words of a mask.
  size_t words() const { return (size_t(tokens()) + 63) / 64; }
  /// How many tokens begin with this byte.
  uint32_t startingWith(uint8_t byte) const { return starting[byte]; }

private:
  void prepare();
  void prepare(BodyKind kind, StringMasks &out) const;
  TokenTrie tree;
  StringMasks jsonMasks, textMasks;
  std::map<std::string, int32_t, std::less<>> controls;
  std::vector<int32_t> stopIds;
  uint32_t starting[256] = {};
};

} // namespace gemmart
#endif
