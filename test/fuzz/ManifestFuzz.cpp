// The manifest section.
#include "runtime/model/Manifest.h"
#include "test/fuzz/Input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  constexpr int64_t vocab = 1000;
  auto manifest = gemmart::parseManifest({data, size}, vocab);
  if (!manifest)
    return 0;
  for (int32_t id : manifest->stopIds)
    fuzz::must(id >= 0 && id < vocab, "a stop token is a token");
  fuzz::must(manifest->bos >= -1 && manifest->bos < vocab, "bos is a token");
  return 0;
}
