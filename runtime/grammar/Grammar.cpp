// See Grammar.h.
#include "runtime/grammar/Grammar.h"

#include "runtime/grammar/CharAutomaton.h"
#include "runtime/grammar/Rules.h"
#include "runtime/grammar/SchemaRule.h"

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

static std::optional<uint32_t> addRegex(NetworkBuilder &builder, std::string_view pattern, GrammarProblem &problem) {
  bool isUnsupported = false;
  Result<RegexTree> tree = parseRegex(pattern, isUnsupported);
  if (!tree) {
    problem = {isUnsupported ? GrammarProblem::Unsupported : GrammarProblem::Invalid, tree.status().message(), "", ""};
    return std::nullopt;
  }
  std::optional<CharAutomaton> automaton = CharAutomaton::of(*tree, false);
  std::optional<uint32_t> start =
      automaton ? addAutomaton(builder, *automaton, CharSpelling::Plain) : std::optional<uint32_t>();
  if (!start)
    problem = {GrammarProblem::TooLarge, "the automaton of the regular expression has too many states", "", ""};
  return start;
}

/// call:NAME{ARGUMENTS}<tool_call|>, for each tool.
static std::optional<uint32_t> addToolCalls(NetworkBuilder &builder, const GrammarSource &source,
                                            const Vocabulary &vocabulary, GrammarProblem &problem) {
  int32_t quote = vocabulary.control("<|\"|>"), closes = vocabulary.control("<tool_call|>");
  if (quote < 0 || closes < 0) {
    problem = {GrammarProblem::Unsupported, "this model has no tokens for tool calls", "", ""};
    return std::nullopt;
  }
  Result<Json> tools = parseJson(source.text);
  if (!tools || !tools->isArray()) {
    problem = {GrammarProblem::Invalid, tools ? "tools are an array" : tools.status().message(), "", ""};
    return std::nullopt;
  }
  JsonRules json(builder, quote);
  uint32_t rule = builder.addRule(), start = builder.addNode(rule);
  uint32_t name = builder.addText(start, "call:"), end = builder.addNode(rule);
  builder.leave(end);
  for (const Json &tool : tools->items) {
    const Json *function = tool.find("function") ? tool.find("function") : &tool;
    const Json *named = function->find("name"), *parameters = function->find("parameters");
    if (!named || !named->isString() || named->text.empty()) {
      problem = {GrammarProblem::Invalid, "a tool has no name", "", ""};
      return std::nullopt;
    }
    std::optional<uint32_t> arguments =
        parameters && !parameters->isNull() ? addSchema(builder, json, *parameters, true, problem) : json.object();
    if (!arguments) {
      problem.message = "tool '" + named->text + "': " + problem.message;
      return std::nullopt;
    }
    // Each name on a way of its own: one may begin with another.
    uint32_t own = builder.addNode(rule), done = builder.addNode(rule);
    builder.jump(name, own);
    builder.call(builder.addText(own, named->text), *arguments, done);
    builder.addMove(done, {GrammarMove::Token, end, uint32_t(closes)});
  }
  return start;
}

std::shared_ptr<const Grammar> compileGrammar(const GrammarSource &source, std::shared_ptr<const Vocabulary> vocabulary,
                                              GrammarProblem &problem) {
  NetworkBuilder builder;
  JsonRules json(builder);
  std::optional<uint32_t> start;
  switch (source.kind) {
  case GrammarSource::JsonObject:
    start = json.object();
    break;
  case GrammarSource::Schema:
    start = addSchema(builder, json, source.text, problem);
    break;
  case GrammarSource::Regex:
    start = addRegex(builder, source.text, problem);
    break;
  case GrammarSource::Rules:
    start = addRules(builder, source.text, problem);
    break;
  case GrammarSource::ToolCall:
    start = addToolCalls(builder, source, *vocabulary, problem);
    break;
  }
  if (!start)
    return nullptr;
  Network network;
  bool emptyLoop = false;
  if (!builder.finish(*start, JsonRules::deepest, network, emptyLoop)) {
    if (emptyLoop)
      problem = {GrammarProblem::Unsupported,
                 "a rule can begin with itself (left recursion); put what it repeats first", "", ""};
    else
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
