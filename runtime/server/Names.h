// Names of models as Ollama's clients write them: [host/][namespace/]model[:tag].
#ifndef RUNTIME_SERVER_NAMES_H
#define RUNTIME_SERVER_NAMES_H

#include <optional>
#include <string>
#include <string_view>

namespace gemmart::server {

/// The name in lower case with its tag ("latest" where none is given), or nothing if that is no name.
std::optional<std::string> canonicalName(std::string_view name);

} // namespace gemmart::server
#endif
