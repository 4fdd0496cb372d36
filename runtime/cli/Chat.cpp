// `chat`: a conversation in the terminal. Ctrl-C ends an answer, Ctrl-D the conversation.
#include "runtime/cli/Commands.h"
#include "runtime/cli/Sampling.h"
#include "runtime/cli/Structured.h"
#include "runtime/cli/TextModel.h"

#include "runtime/base/Clock.h"
#include "runtime/model/Generate.h"

#include <algorithm>
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
  Chat(Loaded &loaded, const TextModel &text, Engine &engine, const SamplerOptions &sampling, const Args &args,
       std::shared_ptr<const Grammar> grammar)
      : loaded(loaded), text(text), engine(engine), session(engine.newSession()), sampling(sampling),
        grammar(std::move(grammar)), think(args.has("think")),
        maxTokens(args.integer("max-tokens", text.hasTemplate() ? loaded.contextTokens : 256)) {
    if (args.has("system"))
      turns.push_back({"system", args.text("system")});
    systemTurns = turns.size();
  }

  void restart() {
    turns.resize(systemTurns);
    session.reset();
    beforeAnswer.reset();
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
    reuse(ids);
    Result<Generation> begun = begin(ids);
    if (!begun) {
      turns.pop_back();
      return begun.status();
    }
    GenerateOptions options{maxTokens, loaded.manifest.stopIds};
    std::optional<Constraint> constraint;
    if (grammar)
      options.constraint = &constraint.emplace(constrain(grammar, think));
    Sampler sampler(sampling, loaded.model.vocab_tokens);
    ++sampling.seed; // the next answer draws other numbers
    TextModel::Stream stream(text);
    Interrupts interrupts;
    std::string reply;
    auto show = [&](const TextModel::Part &part) {
      if (!part.isThought) // the template leaves old thoughts out of the conversation, too
        reply += part.text;
      fwrite(part.text.data(), 1, part.text.size(), stdout);
      fflush(stdout);
    };
    Result<Generation> result =
        generate(session, sampler, std::span(ids).subspan(cached.size()), options, [&](int32_t token) {
          show(stream.next(token));
          return !interrupts.pressed();
        });
    if (!result) {
      turns.pop_back();
      return result.status();
    }
    show(stream.finish());
    result->promptTokens += begun->promptTokens;
    result->promptSeconds += begun->promptSeconds;
    finish(std::move(ids), *result, std::move(reply));
    tellIfCut(options.constraint);
    return {};
  }

private:
  /// Keeps what the cache shares with the ids. Old thoughts are left out of a conversation, so what was said last may
  /// stand there differently: then the session goes back, or to where it was before it answered.
  void reuse(const std::vector<int32_t> &ids) {
    size_t most = std::min(cached.size(), ids.size() - 1); // one id must be fed, so that there are logits
    size_t shared =
        size_t(std::mismatch(cached.begin(), cached.begin() + ptrdiff_t(most), ids.begin()).first - cached.begin());
    if (!session.rewind(int64_t(shared))) {
      bool isEarlier = beforeAnswer && beforeAnswer->position() <= int64_t(shared);
      session = isEarlier ? beforeAnswer->fork() : engine.newSession();
    }
    cached.resize(size_t(session.position()));
  }

  /// Feeds all but the end of a prompt and remembers that place. The end, which opens the answer, may be missing when
  /// the answer is part of the conversation.
  Result<Generation> begin(const std::vector<int32_t> &ids) {
    constexpr size_t kOpening = 32; // tokens: more than any template opens an answer with
    Generation begun;
    size_t end = std::max(ids.size() - std::min(ids.size(), kOpening), cached.size());
    std::span<const int32_t> tokens = std::span(ids).subspan(cached.size(), end - cached.size());
    double start = secondsNow();
    if (Status status = session.feed(tokens, 0, nullptr); !status)
      return status;
    cached.assign(ids.begin(), ids.begin() + ptrdiff_t(end));
    begun.promptTokens = int64_t(tokens.size());
    begun.promptSeconds = secondsNow() - start;
    beforeAnswer = session.fork();
    // The pages that it keeps must not be those that the answer will need.
    if (!session.fits(session.context() - session.position()))
      beforeAnswer.reset();
    return begun;
  }

  void finish(std::vector<int32_t> ids, const Generation &result, std::string reply) {
    cached = std::move(ids);
    cached.insert(cached.end(), result.tokens.begin(), result.tokens.end());
    cached.resize(size_t(session.position())); // the last token of the answer was not fed
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
  Engine &engine;
  Session session;
  std::optional<Session> beforeAnswer; ///< the session as it was shortly before its latest answer began
  SamplerOptions sampling;
  const std::shared_ptr<const Grammar> grammar; ///< of every answer; may be null
  const bool think;
  const int64_t maxTokens;
  size_t systemTurns = 0;
  std::vector<Turn> turns;
  std::vector<int32_t> cached; ///< the ids whose keys and values the session holds
};

} // namespace

static bool readLine(std::string &line) {
  line.clear();
  for (int byte; (byte = getchar()) != EOF;) {
    if (byte == '\n')
      return true;
    line += char(byte);
  }
  return !line.empty();
}

static Status run(Loaded &loaded, const Args &args) {
  Result<std::unique_ptr<TextModel>> text = TextModel::open(loaded, "chat");
  if (!text)
    return text.status();
  if (!(*text)->hasTemplate() && (args.has("system") || args.has("think")))
    return inputError("a base model has no chat template; --system and --think need one");
  Result<std::shared_ptr<const Grammar>> grammar = openGrammar(loaded, args, **text);
  if (!grammar)
    return grammar.status();
  Result<std::shared_ptr<Engine>> engine = openEngine(loaded, 2); // the conversation, and where it goes back to
  if (!engine)
    return engine.status();
  Chat chat(loaded, **text, **engine, samplerOptions(loaded, args), args, *grammar);
  bool terminal = isatty(STDIN_FILENO);
  if (terminal)
    fprintf(stderr, "%s %s. %s/new starts anew, /bye or Ctrl-D leaves, Ctrl-C ends an answer.\n",
            loaded.manifest.model.c_str(), loaded.manifest.size.c_str(),
            (*text)->hasTemplate() ? "" : "A base model: it continues your text. ");
  std::string line;
  while (true) {
    if (terminal)
      fprintf(stderr, "> ");
    if (!readLine(line) || line == "/bye")
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
      fprintf(stderr, "error: %s\n", status.message().c_str());
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
