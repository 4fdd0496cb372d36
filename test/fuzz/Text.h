// What the targets around the tokenizer share: a small tokenizer of the tree, and what must hold for any.
#ifndef TEST_FUZZ_TEXT_H
#define TEST_FUZZ_TEXT_H

#include "compiler/import/Tokenizer.h"
#include "runtime/text/Tokenizer.h"
#include "runtime/text/Utf8.h"
#include "test/fuzz/Input.h"

namespace fuzz {

/// A tokenizer with the section it lives in.
struct OwnTokenizer {
  explicit OwnTokenizer(std::vector<uint8_t> bytes) : section(std::move(bytes)) {
    auto opened = gemmart::Tokenizer::open(section);
    must(bool(opened), "the runtime opens what the compiler wrote");
    tokenizer.push_back(*opened);
  }
  const gemmart::Tokenizer &operator*() const { return tokenizer[0]; }
  const gemmart::Tokenizer *operator->() const { return &tokenizer[0]; }
  std::vector<uint8_t> section;
  std::vector<gemmart::Tokenizer> tokenizer; ///< one
};

inline const OwnTokenizer &goldenTokenizer() {
  static const OwnTokenizer tokenizer(
      gemmac::import::importTokenizer(GEMMAC_SOURCE_DIR "/test/goldens/tokenizer/words-bytes.json")->section);
  return tokenizer;
}

/// Any text through any tokenizer: ids are tokens, plain text gives no control token, decoding gives valid UTF-8.
inline void exercise(const gemmart::Tokenizer &tokenizer, std::string_view text) {
  for (bool control : {false, true}) {
    auto ids = tokenizer.encode(text, {.parseControl = control});
    if (!ids)
      return;
    for (int32_t id : *ids) {
      must(tokenizer.isToken(id), "an id is a token");
      must(control || !tokenizer.isControl(id) || id == tokenizer.unk(), "plain text gives no control token");
    }
    for (bool show : {false, true})
      must(gemmart::findInvalidUtf8(tokenizer.decode(*ids, show)) == std::string::npos, "what is decoded is UTF-8");
  }
}

} // namespace fuzz
#endif
