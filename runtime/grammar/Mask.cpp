// See Mask.h.
#include "runtime/grammar/Mask.h"

#include <algorithm>
#include <array>
#include <ctime>

namespace gemmart {

/// The mask of one node inside its rule.
struct Masker::Kept {
  std::vector<uint64_t> inside; ///< tokens that end inside the rule, or in rules that it calls; empty if there are few
  std::vector<int32_t> fewInside; ///< then these
  ExitTable exits;
  bool ofOneDepth = false; ///< holds only for the depth it was made for
  size_t bytes() const { return inside.capacity() * 8 + fewInside.capacity() * 4 + exits.bytes() + sizeof(*this); }
};

static void setToken(std::span<uint64_t> bits, int32_t token) {
  bits[size_t(token) / 64] |= uint64_t(1) << (token & 63);
}

/// A walk over the tree of tokens beside a machine. What the machine adds on the way is taken back at the end.
class Masker::Walk {
public:
  Walk(const Masker &masker, Machine &machine, std::span<uint64_t> bits)
      : masker(masker), trie(masker.vocabulary->trie()), machine(machine), bits(bits), textBytes(machine.text.size()),
        stackMark(machine.stacks.size()), keyMark(machine.keys.size()),
        mostEffort(machine.stacks.effort + kMostEffort) {}
  ~Walk() {
    machine.text.resize(textBytes);
    machine.stacks.truncate(stackMark);
    machine.keys.truncate(keyMark);
  }

  /// All tokens below `root` whose text goes on from `state`.
  void below(uint32_t root, const GrammarState &state);
  /// All tokens that leave the rule of a place by one of the exits, after least to most chars.
  void leave(const GrammarState &state, const GrammarPlace &place, const ExitTable &exits, uint32_t least = 0,
             uint32_t most = UINT32_MAX);
  /// Tokens and exits of a node inside its rule.
  void inside(uint32_t node, uint32_t depth, ExitTable &exits);

private:
  struct Level {
    uint32_t end;
    uint32_t plain;           ///< the node, when it is the only place and no calls are open; else `none`
    uint32_t depth, keyStart; ///< of the state, which is not filled in for a plain one
  };
  static constexpr uint32_t none = UINT32_MAX;
  static constexpr uint64_t kMostEffort = 2000000;
  void markTokens(uint32_t node) {
    for (int32_t token : trie.tokens(node))
      setToken(bits, token);
  }
  GrammarState &stateAt(size_t level) {
    while (states.size() <= level)
      states.push_back(std::make_unique<GrammarState>());
    return *states[level];
  }
  /// A node of a plain automaton: edges, and perhaps the end of the rule.
  bool isPlain(uint32_t node) const {
    const GrammarNode &made = masker.network.nodes[node];
    return made.moveCount <= endsRule(node) && !masker.network.counted[made.rule];
  }
  bool endsRule(uint32_t node) const {
    const GrammarNode &made = masker.network.nodes[node];
    return made.moveCount == 1 && masker.network.moves[made.firstMove].kind == GrammarMove::Return;
  }
  /// As Network::edgeAt, by a table that is made when a node is first come to: a walk meets few nodes very often.
  const GrammarEdge *plainEdge(uint32_t node, uint8_t byte) {
    if (tableOf.empty())
      tableOf.assign(masker.network.nodes.size(), none);
    uint32_t &table = tableOf[node];
    if (table == none) {
      table = uint32_t(tables.size());
      auto &made = tables.emplace_back();
      made.fill(nullptr);
      for (const GrammarEdge &edge : masker.network.edgesOf(node))
        std::fill(made.begin() + edge.low, made.begin() + edge.high + 1, &edge);
    }
    return tables[table][byte];
  }
  void descend(uint32_t root, ExitTable *exits);
  /// The text that was there at first, and the path to a node of the tree.
  void setText(std::string_view path) {
    machine.text.resize(textBytes);
    machine.text += path;
  }
  bool mayRepeatKey(uint32_t keyStart, uint32_t stack) const;

  const Masker &masker;
  const TokenTrie &trie;
  Machine &machine;
  std::span<uint64_t> bits;
  size_t textBytes;
  uint32_t stackMark, keyMark;
  std::vector<std::unique_ptr<GrammarState>> states; ///< by level
  std::vector<Level> path;
  std::vector<uint32_t> tableOf; ///< [node], for nodes of plain automata
  std::vector<std::array<const GrammarEdge *, 256>> tables;
  uint64_t mostEffort; ///< an ambiguous grammar loses tokens rather than take for ever
};

/// Goes on from path[0], whose state is the first, to all nodes below `root`.
void Masker::Walk::descend(uint32_t root, ExitTable *exits) {
  size_t baseText = machine.text.size();
  for (uint32_t at = root + 1; at < trie.end(root) && machine.stacks.effort < mostEffort;) {
    while (at >= path.back().end)
      path.pop_back();
    size_t level = path.size();
    uint8_t byte = trie.byte(at);
    Level above = path.back();
    if (above.plain != none) {
      const GrammarEdge *edge = plainEdge(above.plain, byte);
      if (!edge) {
        at = trie.end(at);
        continue;
      }
      if (edge->depth == 0 && edge->flags == 0 && isPlain(edge->target)) {
        bool goesOn = masker.network.nodes[edge->target].edgeCount > 0;
        if (endsRule(edge->target))
          exits->add(at, 0, goesOn);
        if (goesOn)
          markTokens(at);
        if (goesOn && !trie.isLeaf(at))
          path.push_back({trie.end(at), edge->target, above.depth, above.keyStart});
        at = goesOn ? at + 1 : trie.end(at);
        continue;
      }
      GrammarState &from = stateAt(level - 1);
      from.clear();
      from.depth = above.depth;
      from.keyStart = above.keyStart;
      from.places.push_back({above.plain, 0, 0, StackStore::localBottom});
    }
    machine.text.resize(baseText);
    machine.text += trie.path(at).substr(trie.depth(root));
    GrammarState &state = stateAt(level);
    if (!machine.step(*states[level - 1], byte, state)) {
      at = trie.end(at);
      continue;
    }
    bool goesOn = !state.places.empty();
    if (state.leftLocal)
      exits->add(at, 0, goesOn || state.complete);
    if (goesOn || state.complete)
      markTokens(at);
    if (!goesOn || trie.isLeaf(at)) {
      at = trie.end(at);
      continue;
    }
    bool isAlone = exits && state.places.size() == 1 && state.places[0].stack == StackStore::localBottom &&
                   isPlain(state.places[0].node);
    path.push_back({trie.end(at), isAlone ? state.places[0].node : none, state.depth, state.keyStart});
    ++at;
  }
  machine.text.resize(baseText);
}

void Masker::Walk::below(uint32_t root, const GrammarState &state) {
  if (trie.isLeaf(root))
    return;
  stateAt(0) = state;
  path.assign(1, {trie.end(root), none, state.depth, state.keyStart});
  descend(root, nullptr);
}

void Masker::Walk::inside(uint32_t node, uint32_t depth, ExitTable &exits) {
  // The moves of the node were followed when its place was made; only its edges are left.
  GrammarState &state = stateAt(0);
  state.clear();
  state.depth = depth;
  state.places.push_back({node, 0, 0, StackStore::localBottom});
  path.assign(1, {trie.end(0), masker.network.counted[masker.network.nodes[node].rule] ? none : node, depth, 0});
  descend(0, &exits);
  exits.finish(trie);
}

/// Whether the key that begins at `keyStart` and is being written can become one that its object has.
bool Masker::Walk::mayRepeatKey(uint32_t keyStart, uint32_t stack) const {
  std::string_view start = std::string_view(machine.text).substr(keyStart, textBytes - keyStart);
  bool may = false;
  for (const StackEntry &entry : machine.stacks.entries(stack))
    machine.keys.forEach(entry.keys, [&](std::string_view key) { may |= key.starts_with(start); });
  return may;
}

void Masker::Walk::leave(const GrammarState &state, const GrammarPlace &place, const ExitTable &exits, uint32_t least,
                         uint32_t most) {
  auto within = [&](std::span<const ExitTable::Exit> all) {
    auto isFewer = [](const ExitTable::Exit &exit, uint64_t chars) { return exit.chars < chars; };
    auto first = std::lower_bound(all.begin(), all.end(), uint64_t(least), isFewer);
    return std::span<const ExitTable::Exit>(first, std::lower_bound(first, all.end(), uint64_t(most) + 1, isFewer));
  };
  std::span<const GrammarEdge> edges = masker.network.edgesOf(place.node);
  bool beginsKey = !edges.empty() && (edges[0].flags & EdgeFlag::StartsKey);
  uint32_t keyStart = beginsKey ? uint32_t(textBytes) : state.keyStart;
  auto leaveAt = [&](std::string_view path, GrammarState &after) {
    setText(path);
    machine.leave(place.stack, state.depth, keyStart, after);
    return !after.isDead();
  };
  // Where a key ends, the state behind it depends on which key it is. That matters only to keys of the same object: if
  // it cannot be one of those there already, any exit stands for all, until the token goes on for another byte.
  GrammarState after, exact, next;
  machine.sawKey = false;
  if (!leaveAt({"\0", 1}, after)) // no key is that
    return;
  bool endsKey = machine.sawKey, mayRepeat = endsKey && mayRepeatKey(keyStart, place.stack);
  for (const ExitTable::Exit &exit : within(exits.tokens()))
    if (!mayRepeat || leaveAt(trie.text(int32_t(exit.what)), exact))
      setToken(bits, int32_t(exit.what));
  for (int byte = 0; byte < 256; ++byte) {
    std::span<const ExitTable::Exit> nodes = within(exits.nexts(uint8_t(byte)));
    if (nodes.empty())
      continue;
    setText({});
    machine.text += char(byte);
    if (!machine.step(after, uint8_t(byte), next))
      continue;
    for (const ExitTable::Exit &exit : nodes) {
      bool isLeaf = trie.isLeaf(exit.what);
      if (isLeaf && !mayRepeat) {
        markTokens(exit.what);
        continue;
      }
      std::string_view way = trie.path(exit.what);
      if (endsKey && !leaveAt(way.substr(0, way.size() - 1), exact))
        continue;
      setText(way);
      if (endsKey && !machine.step(exact, uint8_t(byte), next))
        continue;
      markTokens(exit.what);
      below(exit.what, next);
    }
  }
  setText({});
}

static constexpr uint32_t kManyTokens = 1500;
static constexpr size_t kMostKeptBytes = size_t(48) << 20;

Masker::Masker(const Network &network, std::shared_ptr<const Vocabulary> shared)
    : network(network), vocabulary(std::move(shared)), wide(network.nodes.size()), kept(network.nodes.size()) {
  for (uint32_t node = 0; node < network.nodes.size(); ++node) {
    uint32_t tokens = 0;
    for (const GrammarEdge &edge : network.edgesOf(node))
      for (uint32_t byte = edge.low; byte <= edge.high; ++byte)
        tokens += vocabulary->startingWith(uint8_t(byte));
    wide[node] = tokens > kManyTokens ? tokens : 0;
  }
}

Masker::~Masker() {
  for (std::atomic<Kept *> &mask : kept)
    delete mask.load();
}

bool Masker::isKept(const GrammarPlace &place) const {
  return wide[place.node] && !network.counted[network.nodes[place.node].rule] && place.count == 0 && place.keys == 0;
}

std::unique_ptr<Masker::Kept> Masker::make(uint32_t node, uint32_t depth) const {
  auto made = std::make_unique<Kept>();
  std::vector<uint64_t> bits(vocabulary->words());
  Machine machine(network);
  {
    Walk walk(*this, machine, bits);
    walk.inside(node, depth, made->exits);
  }
  made->ofOneDepth = machine.sawDepth;
  size_t count = 0;
  for (uint64_t word : bits)
    count += size_t(__builtin_popcountll(word));
  if (count * 4 > bits.size() * 8) {
    made->inside = std::move(bits);
    return made;
  }
  for (size_t word = 0; word < bits.size(); ++word)
    for (uint64_t rest = bits[word]; rest; rest &= rest - 1)
      made->fewInside.push_back(int32_t(word * 64 + size_t(__builtin_ctzll(rest))));
  return made;
}

/// The mask of a node: the kept one, or one that is kept from now on, or, if there is no room, one in `own`.
const Masker::Kept *Masker::keep(uint32_t node, uint32_t depth, std::unique_ptr<Kept> &own) const {
  if (const Kept *known = kept[node].load(std::memory_order_acquire))
    return known;
  own = make(node, depth);
  size_t bytes = own->bytes();
  if (own->ofOneDepth || keptBytes + bytes > kMostKeptBytes)
    return own.get();
  Kept *expected = nullptr;
  if (!kept[node].compare_exchange_strong(expected, own.get(), std::memory_order_acq_rel))
    return expected; // another thread was first
  keptBytes += bytes;
  return own.release();
}

/// CPU time of this thread: what is prepared must not depend on what else the machine does.
static double cpuSeconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return double(now.tv_sec) + double(now.tv_nsec) * 1e-9;
}

void Masker::prepare(double seconds) const {
  // First the nodes where most tokens can start: their masks take longest.
  std::vector<std::pair<uint32_t, uint32_t>> order;
  for (uint32_t node = 0; node < network.nodes.size(); ++node)
    if (network.nodes[node].body == BodyKind::None && isKept({node, 0, 0, 0}))
      order.push_back({~wide[node], node});
  std::sort(order.begin(), order.end());
  double end = cpuSeconds() + seconds;
  for (size_t at = 0; at < order.size() && cpuSeconds() < end; ++at) {
    std::unique_ptr<Kept> own;
    keep(order[at].second, 1, own);
  }
}

void Masker::compute(Machine &machine, const GrammarState &state, std::span<uint64_t> bits) const {
  std::fill(bits.begin(), bits.end(), 0);
  auto join = [&](const std::vector<uint64_t> &from) {
    for (size_t word = 0; word < from.size(); ++word)
      bits[word] |= from[word];
  };
  Walk walk(*this, machine, bits);
  GrammarState rest;
  rest.depth = state.depth;
  rest.keyStart = state.keyStart;
  for (const GrammarPlace &place : state.places) {
    const GrammarNode &node = network.nodes[place.node];
    for (const GrammarMove &move : network.movesOf(place.node))
      if (move.kind == GrammarMove::Token)
        setToken(bits, int32_t(move.other));
    if (node.body != BodyKind::None) {
      const StringMasks &strings = vocabulary->strings(node.body);
      uint32_t room = node.mostChars - place.count;
      join(strings.inside[std::min<size_t>(room, strings.inside.size() - 1)]);
      // The body's rule ends behind the quote.
      walk.leave(state, place, strings.exits, node.leastChars - std::min(node.leastChars, place.count), room);
    } else if (isKept(place)) {
      std::unique_ptr<Kept> own;
      const Kept *mask = keep(place.node, state.depth, own);
      join(mask->inside);
      for (int32_t token : mask->fewInside)
        setToken(bits, token);
      walk.leave(state, place, mask->exits);
    } else {
      rest.places.push_back(place);
    }
  }
  if (!rest.places.empty())
    walk.below(0, rest);
  if (state.complete)
    for (int32_t stop : vocabulary->stops())
      setToken(bits, stop);
}

} // namespace gemmart
