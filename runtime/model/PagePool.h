// The pages of keys and values: one arena of pages of equal size, from which sequences take them one by one.
#ifndef RUNTIME_MODEL_PAGEPOOL_H
#define RUNTIME_MODEL_PAGEPOOL_H

#include "runtime/base/File.h"
#include "runtime/base/Status.h"

#include <memory>
#include <vector>

namespace gemmart {

/// Address space only until pages are taken. Pages are counted: several sequences may own one together, none of which
/// writes to it then. A page that nobody owns is never read; under AddressSanitizer an access to it is reported.
class PagePool {
public:
  /// `pages` pages of `pageBytes` each, at most; fails where not even the address space can be had.
  static Result<std::shared_ptr<PagePool>> create(int64_t pageBytes, int64_t pages);

  uint8_t *data() const { return memory.data(); }
  int64_t bytes() const { return int64_t(memory.size()); }
  int64_t pageBytes() const { return sizeOfPage; }
  int64_t capacity() const { return int64_t(counts.size()); } ///< in pages
  int64_t used() const { return inUse; }
  int64_t left() const { return capacity() - inUse; }

  /// A page of zeros with one owner, or -1 when none is left.
  int64_t take();
  /// A page of one owner with the contents of `page`, or -1 when none is left.
  int64_t copy(int64_t page);
  void share(int64_t page) { ++counts[size_t(page)]; }
  void release(int64_t page);
  bool isShared(int64_t page) const { return counts[size_t(page)] > 1; }
  int64_t offset(int64_t page) const { return page * sizeOfPage; }

  /// Gives the memory of pages that nobody owns back to the kernel.
  void trim();
  /// After a step of sanitized code, which leaves the arena closed: opens the pages in use.
  void openUsed();

private:
  PagePool() = default;
  int64_t takeUncleared();
  uint8_t *at(int64_t page) const { return data() + offset(page); }

  Pages memory;
  int64_t sizeOfPage = 0, inUse = 0;
  int64_t touched = 0;          ///< pages from here on were never used, and are zero
  std::vector<int32_t> counts;  ///< owners of each page
  std::vector<int64_t> waiting; ///< pages below `touched` that nobody owns; the latest is used again first
};

} // namespace gemmart
#endif
