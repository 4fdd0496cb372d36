// The public face of compiler/config: a TOML description and, if there is one, what a checkpoint says about itself,
// elaborated into a Model. docs/description.md has the language.
#ifndef COMPILER_CONFIG_DESCRIPTION_H
#define COMPILER_CONFIG_DESCRIPTION_H

#include "compiler/config/Model.h"
#include "compiler/support/Result.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace gemmac::config {

/// What a checkpoint says about itself, as plain data (the importer fills it in).
struct Facts {
  enum class Source { None, HuggingFace, Gguf };
  Source source = Source::None;
  std::string path;                                    ///< for messages: the folder or the file
  std::map<std::string, Value> numbers;                ///< config.json, nested keys joined by '.'; or GGUF metadata
  std::map<std::string, std::vector<int64_t>> tensors; ///< name -> shape, outermost first
};

/// Elaborates one size. `size` alone: the published numbers, tensors under their first name. `facts` alone: the
/// checkpoint's numbers. Both: the numbers must agree. Neither is an error that lists the sizes. The error holds every
/// fault found, each with file:line:col, the line and a caret.
Result<Model> elaborate(const std::string &tomlPath, const std::optional<std::string> &size, const Facts *facts);

/// Checks the description by itself, and every size that it publishes.
Status check(const std::string &tomlPath);

/// The sizes' names, in the order of the file.
Result<std::vector<std::string>> listSizes(const std::string &tomlPath);

/// The description's family and sizes matched with a checkpoint: true if the description says that it can read it.
Result<bool> recognises(const std::string &tomlPath, const Facts &facts);

} // namespace gemmac::config
#endif
