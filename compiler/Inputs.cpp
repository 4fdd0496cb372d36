// See Inputs.h.
#include "compiler/Inputs.h"

#include "compiler/config/Description.h"
#include "compiler/pack/Pack.h"

#include <charconv>
#include <filesystem>

using namespace gemmac;

static Result<uint64_t> parseSeed(const std::string &text) {
  uint64_t seed = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seed);
  if (error != std::errc() || end != text.data() + text.size() || text.empty())
    return Error{"--weights random:" + text + ": the seed must be a whole number from 0 to 2^64 - 1"};
  return seed;
}

static config::Facts factsOf(const import::Checkpoint &checkpoint) {
  config::Facts facts;
  facts.source =
      checkpoint.source() == import::Source::Gguf ? config::Facts::Source::Gguf : config::Facts::Source::HuggingFace;
  facts.path = checkpoint.path();
  facts.numbers = checkpoint.numbers();
  for (const import::Tensor &tensor : checkpoint.tensors())
    facts.tensors[tensor.name] = tensor.shape;
  return facts;
}

/// The format that holds a weight's own bits. Parts of one weight must agree.
static std::vector<kernel::Format> keptFormats(const import::Bindings &bindings) {
  std::vector<kernel::Format> formats;
  for (const import::Binding &binding : bindings.weights) {
    kernel::Format format = pack::keptFormat(binding.parts.front()->type);
    for (const import::Tensor *part : binding.parts)
      if (pack::keptFormat(part->type) != format)
        format = kernel::Format::F32;
    formats.push_back(format);
  }
  return formats;
}

Result<Inputs> gemmac::openInputs(const std::string &description, const std::optional<std::string> &size,
                                  const std::string &weights) {
  Inputs inputs;
  if (weights.starts_with("random:")) {
    Result<uint64_t> seed = parseSeed(weights.substr(7));
    if (!seed)
      return seed.error();
    Result<config::Model> model = config::elaborate(description, size, nullptr);
    if (!model)
      return model.error();
    inputs.model = std::move(*model);
    inputs.checkpoint = import::randomCheckpoint(inputs.model, *seed);
  } else {
    Result<std::unique_ptr<import::Checkpoint>> checkpoint = import::openCheckpoint(weights);
    if (!checkpoint)
      return checkpoint.error();
    inputs.checkpoint = std::move(*checkpoint);
    config::Facts facts = factsOf(*inputs.checkpoint);
    Result<config::Model> model = config::elaborate(description, size, &facts);
    if (!model)
      return model.error();
    inputs.model = std::move(*model);
  }
  Result<import::Bindings> bindings = import::bindWeights(inputs.model, *inputs.checkpoint);
  if (!bindings)
    return bindings.error();
  inputs.bindings = std::move(*bindings);
  if (inputs.checkpoint->source() != import::Source::Random)
    inputs.keptFormats = keptFormats(inputs.bindings);
  return inputs;
}

std::vector<gemmart::Input> gemmac::filesRead(const std::string &description, const std::string &weights,
                                              const std::string &kit) {
  namespace fs = std::filesystem;
  std::vector<gemmart::Input> files{{"/proc/self/exe", "gemmac itself"}, {description, "the description"}};
  auto add = [&](const std::string &path, const char *what, auto &&wanted) {
    std::error_code error; // what cannot be read now is complained about by who opens it
    files.push_back({path, what});
    for (fs::directory_iterator at(path, error), end; !error && at != end; at.increment(error))
      if (wanted(at->path().extension().string()))
        files.push_back({at->path().string(), what});
  };
  if (!weights.starts_with("random:"))
    add(weights, "weights that are read", [](const std::string &kind) {
      return kind == ".safetensors" || kind == ".json" || kind == ".jinja" || kind == ".gguf" || kind == ".model" ||
             kind == ".txt";
    });
  if (!kit.empty())
    add(kit, "a file of the link kit", [](const std::string &) { return true; });
  return files;
}
