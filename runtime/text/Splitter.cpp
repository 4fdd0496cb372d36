// See Splitter.h.
#include "runtime/text/Splitter.h"

#include "runtime/text/Utf8.h"

#include <algorithm>

namespace gemmart {

static constexpr size_t none = std::string_view::npos;
static constexpr uint16_t anyNumber = 65535;

Splitter::Splitter(Items items, std::span<const GmSplitSet> sets, std::span<const GmSplitRange> ranges)
    : items(items), sets(sets), ranges(ranges), ascii(sets.size()) {
  for (size_t set = 0; set < sets.size(); ++set)
    for (const GmSplitRange &range : ranges.subspan(sets[set].first, sets[set].count))
      for (uint32_t c = range.first; c <= std::min<uint32_t>(range.last, 127); ++c)
        ascii[set][c / 64] |= uint64_t(1) << (c % 64);
}

const char *Splitter::check(Items items, std::span<const GmSplitSet> sets, std::span<const GmSplitRange> ranges) {
  for (const GmSplitSet &set : sets) {
    if (set.first > ranges.size() || set.count > ranges.size() - set.first)
      return "a set lies outside of its ranges";
    for (uint32_t i = set.first; i < set.first + set.count; ++i)
      if (ranges[i].first > ranges[i].last || (i > set.first && ranges[i].first <= ranges[i - 1].last))
        return "the ranges of a set are not in order";
  }
  size_t open = 0, length = 0;
  for (const GmSplitItem &item : items) {
    bool ends = item.kind == GM_SPLIT_OR || item.kind == GM_SPLIT_STAGE;
    if (!ends && item.kind != GM_SPLIT_TAKE && item.kind != GM_SPLIT_NOT_AHEAD)
      return "an unknown item";
    if (!ends && (item.set >= sets.size() || item.least > item.most || item.most == 0))
      return "an impossible item";
    length = ends ? 0 : length + 1;
    open = ends ? 0 : open + (item.kind == GM_SPLIT_TAKE && item.most == anyNumber);
    if (length > 16 || open > 2)
      return "an alternative that is too long";
  }
  return items.empty() || items.back().kind == GM_SPLIT_STAGE ? nullptr : "the last stage has no end";
}

bool Splitter::has(uint16_t set, std::string_view text, size_t at, size_t &bytes) const {
  auto lead = uint8_t(text[at]);
  bytes = utf8Bytes(lead);
  if (lead < 0x80)
    return ascii[set][lead / 64] >> (lead % 64) & 1;
  uint32_t code = lead & (0x7F >> bytes);
  for (size_t i = 1; i < bytes; ++i)
    code = code << 6 | (uint8_t(text[at + i]) & 0x3F);
  std::span<const GmSplitRange> of = ranges.subspan(sets[set].first, sets[set].count);
  auto after =
      std::upper_bound(of.begin(), of.end(), code, [](uint32_t c, const GmSplitRange &r) { return c < r.first; });
  return after != of.begin() && code <= after[-1].last;
}

/// As many characters as possible first, then one less each time: what follows may want them.
size_t Splitter::match(std::string_view text, size_t at, Items items) const {
  const GmSplitItem &item = items.front();
  size_t bytes = 0;
  if (item.kind == GM_SPLIT_OR || item.kind == GM_SPLIT_STAGE)
    return at;
  if (item.kind == GM_SPLIT_NOT_AHEAD)
    return at < text.size() && has(item.set, text, at, bytes) ? none : match(text, at, items.subspan(1));
  size_t count = 0, end = at;
  while (count < item.most && end < text.size() && has(item.set, text, end, bytes)) {
    end += bytes;
    count += item.most != anyNumber || count < item.least; // of "any number", only that there are enough
  }
  size_t first = at; // where the least number of characters ends
  for (uint16_t i = 0; i < item.least; ++i) {
    if (first >= end)
      return none;
    first += utf8Bytes(uint8_t(text[first]));
  }
  while (true) {
    if (size_t found = match(text, end, items.subspan(1)); found != none)
      return found;
    if (end == first)
      return none;
    do
      --end;
    while ((uint8_t(text[end]) & 0xC0) == 0x80);
  }
}

/// The end of the first alternative of a stage that matches something; npos if none does.
size_t Splitter::matchAny(std::string_view text, size_t at, Items items) const {
  for (bool more = true; more;) {
    size_t end = match(text, at, items);
    if (end != none && end > at)
      return end;
    size_t next = 0;
    while (items[next].kind != GM_SPLIT_OR && items[next].kind != GM_SPLIT_STAGE)
      ++next;
    more = items[next].kind == GM_SPLIT_OR;
    items = items.subspan(next + 1);
  }
  return none;
}

void Splitter::splitStage(std::string_view text, uint32_t offset, Items items, std::vector<uint32_t> &ends) const {
  if (items.empty()) {
    ends.push_back(offset + uint32_t(text.size()));
    return;
  }
  size_t stage = 0;
  while (items[stage].kind != GM_SPLIT_STAGE)
    ++stage;
  Items rest = items.subspan(stage + 1);
  size_t done = 0;
  auto piece = [&](size_t end) {
    if (done < end)
      splitStage(text.substr(done, end - done), offset + uint32_t(done), rest, ends);
    done = end;
  };
  for (size_t at = 0; at < text.size();) {
    size_t end = matchAny(text, at, items);
    if (end == none) {
      at += utf8Bytes(uint8_t(text[at]));
      continue;
    }
    piece(at); // what stood before the match
    piece(end);
    at = end;
  }
  piece(text.size());
}

std::vector<uint32_t> Splitter::split(std::string_view text) const {
  std::vector<uint32_t> ends;
  splitStage(text, 0, items, ends);
  return ends;
}

} // namespace gemmart
