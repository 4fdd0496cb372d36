// Thompson's construction, subsets and products, see CharAutomaton.h.
#include "runtime/grammar/CharAutomaton.h"

#include "runtime/text/Utf8.h"

#include <algorithm>
#include <map>

namespace gemmart {

namespace {

/// A nondeterministic automaton on the way to a deterministic one.
struct Steps {
  enum Kind : uint8_t { Fork, OfSet, IfStart, IfEnd, Match };
  struct Step {
    Kind kind;
    uint32_t next = 0, other = 0; ///< Fork goes to both
    uint32_t set = 0;
  };
  std::vector<Step> steps;
  std::vector<CharSet> sets;
  bool tooLarge = false;

  uint32_t add(Kind kind, uint32_t next, uint32_t other = 0) {
    if (steps.size() >= CharAutomaton::mostSteps) {
      tooLarge = true;
      return 0;
    }
    steps.push_back({kind, next, other, 0});
    return uint32_t(steps.size()) - 1;
  }
  /// The tree and then `next`; returns its start.
  uint32_t build(const RegexTree &tree, uint32_t next);
};

} // namespace

uint32_t Steps::build(const RegexTree &tree, uint32_t next) {
  if (tooLarge)
    return 0;
  switch (tree.kind) {
  case RegexTree::Empty:
  case RegexTree::Call:
    return next;
  case RegexTree::Set: {
    uint32_t made = add(OfSet, next);
    steps[made].set = uint32_t(sets.size());
    sets.push_back(tree.set);
    return made;
  }
  case RegexTree::Concat:
    for (size_t i = tree.children.size(); i-- > 0;)
      next = build(tree.children[i], next);
    return next;
  case RegexTree::Either: {
    uint32_t start = build(tree.children.back(), next);
    for (size_t i = tree.children.size() - 1; i-- > 0;)
      start = add(Fork, build(tree.children[i], next), start);
    return start;
  }
  case RegexTree::Repeat: {
    if (tree.most == RegexTree::endless) {
      uint32_t loop = add(Fork, 0, next);
      uint32_t body = build(tree.children[0], loop);
      if (!tooLarge)
        steps[loop].next = body;
      next = loop;
    } else {
      uint32_t end = next;
      for (uint32_t i = tree.least; i < tree.most && !tooLarge; ++i)
        next = add(Fork, build(tree.children[0], next), end);
    }
    for (uint32_t i = 0; i < tree.least && !tooLarge; ++i)
      next = build(tree.children[0], next);
    return next;
  }
  case RegexTree::Start:
    return add(IfStart, next);
  case RegexTree::End:
    return add(IfEnd, next);
  }
  return next;
}

/// Splits all characters into intervals that no set tells apart, and gives equal intervals one class.
static void partition(const std::vector<CharSet> &sets, CharAutomaton &out,
                      std::vector<std::vector<uint32_t>> &members) {
  std::vector<uint32_t> cuts = {0};
  for (const CharSet &set : sets)
    for (auto [low, high] : set.ranges()) {
      cuts.push_back(low);
      if (high < CharSet::last)
        cuts.push_back(high + 1);
    }
  std::sort(cuts.begin(), cuts.end());
  cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
  std::vector<std::vector<uint32_t>> inSets(cuts.size()); // [interval] the sets that hold it
  for (uint32_t set = 0; set < sets.size(); ++set)
    for (auto [low, high] : sets[set].ranges()) {
      size_t at = size_t(std::lower_bound(cuts.begin(), cuts.end(), low) - cuts.begin());
      for (; at < cuts.size() && cuts[at] <= high; ++at)
        inSets[at].push_back(set);
    }
  std::map<std::vector<uint32_t>, uint32_t> known;
  out.starts = cuts;
  for (const std::vector<uint32_t> &each : inSets)
    out.classes.push_back(known.try_emplace(each, uint32_t(known.size())).first->second);
  out.classCount = uint32_t(known.size());
  members.resize(known.size());
  for (const auto &[each, name] : known)
    members[name] = each;
}

std::optional<CharAutomaton> CharAutomaton::of(const RegexTree &tree, bool search) {
  Steps nfa;
  uint32_t match = nfa.add(Steps::Match, 0);
  uint32_t end = match;
  RegexTree anything = RegexTree::repeat(RegexTree::of(CharSet::any()), 0, RegexTree::endless);
  if (search)
    end = nfa.build(anything, match);
  uint32_t start = nfa.build(tree, end);
  if (search)
    start = nfa.build(anything, start);
  if (nfa.tooLarge)
    return std::nullopt;
  CharAutomaton made;
  // Sets that are equal are one, so that copies of a part cost little.
  std::map<std::vector<std::pair<uint32_t, uint32_t>>, uint32_t> known;
  std::vector<CharSet> sets;
  for (Steps::Step &step : nfa.steps)
    if (step.kind == Steps::OfSet) {
      auto [found, isNew] = known.try_emplace(nfa.sets[step.set].ranges(), uint32_t(sets.size()));
      if (isNew)
        sets.push_back(nfa.sets[step.set]);
      step.set = found->second;
    }
  std::vector<std::vector<uint32_t>> members;
  partition(sets, made, members);
  std::vector<std::vector<uint32_t>> classesOfSet(sets.size());
  for (uint32_t name = 0; name < members.size(); ++name)
    for (uint32_t set : members[name])
      classesOfSet[set].push_back(name);

  // The steps that can be reached without a character, sorted; IfStart passes only before the first character.
  std::vector<uint32_t> seen(nfa.steps.size());
  uint32_t round = 0;
  auto closure = [&](std::vector<uint32_t> work, bool atStart, bool atEnd) {
    std::vector<uint32_t> reached;
    ++round;
    while (!work.empty()) {
      uint32_t at = work.back();
      work.pop_back();
      if (seen[at] == round)
        continue;
      seen[at] = round;
      const Steps::Step &step = nfa.steps[at];
      if (step.kind == Steps::Fork) {
        work.push_back(step.next);
        work.push_back(step.other);
      } else if ((step.kind == Steps::IfStart && atStart) || (step.kind == Steps::IfEnd && atEnd)) {
        work.push_back(step.next);
      } else if (step.kind != Steps::IfStart) {
        reached.push_back(at);
      }
    }
    std::sort(reached.begin(), reached.end());
    return reached;
  };
  std::map<std::vector<uint32_t>, uint32_t> names;
  std::vector<std::vector<uint32_t>> order;
  size_t work = 0;
  auto visit = [&](std::vector<uint32_t> state, bool atStart) {
    auto [found, isNew] = names.try_emplace(std::move(state), uint32_t(order.size()));
    if (isNew) {
      std::vector<uint32_t> atEnd = closure(found->first, atStart, true);
      made.accepting.push_back(std::binary_search(atEnd.begin(), atEnd.end(), match));
      order.push_back(found->first);
    }
    return found->second;
  };
  visit(closure({start}, true, false), true);
  std::vector<std::vector<uint32_t>> nexts(made.classCount);
  for (size_t state = 0; state < order.size(); ++state) {
    for (std::vector<uint32_t> &next : nexts)
      next.clear();
    for (uint32_t at : order[state])
      if (nfa.steps[at].kind == Steps::OfSet)
        for (uint32_t each : classesOfSet[nfa.steps[at].set])
          nexts[each].push_back(nfa.steps[at].next);
    for (std::vector<uint32_t> &next : nexts) {
      work += next.size() + 1;
      made.targets.push_back(next.empty() ? dead : visit(closure(next, false, false), false));
    }
    if (order.size() > mostStates || work > 20000000)
      return std::nullopt;
  }
  made.trim();
  return made;
}

std::optional<CharAutomaton> CharAutomaton::ofLength(uint32_t least, uint32_t most) {
  return of(RegexTree::repeat(RegexTree::of(CharSet::any()), least, most), false);
}

CharAutomaton CharAutomaton::ofTexts(std::span<const std::string> texts) {
  // A tree of the texts, made directly: a regular expression of thousands of them would be slow.
  CharAutomaton made;
  std::vector<std::map<uint32_t, uint32_t>> tree(1);
  std::vector<uint8_t> ends(1);
  CharSet used;
  std::vector<CharSet> singles;
  for (const std::string &text : texts) {
    uint32_t state = 0;
    for (size_t at = 0; at < text.size();) {
      size_t bytes = utf8Bytes(uint8_t(text[at]));
      uint32_t character = bytes == 1 ? uint8_t(text[at]) : uint8_t(text[at]) & (0x7Fu >> bytes);
      for (size_t i = 1; i < bytes; ++i)
        character = character << 6 | (uint8_t(text[at + i]) & 63);
      at += bytes;
      if (!used.contains(character)) {
        used.add(character, character);
        singles.push_back({character, character});
      }
      auto [found, isNew] = tree[state].try_emplace(character, uint32_t(tree.size()));
      uint32_t next = found->second;
      if (isNew) {
        tree.emplace_back();
        ends.push_back(0);
      }
      state = next;
    }
    ends[state] = 1;
  }
  std::vector<std::vector<uint32_t>> members;
  partition(singles, made, members);
  made.accepting = std::move(ends);
  made.targets.assign(tree.size() * made.classCount, dead);
  for (uint32_t state = 0; state < tree.size(); ++state)
    for (auto [character, next] : tree[state])
      made.targets[state * made.classCount + made.classOf(character)] = next;
  made.trim();
  return made;
}

std::optional<CharAutomaton> CharAutomaton::combine(const CharAutomaton &left, const CharAutomaton &right,
                                                    const std::function<bool(bool, bool)> &keep) {
  CharAutomaton made;
  std::map<std::pair<uint32_t, uint32_t>, uint32_t> pairs; // of classes
  std::vector<uint32_t> cuts = left.starts;
  cuts.insert(cuts.end(), right.starts.begin(), right.starts.end());
  std::sort(cuts.begin(), cuts.end());
  cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
  if (cuts.empty())
    cuts.push_back(0);
  made.starts = cuts;
  for (uint32_t cut : cuts) {
    std::pair<uint32_t, uint32_t> both = {left.classOf(cut), right.classOf(cut)};
    made.classes.push_back(pairs.try_emplace(both, uint32_t(pairs.size())).first->second);
  }
  made.classCount = uint32_t(pairs.size());
  std::vector<std::pair<uint32_t, uint32_t>> classPairs(pairs.size());
  for (const auto &[both, name] : pairs)
    classPairs[name] = both;
  auto go = [](const CharAutomaton &automaton, uint32_t state, uint32_t name) {
    return state == dead || automaton.classCount == 0 ? dead : automaton.targets[state * automaton.classCount + name];
  };
  auto accepts = [](const CharAutomaton &automaton, uint32_t state) {
    return state != dead && automaton.accepting[state];
  };
  std::map<std::pair<uint32_t, uint32_t>, uint32_t> names;
  std::vector<std::pair<uint32_t, uint32_t>> order;
  auto visit = [&](std::pair<uint32_t, uint32_t> state) {
    auto [found, isNew] = names.try_emplace(state, uint32_t(order.size()));
    if (isNew) {
      order.push_back(state);
      made.accepting.push_back(keep(accepts(left, state.first), accepts(right, state.second)));
    }
    return found->second;
  };
  visit({left.empty() ? dead : 0, right.empty() ? dead : 0});
  for (size_t at = 0; at < order.size(); ++at) {
    auto [first, second] = order[at];
    for (auto [leftClass, rightClass] : classPairs)
      made.targets.push_back(visit({go(left, first, leftClass), go(right, second, rightClass)}));
    if (order.size() > mostStates || order.size() * made.classCount > 20000000)
      return std::nullopt;
  }
  made.trim();
  return made;
}

/// Keeps what is between the start and a match.
void CharAutomaton::trim() {
  size_t count = accepting.size();
  std::vector<std::vector<uint32_t>> before(count);
  for (uint32_t state = 0; state < count; ++state)
    for (uint32_t name = 0; name < classCount; ++name)
      if (uint32_t target = targets[state * classCount + name]; target != dead)
        if (before[target].empty() || before[target].back() != state)
          before[target].push_back(state);
  std::vector<uint8_t> live(count);
  std::vector<uint32_t> work;
  for (uint32_t state = 0; state < count; ++state)
    if (accepting[state]) {
      live[state] = 1;
      work.push_back(state);
    }
  while (!work.empty()) {
    uint32_t state = work.back();
    work.pop_back();
    for (uint32_t other : before[state])
      if (!live[other]) {
        live[other] = 1;
        work.push_back(other);
      }
  }
  std::vector<uint32_t> names(count, dead);
  uint32_t kept = 0;
  if (count > 0 && live[0])
    for (uint32_t state = 0; state < count; ++state)
      if (live[state])
        names[state] = kept++;
  for (uint32_t state = 0; state < count; ++state) {
    if (names[state] == dead)
      continue;
    for (uint32_t name = 0; name < classCount; ++name) {
      uint32_t target = targets[state * classCount + name];
      targets[names[state] * classCount + name] = target == dead ? dead : names[target];
    }
    accepting[names[state]] = accepting[state];
  }
  accepting.resize(kept);
  targets.resize(size_t(kept) * classCount);
}

uint32_t CharAutomaton::classOf(uint32_t character) const {
  if (starts.empty())
    return 0;
  return classes[size_t(std::upper_bound(starts.begin(), starts.end(), character) - starts.begin()) - 1];
}

uint32_t CharAutomaton::next(uint32_t state, uint32_t character) const {
  return state == dead ? dead : targets[state * classCount + classOf(character)];
}

bool CharAutomaton::matches(std::string_view utf8) const {
  uint32_t state = empty() ? dead : 0;
  for (size_t at = 0; at < utf8.size() && state != dead;) {
    size_t bytes = utf8Bytes(uint8_t(utf8[at]));
    uint32_t character = bytes == 1 ? uint8_t(utf8[at]) : uint8_t(utf8[at]) & (0x7Fu >> bytes);
    for (size_t i = 1; i < bytes; ++i)
      character = character << 6 | (uint8_t(utf8[at + i]) & 63);
    state = next(state, character);
    at += bytes;
  }
  return state != dead && accepting[state];
}

bool CharAutomaton::acceptsAll(uint32_t state) const {
  if (!accepting[state])
    return false;
  for (uint32_t name = 0; name < classCount; ++name)
    if (targets[state * classCount + name] != state)
      return false;
  return true;
}

static void appendUtf8(uint32_t character, std::string &out) {
  size_t bytes = character < 0x80 ? 1 : character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
  static constexpr uint32_t kMarks[] = {0, 0, 0xC0, 0xE0, 0xF0};
  out += char(kMarks[bytes] | character >> (6 * (bytes - 1)));
  for (size_t i = bytes - 1; i-- > 0;)
    out += char(0x80 | (character >> (6 * i) & 63));
}

bool CharAutomaton::listTexts(size_t most, std::vector<std::string> &texts) const {
  // Every kept state leads to a match; a text longer than there are states goes round in a loop.
  struct Start {
    uint32_t state;
    size_t characters;
    std::string text;
  };
  std::vector<Start> work;
  if (!empty())
    work.push_back({0, 0, ""});
  for (size_t visits = 0; !work.empty(); ++visits) {
    Start start = std::move(work.back());
    work.pop_back();
    if (accepts(start.state))
      texts.push_back(start.text);
    if (texts.size() > most || start.characters > states() || visits > 100000)
      return false;
    bool tooMany = false;
    forEachRange(start.state, [&](uint32_t low, uint32_t high, uint32_t target) {
      tooMany |= high - low >= most || work.size() > most + 1000;
      for (uint32_t each = low; !tooMany && each <= high; ++each) {
        if (each >= 0xD800 && each <= 0xDFFF)
          continue;
        work.push_back({target, start.characters + 1, start.text});
        appendUtf8(each, work.back().text);
      }
    });
    if (tooMany)
      return false;
  }
  return true;
}

void CharAutomaton::forEachRange(uint32_t state, const std::function<void(uint32_t, uint32_t, uint32_t)> &use) const {
  for (size_t interval = 0; interval < starts.size();) {
    uint32_t target = targets[state * classCount + classes[interval]];
    size_t end = interval + 1;
    while (end < starts.size() && targets[state * classCount + classes[end]] == target)
      ++end;
    if (target != dead)
      use(starts[interval], end < starts.size() ? starts[end] - 1 : CharSet::last, target);
    interval = end;
  }
}

} // namespace gemmart
