// The sampling options, shared by run and chat.
#ifndef RUNTIME_CLI_SAMPLING_H
#define RUNTIME_CLI_SAMPLING_H

#include "runtime/cli/Program.h"
#include "runtime/model/Sampler.h"

namespace gemmart {

/// --temp, --top-k, --top-p, --min-p, the penalties, --seed and --max-tokens.
std::vector<OptionSpec> withSamplingOptions(std::span<const OptionSpec> own);

/// The model's own advice, overridden by the options. Without --seed a random one, told in verbose mode.
SamplerOptions samplerOptions(const Loaded &loaded, const Args &args);

} // namespace gemmart
#endif
