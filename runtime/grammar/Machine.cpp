// The simulation, see Machine.h.
#include "runtime/grammar/Machine.h"

#include "runtime/abi/TokenizerSection.h"

#include <algorithm>

namespace gemmart {

void Machine::begin(GrammarState &out) {
  out.clear();
  add({net->start, 0, 0, StackStore::bottom});
  drain(out);
}

void Machine::beginAt(const GrammarPlace &place, uint32_t depth, GrammarState &out) {
  out.clear();
  out.depth = depth;
  add({place.node, place.count, place.keys, place.stack});
  drain(out);
}

void Machine::leave(uint32_t stack, uint32_t depth, uint32_t keyStart, GrammarState &out) {
  out.clear();
  out.depth = depth;
  out.keyStart = keyStart;
  goBack(stack, out);
  drain(out);
}

bool Machine::step(const GrammarState &in, uint8_t byte, GrammarState &out) {
  out.clear();
  out.depth = in.depth;
  out.keyStart = in.keyStart;
  for (const GrammarPlace &place : in.places) {
    const GrammarNode &node = net->nodes[place.node];
    for (const GrammarEdge &edge : net->edgesOf(place.node)) {
      if (byte > edge.high)
        continue;
      if (byte < edge.low)
        break;
      uint32_t count = place.count;
      if (node.body != BodyKind::None && net->counted[node.rule]) {
        bool ends = node.body == BodyKind::JsonString && byte == '"';
        if (ends ? count < node.leastChars : count >= node.mostChars)
          break;
        count += !ends;
      }
      if (edge.depth != 0) {
        if (edge.flags & EdgeFlag::Limited) {
          sawDepth = true;
          if (in.depth >= net->deepest)
            break;
        }
        out.depth = in.depth + uint32_t(int32_t(edge.depth));
      }
      if (edge.flags & EdgeFlag::StartsKey)
        out.keyStart = uint32_t(text.size()) - 1;
      uint32_t stack = place.stack;
      if (net->nodes[edge.target].keysLeft != UINT32_MAX)
        stack = withKeyLeft(edge.target, stack, std::string_view(text).substr(out.keyStart));
      if (stack != StackStore::none)
        add({edge.target, count, place.keys, stack});
      break;
    }
  }
  if (work.empty())
    return false;
  drain(out);
  return !out.isDead();
}

/// Whether the rule for keys goes from the node to its end by these bytes.
bool Machine::spells(uint32_t node, std::string_view rest) const {
  for (char byte : rest) {
    const GrammarEdge *edge = net->edgeAt(node, uint8_t(byte));
    if (!edge)
      return false;
    node = edge->target;
  }
  std::span<const GrammarMove> moves = net->movesOf(node);
  return std::any_of(moves.begin(), moves.end(),
                     [](const GrammarMove &move) { return move.kind == GrammarMove::Return; });
}

/// Of the open calls those whose object has not used up all keys that can be spelled from the node.
uint32_t Machine::withKeyLeft(uint32_t node, uint32_t stack, std::string_view start) {
  uint32_t kept = StackStore::none;
  std::vector<StackEntry> entries(stacks.entries(stack).begin(), stacks.entries(stack).end());
  for (const StackEntry &entry : entries) {
    uint32_t used = 0;
    keys.forEach(entry.keys, [&](std::string_view key) {
      used += key.starts_with(start) && spells(node, key.substr(start.size()));
    });
    if (used < net->nodes[node].keysLeft)
      kept = stacks.unite(kept, stacks.push(entry));
  }
  return kept;
}

bool Machine::stepToken(const GrammarState &in, int32_t token, GrammarState &out) {
  out.clear();
  out.depth = in.depth;
  out.keyStart = in.keyStart;
  for (const GrammarPlace &place : in.places)
    for (const GrammarMove &move : net->movesOf(place.node))
      if (move.kind == GrammarMove::Token && move.other == uint32_t(token))
        add({move.target, place.count, place.keys, place.stack});
  drain(out);
  return !out.isDead();
}

void Machine::goBack(uint32_t stack, GrammarState &out) {
  for (const StackEntry &entry : stacks.entries(stack)) {
    if (entry.node == StackStore::bottomNode)
      out.complete = true;
    else if (entry.node == StackStore::localNode)
      out.leftLocal = true;
    else
      add({entry.node, entry.count, entry.keys, entry.below});
  }
}

/// Notes an item. False if nothing is new about it; else its stack has become that of all equal items together.
bool Machine::record(Item &item) {
  auto same = [&](const Item &other) {
    return other.node == item.node && other.count == item.count && other.keys == item.keys;
  };
  auto hash = [&](const Item &other) {
    return gmMix((uint64_t(other.node) << 32 | other.count) ^ uint64_t(other.keys) << 20);
  };
  Item *known = nullptr;
  constexpr size_t few = 16;
  if (seen.size() < few) {
    for (Item &other : seen)
      if (same(other))
        known = &other;
  } else {
    if (seen.size() == few || seen.size() * 2 > slots.size()) {
      slots.assign(std::max<size_t>(64, seen.size() * 4), UINT32_MAX);
      for (size_t i = 0; i < seen.size(); ++i) {
        size_t slot = hash(seen[i]) % slots.size();
        while (slots[slot] != UINT32_MAX)
          slot = (slot + 1) % slots.size();
        slots[slot] = uint32_t(i);
      }
    }
    size_t slot = hash(item) % slots.size();
    for (; slots[slot] != UINT32_MAX; slot = (slot + 1) % slots.size())
      if (same(seen[slots[slot]])) {
        known = &seen[slots[slot]];
        break;
      }
    if (!known)
      slots[slot] = uint32_t(seen.size());
  }
  if (!known) {
    seen.push_back(item);
    return true;
  }
  uint32_t united = stacks.unite(known->stack, item.stack);
  if (united == known->stack)
    return false;
  item.stack = known->stack = united;
  return true;
}

void Machine::follow(const Item &item, GrammarState &out) {
  for (const GrammarMove &move : net->movesOf(item.node)) {
    switch (move.kind) {
    case GrammarMove::Jump:
      add({move.target, item.count, item.keys, item.stack});
      break;
    case GrammarMove::Return:
      goBack(item.stack, out);
      break;
    case GrammarMove::Call: {
      const GrammarNode &next = net->nodes[move.other];
      uint32_t below = item.stack;
      // A call that ends its rule needs no way back.
      if (next.edgeCount > 0 || next.moveCount != 1 || net->moves[next.firstMove].kind != GrammarMove::Return)
        below = stacks.push({move.other, item.count, item.keys, item.stack});
      if (below != StackStore::none)
        add({move.target, 0, 0, below});
      break;
    }
    case GrammarMove::Count:
      if (item.count >= move.low && item.count <= move.high)
        add({move.target, item.count + move.other, item.keys, item.stack});
      break;
    case GrammarMove::Indent:
      sawDepth = true;
      if (item.count < 2 * out.depth)
        add({move.target, item.count + 1, item.keys, item.stack});
      break;
    case GrammarMove::EndKey: {
      sawKey = true;
      std::string_view key = std::string_view(text).substr(out.keyStart);
      if (!keys.contains(item.keys, key))
        add({move.target, item.count, keys.add(item.keys, key), item.stack});
      break;
    }
    case GrammarMove::Token:
      break;
    }
  }
}

void Machine::drain(GrammarState &out) {
  seen.clear();
  stacks.mostEffort = stacks.effort + mostEffort;
  while (!work.empty()) {
    Item item = work.back();
    work.pop_back();
    if (!record(item))
      continue;
    if (seen.size() > mostPlaces || ++stacks.effort > stacks.mostEffort) {
      out.overflowed = true;
      work.clear();
      break;
    }
    follow(item, out);
  }
  for (const Item &item : seen) {
    const GrammarNode &node = net->nodes[item.node];
    bool waits = node.edgeCount > 0;
    for (const GrammarMove &move : net->movesOf(item.node))
      waits |= move.kind == GrammarMove::Token;
    if (waits)
      out.places.push_back({item.node, item.count, item.keys, item.stack});
  }
}

void Machine::compact(GrammarState &state) {
  constexpr uint32_t kMany = 1 << 16;
  if (stacks.size() < kMany)
    return;
  StackStore kept;
  std::vector<uint32_t> names(stacks.size(), StackStore::none);
  auto copy = [&](auto &self, uint32_t set) -> uint32_t {
    if (set <= StackStore::localBottom)
      return set;
    if (names[set] == StackStore::none) {
      uint32_t made = StackStore::none;
      for (StackEntry entry : stacks.entries(set)) {
        if (entry.node < StackStore::localNode)
          entry.below = self(self, entry.below);
        made = kept.unite(made, kept.push(entry));
      }
      names[set] = made;
    }
    return names[set];
  };
  for (GrammarPlace &place : state.places)
    place.stack = copy(copy, place.stack);
  stacks = std::move(kept);
}

} // namespace gemmart
