// Opening the executable for a command, see Program.h.
#include "runtime/cli/Program.h"

#include "runtime/base/Text.h"
#include "runtime/model/Memory.h"
#include "runtime/model/MemoryLimit.h"

#include <cstdio>

namespace gemmart {

static constexpr OptionSpec kCommonOptions[] = {
    {"threads", 't', OptionSpec::Integer, "N", "threads (default: the CPUs this process may use)", 1,
     double(Team::kMaxThreads)},
    {"context", 0, OptionSpec::Integer, "N", "longest sequence in tokens (default: as compiled)", 1, 1e18},
    {"kv-memory", 0, OptionSpec::Integer, "MIB",
     "most memory for keys and values, in MiB (default: what the context needs)", 1, 1e9},
    {"level", 0, OptionSpec::Text, "NAME", "instruction-set level (default: the best this CPU has; see info)"},
    {"target", 0, OptionSpec::Text, "NAME", "cpu, cuda or spirv (default: the best that is in the file)"},
    {"trust", 0, OptionSpec::Flag, "", "do not compare the sections with their hashes at start (the code always is)"},
    {"verbose", 'v', OptionSpec::Flag, "", "say what is done on standard error"},
    {"help", 'h', OptionSpec::Flag, "", "this text"},
};

std::span<const OptionSpec> commonOptions() {
  return kCommonOptions;
}

std::span<const uint8_t> Loaded::weights() const {
  const Section *section = artifact.find("weights");
  return section ? section->bytes : std::span<const uint8_t>();
}

/// A file that was cut short has lost its table; what the code knows of the weights still says how much is missing.
static std::string missingHint(const Program &program, const Status &status) {
  Result<MappedFile> file = MappedFile::open(program.path, program.name);
  if (!file || int64_t(file->bytes().size()) >= program.model.weight_bytes)
    return status.message();
  return status.message() + "; section 'weights' alone needs " + formatBytes(program.model.weight_bytes);
}

Result<Loaded> load(const Program &program, const Args &args) {
  const GmModel &model = program.model;
  if (Status status = checkModel(model); !status)
    return status;
  if (Status status = checkTarget(model, args.text("target")); !status)
    return status;
  Result<LevelChoice> choice = chooseLevel(model, program.cpuFeatures, args.text("level"));
  if (!choice)
    return choice.status();
  int64_t context = args.integer("context", model.context_tokens);
  if (context > model.context_tokens)
    return usageError(format("--context is %lld; this model was compiled for %lld tokens", (long long)context,
                             (long long)model.context_tokens));
  Result<Artifact> artifact = Artifact::open(program.path, program.name);
  if (!artifact)
    return inputError(missingHint(program, artifact.status()));
  Result<std::unique_ptr<Team>> team =
      Team::create(args.integer("threads", std::min(availableCpus(), Team::kMaxThreads)));
  if (!team)
    return team.status();
  if (!args.has("trust"))
    if (Status status = artifact->verify(**team); !status)
      return status;
  const Section *weights = artifact->find("weights"), *manifestSection = artifact->find("manifest");
  if (!weights || !manifestSection)
    return inputError(program.name + ": section '" + (weights ? "manifest" : "weights") +
                      "' is missing; build it again");
  if (int64_t(weights->bytes.size()) != model.weight_bytes)
    return inputError(program.name + format(": section 'weights' has %zu bytes, the code was compiled for %lld",
                                            weights->bytes.size(), (long long)model.weight_bytes));
  Result<Manifest> manifest = parseManifest(manifestSection->bytes, model.vocab_tokens);
  if (!manifest)
    return inputError(program.name + ": " + manifest.status().message());
  int64_t kvBytes = args.integer("kv-memory", 0) << 20;
  bool verbose = args.has("verbose");
  if (verbose)
    fprintf(stderr, "%s: target %s, level %s (%s), %lld threads%s\n", program.name.c_str(), model.target,
            choice->level->name, choice->reason.c_str(), (long long)(*team)->threads(),
            (*team)->pinned() ? ", pinned" : "");
  return Loaded{
      model,  std::move(*artifact), std::move(*manifest), std::move(*choice), std::move(*team), context, kvBytes,
      verbose};
}

/// What cannot be given back when memory is short must fit into the limit; the file's own pages can be read again.
static Status checkMemory(const Loaded &loaded) {
  MemoryStatement need =
      memoryStatement(loaded.model, loaded.level(), loaded.contextTokens, loaded.artifact.fileBytes());
  int64_t kv = loaded.kvBytes > 0 ? std::min(need.kv, loaded.kvBytes) : need.kv, own = kv + need.arena + need.logits;
  std::optional<int64_t> limit = memoryLimit();
  if (!limit || own <= *limit)
    return {};
  return inputError(format("a context of %lld tokens needs %s beside the weights (keys and values %s), but the control "
                           "group of this process allows it %s; --context N or --kv-memory MIB take less",
                           (long long)loaded.contextTokens, formatBytes(own).c_str(), formatBytes(kv).c_str(),
                           formatBytes(*limit).c_str()));
}

Result<std::shared_ptr<Engine>> openEngine(const Loaded &loaded, int64_t sequences) {
  if (Status fits = checkMemory(loaded); !fits)
    return fits;
  return Engine::open(loaded.model, loaded.level(), loaded.weights(), *loaded.team,
                      {loaded.contextTokens, loaded.kvBytes, sequences});
}

Result<Session> openSession(const Loaded &loaded) {
  Result<std::shared_ptr<Engine>> engine = openEngine(loaded, 1);
  return engine ? Result<Session>((*engine)->newSession()) : Result<Session>(engine.status());
}

/// What a list holds, for messages: "token", "token ids", "ids of this model".
struct ListWords {
  const char *option, *one, *many, *range;
};

static Result<std::vector<int32_t>> parseList(const std::string &text, const ListWords &words, int64_t most) {
  constexpr size_t kLongestList = 64u << 20;
  std::string list = text, place = words.option;
  if (!text.empty() && text[0] == '@') {
    place = text.substr(1);
    Result<std::string> content = readText(place, kLongestList);
    if (!content)
      return content.status();
    list = std::move(*content);
  }
  std::vector<int32_t> numbers;
  constexpr const char *kSeparators = ", \t\r\n";
  for (size_t at = 0; (at = list.find_first_not_of(kSeparators, at)) != std::string::npos;) {
    size_t end = std::min(list.find_first_of(kSeparators, at), list.size());
    std::string_view word = std::string_view(list).substr(at, end - at);
    int64_t number;
    if (!parseInteger(word, 0, most, number))
      return inputError(place + format(": %s %zu is '%.*s'; %s are whole numbers from 0 to %lld", words.one,
                                       numbers.size() + 1, int(std::min<size_t>(word.size(), 40)), word.data(),
                                       words.range, (long long)most));
    numbers.push_back(int32_t(number));
    at = end;
  }
  if (numbers.empty())
    return inputError(place + " holds no " + words.many);
  return numbers;
}

Result<std::vector<int32_t>> parseTokens(const std::string &text, int64_t vocabTokens) {
  return parseList(text, {"--tokens", "token", "token ids", "ids of this model"}, vocabTokens - 1);
}

Result<std::vector<int32_t>> parseBlocks(const std::string &text) {
  return parseList(text, {"--blocks", "block number", "block numbers", "block numbers"}, INT32_MAX);
}

} // namespace gemmart
