// A sequence in a file: its tokens, and the pages of its keys and values.
#ifndef RUNTIME_MODEL_SEQUENCEFILE_H
#define RUNTIME_MODEL_SEQUENCEFILE_H

#include "runtime/model/Session.h"

#include <string>
#include <vector>

namespace gemmart {

/// Whose keys and values they are: a file belongs to one code, which fixes layout and formats, and to its weights.
struct ModelId {
  uint64_t code = 0, weights = 0; ///< hashes, as the executable's tables have them
  bool operator==(const ModelId &) const = default;
};

struct SavedSequence {
  Session session;
  std::vector<int32_t> tokens; ///< that it holds
};

/// Writes what `session` holds; `tokens` are those. The file appears whole or not at all.
Status saveSequence(const std::string &path, const Session &session, std::span<const int32_t> tokens,
                    const ModelId &model);

/// A session of `engine` that goes on where the saved one ended, with the same bits. Every number of the file is
/// checked before memory is asked for, and its hash before anything is used.
Result<SavedSequence> loadSequence(const std::string &path, Engine &engine, const ModelId &model);

} // namespace gemmart
#endif
