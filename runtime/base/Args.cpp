// The command line, see Args.h.
#include "runtime/base/Args.h"

#include "runtime/base/Text.h"

#include <charconv>
#include <cmath>

namespace gemmart {

bool parseInteger(std::string_view text, int64_t low, int64_t high, int64_t &value) {
  auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  return failure == std::errc() && end == text.data() + text.size() && value >= low && value <= high;
}

static bool parseReal(std::string_view text, double low, double high, double &value) {
  auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  return failure == std::errc() && end == text.data() + text.size() && std::isfinite(value) && value >= low &&
         value <= high;
}

static std::string shownName(const OptionSpec &spec) {
  return "--" + std::string(spec.name);
}

/// "a whole number from 1 to 64", "a number of at least 0".
static std::string wanted(const OptionSpec &spec) {
  constexpr double kHuge = 1e15; // a bound nobody means
  std::string text = spec.kind == OptionSpec::Real          ? "a number"
                     : spec.kind == OptionSpec::IntegerList ? "whole numbers separated by commas, each"
                                                            : "a whole number";
  return spec.high >= kHuge ? text + format(" of at least %g", spec.low)
                            : text + format(" from %.10g to %.10g", spec.low, spec.high);
}

/// Checks the value's text and fills the parsed forms. Returns whether it is right.
static bool readValue(const OptionSpec &spec, std::string_view text, std::vector<int64_t> &integers, double &real) {
  if (spec.kind == OptionSpec::Real)
    return parseReal(text, spec.low, spec.high, real);
  if (spec.kind != OptionSpec::Integer && spec.kind != OptionSpec::IntegerList)
    return true;
  // 2^63 has no int64_t: a bound beyond stays the largest number
  int64_t low = int64_t(spec.low), high = spec.high >= 9e18 ? INT64_MAX : int64_t(spec.high), number;
  while (true) {
    size_t comma = spec.kind == OptionSpec::IntegerList ? text.find(',') : std::string_view::npos;
    if (!parseInteger(text.substr(0, comma), low, high, number))
      return false;
    integers.push_back(number);
    if (comma == std::string_view::npos)
      return true;
    text.remove_prefix(comma + 1);
  }
}

static const OptionSpec *findOption(std::span<const OptionSpec> specs, std::string_view name, bool isLetter) {
  for (const OptionSpec &spec : specs)
    if (isLetter ? name.size() == 1 && spec.shortName == name[0] : spec.name == name)
      return &spec;
  return nullptr;
}

Result<Args> parseArgs(std::span<const char *const> arguments, std::span<const OptionSpec> specs) {
  Args args;
  bool optionsEnded = false;
  for (size_t index = 0; index < arguments.size(); ++index) {
    std::string_view word = arguments[index];
    if (optionsEnded || word.size() < 2 || word[0] != '-') { // "-" alone is a word: standard input or output
      args.words.emplace_back(word);
      continue;
    }
    if (word == "--") {
      optionsEnded = true;
      continue;
    }
    bool isLetter = word[1] != '-';
    std::string_view name = word.substr(isLetter ? 1 : 2), value;
    size_t equals = name.find('=');
    bool hasValue = equals != std::string_view::npos;
    if (hasValue) {
      value = name.substr(equals + 1);
      name = name.substr(0, equals);
    }
    const OptionSpec *spec = findOption(specs, name, isLetter);
    if (!spec) {
      std::vector<std::string_view> names;
      for (const OptionSpec &known : specs)
        names.push_back(known.name);
      std::string_view guess = nearest(name, names);
      return usageError("unknown option '" + std::string(word.substr(0, word.find('='))) + "'" +
                        (guess.empty() ? "" : "; did you mean '--" + std::string(guess) + "'?"));
    }
    if (spec->kind == OptionSpec::Flag) {
      if (hasValue)
        return usageError(shownName(*spec) + " takes no value");
    } else if (!hasValue) {
      if (index + 1 == arguments.size())
        return usageError(shownName(*spec) + " needs a value: " + std::string(spec->value));
      value = arguments[++index];
    }
    Args::Value parsed;
    parsed.text = value;
    if (!readValue(*spec, value, parsed.integers, parsed.real))
      return usageError(shownName(*spec) + " is '" + std::string(value) + "'; it must be " + wanted(*spec));
    args.given.insert_or_assign(std::string(spec->name), std::move(parsed));
  }
  return args;
}

std::string Args::text(std::string_view name, std::string_view otherwise) const {
  auto found = given.find(name);
  return found == given.end() ? std::string(otherwise) : found->second.text;
}

int64_t Args::integer(std::string_view name, int64_t otherwise) const {
  auto found = given.find(name);
  return found == given.end() || found->second.integers.empty() ? otherwise : found->second.integers[0];
}

double Args::real(std::string_view name, double otherwise) const {
  auto found = given.find(name);
  return found == given.end() ? otherwise : found->second.real;
}

std::vector<int64_t> Args::integers(std::string_view name, std::vector<int64_t> otherwise) const {
  auto found = given.find(name);
  return found == given.end() ? otherwise : found->second.integers;
}

std::string optionHelp(std::span<const OptionSpec> specs) {
  std::string text;
  for (const OptionSpec &spec : specs) {
    std::string left = spec.shortName ? format("  -%c, ", spec.shortName) : "      ";
    left += shownName(spec);
    if (!spec.value.empty())
      left += " " + std::string(spec.value);
    text += format("%-32s %.*s\n", left.c_str(), int(spec.help.size()), spec.help.data());
  }
  return text;
}

} // namespace gemmart
