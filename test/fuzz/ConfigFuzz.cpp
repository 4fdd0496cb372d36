// config.json: its numbers, judged by a description.
#include "compiler/config/Description.h"
#include "compiler/import/Safetensors.h"
#include "test/fuzz/Input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  auto numbers = gemmac::import::flattenConfig(fuzz::text(data, size), "config.json");
  if (!numbers)
    return 0;
  gemmac::config::Facts facts;
  facts.source = gemmac::config::Facts::Source::HuggingFace;
  facts.path = "folder";
  facts.numbers = std::move(*numbers);
  (void)gemmac::config::elaborate(GEMMAC_SOURCE_DIR "/models/gemma3.toml", std::nullopt, &facts);
  return 0;
}
