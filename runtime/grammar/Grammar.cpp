// See Grammar.h.
#include "runtime/grammar/Grammar.h"

#include "runtime/grammar/JsonParts.h"

namespace gemmart {

const char *GrammarProblem::code() const {
  switch (kind) {
  case Invalid:
    return "invalid_value";
  case Unsupported:
    return "unsupported_schema";
  case Unsatisfiable:
    return "unsatisfiable_schema";
  case TooLarge:
    return "schema_too_large";
  }
  return "";
}

Status GrammarProblem::status() const {
  std::string where = keyword.empty() ? "" : "'" + keyword + "' at '" + path + "': ";
  return inputError(where + message);
}

/// Seconds of masks computed ahead for a new grammar.
static constexpr double kPrepareSeconds = 0.2;

std::shared_ptr<const Grammar> compileGrammar(const GrammarSource &source, std::shared_ptr<const Vocabulary> vocabulary,
                                              GrammarProblem &problem) {
  NetworkBuilder builder;
  uint32_t start = 0;
  switch (source.kind) {
  case GrammarSource::JsonObject:
    start = JsonRules(builder).object();
    break;
  }
  Network network;
  bool emptyLoop = false;
  if (!builder.finish(start, JsonRules::deepest, network, emptyLoop)) {
    problem = {GrammarProblem::Unsatisfiable, "nothing matches", "", ""};
    return nullptr;
  }
  auto grammar = std::make_shared<Grammar>(std::move(network), std::move(vocabulary));
  grammar->masker().prepare(kPrepareSeconds);
  return grammar;
}

std::shared_ptr<const Grammar> GrammarCache::compile(const GrammarSource &source, GrammarProblem &problem) {
  {
    std::lock_guard lock(mutex);
    for (auto entry = latest.begin(); entry != latest.end(); ++entry)
      if (entry->source.kind == source.kind && entry->source.text == source.text) {
        latest.splice(latest.begin(), latest, entry);
        return entry->grammar;
      }
    if (!vocabulary)
      vocabulary = std::make_shared<const Vocabulary>(tokenizer, stops);
  }
  std::shared_ptr<const Grammar> grammar = compileGrammar(source, vocabulary, problem);
  if (!grammar)
    return nullptr;
  std::lock_guard lock(mutex);
  latest.push_front({source, grammar});
  if (latest.size() > kMostGrammars)
    latest.pop_back();
  return grammar;
}

} // namespace gemmart
