// A GGUF file: metadata, the table of tensors, their values, and the tokenizer's arrays.
#include "compiler/import/Gguf.h"
#include "test/fuzz/Input.h"

using namespace gemmac::import;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz::File file(fuzz::text(data, size));
  auto opened = Gguf::open(file.path());
  if (!opened)
    return 0;
  const Gguf &gguf = **opened;
  std::vector<float> values(256);
  for (const Tensor &tensor : gguf.tensors()) {
    int64_t elements = 1;
    for (int64_t dimension : tensor.shape)
      elements *= dimension;
    if (tensor.type != DType::Other && elements >= 256)
      (void)gguf.read(tensor, 0, values);
  }
  for (const char *key : {"tokenizer.ggml.tokens", "tokenizer.ggml.scores", "tokenizer.ggml.token_type"}) {
    if (auto strings = gguf.strings(key))
      for (std::string_view one : *strings)
        fuzz::must(one.size() < size, "a string lies in the file");
    (void)gguf.floats(key);
    (void)gguf.ints(key);
  }
  return 0;
}
