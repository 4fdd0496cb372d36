// Sets of Unicode code points, and automata over them.
#ifndef RUNTIME_GRAMMAR_CHARSET_H
#define RUNTIME_GRAMMAR_CHARSET_H

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace gemmart {

/// Sorted ranges without overlap or touch, both ends included. Surrogates are no characters: where a set is turned into
/// bytes they drop out.
class CharSet {
public:
  static constexpr uint32_t last = 0x10FFFF;
  CharSet() = default;
  CharSet(uint32_t low, uint32_t high) { all.push_back({low, high}); }
  static CharSet any() { return {0, last}; }
  /// General categories by their names in the standard ("Lu", "Letter"); none if there is no such name.
  static std::optional<CharSet> category(std::string_view name);

  void add(uint32_t low, uint32_t high) { add(CharSet(low, high)); }
  void add(const CharSet &other);
  CharSet complement() const;
  CharSet without(const CharSet &other) const;
  bool contains(uint32_t character) const;
  bool empty() const { return all.empty(); }
  const std::vector<std::pair<uint32_t, uint32_t>> &ranges() const { return all; }

private:
  std::vector<std::pair<uint32_t, uint32_t>> all;
};

} // namespace gemmart
#endif
