// Which tokens may come next: a bit for each token of the vocabulary.
#ifndef RUNTIME_GRAMMAR_MASK_H
#define RUNTIME_GRAMMAR_MASK_H

#include "runtime/grammar/Machine.h"
#include "runtime/grammar/Vocabulary.h"

#include <atomic>
#include <memory>

namespace gemmart {

/// Computes masks for the states of one network. Tokens that stay inside the rule of a place do not depend on the open
/// calls: for the nodes where many tokens can start they are computed once and kept. Only tokens that leave the rule
/// are tried each time. Thread-safe.
class Masker {
public:
  Masker(const Network &network, std::shared_ptr<const Vocabulary> vocabulary);
  ~Masker();
  Masker(const Masker &) = delete;
  Masker &operator=(const Masker &) = delete;

  /// Sets the bits [vocabulary.words()] of the tokens that may follow; clears the others. Stop tokens where the state
  /// is complete.
  void compute(Machine &machine, const GrammarState &state, std::span<uint64_t> bits) const;
  /// Computes kept masks ahead, for at most so many seconds.
  void prepare(double seconds) const;
  /// Of what is kept.
  size_t bytes() const { return keptBytes; }

private:
  struct Kept;
  class Walk;
  bool isKept(const GrammarPlace &place) const;
  const Kept *keep(uint32_t node, uint32_t depth, std::unique_ptr<Kept> &own) const;
  std::unique_ptr<Kept> make(uint32_t node, uint32_t depth) const;

  const Network &network;
  std::shared_ptr<const Vocabulary> vocabulary;
  std::vector<uint8_t> wide;                     ///< [node]: many tokens can start here
  mutable std::vector<std::atomic<Kept *>> kept; ///< [node]
  mutable std::atomic<size_t> keptBytes = 0;
};

} // namespace gemmart
#endif
