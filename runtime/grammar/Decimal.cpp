// See Decimal.h.
#include "runtime/grammar/Decimal.h"

#include <algorithm>

namespace gemmart {

std::optional<Decimal> Decimal::parse(std::string_view json) {
  Decimal made;
  size_t mark = json.find_first_of("eE");
  std::string_view mantissa = json.substr(0, mark);
  int64_t exponent = 0;
  if (mark != std::string_view::npos) {
    std::string_view text = json.substr(mark + 1);
    bool minus = text.starts_with("-");
    text.remove_prefix(text.starts_with("-") || text.starts_with("+"));
    for (char digit : text)
      exponent = std::min<int64_t>(exponent * 10 + (digit - '0'), 1000000000);
    exponent = minus ? -exponent : exponent;
  }
  made.negative = mantissa.starts_with("-");
  mantissa.remove_prefix(made.negative);
  size_t dot = mantissa.find('.');
  made.digits = mantissa.substr(0, dot);
  made.point = int64_t(made.digits.size()) + exponent;
  if (dot != std::string_view::npos)
    made.digits += mantissa.substr(dot + 1);
  size_t zeros = std::min(made.digits.find_first_not_of('0'), made.digits.size());
  made.digits.erase(0, zeros);
  made.point -= int64_t(zeros);
  made.digits.erase(made.digits.find_last_not_of('0') + 1);
  if (made.isZero())
    return Decimal();
  if (made.point > 400 || made.point < -400)
    return std::nullopt;
  return made;
}

Decimal Decimal::negated() const {
  Decimal other = *this;
  other.negative = !negative && !isZero();
  return other;
}

std::string Decimal::whole() const {
  if (point <= 0 || isZero())
    return "0";
  std::string text = digits.substr(0, size_t(point));
  return text + std::string(size_t(point) - text.size(), '0');
}

std::string Decimal::fraction() const {
  if (isInteger())
    return "";
  return point < 0 ? std::string(size_t(-point), '0') + digits : digits.substr(size_t(point));
}

std::string Decimal::text() const {
  std::string sign = negative ? "-" : "";
  if (point > 25 || point < -25)
    return sign + digits.substr(0, 1) + (digits.size() > 1 ? "." + digits.substr(1) : "") + "e" +
           std::to_string(point - 1);
  return sign + whole() + (isInteger() ? "" : "." + fraction());
}

int compare(const Decimal &left, const Decimal &right) {
  auto sign = [](const Decimal &number) { return number.isZero() ? 0 : number.negative ? -1 : 1; };
  if (sign(left) != sign(right))
    return sign(left) - sign(right);
  int larger = sign(left);
  if (left.point != right.point)
    return left.point < right.point ? -larger : larger;
  int order = left.digits.compare(right.digits);
  return order < 0 ? -larger : order > 0 ? larger : 0;
}

} // namespace gemmart
