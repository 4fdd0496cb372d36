// The commands of the executable, one file each.
#ifndef RUNTIME_CLI_COMMANDS_H
#define RUNTIME_CLI_COMMANDS_H

#include "runtime/cli/Program.h"

namespace gemmart {

/// One command: its own options stand beside the common ones.
struct Command {
  std::string_view name, arguments, summary;
  std::span<const OptionSpec> options;
  int64_t mostWords; ///< words beside the options that it takes
  /// Checks that need no model; may be null. Runs before anything is opened.
  Status (*check)(const Args &args);
  Status (*run)(Loaded &loaded, const Args &args);
};

/// Prints the certificate of the file, readably or as it is stored. An error without one, and for one that was made for
/// other weights or other code.
Status printCertificate(const Loaded &loaded, bool json);

/// 16 hexadecimal digits.
std::string hexText(uint64_t hash);

const Command &runCommand();
const Command &chatCommand();
const Command &benchCommand();
const Command &tokenizeCommand();
const Command &detokenizeCommand();
const Command &logitsCommand();
const Command &infoCommand();
const Command &serveCommand();
const Command &verifyCommand();

} // namespace gemmart

/// What executables have whose model takes pictures or sound: see GmModel.media.
struct GmMedia {
  const gemmart::Command *commands[2];
};
extern "C" const GmMedia gmMedia;
#endif
