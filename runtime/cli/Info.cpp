// `info`: what is inside the executable and what memory it will take.
#include "runtime/cli/Commands.h"

#include "runtime/base/Sha256.h"
#include "runtime/base/Text.h"
#include "runtime/model/Memory.h"

#include <nlohmann/json.hpp>

namespace gemmart {

static constexpr OptionSpec kOptions[] = {
    {"json", 0, OptionSpec::Flag, "", "one JSON object on standard output"},
    {"certificate", 0, OptionSpec::Flag, "", "how near the numbers came to a reference (gemmac certify)"},
    {"section", 0, OptionSpec::Text, "NAME", "a section as it is: provenance, sbom, licence, manifest"},
};

static void printJson(const Loaded &loaded) {
  const GmModel &model = loaded.model;
  const Manifest &manifest = loaded.manifest;
  MemoryStatement memory = memoryStatement(model, loaded.level(), loaded.contextTokens, loaded.artifact.fileBytes());
  nlohmann::ordered_json root;
  root["model"] = manifest.model;
  root["size"] = manifest.size;
  root["quant"] = manifest.quant;
  root["kv"] = manifest.kv;
  root["context"] = loaded.contextTokens;
  root["compiled_context"] = model.context_tokens;
  root["vocab"] = model.vocab_tokens;
  root["memory"] = {{"weights", memory.weights},  {"rest_of_file", memory.restOfFile}, {"kv", memory.kv},
                    {"kv_fixed", memory.kvFixed}, {"kv_per_token", memory.kvToken},    {"kv_page", model.page_bytes},
                    {"arena", memory.arena},      {"logits", memory.logits},           {"total", memory.total()}};
  root["sections"] = nlohmann::ordered_json::array();
  for (const Section &section : loaded.artifact.sections())
    root["sections"].push_back(
        {{"name", section.name}, {"bytes", section.bytes.size()}, {"hash", hexText(section.hash)}});
  root["digest"] = hexText(loaded.artifact.digest());
  root["targets"] = {model.target};
  root["levels"] = nlohmann::ordered_json::array();
  for (uint32_t index = 0; index < model.level_count; ++index)
    root["levels"].push_back(model.levels[index].name);
  root["target"] = model.target;
  root["level"] = loaded.level().name;
  root["level_reason"] = loaded.choice.reason;
  root["threads"] = loaded.team->threads();
  root["layers"] = manifest.layers;
  root["hidden_floats"] = model.hidden_floats;
  root["max_chunk_tokens"] = loaded.level().max_chunk_tokens;
  root["block_tokens"] = model.block_tokens;
  root["decode_bytes"] = model.decode_bytes;
  root["decode_ops"] = model.decode_ops;
  root["file_bytes"] = loaded.artifact.fileBytes();
  root["template"] = manifest.chatTemplate;
  root["stop_ids"] = manifest.stopIds;
  root["sampling"] = {{"temperature", manifest.temperature}, {"top_p", manifest.topP}, {"top_k", manifest.topK}};
  root["formats"] = manifest.formats;
  root["weights_source"] = manifest.weightsSource;
  root["compiler_version"] = manifest.compilerVersion;
  printf("%s\n", root.dump(2, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
}

/// "from       gemma4.toml, sha256 0123456789ab...": what the digests in the section "provenance" are of.
static void printOrigin(const Loaded &loaded) {
  const Section *section = loaded.artifact.find("provenance");
  if (!section)
    return;
  nlohmann::json origin =
      nlohmann::json::parse(section->bytes.begin(), section->bytes.end(), nullptr, /*allow_exceptions=*/false);
  auto line = [](const char *what, const nlohmann::json &file) {
    printf("%-10s %s, sha256 %s\n", what, file.at("name").get<std::string>().c_str(),
           file.at("sha256").get<std::string>().c_str());
  };
  try {
    line("built by", origin.at("compiler"));
    line("from", origin.at("description"));
    if (origin.at("weights").is_array())
      for (const nlohmann::json &file : origin.at("weights"))
        line("and", file);
  } catch (const nlohmann::json::exception &) {
    printf("origin     section 'provenance' is none that this code can read\n");
  }
}

static void printText(const Loaded &loaded) {
  const GmModel &model = loaded.model;
  const Manifest &manifest = loaded.manifest;
  MemoryStatement memory = memoryStatement(model, loaded.level(), loaded.contextTokens, loaded.artifact.fileBytes());
  std::string formats, levels;
  for (const auto &[name, count] : manifest.formats)
    formats += (formats.empty() ? "" : ", ") + name + format(" x %lld", (long long)count);
  for (uint32_t index = 0; index < model.level_count; ++index)
    levels += (index ? ", " : "") + std::string(model.levels[index].name);
  printf("model      %s %s\n", manifest.model.c_str(), manifest.size.c_str());
  printf("weights    %s, from %s\n", manifest.quant.c_str(), manifest.weightsSource.c_str());
  printf("formats    %s\n", formats.c_str());
  printf("template   %s\n",
         manifest.chatTemplate.empty() ? "none: a base model, it continues text" : manifest.chatTemplate.c_str());
  printf("context    %lld tokens (compiled for %lld), vocabulary %lld\n", (long long)loaded.contextTokens,
         (long long)model.context_tokens, (long long)model.vocab_tokens);
  printf("compiler   %s\n", manifest.compilerVersion.c_str());
  printf("target     cpu (%s), levels %s\n", model.target, levels.c_str());
  printf("level      %s: %s\n", loaded.level().name, loaded.choice.reason.c_str());
  printf("threads    %lld%s\n\n", (long long)loaded.team->threads(), loaded.team->pinned() ? ", pinned" : "");
  printf("memory     weights %12s  mapped from this file\n", formatBytes(memory.weights).c_str());
  printf("           rest    %12s  of this file: tokenizer and code\n", formatBytes(memory.restOfFile).c_str());
  printf("           kv      %12s  with a full context: %s and %s per token\n", formatBytes(memory.kv).c_str(),
         formatBytes(memory.kvFixed).c_str(), formatBytes(memory.kvToken).c_str());
  printf("           arena   %12s\n", formatBytes(memory.arena).c_str());
  printf("           logits  %12s  and the sampler's tables\n", formatBytes(memory.logits).c_str());
  printf("           total   %12s\n\n", formatBytes(memory.total()).c_str());
  printf("%-12s %16s  %s\n", "section", "bytes", "hash");
  for (const Section &section : loaded.artifact.sections())
    printf("%-12s %16zu  %s\n", section.name.c_str(), section.bytes.size(), hexText(section.hash).c_str());
  printf("\nsha256     %s (this file's digest; 'verify' checks it)\n", hexText(loaded.artifact.digest()).c_str());
  printOrigin(loaded);
}

static Status printSection(const Loaded &loaded, const std::string &name) {
  const Section *section = loaded.artifact.find(name);
  if (!section) {
    std::vector<std::string_view> names;
    for (const Section &known : loaded.artifact.sections())
      names.push_back(known.name);
    return inputError("there is no section '" + name + "' inside" + didYouMean(name, names));
  }
  fwrite(section->bytes.data(), 1, section->bytes.size(), stdout);
  return {};
}

static Status run(Loaded &loaded, const Args &args) {
  if (args.has("section"))
    return printSection(loaded, args.text("section"));
  if (args.has("certificate"))
    return printCertificate(loaded, args.has("json"));
  if (args.has("json"))
    printJson(loaded);
  else
    printText(loaded);
  if (!loaded.artifact.find("tokenizer") && !args.has("json"))
    printf(
        "\nno tokenizer inside: chat, tokenize, detokenize and run with a text are not possible; run --tokens, logits "
        "and bench are\n");
  return {};
}

const Command &infoCommand() {
  static constexpr Command kCommand = {
      "info", "", "what is inside: sizes, formats, memory, levels, hashes", kOptions, 0, nullptr, run};
  return kCommand;
}

} // namespace gemmart
