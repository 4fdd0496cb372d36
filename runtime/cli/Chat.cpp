// `chat`: a conversation in the terminal. Ctrl-C ends an answer, Ctrl-D the conversation.
#include "runtime/cli/Commands.h"
#include "runtime/cli/Sampling.h"
#include "runtime/cli/Structured.h"
#include "runtime/cli/TextModel.h"

#include "runtime/base/File.h"
#include "runtime/base/Text.h"
#include "runtime/model/Generate.h"

#include <cerrno>
#include <csignal>
#include <optional>
#include <unistd.h>

namespace gemmart {

static constexpr OptionSpec kOwnOptions[] = {
    {"system", 0, OptionSpec::Text, "TEXT", "the system message"},
    {"think", 0, OptionSpec::Flag, "", "let the model think before it answers"},
};

namespace {

/// Holds Ctrl-C back while it lives and says whether it was pressed; no handler, so no global flag.
class Interrupts {
public:
  Interrupts() {
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set, &before);
  }
  ~Interrupts() {
    while (pressed()) {
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }
  bool pressed() const {
    timespec now{};
    return sigtimedwait(&set, nullptr, &now) == SIGINT;
  }

private:
  sigset_t set, before;
};

/// The conversation and what of it lies in the cache.
class Chat {
public:
  Chat(Loaded &loaded, const TextModel &text, Session &session, const SamplerOptions &sampling, const Args &args,
       std::shared_ptr<const Grammar> grammar)
      : loaded(loaded), text(text), session(session), sampling(sampling), grammar(std::move(grammar)),
        think(args.has("think")),
        maxTokens(args.integer("max-tokens", text.hasTemplate() ? loaded.contextTokens : 256)) {
    if (args.has("system"))
      turns.push_back({"system", args.text("system")});
    systemTurns = turns.size();
  }

  void restart() {
    turns.resize(systemTurns);
    session.reset();
    cached.clear();
  }

  /// Answers one line on the terminal.
  Status answer(const std::string &line) {
    std::vector<int32_t> ids;
    turns.push_back({"user", line});
    if (Status status =
            text.hasTemplate() ? text.encodeChat(turns, think, false, ids) : text.encodeRaw(line, false, ids);
        !status)
      return status;
    size_t known = sharedPrefix(ids);
    GenerateOptions options{maxTokens, loaded.manifest.stopIds};
    std::optional<Constraint> constraint;
    if (grammar)
      options.constraint = &constraint.emplace(constrain(grammar, think));
    Sampler sampler(sampling, loaded.model.vocab_tokens);
    ++sampling.seed; // the next answer draws other numbers
    TextModel::Stream stream(text);
    Interrupts interrupts;
    bool stopped = false;
    options.cancelled = [&] { return stopped = stopped || interrupts.pressed(); };
    std::string reply;
    auto show = [&](const TextModel::Part &part) {
      if (!part.isThought) // the template leaves old thoughts out of the conversation, too
        reply += part.text;
      showText(part.text, stdout);
    };
    Result<Generation> result = generate(session, sampler, std::span(ids).subspan(known), options, [&](int32_t token) {
      show(stream.next(token));
      return !options.cancelled();
    });
    if (!result) {
      turns.pop_back();
      return result.status();
    }
    show(stream.finish());
    finish(std::move(ids), *result, std::move(reply));
    tellIfCut(options.constraint);
    return {};
  }

private:
  /// How many of the ids lie in the cache already; what differs from them starts the cache anew.
  size_t sharedPrefix(const std::vector<int32_t> &ids) {
    // At least one id must be fed, so that there are logits.
    if (cached.size() < ids.size() && std::equal(cached.begin(), cached.end(), ids.begin()))
      return cached.size();
    session.reset();
    cached.clear();
    return 0;
  }

  void finish(std::vector<int32_t> ids, const Generation &result, std::string reply) {
    cached = std::move(ids);
    cached.insert(cached.end(), result.tokens.begin(), result.tokens.end());
    cached.resize(size_t(session.position())); // the last token of the answer was not fed
    if (result.reason == StopReason::Caller && result.tokens.empty())
      turns.pop_back(); // stopped before the answer began: as if nothing had been asked
    else
      turns.push_back({"assistant", std::move(reply)});
    if (!text.hasTemplate())
      restart();
    printf("\n");
    fflush(stdout);
    if (result.reason == StopReason::Context)
      fprintf(stderr, "[the context of %lld tokens is full; /new starts anew]\n", (long long)session.context());
    if (loaded.verbose)
      fprintf(stderr, "[%lld prompt tokens, %.1f tokens/s; %zu answer tokens, %.1f tokens/s; %s]\n",
              (long long)result.promptTokens, result.promptRate(), result.tokens.size(), result.decodeRate(),
              stopName(result.reason));
  }

  Loaded &loaded;
  const TextModel &text;
  Session &session;
  SamplerOptions sampling;
  const std::shared_ptr<const Grammar> grammar; ///< of every answer; may be null
  const bool think;
  const int64_t maxTokens;
  size_t systemTurns = 0;
  std::vector<Turn> turns;
  std::vector<int32_t> cached; ///< the ids whose keys and values the session holds
};

} // namespace

static Status run(Loaded &loaded, const Args &args) {
  Result<std::unique_ptr<TextModel>> text = TextModel::open(loaded, "chat");
  if (!text)
    return text.status();
  if (!(*text)->hasTemplate() && (args.has("system") || args.has("think")))
    return inputError("a base model has no chat template; --system and --think need one");
  Result<std::shared_ptr<const Grammar>> grammar = openGrammar(loaded, args, **text);
  if (!grammar)
    return grammar.status();
  Result<Session> session = openSession(loaded);
  if (!session)
    return session.status();
  Chat chat(loaded, **text, *session, samplerOptions(loaded, args), args, *grammar);
  bool terminal = isatty(STDIN_FILENO);
  if (terminal)
    fprintf(stderr, "%s %s. %s/new starts anew, /bye or Ctrl-D leaves, Ctrl-C ends an answer.\n",
            loaded.manifest.model.c_str(), loaded.manifest.size.c_str(),
            (*text)->hasTemplate() ? "" : "A base model: it continues your text. ");
  std::string line;
  while (true) {
    if (terminal)
      fprintf(stderr, "> ");
    Result<bool> more = readLine(stdin, kLongestText, line);
    if (!more)
      return more.status();
    if (!*more || line == "/bye")
      break;
    if (line == "/new") {
      chat.restart();
      continue;
    }
    if (line.empty())
      continue;
    if (Status status = chat.answer(line); !status) {
      if (!terminal)
        return status;
      fprintf(stderr, "error: %s\n", withoutControl(status.message()).c_str());
    }
  }
  if (terminal)
    fprintf(stderr, "\n");
  if (ferror(stdin))
    return inputError("standard input: cannot read: " + errorText(errno));
  return {};
}

const Command &chatCommand() {
  static const std::vector<OptionSpec> kOptions = withSamplingOptions(withStructuredOptions(kOwnOptions));
  static const Command kCommand = {"chat",          "", "talk in the terminal; each line is a message", kOptions, 0,
                                   checkStructured, run};
  return kCommand;
}

} // namespace gemmart
