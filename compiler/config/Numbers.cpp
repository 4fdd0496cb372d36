// Resolves the numbers of a model and cross-checks their two sources.
#include "compiler/config/Numbers.h"

#include "compiler/config/Keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace gemmac::config {

namespace {

constexpr size_t kLongestList = 1000;

bool isNull(const Value &value) {
  return !value.isList && std::holds_alternative<std::monostate>(value.scalar);
}

class Resolver {
public:
  Resolver(const Description &d, const SizeDecl *size, const Facts *facts, Diagnostics &diagnostics)
      : d(d), size(size), facts(facts), diagnostics(diagnostics) {
    scope.facts = facts;
    scope.prefix = tensorPrefix(d, facts);
    scope.lookup = [this](const std::string &name) -> const Value * {
      if (element && name == "value")
        return &*element;
      auto found = out.values.find(name);
      return found == out.values.end() ? nullptr : &found->second;
    };
  }

  Numbers run() {
    for (const NumberDecl &number : d.numbers)
      if (!resolve(number))
        out.failed.insert(number.name.text);
    return std::move(out);
  }

private:
  const Description &d;
  const SizeDecl *size;
  const Facts *facts;
  Diagnostics &diagnostics;
  Scope scope;
  Numbers out;
  std::optional<Value> element;

  bool gguf() const { return facts && facts->source == Facts::Source::Gguf; }

  /// The keys under which a number may stand in the checkpoint, in the order in which they are tried.
  std::vector<std::string> keys(const NumberDecl &number) const {
    std::vector<std::string> out;
    for (const Text &key : gguf() ? number.gguf.keys : number.hf.keys)
      for (std::string &full : fullKeys(key.text, *facts))
        out.push_back(std::move(full));
    return out;
  }

  bool dependsOnFailure(const Expression &expression) const {
    bool failed = !expression.valid();
    expression.forEachName([&](const std::string &name, const Position &) {
      failed |= out.failed.count(name) || (name != "value" && !out.values.count(name));
    });
    return failed;
  }
  std::optional<Value> evaluate(const Expression &expression) {
    return dependsOnFailure(expression) ? std::nullopt : expression.evaluate(scope, diagnostics);
  }

  bool badScalar(const NumberDecl &number, const Scalar &scalar) const {
    const double *x = std::get_if<double>(&scalar);
    switch (number.type) {
    case NumberType::Integer:
      return !x || std::floor(*x) != *x || std::fabs(*x) > 9007199254740992.0;
    case NumberType::Real:
      return !x || !std::isfinite(*x);
    case NumberType::Boolean:
      return !std::holds_alternative<bool>(scalar);
    case NumberType::String:
      return !std::holds_alternative<std::string>(scalar);
    }
    return true;
  }

  /// Type and bounds; `name` is the key as its source calls it; `gaps`: elements may be null.
  bool acceptable(const NumberDecl &number, const Value &value, const std::string &name, bool gaps = false) {
    static const char *const kTypes[] = {"a whole number", "a number", "true or false", "a string"};
    const char *expected = kTypes[static_cast<int>(number.type)];
    if (value.isList && !number.list) {
      diagnostics.error(value.where, fmt::format("{} must be {}, found a list", name, expected));
      return false;
    }
    if (value.isList && value.list.size() > kLongestList) {
      diagnostics.error(value.where, fmt::format("{} is a list of {} values; at most {} are allowed", name,
                                                 value.list.size(), kLongestList));
      return false;
    }
    for (const Scalar &scalar : value.isList ? value.list : std::vector<Scalar>{value.scalar}) {
      if (gaps && std::holds_alternative<std::monostate>(scalar))
        continue;
      if (badScalar(number, scalar)) {
        diagnostics.error(value.where, fmt::format("{} must be {}{}, found {}", name, expected,
                                                   number.list ? " or a list of such" : "", show(scalar)));
        return false;
      }
      const double *x = std::get_if<double>(&scalar);
      if (x && ((number.min && *x < *number.min) || (number.max && *x > *number.max))) {
        std::string bound = number.min && *x < *number.min ? fmt::format("at least {}", show(Scalar(*number.min)))
                                                           : fmt::format("at most {}", show(Scalar(*number.max)));
        diagnostics.error(value.where, fmt::format("{} = {} must be {}", name, show(scalar), bound));
        return false;
      }
    }
    return true;
  }

  /// A key with "{i}" is one entry per layer: a list with null for the layers that have none, or nothing if no layer
  /// has one.
  std::optional<Value> perLayer(const std::string &key) {
    if (!d.layerCount || dependsOnFailure(*d.layerCount))
      return std::nullopt;
    std::optional<Value> count = d.layerCount->evaluate(scope, diagnostics);
    const double *layers = count && !count->isList ? std::get_if<double>(&count->scalar) : nullptr;
    if (!layers || !(*layers >= 1 && *layers <= double(kLongestList)))
      return std::nullopt;
    Value out;
    out.isList = true;
    bool any = false;
    for (int64_t i = 0; i < static_cast<int64_t>(*layers); ++i) {
      auto found = facts->numbers.find(withLayer(key, i));
      bool there = found != facts->numbers.end() && !found->second.isList && !isNull(found->second);
      out.list.push_back(there ? found->second.scalar : Scalar());
      if (there && !any)
        out.where = found->second.where;
      any |= there;
    }
    return any ? std::optional(out) : std::nullopt;
  }

  /// The checkpoint's value under the first key that is there and not null. `broken`: there is one, but it is wrong.
  std::optional<Value> fromCheckpoint(const NumberDecl &number, std::string &key, bool &broken) {
    if (!facts)
      return std::nullopt;
    for (const std::string &candidate : keys(number)) {
      std::optional<Value> there;
      bool layered = candidate.find("{i}") != std::string::npos;
      if (layered)
        there = perLayer(candidate);
      else if (auto found = facts->numbers.find(candidate); found != facts->numbers.end() && !isNull(found->second))
        there = found->second;
      if (!there)
        continue;
      key = candidate;
      Value value = std::move(*there);
      if (value.where.file.empty())
        value.where.file = facts->path;
      const std::optional<Expression> &as = gguf() ? number.gguf.as : number.hf.as;
      if (as && value.list.size() <= kLongestList && !convert(*as, value)) {
        broken = true;
        return std::nullopt;
      }
      broken = !acceptable(number, value, key, layered);
      return broken ? std::nullopt : std::optional(value);
    }
    return std::nullopt;
  }

  bool convert(const Expression &as, Value &value) {
    auto one = [&](Scalar &scalar) {
      element.emplace();
      element->scalar = scalar;
      std::optional<Value> converted = evaluate(as);
      element.reset();
      if (!converted || converted->isList)
        return false;
      scalar = converted->scalar;
      return true;
    };
    if (!value.isList)
      return one(value.scalar);
    return std::all_of(value.list.begin(), value.list.end(), one);
  }

  /// Lists are compared as patterns that repeat.
  static bool agree(const Value &a, const Value &b) {
    if ((a.isList && a.list.empty()) || (b.isList && b.list.empty()))
      return a.isList == b.isList && a.list.size() == b.list.size();
    auto at = [](const Value &v, size_t i) { return v.isList ? v.list[i % v.list.size()] : v.scalar; };
    size_t length = std::max(a.isList ? a.list.size() : 1, b.isList ? b.list.size() : 1);
    for (size_t i = 0; i < length; ++i)
      if (!same(at(a, i), at(b, i), true))
        return false;
    return true;
  }

  bool resolve(const NumberDecl &number) {
    const std::string &name = number.name.text;
    std::string key;
    bool broken = false;
    std::optional<Value> theirs = fromCheckpoint(number, key, broken), ours;
    if (size)
      if (auto found = size->numbers.find(name); found != size->numbers.end()) {
        if (!acceptable(number, found->second, name))
          broken = true;
        else
          ours = found->second;
      }
    if (broken)
      return false;
    if (ours && theirs && !agree(*ours, *theirs)) {
      diagnostics.error(ours->where,
                        fmt::format("{} = {}, but the checkpoint has {}", name, show(*ours), show(*theirs)),
                        {{theirs->where, fmt::format("{} = {}", key, show(*theirs))}});
      return false;
    }
    std::optional<Value> value = ours ? ours : theirs;
    if (!value)
      value = fallback(number);
    if (!value)
      return false;
    out.values[name] = std::move(*value);
    return true;
  }

  std::optional<Value> fallback(const NumberDecl &number) {
    const std::optional<Expression> &own = gguf() ? number.gguf.fallback : number.hf.fallback;
    const std::optional<Expression> &expression = own ? own : number.fallback;
    if (!expression) {
      missing(number);
      return std::nullopt;
    }
    std::optional<Value> value = evaluate(*expression);
    if (!value)
      return std::nullopt;
    value->where = expression->position();
    return isNull(*value) || acceptable(number, *value, "the default of " + number.name.text) ? value : std::nullopt;
  }

  void missing(const NumberDecl &number) {
    const std::string &name = number.name.text;
    std::vector<std::string> tried = facts ? keys(number) : std::vector<std::string>();
    std::string where = !facts          ? fmt::format("[sizes.{}]", size->name.text)
                        : tried.empty() ? facts->path + ", which has no key for it"
                                        : fmt::format("{} (tried {})", facts->path, joined(tried));
    if (facts && size)
      where += fmt::format(" or [sizes.{}]", size->name.text);
    std::vector<Note> notes;
    if (size)
      notes.push_back({size->name.where, fmt::format("size '{}' starts here", size->name.text)});
    diagnostics.error(number.name.where, fmt::format("no value for {} in {}, and it has no default", name, where),
                      notes);
  }
};

} // namespace

std::string tensorPrefix(const Description &description, const Facts *facts) {
  if (facts && facts->source == Facts::Source::Gguf)
    return "";
  if (facts)
    for (const Text &prefix : description.hfPrefixes)
      for (const WeightDecl &weight : description.weights)
        if (!weight.hf.empty()) {
          if (facts->tensors.count(prefix.text + weight.hf[0][0]))
            return prefix.text;
          break; // the first weight decides
        }
  return description.hfPrefixes.empty() ? "" : description.hfPrefixes[0].text;
}

Numbers resolveNumbers(const Description &description, const SizeDecl *size, const Facts *facts,
                       Diagnostics &diagnostics) {
  return Resolver(description, size, facts, diagnostics).run();
}

bool acceptsArchitecture(const Description &description, const Facts &facts, std::string &seen) {
  bool gguf = facts.source == Facts::Source::Gguf;
  const std::vector<Text> &accepted = gguf ? description.ggufArchitectures : description.hfModelTypes;
  if (facts.source == Facts::Source::None || accepted.empty())
    return true;
  for (const char *key : {"general.architecture", "model_type", "text_config.model_type"}) {
    auto found = facts.numbers.find(key);
    const std::string *name = found == facts.numbers.end() ? nullptr : std::get_if<std::string>(&found->second.scalar);
    if (!name || gguf != (std::string_view(key) == "general.architecture"))
      continue;
    if (seen.empty())
      seen = *name;
    for (const Text &one : accepted)
      if (one.text == *name)
        return true;
  }
  return false;
}

std::optional<int64_t> wholeNumber(const Value &value, const std::string &what, int64_t least, int64_t most,
                                   Diagnostics &diagnostics) {
  const double *x = value.isList ? nullptr : std::get_if<double>(&value.scalar);
  if (!x || std::floor(*x) != *x) {
    diagnostics.errorOnce(value.where, fmt::format("{} must be a whole number, found {}", what, show(value)));
    return std::nullopt;
  }
  if (*x < double(least) || *x > double(most)) {
    diagnostics.errorOnce(value.where, fmt::format("{} = {} must be in {} .. {}", what, show(value), least, most));
    return std::nullopt;
  }
  return static_cast<int64_t>(*x);
}

} // namespace gemmac::config
