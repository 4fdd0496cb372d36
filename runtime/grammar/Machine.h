// Runs a Network over bytes: a state is the set of all places in the grammar where the text so far can have led.
#ifndef RUNTIME_GRAMMAR_MACHINE_H
#define RUNTIME_GRAMMAR_MACHINE_H

#include "runtime/grammar/Network.h"
#include "runtime/grammar/Stacks.h"

#include <string>

namespace gemmart {

/// One place: a node that waits for a byte or a control token, the count and the keys of its rule, and the open calls.
struct GrammarPlace {
  uint32_t node, count, keys, stack;
};

struct GrammarState {
  std::vector<GrammarPlace> places;
  uint32_t depth = 0;      ///< brackets that are open
  uint32_t keyStart = 0;   ///< where in Machine::text the latest key begins
  bool complete = false;   ///< the text may end here
  bool leftLocal = false;  ///< StackStore::localBottom was reached
  bool overflowed = false; ///< there were too many places: some are missing
  bool isDead() const { return places.empty() && !complete && !leftLocal; }
  void clear() {
    *this = {std::move(places)};
    places.clear();
  }
};

/// Holds what states refer to. Copyable, with the states.
class Machine {
public:
  static constexpr size_t mostPlaces = 4096;
  static constexpr uint64_t mostEffort = 20000; ///< unions of stacks and moves followed for one byte

  explicit Machine(const Network &network) : net(&network) {}

  void begin(GrammarState &out);
  /// A state at one node alone, with this set of open calls.
  void beginAt(const GrammarPlace &place, uint32_t depth, GrammarState &out);
  /// Returns from the rule to every call of this set.
  void leave(uint32_t stack, uint32_t depth, uint32_t keyStart, GrammarState &out);
  /// After one more byte, which the caller has appended to `text`. False if the grammar has no such text.
  bool step(const GrammarState &in, uint8_t byte, GrammarState &out);
  bool stepToken(const GrammarState &in, int32_t token, GrammarState &out);

  /// Forgets the stacks that this state does not need, once there are many. No other state may be in use.
  void compact(GrammarState &state);

  const Network &network() const { return *net; }
  std::string text; ///< all bytes so far: keys are looked up in it
  StackStore stacks;
  KeyStore keys;
  bool sawDepth = false; ///< since it was cleared, something depended on the depth
  bool sawKey = false;   ///< likewise, a key ended

private:
  struct Item {
    uint32_t node, count, keys, stack;
  };
  void add(const Item &item) { work.push_back(item); }
  void drain(GrammarState &out);
  void follow(const Item &item, GrammarState &out);
  void goBack(uint32_t stack, GrammarState &out);
  bool record(Item &item);
  uint32_t withKeyLeft(uint32_t node, uint32_t stack, std::string_view start);
  bool spells(uint32_t node, std::string_view rest) const;

  const Network *net;
  std::vector<Item> work, seen;
  std::vector<uint32_t> slots; ///< hash table over `seen`, used when it is long
};

} // namespace gemmart
#endif
