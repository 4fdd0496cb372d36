// `info --certificate`: what `gemmac certify` measured and stored (compiler/certify/Certify.cpp).
#include "runtime/cli/Commands.h"

#include "runtime/base/Text.h"

#include <nlohmann/json.hpp>

namespace gemmart {

std::string hexText(uint64_t hash) {
  return format("%016llx", (unsigned long long)hash);
}

using Json = nlohmann::json;

static void printText(const Json &json) {
  const Json &reference = json.at("reference");
  auto text = [](const Json &from, const char *key) { return from.at(key).get<std::string>(); };
  auto whole = [](const Json &from, const char *key) { return (long long)from.at(key).get<int64_t>(); };
  auto real = [](const Json &from, const char *key) { return from.at(key).get<double>(); };
  printf("measured   %s, kv %s, level %s, %lld threads\n", text(json, "quant").c_str(), text(json, "kv").c_str(),
         text(json, "level").c_str(), whole(json, "threads"));
  printf("against    %s %s: the last %lld of %lld tokens\n", text(reference, "kind").c_str(),
         text(reference, "logits").c_str(), whole(reference, "rows"), whole(reference, "tokens"));
  printf("KL         mean %.3e, max %.3e nats, at position %lld\n", real(json, "kl_mean"), real(json, "kl_max"),
         whole(json, "worst_position"));
  printf("max-abs    %.3e\n", real(json, "max_abs"));
  printf("top-1      the same token in %.2f %% of rows\n", 100 * real(json, "top1_agreement"));
  if (!json.at("nll_difference").is_null())
    printf("mean NLL   %+.3e nats\n", real(json, "nll_difference"));
  if (json.at("classes").is_null()) {
    printf("layers     not compared: the reference has no hidden.f32\n");
    return;
  }
  printf("\n%-6s  %12s  %12s  %5s  %s\n", "layers", "cosine mean", "cosine min", "in", "class of layers");
  for (const Json &one : json.at("classes"))
    printf("%6lld  %12.8f  %12.8f  %5lld  %s\n", whole(one, "layers"), real(one, "cosine_mean"),
           real(one, "cosine_min"), whole(one, "worst_layer"), text(one, "class").c_str());
}

Status printCertificate(const Loaded &loaded, bool json) {
  const Section *section = loaded.artifact.find("certificate"), *weights = loaded.artifact.find("weights");
  if (!section)
    return inputError("there is no certificate inside; 'gemmac certify MODEL --reference DIR' makes one, and "
                      "'gemmac certify MODEL DESCRIPTION --weights DIR' against the model's own bf16 build");
  Json stored = Json::parse(section->bytes.begin(), section->bytes.end(), nullptr, /*allow_exceptions=*/false);
  try {
    bool same = stored.at("weights") == hexText(weights->hash);
    if (!same || stored.at("code") != hexText(loaded.artifact.codeHash()))
      return inputError(std::string("the certificate inside was made for other ") + (same ? "code" : "weights") +
                        " than this file's; run gemmac certify again");
    if (json)
      printf("%.*s\n", int(section->bytes.size()), reinterpret_cast<const char *>(section->bytes.data()));
    else
      printText(stored);
  } catch (const Json::exception &) {
    return inputError("section 'certificate' is none that this code can read; run gemmac certify again");
  }
  return {};
}

} // namespace gemmart
