// --save and --load: a sequence that outlives its process.
#ifndef RUNTIME_CLI_SAVED_H
#define RUNTIME_CLI_SAVED_H

#include "runtime/cli/Program.h"

namespace gemmart {

inline constexpr OptionSpec kSaveOption = {"save", 0, OptionSpec::Text, "FILE",
                                           "write the tokens of prompt and answer with their keys and values"};
inline constexpr OptionSpec kLoadOption = {"load", 0, OptionSpec::Text, "FILE",
                                           "what the prompt shares with a saved sequence is not computed again"};

/// Before any work: that --save names a place where a file can be made, and none that is read.
Status checkSaved(const Args &args);

/// A session with as much of `prompt` as the file of --load shares with it, but without its last token; an empty one
/// without --load.
Result<Session> openSession(const Loaded &loaded, const Args &args, std::span<const int32_t> prompt);

/// Writes the file of --save, where it is asked for. `prompt` and `answer` are what the session was fed; of the answer
/// it may hold less.
Status saveSession(const Loaded &loaded, const Args &args, const Session &session, std::span<const int32_t> prompt,
                   std::span<const int32_t> answer);

} // namespace gemmart
#endif
