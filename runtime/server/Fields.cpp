// The members of a request, see Fields.h.
#include "runtime/server/Fields.h"

#include "runtime/base/Text.h"

#include <algorithm>
#include <cmath>

namespace gemmart::server {

Fields::Fields(const Value &object, std::string path, Checks &checks)
    : checks(checks), members(object), path(std::move(path)) {}

std::string Fields::pathOf(std::string_view name) const {
  return path.empty() ? std::string(name) : path + "." + std::string(name);
}

const Value *Fields::find(std::string_view name) {
  known.emplace(name);
  if (!members.is_object())
    return nullptr;
  auto found = members.find(std::string(name));
  return found == members.end() || found->is_null() ? nullptr : &*found;
}

std::optional<std::string> Fields::text(std::string_view name) {
  const Value *value = find(name);
  if (!value)
    return {};
  if (value->is_string())
    return value->get<std::string>();
  checks.problems.add(Check::Types, badType(pathOf(name), "a string"));
  return {};
}

std::string Fields::neededText(std::string_view name) {
  std::optional<std::string> value = text(name);
  if (value && !value->empty())
    return *value;
  std::string shown = pathOf(name);
  checks.problems.add(Check::Types, {400, "missing_field", "'" + shown + "' is required", shown, {}});
  return {};
}

std::optional<bool> Fields::flag(std::string_view name) {
  const Value *value = find(name);
  if (!value)
    return {};
  if (value->is_boolean())
    return value->get<bool>();
  checks.problems.add(Check::Types, badType(pathOf(name), "true or false"));
  return {};
}

std::optional<int64_t> Fields::integer(std::string_view name, int64_t low, int64_t high) {
  const Value *value = find(name);
  if (!value)
    return {};
  // Clients with one type of number send 5.0.
  bool whole = value->is_number_float() && std::floor(value->get<double>()) == value->get<double>() &&
               std::abs(value->get<double>()) < 9e18;
  if (!value->is_number_integer() && !whole) {
    checks.problems.add(Check::Types, badType(pathOf(name), "a whole number"));
    return {};
  }
  bool beyond = value->is_number_unsigned() && value->get<uint64_t>() > uint64_t(INT64_MAX);
  int64_t number = beyond ? INT64_MAX : value->get<int64_t>();
  if (number >= low && number <= high && !(beyond && high < INT64_MAX))
    return number;
  checks.problems.add(Check::Values,
                      badValue(pathOf(name), format("is %s; it must be from %lld to %lld", dump(*value).c_str(),
                                                    (long long)low, (long long)high)));
  return {};
}

std::optional<double> Fields::real(std::string_view name, double low, double high, bool openLow) {
  const Value *value = find(name);
  if (!value)
    return {};
  if (!value->is_number()) {
    checks.problems.add(Check::Types, badType(pathOf(name), "a number"));
    return {};
  }
  double number = value->get<double>();
  if (number >= low && number <= high && !(openLow && number == low))
    return number;
  checks.problems.add(Check::Values,
                      badValue(pathOf(name), format("is %s; it must be %s %g and at most %g", dump(*value).c_str(),
                                                    openLow ? "above" : "at least", low, high)));
  return {};
}

const Value *Fields::array(std::string_view name) {
  const Value *value = find(name);
  if (!value || value->is_array())
    return value;
  checks.problems.add(Check::Types, badType(pathOf(name), "an array"));
  return nullptr;
}

const Value *Fields::object(std::string_view name) {
  const Value *value = find(name);
  if (!value || value->is_object())
    return value;
  checks.problems.add(Check::Types, badType(pathOf(name), "an object"));
  return nullptr;
}

std::optional<std::vector<std::string>> Fields::texts(std::string_view name, size_t most, size_t longest) {
  const Value *value = find(name);
  if (!value)
    return {};
  std::vector<std::string> list;
  bool right = value->is_string() || value->is_array();
  if (value->is_string())
    list.push_back(value->get<std::string>());
  else if (value->is_array())
    for (const Value &item : *value)
      if ((right &= item.is_string()))
        list.push_back(item.get<std::string>());
  if (!right) {
    checks.problems.add(Check::Types, badType(pathOf(name), "a string or an array of strings"));
    return {};
  }
  std::erase_if(list, [](const std::string &item) { return item.empty(); });
  if (list.size() > most)
    checks.problems.add(Check::Values,
                        badValue(pathOf(name), format("has %zu entries; at most %zu are allowed", list.size(), most)));
  for (const std::string &item : list)
    if (item.size() > longest)
      checks.problems.add(
          Check::Values,
          badValue(pathOf(name), format("has an entry of %zu bytes; at most %zu are allowed", item.size(), longest)));
  return list;
}

void Fields::note(const std::string &shown) {
  if (checks.strict)
    checks.problems.add(Check::Values, unsupported(shown, "it would have no effect, and this server is strict"));
  else
    checks.ignored.push_back(shown);
}

void Fields::ignore(std::initializer_list<std::string_view> names) {
  for (std::string_view name : names)
    if (find(name))
      note(pathOf(name));
}

void Fields::refuse(std::initializer_list<std::string_view> names, const std::string &why, const char *code) {
  for (std::string_view name : names) {
    const Value *value = find(name);
    if (!value || *value == false || *value == "" || (value->is_structured() && value->empty()))
      continue;
    Problem problem = unsupported(pathOf(name), why);
    problem.code = code;
    checks.problems.add(Check::Values, std::move(problem));
  }
}

void Fields::finish() {
  if (members.is_object())
    for (auto item = members.begin(); item != members.end(); ++item)
      if (!item->is_null() && !known.contains(item.key()))
        note(pathOf(item.key()));
}

} // namespace gemmart::server
