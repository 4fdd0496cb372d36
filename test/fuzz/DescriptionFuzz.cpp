// A description as a TOML file: checked with every size that it publishes.
#include "compiler/config/Description.h"
#include "test/fuzz/Input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz::File file(fuzz::text(data, size));
  (void)gemmac::config::check(file.path());
  return 0;
}
