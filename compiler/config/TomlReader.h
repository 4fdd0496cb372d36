// What reading any table of a description needs: values with their places, and one error for each that is of another
// kind or has no place here. The readers of the tables themselves are in Schema.cpp; nothing else sees toml++.
#ifndef COMPILER_CONFIG_TOMLREADER_H
#define COMPILER_CONFIG_TOMLREADER_H

#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 1
#define TOML_MAX_NESTED_VALUES 16 // with kLongestLine it bounds how deep a file can make toml++ recurse
#include "compiler/config/Schema.h"

#include <fmt/format.h>
// toml++ 3.3 takes for granted that a key follows "[", aborts (or worse, with NDEBUG) where none does, and reports just
// that two lines further down. What its readers take for granted is therefore neither asserted nor assumed; test/fuzz
// looks for what that could break.
#include <toml++/impl/preprocessor.h>
#undef TOML_ASSERT_ASSUME
#define TOML_ASSERT_ASSUME(expr) static_assert(true)
#include <toml++/toml.h>

namespace gemmac::config {

inline constexpr size_t kMostEntries = 1000; ///< of a list

class TomlReader {
public:
  TomlReader(std::string file, Diagnostics &diagnostics) : file(std::move(file)), diagnostics(diagnostics) {}

protected:
  struct Entry {
    std::string key;
    Position where;
    const toml::node *node;
  };

  Position at(const toml::source_region &region) const;
  Position at(const toml::node &node) const { return at(node.source()); }
  void error(const Position &where, std::string message) { diagnostics.error(where, std::move(message)); }
  /// The entries of a table in the order of the file (toml++ sorts by key).
  std::vector<Entry> entries(const toml::table &table) const;
  static std::string kind(const toml::node &node);
  void wrongType(const std::string &what, const char *expected, const toml::node &node);
  void unknownKeys(const toml::table &table, const std::string &where, const std::vector<std::string> &known);
  bool identifier(const Entry &entry, const char *what);
  const toml::table *tableAt(const toml::table &parent, const std::string &key, const std::string &name, bool needed);
  Text text(const toml::node &node, const std::string &what);
  Text textOf(const toml::table &table, const std::string &key, const std::string &where, bool needed);
  std::vector<Text> texts(const toml::node *node, const std::string &what);
  bool flag(const toml::table &table, const std::string &key);
  std::optional<double> real(const toml::table &table, const std::string &key);
  /// A literal: number, string, true, false, or a list of them.
  std::optional<Value> literal(const toml::node &node, const std::string &what);
  /// An expression in a string, or a literal that is its own value.
  std::optional<Expression> expression(const toml::node *node, const std::string &what);
  Expression neededExpression(const toml::table &table, const std::string &key, const std::string &where);
  /// Calls back for every table of a list of tables.
  template <class Callback>
  void forEachTable(const toml::node *node, const std::string &where, bool needed, Callback callback);

  std::string file;
  Diagnostics &diagnostics;
};

template <class Callback>
void TomlReader::forEachTable(const toml::node *node, const std::string &where, bool needed, Callback callback) {
  if (!node) {
    if (needed)
      error({file, 1, 1}, fmt::format("missing table [[{}]]", where));
    return;
  }
  const toml::array *array = node->as_array();
  if (!array)
    return wrongType(fmt::format("[[{}]]", where), "a list of tables", *node);
  if (array->size() > kMostEntries)
    return error(at(*node),
                 fmt::format("[[{}]] has {} entries; at most {} are allowed", where, array->size(), kMostEntries));
  for (const toml::node &element : *array) {
    if (const toml::table *table = element.as_table())
      callback(*table);
    else
      wrongType(fmt::format("an entry of [[{}]]", where), "a table", element);
  }
}

} // namespace gemmac::config
#endif
