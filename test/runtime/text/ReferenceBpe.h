// BPE by its definition, in quadratic time: what the encoder with its cuts, cache and heap is judged by.
#ifndef TEST_RUNTIME_TEXT_REFERENCEBPE_H
#define TEST_RUNTIME_TEXT_REFERENCEBPE_H

#include "runtime/text/Tokenizer.h"

#include <string>
#include <vector>

/// Characters (spaces already marked), then again and again the best adjacent pair, leftmost of equals. `better` gives
/// the key of joining two strings, smaller first, or a negative number if they cannot be joined.
std::vector<std::string> mergeByDefinition(const std::string &marked,
                                           double (*key)(const std::string &, const std::string &, const void *),
                                           const void *context);

/// Every " " becomes U+2581.
std::string markSpaces(const std::string &text);

/// A string of pieces of the alphabet, chosen by a small generator of its own (the same everywhere).
std::string randomText(uint64_t &state, const std::vector<std::string> &alphabet, size_t pieces);

#endif
