// Hash-consed stacks and key sets, see Stacks.h.
#include "runtime/grammar/Stacks.h"

#include "runtime/abi/TokenizerSection.h"

#include <algorithm>

namespace gemmart {

StackStore::StackStore() : buckets(64, none) {
  StackEntry root{bottomNode, 0, 0, 0}, local{localNode, 0, 0, 0};
  intern({&root, 1});
  intern({&local, 1});
}

static uint32_t hashOf(std::span<const StackEntry> entries) {
  uint64_t hash = entries.size();
  for (const StackEntry &entry : entries) {
    hash = gmMix(hash ^ (uint64_t(entry.node) << 32 | entry.below));
    hash = gmMix(hash + (uint64_t(entry.count) << 32 | entry.keys));
  }
  return uint32_t(hash);
}

uint32_t StackStore::intern(std::span<const StackEntry> entries) {
  uint32_t hash = hashOf(entries), depth = 0;
  for (uint32_t set = buckets[hash & (buckets.size() - 1)]; set != none; set = sets[set].nextInBucket)
    if (sets[set].hash == hash && std::ranges::equal(this->entries(set), entries))
      return set;
  for (const StackEntry &entry : entries)
    if (entry.node < localNode)
      depth = std::max(depth, sets[entry.below].depth + 1);
  if (depth > deepest)
    return none;
  if (sets.size() * 2 > buckets.size())
    grow();
  uint32_t &bucket = buckets[hash & (buckets.size() - 1)];
  sets.push_back({uint32_t(all.size()), uint32_t(entries.size()), hash, bucket, depth});
  all.insert(all.end(), entries.begin(), entries.end());
  return bucket = uint32_t(sets.size()) - 1;
}

void StackStore::grow() {
  buckets.assign(buckets.size() * 4, none);
  for (uint32_t set = 0; set < sets.size(); ++set) {
    uint32_t &bucket = buckets[sets[set].hash & (buckets.size() - 1)];
    sets[set].nextInBucket = bucket;
    bucket = set;
  }
}

uint32_t StackStore::push(const StackEntry &top) {
  return intern({&top, 1});
}

uint32_t StackStore::unite(uint32_t left, uint32_t right) {
  if (left == right || right == none)
    return left;
  if (left == none)
    return right;
  if (++effort > mostEffort)
    return left;
  if (left > right)
    std::swap(left, right);
  United &known = united[(left * 31 + right) % united.size()];
  if (known.left == left && known.right == right)
    return known.result;
  std::vector<StackEntry> both, merged;
  for (uint32_t set : {left, right})
    both.insert(both.end(), entries(set).begin(), entries(set).end());
  std::sort(both.begin(), both.end(), [](const StackEntry &a, const StackEntry &b) {
    return a.node != b.node ? a.node < b.node : a.count != b.count ? a.count < b.count : a.keys < b.keys;
  });
  for (const StackEntry &entry : both) {
    if (!merged.empty() && merged.back().sameTop(entry))
      merged.back().below = unite(merged.back().below, entry.below);
    else
      merged.push_back(entry);
  }
  uint32_t result = intern(merged);
  united[(left * 31 + right) % united.size()] = {left, right, result};
  return result;
}

void StackStore::truncate(uint32_t mark) {
  if (mark >= sets.size())
    return;
  // The newest set of a bucket is its first: taking back in reverse order is simple.
  for (uint32_t set = uint32_t(sets.size()); set-- > mark;)
    buckets[sets[set].hash & (buckets.size() - 1)] = sets[set].nextInBucket;
  all.resize(sets[mark].first);
  sets.resize(mark);
  united.fill({});
}

static uint64_t hashOf(std::string_view key) {
  return gmTokenHash(reinterpret_cast<const uint8_t *>(key.data()), key.size());
}

bool KeyStore::contains(uint32_t set, std::string_view key) const {
  uint64_t hash = hashOf(key);
  for (; set; set = sets[set].shorter)
    if (sets[set].hash == hash && this->key(set) == key)
      return true;
  return false;
}

uint32_t KeyStore::add(uint32_t set, std::string_view key) {
  uint64_t hash = hashOf(key);
  // The same key after the same keys is nearly always the newest: found again, states stay equal.
  for (uint32_t at = uint32_t(sets.size()), tries = 0; at-- > 1 && tries < 8; ++tries)
    if (sets[at].shorter == set && sets[at].hash == hash && this->key(at) == key)
      return at;
  sets.push_back({set, uint32_t(text.size()), uint32_t(key.size()), hash});
  text += key;
  return uint32_t(sets.size()) - 1;
}

void KeyStore::truncate(uint32_t mark) {
  if (mark >= sets.size())
    return;
  text.resize(sets[mark].begin);
  sets.resize(mark);
}

} // namespace gemmart
