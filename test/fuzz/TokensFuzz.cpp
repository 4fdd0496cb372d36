// A list of token ids as the command line takes it.
#include "runtime/cli/Program.h"
#include "test/fuzz/Input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::string list(fuzz::text(data, size));
  if (!list.empty() && list[0] == '@') // would read a file
    return 0;
  if (auto ids = gemmart::parseTokens(list, 1000))
    for (int32_t id : *ids)
      fuzz::must(id >= 0 && id < 1000, "an id is a token");
  return 0;
}
