// Reads the TOML into a Description. One small reader per kind of table; each names the
// keys it knows, so that an unknown key is an error with a suggestion.
#include "compiler/config/Schema.h"
#include "compiler/config/Operations.h"
#include "compiler/config/TomlReader.h"
#include "runtime/abi/ChatTemplates.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace gemmac::config {

namespace {

constexpr size_t kLargestFile = 1 << 20, kLongestLine = 1000;

class Reader : public TomlReader {
public:
  using TomlReader::TomlReader;
  Description run(const toml::table &root);

private:
  void readNumbers(const toml::table &root, Description &out);
  void readSizes(const toml::table &root, Description &out);
  void readChecks(const toml::table &root, Description &out);
  void readLets(const toml::table *table, std::vector<LetDecl> &out);
  void readWeights(const toml::table *table, const std::string &where, std::vector<WeightDecl> &out);
  std::vector<std::vector<std::string>> readCandidates(const toml::node *node, const std::string &what);
  std::vector<Expression> readPart(const toml::table &table, const std::string &what,
                                   const std::vector<std::vector<std::string>> &candidates);
  void readSteps(const toml::node *node, const std::string &where, bool needed, std::vector<StepDecl> &out);
  void readAttributes(const toml::table &table, StepDecl &step);
  void readIgnored(const toml::node *node, const std::string &where, std::vector<IgnoredDecl> &out);
  void readIgnoredKeys(const toml::node *node, std::vector<IgnoredKeyDecl> &out);
  void readRuntime(const toml::table &root, Description &out);
  void readLayer(const toml::table &root, Description &out);
};

void Reader::readNumbers(const toml::table &root, Description &out) {
  const toml::table *numbers = tableAt(root, "numbers", "numbers", true);
  if (!numbers)
    return;
  const std::vector<std::string> types = {"int", "float", "bool", "string"};
  for (const Entry &entry : entries(*numbers)) {
    const toml::table *table = entry.node->as_table();
    std::string where = "[numbers." + entry.key + "]";
    if (!table) {
      wrongType(where, "a table such as { type = \"int\", hf = \"...\" }", *entry.node);
      continue;
    }
    if (!identifier(entry, "a number"))
      continue;
    unknownKeys(
        *table, where,
        {"type", "list", "hf", "gguf", "default", "default_hf", "default_gguf", "as_hf", "as_gguf", "min", "max"});
    NumberDecl number;
    number.name = {entry.key, entry.where};
    Text type = textOf(*table, "type", where, true);
    size_t index = std::find(types.begin(), types.end(), type.text) - types.begin();
    if (index == types.size()) {
      if (table->get("type") && table->get("type")->is_string())
        error(type.where, fmt::format("unknown type {} of a number: int, float, bool or string{}", inQuotes(type.text),
                                      didYouMean(type.text, types)));
      index = 0;
    }
    number.type = static_cast<NumberType>(index);
    number.list = flag(*table, "list");
    number.hf = {texts(table->get("hf"), "hf"), expression(table->get("default_hf"), "default_hf"),
                 expression(table->get("as_hf"), "as_hf")};
    number.gguf = {texts(table->get("gguf"), "gguf"), expression(table->get("default_gguf"), "default_gguf"),
                   expression(table->get("as_gguf"), "as_gguf")};
    number.fallback = expression(table->get("default"), "default");
    number.min = real(*table, "min");
    number.max = real(*table, "max");
    out.numbers.push_back(std::move(number));
  }
}

void Reader::readSizes(const toml::table &root, Description &out) {
  const toml::table *sizes = tableAt(root, "sizes", "sizes", false);
  if (!sizes)
    return;
  std::vector<std::string> known;
  for (const NumberDecl &number : out.numbers)
    known.push_back(number.name.text);
  for (const Entry &entry : entries(*sizes)) {
    const toml::table *table = entry.node->as_table();
    std::string where = "[sizes." + entry.key + "]";
    if (!table) {
      wrongType(where, "a table", *entry.node);
      continue;
    }
    unknownKeys(*table, where, known);
    SizeDecl size;
    size.name = {entry.key, entry.where};
    for (const Entry &number : entries(*table))
      if (std::optional<Value> value = literal(*number.node, number.key))
        size.numbers[number.key] = std::move(*value);
    out.sizes.push_back(std::move(size));
  }
}

void Reader::readChecks(const toml::table &root, Description &out) {
  forEachTable(root.get("checks"), "checks", false, [&](const toml::table &table) {
    unknownKeys(table, "[[checks]]", {"that", "say", "at", "each"});
    CheckDecl check;
    check.where = at(table);
    check.that = neededExpression(table, "that", "[[checks]]");
    check.say = textOf(table, "say", "[[checks]]", true);
    Text place = textOf(table, "at", "[[checks]]", true);
    check.at = place.text;
    bool known = out.findNumber(check.at) != nullptr;
    for (const auto *lets : {&out.lets, &out.layerLets})
      for (const LetDecl &let : *lets)
        known |= let.name.text == check.at;
    if (!known && table.get("at") && table.get("at")->is_string())
      error(place.where, fmt::format("'at' names {}, which is neither a number nor a let", inQuotes(check.at)));
    Text each = textOf(table, "each", "[[checks]]", false);
    if (!each.text.empty() && each.text != "layer")
      error(each.where, fmt::format("'each' can only be 'layer', found {}", inQuotes(each.text)));
    check.eachLayer = each.text == "layer";
    out.checks.push_back(std::move(check));
  });
}

void Reader::readLets(const toml::table *table, std::vector<LetDecl> &out) {
  if (!table)
    return;
  for (const Entry &entry : entries(*table)) {
    if (!identifier(entry, "a value"))
      continue;
    std::optional<Expression> value = expression(entry.node, entry.key);
    out.push_back({{entry.key, entry.where}, value.value_or(Expression())});
  }
}

std::vector<std::vector<std::string>> Reader::readCandidates(const toml::node *node, const std::string &what) {
  std::vector<std::vector<std::string>> out;
  if (!node)
    return out;
  auto strings = [&](const toml::node &one) {
    std::vector<std::string> names;
    for (const Text &name : texts(&one, what)) {
      if (name.text.empty() || name.text.size() > 256)
        error(name.where, fmt::format("{} must name a tensor in 1 to 256 characters", what));
      names.push_back(name.text);
    }
    return names;
  };
  const toml::array *array = node->as_array();
  if (!array)
    out.push_back(strings(*node));
  else
    for (const toml::node &element : *array)
      out.push_back(strings(element));
  std::erase_if(out, [](const std::vector<std::string> &candidate) { return candidate.empty(); });
  return out;
}

std::vector<Expression> Reader::readPart(const toml::table &table, const std::string &what,
                                         const std::vector<std::vector<std::string>> &candidates) {
  std::vector<Expression> out;
  const toml::node *node = table.get(what);
  if (!node)
    return out;
  const toml::array *array = node->as_array();
  if (!array || array->size() != 3) {
    wrongType(what, "a list of three numbers, [offset, size, every]", *node);
    return out;
  }
  for (const toml::node &number : *array)
    out.push_back(expression(&number, what).value_or(Expression()));
  for (const std::vector<std::string> &candidate : candidates)
    if (candidate.size() > 1 || candidate[0].find("{e}") != std::string::npos)
      error(at(*node), fmt::format("{} takes rows of one tensor; here is a concatenation", what));
  return out;
}

void Reader::readWeights(const toml::table *parent, const std::string &where, std::vector<WeightDecl> &out) {
  if (!parent)
    return;
  const std::vector<std::string> floors = {"q6", "q8", "bf16", "f32"};
  for (const Entry &entry : entries(*parent)) {
    const toml::table *table = entry.node->as_table();
    std::string here = fmt::format("[{}.{}]", where, entry.key);
    if (!table) {
      wrongType(here, "a table such as { shape = [...], hf = \"...\", gguf = \"...\" }", *entry.node);
      continue;
    }
    if (!identifier(entry, "a weight"))
      continue;
    unknownKeys(*table, here,
                {"shape", "hf", "gguf", "floor", "when", "offset_hf", "offset_gguf", "interleaved_heads_hf",
                 "interleaved_heads_gguf", "part_hf", "part_gguf", "transposed_hf", "tied"});
    WeightDecl weight;
    weight.name = {entry.key, entry.where};
    const toml::node *shape = table->get("shape");
    if (!shape)
      error(entry.where, fmt::format("missing key 'shape' in {}", here));
    else if (!shape->is_array())
      wrongType("shape", "a list of 1 to 3 sizes", *shape);
    else if (shape->as_array()->empty() || shape->as_array()->size() > 3)
      error(at(*shape), fmt::format("shape must be a list of 1 to 3 sizes, found {}", shape->as_array()->size()));
    else
      for (const toml::node &size : *shape->as_array())
        weight.shape.push_back(expression(&size, "shape").value_or(Expression()));
    weight.hf = readCandidates(table->get("hf"), "hf");
    weight.gguf = readCandidates(table->get("gguf"), "gguf");
    if (weight.hf.empty() && weight.gguf.empty())
      error(entry.where, fmt::format("{} names no tensor: 'hf', 'gguf' or both are needed", here));
    Text floor = textOf(*table, "floor", here, false);
    if (!floor.text.empty() && std::find(floors.begin(), floors.end(), floor.text) == floors.end())
      error(floor.where, fmt::format("unknown format {}: {}{}", inQuotes(floor.text), joined(floors),
                                     didYouMean(floor.text, floors)));
    weight.floor = floor.text;
    weight.when = expression(table->get("when"), "when");
    weight.interleavedHf = expression(table->get("interleaved_heads_hf"), "interleaved_heads_hf");
    weight.interleavedGguf = expression(table->get("interleaved_heads_gguf"), "interleaved_heads_gguf");
    weight.partHf = readPart(*table, "part_hf", weight.hf);
    weight.partGguf = readPart(*table, "part_gguf", weight.gguf);
    weight.transposedHf = flag(*table, "transposed_hf");
    weight.offsetHf = real(*table, "offset_hf").value_or(0);
    weight.offsetGguf = real(*table, "offset_gguf").value_or(0);
    if (table->get("tied"))
      weight.tied = textOf(*table, "tied", here, true);
    out.push_back(std::move(weight));
  }
  if (out.size() > kMostEntries)
    error(at(*parent), fmt::format("[{}] has {} entries; at most {} are allowed", where, out.size(), kMostEntries));
}

void Reader::readAttributes(const toml::table &table, StepDecl &step) {
  const OperationInfo *operation = findOperation(step.op.text);
  if (!operation)
    return;
  std::vector<std::string> known = {"name", "op", "in", "weight", "when"};
  for (const AttributeInfo &info : operation->attributes) {
    known.push_back(info.name);
    const toml::node *node = table.get(info.name);
    if (!node) {
      if (info.required)
        error(step.op.where, fmt::format("'{}' needs '{}'", operation->name, info.name));
      continue;
    }
    AttributeDecl attribute;
    attribute.key = at(*node);
    if (info.kind != AttributeKind::Word) {
      attribute.value = expression(node, info.name).value_or(Expression());
    } else {
      attribute.word = text(*node, info.name);
      if (node->is_string() && std::find(info.words.begin(), info.words.end(), attribute.word.text) == info.words.end())
        error(attribute.word.where, fmt::format("unknown {} {}: {}{}", info.name, inQuotes(attribute.word.text),
                                                joined(info.words), didYouMean(attribute.word.text, info.words)));
    }
    step.attributes[info.name] = std::move(attribute);
  }
  bool base = step.attributes.count("theta") && step.attributes.count("denominator");
  if (operation->name == "rope" && (base == (step.attributes.count("frequency") != 0) ||
                                    step.attributes.count("theta") != step.attributes.count("denominator")))
    error(step.op.where, "'rope' needs either 'theta' and 'denominator' or 'frequency'");
  for (const Entry &entry : entries(table))
    if (std::find(known.begin(), known.end(), entry.key) == known.end())
      error(entry.where, fmt::format("'{}' has no attribute {}{}", operation->name, inQuotes(entry.key),
                                     didYouMean(entry.key, known)));
}

void Reader::readSteps(const toml::node *node, const std::string &where, bool needed, std::vector<StepDecl> &out) {
  forEachTable(node, where, needed, [&](const toml::table &table) {
    std::string here = "[[" + where + "]]";
    StepDecl step;
    step.name = textOf(table, "name", here, true);
    step.op = textOf(table, "op", here, true);
    step.in = texts(table.get("in"), "in");
    for (Text &name : texts(table.get("weight"), "weight")) {
      bool optional = name.text.ends_with('?');
      if (!optional && !step.weights.empty() && step.weights.back().optional)
        error(name.where, fmt::format("only the last weights of a step may be left out, but {} follows {}",
                                      inQuotes(name.text), inQuotes(step.weights.back().text + "?")));
      if (optional)
        name.text.pop_back();
      step.weights.push_back({std::move(name), optional});
    }
    step.when = expression(table.get("when"), "when");
    if (table.get("name"))
      identifier({step.name.text, step.name.where, nullptr}, "a step");
    std::vector<std::string> names;
    for (const OperationInfo &operation : operations())
      names.push_back(operation.name);
    if (const OperationInfo *operation = findOperation(step.op.text)) {
      if (step.in.size() != operation->inputs)
        error(step.op.where, fmt::format("'{}' takes {} value{} in 'in', found {}", operation->name, operation->inputs,
                                         operation->inputs == 1 ? "" : "s", step.in.size()));
      if (step.weights.size() < operation->leastWeights || step.weights.size() > operation->mostWeights) {
        std::string takes = operation->leastWeights == operation->mostWeights
                                ? fmt::format("{}", operation->mostWeights)
                                : fmt::format("{} to {}", operation->leastWeights, operation->mostWeights);
        error(step.op.where, fmt::format("'{}' takes {} weight{} in 'weight', found {}", operation->name, takes,
                                         takes == "1" ? "" : "s", step.weights.size()));
      }
    } else if (table.get("op") && table.get("op")->is_string()) {
      error(step.op.where,
            fmt::format("unknown operation {}{}", inQuotes(step.op.text), didYouMean(step.op.text, names)));
    }
    readAttributes(table, step);
    out.push_back(std::move(step));
  });
}

void Reader::readIgnored(const toml::node *node, const std::string &where, std::vector<IgnoredDecl> &out) {
  forEachTable(node, where, false, [&](const toml::table &table) {
    std::string here = "[[" + where + "]]";
    unknownKeys(table, here, {"hf", "gguf", "why", "when", "copy_of"});
    std::string why = textOf(table, "why", here, true).text;
    std::optional<Expression> when = expression(table.get("when"), "when");
    std::optional<Text> copyOf;
    if (table.get("copy_of"))
      copyOf = textOf(table, "copy_of", here, true);
    for (const Text &name : texts(table.get("hf"), "hf"))
      out.push_back({name, std::nullopt, why, when, copyOf});
    for (const Text &name : texts(table.get("gguf"), "gguf"))
      out.push_back({std::nullopt, name, why, when, copyOf});
    if (!table.get("hf") && !table.get("gguf"))
      error(at(table), fmt::format("{} names no tensor: 'hf', 'gguf' or both are needed", here));
  });
}

void Reader::readIgnoredKeys(const toml::node *node, std::vector<IgnoredKeyDecl> &out) {
  forEachTable(node, "ignored_keys", false, [&](const toml::table &table) {
    std::string here = "[[ignored_keys]]";
    unknownKeys(table, here, {"hf", "gguf", "why", "when"});
    if (textOf(table, "why", here, true).text.empty() && table.get("why"))
      error(at(table), "why is empty in [[ignored_keys]]");
    std::optional<Expression> when = expression(table.get("when"), "when");
    for (const char *source : {"hf", "gguf"})
      for (const Text &key : texts(table.get(source), source)) {
        if (key.text.find_first_not_of("/*") == std::string::npos)
          error(key.where, fmt::format("{} names no key; it would ignore all", inQuotes(key.text)));
        out.push_back({key, std::string_view(source) == "gguf", when});
      }
    if (!table.get("hf") && !table.get("gguf"))
      error(at(table), "[[ignored_keys]] names no key: 'hf', 'gguf' or both are needed");
  });
}

void Reader::readLayer(const toml::table &root, Description &out) {
  const toml::table *layer = tableAt(root, "layer", "layer", true);
  if (!layer)
    return;
  unknownKeys(*layer, "[layer]", {"count", "in", "out", "class", "let", "weights", "steps", "ignored"});
  out.layerCount = neededExpression(*layer, "count", "[layer]");
  out.layerIn = textOf(*layer, "in", "[layer]", true);
  out.layerOut = textOf(*layer, "out", "[layer]", true);
  if (layer->contains("class"))
    out.layerClass = textOf(*layer, "class", "[layer]", true);
  readLets(tableAt(*layer, "let", "layer.let", false), out.layerLets);
  readWeights(tableAt(*layer, "weights", "layer.weights", false), "layer.weights", out.layerWeights);
  readSteps(layer->get("steps"), "layer.steps", true, out.layerSteps);
  readIgnored(layer->get("ignored"), "layer.ignored", out.layerIgnored);
}

void Reader::readRuntime(const toml::table &root, Description &out) {
  const toml::table *table = tableAt(root, "runtime", "runtime", true);
  if (!table)
    return;
  unknownKeys(*table, "[runtime]",
              {"template", "empty_thought", "bos", "stop_ids", "temperature", "top_p", "top_k", "context", "vocab"});
  RuntimeDecl &runtime = out.runtime;
  Text chat = textOf(*table, "template", "[runtime]", false);
  const std::vector<std::string> templates(std::begin(gmChatTemplates), std::end(gmChatTemplates));
  if (!chat.text.empty() && std::ranges::find(templates, chat.text) == templates.end())
    error(chat.where, fmt::format("unknown chat template {}: {}{}", inQuotes(chat.text), joined(templates),
                                  didYouMean(chat.text, templates)));
  runtime.chatTemplate = chat.text;
  runtime.vocab = neededExpression(*table, "vocab", "[runtime]");
  runtime.context = neededExpression(*table, "context", "[runtime]");
  runtime.emptyThought = expression(table->get("empty_thought"), "empty_thought");
  runtime.bos = expression(table->get("bos"), "bos");
  runtime.temperature = expression(table->get("temperature"), "temperature");
  runtime.topP = expression(table->get("top_p"), "top_p");
  runtime.topK = expression(table->get("top_k"), "top_k");
  if (const toml::node *ids = table->get("stop_ids")) {
    const toml::array *array = ids->as_array();
    if (!array)
      return wrongType("stop_ids", "a list", *ids);
    for (const toml::node &id : *array)
      if (std::optional<Expression> one = expression(&id, "stop_ids"))
        runtime.stopIds.push_back(std::move(*one));
  }
}

Description Reader::run(const toml::table &root) {
  Description out;
  out.file = file;
  out.top = {file, 1, 1};
  unknownKeys(root, "the description",
              {"schema", "family", "numbers", "checkpoint", "sizes", "checks", "let", "layer", "weights", "before",
               "after", "ignored", "ignored_keys", "runtime"});
  const toml::node *schema = root.get("schema");
  if (!schema)
    error(out.top, "missing key 'schema' in the description: this compiler reads schema = 1");
  else if (!schema->is_integer() || schema->value_or(int64_t(0)) != 1)
    error(at(*schema), "unknown schema: this compiler reads schema = 1");
  if (!root.get("family"))
    error(out.top, "missing key 'family' in the description");
  out.family = textOf(root, "family", "the description", false).text;
  readNumbers(root, out);
  if (const toml::table *checkpoint = tableAt(root, "checkpoint", "checkpoint", false)) {
    unknownKeys(*checkpoint, "[checkpoint]", {"hf_model_types", "gguf_architectures", "hf_prefixes"});
    out.hfModelTypes = texts(checkpoint->get("hf_model_types"), "hf_model_types");
    out.ggufArchitectures = texts(checkpoint->get("gguf_architectures"), "gguf_architectures");
    out.hfPrefixes = texts(checkpoint->get("hf_prefixes"), "hf_prefixes");
  }
  readSizes(root, out);
  readLets(tableAt(root, "let", "let", false), out.lets);
  readWeights(tableAt(root, "weights", "weights", true), "weights", out.weights);
  readLayer(root, out);
  readChecks(root, out);
  readSteps(root.get("before"), "before", true, out.before);
  readSteps(root.get("after"), "after", true, out.after);
  readIgnored(root.get("ignored"), "ignored", out.ignored);
  readIgnoredKeys(root.get("ignored_keys"), out.ignoredKeys);
  readRuntime(root, out);
  return out;
}

/// The whole file, or a message.
std::optional<std::string> slurp(const std::string &path, std::string &message) {
  std::error_code code;
  if (!std::filesystem::exists(path, code))
    message = "no such file";
  else if (!std::filesystem::is_regular_file(path, code))
    message = "not a file";
  else if (uintmax_t size = std::filesystem::file_size(path, code); code || size > kLargestFile)
    message = fmt::format("{} bytes; a description has at most {}", size, kLargestFile);
  if (!message.empty())
    return std::nullopt;
  std::ifstream stream(path, std::ios::binary);
  std::string out(kLargestFile + 1, '\0');
  stream.read(out.data(), static_cast<std::streamsize>(out.size()));
  if (stream.bad() || (!stream && !stream.eof())) {
    message = "cannot be read";
    return std::nullopt;
  }
  out.resize(static_cast<size_t>(stream.gcount()));
  return out;
}

/// toml++ recurses once per dotted key; short lines bound that.
bool shortLines(const std::string &file, std::string_view text, Diagnostics &diagnostics) {
  int line = 1;
  for (size_t begin = 0; begin < text.size(); ++line) {
    size_t end = std::min(text.find('\n', begin), text.size());
    if (end - begin > kLongestLine) {
      diagnostics.error({file, line, 1},
                        fmt::format("line of {} bytes; at most {} are allowed", end - begin, kLongestLine));
      return false;
    }
    begin = end + 1;
  }
  return true;
}

} // namespace

std::vector<std::string> Description::sizeNames() const {
  std::vector<std::string> out;
  for (const SizeDecl &size : sizes)
    out.push_back(size.name.text);
  return out;
}

const NumberDecl *Description::findNumber(const std::string &name) const {
  for (const NumberDecl &number : numbers)
    if (number.name.text == name)
      return &number;
  return nullptr;
}

std::optional<Description> readDescription(const std::string &path, Diagnostics &diagnostics) {
  std::string message;
  std::optional<std::string> text = slurp(path, message);
  if (!text) {
    diagnostics.error({path, 0, 0}, message);
    return std::nullopt;
  }
  diagnostics.addSource(path, *text);
  if (!shortLines(path, *text, diagnostics))
    return std::nullopt;
  toml::parse_result parsed = toml::parse(std::string_view(*text), std::string_view(path));
  if (!parsed) {
    const toml::source_position where = parsed.error().source().begin;
    std::string reason(parsed.error().description());
    if (size_t macro = reason.find(" (TOML_MAX"); macro != std::string::npos)
      reason.resize(macro);
    diagnostics.error({path, static_cast<int>(where.line), static_cast<int>(where.column)},
                      "not valid TOML: " + reason);
    return std::nullopt;
  }
  Description out = Reader(path, diagnostics).run(parsed.table());
  checkNames(out, diagnostics);
  return out;
}

} // namespace gemmac::config
