// The command line: options declared in a table, numbers checked against their range, unknown names answered with a
// guess.
#ifndef RUNTIME_BASE_ARGS_H
#define RUNTIME_BASE_ARGS_H

#include "runtime/base/Status.h"

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gemmart {

/// One option. `name` is its long name without dashes; `shortName` its letter or 0.
struct OptionSpec {
  enum Kind { Flag, Text, Integer, Real, IntegerList };
  std::string_view name;
  char shortName;
  Kind kind;
  std::string_view value; ///< what stands for the value in the help
  std::string_view help;
  double low = 0, high = 0; ///< both ends included; for Integer, Real and each number of an IntegerList
};

/// The checked options and the words beside them.
class Args {
public:
  bool has(std::string_view name) const { return given.find(name) != given.end(); }
  std::string text(std::string_view name, std::string_view otherwise = {}) const;
  int64_t integer(std::string_view name, int64_t otherwise) const;
  double real(std::string_view name, double otherwise) const;
  std::vector<int64_t> integers(std::string_view name, std::vector<int64_t> otherwise) const;
  std::vector<std::string> words; ///< not options, in order; all that follows `--`

private:
  friend Result<Args> parseArgs(std::span<const char *const>, std::span<const OptionSpec>);
  struct Value {
    std::string text;
    std::vector<int64_t> integers;
    double real = 0;
  };
  std::map<std::string, Value, std::less<>> given;
};

/// Reads `--name value`, `--name=value`, `-n value`; an option given twice keeps its last value. Fails with
/// Code::Usage.
Result<Args> parseArgs(std::span<const char *const> arguments, std::span<const OptionSpec> specs);

/// A whole decimal number in [low, high]; anything else (empty, trailing letters, overflow) is not one.
bool parseInteger(std::string_view text, int64_t low, int64_t high, int64_t &value);

/// The help lines of the options.
std::string optionHelp(std::span<const OptionSpec> specs);

} // namespace gemmart
#endif
