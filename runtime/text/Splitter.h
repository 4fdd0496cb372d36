// Cuts text by the split program of the tokenizer section (see runtime/abi/TokenizerSection.h).
#ifndef RUNTIME_TEXT_SPLITTER_H
#define RUNTIME_TEXT_SPLITTER_H

#include "runtime/abi/TokenizerSection.h"

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gemmart {

class Splitter {
public:
  Splitter() = default;
  /// Views the tables, which check() has found good.
  Splitter(std::span<const GmSplitItem> items, std::span<const GmSplitSet> sets, std::span<const GmSplitRange> ranges);

  /// What is wrong with the tables, or nothing.
  static const char *check(std::span<const GmSplitItem> items, std::span<const GmSplitSet> sets,
                           std::span<const GmSplitRange> ranges);

  /// Where the pieces of a text end, in order; the last end is its size. The text is valid UTF-8 and not empty.
  std::vector<uint32_t> split(std::string_view text) const;

private:
  using Items = std::span<const GmSplitItem>;
  void splitStage(std::string_view text, uint32_t offset, Items items, std::vector<uint32_t> &ends) const;
  size_t matchAny(std::string_view text, size_t at, Items items) const;
  /// The end of a match of the alternative at `items` from text[at] on; npos if there is none.
  size_t match(std::string_view text, size_t at, Items items) const;
  bool has(uint16_t set, std::string_view text, size_t at, size_t &bytes) const;

  Items items;
  std::span<const GmSplitSet> sets;
  std::span<const GmSplitRange> ranges;
  std::vector<std::array<uint64_t, 2>> ascii; ///< of each set
};

} // namespace gemmart
#endif
