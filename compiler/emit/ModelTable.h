// The table that tells the runtime what was compiled: `gmModel` and its levels (runtime/abi/Step.h), as an object file.
#ifndef COMPILER_EMIT_MODELTABLE_H
#define COMPILER_EMIT_MODELTABLE_H

#include "compiler/support/Result.h"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace gemmac::emit {

/// One GmLevel. Its functions are given as the symbols under which other objects define them.
struct LevelEntry {
  std::string name;
  uint64_t features = 0; ///< the target's bits, see gmTargetCpuFeatures
  std::string decode, prefill, read;
  int64_t arenaBytes = 0;
  int64_t maxChunkTokens = 0;
  int64_t maxLastRows = 0;
};

/// GmModel, field by field.
struct ModelTable {
  std::string target;
  std::vector<LevelEntry> levels; ///< best first, at least one
  int64_t vocabTokens = 0;
  int64_t contextTokens = 0;
  int64_t pageBytes = 0, tableEntries = 0;
  std::vector<std::array<int64_t, 3>> pageClasses;     ///< window, slots of a page and first entry, see GmPageClass
  std::vector<std::pair<int64_t, int64_t>> cacheReads; ///< window and bytes of a block, see GmCacheRead
  int64_t weightBytes = 0;
  int64_t decodeBytes = 0, decodeOps = 0, prefillOps = 0;
  int64_t blockTokens = 0, hiddenFloats = 0;
  bool media = false; ///< the model takes pictures or sound
};

/// The bytes of an object file for `triple` that defines `gmModel`. The triple's CPU must be 64 bit and little endian,
/// as the layout is taken from the structs of this very compiler.
Result<std::string> buildModelTable(const ModelTable &table, const std::string &triple);

} // namespace gemmac::emit
#endif
