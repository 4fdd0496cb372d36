// The open calls of a grammar's rules, and the keys of open objects: sets that are stored once each and named by a
// number, so that states are small and equal ones are equal numbers.
#ifndef RUNTIME_GRAMMAR_STACKS_H
#define RUNTIME_GRAMMAR_STACKS_H

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gemmart {

/// One open call: where it goes on, with which count and keys, and what is open below.
struct StackEntry {
  uint32_t node, count, keys, below;
  bool sameTop(const StackEntry &other) const {
    return node == other.node && count == other.count && keys == other.keys;
  }
  bool operator==(const StackEntry &) const = default;
};

/// Sets of stacks. A set is a sorted list of tops, each with the set of what may lie below it; so two ways that opened
/// the same calls are one. Append-only, but what was added since a mark can be taken back.
class StackStore {
public:
  static constexpr uint32_t bottom = 0, localBottom = 1; ///< the sets that every store has
  static constexpr uint32_t bottomNode = UINT32_MAX, localNode = UINT32_MAX - 1;
  static constexpr uint32_t deepest = 4096;
  static constexpr uint32_t none = UINT32_MAX;

  StackStore();
  std::span<const StackEntry> entries(uint32_t set) const { return {all.data() + sets[set].first, sets[set].count}; }
  /// The set with this one top; `none` if that would be deeper than `deepest`.
  uint32_t push(const StackEntry &top);
  uint32_t unite(uint32_t left, uint32_t right);
  /// Unions made so far; beyond `mostEffort` unite gives back only its left side.
  uint64_t effort = 0, mostEffort = UINT64_MAX;
  uint32_t size() const { return uint32_t(sets.size()); }
  void truncate(uint32_t mark);
  size_t bytes() const { return all.capacity() * sizeof(StackEntry) + sets.capacity() * sizeof(Set); }

private:
  struct Set {
    uint32_t first, count, hash, nextInBucket, depth;
  };
  uint32_t intern(std::span<const StackEntry> entries);
  void grow();
  std::vector<StackEntry> all;
  std::vector<Set> sets;
  std::vector<uint32_t> buckets; ///< the newest set of each, or `none`
  struct United {
    uint32_t left = none, right = none, result = none;
  };
  std::array<United, 256> united; ///< results of unite, by hash
};

/// Sets of keys, as lists: a set is a shorter set and a key. 0 is empty.
class KeyStore {
public:
  KeyStore() { sets.push_back({0, 0, 0, 0}); }
  bool contains(uint32_t set, std::string_view key) const;
  uint32_t add(uint32_t set, std::string_view key);
  /// Calls `use` for each key.
  template <class Use> void forEach(uint32_t set, Use use) const {
    for (; set; set = sets[set].shorter)
      use(key(set));
  }
  uint32_t size() const { return uint32_t(sets.size()); }
  void truncate(uint32_t mark);

private:
  struct Set {
    uint32_t shorter, begin, bytes;
    uint64_t hash; ///< of the key
  };
  std::string_view key(uint32_t set) const { return std::string_view(text).substr(sets[set].begin, sets[set].bytes); }
  std::vector<Set> sets;
  std::string text;
};

} // namespace gemmart
#endif
