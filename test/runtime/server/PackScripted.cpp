// Writes the scripted model as an executable: pack_scripted PROGRAM OUTPUT TEMPLATE
#include "compiler/import/Tokenizer.h"
#include "test/runtime/FakeModel.h"
#include "test/runtime/TestFiles.h"
#include "test/runtime/server/ScriptedModel.h"

#include <cstdio>
#include <nlohmann/json.hpp>
#include <unistd.h>

using namespace gemmart;

static std::string tokenizerJson() {
  nlohmann::json root = nlohmann::json::parse(R"({"version":"1.0","added_tokens":[],
    "normalizer":{"type":"Replace","pattern":{"String":" "},"content":"\u2581"},
    "pre_tokenizer":{"type":"Split","pattern":{"String":" "},"behavior":"MergedWithPrevious","invert":false},
    "decoder":{"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"\u2581"},"content":" "},
      {"type":"ByteFallback"},{"type":"Fuse"}]},
    "model":{"type":"BPE","unk_token":"<unk>","fuse_unk":true,"byte_fallback":true,"vocab":{},"merges":[]}})");
  std::vector<std::string> tokens = scripted::vocabulary();
  for (size_t id = 0; id < tokens.size(); ++id) {
    root["model"]["vocab"][tokens[id]] = id;
    if (id < size_t(scripted::kControls))
      root["added_tokens"].push_back({{"id", id},
                                      {"content", tokens[id]},
                                      {"single_word", false},
                                      {"lstrip", false},
                                      {"rstrip", false},
                                      {"normalized", false},
                                      {"special", true}});
  }
  return root.dump();
}

int main(int argc, char **argv) {
  if (argc != 4) {
    fprintf(stderr, "usage: pack_scripted PROGRAM OUTPUT TEMPLATE\n");
    return 2;
  }
  test::TemporaryFolder folder;
  std::string json = folder.path("tokenizer.json"), text = tokenizerJson();
  test::writeBytes(json, {reinterpret_cast<const uint8_t *>(text.data()), text.size()});
  gemmac::Result<gemmac::import::TokenizerImport> imported = gemmac::import::importTokenizer(json);
  if (!imported || imported->section.empty()) {
    fprintf(stderr, "error: %s\n", imported ? "no tokenizer" : imported.error().message.c_str());
    return 1;
  }
  nlohmann::ordered_json manifest = {{"model", "gemma4"},
                                     {"size", "tiny"},
                                     {"quant", "f32"},
                                     {"kv", "f32"},
                                     {"context", scripted::kContext},
                                     {"template", argv[3]},
                                     {"empty_thought", false},
                                     {"bos", 2},
                                     {"add_bos", true},
                                     {"stop_ids", {1, 15, 8}},
                                     {"sampling", {{"temperature", 1.0}, {"top_p", 0.95}, {"top_k", 64}}},
                                     {"weights_source", "test"},
                                     {"layers", {"a"}},
                                     {"compiler_version", "0"}};
  std::string manifestText = manifest.dump();
  fake::NamedSection sections[] = {{"weights", std::vector<uint8_t>(scripted::kWeightBytes)},
                                   {"manifest", {manifestText.begin(), manifestText.end()}},
                                   {"tokenizer", imported->section}};
  test::writeBytes(argv[2], fake::artifact(test::readBytes(argv[1]), sections), true);
  return 0;
}
