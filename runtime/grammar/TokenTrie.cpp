// Sorting the texts gives the tree in preorder, see TokenTrie.h.
#include "runtime/grammar/TokenTrie.h"

#include <algorithm>

namespace gemmart {

TokenTrie::TokenTrie(std::span<const std::string> texts) : vocab(uint32_t(texts.size())) {
  offsets.push_back(0);
  for (const std::string &text : texts) {
    bytes += text;
    offsets.push_back(uint32_t(bytes.size()));
  }
  build();
}

TokenTrie::TokenTrie(const Tokenizer &tokenizer) : vocab(uint32_t(tokenizer.tokenCount())) {
  offsets.push_back(0);
  for (int32_t id = 0; id < tokenizer.tokenCount(); ++id) {
    tokenizer.appendBytes(id, false, bytes);
    offsets.push_back(uint32_t(bytes.size()));
  }
  build();
}

void TokenTrie::build() {
  // The first eight bytes decide nearly every comparison.
  std::vector<std::pair<uint64_t, int32_t>> order;
  for (int32_t id = 0; id < int32_t(vocab); ++id) {
    std::string_view word = text(id);
    if (word.empty())
      continue;
    uint64_t start = 0;
    for (size_t i = 0; i < 8; ++i)
      start = start << 8 | (i < word.size() ? uint8_t(word[i]) : 0);
    order.push_back({start, id});
    longestText = std::max(longestText, word.size());
  }
  std::sort(order.begin(), order.end(), [&](const auto &left, const auto &right) {
    if (left.first != right.first)
      return left.first < right.first;
    int compared = text(left.second).compare(text(right.second));
    return compared != 0 ? compared < 0 : left.second < right.second;
  });
  nodes.push_back({0, 0});
  depths.push_back(0);
  std::vector<uint32_t> path = {0}; // nodes from the root to the text before
  std::string_view before;
  auto close = [&](size_t depth) {
    for (; path.size() > depth + 1; path.pop_back())
      nodes[path.back()].endAndByte |= uint32_t(nodes.size()) << 8;
  };
  for (const auto &[start, id] : order) {
    std::string_view word = text(id);
    size_t shared =
        size_t(std::mismatch(before.begin(), before.end(), word.begin(), word.end()).first - before.begin());
    close(shared);
    for (size_t at = shared; at < word.size(); ++at) {
      path.push_back(uint32_t(nodes.size()));
      nodes.push_back({uint8_t(word[at]), uint32_t(ids.size())});
      depths.push_back(uint32_t(at) + 1);
    }
    ids.push_back(id);
    before = word;
  }
  close(0);
  nodes[0].endAndByte = uint32_t(nodes.size()) << 8;
  nodes.push_back({uint32_t(nodes.size() + 1) << 8, uint32_t(ids.size())});
}

uint32_t TokenTrie::child(uint32_t node, uint8_t byte) const {
  for (uint32_t at = node + 1; at < end(node); at = end(at))
    if (this->byte(at) == byte)
      return at;
  return 0;
}

} // namespace gemmart
