// `serve`: the model behind the APIs of Ollama, OpenAI and Anthropic.
#include "runtime/cli/Commands.h"

#include "runtime/abi/Hash.h"
#include "runtime/base/Text.h"
#include "runtime/server/Names.h"
#include "runtime/server/Server.h"
#include "runtime/text/Chat.h"
#include "runtime/text/Tokenizer.h"

#include <sys/stat.h>
#include <unistd.h>

namespace gemmart {

static constexpr OptionSpec kOptions[] = {
    {"host", 0, OptionSpec::Text, "ADDRESS",
     "where to listen: ADDRESS or ADDRESS:PORT (default: OLLAMA_HOST, 127.0.0.1)"},
    {"port", 0, OptionSpec::Integer, "N", "port; 0 takes a free one (default: 11434)", 0, 65535},
    {"parallel", 0, OptionSpec::Integer, "N", "sequences decoded together (default: what the build can)", 1, 1024},
    {"max-queue", 0, OptionSpec::Integer, "N", "requests that may wait (default: 512)", 0, 1e6},
    {"max-body", 0, OptionSpec::Integer, "BYTES", "longest body of a request (default: 67108864)", 1024, 1e12},
    {"token-file", 0, OptionSpec::Text, "FILE", "holds the token that clients must send (or: GEMMAC_TOKEN)"},
    {"insecure-no-token", 0, OptionSpec::Flag, "", "listen for other machines without a token"},
    {"origins", 0, OptionSpec::Text, "LIST", "web pages that may ask, beside local ones; * stands for anything"},
    {"store", 0, OptionSpec::Text, "FOLDER", "where models made by create and copy are kept"},
    {"any-model", 0, OptionSpec::Flag, "", "answer to every model's name"},
    {"strict", 0, OptionSpec::Flag, "", "refuse fields that would have no effect"},
    {"think", 0, OptionSpec::Text, "on|off|auto", "whether the model thinks when a request does not say"},
    {"deterministic", 0, OptionSpec::Flag, "", "same text at any load: always so, kept for scripts"},
};

/// The settings of environment and options, checked.
static Status readSettings(const Args &args, server::Settings &settings) {
  if (Status status = server::readEnvironment(environ, settings); !status)
    return status;
  if (args.has("host"))
    if (Status status = server::readHost(args.text("host"), settings); !status)
      return status;
  settings.port = int(args.integer("port", settings.port));
  settings.parallel = args.integer("parallel", settings.parallel);
  settings.maxQueue = args.integer("max-queue", settings.maxQueue);
  settings.maxBody = args.integer("max-body", settings.maxBody);
  settings.store = args.text("store", settings.store);
  settings.anyModel = args.has("any-model");
  settings.strict = args.has("strict");
  settings.insecure = args.has("insecure-no-token");
  if (std::string list = args.text("origins"); !list.empty())
    for (size_t at = 0; at < list.size();) {
      size_t comma = std::min(list.find(',', at), list.size());
      settings.origins.push_back(list.substr(at, comma - at));
      at = comma + 1;
    }
  if (std::string think = args.text("think", "auto"); think == "on" || think == "off")
    settings.thinking = think == "on" ? server::Thinking::On : server::Thinking::Off;
  else if (think != "auto")
    return usageError("--think is '" + think + "'; it must be on, off or auto");
  if (args.has("token-file")) {
    Result<std::string> token = server::readToken(args.text("token-file"));
    if (!token)
      return token.status();
    settings.token = *token;
  }
  constexpr size_t kShortestToken = 16;
  if ((args.has("token-file") || !settings.token.empty()) && settings.token.size() < kShortestToken)
    return usageError(
        format("the token has %zu bytes; it must have at least %zu", settings.token.size(), kShortestToken));
  return server::checkAddress(settings);
}

static Status check(const Args &args) {
  server::Settings settings;
  return readSettings(args, settings);
}

/// A fingerprint of the sections, 64 hexadecimal digits.
static std::string digestOf(const Artifact &artifact) {
  std::string text, digest;
  for (const Section &section : artifact.sections())
    text += section.name + " " + hexText(section.hash) + "\n";
  for (char part : {'0', '1', '2', '3'})
    digest += hexText(gmHashBytes((text + part).data(), text.size() + 1));
  return digest;
}

/// The names that the model answers to, canonical first.
static std::vector<std::string> namesOf(const Manifest &manifest, const std::string &file) {
  std::vector<std::string> names;
  auto add = [&](const std::string &name) {
    std::optional<std::string> canonical = server::canonicalName(name);
    if (canonical && std::find(names.begin(), names.end(), *canonical) == names.end())
      names.push_back(*canonical);
  };
  if (!manifest.size.empty())
    add(manifest.model + ":" + manifest.size);
  add(manifest.model);
  add(file);
  if (names.empty())
    names.push_back("model:latest");
  return names;
}

static Status run(Loaded &loaded, const Args &args) {
  server::Settings settings;
  if (Status status = readSettings(args, settings); !status)
    return status;
  const Section *section = loaded.artifact.find("tokenizer");
  if (!section)
    return inputError("this model was built without a tokenizer, so it cannot be served");
  Result<Tokenizer> tokenizer = Tokenizer::open(section->bytes);
  if (!tokenizer)
    return tokenizer.status();
  tokenizer->reserve(templateTokens(loaded.manifest.chatTemplate));
  std::string path = ownPath();
  server::Served served;
  served.model = &loaded.model;
  served.manifest = &loaded.manifest;
  served.tokenizer = &*tokenizer;
  served.contextTokens = loaded.contextTokens;
  served.fileBytes = loaded.artifact.fileBytes();
  served.digest = digestOf(loaded.artifact);
  served.level = loaded.level().name;
  struct stat facts;
  double age = stat(path.c_str(), &facts) == 0 ? double(time(nullptr) - facts.st_mtime) : 0;
  served.modified = server::timeText(-age);
  auto engine =
      std::make_unique<server::SingleEngine>(loaded.model, loaded.level(), [&] { return openSession(loaded); });
  return server::serve(settings, served, std::move(engine), namesOf(loaded.manifest, path.substr(path.rfind('/') + 1)));
}

const Command &serveCommand() {
  static constexpr Command kCommand = {
      "serve", "", "answer the APIs of Ollama, OpenAI and Anthropic over HTTP", kOptions, 0, check, run};
  return kCommand;
}

} // namespace gemmart
