// `logits`: the raw logits of a list of tokens, and their mean negative log-likelihood. For tests and for comparing
// engines.
#include "runtime/cli/Commands.h"

#include "runtime/base/Text.h"
#include "runtime/model/Sampler.h"

#include <optional>
#include <unistd.h>

namespace gemmart {

static constexpr OptionSpec kOptions[] = {
    {"tokens", 0, OptionSpec::Text, "LIST", "token ids, 2,106 or @FILE"},
    {"output", 'o', OptionSpec::Text, "FILE", "raw little-endian float32 [rows, vocab]; - is standard output"},
    {"hidden", 0, OptionSpec::Text, "FILE", "what leaves each layer, raw float32 [rows, layers, width]"},
    {"last", 0, OptionSpec::Integer, "N", "only the last N rows (default: all)", 1, 1e18},
    {"chunk", 0, OptionSpec::Integer, "N", "at most N tokens in one step, 1: all are decoded (default: as compiled)", 1,
     1e18},
    {"blocks", 0, OptionSpec::Text, "LIST",
     "block number of each token, 0 outside of blocks, or @FILE: tokens of a block see each other"},
    {"beside", 0, OptionSpec::Integer, "N",
     "decode token by token, in the same steps as N sequences of random tokens; no bit depends on them", 1, 1e6},
    {"nll", 0, OptionSpec::Flag, "", "print the mean negative log-likelihood of tokens 2 to the last, in nats"},
};

/// Before any work: that there is a place for each output, and that it is nothing that is read or written besides.
static Status checkOutputs(const Args &args) {
  std::vector<Input> inputs = {{ownPath(), "this program"}};
  for (const char *option : {"tokens", "blocks"})
    if (std::string list = args.text(option); list.starts_with("@") && list != "@-")
      inputs.push_back({list.substr(1), std::string("--") + option});
  for (const char *option : {"output", "hidden"})
    if (args.has(option) && args.text(option) != "-")
      if (Status status = checkOutput(args.text(option), inputs); !status)
        return status;
  std::string output = args.text("output"), hidden = args.text("hidden");
  if (args.has("output") && args.has("hidden") && (output == "-" ? hidden == "-" : sameOutput(output, hidden)))
    return usageError("-o and --hidden would both write to " + (output == "-" ? "standard output" : output) +
                      "; give two files");
  return {};
}

static Status check(const Args &args) {
  if (!args.has("tokens"))
    return usageError("logits needs --tokens LIST or --tokens @FILE");
  if (!args.has("output") && !args.has("nll") && !args.has("hidden"))
    return usageError("logits needs -o FILE, --hidden FILE, --nll or several of them");
  if (args.has("beside") && (args.has("blocks") || args.has("chunk") || args.has("hidden")))
    return usageError("--beside decodes token by token; --blocks, --chunk and --hidden need steps of their own");
  if (args.text("output") == "-" && isatty(STDOUT_FILENO))
    return usageError("-o - would write raw numbers to the terminal; give a file or a pipe");
  if (args.text("output") == "-" && args.has("nll"))
    return usageError("-o - and --nll would both write to standard output; give a file");
  return checkOutputs(args);
}

/// Opens the file that an option names, if it is there.
static Status create(const Args &args, const char *option, std::optional<OutputFile> &file) {
  if (!args.has(option))
    return {};
  Result<OutputFile> created = OutputFile::create(args.text(option));
  if (!created)
    return created.status();
  file.emplace(std::move(*created));
  return {};
}

/// Decodes `tokens` one by one together with other sequences, which begin at different positions and start anew when
/// their context is full.
static Status feedBeside(Engine &engine, Session &session, std::span<const int32_t> tokens, int64_t others,
                         int64_t vocab, const Session::RowSink &sink) {
  Random random(1);
  auto draw = [&] { return int32_t(random.next() % uint64_t(vocab)); };
  std::vector<Session> neighbours;
  std::vector<Session *> all = {&session};
  neighbours.reserve(size_t(others)); // their addresses are kept
  for (int64_t index = 0; index < others; ++index) {
    neighbours.push_back(engine.newSession());
    std::vector<int32_t> begin(size_t(std::min(7 * index, engine.contextTokens() / 2)));
    std::generate(begin.begin(), begin.end(), draw);
    if (Status status = neighbours.back().feed(begin, 0, nullptr); !status)
      return status;
    all.push_back(&neighbours.back());
  }
  for (int32_t token : tokens) {
    std::vector<int32_t> row = {token};
    for (Session &neighbour : neighbours) {
      if (!neighbour.hasRoom())
        neighbour.reset();
      row.push_back(draw());
    }
    int64_t position = session.position();
    Status status = engine.decode(all, row, [&](size_t index, std::span<float> logits) {
      return index == 0 ? sink(position, logits) : Status();
    });
    if (!status)
      return status;
  }
  return {};
}

static Status run(Loaded &loaded, const Args &args) {
  Result<std::vector<int32_t>> tokens = parseTokens(args.text("tokens"), loaded.model.vocab_tokens);
  if (!tokens)
    return tokens.status();
  Result<std::vector<int32_t>> blocks = std::vector<int32_t>();
  if (args.has("blocks"))
    blocks = parseBlocks(args.text("blocks"));
  if (!blocks)
    return blocks.status();
  int64_t count = int64_t(tokens->size()), last = std::min(args.integer("last", count), count);
  bool nll = args.has("nll");
  if (nll && count < 2)
    return inputError("--nll needs at least 2 tokens, there is 1");
  int64_t others = args.integer("beside", 0);
  Result<std::shared_ptr<Engine>> engine = openEngine(loaded, 1 + others);
  if (!engine)
    return engine.status();
  Session session = (*engine)->newSession();
  if (args.has("chunk"))
    session.limitChunk(args.integer("chunk", 1));
  std::optional<OutputFile> output, hidden;
  if (Status status = create(args, "output", output); !status)
    return status;
  if (Status status = create(args, "hidden", hidden); !status)
    return status;
  if (hidden)
    if (Status status = session.watchLayers(); !status)
      return status;
  double sum = 0;
  auto take = [&](int64_t position, std::span<float> row) -> Status {
    if (nll && position + 1 < count)
      sum += negativeLogLikelihood(row, (*tokens)[size_t(position) + 1]);
    if (position < count - last)
      return {};
    if (output)
      if (Status status = output->write(row.data(), row.size_bytes()); !status)
        return status;
    return hidden ? hidden->write(session.hidden().data(), session.hidden().size_bytes()) : Status();
  };
  Status fed = others > 0 ? feedBeside(**engine, session, *tokens, others, loaded.model.vocab_tokens, take)
                          : session.feed(*tokens, nll ? count : last, take, *blocks);
  if (!fed)
    return fed;
  for (std::optional<OutputFile> *file : {&output, &hidden})
    if (*file)
      if (Status finished = (*file)->finish(); !finished)
        return finished;
  if (nll)
    printf("%.9g\n", sum / double(count - 1));
  return {};
}

const Command &logitsCommand() {
  static constexpr Command kCommand = {
      "logits", "--tokens LIST -o FILE", "write the logits of a list of tokens", kOptions, 0, check, run};
  return kCommand;
}

} // namespace gemmart
