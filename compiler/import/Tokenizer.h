// The tokenizer of a checkpoint, turned into the "tokenizer" section of an executable (runtime/abi/TokenizerSection.h).
// All checks of untrusted files happen here; the runtime only verifies that the section is whole.
#ifndef COMPILER_IMPORT_TOKENIZER_H
#define COMPILER_IMPORT_TOKENIZER_H

#include "compiler/support/Result.h"

#include <cstdint>
#include <string>
#include <vector>

namespace gemmac::import {

class Checkpoint;

/// What came of the search for a tokenizer.
struct TokenizerImport {
  std::vector<uint8_t> section;   ///< empty if there is no tokenizer that gemmac can use; then notes say why
  std::vector<std::string> notes; ///< one line each, for people ("tokenizer: 262144 tokens, 514906 merges from FILE")
};

/// `path` is a folder with tokenizer.json (beside it, if present, tokenizer_config.json, generation_config.json and
/// config.json name the special tokens), a tokenizer.json itself, or a .gguf file. A folder without tokenizer.json, a
/// GGUF file without tokens and a kind of tokenizer that gemmac does not know (WordPiece, Unigram, a split that is not
/// known) give an empty section and a note; a damaged tokenizer is an error that names the file and the place.
Result<TokenizerImport> importTokenizer(const std::string &path);

/// The tokenizer that belongs to these weights. A GGUF file that is open already is not opened again.
Result<TokenizerImport> importTokenizer(const Checkpoint &checkpoint);

} // namespace gemmac::import
#endif
