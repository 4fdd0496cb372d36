// Small text helpers, see Text.h.
#include "runtime/base/Text.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <vector>

namespace gemmart {

std::string format(const char *pattern, ...) {
  va_list arguments, copy;
  va_start(arguments, pattern);
  va_copy(copy, arguments);
  int length = vsnprintf(nullptr, 0, pattern, copy);
  va_end(copy);
  std::string text(length > 0 ? length : 0, '\0');
  if (length > 0)
    vsnprintf(text.data(), text.size() + 1, pattern, arguments);
  va_end(arguments);
  return text;
}

std::string formatBytes(int64_t bytes) {
  static constexpr const char *kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  double value = double(bytes);
  int unit = 0;
  while (value >= 1024 && unit < 4) {
    value /= 1024;
    ++unit;
  }
  return unit == 0 ? format("%lld B", (long long)bytes) : format("%.2f %s", value, kUnits[unit]);
}

std::string withoutControl(std::string_view text, std::string_view instead) {
  std::string tame;
  for (size_t at = 0; at < text.size(); ++at) {
    uint8_t byte = uint8_t(text[at]);
    bool second = byte == 0xC2 && at + 1 < text.size() && uint8_t(text[at + 1]) >= 0x80 && uint8_t(text[at + 1]) < 0xA0;
    at += second;
    if (second || byte == 0x7F || (byte < 0x20 && byte != '\n' && byte != '\t'))
      tame += instead;
    else
      tame += char(byte);
  }
  return tame;
}

/// Insertions, deletions and replacements from one word to the other.
static size_t editDistance(std::string_view from, std::string_view to) {
  std::vector<size_t> row(to.size() + 1);
  for (size_t j = 0; j <= to.size(); ++j)
    row[j] = j;
  for (size_t i = 1; i <= from.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= to.size(); ++j) {
      size_t replaced = diagonal + (from[i - 1] != to[j - 1]);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[to.size()];
}

std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates) {
  constexpr size_t kLongestWord = 64; // a longer one is no typing error of a name
  if (word.empty() || word.size() > kLongestWord)
    return {};
  std::string_view best;
  size_t bestDistance = word.size() / 3 + 2; // one more than is forgiven
  for (std::string_view candidate : candidates)
    if (size_t distance = editDistance(word, candidate); distance < bestDistance && distance < candidate.size()) {
      best = candidate;
      bestDistance = distance;
    }
  return best;
}

std::string didYouMean(std::string_view word, std::span<const std::string_view> candidates) {
  std::string_view best = nearest(word, candidates);
  return best.empty() ? std::string() : "; did you mean '" + std::string(best) + "'?";
}

} // namespace gemmart
