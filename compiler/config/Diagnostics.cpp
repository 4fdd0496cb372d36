// Collecting, ordering and printing the errors of a description.
#include "compiler/config/Diagnostics.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <tuple>

namespace gemmac::config {

static bool samePlace(const Position &a, const Position &b) {
  return a.line == b.line && a.column == b.column && a.file == b.file;
}

/// Levenshtein distance with exchange of neighbours, of words that are short enough to be keys.
static size_t editDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  std::iota(last.begin(), last.end(), size_t(0));
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      size_t change = last[j - 1] + (a[i - 1] != b[j - 1]);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

std::string didYouMean(std::string_view word, const std::vector<std::string> &candidates) {
  constexpr size_t kLongest = 64;
  if (word.size() < 2 || word.size() > kLongest)
    return "";
  size_t best = std::max<size_t>(1, word.size() / 3) + 1;
  const std::string *nearest = nullptr;
  for (const std::string &candidate : candidates) {
    if (candidate.size() > kLongest)
      continue;
    size_t distance = editDistance(word, candidate);
    if (distance < best) {
      best = distance;
      nearest = &candidate;
    }
  }
  return nearest ? fmt::format("; did you mean '{}'?", *nearest) : "";
}

std::string joined(const std::vector<std::string> &words) {
  return fmt::format("{}", fmt::join(words, ", "));
}

std::string inQuotes(std::string_view word) {
  constexpr size_t kLongest = 80;
  std::string out = "'";
  for (char c : word.substr(0, kLongest))
    out += static_cast<unsigned char>(c) < 32 || c == 127 ? '?' : c;
  return out + (word.size() > kLongest ? "...'" : "'");
}

void Diagnostics::addSource(std::string file, std::string_view text) {
  sourceFile = std::move(file);
  sourceLines.clear();
  while (!text.empty()) {
    size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (!line.empty() && line.back() == '\r')
      line.remove_suffix(1);
    sourceLines.emplace_back(line);
    if (end == std::string_view::npos)
      break;
    text.remove_prefix(end + 1);
  }
}

void Diagnostics::error(const Position &where, std::string message, std::vector<Note> notes) {
  for (const Entry &entry : entries)
    if (entry.message == message && samePlace(entry.where, where))
      return;
  if (entries.size() >= kLimit) {
    ++dropped;
    return;
  }
  entries.push_back({where, std::move(message), std::move(notes)});
}

void Diagnostics::errorOnce(const Position &where, std::string message, std::vector<Note> notes) {
  for (const Entry &entry : entries)
    if (samePlace(entry.where, where))
      return;
  error(where, std::move(message), std::move(notes));
}

void Diagnostics::renderOne(const Position &where, std::string_view kind, const std::string &message,
                            std::string &out) const {
  if (!out.empty())
    out += '\n';
  if (where.line <= 0) {
    out += fmt::format("{}: {}: {}", where.file, kind, message);
    return;
  }
  out += fmt::format("{}:{}:{}: {}: {}", where.file, where.line, where.column, kind, message);
  if (where.file != sourceFile || static_cast<size_t>(where.line) > sourceLines.size())
    return;
  // Columns count characters, not bytes; a tab stays a tab so that the caret stands under its place on any terminal.
  const std::string &line = sourceLines[where.line - 1];
  std::string shown, pad;
  int column = 0;
  for (char c : line) {
    bool continuation = (static_cast<unsigned char>(c) & 0xC0) == 0x80;
    if (!continuation && ++column < where.column)
      pad += c == '\t' ? '\t' : ' ';
    shown += (static_cast<unsigned char>(c) < 32 && c != '\t') || c == 127 ? '?' : c;
  }
  out += fmt::format("\n{}\n{}^", shown, pad);
}

std::string Diagnostics::render() const {
  std::vector<size_t> order(entries.size());
  std::iota(order.begin(), order.end(), size_t(0));
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    const Position &first = entries[a].where, &second = entries[b].where;
    return std::tuple(first.line, first.column, a) < std::tuple(second.line, second.column, b);
  });
  std::string out;
  for (size_t index : order) {
    renderOne(entries[index].where, "error", entries[index].message, out);
    for (const Note &note : entries[index].notes)
      renderOne(note.where, "note", note.message, out);
  }
  if (dropped)
    out += fmt::format("\n{}: error: {} more errors are not shown", sourceFile, dropped);
  return out;
}

} // namespace gemmac::config
