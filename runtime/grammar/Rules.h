// A small notation for grammars, close to what llama.cpp calls GBNF; docs/structured-output.md describes it.
#ifndef RUNTIME_GRAMMAR_RULES_H
#define RUNTIME_GRAMMAR_RULES_H

#include "runtime/grammar/Grammar.h"

#include <optional>

namespace gemmart {

/// Writes the rules of a grammar; returns the start of `root`. None, and `problem`, which names the line.
std::optional<uint32_t> addRules(NetworkBuilder &builder, std::string_view text, GrammarProblem &problem);

} // namespace gemmart
#endif
