// Opens whatever a path holds.
#include "compiler/import/Checkpoint.h"

#include "compiler/import/Gguf.h"
#include "compiler/import/Safetensors.h"

#include <algorithm>
#include <filesystem>

namespace gemmac::import {

const Tensor *Checkpoint::find(std::string_view name) const {
  auto at = std::lower_bound(all.begin(), all.end(), name,
                             [](const Tensor &tensor, std::string_view wanted) { return tensor.name < wanted; });
  return at != all.end() && at->name == name ? &*at : nullptr;
}

Result<std::unique_ptr<Checkpoint>> openCheckpoint(const std::string &path) {
  std::error_code problem;
  if (std::filesystem::is_directory(path, problem))
    return openFolder(path);
  if (path.ends_with(".safetensors"))
    return Error{path + ": give the folder that holds this file and config.json"};
  auto gguf = Gguf::open(path);
  if (!gguf)
    return gguf.error();
  return std::unique_ptr<Checkpoint>(std::move(*gguf));
}

} // namespace gemmac::import
