// See Sequence.h.
#include "runtime/model/Sequence.h"

#include <algorithm>
#include <cstring>

namespace gemmart {

static constexpr int64_t kNoPage = -1;

static int64_t ceilDiv(int64_t a, int64_t b) {
  return (a + b - 1) / b;
}

/// Of one class: a window and a chunk together touch so many pages at most.
static int64_t mostPages(const GmPageClass &layers, int64_t tokens, int64_t chunk) {
  int64_t all = ceilDiv(tokens, layers.page_slots);
  if (layers.window_tokens <= 0)
    return all;
  return std::min(all, ceilDiv(layers.window_tokens + chunk - 2, layers.page_slots) + 1);
}

int64_t pagesOfSequence(const GmModel &model, int64_t tokens, int64_t chunk) {
  int64_t pages = 0;
  for (const GmPageClass &layers : std::span(model.page_classes, size_t(model.page_class_count)))
    pages += mostPages(layers, tokens, chunk);
  return pages;
}

PageRange pagesSeen(const GmPageClass &layers, int64_t tokens) {
  int64_t first = layers.window_tokens > 0 ? std::max<int64_t>(tokens - layers.window_tokens + 1, 0) : 0;
  int64_t end = ceilDiv(tokens, layers.page_slots);
  return {std::min(first / layers.page_slots, end), end};
}

Sequence::Sequence(const GmModel &model, std::shared_ptr<PagePool> pool, int64_t chunk)
    : model(&model), pool(std::move(pool)), chunk(chunk), table(size_t(model.table_entries), kNoPage),
      firstHeld(size_t(model.page_class_count)), endHeld(size_t(model.page_class_count)) {}

Sequence &Sequence::operator=(Sequence &&other) noexcept {
  clear();
  model = other.model;
  pool = std::move(other.pool);
  chunk = other.chunk;
  next = std::exchange(other.next, 0);
  table = std::move(other.table);
  firstHeld = std::move(other.firstHeld);
  endHeld = std::move(other.endHeld);
  return *this;
}

Sequence Sequence::fork() const {
  Sequence copy(*model, pool, chunk);
  copy.next = next;
  copy.table = table;
  copy.firstHeld = firstHeld;
  copy.endHeld = endHeld;
  for (int64_t entry : table)
    if (entry != kNoPage)
      pool->share(entry / pool->pageBytes());
  return copy;
}

int64_t Sequence::pages() const {
  int64_t count = 0;
  for (size_t index = 0; index < endHeld.size(); ++index)
    count += endHeld[index] - firstHeld[index];
  return count;
}

/// The first position that a row at `position` sees.
int64_t Sequence::firstSeen(const GmPageClass &layers, int64_t position) const {
  return layers.window_tokens > 0 ? std::max<int64_t>(position - layers.window_tokens + 1, 0) : 0;
}

bool Sequence::isOwn(const GmPageClass &layers, int64_t page) const {
  int64_t offset = table[size_t(layers.table_begin + page)];
  return offset != kNoPage && !pool->isShared(offset / pool->pageBytes());
}

/// For one step: exactly.
int64_t Sequence::pagesOfStep(int64_t tokens) const {
  int64_t needed = 0;
  for (size_t index = 0; index < endHeld.size(); ++index) {
    const GmPageClass &layers = classes()[index];
    int64_t seen = firstSeen(layers, next) / layers.page_slots;
    for (int64_t page = firstHeld[index]; page < std::min(seen, endHeld[index]); ++page)
      needed -= isOwn(layers, page);
    for (int64_t page = next / layers.page_slots; page * layers.page_slots < next + tokens; ++page)
      needed += !isOwn(layers, page);
  }
  return needed;
}

int64_t Sequence::pagesNeeded(int64_t tokens) const {
  if (tokens <= chunk)
    return std::max<int64_t>(pagesOfStep(tokens), 0);
  int64_t needed = 0;
  for (size_t index = 0; index < endHeld.size(); ++index) {
    const GmPageClass &layers = classes()[index];
    int64_t own = 0, held = endHeld[index] - firstHeld[index];
    for (int64_t page = firstHeld[index]; page < endHeld[index]; ++page)
      own += isOwn(layers, page);
    // What others own, too, is not free when this sequence drops it, and is copied when it writes there.
    bool copies = next % layers.page_slots != 0 && !isOwn(layers, next / layers.page_slots);
    int64_t most = mostPages(layers, next + tokens, chunk);
    needed += layers.window_tokens > 0 ? std::max<int64_t>(most - own, 0) : most - held + copies;
  }
  return needed;
}

void Sequence::drop(int64_t entry) {
  pool->release(table[size_t(entry)] / pool->pageBytes());
  table[size_t(entry)] = kNoPage;
}

/// A page of its own behind this entry.
bool Sequence::makeWritable(int64_t entry) {
  int64_t &offset = table[size_t(entry)];
  int64_t old = offset == kNoPage ? kNoPage : offset / pool->pageBytes();
  if (old != kNoPage && !pool->isShared(old))
    return true;
  int64_t page = old == kNoPage ? pool->take() : pool->copy(old);
  if (page < 0)
    return false;
  if (old != kNoPage)
    pool->release(old);
  offset = pool->offset(page);
  return true;
}

bool Sequence::reserve(int64_t tokens) {
  for (size_t index = 0; index < endHeld.size(); ++index) {
    const GmPageClass &layers = classes()[index];
    int64_t seen = firstSeen(layers, next) / layers.page_slots;
    for (; firstHeld[index] < std::min(seen, endHeld[index]); ++firstHeld[index])
      drop(layers.table_begin + firstHeld[index]);
    if (firstHeld[index] == endHeld[index])
      firstHeld[index] = endHeld[index] = next / layers.page_slots;
  }
  for (size_t index = 0; index < endHeld.size(); ++index) {
    const GmPageClass &layers = classes()[index];
    int64_t last = (next + tokens - 1) / layers.page_slots;
    for (int64_t page = next / layers.page_slots; page <= last; ++page) {
      if (!makeWritable(layers.table_begin + page))
        return false;
      endHeld[index] = std::max(endHeld[index], page + 1);
    }
  }
  return true;
}

bool Sequence::rewind(int64_t position) {
  if (position > next)
    return false;
  for (size_t index = 0; index < endHeld.size(); ++index)
    if (firstSeen(classes()[index], position) / classes()[index].page_slots < firstHeld[index] && position > 0)
      return false;
  next = position;
  for (size_t index = 0; index < endHeld.size(); ++index) {
    const GmPageClass &layers = classes()[index];
    int64_t end = std::max(ceilDiv(position, layers.page_slots), firstHeld[index]);
    while (endHeld[index] > end)
      drop(layers.table_begin + --endHeld[index]);
    if (position == 0)
      firstHeld[index] = endHeld[index] = 0;
  }
  return true;
}

bool Sequence::restore(int64_t tokens, std::span<const PageRange> ranges, std::span<const uint8_t> contents) {
  for (size_t index = 0; index < ranges.size(); ++index) {
    firstHeld[index] = endHeld[index] = ranges[index].first;
    for (; endHeld[index] < ranges[index].end; ++endHeld[index]) {
      int64_t page = pool->take();
      if (page < 0) {
        clear();
        return false;
      }
      table[size_t(classes()[index].table_begin + endHeld[index])] = pool->offset(page);
      std::memcpy(pool->data() + pool->offset(page), contents.data(), size_t(pool->pageBytes()));
      contents = contents.subspan(size_t(pool->pageBytes()));
    }
  }
  next = tokens;
  return true;
}

void Sequence::clear() {
  if (!pool)
    return; // moved from
  for (size_t index = 0; index < endHeld.size(); ++index) {
    while (endHeld[index] > firstHeld[index])
      drop(classes()[index].table_begin + --endHeld[index]);
    firstHeld[index] = endHeld[index] = 0;
  }
  next = 0;
}

} // namespace gemmart
