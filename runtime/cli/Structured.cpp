// See Structured.h.
#include "runtime/cli/Structured.h"

#include "runtime/base/File.h"

namespace gemmart {

static constexpr OptionSpec kStructuredOptions[] = {
    {"json-object", 0, OptionSpec::Flag, "", "the answer is a JSON object"},
    {"schema", 0, OptionSpec::Text, "FILE", "the answer is JSON that this JSON Schema accepts"},
    {"regex", 0, OptionSpec::Text, "PATTERN", "the answer is a text that this regular expression matches as a whole"},
    {"grammar", 0, OptionSpec::Text, "FILE", "the answer is a text of this grammar (docs/structured-output.md)"},
};

std::vector<OptionSpec> withStructuredOptions(std::span<const OptionSpec> own) {
  std::vector<OptionSpec> all(own.begin(), own.end());
  all.insert(all.end(), std::begin(kStructuredOptions), std::end(kStructuredOptions));
  return all;
}

static int64_t countGiven(const Args &args) {
  int64_t given = 0;
  for (const OptionSpec &option : kStructuredOptions)
    given += args.has(option.name);
  return given;
}

bool wantsStructure(const Args &args) {
  return countGiven(args) > 0;
}

Status checkStructured(const Args &args) {
  if (countGiven(args) <= 1)
    return {};
  std::string names;
  for (const OptionSpec &option : kStructuredOptions)
    names += (names.empty() ? "--" : ", --") + std::string(option.name);
  return usageError("one of these at most: " + names);
}

Result<std::shared_ptr<const Grammar>> openGrammar(const Loaded &loaded, const Args &args, const TextModel &text) {
  if (!wantsStructure(args))
    return std::shared_ptr<const Grammar>();
  GrammarSource source;
  constexpr size_t kLongest = 1u << 20;
  for (auto [name, kind] : {std::pair("schema", GrammarSource::Schema), {"grammar", GrammarSource::Rules}}) {
    if (!args.has(name))
      continue;
    Result<std::string> text = readText(args.text(name), kLongest);
    if (!text)
      return text.status();
    source = {kind, std::move(*text)};
  }
  if (args.has("regex"))
    source = {GrammarSource::Regex, args.text("regex")};
  GrammarCache cache(text.tokenizer(), loaded.manifest.stopIds);
  GrammarProblem problem;
  std::shared_ptr<const Grammar> grammar = cache.compile(source, problem);
  if (!grammar)
    return inputError((args.has("schema") ? args.text("schema") + ": " : "") + problem.status().message());
  return grammar;
}

Constraint constrain(const std::shared_ptr<const Grammar> &grammar, bool think) {
  ThoughtTokens thought;
  if (think)
    thought = {grammar->vocabulary().control("<|channel>"), grammar->vocabulary().control("<channel|>")};
  return Constraint(grammar, thought);
}

void tellIfCut(const Constraint *constraint) {
  if (constraint && !constraint->isComplete())
    fprintf(stderr, "[the answer was cut: what there is of it begins as asked for, but is not whole]\n");
}

} // namespace gemmart
