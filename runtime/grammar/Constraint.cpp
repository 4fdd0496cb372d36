// See Constraint.h.
#include "runtime/grammar/Constraint.h"

#include "runtime/base/Text.h"

#include <algorithm>
#include <limits>

namespace gemmart {

Constraint::Constraint(std::shared_ptr<const Grammar> grammar, ThoughtTokens thought)
    : shared(std::move(grammar)), thought(thought), phase(thought.opens >= 0 ? Before : Answer),
      machine(shared->network()) {
  machine.begin(state);
}

static bool isIn(std::span<const int32_t> ids, int32_t token) {
  return std::find(ids.begin(), ids.end(), token) != ids.end();
}

void Constraint::mask(std::span<uint64_t> bits) {
  const Vocabulary &vocabulary = shared->vocabulary();
  bits = bits.first(vocabulary.words());
  auto flip = [&](int32_t token, bool on) {
    if (token < 0 || uint32_t(token) >= vocabulary.tokens())
      return;
    uint64_t bit = uint64_t(1) << (token & 63);
    bits[size_t(token) / 64] = on ? bits[size_t(token) / 64] | bit : bits[size_t(token) / 64] & ~bit;
  };
  if (phase == Thought) {
    std::fill(bits.begin(), bits.end(), ~uint64_t(0));
    for (uint32_t token = vocabulary.tokens(); token < bits.size() * 64; ++token)
      bits[token / 64] &= ~(uint64_t(1) << (token & 63));
    for (int32_t stop : vocabulary.stops())
      flip(stop, false);
    flip(thought.opens, false);
    return;
  }
  shared->masker().compute(machine, state, bits);
  if (phase == Before)
    flip(thought.opens, true);
}

Status Constraint::apply(std::span<float> logits) {
  constexpr float kNever = -std::numeric_limits<float>::infinity();
  scratch.resize(shared->vocabulary().words());
  mask(scratch);
  for (size_t word = 0; word * 64 < logits.size(); ++word) {
    uint64_t allowed = word < scratch.size() ? scratch[word] : 0;
    size_t first = word * 64, count = std::min<size_t>(64, logits.size() - first);
    if (allowed == 0) {
      std::fill_n(logits.begin() + ptrdiff_t(first), count, kNever);
      continue;
    }
    if (allowed == ~uint64_t(0))
      continue;
    for (size_t bit = 0; bit < count; ++bit)
      if (!(allowed >> bit & 1))
        logits[first + bit] = kNever;
  }
  if (std::all_of(scratch.begin(), scratch.end(), [](uint64_t word) { return word == 0; }))
    return inputError("no token of this vocabulary can go on with an answer of the form that was asked for");
  return {};
}

/// The state after a token of the answer; false if there is none.
bool Constraint::advance(int32_t token, GrammarState &out) {
  const TokenTrie &trie = shared->vocabulary().trie();
  std::string_view text = token >= 0 && uint32_t(token) < trie.vocabTokens() ? trie.text(token) : "";
  if (text.empty())
    return machine.stepToken(state, token, out);
  size_t before = machine.text.size();
  GrammarState from = state;
  for (char byte : text) {
    machine.text += byte;
    if (!machine.step(from, uint8_t(byte), out)) {
      machine.text.resize(before);
      return false;
    }
    std::swap(from, out);
  }
  std::swap(from, out);
  return true;
}

Status Constraint::accept(int32_t token) {
  auto refuse = [&](const char *why) { return inputError(format("token %d may not come here: %s", int(token), why)); };
  const Vocabulary &vocabulary = shared->vocabulary();
  if (phase == Thought) {
    if (isIn(vocabulary.stops(), token))
      return refuse("the thought is open");
    if (token == thought.closes)
      phase = Answer;
    return {};
  }
  if (phase == Before && token == thought.opens) {
    phase = Thought;
    return {};
  }
  if (isIn(vocabulary.stops(), token))
    return isComplete() || (phase == Before && state.complete) ? Status() : refuse("the answer is not complete");
  GrammarState next;
  if (!advance(token, next))
    return refuse("the grammar has no such text");
  if (next.overflowed)
    return inputError("the grammar is too ambiguous: there are too many ways to read the answer so far");
  state = std::move(next);
  phase = Answer;
  machine.compact(state);
  return {};
}

} // namespace gemmart
