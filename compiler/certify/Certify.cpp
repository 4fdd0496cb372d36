// See Certify.h; runtime/cli/Certificate.cpp prints what is stored.
#include "compiler/certify/Certify.h"

#include "compiler/certify/Child.h"
#include "compiler/certify/Measures.h"
#include "compiler/certify/Reference.h"
#include "compiler/emit/Existing.h"
#include "compiler/emit/Output.h"
#include "compiler/support/Printable.h"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <optional>

namespace gemmac::certify {
namespace {

using Json = nlohmann::ordered_json;

/// What the executable says of itself.
struct Model {
  std::string path;
  std::vector<std::string> common; ///< options of every run: level, threads
  ModelFacts facts;
  std::string level, quant, kv;
  int64_t threads = 0;
  std::vector<std::string> layers; ///< their classes
};

class Certifier {
public:
  explicit Certifier(const Options &options) : options(options) {}
  Status run();

private:
  Result<Reference> ownReference();
  Result<std::string> ownTokens();
  Status runOwn(const std::string &program, const std::string &tokens, emit::TempFile &logits, emit::TempFile &hidden);
  Status measure(const Reference &reference);
  Json certificate(const Reference &reference, const emit::SectionTable &table) const;
  Json layerClasses() const;

  const Options &options;
  Model model;
  LogitMeasures logits;
  std::optional<LayerMeasures> layers;
  std::vector<emit::TempFile> files; ///< of the own reference
};

Result<Model> askModel(const Options &options) {
  Model model;
  model.path = options.model.find('/') == std::string::npos ? "./" + options.model : options.model;
  if (!options.level.empty())
    model.common = {"--level", options.level};
  if (options.threads > 0)
    model.common.insert(model.common.end(), {"--threads", std::to_string(options.threads)});
  std::vector<std::string> arguments{"info", "--json"};
  arguments.insert(arguments.end(), model.common.begin(), model.common.end());
  Result<std::string> text = capture(model.path, arguments);
  if (!text)
    return text.error();
  nlohmann::json info = nlohmann::json::parse(*text, nullptr, /*allow_exceptions=*/false);
  try {
    model.facts.vocab = info.at("vocab").get<int64_t>();
    model.facts.context = info.at("context").get<int64_t>();
    model.facts.hiddenFloats = info.at("hidden_floats").get<int64_t>();
    model.layers = info.at("layers").get<std::vector<std::string>>();
    model.level = info.at("level").get<std::string>();
    model.quant = info.at("quant").get<std::string>();
    model.kv = info.at("kv").get<std::string>();
    model.threads = info.at("threads").get<int64_t>();
  } catch (const nlohmann::json::exception &) {
    return Error{options.model + ": 'info --json' does not say what certify needs; build it again"};
  }
  constexpr int64_t most = int64_t(1) << 40;
  int64_t count = static_cast<int64_t>(model.layers.size()), floats = model.facts.hiddenFloats;
  if (model.facts.vocab < 1 || model.facts.vocab > most || floats < 1 || floats > most || count < 1 ||
      floats % count != 0)
    return Error{options.model + ": 'info --json' makes no sense; build it again"};
  return model;
}

std::vector<std::string> logitsArguments(const Model &model, const std::string &tokens, int64_t rows) {
  std::vector<std::string> arguments{"logits", "--tokens", "@" + tokens, "--last", std::to_string(rows)};
  arguments.insert(arguments.end(), model.common.begin(), model.common.end());
  return arguments;
}

/// Ids that any vocabulary has: the same on every machine, up to 256 of them.
std::string randomTokens(const ModelFacts &facts) {
  uint64_t state = 1;
  std::string list;
  for (int64_t i = 0; i < std::min<int64_t>(256, facts.context); ++i) {
    uint64_t z = state += 0x9e3779b97f4a7c15; // splitmix64
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    list += (i ? "," : "") + std::to_string((z ^ (z >> 31)) % static_cast<uint64_t>(facts.vocab));
  }
  return list;
}

Result<std::string> Certifier::ownTokens() {
  if (!options.text.empty())
    return capture(model.path, {"tokenize", "--bos"}, options.text);
  if (options.tokens.empty())
    return randomTokens(model.facts);
  if (options.tokens[0] != '@')
    return options.tokens;
  Result<std::unique_ptr<import::MappedFile>> file = import::MappedFile::open(options.tokens.substr(1));
  if (!file)
    return file.error();
  return std::string((*file)->bytes().begin(), (*file)->bytes().end());
}

Status Certifier::runOwn(const std::string &program, const std::string &tokens, emit::TempFile &logitsFile,
                         emit::TempFile &hiddenFile) {
  uint64_t logitsAt = 0, hiddenAt = 0;
  auto writer = [](emit::TempFile &file, uint64_t &at) {
    return [&](std::span<const float> row) -> Status {
      uint64_t offset = at;
      at += row.size_bytes();
      return emit::statusOf(file.write(offset, row.data(), row.size_bytes()));
    };
  };
  return streamRows(
      program, logitsArguments(model, tokens, model.facts.context), {"-o", "--hidden"},
      {{model.facts.vocab, writer(logitsFile, logitsAt)}, {model.facts.hiddenFloats, writer(hiddenFile, hiddenAt)}});
}

/// Builds the same weights in bf16, runs that, and leaves its rows in files that disappear with this object.
Result<Reference> Certifier::ownReference() {
  Result<std::string> list = ownTokens();
  if (!list)
    return list.error();
  std::string place = !options.text.empty() ? options.text : "--tokens";
  if (Result<std::vector<int32_t>> ids = parseTokens(*list, place, model.facts); !ids)
    return ids.error();
  std::string folder = emit::folderOf(model.path), name = emit::fileOf(model.path);
  for (const char *part : {".tokens", ".logits", ".hidden", ".bf16"}) {
    gemmart::Result<emit::TempFile> file = emit::TempFile::create(folder, name + part, 0600);
    if (!file)
      return emit::errorOf(file.status());
    files.push_back(std::move(*file));
  }
  emit::TempFile &tokens = files[0], &logitsFile = files[1], &hiddenFile = files[2], &program = files[3];
  if (gemmart::Status wrote = tokens.write(0, list->data(), list->size()); !wrote)
    return emit::errorOf(wrote);
  BuildOptions build = options.own;
  build.recipe = "bf16";
  build.context = model.facts.context;
  build.targets = {model.level};
  build.output = program.path();
  build.quiet = true;
  if (Exit exit = gemmac::build(build); exit != Exit::Ok)
    return Error{"the bf16 build of " + options.model + " failed"};
  Options twin;
  twin.model = program.path();
  Result<Model> built = askModel(twin);
  if (!built)
    return built.error();
  if (built->facts.vocab != model.facts.vocab || built->layers != model.layers ||
      built->facts.hiddenFloats != model.facts.hiddenFloats)
    return Error{options.model +
                 ": was not built from this description and these weights: vocabulary or layers differ"};
  if (Status ran = runOwn(program.path(), tokens.path(), logitsFile, hiddenFile); !ran)
    return ran.error();
  files.pop_back(); // the program, before the other one runs
  return openReference(files[0].path(), files[1].path(), files[2].path(), model.facts);
}

Status Certifier::measure(const Reference &reference) {
  int64_t vocab = model.facts.vocab, floats = model.facts.hiddenFloats;
  auto whole = [&](const char *what, int64_t row, std::span<const float> ours) -> Status {
    if (row >= reference.rows)
      return Error{options.model + ": gives more rows than were asked for"};
    if (int64_t broken = firstBroken(ours); broken >= 0)
      return Error{fmt::format("{}: {} at position {}, number {} is {}: no certificate for that", options.model, what,
                               reference.firstPosition() + row, broken, ours[broken])};
    return Ok{};
  };
  std::vector<RowPipe> pipes{{vocab, [&](std::span<const float> ours) -> Status {
                                int64_t row = logits.rows, position = reference.firstPosition() + row;
                                if (Status good = whole("a logit", row, ours); !good)
                                  return good;
                                Result<std::span<const float>> theirs = Reference::row(*reference.logits, row, vocab);
                                if (!theirs)
                                  return theirs.error();
                                bool follows = position + 1 < static_cast<int64_t>(reference.tokens.size());
                                logits.add(position, *theirs, ours, follows ? reference.tokens[position + 1] : -1);
                                return Ok{};
                              }}};
  std::vector<std::string> outputs{"-o"};
  if (reference.hidden) {
    layers.emplace(static_cast<int64_t>(model.layers.size()));
    outputs.push_back("--hidden");
    pipes.push_back({floats, [&](std::span<const float> ours) -> Status {
                       if (Status good = whole("a layer's output", layers->rows, ours); !good)
                         return good;
                       Result<std::span<const float>> theirs = Reference::row(*reference.hidden, layers->rows, floats);
                       if (!theirs)
                         return theirs.error();
                       layers->add(*theirs, ours);
                       return Ok{};
                     }});
  }
  if (Status ran = streamRows(model.path, logitsArguments(model, reference.tokensPath, reference.rows), outputs, pipes);
      !ran)
    return ran;
  if (logits.rows != reference.rows || (layers && layers->rows != reference.rows))
    return Error{options.model + ": gave fewer rows than were asked for"};
  return Ok{};
}

/// Classes in the order of their first layer.
Json Certifier::layerClasses() const {
  Json list = Json::array();
  for (size_t first = 0; first < model.layers.size(); ++first) {
    const std::string &name = model.layers[first];
    if (std::find(model.layers.begin(), model.layers.begin() + first, name) != model.layers.begin() + first)
      continue;
    int64_t count = 0, worst = 0;
    double sum = 0, least = 2;
    for (size_t layer = first; layer < model.layers.size(); ++layer) {
      if (model.layers[layer] != name)
        continue;
      ++count;
      sum += layers->layers[layer].sum;
      if (layers->layers[layer].least < least) {
        least = layers->layers[layer].least;
        worst = static_cast<int64_t>(layer);
      }
    }
    list.push_back({{"class", name},
                    {"layers", count},
                    {"cosine_mean", sum / static_cast<double>(count * layers->rows)},
                    {"cosine_min", least},
                    {"worst_layer", worst}});
  }
  return list;
}

/// No date and no path: the same inputs give the same bytes.
Json Certifier::certificate(const Reference &reference, const emit::SectionTable &table) const {
  auto hex = [](uint64_t hash) { return fmt::format("{:016x}", hash); };
  double rows = static_cast<double>(logits.rows);
  Json json;
  json["weights"] = hex(table.find("weights")->hash);
  json["code"] = hex(table.code.hash);
  json["quant"] = model.quant;
  json["kv"] = model.kv;
  json["level"] = model.level;
  json["threads"] = model.threads;
  json["reference"] = {{"kind", options.reference.empty() ? "own bf16 build" : "given run"},
                       {"logits", hex(reference.hash())},
                       {"tokens", reference.tokens.size()},
                       {"rows", reference.rows}};
  json["kl_mean"] = logits.klSum / rows;
  json["kl_max"] = logits.klMax;
  json["worst_position"] = logits.worstPosition;
  json["max_abs"] = logits.maxAbs;
  json["top1_agreement"] = static_cast<double>(logits.agreeing) / rows;
  json["nll_difference"] = logits.nllRows ? Json(logits.nllSum / static_cast<double>(logits.nllRows)) : Json();
  json["classes"] = layers ? layerClasses() : Json();
  return json;
}

Status Certifier::run() {
  Result<emit::SectionTable> before = emit::readSections(options.model);
  if (!before)
    return before.error();
  if (!before->find("weights"))
    return Error{options.model + ": section 'weights' is missing; build it again"};
  Result<Model> asked = askModel(options);
  if (!asked)
    return asked.error();
  model = std::move(*asked);
  Result<Reference> reference =
      options.reference.empty() ? ownReference() : openFolder(options.reference, options.referenceLogits, model.facts);
  if (!reference)
    return reference.error();
  if (Status measured = measure(*reference); !measured)
    return measured;
  Result<emit::SectionTable> table = emit::readSections(options.model);
  if (!table)
    return table.error();
  if (table->code.hash != before->code.hash || !table->find("weights") ||
      table->find("weights")->hash != before->find("weights")->hash)
    return Error{options.model + ": was replaced while it was measured"};
  std::string text =
      certificate(*reference, *table).dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  if (Status stored = emit::replaceSection(options.model, "certificate", emit::bytesOf(text)); !stored)
    return stored;
  Result<std::string> shown = capture(model.path, {"info", "--certificate", "--trust"});
  if (!shown)
    return shown.error();
  fmt::print("{}", *shown);
  return Ok{};
}

} // namespace

Exit certify(const Options &options) {
  Status done = Certifier(options).run();
  if (done)
    return Exit::Ok;
  fmt::print(stderr, "error: {}\n", printable(done.error().message));
  return Exit::Input;
}

} // namespace gemmac::certify
