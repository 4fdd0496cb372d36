// A safetensors file: its header, and the first and last values of each tensor that it declares.
#include "compiler/import/Checkpoint.h"
#include "test/fuzz/Input.h"

#include <array>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const fuzz::Folder folder = [] {
    fuzz::Folder made;
    made.put("config.json", "{}");
    return made;
  }();
  folder.put("model.safetensors", fuzz::text(data, size));
  auto checkpoint = gemmac::import::openCheckpoint(folder.path);
  if (!checkpoint)
    return 0;
  std::array<float, 1> one;
  for (const gemmac::import::Tensor &tensor : (*checkpoint)->tensors()) {
    int64_t elements = 1;
    for (int64_t dimension : tensor.shape)
      elements *= dimension;
    if (elements == 0 || tensor.type == gemmac::import::DType::Other)
      continue;
    (void)(*checkpoint)->read(tensor, 0, one);
    (void)(*checkpoint)->read(tensor, elements - 1, one);
  }
  return 0;
}
