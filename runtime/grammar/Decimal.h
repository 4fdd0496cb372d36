// Exact decimal numbers, as JSON writes them.
#ifndef RUNTIME_GRAMMAR_DECIMAL_H
#define RUNTIME_GRAMMAR_DECIMAL_H

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gemmart {

/// (-1)^negative * 0.DIGITS * 10^point. Digits have no zeros at either end; zero has none, and is not negative.
struct Decimal {
  bool negative = false;
  std::string digits;
  int64_t point = 0;

  /// None if the exponent is beyond +-400, where no double is.
  static std::optional<Decimal> parse(std::string_view json);
  bool isZero() const { return digits.empty(); }
  bool isInteger() const { return int64_t(digits.size()) <= point || isZero(); }
  Decimal negated() const;
  /// Digits before the point ("0" if there are none) and behind it.
  std::string whole() const;
  std::string fraction() const;
  /// The shortest plain JSON: without an exponent unless it would be longer than 25 digits.
  std::string text() const;
  bool operator==(const Decimal &) const = default;
};

/// Below, at or above zero as left is less than, equal to or greater than right.
int compare(const Decimal &left, const Decimal &right);

} // namespace gemmart
#endif
