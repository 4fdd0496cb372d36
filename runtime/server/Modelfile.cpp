// Modelfiles, see Modelfile.h.
#include "runtime/server/Modelfile.h"

#include "runtime/base/Args.h"
#include "runtime/base/Text.h"
#include "runtime/text/Utf8.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace gemmart::server {

static constexpr std::array<std::string_view, 11> kCommands = {"FROM",      "LICENSE", "TEMPLATE", "SYSTEM",
                                                               "ADAPTER",   "DRAFT",   "RENDERER", "PARSER",
                                                               "PARAMETER", "MESSAGE", "REQUIRES"};

namespace {

class ModelfileReader {
public:
  explicit ModelfileReader(std::string_view text) : text(text) {}
  Result<std::vector<ModelfileCommand>> run();

private:
  Status wrong(const std::string &what) const { return inputError(format("(line %d): ", line) + what); }
  bool more() const { return at < text.size(); }
  void step() {
    if (text[at++] == '\n')
      ++line;
  }
  static bool isSpace(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
  std::string word();
  Status value(std::string &out);
  Status quoted(std::string_view quote, std::string &out);
  void skipBlanks() {
    while (more() && (text[at] == ' ' || text[at] == '\t'))
      step();
  }

  std::string_view text;
  size_t at = 0;
  int line = 1;
};

} // namespace

std::string ModelfileReader::word() {
  size_t start = at;
  while (more() && !isSpace(text[at]))
    step();
  return std::string(text.substr(start, at - start));
}

Status ModelfileReader::quoted(std::string_view quote, std::string &out) {
  size_t start = at + quote.size(), end = text.find(quote, start);
  if (end == std::string_view::npos)
    return wrong("unexpected end of the file: the text after " + std::string(quote) + " does not end");
  // Quotes at the very end belong to the text: """a"""" holds a".
  while (quote.size() == 3 && end + 3 < text.size() && text[end + 3] == '"')
    ++end;
  out = text.substr(start, end - start);
  while (at < end + quote.size())
    step();
  skipBlanks();
  if (more() && text[at] != '\n' && text[at] != '\r')
    return wrong("the line goes on after the closing " + std::string(quote));
  return {};
}

Status ModelfileReader::value(std::string &out) {
  skipBlanks();
  std::string_view rest = text.substr(at);
  if (rest.starts_with("\"\"\""))
    return quoted("\"\"\"", out);
  if (rest.starts_with("\""))
    return quoted("\"", out);
  size_t end = std::min(rest.find('\n'), rest.size());
  std::string_view line = rest.substr(0, end);
  while (!line.empty() && isSpace(line.back()))
    line.remove_suffix(1);
  out = line;
  at += end;
  return out.empty() ? wrong("unexpected end of the line: a value must stand here") : Status();
}

Result<std::vector<ModelfileCommand>> ModelfileReader::run() {
  std::vector<ModelfileCommand> commands;
  while (true) {
    while (more() && isSpace(text[at]))
      step();
    if (!more())
      return commands;
    if (text[at] == '#') {
      while (more() && text[at] != '\n')
        step();
      continue;
    }
    ModelfileCommand command;
    command.line = line;
    std::string seen = word();
    command.name = seen;
    for (char &c : command.name)
      c = char(toupper(uint8_t(c)));
    if (std::find(kCommands.begin(), kCommands.end(), command.name) == kCommands.end())
      return inputError(format("(line %d): ", command.line) +
                        "command must be one of \"from\", \"license\", \"template\", "
                        "\"system\", \"adapter\", \"draft\", \"renderer\", \"parser\", \"parameter\", \"message\" or "
                        "\"requires\", not '" +
                        seen.substr(0, 100) + "'");
    if (!more() || text[at] == '\n' || text[at] == '\r')
      return inputError(format("(line %d): ", command.line) + "unexpected end of the line after " + command.name);
    skipBlanks();
    if (command.name == "PARAMETER" || command.name == "MESSAGE") {
      command.key = word();
      if (command.name == "MESSAGE" && command.key != "system" && command.key != "user" && command.key != "assistant")
        return wrong("message role must be one of \"system\", \"user\" or \"assistant\", not '" +
                     command.key.substr(0, 100) + "'");
      if (command.name == "PARAMETER" &&
          (command.key.empty() || !std::all_of(command.key.begin(), command.key.end(),
                                               [](char c) { return isalnum(uint8_t(c)) || c == '_'; })))
        return wrong("the name of a parameter must be letters, digits and '_', not '" + command.key.substr(0, 100) +
                     "'");
      if (!more() || text[at] == '\n' || text[at] == '\r')
        return wrong("unexpected end of the line: a value must follow '" + command.key + "'");
    }
    if (Status status = value(command.value); !status)
      return status;
    commands.push_back(std::move(command));
  }
}

/// UTF-16 with a byte order mark becomes UTF-8, the mark of UTF-8 goes.
static Result<std::string> toUtf8(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF"))
    text.remove_prefix(3);
  bool little = text.starts_with("\xFF\xFE"), big = text.starts_with("\xFE\xFF");
  std::string out(text);
  if (little || big) {
    text.remove_prefix(2);
    out.clear();
    auto unit = [&](size_t at) {
      return uint32_t(uint8_t(text[at + (little ? 1 : 0)])) << 8 | uint8_t(text[at + (little ? 0 : 1)]);
    };
    for (size_t at = 0; at + 1 < text.size(); at += 2) {
      uint32_t code = unit(at);
      if (code >= 0xD800 && code < 0xDC00 && at + 3 < text.size()) {
        code = 0x10000 + ((code - 0xD800) << 10) + ((unit(at + 2) - 0xDC00) & 0x3FF);
        at += 2;
      }
      if (code < 0x80) {
        out += char(code);
        continue;
      }
      int tail = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
      out += char((tail == 1 ? 0xC0 : tail == 2 ? 0xE0 : 0xF0) | code >> (6 * tail));
      while (tail-- > 0)
        out += char(0x80 | (code >> (6 * tail) & 63));
    }
  }
  if (size_t bad = findInvalidUtf8(out); bad != std::string::npos)
    return inputError(format("byte %zu is no UTF-8", bad + 1));
  return out;
}

Result<std::vector<ModelfileCommand>> parseModelfile(std::string_view text) {
  Result<std::string> plain = toUtf8(text);
  if (!plain)
    return plain.status();
  return ModelfileReader(*plain).run();
}

Result<Value> parameterValue(const std::string &name, const std::string &text, bool &withoutEffect) {
  static constexpr std::string_view integers[] = {
      "top_k",     "repeat_last_n", "seed",     "num_predict", "num_ctx",           "num_keep",
      "num_batch", "num_gpu",       "main_gpu", "num_thread",  "draft_num_predict", "mirostat"};
  static constexpr std::string_view reals[] = {
      "temperature",       "top_p",        "min_p",        "typical_p", "repeat_penalty", "presence_penalty",
      "frequency_penalty", "mirostat_tau", "mirostat_eta", "tfs_z"};
  static constexpr std::string_view flags[] = {"penalize_newline", "low_vram",   "f16_kv", "vocab_only",    "use_mlock",
                                               "use_mmap",         "logits_all", "numa",   "embedding_only"};
  static constexpr std::string_view idle[] = {"num_keep",   "num_batch",        "num_gpu",      "main_gpu",
                                              "num_thread", "mirostat",         "mirostat_tau", "mirostat_eta",
                                              "tfs_z",      "draft_num_predict"};
  auto in = [&](std::span<const std::string_view> list) {
    return std::find(list.begin(), list.end(), name) != list.end();
  };
  withoutEffect = in(flags) || in(idle);
  if (name == "stop")
    return Value(text);
  if (in(integers)) {
    int64_t number;
    if (!parseInteger(text, INT64_MIN, INT64_MAX, number))
      return inputError("parameter '" + name + "' must be a whole number, not '" + text.substr(0, 100) + "'");
    return Value(number);
  }
  if (in(reals)) {
    double number;
    auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failure != std::errc() || end != text.data() + text.size() || !std::isfinite(number))
      return inputError("parameter '" + name + "' must be a number, not '" + text.substr(0, 100) + "'");
    return Value(number);
  }
  if (in(flags)) {
    if (text != "true" && text != "false")
      return inputError("parameter '" + name + "' must be true or false, not '" + text.substr(0, 100) + "'");
    return Value(text == "true");
  }
  return inputError("unknown parameter '" + name.substr(0, 100) + "'");
}

/// PARAMETER: `stop` gathers, all others replace.
static Status addParameter(Overlay &overlay, const ModelfileCommand &command, std::vector<std::string> &warnings) {
  bool withoutEffect = false;
  Result<Value> value = parameterValue(command.key, command.value, withoutEffect);
  if (!value)
    return inputError(format("(line %d): ", command.line) + value.status().message());
  if (withoutEffect)
    warnings.push_back("parameter '" + command.key + "' has no effect here");
  else if (command.key == "stop")
    overlay.parameters["stop"].push_back(*value);
  else
    overlay.parameters[command.key] = *value;
  return {};
}

Result<Overlay> readModelfile(std::string_view text, std::vector<std::string> &warnings) {
  Result<std::vector<ModelfileCommand>> commands = parseModelfile(text);
  if (!commands)
    return commands.status();
  Overlay overlay;
  for (const ModelfileCommand &command : *commands) {
    std::string place = format("(line %d): ", command.line);
    if (command.name == "FROM") {
      overlay.from = command.value;
    } else if (command.name == "SYSTEM") {
      overlay.system = command.value;
    } else if (command.name == "LICENSE") {
      overlay.licenses.push_back(command.value);
    } else if (command.name == "MESSAGE") {
      overlay.messages.emplace_back(command.key, command.value);
    } else if (command.name == "PARAMETER") {
      if (Status status = addParameter(overlay, command, warnings); !status)
        return status;
    } else if (command.name == "TEMPLATE") {
      if (command.value != "{{ .Prompt }}")
        return inputError(place + "TEMPLATE cannot be changed: templates are compiled; only {{ .Prompt }} is known");
      overlay.modelTemplate = command.value;
    } else if (command.name == "RENDERER" || command.name == "PARSER") {
      (command.name == "PARSER" ? overlay.parser : overlay.renderer) = command.value;
    } else if (command.name == "REQUIRES") {
      overlay.requires_ = command.value;
    } else {
      return inputError(place + command.name +
                        " is not supported: adapters and drafters are built in with gemmac build");
    }
  }
  if (overlay.from.empty())
    return inputError("no FROM line");
  return overlay;
}

/// A value that reads back as the same text.
static std::string quotedValue(const std::string &text) {
  bool plain = !text.empty() && text.find_first_of("\"\n\r") == std::string::npos && text[0] != ' ' &&
               text[0] != '\t' && text.back() != ' ' && text.back() != '\t';
  if (plain)
    return text;
  return text.find('"') == std::string::npos ? "\"" + text + "\"" : "\"\"\"" + text + "\"\"\"";
}

std::string writeModelfile(const Overlay &overlay, const std::string &from) {
  std::string out = "# Modelfile of an overlay; build the model itself with gemmac\nFROM " + from + "\n";
  if (!overlay.modelTemplate.empty())
    out += "TEMPLATE " + overlay.modelTemplate + "\n";
  if (!overlay.renderer.empty())
    out += "RENDERER " + overlay.renderer + "\n";
  if (!overlay.parser.empty())
    out += "PARSER " + overlay.parser + "\n";
  if (!overlay.requires_.empty())
    out += "REQUIRES " + overlay.requires_ + "\n";
  if (!overlay.system.empty())
    out += "SYSTEM " + quotedValue(overlay.system) + "\n";
  for (auto item = overlay.parameters.begin(); item != overlay.parameters.end(); ++item) {
    if (item->is_array())
      for (const Value &each : *item)
        out += "PARAMETER " + item.key() + " " + quotedValue(each.is_string() ? each.get<std::string>() : each.dump()) +
               "\n";
    else
      out += "PARAMETER " + item.key() + " " +
             (item->is_string() ? quotedValue(item->get<std::string>()) : item->dump()) + "\n";
  }
  for (const std::string &license : overlay.licenses)
    out += "LICENSE " + quotedValue(license) + "\n";
  for (const auto &[role, text] : overlay.messages)
    out += "MESSAGE " + role + " " + quotedValue(text) + "\n";
  return out;
}

} // namespace gemmart::server
