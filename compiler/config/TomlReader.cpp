// Values of a description with their places; see the header.
#include "compiler/config/TomlReader.h"

#include <algorithm>
#include <cmath>

namespace gemmac::config {

Position TomlReader::at(const toml::source_region &region) const {
  return {file, static_cast<int>(region.begin.line), static_cast<int>(region.begin.column)};
}

std::vector<TomlReader::Entry> TomlReader::entries(const toml::table &table) const {
  std::vector<Entry> out;
  for (auto &&[key, node] : table)
    out.push_back({std::string(key.str()), at(key.source()), &node});
  std::sort(out.begin(), out.end(), [](const Entry &a, const Entry &b) {
    return std::tie(a.where.line, a.where.column, a.key) < std::tie(b.where.line, b.where.column, b.key);
  });
  return out;
}

std::string TomlReader::kind(const toml::node &node) {
  switch (node.type()) {
  case toml::node_type::table:
    return "a table";
  case toml::node_type::array:
    return "a list";
  case toml::node_type::string:
    return "a string";
  case toml::node_type::integer:
    return "an integer";
  case toml::node_type::floating_point:
    return "a number";
  case toml::node_type::boolean:
    return "true or false";
  default:
    return "a date or time";
  }
}

void TomlReader::wrongType(const std::string &what, const char *expected, const toml::node &node) {
  error(at(node), fmt::format("{} must be {}, found {}", what, expected, kind(node)));
}

void TomlReader::unknownKeys(const toml::table &table, const std::string &where,
                             const std::vector<std::string> &known) {
  for (const Entry &entry : entries(table))
    if (std::find(known.begin(), known.end(), entry.key) == known.end())
      error(entry.where,
            fmt::format("unknown key {} in {}{}", inQuotes(entry.key), where, didYouMean(entry.key, known)));
}

bool TomlReader::identifier(const Entry &entry, const char *what) {
  const std::string &s = entry.key;
  auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  bool good = !s.empty() && s.size() <= 64 && letter(s[0]) &&
              std::all_of(s.begin(), s.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
  for (const char *word : {"true", "false", "null", "i", "j", "value", "x", "ids", "positions"})
    good &= s != word;
  if (!good)
    error(entry.where, fmt::format("{} is not a name for {}: letters, digits and '_', not a word of the language",
                                   inQuotes(s), what));
  return good;
}

const toml::table *TomlReader::tableAt(const toml::table &parent, const std::string &key, const std::string &name,
                                       bool needed) {
  const toml::node *node = parent.get(key);
  if (!node) {
    if (needed)
      error({file, 1, 1}, fmt::format("missing table [{}]", name));
    return nullptr;
  }
  if (!node->is_table())
    wrongType(fmt::format("[{}]", name), "a table", *node);
  return node->as_table();
}

Text TomlReader::text(const toml::node &node, const std::string &what) {
  if (const auto *value = node.as_string())
    return {value->get(), at(node)};
  wrongType(what, "a string", node);
  return {"", at(node)};
}

Text TomlReader::textOf(const toml::table &table, const std::string &key, const std::string &where, bool needed) {
  if (const toml::node *node = table.get(key))
    return text(*node, key);
  if (needed)
    error(at(table), fmt::format("missing key '{}' in {}", key, where));
  return {"", at(table)};
}

std::vector<Text> TomlReader::texts(const toml::node *node, const std::string &what) {
  std::vector<Text> out;
  if (!node)
    return out;
  if (const toml::array *array = node->as_array()) {
    for (const toml::node &element : *array)
      out.push_back(text(element, what));
    return out;
  }
  if (node->is_string())
    out.push_back(text(*node, what));
  else
    wrongType(what, "a string or a list of strings", *node);
  return out;
}

bool TomlReader::flag(const toml::table &table, const std::string &key) {
  const toml::node *node = table.get(key);
  if (node && !node->is_boolean())
    wrongType(key, "true or false", *node);
  return node && node->value_or(false);
}

std::optional<double> TomlReader::real(const toml::table &table, const std::string &key) {
  const toml::node *node = table.get(key);
  if (!node)
    return std::nullopt;
  if (node->is_number() && std::isfinite(node->value_or(0.0)))
    return node->value_or(0.0);
  wrongType(key, "a finite number", *node);
  return std::nullopt;
}

std::optional<Value> TomlReader::literal(const toml::node &node, const std::string &what) {
  Value out;
  out.where = at(node);
  auto scalar = [&](const toml::node &one) -> std::optional<Scalar> {
    if (const auto *s = one.as_string())
      return Scalar(s->get());
    if (const auto *b = one.as_boolean())
      return Scalar(b->get());
    if (one.is_number() && std::isfinite(one.value_or(0.0)))
      return Scalar(one.value_or(0.0));
    wrongType(what, "a finite number, a string, true or false", one);
    return std::nullopt;
  };
  if (const toml::array *array = node.as_array()) {
    out.isList = true;
    if (array->empty())
      error(at(node), fmt::format("{} is an empty list", what));
    if (array->empty() || array->size() > kMostEntries)
      return std::nullopt;
    for (const toml::node &element : *array) {
      std::optional<Scalar> one = scalar(element);
      if (!one)
        return std::nullopt;
      out.list.push_back(std::move(*one));
    }
    return out;
  }
  std::optional<Scalar> one = scalar(node);
  if (!one)
    return std::nullopt;
  out.scalar = std::move(*one);
  return out;
}

std::optional<Expression> TomlReader::expression(const toml::node *node, const std::string &what) {
  if (!node)
    return std::nullopt;
  if (const auto *source = node->as_string()) {
    Position where = at(*node);
    where.column += 1; // past the quote
    return Expression::parse(source->get(), where, diagnostics);
  }
  if (std::optional<Value> value = literal(*node, what))
    return Expression::constant(std::move(*value), at(*node));
  return std::nullopt;
}

Expression TomlReader::neededExpression(const toml::table &table, const std::string &key, const std::string &where) {
  std::optional<Expression> out = expression(table.get(key), key);
  if (!table.get(key))
    error(at(table), fmt::format("missing key '{}' in {}", key, where));
  return out.value_or(Expression());
}

} // namespace gemmac::config
