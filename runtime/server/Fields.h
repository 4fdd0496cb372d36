// Reads the members of a request one by one, and knows in the end which nobody looked at.
#ifndef RUNTIME_SERVER_FIELDS_H
#define RUNTIME_SERVER_FIELDS_H

#include "runtime/server/Problem.h"

#include <initializer_list>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace gemmart::server {

/// What one request is checked with.
struct Checks {
  Problems problems;
  std::vector<std::string> ignored; ///< names for the X-Gemmac-Ignored header
  bool strict = false;              ///< what would be ignored is refused
};

/// One object. A member that is null counts as absent. A wrong type or a value out of range is a problem, and the
/// default is returned: reading goes on.
class Fields {
public:
  Fields(const Value &object, std::string path, Checks &checks);

  const Value *find(std::string_view name);
  std::optional<std::string> text(std::string_view name);
  std::string text(std::string_view name, std::string otherwise) { return text(name).value_or(std::move(otherwise)); }
  /// A string that must be there and not empty.
  std::string neededText(std::string_view name);
  std::optional<bool> flag(std::string_view name);
  bool flag(std::string_view name, bool otherwise) { return flag(name).value_or(otherwise); }
  std::optional<int64_t> integer(std::string_view name, int64_t low, int64_t high);
  /// `openLow`: the lower end itself is not allowed.
  std::optional<double> real(std::string_view name, double low, double high, bool openLow = false);
  const Value *array(std::string_view name);
  const Value *object(std::string_view name);
  /// A string, or an array of strings.
  std::optional<std::vector<std::string>> texts(std::string_view name, size_t most, size_t longest);

  /// Accepted without effect; told if there.
  void ignore(std::initializer_list<std::string_view> names);
  /// Refused if there and neither null, false, "" nor empty.
  void refuse(std::initializer_list<std::string_view> names, const std::string &why,
              const char *code = "unsupported_field");
  /// All members that nobody asked for are ignored ones.
  void finish();

  /// "options.seed"
  std::string pathOf(std::string_view name) const;
  Checks &checks;

private:
  void note(const std::string &path);
  const Value &members;
  std::string path;
  std::set<std::string, std::less<>> known;
};

} // namespace gemmart::server
#endif
