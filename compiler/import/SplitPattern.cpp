// A small parser of regular expressions. Sets of characters are kept as sorted ranges.
#include "compiler/import/SplitPattern.h"

#include <algorithm>
#include <optional>
#include <span>

namespace gemmac::import {

#include "compiler/import/GgufSplits.inc"
#include "compiler/import/UnicodeSets.inc"

const char *const kGpt2Pattern = R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

namespace {

constexpr uint32_t kLastCharacter = 0x10FFFF;
constexpr uint16_t kNoLimit = 65535;
using Ranges = std::vector<GmSplitRange>;

Ranges sorted(Ranges ranges) {
  std::sort(ranges.begin(), ranges.end(), [](const auto &a, const auto &b) { return a.first < b.first; });
  Ranges out;
  for (const GmSplitRange &range : ranges)
    if (!out.empty() && range.first <= out.back().last + 1)
      out.back().last = std::max(out.back().last, range.last);
    else
      out.push_back(range);
  return out;
}

Ranges others(const Ranges &ranges) {
  Ranges out;
  uint32_t next = 0;
  for (const GmSplitRange &range : sorted(ranges)) {
    if (next < range.first)
      out.push_back({next, range.first - 1});
    next = range.last + 1;
  }
  if (next <= kLastCharacter)
    out.push_back({next, kLastCharacter});
  return out;
}

uint16_t addSet(SplitProgram &program, Ranges ranges) {
  ranges = sorted(std::move(ranges));
  auto same = [](const GmSplitRange &a, const GmSplitRange &b) { return a.first == b.first && a.last == b.last; };
  for (size_t i = 0; i < program.sets.size(); ++i) {
    std::span<const GmSplitRange> known(program.ranges.data() + program.sets[i].first, program.sets[i].count);
    if (std::equal(known.begin(), known.end(), ranges.begin(), ranges.end(), same))
      return uint16_t(i);
  }
  program.sets.push_back({uint32_t(program.ranges.size()), uint32_t(ranges.size())});
  program.ranges.insert(program.ranges.end(), ranges.begin(), ranges.end());
  return uint16_t(program.sets.size() - 1);
}

/// One pass over the pattern; the first thing that is not known ends it.
class PatternParser {
public:
  PatternParser(std::string_view text, SplitProgram &program) : text(text), program(program) {}

  std::string run() {
    alternatives(false);
    if (problem.empty() && at < text.size())
      blame("')' without '('");
    if (problem.empty())
      program.items.back().kind = GM_SPLIT_STAGE;
    return problem;
  }

private:
  void blame(const std::string &what) {
    if (problem.empty())
      problem = what + " at character " + std::to_string(at);
  }
  bool accept(std::string_view word) {
    if (!text.substr(at).starts_with(word))
      return false;
    at += word.size();
    return true;
  }

  /// Alternatives up to the end or a ')'.
  void alternatives(bool anyCase) {
    do {
      if (accept("(?i:")) {
        alternatives(true);
        if (!accept(")") || (at < text.size() && text[at] != '|'))
          blame("something behind a group");
        continue; // its alternatives are alternatives here
      }
      sequence(anyCase);
      program.items.push_back({GM_SPLIT_OR, 0, 0, 0});
    } while (problem.empty() && accept("|"));
  }

  void sequence(bool anyCase) {
    size_t first = program.items.size(), open = 0;
    bool takes = false;
    while (problem.empty() && at < text.size() && text[at] != '|' && text[at] != ')') {
      bool ahead = accept("(?!");
      std::optional<Ranges> set = oneSet(anyCase);
      if (!set)
        return;
      GmSplitItem item{uint16_t(ahead ? GM_SPLIT_NOT_AHEAD : GM_SPLIT_TAKE), addSet(program, std::move(*set)), 1, 1};
      if (ahead ? !accept(")") : !quantifier(item))
        return blame("a look-ahead or a number of times that is not known");
      takes |= !ahead && item.least > 0;
      open += item.most == kNoLimit;
      program.items.push_back(item);
    }
    if (problem.empty() && (!takes || open > 2)) // two, so that the time stays bounded
      blame(takes ? "more than two open repetitions in one alternative" : "an alternative that may be empty");
    if (program.items.size() - first > 16)
      blame("an alternative of more than 16 parts");
  }

  bool quantifier(GmSplitItem &item) {
    if (accept("?"))
      item.least = 0;
    else if (accept("*"))
      item.least = 0, item.most = kNoLimit;
    else if (accept("+"))
      item.most = kNoLimit;
    else if (accept("{1,3}"))
      item.most = 3;
    return at >= text.size() || std::string_view("?*+{").find(text[at]) == std::string_view::npos;
  }

  std::optional<Ranges> oneSet(bool anyCase) {
    if (!accept("["))
      return character(anyCase);
    bool negated = accept("^");
    Ranges ranges;
    while (!accept("]")) {
      std::optional<Ranges> one = at < text.size() ? character(anyCase) : std::nullopt;
      if (!one)
        return blame("a set without an end"), std::nullopt;
      ranges.insert(ranges.end(), one->begin(), one->end());
    }
    return negated ? others(ranges) : ranges;
  }

  std::optional<Ranges> character(bool anyCase) {
    auto known = [](std::span<const GmSplitRange> ranges) { return Ranges(ranges.begin(), ranges.end()); };
    if (accept("\\p{L}"))
      return known(kLetters);
    if (accept("\\p{N}"))
      return known(kNumbers);
    if (accept("\\s"))
      return known(kSpaces);
    if (accept("\\S"))
      return others(known(kSpaces));
    for (auto [word, code] : {std::pair("\\r", '\r'), {"\\n", '\n'}, {"\\t", '\t'}})
      if (accept(word))
        return Ranges{{uint32_t(code), uint32_t(code)}};
    auto c = uint8_t(text[at]);
    if (c >= 0x80 || std::string_view("\\(){}[].^$*+?&-").find(char(c)) != std::string_view::npos) {
      blame("'" + std::string(text.substr(at, 1)) + "', which is not known here,");
      return std::nullopt;
    }
    ++at;
    bool letter = (c | 32) >= 'a' && (c | 32) <= 'z';
    if (!anyCase || !letter)
      return Ranges{{c, c}};
    Ranges both{{uint32_t(c & ~32), uint32_t(c & ~32)}, {uint32_t(c | 32), uint32_t(c | 32)}};
    if ((c | 32) == 's') // U+017F, the long s, folds to s; the other contractions' letters have no such relatives
      both.push_back({0x17F, 0x17F});
    return both;
  }

  std::string_view text;
  SplitProgram &program;
  size_t at = 0;
  std::string problem;
};

} // namespace

std::string addSplitStage(std::string_view pattern, SplitProgram &program) {
  std::string problem = PatternParser(pattern, program).run();
  if (problem.empty() && (program.items.size() > GM_SPLIT_MAX_ITEMS || program.sets.size() > GM_SPLIT_MAX_SETS ||
                          program.ranges.size() > GM_SPLIT_MAX_RANGES))
    problem = "more parts than are possible";
  return problem;
}

void addDigitStage(SplitProgram &program) {
  program.items.push_back({GM_SPLIT_TAKE, addSet(program, Ranges(std::begin(kDigits), std::end(kDigits))), 1, 1});
  program.items.push_back({GM_SPLIT_STAGE, 0, 0, 0});
}

const NamedSplit *findNamedSplit(std::string_view name, std::string &known) {
  const NamedSplit *found = nullptr;
  for (const NamedSplit &split : kNamedSplits) {
    known += (known.empty() ? "" : ", ") + std::string(split.name);
    if (split.name == name)
      found = &split;
  }
  return found;
}

} // namespace gemmac::import
