// The "manifest" section: what the runtime and `info` say about a build, as JSON.
#ifndef COMPILER_EMIT_MANIFEST_H
#define COMPILER_EMIT_MANIFEST_H

#include "compiler/pack/Pack.h"

#include <span>
#include <string>

namespace gemmac::emit {

inline constexpr const char *compilerVersion = "0.1.0";

struct ManifestFacts {
  std::string quant, kv;
  int64_t context = 0;
  std::string weightsSource;
};

/// The same model and facts give the same text.
std::string buildManifest(const config::Model &model, const import::Checkpoint &checkpoint,
                          std::span<const pack::Item> items, const ManifestFacts &facts);

} // namespace gemmac::emit
#endif
