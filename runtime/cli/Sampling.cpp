// The sampling options, see Sampling.h.
#include "runtime/cli/Sampling.h"

#include "runtime/base/Clock.h"

#include <sys/random.h>

namespace gemmart {

static constexpr OptionSpec kSamplingOptions[] = {
    {"temp", 0, OptionSpec::Real, "X", "temperature; 0 takes the most likely token (default: the model's)", 0, 100},
    {"top-k", 0, OptionSpec::Integer, "N", "only the N most likely tokens; 0: all (default: the model's)", 0,
     INT32_MAX},
    {"top-p", 0, OptionSpec::Real, "X", "only the likeliest tokens that make up X; 1: all (default: the model's)", 0,
     1},
    {"min-p", 0, OptionSpec::Real, "X", "only tokens at least X times as likely as the likeliest (default 0)", 0, 1},
    {"repeat-penalty", 0, OptionSpec::Real, "X", "divides logits of tokens that were there (default 1)", 0.01, 100},
    {"presence-penalty", 0, OptionSpec::Real, "X", "taken off tokens of the answer (default 0)", -100, 100},
    {"frequency-penalty", 0, OptionSpec::Real, "X", "taken off for each time it is in the answer (default 0)", -100,
     100},
    {"seed", 0, OptionSpec::Integer, "N", "same seed, same text (default: random, see -v)", 0, 9.2e18},
    {"max-tokens", 'n', OptionSpec::Integer, "N", "longest answer (default: the context; a base model: 256)", 1, 1e18},
};

std::vector<OptionSpec> withSamplingOptions(std::span<const OptionSpec> own) {
  std::vector<OptionSpec> all(own.begin(), own.end());
  all.insert(all.end(), std::begin(kSamplingOptions), std::end(kSamplingOptions));
  return all;
}

SamplerOptions samplerOptions(const Loaded &loaded, const Args &args) {
  SamplerOptions options;
  options.temperature = args.real("temp", loaded.manifest.temperature);
  options.topK = args.integer("top-k", loaded.manifest.topK);
  options.topP = args.real("top-p", loaded.manifest.topP);
  options.minP = args.real("min-p", 0);
  options.repetitionPenalty = args.real("repeat-penalty", 1);
  options.presencePenalty = args.real("presence-penalty", 0);
  options.frequencyPenalty = args.real("frequency-penalty", 0);
  if (args.has("seed")) {
    options.seed = uint64_t(args.integer("seed", 0));
    return options;
  }
  uint32_t random; // 32 bits: easy to copy from the screen
  if (getrandom(&random, sizeof random, GRND_NONBLOCK) != sizeof random)
    random = uint32_t(secondsNow() * 1e6);
  options.seed = random;
  if (loaded.verbose && options.temperature > 0)
    fprintf(stderr, "seed %llu\n", (unsigned long long)options.seed);
  return options;
}

} // namespace gemmart
