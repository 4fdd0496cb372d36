// The tokenizer section of an executable, damaged: the input is a list of patches (offset, byte) on a good section, so
// that the fuzzer need not find its 1.2 KB header first, then a text. An input that begins with the section's magic is
// one itself.
#include "test/fuzz/Text.h"

#include <cstring>
#include <fuzzer/FuzzedDataProvider.h>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::vector<uint8_t> section;
  std::string text = "the License <|turn>\n\n  aaaa\xE6\x88\x91";
  if (size >= 8 && std::memcmp(data, GM_TOKENIZER_MAGIC, 8) == 0) {
    section.assign(data, data + size);
  } else {
    FuzzedDataProvider from(data, size);
    text = from.ConsumeRandomLengthString(60);
    section = fuzz::goldenTokenizer().section;
    while (from.remaining_bytes() >= 3) {
      bool header = from.ConsumeBool(); // most of what matters stands there
      size_t last = (header ? sizeof(GmTokenizerHeader) : section.size()) - 1;
      size_t at = from.ConsumeIntegralInRange<size_t>(0, last);
      section[at] = from.ConsumeIntegral<uint8_t>();
    }
  }
  if (auto tokenizer = gemmart::Tokenizer::open(section))
    fuzz::exercise(*tokenizer, text);
  return 0;
}
