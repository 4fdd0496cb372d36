// Regular expressions: a tree, and the parser of ECMAScript's notation (with the u flag) for it.
#ifndef RUNTIME_GRAMMAR_REGEX_H
#define RUNTIME_GRAMMAR_REGEX_H

#include "runtime/base/Status.h"
#include "runtime/grammar/CharSet.h"

#include <string>

namespace gemmart {

struct RegexTree {
  enum Kind {
    Empty,  ///< matches nothing but ""
    Set,    ///< one character
    Concat, ///< children one after the other
    Either, ///< one of the children
    Repeat, ///< the child, least to most times
    Start,  ///< the start of the text
    End,    ///< its end
    Call,   ///< of a grammar: the rule `name`
  };
  static constexpr uint32_t endless = UINT32_MAX;
  Kind kind = Empty;
  CharSet set;
  std::vector<RegexTree> children;
  uint32_t least = 0, most = 0;
  std::string name;

  static RegexTree of(CharSet set);
  static RegexTree text(std::string_view utf8);
  static RegexTree concat(std::vector<RegexTree> children);
  static RegexTree either(std::vector<RegexTree> children);
  static RegexTree repeat(RegexTree child, uint32_t least, uint32_t most);
};

/// Alternatives, groups (named ones too), classes, \d \w \s \p{category}, escapes, quantifiers (lazy ones match the
/// same texts), ^ and $. No look-around, back-references and word boundaries: these fail with `unsupported` set.
/// Messages name the byte.
Result<RegexTree> parseRegex(std::string_view pattern, bool &unsupported);

} // namespace gemmart
#endif
