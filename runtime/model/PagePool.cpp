// See PagePool.h.
#include "runtime/model/PagePool.h"

#include "runtime/base/Sanitizer.h"
#include "runtime/base/Text.h"

#include <algorithm>
#include <cstring>
#include <sys/mman.h>

namespace gemmart {

Result<std::shared_ptr<PagePool>> PagePool::create(int64_t pageBytes, int64_t pages) {
  std::shared_ptr<PagePool> pool(new PagePool());
  int64_t bytes;
  if (pageBytes < 0 || pages < 0 || pages > INT32_MAX || __builtin_mul_overflow(pageBytes, pages, &bytes))
    return inputError(format("%lld pages of %s for keys and values are more than this machine can address",
                             (long long)pages, formatBytes(pageBytes).c_str()));
  Result<Pages> memory = Pages::reserve(bytes, "key/value cache", true);
  if (!memory)
    return memory.status();
  pool->memory = std::move(*memory);
  pool->sizeOfPage = pageBytes;
  pool->counts.resize(size_t(pages));
  if (bytes > 0)
    forbid(pool->data(), size_t(bytes));
  return pool;
}

/// Whatever it held last is still in it, if it was used before.
int64_t PagePool::takeUncleared() {
  int64_t page = touched;
  if (!waiting.empty()) {
    page = waiting.back();
    waiting.pop_back();
  } else if (touched < capacity()) {
    ++touched;
  } else {
    return -1;
  }
  ++inUse;
  counts[size_t(page)] = 1;
  allow(at(page), size_t(sizeOfPage));
  return page;
}

int64_t PagePool::take() {
  bool isFresh = waiting.empty();
  int64_t page = takeUncleared();
  // Slots that were not written yet are multiplied with weights of 0: what another sequence left there, were it not a
  // number, would come through.
  if (page >= 0 && !isFresh)
    std::memset(at(page), 0, size_t(sizeOfPage));
  return page;
}

int64_t PagePool::copy(int64_t page) {
  int64_t copied = takeUncleared();
  if (copied >= 0)
    std::memcpy(at(copied), at(page), size_t(sizeOfPage));
  return copied;
}

void PagePool::release(int64_t page) {
  if (--counts[size_t(page)] > 0)
    return;
  --inUse;
  waiting.push_back(page);
  forbid(at(page), size_t(sizeOfPage));
}

void PagePool::trim() {
  for (int64_t page : waiting)
    madvise(at(page), size_t(sizeOfPage), MADV_DONTNEED);
}

void PagePool::openUsed() {
  if constexpr (kSanitized)
    for (int64_t page = 0; page < touched; ++page)
      if (counts[size_t(page)] > 0)
        allow(at(page), size_t(sizeOfPage));
}

} // namespace gemmart
