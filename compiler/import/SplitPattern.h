// Patterns that cut text before its merges, as tokenizer.json has them, turned into the split program of the section.
#ifndef COMPILER_IMPORT_SPLITPATTERN_H
#define COMPILER_IMPORT_SPLITPATTERN_H

#include "runtime/abi/TokenizerSection.h"

#include <string>
#include <string_view>
#include <vector>

namespace gemmac::import {

/// The tables of GmTokenizerHeader's split program.
struct SplitProgram {
  std::vector<GmSplitItem> items;
  std::vector<GmSplitSet> sets;
  std::vector<GmSplitRange> ranges;
};

/// Adds a stage that cuts as this regular expression matches. Known are alternatives (also in `(?i:...)`, of letters),
/// characters,
/// `[...]`, `\p{L}`, `\p{N}`, `\s`, `\S`, `\r`, `\n`, `? * + {m,n}`, and `(?!...)` of one set at the end of an
/// alternative. Returns what it does not know, or nothing.
std::string addSplitStage(std::string_view pattern, SplitProgram &program);

/// Adds a stage in which every digit is a piece: the pre-tokeniser Digits.
void addDigitStage(SplitProgram &program);

/// The way to cut text that GGUF files mean by a name in tokenizer.ggml.pre.
struct NamedSplit {
  std::string_view name;
  bool digitsFirst;
  const char *pattern;
  bool wholeFirst; ///< a piece that is a token is that token, whatever its merges
};

/// Null for an unknown name; the known ones, with commas between, are added to `known`.
const NamedSplit *findNamedSplit(std::string_view name, std::string &known);

/// What ByteLevel cuts by unless it is told not to.
extern const char *const kGpt2Pattern;

} // namespace gemmac::import
#endif
