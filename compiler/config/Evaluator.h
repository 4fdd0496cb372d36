// The values of a description for one set of numbers: its numbers, its lets, those of each layer, and its checks.
#ifndef COMPILER_CONFIG_EVALUATOR_H
#define COMPILER_CONFIG_EVALUATOR_H

#include "compiler/config/Diagnostics.h"
#include "compiler/config/Expression.h"
#include "compiler/config/Schema.h"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace gemmac::config {

/// Evaluates expressions outside of the layers, or in the one that `scope.layer` says. What depends on something that
/// failed is left out in silence: the fault itself has been reported.
class Evaluator {
public:
  /// Resolves the numbers. All that is given must outlive the evaluator; `size` and `facts` may be null.
  Evaluator(const Description &d, const SizeDecl *size, const Facts *facts, Diagnostics &diagnostics);
  Evaluator(const Evaluator &) = delete; // `scope` points here

  /// The lets, then those of every layer; `layers` is known from here on (0 if it could not be evaluated).
  void evaluateLets();
  /// Reports every check that does not hold, a layer's in the first layer that breaks it.
  void evaluateChecks();

  /// Whether a fault was reported since the evaluator was made.
  bool anyFault() const { return diagnostics.count() != before; }

  const Value *lookup(const std::string &name);
  std::optional<Value> evaluate(const Expression &expression);
  /// An absent condition holds; nothing if it could not be evaluated.
  std::optional<bool> condition(const std::optional<Expression> &when);
  bool holds(const std::optional<Expression> &when) { return condition(when).value_or(false); }
  std::optional<int64_t> whole(const Expression &expression, const std::string &what, int64_t least, int64_t most);
  /// A text with every {expression} replaced by its value; strings in quotes, as messages show them, or bare.
  std::string filled(const Text &say, bool quoted = true);

  const Description &d;
  const SizeDecl *size;
  const Facts *facts;
  Diagnostics &diagnostics;
  Scope scope;
  std::map<std::string, Value> values; ///< numbers and lets
  int64_t layers = 0;

private:
  void violated(const CheckDecl &check);

  size_t before = diagnostics.count();
  std::vector<std::map<std::string, Value>> layerValues;
  std::set<std::string> failed;
  Value indexValue;
};

} // namespace gemmac::config
#endif
