// Hugging Face folders: config.json, and tensors in one or several safetensors files.
#ifndef COMPILER_IMPORT_SAFETENSORS_H
#define COMPILER_IMPORT_SAFETENSORS_H

#include "compiler/import/Checkpoint.h"
#include "compiler/import/MappedFile.h"

namespace gemmac::import {

/// The tensors of one file; their data point into `file`. Errors: any offset, shape, type or name that cannot be right.
Result<std::vector<Tensor>> readSafetensorsHeader(const MappedFile &file);

/// Nested keys joined by '.'; lists of scalars are kept, other lists are left out.
Result<std::map<std::string, config::Value>> flattenConfig(std::string_view text, const std::string &file);

Result<std::unique_ptr<Checkpoint>> openFolder(const std::string &path);

} // namespace gemmac::import
#endif
