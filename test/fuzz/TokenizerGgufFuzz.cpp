// The tokenizer of a GGUF file: arrays of any strings, scores and types.
#include "compiler/import/TokenizerData.h"
#include "test/fuzz/Text.h"

#include <fuzzer/FuzzedDataProvider.h>

#include <list>

using namespace gemmac::import;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  FuzzedDataProvider from(data, size);
  std::list<std::string> kept;
  auto string = [&] { return std::string_view(kept.emplace_back(from.ConsumeRandomLengthString(24))); };
  GgufTokenizer facts;
  facts.model = from.ConsumeBool() ? "llama" : "gpt2";
  facts.addBos = from.ConsumeBool(), facts.addSpacePrefix = from.ConsumeBool();
  for (int64_t *id : {&facts.bos, &facts.eos, &facts.unk, &facts.pad, &facts.eot})
    *id = from.ConsumeIntegralInRange<int64_t>(-2, 40);
  std::string text = from.ConsumeRandomLengthString(200);
  for (size_t count = from.ConsumeIntegralInRange<size_t>(0, 300); count > 0 && from.remaining_bytes(); --count) {
    facts.tokens.push_back(string());
    if (from.ConsumeProbability<float>() < 0.98f)
      facts.scores.push_back(from.ConsumeFloatingPoint<float>());
    facts.types.push_back(from.ConsumeIntegralInRange<int32_t>(0, 7));
  }
  if (from.ConsumeBool())
    facts.types.clear();
  for (size_t count = from.ConsumeIntegralInRange<size_t>(0, 100); count > 0 && from.remaining_bytes(); --count)
    facts.merges.push_back(string());
  std::string unsupported;
  auto read = readTokenizerGguf(facts, "fuzz.gguf", unsupported);
  if (!read || !unsupported.empty())
    return 0;
  if (auto section = buildTokenizerSection(*read)) {
    fuzz::OwnTokenizer tokenizer(std::move(*section));
    fuzz::exercise(*tokenizer, text);
  }
  return 0;
}
