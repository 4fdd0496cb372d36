// Deterministic automata over characters, and how they become rules over bytes.
#ifndef RUNTIME_GRAMMAR_CHARAUTOMATON_H
#define RUNTIME_GRAMMAR_CHARAUTOMATON_H

#include "runtime/grammar/Network.h"
#include "runtime/grammar/Regex.h"

#include <functional>
#include <optional>
#include <string_view>

namespace gemmart {

/// States are numbers, 0 is the start; only states from which a match can be reached are kept. Characters that no
/// transition tells apart share a class.
class CharAutomaton {
public:
  static constexpr uint32_t dead = UINT32_MAX;
  static constexpr size_t mostStates = 20000, mostSteps = 60000;

  /// The texts that the tree matches as a whole, or, with `search`, somewhere. The tree has no Call. None if the
  /// automaton would be too large.
  static std::optional<CharAutomaton> of(const RegexTree &tree, bool search);
  /// All texts of least to most characters.
  static std::optional<CharAutomaton> ofLength(uint32_t least, uint32_t most);
  /// Exactly these texts.
  static CharAutomaton ofTexts(std::span<const std::string> texts);

  /// The texts for which `keep` says so, given whether each of the two accepts them. None if it would be too large.
  static std::optional<CharAutomaton> combine(const CharAutomaton &left, const CharAutomaton &right,
                                              const std::function<bool(bool, bool)> &keep);

  bool empty() const { return accepting.empty(); }
  bool matches(std::string_view utf8) const;
  size_t states() const { return accepting.size(); }
  bool accepts(uint32_t state) const { return accepting[state]; }
  uint32_t next(uint32_t state, uint32_t character) const;
  /// Any text at all matches from here.
  bool acceptsAll(uint32_t state) const;
  /// All texts that match, if they are at most `most` and quickly found; else false.
  bool listTexts(size_t most, std::vector<std::string> &texts) const;
  /// Calls `use` with each range of characters and the state behind; neighbours with one target are one range.
  void forEachRange(uint32_t state, const std::function<void(uint32_t, uint32_t, uint32_t)> &use) const;

  std::vector<uint32_t> starts;  ///< [interval] first character; the first is 0
  std::vector<uint32_t> classes; ///< [interval]
  uint32_t classCount = 0;
  std::vector<uint32_t> targets; ///< [state][class]
  std::vector<uint8_t> accepting;

  void trim();
  uint32_t classOf(uint32_t character) const;
};

/// How characters are written in the text.
enum class CharSpelling {
  Plain,      ///< as they are, in UTF-8
  JsonString, ///< between quotes, with the escapes that JSON needs
  JsonKey,    ///< the same, as a key (EdgeFlag::StartsKey)
  ToolKey,    ///< as they are, and a colon, as a key
};

/// A rule for the automaton's texts; returns its start. None if it would be too large.
std::optional<uint32_t> addAutomaton(NetworkBuilder &builder, const CharAutomaton &automaton, CharSpelling spelling);

} // namespace gemmart
#endif
