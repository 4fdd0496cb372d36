// A small vocabulary, and the slow and certain way to know which tokens may come next: try each.
#ifndef TEST_RUNTIME_GRAMMAR_GRAMMARFIXTURE_H
#define TEST_RUNTIME_GRAMMAR_GRAMMARFIXTURE_H

#include "runtime/grammar/Constraint.h"

#include <random>

namespace gemmart {

/// All single bytes, and pieces that begin and end in the middle of everything. The last tokens are controls.
std::shared_ptr<const Vocabulary> smallVocabulary();

/// Compiles, or stops the test with the problem.
std::shared_ptr<const Grammar> mustCompile(GrammarSource::Kind kind, const std::string &text);

/// Empty if this text, byte by byte, is a whole answer; else why not.
std::string judge(const std::shared_ptr<const Grammar> &grammar, std::string_view text);

/// Draws tokens until the answer is finished or `mostTokens` are there; each mask is compared with trying every token.
/// Returns the text; empty when it did not end by itself.
std::string randomAnswer(const std::shared_ptr<const Grammar> &grammar, std::mt19937 &random, int mostTokens);

} // namespace gemmart
#endif
