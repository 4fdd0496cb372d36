// The keys and values of one sequence: which pages hold them, and how far they reach.
#ifndef RUNTIME_MODEL_SEQUENCE_H
#define RUNTIME_MODEL_SEQUENCE_H

#include "runtime/abi/Step.h"
#include "runtime/model/PagePool.h"

#include <span>

namespace gemmart {

/// Pages that a sequence of `tokens` holds at most while it is made in steps of `chunk`, all classes together.
int64_t pagesOfSequence(const GmModel &model, int64_t tokens, int64_t chunk);

/// Pages `first` to `end` - 1 of a class, counted from position 0.
struct PageRange {
  int64_t first = 0, end = 0;
};
/// Those that rows behind `tokens` positions can see.
PageRange pagesSeen(const GmPageClass &layers, int64_t tokens);

/// Owns its pages. Positions are only ever appended: pages behind them never change again, so several sequences can
/// own them together, and each drops them when its own windows have passed. Holds the pool; the model outlives it.
class Sequence {
public:
  Sequence(const GmModel &model, std::shared_ptr<PagePool> pool, int64_t chunk);
  Sequence(Sequence &&other) noexcept = default;
  Sequence &operator=(Sequence &&other) noexcept;
  ~Sequence() { clear(); }

  /// A sequence with the same tokens, which share their pages from now on. Copies a page only when one of the two
  /// writes to it.
  Sequence fork() const;

  /// What the next step reads.
  GmSequence step() const { return {table.data(), next}; }
  int64_t position() const { return next; } ///< tokens held
  int64_t pages() const;                    ///< owned, alone or together with others
  const GmModel &compiled() const { return *model; }
  PageRange held(size_t index) const { return {firstHeld[index], endHeld[index]}; } ///< of a class
  /// The contents of a page of a class that is held.
  const uint8_t *page(size_t index, int64_t number) const {
    return pool->data() + table[size_t(classes()[index].table_begin + number)];
  }

  /// Pages that must be free so that `tokens` more can be appended in steps up to the chunk; a few more than that where
  /// others own pages that this sequence will drop.
  int64_t pagesNeeded(int64_t tokens) const;

  /// Makes the next `tokens` positions (at most the chunk) writable, and gives back what rows from here on do not see.
  /// False when the pool has no page left; what was held is held still.
  bool reserve(int64_t tokens);
  /// The reserved positions are written.
  void advance(int64_t tokens) { next += tokens; }

  /// Forgets the tokens from `position` on. False, and nothing is forgotten, where a window before it was given back
  /// already.
  bool rewind(int64_t position);
  void clear();

  /// Makes an empty sequence one of `tokens`, with these pages of each class; `contents` are the pages', one after
  /// another. False, and the sequence is empty, when the pool has not enough.
  bool restore(int64_t tokens, std::span<const PageRange> ranges, std::span<const uint8_t> contents);

private:
  std::span<const GmPageClass> classes() const { return {model->page_classes, size_t(model->page_class_count)}; }
  int64_t firstSeen(const GmPageClass &layers, int64_t position) const;
  bool isOwn(const GmPageClass &layers, int64_t page) const;
  int64_t pagesOfStep(int64_t tokens) const;
  void drop(int64_t entry);
  bool makeWritable(int64_t entry);

  const GmModel *model;
  std::shared_ptr<PagePool> pool;
  int64_t chunk, next = 0;
  std::vector<int64_t> table;     ///< offset of each page, see GmSequence; kNoPage where there is none
  std::vector<int64_t> firstHeld; ///< of each class: the first page, counted from position 0, that is held
  std::vector<int64_t> endHeld;   ///< and one past the last
};

} // namespace gemmart
#endif
