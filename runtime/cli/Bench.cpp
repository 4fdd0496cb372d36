// `bench`: prefill and decode speed, beside the read bandwidth measured in the same run; and how fast text becomes ids.
#include "runtime/cli/Bandwidth.h"
#include "runtime/cli/BenchText.h"
#include "runtime/cli/Commands.h"

#include "runtime/base/Clock.h"
#include "runtime/base/Text.h"
#include "runtime/model/Memory.h"
#include "runtime/model/Sampler.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace gemmart {

static constexpr OptionSpec kOptions[] = {
    {"prompt", 'p', OptionSpec::IntegerList, "N,..", "prompt lengths to measure (default 512, or the context)", 1,
     1e15},
    {"generate", 'n', OptionSpec::Integer, "N", "tokens to decode (default 64, or what the context holds)", 1, 1e15},
    {"depth", 'd', OptionSpec::IntegerList, "N,..",
     "tokens already in the cache when decoding (default 0); what they add to a step's bytes is counted", 0, 1e15},
    {"sequences", 's', OptionSpec::IntegerList, "N,..",
     "sequences to decode at once, each at each depth (default 1); rates are those of all together", 1, 1e6},
    {"repeat", 'r', OptionSpec::Integer, "N", "repetitions; the median is told (default 3)", 1, 1000},
    {"text", 0, OptionSpec::Text, "FILE", "text for the tokenizer (default 4 MiB of words of the vocabulary)"},
    {"json", 0, OptionSpec::Flag, "", "one JSON object on standard output"},
};

namespace {

struct Plan {
  std::vector<int64_t> prompts, depths, sequences;
  int64_t decodeTokens, repetitions;
};

/// Median, slowest and fastest of the repetitions, in tokens per second.
struct Rate {
  int64_t tokens = 0, depth = 0, sequences = 1;
  int64_t bytes = 0; ///< of a decoded token: its part of the weights, and the keys and values so deep, on average
  double median = 0, slowest = 0, fastest = 0;
  double fraction = 0; ///< of the bandwidth: median over the repetitions, each against reads right before and after it
};

} // namespace

static Result<Plan> makePlan(const Loaded &loaded, const Args &args) {
  int64_t context = loaded.contextTokens;
  Plan plan;
  plan.prompts = args.integers("prompt", {std::min<int64_t>(512, context)});
  plan.depths = args.integers("depth", {0});
  plan.sequences = args.integers("sequences", {1});
  plan.repetitions = args.integer("repeat", 3);
  int64_t deepest = *std::max_element(plan.depths.begin(), plan.depths.end());
  plan.decodeTokens = args.integer("generate", std::clamp<int64_t>(context - deepest, 1, 64));
  for (int64_t prompt : plan.prompts)
    if (prompt > context)
      return usageError(
          format("--prompt %lld does not fit the context of %lld tokens", (long long)prompt, (long long)context));
  if (deepest > context || plan.decodeTokens > context - deepest)
    return usageError(format("--depth %lld and --generate %lld do not fit the context of %lld tokens together",
                             (long long)deepest, (long long)plan.decodeTokens, (long long)context));
  return plan;
}

static double middleOf(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  size_t middle = values.size() / 2;
  return values.size() % 2 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

static Rate summarize(int64_t tokens, int64_t depth, std::vector<double> seconds) {
  auto rate = [&](double time) { return double(tokens) / std::max(time, 1e-9); };
  auto [fastest, slowest] = std::minmax_element(seconds.begin(), seconds.end());
  return {tokens, depth, 1, 0, rate(middleOf(seconds)), rate(*slowest), rate(*fastest), 0};
}

/// Ids without a meaning: which ones does not matter for the speed, but all the same would be kind to a cache.
static std::vector<int32_t> randomTokens(int64_t count, int64_t vocab) {
  Random random(1);
  std::vector<int32_t> tokens(static_cast<size_t>(count));
  for (int32_t &token : tokens)
    token = int32_t(random.next() % uint64_t(vocab));
  return tokens;
}

static Result<Rate> measurePrefill(Session &session, int64_t vocab, int64_t count, int64_t repetitions) {
  std::vector<int32_t> tokens = randomTokens(count, vocab);
  std::vector<double> seconds;
  for (int64_t repetition = 0; repetition < repetitions; ++repetition) {
    session.reset();
    double start = secondsNow();
    Result<std::span<float>> logits = session.feed(tokens);
    if (!logits)
      return logits.status();
    seconds.push_back(secondsNow() - start);
  }
  return summarize(count, 0, std::move(seconds));
}

/// One sequence alone takes the decode entry point, several share their steps.
static Status decodeStep(Engine &engine, std::vector<Session> &sessions, std::span<const int32_t> token) {
  auto ignore = [](auto, std::span<float>) { return Status(); };
  if (sessions.size() == 1)
    return sessions[0].feed(token, 1, ignore);
  std::vector<Session *> all;
  for (Session &session : sessions)
    all.push_back(&session);
  std::vector<int32_t> tokens(all.size(), token[0]);
  return engine.decode(all, tokens, ignore);
}

/// `best` becomes the best bandwidth seen. Each sequence has keys and values of its own.
static Result<Rate> measureDecode(Engine &engine, const GmModel &model, Bandwidth &bandwidth, double &best,
                                  int64_t depth, int64_t sequences, int64_t count, int64_t repetitions) {
  constexpr int kPasses = 2;
  std::vector<int32_t> tokens = randomTokens(depth + count, model.vocab_tokens);
  int64_t bytes = count * model.decode_bytes; // of a repetition
  for (int64_t index = 0; index < count; ++index)
    bytes += sequences * cacheBytesRead(model, depth + index);
  std::vector<double> seconds, fractions;
  std::vector<Session> deep;
  for (int64_t index = 0; index < sequences; ++index) {
    deep.push_back(engine.newSession());
    if (Status status = deep.back().feed(std::span(tokens).first(size_t(depth)), 0, nullptr); !status)
      return status;
  }
  double before = bandwidth.measure(kPasses);
  for (int64_t repetition = 0; repetition < repetitions; ++repetition) {
    std::vector<Session> sessions;
    for (const Session &session : deep)
      sessions.push_back(session.fork());
    double start = secondsNow();
    for (int64_t index = 0; index < count; ++index)
      if (Status status = decodeStep(engine, sessions, std::span(tokens).subspan(size_t(depth + index), 1)); !status)
        return status;
    seconds.push_back(secondsNow() - start);
    double after = bandwidth.measure(kPasses), here = std::max(before, after);
    if (here > 0)
      fractions.push_back(double(bytes) / std::max(seconds.back(), 1e-9) / here);
    best = std::max(best, here);
    before = after;
  }
  Rate rate = summarize(count * sequences, depth, std::move(seconds));
  rate.sequences = sequences;
  rate.bytes = bytes / (count * sequences);
  rate.fraction = fractions.empty() ? 0 : middleOf(std::move(fractions));
  return rate;
}

/// Nothing where the model has no tokenizer. Rates are bytes per second.
static Result<std::optional<EncodeTimes>> measureText(const Loaded &loaded, const Args &args, int64_t repetitions) {
  constexpr size_t kLongestText = 1u << 30, kWords = 4u << 20;
  constexpr int64_t kMost = 9; // repetitions: it takes no part of the time that prefill and decode are asked to take
  const Section *section = loaded.artifact.find("tokenizer");
  if (!section)
    return args.has("text") ? Result<std::optional<EncodeTimes>>(
                                  inputError("this model was built without a tokenizer; --text needs one"))
                            : std::optional<EncodeTimes>();
  Result<Tokenizer> tokenizer = Tokenizer::open(section->bytes);
  if (!tokenizer)
    return tokenizer.status();
  Result<std::string> text =
      args.has("text") ? readText(args.text("text"), kLongestText) : wordsOfVocabulary(*tokenizer, kWords);
  if (!text)
    return text.status();
  if (text->empty())
    return inputError("--text " + args.text("text") + " is empty");
  Result<EncodeTimes> times = measureEncode(*tokenizer, *text, std::min<int64_t>(repetitions, kMost));
  if (!times)
    return times.status();
  times->text = args.has("text") ? args.text("text") : "words of the vocabulary";
  return std::optional(std::move(*times));
}

static constexpr double kMebibyte = 1 << 20;

static nlohmann::ordered_json jsonOf(const EncodeTimes &times) {
  Rate rate = summarize(int64_t(times.bytes), 0, times.seconds);
  return {{"text", times.text},
          {"bytes", times.bytes},
          {"tokens", times.tokens},
          {"mib_per_s", rate.median / kMebibyte},
          {"slowest_mib_per_s", rate.slowest / kMebibyte},
          {"fastest_mib_per_s", rate.fastest / kMebibyte}};
}

static void printJson(const Loaded &loaded, double bandwidth, const std::vector<Rate> &prefill,
                      const std::vector<Rate> &decode, const std::optional<EncodeTimes> &text, int64_t repetitions) {
  const GmModel &model = loaded.model;
  nlohmann::ordered_json root;
  root["read_bandwidth_gb_s"] = bandwidth / 1e9;
  root["prefill"] = nlohmann::ordered_json::array();
  for (const Rate &rate : prefill)
    root["prefill"].push_back({{"tokens", rate.tokens},
                               {"tokens_per_s", rate.median},
                               {"slowest_tokens_per_s", rate.slowest},
                               {"fastest_tokens_per_s", rate.fastest},
                               {"gops_per_s", rate.median * double(model.prefill_ops) / 1e9}});
  root["decode"] = nlohmann::ordered_json::array();
  for (const Rate &rate : decode)
    root["decode"].push_back({{"depth", rate.depth},
                              {"sequences", rate.sequences},
                              {"tokens", rate.tokens},
                              {"tokens_per_s", rate.median},
                              {"slowest_tokens_per_s", rate.slowest},
                              {"fastest_tokens_per_s", rate.fastest},
                              {"bytes_per_token", rate.bytes},
                              {"fraction_of_bandwidth", rate.fraction}});
  if (text)
    root["tokenizer"] = jsonOf(*text);
  root["threads"] = loaded.team->threads();
  root["target"] = model.target;
  root["level"] = loaded.level().name;
  root["model"] = loaded.manifest.model;
  root["size"] = loaded.manifest.size;
  root["quant"] = loaded.manifest.quant;
  root["repetitions"] = repetitions;
  printf("%s\n", root.dump(2, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
}

static void printText(const Loaded &loaded, double bandwidth, const std::vector<Rate> &prefill,
                      const std::vector<Rate> &decode, const std::optional<EncodeTimes> &text) {
  const GmModel &model = loaded.model;
  printf("%s %s %s, %s, level %s, %lld threads\n", loaded.manifest.model.c_str(), loaded.manifest.size.c_str(),
         loaded.manifest.quant.c_str(), model.target, loaded.level().name, (long long)loaded.team->threads());
  printf("read bandwidth   %8.2f GB/s\n", bandwidth / 1e9);
  for (const Rate &rate : prefill)
    printf("prefill %6lld    %8.1f tokens/s (%.1f to %.1f)  %.1f G ops/s\n", (long long)rate.tokens, rate.median,
           rate.slowest, rate.fastest, rate.median * double(model.prefill_ops) / 1e9);
  for (const Rate &rate : decode)
    printf("decode at %-6lld %8.2f tokens/s (%.2f to %.2f)  %s%s per token, %.3f of the bandwidth\n",
           (long long)rate.depth, rate.median, rate.slowest, rate.fastest,
           rate.sequences > 1 ? format("%lld sequences, ", (long long)rate.sequences).c_str() : "",
           formatBytes(rate.bytes).c_str(), rate.fraction);
  if (!text)
    return;
  Rate rate = summarize(int64_t(text->bytes), 0, text->seconds);
  printf("tokenizer        %8.1f MiB/s (%.1f to %.1f)  %zu bytes to %zu tokens, one thread, %s\n",
         rate.median / kMebibyte, rate.slowest / kMebibyte, rate.fastest / kMebibyte, text->bytes, text->tokens,
         text->text.c_str());
}

static Status run(Loaded &loaded, const Args &args) {
  Result<Plan> plan = makePlan(loaded, args);
  if (!plan)
    return plan.status();
  int64_t most = *std::max_element(plan->sequences.begin(), plan->sequences.end());
  Result<std::shared_ptr<Engine>> opened = openEngine(loaded, 2 * most); // each sequence, and the fork that goes on
  if (!opened)
    return opened.status();
  Engine &engine = **opened;
  Session session = engine.newSession();
  Result<std::optional<EncodeTimes>> text =
      measureText(loaded, args, plan->repetitions); // first: it may refuse its file
  if (!text)
    return text.status();
  int64_t vocab = loaded.model.vocab_tokens;
  Bandwidth bandwidth(loaded.level(), *loaded.team, loaded.weights());
  double best = bandwidth.measure(3);
  // Untimed: pages of weights, cache and arena are touched for the first time.
  if (Result<Rate> warm = measurePrefill(session, vocab, std::min<int64_t>(16, session.context()), 1); !warm)
    return warm.status();
  std::vector<Rate> prefill, decode;
  for (int64_t count : plan->prompts) {
    Result<Rate> rate = measurePrefill(session, vocab, count, plan->repetitions);
    if (!rate)
      return rate.status();
    prefill.push_back(*rate);
  }
  session.reset();
  for (int64_t depth : plan->depths)
    for (int64_t sequences : plan->sequences) {
      Result<Rate> rate =
          measureDecode(engine, loaded.model, bandwidth, best, depth, sequences, plan->decodeTokens, plan->repetitions);
      if (!rate)
        return rate.status();
      decode.push_back(*rate);
    }
  if (args.has("json"))
    printJson(loaded, best, prefill, decode, *text, plan->repetitions);
  else
    printText(loaded, best, prefill, decode, *text);
  return {};
}

const Command &benchCommand() {
  static constexpr Command kCommand = {
      "bench", "", "measure prefill, decode, the read bandwidth and the tokenizer", kOptions, 0, nullptr, run};
  return kCommand;
}

} // namespace gemmart
