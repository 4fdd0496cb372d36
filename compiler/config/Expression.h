// The small expressions of a description: `i < layers - shared_layers`, `sqrt(hidden_size)`, `layer_types[i] == 'x'`.
// Parsed once, evaluated per layer. Numbers are doubles (integers are exact up to 2^53). No loops, no assignment: every
// expression ends.
#ifndef COMPILER_CONFIG_EXPRESSION_H
#define COMPILER_CONFIG_EXPRESSION_H

#include "compiler/config/Description.h"
#include "compiler/config/Diagnostics.h"
#include "compiler/config/Model.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gemmac::config {

/// What names mean while an expression is evaluated.
struct Scope {
  std::function<const Value *(const std::string &name)> lookup; ///< null if unknown
  /// The value of a per-layer name in another layer (for `last`); null if there is none.
  std::function<const Value *(const std::string &name, int64_t layer)> inLayer;
  const Facts *facts = nullptr; ///< the checkpoint that `has` and `dim` ask; may be null
  std::string prefix;           ///< put before tensor names that do not start with '/'
  int64_t layer = -1;           ///< what "{i}" in a tensor name stands for; -1 outside of the layers
};

class Expression {
public:
  struct Node;

  /// Parses; a syntax error, an unknown function or a wrong number of arguments is reported and leaves an invalid
  /// expression.
  static Expression parse(const std::string &text, const Position &where, Diagnostics &diagnostics);
  /// An expression that is this value.
  static Expression constant(Value value, const Position &where);

  bool valid() const { return root != nullptr; }
  const Position &position() const { return start; }
  const std::string &text() const { return source; }
  /// Calls back for every name in the expression, with its place.
  void forEachName(const std::function<void(const std::string &, const Position &)> &callback) const;
  /// The value, or nothing after an error was reported (once per place).
  std::optional<Value> evaluate(const Scope &scope, Diagnostics &diagnostics) const;

private:
  std::shared_ptr<const Node> root;
  std::string source;
  Position start;
};

/// "3", "true", "'text'", "null", "[1, 2, ...]": as messages show a value.
std::string show(const Value &value);
std::string show(const Scalar &scalar);
/// "a number", "a list", ...
std::string kindOf(const Value &value);
/// Replaces every "{i}" by the layer's number.
std::string withLayer(const std::string &text, int64_t layer);
/// Equal as the language's == has it: numbers within 1e-6 of each other relative to their size if `nearly`.
bool same(const Scalar &a, const Scalar &b, bool nearly = false);

} // namespace gemmac::config
#endif
