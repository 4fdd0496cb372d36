// tokenizer.json: what the compiler takes, the runtime opens and uses.
#include "test/fuzz/Text.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const fuzz::Folder folder;
  folder.put("tokenizer.json", fuzz::text(data, size));
  auto imported = gemmac::import::importTokenizer(folder.path + "/tokenizer.json");
  if (imported && !imported->section.empty()) {
    fuzz::OwnTokenizer tokenizer(std::move(imported->section));
    fuzz::exercise(*tokenizer, " the <bos>\n\n\xF0\x9F\x91\xA9 <|turn>");
  }
  return 0;
}
