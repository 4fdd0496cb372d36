// Errors found in a description: collected, so that one run reports them all, and printed with the line they stand on
// under a caret. Positions may also lie in a checkpoint's config.json (line 0: the file as a whole).
#ifndef COMPILER_CONFIG_DIAGNOSTICS_H
#define COMPILER_CONFIG_DIAGNOSTICS_H

#include "compiler/config/Model.h"

#include <string>
#include <string_view>
#include <vector>

namespace gemmac::config {

/// A second place that belongs to an error.
struct Note {
  Position where;
  std::string message;
};

class Diagnostics {
public:
  /// Errors after this many are counted, not kept.
  static constexpr size_t kLimit = 100;

  /// Gives the text of a file so that its lines can be quoted.
  void addSource(std::string file, std::string_view text);
  /// Keeps an error. The same message at the same place is kept once.
  void error(const Position &where, std::string message, std::vector<Note> notes = {});
  /// Keeps an error unless there is already one at this place: for what is evaluated once per layer.
  void errorOnce(const Position &where, std::string message, std::vector<Note> notes = {});

  bool empty() const { return entries.empty(); }
  size_t count() const { return entries.size() + dropped; }
  /// All errors in order of their lines: `file:line:col: error: ...`, the line, the caret, then the notes likewise.
  std::string render() const;

private:
  struct Entry {
    Position where;
    std::string message;
    std::vector<Note> notes;
  };
  void renderOne(const Position &where, std::string_view kind, const std::string &message, std::string &out) const;

  std::vector<Entry> entries;
  size_t dropped = 0;
  std::string sourceFile;
  std::vector<std::string> sourceLines;
};

/// "; did you mean 'x'?" for the candidate nearest to `word`, or "" if none is near.
std::string didYouMean(std::string_view word, const std::vector<std::string> &candidates);
/// "a, b, c".
std::string joined(const std::vector<std::string> &words);
/// A word from a file as a message may show it: quoted, control characters replaced, cut after 80 bytes.
std::string inQuotes(std::string_view word);

} // namespace gemmac::config
#endif
