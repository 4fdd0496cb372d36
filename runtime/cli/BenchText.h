// How fast the tokenizer reads text, for `bench`.
#ifndef RUNTIME_CLI_BENCHTEXT_H
#define RUNTIME_CLI_BENCHTEXT_H

#include "runtime/text/Tokenizer.h"

#include <string>
#include <vector>

namespace gemmart {

/// Seconds of each repetition of encoding one text with one thread, after an untimed one that touches the tables. No
/// repetition knows words from the one before.
struct EncodeTimes {
  std::string text; ///< what it was, for people
  size_t bytes = 0, tokens = 0;
  std::vector<double> seconds;
};

/// Fails if the text is not UTF-8.
Result<EncodeTimes> measureEncode(const Tokenizer &tokenizer, std::string_view text, int64_t repetitions);

/// `bytes` of words, which are tokens of the vocabulary that begin with a space and go on with letters, drawn so that
/// the n-th of them (in order of ids, which merging gave by frequency) comes up in proportion to 1 / n, with some
/// punctuation. Unlike prose in two ways: every word is one token, and more of them are
/// rare. Any token is a word where there are few.
std::string wordsOfVocabulary(const Tokenizer &tokenizer, size_t bytes);

} // namespace gemmart
#endif
