// What every command starts from: the compiled table, the file it lies in, and the checked common options.
#ifndef RUNTIME_CLI_PROGRAM_H
#define RUNTIME_CLI_PROGRAM_H

#include "runtime/abi/Step.h"
#include "runtime/base/Args.h"
#include "runtime/host/Team.h"
#include "runtime/model/Artifact.h"
#include "runtime/model/Level.h"
#include "runtime/model/Manifest.h"
#include "runtime/model/Session.h"

#include <span>

namespace gemmart {

/// The executable as it was started.
struct Program {
  const GmModel &model;
  std::string path; ///< of the file with the sections
  std::string name; ///< stands in messages
  uint64_t cpuFeatures;
};

/// Everything opened and checked: sections mapped and compared with their hashes, threads started, level chosen.
struct Loaded {
  const GmModel &model;
  Artifact artifact;
  Manifest manifest;
  LevelChoice choice;
  std::unique_ptr<Team> team;
  int64_t contextTokens;
  int64_t kvBytes; ///< most memory for keys and values; 0: what the command needs
  bool verbose;

  const GmLevel &level() const { return *choice.level; }
  std::span<const uint8_t> weights() const;
};

/// The options that every command takes.
std::span<const OptionSpec> commonOptions();

/// Opens the program by its common options: --threads, --level, --target, --context, --kv-memory, --trust, --verbose.
Result<Loaded> load(const Program &program, const Args &args);

/// An engine over the loaded model, with room for so many full contexts where --kv-memory does not say otherwise.
Result<std::shared_ptr<Engine>> openEngine(const Loaded &loaded, int64_t sequences);
/// A session of an engine of its own.
Result<Session> openSession(const Loaded &loaded);

/// Token ids as a command takes them: "2,106" or "@FILE" ("@-": standard input); commas, spaces and line ends separate.
Result<std::vector<int32_t>> parseTokens(const std::string &text, int64_t vocabTokens);
/// Block numbers, one per token, in the same form.
Result<std::vector<int32_t>> parseBlocks(const std::string &text);

/// Runs the command line (without the program's name) and returns the exit code. Messages go to standard error.
int runProgram(const Program &program, std::span<const char *const> arguments);

} // namespace gemmart
#endif
