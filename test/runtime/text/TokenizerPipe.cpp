// A filter for tests: one JSON string a line in; out, with tabs between, its ids as a JSON array and two JSON strings:
// what the ids are as text with control tokens and without. Arguments: what importTokenizer takes, then "plain" to
// leave control tokens as text.
#include "compiler/import/Tokenizer.h"
#include "runtime/text/Json.h"
#include "runtime/text/Tokenizer.h"
#include "runtime/text/Utf8.h"

#include <cstdio>
#include <cstring>
#include <iostream>
#include <nlohmann/json.hpp>

/// The text of the ids as a stream shows it; "half a character" if a piece of it is none.
static std::string decoded(const gemmart::Tokenizer &tokenizer, const std::vector<int32_t> &ids, bool showControl) {
  gemmart::StreamDecoder stream(tokenizer, showControl);
  std::string text;
  for (int32_t id : ids) {
    std::string piece = stream.push(id);
    if (gemmart::findInvalidUtf8(piece) != std::string::npos)
      return "half a character";
    text += piece;
  }
  return nlohmann::json(text + stream.finish()).dump();
}

int main(int argc, char **argv) {
  if (argc < 2)
    return 2;
  gemmac::Result<gemmac::import::TokenizerImport> imported = gemmac::import::importTokenizer(std::string(argv[1]));
  if (!imported || imported->section.empty()) {
    std::fprintf(stderr, "%s\n", imported ? imported->notes[0].c_str() : imported.error().message.c_str());
    return 1;
  }
  gemmart::Result<gemmart::Tokenizer> tokenizer = gemmart::Tokenizer::open(imported->section);
  if (!tokenizer) {
    std::fprintf(stderr, "%s\n", tokenizer.status().message().c_str());
    return 1;
  }
  gemmart::EncodeOptions options;
  options.parseControl = argc < 3 || std::strcmp(argv[2], "plain") != 0;
  for (std::string line; std::getline(std::cin, line);) {
    gemmart::Result<gemmart::Json> text = gemmart::parseJson(line);
    if (!text)
      return 1;
    gemmart::Result<std::vector<int32_t>> ids = tokenizer->encode(text->text, options);
    if (!ids) {
      std::fprintf(stderr, "%s\n", ids.status().message().c_str());
      return 1;
    }
    std::printf("%s\t%s\t%s\n", nlohmann::json(*ids).dump().c_str(), decoded(*tokenizer, *ids, true).c_str(),
                decoded(*tokenizer, *ids, false).c_str());
    std::fflush(stdout);
  }
  return 0;
}
