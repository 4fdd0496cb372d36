// A reference run: token ids and the logits (and layers' outputs) that they must give, as files of raw float32.
#ifndef COMPILER_CERTIFY_REFERENCE_H
#define COMPILER_CERTIFY_REFERENCE_H

#include "compiler/import/MappedFile.h"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace gemmac::certify {

/// What a run must fit.
struct ModelFacts {
  int64_t vocab = 0, context = 0;
  int64_t hiddenFloats = 0; ///< what leaves all layers, side by side
};

struct Reference {
  std::string tokensPath;
  std::vector<int32_t> tokens;
  int64_t rows = 0;                                   ///< of the last tokens
  std::unique_ptr<import::MappedFile> logits, hidden; ///< [rows, vocab], [rows, hiddenFloats]; hidden may be missing

  int64_t firstPosition() const { return static_cast<int64_t>(tokens.size()) - rows; }
  /// Row `row` of a file, or an error that names its first number that is none.
  static Result<std::span<const float>> row(const import::MappedFile &file, int64_t row, int64_t floats);
  /// Hash of the logits file, as of a section.
  uint64_t hash() const;
};

/// Opens three files; an empty `hidden` is none. Every size and id is checked.
Result<Reference> openReference(const std::string &tokens, const std::string &logits, const std::string &hidden,
                                const ModelFacts &facts);

/// Opens tokens.txt, logits.f32 (or `logits`) and, where they are there, hidden.f32 and meta.json of a folder.
Result<Reference> openFolder(const std::string &folder, const std::string &logits, const ModelFacts &facts);

/// Ids separated by commas, blanks or line ends.
Result<std::vector<int32_t>> parseTokens(const std::string &text, const std::string &place, const ModelFacts &facts);

} // namespace gemmac::certify
#endif
