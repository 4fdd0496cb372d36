// Building and pruning networks, see Network.h.
#include "runtime/grammar/Network.h"

#include <algorithm>
#include <map>

namespace gemmart {

uint32_t NetworkBuilder::addText(uint32_t node, std::string_view text) {
  for (char byte : text) {
    uint32_t next = addNode(nodes[node].rule);
    addEdge(node, uint8_t(byte), uint8_t(byte), next);
    node = next;
  }
  return node;
}

void NetworkBuilder::limitKeys(uint32_t start) {
  constexpr uint64_t endless = UINT32_MAX;
  std::map<uint32_t, uint64_t> found; // endless while a node is on the path: a way back to it goes round for ever
  std::vector<std::pair<uint32_t, size_t>> path = {{start, 0}};
  found[start] = endless;
  bool isLimited = false;
  while (!path.empty()) {
    auto &[node, next] = path.back();
    if (next < nodes[node].edges.size()) {
      uint32_t target = nodes[node].edges[next++].target;
      if (found.try_emplace(target, endless).second)
        path.push_back({target, 0});
      continue;
    }
    uint64_t count = !nodes[node].moves.empty(); // the rule's end
    for (const GrammarEdge &edge : nodes[node].edges)
      count = std::min(endless, count + std::min(endless, found[edge.target] * (edge.high - edge.low + 1u)));
    found[node] = count;
    if (count < endless) {
      nodes[node].keysLeft = uint32_t(count);
      isLimited = true;
    }
    path.pop_back();
  }
  if (isLimited)
    counted_[nodes[start].rule] = 1;
}

/// Nodes from which the end of their rule can be reached; without `consuming`, those that need no byte for it. A call
/// needs both the rule and what follows it.
std::vector<uint8_t> NetworkBuilder::reachesEnd(bool consuming) const {
  std::vector<std::vector<uint32_t>> users(nodes.size());
  std::vector<uint8_t> good(nodes.size());
  std::vector<uint32_t> work;
  auto mark = [&](uint32_t node) {
    if (!good[node]) {
      good[node] = 1;
      work.push_back(node);
    }
  };
  for (uint32_t node = 0; node < nodes.size(); ++node) {
    if (consuming)
      for (const GrammarEdge &edge : nodes[node].edges)
        users[edge.target].push_back(node);
    for (const GrammarMove &move : nodes[node].moves) {
      if (move.kind == GrammarMove::Return) {
        mark(node);
        continue;
      }
      if (move.kind == GrammarMove::Token && !consuming)
        continue;
      users[move.target].push_back(node);
      if (move.kind == GrammarMove::Call)
        users[move.other].push_back(node);
    }
  }
  auto reaches = [&](const Node &node) {
    for (const GrammarMove &move : node.moves)
      if (move.kind != GrammarMove::Return && good[move.target] && (consuming || move.kind != GrammarMove::Token) &&
          (move.kind != GrammarMove::Call || good[move.other]))
        return true;
    return consuming && std::any_of(node.edges.begin(), node.edges.end(),
                                    [&](const GrammarEdge &edge) { return good[edge.target] != 0; });
  };
  while (!work.empty()) {
    uint32_t node = work.back();
    work.pop_back();
    for (uint32_t user : users[node])
      if (!good[user] && reaches(nodes[user]))
        mark(user);
  }
  return good;
}

/// Whether some node can come back to itself without consuming anything. First which rules can match nothing, then a
/// search for a cycle over moves.
bool NetworkBuilder::hasEmptyLoop() const {
  std::vector<uint8_t> empty = reachesEnd(false);
  enum : uint8_t { Unseen, Open, Done };
  std::vector<uint8_t> seen(nodes.size(), Unseen);
  struct Step {
    uint32_t node;
    size_t next;
  };
  std::vector<uint32_t> targets;
  for (uint32_t first = 0; first < nodes.size(); ++first) {
    if (seen[first] != Unseen)
      continue;
    std::vector<Step> path = {{first, 0}};
    seen[first] = Open;
    while (!path.empty()) {
      Step &step = path.back();
      targets.clear();
      for (const GrammarMove &move : nodes[step.node].moves) {
        if (move.kind == GrammarMove::Return || move.kind == GrammarMove::Token)
          continue;
        targets.push_back(move.target);
        if (move.kind == GrammarMove::Call && empty[move.target])
          targets.push_back(move.other);
      }
      if (step.next == targets.size()) {
        seen[step.node] = Done;
        path.pop_back();
        continue;
      }
      uint32_t target = targets[step.next++];
      if (seen[target] == Open)
        return true;
      if (seen[target] == Unseen) {
        seen[target] = Open;
        path.push_back({target, 0});
      }
    }
  }
  return false;
}

bool NetworkBuilder::finish(uint32_t start, uint32_t deepest, Network &out, bool &emptyLoop) {
  emptyLoop = hasEmptyLoop();
  std::vector<uint8_t> good = reachesEnd(true);
  if (emptyLoop || !good[start])
    return false;
  // What is reached from the start, in the order it is found.
  std::vector<uint32_t> names(nodes.size(), UINT32_MAX), order = {start};
  names[start] = 0;
  auto visit = [&](uint32_t node) {
    if (names[node] == UINT32_MAX) {
      names[node] = uint32_t(order.size());
      order.push_back(node);
    }
    return names[node];
  };
  for (size_t at = 0; at < order.size(); ++at) {
    Node &node = nodes[order[at]];
    std::sort(node.edges.begin(), node.edges.end(),
              [](const GrammarEdge &left, const GrammarEdge &right) { return left.low < right.low; });
    GrammarNode made{uint32_t(out.edges.size()), 0, uint32_t(out.moves.size()), 0, node.rule};
    made.leastChars = node.leastChars;
    made.mostChars = node.mostChars;
    made.body = node.body;
    made.keysLeft = node.keysLeft;
    for (GrammarEdge edge : node.edges) {
      if (!good[edge.target])
        continue;
      edge.target = visit(edge.target);
      if (out.edges.size() > made.firstEdge) {
        GrammarEdge &last = out.edges.back();
        if (last.low == edge.low)
          continue;
        if (last.target == edge.target && last.high + 1 == edge.low && last.depth == edge.depth &&
            last.flags == edge.flags) {
          last.high = edge.high;
          continue;
        }
      }
      out.edges.push_back(edge);
    }
    for (GrammarMove move : node.moves) {
      if (move.kind != GrammarMove::Return) {
        if (!good[move.target] || (move.kind == GrammarMove::Call && !good[move.other]))
          continue;
        move.target = visit(move.target);
        if (move.kind == GrammarMove::Call)
          move.other = visit(move.other);
      }
      out.moves.push_back(move);
    }
    made.edgeCount = uint32_t(out.edges.size()) - made.firstEdge;
    made.moveCount = uint32_t(out.moves.size()) - made.firstMove;
    out.nodes.push_back(made);
  }
  out.counted = counted_;
  out.start = 0;
  out.deepest = deepest;
  return true;
}

} // namespace gemmart
