// `run`: one prompt, one answer, streamed. The prompt is a word, a pipe, or token ids.
#include "runtime/cli/Commands.h"
#include "runtime/cli/Sampling.h"
#include "runtime/cli/Saved.h"
#include "runtime/cli/Structured.h"
#include "runtime/cli/TextModel.h"

#include "runtime/base/Text.h"
#include "runtime/model/Generate.h"

#include <nlohmann/json.hpp>
#include <unistd.h>

namespace gemmart {

static constexpr OptionSpec kOwnOptions[] = {
    {"tokens", 0, OptionSpec::Text, "LIST", "the prompt as token ids, 2,106 or @FILE, used as they are"},
    {"system", 0, OptionSpec::Text, "TEXT", "the system message"},
    {"think", 0, OptionSpec::Flag, "", "let the model think before it answers"},
    {"raw", 0, OptionSpec::Flag, "", "continue the text, without the chat template"},
    {"control", 0, OptionSpec::Flag, "", "control tokens spelled in the text count, instead of being ordinary text"},
    {"ignore-stop", 0, OptionSpec::Flag, "", "go on when the model wants to stop"},
    {"json", 0, OptionSpec::Flag, "", "one JSON object at the end instead of streamed text"},
    kSaveOption,
    kLoadOption,
};

static Status check(const Args &args) {
  if (args.has("tokens") && !args.words.empty())
    return usageError("run takes a prompt or --tokens, not both");
  if (args.has("tokens") && (args.has("system") || args.has("think") || args.has("raw") || args.has("control")))
    return usageError("--tokens are used as they are; --system, --think, --raw and --control belong to a text");
  if (args.has("raw") && (args.has("system") || args.has("think")))
    return usageError("--raw uses no chat template; --system and --think need it");
  if (!args.has("tokens") && args.words.empty() && isatty(STDIN_FILENO))
    return usageError("run needs a prompt: a quoted text, a pipe, or --tokens");
  if (Status status = checkSaved(args); !status)
    return status;
  return checkStructured(args);
}

/// The prompt as a text: the argument, or standard input without the line end that echo and editors put there.
static Result<std::string> promptText(const Args &args) {
  constexpr size_t kLongestPrompt = 256u << 20;
  if (!args.words.empty() && args.words[0] != "-")
    return args.words[0];
  Result<std::string> text = readText("-", kLongestPrompt);
  if (text && text->ends_with('\n'))
    text->pop_back();
  if (text && text->ends_with('\r'))
    text->pop_back();
  return text;
}

/// Prompt ids, and the text model where there is one to show the answer with.
static Status readPrompt(const Loaded &loaded, const Args &args, std::unique_ptr<TextModel> &text,
                         std::vector<int32_t> &ids) {
  if (args.has("tokens")) {
    Result<std::vector<int32_t>> tokens = parseTokens(args.text("tokens"), loaded.model.vocab_tokens);
    if (!tokens)
      return tokens.status();
    ids = std::move(*tokens);
    if (!loaded.artifact.find("tokenizer"))
      return {};
  }
  Result<std::unique_ptr<TextModel>> opened = TextModel::open(loaded, "run with a text");
  if (!opened)
    return opened.status();
  text = std::move(*opened);
  if (args.has("tokens"))
    return {};
  Result<std::string> prompt = promptText(args);
  if (!prompt)
    return prompt.status();
  if (args.has("raw") || !text->hasTemplate()) {
    if (args.has("system") || args.has("think"))
      return inputError("a base model has no chat template; --system and --think need one");
    if (Status status = text->encodeRaw(*prompt, args.has("control"), ids); !status)
      return status;
    return ids.empty() ? inputError("the prompt is empty") : Status();
  }
  if (prompt->empty())
    return inputError("the prompt is empty");
  std::vector<Turn> turns;
  if (args.has("system"))
    turns.push_back({"system", args.text("system")});
  turns.push_back({"user", std::move(*prompt)});
  return text->encodeChat(turns, args.has("think"), args.has("control"), ids);
}

static void printJson(const Generation &result, const std::string *text, const std::string &thought,
                      const SamplerOptions &options, const Constraint *constraint) {
  nlohmann::ordered_json root;
  if (text)
    root["text"] = *text;
  if (!thought.empty())
    root["thought"] = thought;
  root["tokens"] = result.tokens;
  root["stop"] = stopName(result.reason);
  if (constraint)
    root["complete"] = constraint->isComplete();
  root["prompt_tokens"] = result.promptTokens;
  root["prompt_tokens_per_s"] = result.promptRate();
  root["answer_tokens"] = result.tokens.size();
  root["answer_tokens_per_s"] = result.decodeRate();
  root["seed"] = options.seed;
  printf("%s\n", root.dump(2, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
}

static Status run(Loaded &loaded, const Args &args) {
  std::unique_ptr<TextModel> text;
  std::vector<int32_t> prompt;
  if (Status status = readPrompt(loaded, args, text, prompt); !status)
    return status;
  std::optional<Constraint> constraint;
  if (wantsStructure(args)) {
    if (!text)
      return inputError("this model was built without a tokenizer, so its answers cannot be constrained");
    Result<std::shared_ptr<const Grammar>> grammar = openGrammar(loaded, args, *text);
    if (!grammar)
      return grammar.status();
    constraint = constrain(*grammar, args.has("think"));
  }
  Result<Session> session = openSession(loaded, args, prompt);
  if (!session)
    return session.status();
  SamplerOptions sampling = samplerOptions(loaded, args);
  Sampler sampler(sampling, loaded.model.vocab_tokens);
  GenerateOptions options;
  bool isBase = loaded.manifest.chatTemplate.empty();
  options.maxTokens = args.integer("max-tokens", isBase ? 256 : loaded.contextTokens);
  if (!args.has("ignore-stop"))
    options.stopIds = loaded.manifest.stopIds;
  options.constraint = constraint ? &*constraint : nullptr;
  bool json = args.has("json");
  std::string answer, thought;
  std::optional<TextModel::Stream> stream;
  if (text)
    stream.emplace(*text);
  auto show = [&](const TextModel::Part &part) {
    (part.isThought ? thought : answer) += part.text;
    if (!json) { // a thought is no answer: it stays out of the pipe
      FILE *stream = part.isThought ? stderr : stdout;
      fwrite(part.text.data(), 1, part.text.size(), stream);
      fflush(stream);
    }
  };
  for (int32_t token : std::span<const int32_t>(prompt).first(size_t(session->position())))
    sampler.accept(token, false);
  bool first = true;
  std::span<const int32_t> rest = std::span<const int32_t>(prompt).subspan(size_t(session->position()));
  Result<Generation> result = generate(*session, sampler, rest, options, [&](int32_t token) {
    show(stream ? stream->next(token) : TextModel::Part{(first ? "" : ",") + std::to_string(token)});
    first = false;
    return ferror(stdout) == 0;
  });
  if (!result)
    return result.status();
  if (stream)
    show(stream->finish());
  if (Status status = saveSession(loaded, args, *session, prompt, result->tokens); !status)
    return status;
  if (json) {
    printJson(*result, stream ? &answer : nullptr, thought, sampling, options.constraint);
    return {};
  }
  printf("\n");
  fflush(stdout);
  fprintf(stderr, "[%lld prompt tokens, %.1f tokens/s; %zu answer tokens, %.1f tokens/s; %s]\n",
          (long long)result->promptTokens, result->promptRate(), result->tokens.size(), result->decodeRate(),
          stopName(result->reason));
  tellIfCut(options.constraint);
  return {};
}

const Command &runCommand() {
  static const std::vector<OptionSpec> kOptions = withSamplingOptions(withStructuredOptions(kOwnOptions));
  static const Command kCommand = {
      "run", "[PROMPT]", "answer one prompt (an argument, a pipe, or --tokens)", kOptions, 1, check, run};
  return kCommand;
}

} // namespace gemmart
