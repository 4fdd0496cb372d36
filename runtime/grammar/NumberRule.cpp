// The automaton is explored from a digit-by-digit comparison with the bounds, see NumberRule.h.
#include "runtime/grammar/NumberRule.h"

#include <algorithm>
#include <map>
#include <numeric>

namespace gemmart {

void NumberLimits::atLeast(const Decimal &bound, bool isOut) {
  int order = least ? compare(bound, *least) : 1;
  if (order > 0)
    least = bound, leastIsOut = isOut;
  else if (order == 0)
    leastIsOut |= isOut;
}

void NumberLimits::atMost(const Decimal &bound, bool isOut) {
  int order = most ? compare(bound, *most) : -1;
  if (order < 0)
    most = bound, mostIsOut = isOut;
  else if (order == 0)
    mostIsOut |= isOut;
}

bool NumberLimits::isEmpty() const {
  if (least && most) {
    int order = compare(*least, *most);
    if (order > 0 || (order == 0 && (leastIsOut || mostIsOut)))
      return true;
  }
  if (!isInteger && multipleOf.empty())
    return false;
  NetworkBuilder scratch;
  bool isEmpty = false;
  return addNumber(scratch, *this, isEmpty) && isEmpty;
}

namespace {

enum Order : uint8_t { Less, Same, More };

/// A magnitude that is compared while its digits come.
struct Bound {
  std::string whole, fraction;
  bool isOut = false;
};

/// The digits so far.
struct Place {
  enum Phase : uint8_t { Begin, Zero, Whole, Point, Fraction } phase = Begin;
  uint16_t digits = 0; ///< of this phase
  Order low = Same, high = Same;
  uint64_t rest = 0; ///< modulo `Magnitude::divisor`
  auto operator<=>(const Place &) const = default;
};

class Magnitude {
public:
  std::optional<Bound> low, high;
  uint64_t divisor = 1;
  size_t wholeDigits = 18, fractionDigits = 17, scale = 0;

  /// False if no number goes on so.
  bool step(Place &place, char character) const {
    if (character == '.') {
      if (fractionDigits == 0 || (place.phase != Place::Zero && place.phase != Place::Whole))
        return false;
      endWhole(place);
      place.phase = Place::Point;
      place.digits = 0;
      return true;
    }
    uint64_t digit = uint64_t(character - '0');
    if (place.phase == Place::Zero)
      return false;
    bool behind = place.phase == Place::Point || place.phase == Place::Fraction;
    if (place.digits >= (behind ? fractionDigits : wholeDigits))
      return false;
    if (low)
      order(place.low, behind ? low->fraction : low->whole, place.digits, character, behind);
    if (high)
      order(place.high, behind ? high->fraction : high->whole, place.digits, character, behind);
    place.phase = behind ? Place::Fraction : place.phase == Place::Begin && digit == 0 ? Place::Zero : Place::Whole;
    ++place.digits;
    place.rest = divisor == 1 ? 0 : (place.rest * 10 + digit) % divisor;
    return true;
  }

  bool accepts(Place place) const {
    size_t behind = 0;
    if (place.phase == Place::Zero || place.phase == Place::Whole) {
      endWhole(place);
    } else if (place.phase == Place::Fraction) {
      behind = place.digits;
    } else {
      return false;
    }
    if (low && place.low == Same && low->fraction.size() > behind)
      place.low = Less;
    if (high && place.high == Same && high->fraction.size() > behind)
      place.high = Less;
    if (low && (place.low == Less || (place.low == Same && low->isOut)))
      return false;
    if (high && (place.high == More || (place.high == Same && high->isOut)))
      return false;
    uint64_t rest = place.rest;
    for (size_t i = behind; i < scale; ++i)
      rest = rest * 10 % divisor;
    return rest == 0;
  }

private:
  static void order(Order &known, const std::string &bound, size_t at, char digit, bool behind) {
    if (known != Same)
      return;
    char other = at < bound.size() ? bound[at] : behind ? '0' : char(0);
    if (other) // a number with more digits than the bound is settled by endWhole
      known = digit < other ? Less : digit > other ? More : Same;
  }
  /// The number of digits is known now, and says more than their order.
  void endWhole(Place &place) const {
    auto settle = [&](Order &known, const Bound &bound) {
      if (place.digits != bound.whole.size())
        known = place.digits < bound.whole.size() ? Less : More;
    };
    if (low)
      settle(place.low, *low);
    if (high)
      settle(place.high, *high);
  }
};

} // namespace

/// Explores all places from the start; false if there are too many. Edges are in `edges`, the accepted in `accepted`.
static bool explore(const Magnitude &magnitude, std::vector<std::vector<std::pair<char, uint32_t>>> &edges,
                    std::vector<uint8_t> &accepted) {
  constexpr size_t kMostPlaces = 60000;
  std::map<Place, uint32_t> names = {{Place(), 0}};
  std::vector<Place> order = {Place()};
  for (size_t at = 0; at < order.size(); ++at) {
    edges.emplace_back();
    accepted.push_back(magnitude.accepts(order[at]));
    for (char character : std::string_view("0123456789.")) {
      Place next = order[at];
      if (!magnitude.step(next, character))
        continue;
      auto [found, isNew] = names.try_emplace(next, uint32_t(order.size()));
      if (isNew)
        order.push_back(next);
      edges[at].push_back({character, found->second});
    }
    if (order.size() > kMostPlaces)
      return false;
  }
  return true;
}

/// The least number of which all are divisors, as divisor / 10^scale. False if it is too large.
static bool commonMultiple(const std::vector<Decimal> &all, uint64_t &divisor, size_t &scale) {
  scale = 0;
  for (const Decimal &each : all)
    scale = std::max(scale, each.fraction().size());
  divisor = 1;
  for (const Decimal &each : all) {
    std::string digits = each.whole() + each.fraction();
    digits += std::string(scale - each.fraction().size(), '0');
    digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size() - 1));
    if (digits.size() > 9)
      return false;
    uint64_t value = std::stoull(digits);
    divisor = std::lcm(divisor, value);
    if (divisor > 20000)
      return false;
  }
  return scale <= 15;
}

std::optional<uint32_t> addNumber(NetworkBuilder &builder, const NumberLimits &limits, bool &isEmpty) {
  uint32_t rule = builder.addRule(), start = builder.addNode(rule);
  isEmpty = true;
  Decimal zero;
  for (bool negative : {false, true}) {
    // The magnitudes of one sign: mirrored for the negative ones, which do not hold zero.
    std::optional<Decimal> low = negative ? limits.most : limits.least, high = negative ? limits.least : limits.most;
    bool lowIsOut = negative ? limits.mostIsOut : limits.leastIsOut;
    bool highIsOut = negative ? limits.leastIsOut : limits.mostIsOut;
    auto mirror = [&](std::optional<Decimal> &bound) {
      if (bound && negative)
        bound = bound->negated();
    };
    mirror(low);
    mirror(high);
    if (!low || low->negative || (negative && low->isZero())) {
      low = negative ? std::optional(zero) : std::nullopt;
      lowIsOut = negative;
    }
    if (high && high->negative)
      continue;
    Magnitude magnitude;
    if (!commonMultiple(limits.multipleOf, magnitude.divisor, magnitude.scale))
      return std::nullopt;
    if (limits.isInteger)
      magnitude.fractionDigits = 0;
    else if (!limits.multipleOf.empty())
      magnitude.fractionDigits = magnitude.scale;
    if (magnitude.divisor > 100)
      magnitude.wholeDigits = 12;
    auto set = [&](std::optional<Bound> &bound, const std::optional<Decimal> &number, bool isOut) {
      if (!number)
        return;
      bound = Bound{number->whole(), number->fraction(), isOut};
      magnitude.wholeDigits = std::max(magnitude.wholeDigits, bound->whole.size() + 1);
      if (magnitude.fractionDigits > 0 && limits.multipleOf.empty())
        magnitude.fractionDigits = std::max(magnitude.fractionDigits, bound->fraction.size() + 1);
    };
    set(magnitude.low, low, lowIsOut);
    set(magnitude.high, high, highIsOut);
    std::vector<std::vector<std::pair<char, uint32_t>>> edges;
    std::vector<uint8_t> accepted;
    if (!explore(magnitude, edges, accepted))
      return std::nullopt;
    if (std::none_of(accepted.begin(), accepted.end(), [](uint8_t each) { return each; }))
      continue;
    isEmpty = false;
    std::vector<uint32_t> nodes;
    for (size_t place = 0; place < edges.size(); ++place)
      nodes.push_back(builder.addNode(rule));
    if (negative)
      builder.addEdge(start, '-', '-', nodes[0]);
    else
      builder.jump(start, nodes[0]);
    for (size_t place = 0; place < edges.size(); ++place) {
      for (auto [character, target] : edges[place])
        builder.addEdge(nodes[place], uint8_t(character), uint8_t(character), nodes[target]);
      if (accepted[place])
        builder.leave(nodes[place]);
    }
  }
  return start;
}

} // namespace gemmart
