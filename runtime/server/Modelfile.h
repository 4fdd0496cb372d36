// The language of Modelfiles, as Ollama has it.
#ifndef RUNTIME_SERVER_MODELFILE_H
#define RUNTIME_SERVER_MODELFILE_H

#include "runtime/base/Status.h"
#include "runtime/server/Models.h"

#include <string_view>

namespace gemmart::server {

/// One command of a file: FROM, PARAMETER and so on, in upper case.
struct ModelfileCommand {
  std::string name, key; ///< the key of PARAMETER, the role of MESSAGE
  std::string value;
  int line = 0;
};

/// Splits a file into its commands. Fails with "(line N): ..." and the word that was seen.
Result<std::vector<ModelfileCommand>> parseModelfile(std::string_view text);

/// What the commands make of the model; `from` gets the last FROM. A command that cannot be honoured fails with one
/// sentence; one without effect is named in `warnings`. Parameters are checked for their names and types, not ranges.
Result<Overlay> readModelfile(std::string_view text, std::vector<std::string> &warnings);

/// A file that readModelfile() makes the same overlay of.
std::string writeModelfile(const Overlay &overlay, const std::string &from);

/// The value of a parameter as Ollama types it; fails for an unknown name or the wrong type.
Result<Value> parameterValue(const std::string &name, const std::string &text, bool &withoutEffect);

} // namespace gemmart::server
#endif
