// See CharSet.h.
#include "runtime/grammar/CharSet.h"

#include <algorithm>

namespace gemmart {

namespace {
#include "runtime/grammar/Categories.inc"
} // namespace

void CharSet::add(const CharSet &other) {
  all.insert(all.end(), other.all.begin(), other.all.end());
  std::sort(all.begin(), all.end());
  size_t kept = 0;
  for (size_t i = 0; i < all.size(); ++i) {
    if (kept > 0 && all[i].first <= all[kept - 1].second + 1)
      all[kept - 1].second = std::max(all[kept - 1].second, all[i].second);
    else
      all[kept++] = all[i];
  }
  all.resize(kept);
}

CharSet CharSet::complement() const {
  CharSet result;
  uint32_t next = 0;
  for (auto [low, high] : all) {
    if (low > next)
      result.all.push_back({next, low - 1});
    next = high + 1;
  }
  if (next <= last)
    result.all.push_back({next, last});
  return result;
}

CharSet CharSet::without(const CharSet &other) const {
  CharSet rest = complement();
  rest.add(other);
  return rest.complement();
}

bool CharSet::contains(uint32_t character) const {
  return std::any_of(all.begin(), all.end(),
                     [&](const auto &range) { return character >= range.first && character <= range.second; });
}

std::optional<CharSet> CharSet::category(std::string_view name) {
  static constexpr std::pair<std::string_view, std::string_view> kLong[] = {{"Letter", "L"},
                                                                            {"Cased_Letter", "LC"},
                                                                            {"Uppercase_Letter", "Lu"},
                                                                            {"Lowercase_Letter", "Ll"},
                                                                            {"Titlecase_Letter", "Lt"},
                                                                            {"Modifier_Letter", "Lm"},
                                                                            {"Other_Letter", "Lo"},
                                                                            {"Mark", "M"},
                                                                            {"Combining_Mark", "M"},
                                                                            {"Nonspacing_Mark", "Mn"},
                                                                            {"Spacing_Mark", "Mc"},
                                                                            {"Enclosing_Mark", "Me"},
                                                                            {"Number", "N"},
                                                                            {"Decimal_Number", "Nd"},
                                                                            {"digit", "Nd"},
                                                                            {"Letter_Number", "Nl"},
                                                                            {"Other_Number", "No"},
                                                                            {"Punctuation", "P"},
                                                                            {"punct", "P"},
                                                                            {"Connector_Punctuation", "Pc"},
                                                                            {"Dash_Punctuation", "Pd"},
                                                                            {"Open_Punctuation", "Ps"},
                                                                            {"Close_Punctuation", "Pe"},
                                                                            {"Initial_Punctuation", "Pi"},
                                                                            {"Final_Punctuation", "Pf"},
                                                                            {"Other_Punctuation", "Po"},
                                                                            {"Symbol", "S"},
                                                                            {"Math_Symbol", "Sm"},
                                                                            {"Currency_Symbol", "Sc"},
                                                                            {"Modifier_Symbol", "Sk"},
                                                                            {"Other_Symbol", "So"},
                                                                            {"Separator", "Z"},
                                                                            {"Space_Separator", "Zs"},
                                                                            {"Line_Separator", "Zl"},
                                                                            {"Paragraph_Separator", "Zp"},
                                                                            {"Other", "C"},
                                                                            {"Control", "Cc"},
                                                                            {"cntrl", "Cc"},
                                                                            {"Format", "Cf"},
                                                                            {"Private_Use", "Co"},
                                                                            {"Unassigned", "Cn"}};
  if (name == "Any")
    return any();
  if (name == "ASCII")
    return CharSet(0, 0x7F);
  for (auto [words, letters] : kLong)
    if (name == words)
      name = letters;
  CharSet found;
  bool known = false;
  for (size_t i = 0; i < std::size(kCategoryNames); ++i) {
    std::string_view each = kCategoryNames[i];
    bool cased = name == "LC" && (each == "Lu" || each == "Ll" || each == "Lt");
    if (each != name && !cased && !(name.size() == 1 && each[0] == name[0]))
      continue;
    known = true;
    for (size_t run = 0; run + 1 < std::size(kCategoryRuns); ++run)
      if ((kCategoryRuns[run] & 31) == i)
        found.all.push_back({kCategoryRuns[run] >> 5, (kCategoryRuns[run + 1] >> 5) - 1});
  }
  if (!known)
    return std::nullopt;
  found.add(CharSet());
  return found;
}

} // namespace gemmart
