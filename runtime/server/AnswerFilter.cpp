// See AnswerFilter.h.
#include "runtime/server/AnswerFilter.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <vector>

namespace gemmart::server {

namespace {

constexpr float kNever = -std::numeric_limits<float>::infinity();

class AnswerFilter : public TokenFilter {
public:
  explicit AnswerFilter(const AnswerRules &rules) : rules(rules) {
    if (rules.text)
      text.emplace(rules.text);
  }

  void restrict(std::span<float> logits) override {
    switch (place) {
    case Place::Start:
      if (isFree())
        return;
      return keepAlso(openings(), logits);
    case Place::Thought:
      if (!isFree())
        forbid(stopsAnd(rules.thought.opens), logits);
      return;
    case Place::Text:
      if (text)
        apply(*text, logits);
      return;
    case Place::Call:
      return apply(*call, logits);
    case Place::AfterCall:
      if (!isFree())
        keepOnly(stopsAnd(rules.callOpens), logits);
      return;
    }
  }

  void accept(int32_t token) override {
    if (place == Place::Thought) {
      if (token == rules.thought.closes)
        place = Place::Start;
    } else if (place == Place::Start && !hasThought && token >= 0 && token == rules.thought.opens) {
      hasThought = true;
      place = Place::Thought;
    } else if (place == Place::Call) {
      if (call->accept(token) && call->isFinished())
        place = Place::AfterCall;
    } else if (rules.calls && token == rules.callOpens) {
      call.emplace(rules.calls);
      place = Place::Call;
    } else {
      place = Place::Text;
      if (text)
        (void)text->accept(token); // fails for a stop token, which the engine ends with
    }
  }

private:
  enum class Place { Start, Thought, Text, Call, AfterCall };

  bool isFree() const { return !rules.text && !rules.mustCall; }

  std::span<const int32_t> stops() const { return (rules.text ? rules.text : rules.calls)->vocabulary().stops(); }

  std::vector<int32_t> stopsAnd(int32_t token) const {
    std::vector<int32_t> ids(stops().begin(), stops().end());
    ids.push_back(token);
    return ids;
  }

  /// What may come before the text, and is not a part of it.
  std::vector<int32_t> openings() const {
    std::vector<int32_t> ids;
    if (rules.calls)
      ids.push_back(rules.callOpens);
    if (!hasThought && rules.thought.opens >= 0)
      ids.push_back(rules.thought.opens);
    return ids;
  }

  static void apply(Constraint &constraint, std::span<float> logits) {
    if (!constraint.apply(logits)) // nothing is left: the sampler says so
      std::fill(logits.begin(), logits.end(), kNever);
  }

  static void forbid(const std::vector<int32_t> &ids, std::span<float> logits) {
    for (int32_t id : ids)
      if (id >= 0 && size_t(id) < logits.size())
        logits[size_t(id)] = kNever;
  }

  /// A logit that is kept stays above those that are forbidden.
  static std::vector<std::pair<size_t, float>> kept(const std::vector<int32_t> &ids, std::span<const float> logits) {
    std::vector<std::pair<size_t, float>> pairs;
    for (int32_t id : ids)
      if (id >= 0 && size_t(id) < logits.size())
        pairs.emplace_back(id, std::max(logits[size_t(id)], std::numeric_limits<float>::lowest()));
    return pairs;
  }

  static void keepOnly(const std::vector<int32_t> &ids, std::span<float> logits) {
    auto pairs = kept(ids, logits);
    std::fill(logits.begin(), logits.end(), kNever);
    for (auto [id, logit] : pairs)
      logits[id] = logit;
  }

  /// Keeps `ids`, and unless a call must come what the text may begin with.
  void keepAlso(const std::vector<int32_t> &ids, std::span<float> logits) {
    if (rules.mustCall)
      return keepOnly(ids, logits);
    auto pairs = kept(ids, logits);
    apply(*text, logits);
    for (auto [id, logit] : pairs)
      logits[id] = logit;
  }

  const AnswerRules rules;
  Place place = Place::Start;
  bool hasThought = false;
  std::optional<Constraint> text, call;
};

} // namespace

std::shared_ptr<TokenFilter> makeAnswerFilter(const AnswerRules &rules) {
  return std::make_shared<AnswerFilter>(rules);
}

} // namespace gemmart::server
