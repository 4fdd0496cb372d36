// The files beside tokenizer.json: the input is each of them at once.
#include "test/fuzz/Text.h"

#include <fstream>
#include <sstream>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const fuzz::Folder folder = [] {
    fuzz::Folder made;
    std::ostringstream text;
    text << std::ifstream(GEMMAC_SOURCE_DIR "/test/goldens/tokenizer/words-unk.json").rdbuf();
    made.put("tokenizer.json", text.str());
    return made;
  }();
  for (const char *name : {"tokenizer_config.json", "generation_config.json", "config.json"})
    folder.put(name, fuzz::text(data, size));
  auto imported = gemmac::import::importTokenizer(folder.path);
  if (imported && !imported->section.empty())
    fuzz::exercise(*fuzz::OwnTokenizer(std::move(imported->section)), "the <bos>");
  return 0;
}
