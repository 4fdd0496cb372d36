// Numbers between bounds, as rules.
#ifndef RUNTIME_GRAMMAR_NUMBERRULE_H
#define RUNTIME_GRAMMAR_NUMBERRULE_H

#include "runtime/grammar/Decimal.h"
#include "runtime/grammar/Network.h"

#include <optional>
#include <vector>

namespace gemmart {

/// Which numbers are allowed.
struct NumberLimits {
  std::optional<Decimal> least, most;
  bool leastIsOut = false, mostIsOut = false; ///< the bound itself is not allowed
  bool isInteger = false;
  std::vector<Decimal> multipleOf; ///< above zero

  bool isFree() const { return !least && !most && !isInteger && multipleOf.empty(); }
  void atLeast(const Decimal &bound, bool isOut);
  void atMost(const Decimal &bound, bool isOut);
  /// For sure there is no such number.
  bool isEmpty() const;
};

/// A rule for such numbers, written without exponents, with at most 18 digits before the point (more if a bound has
/// more) and 17 behind; returns its start, which nothing matches if there is no such number. None if the automaton
/// would be too large, which a multipleOf with many digits makes it.
std::optional<uint32_t> addNumber(NetworkBuilder &builder, const NumberLimits &limits, bool &isEmpty);

} // namespace gemmart
#endif
