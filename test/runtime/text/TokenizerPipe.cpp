// A filter for tests: one JSON string a line in, its ids out. Arguments: what importTokenizer takes, then "plain" to
// leave control tokens as text.
#include "compiler/import/Tokenizer.h"
#include "runtime/text/Json.h"
#include "runtime/text/Tokenizer.h"

#include <cstdio>
#include <cstring>
#include <iostream>

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
      std::printf("error: %s\n", ids.status().message().c_str());
      continue;
    }
    for (int32_t id : *ids)
      std::printf("%d ", id);
    std::printf("\n");
  }
  return 0;
}
