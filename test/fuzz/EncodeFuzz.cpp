// Any text through a good tokenizer: it comes back whole, and a prompt's parts give no more than they may.
#include "runtime/text/Prompt.h"
#include "test/fuzz/Text.h"

#include <algorithm>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const gemmart::Tokenizer &tokenizer = *fuzz::goldenTokenizer();
  std::string_view text = fuzz::text(data, size);
  fuzz::exercise(tokenizer, text);
  auto plain = tokenizer.encode(text);
  if (!plain)
    return 0;
  // A mark for spaces in the text comes back as a space; all else as it was.
  std::string expected(text);
  for (size_t at; (at = expected.find(gemmart::spaceMark)) != std::string::npos;)
    expected.replace(at, gemmart::spaceMark.size(), " ");
  fuzz::must(tokenizer.decode(*plain, true) == expected, "a text comes back");
  gemmart::Prompt prompt;
  prompt.addTemplate("<bos><|turn>");
  prompt.addPlain(text);
  prompt.addTemplate("<turn|>");
  auto ids = tokenizer.encode(prompt);
  fuzz::must(bool(ids), "a prompt of valid text is encoded");
  fuzz::must(std::count_if(ids->begin(), ids->end(), [&](int32_t id) { return tokenizer.isControl(id); }) == 3,
             "three control tokens of the template, none of the text");
  return 0;
}
