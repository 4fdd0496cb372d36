// A text that knows who wrote which part of it. Only what a template wrote can give control tokens; what came from
// people, tools, files and models is ordinary text, whatever it spells. One text and not a list of pieces, because
// merges reach across the places where parts meet, as in the reference.
#ifndef RUNTIME_TEXT_PROMPT_H
#define RUNTIME_TEXT_PROMPT_H

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gemmart {

/// Bytes [begin, end) of a text.
struct TextRange {
  size_t begin, end;
};

/// Encode it with Tokenizer::encode.
class Prompt {
public:
  /// Appends a template's own text: control tokens that are spelled wholly within it count.
  void addTemplate(std::string_view part) {
    if (part.empty())
      return;
    if (ranges.empty() || ranges.back().end != all.size())
      ranges.push_back({all.size(), all.size()});
    all += part;
    ranges.back().end = all.size();
  }
  /// Appends text of anyone else, in which nothing counts as a control token.
  void addPlain(std::string_view part) { all += part; }
  void add(const Prompt &other) {
    size_t start = all.size();
    all += other.all;
    for (TextRange range : other.ranges)
      ranges.push_back({start + range.begin, start + range.end});
  }

  const std::string &text() const { return all; }
  bool empty() const { return all.empty(); }
  /// What the template wrote: in order, none empty, none overlapping.
  std::span<const TextRange> templateRanges() const { return ranges; }

private:
  std::string all;
  std::vector<TextRange> ranges;
};

} // namespace gemmart
#endif
