// model.safetensors.index.json of a folder with two shards.
#include "compiler/import/Checkpoint.h"
#include "test/fuzz/Input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const fuzz::Folder folder = [] {
    fuzz::Folder made;
    made.put("config.json", "{}");
    made.put("a.safetensors", fuzz::tinySafetensors("a"));
    made.put("b.safetensors", fuzz::tinySafetensors("b"));
    return made;
  }();
  folder.put("model.safetensors.index.json", fuzz::text(data, size));
  (void)gemmac::import::openCheckpoint(folder.path);
  return 0;
}
