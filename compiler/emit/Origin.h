// Where an executable comes from and what is in it, as sections that anybody can read: "provenance" (digests of
// description, weights and compiler, and the options), "sbom" (CycloneDX), "licence". The same inputs give the same
// text.
#ifndef COMPILER_EMIT_ORIGIN_H
#define COMPILER_EMIT_ORIGIN_H

#include "compiler/import/Checkpoint.h"

#include <map>
#include <string>
#include <vector>

namespace gemmac::emit {

struct OriginFacts {
  std::string description;                    ///< path
  std::string kit;                            ///< folder
  std::string model;                          ///< family and size, for the bill of materials
  std::map<std::string, std::string> options; ///< of the build
};

struct Origin {
  std::string provenance, sbom, licence;
};

/// Reads description, weights, kit and this program once more to digest them.
Result<Origin> describeOrigin(const import::Checkpoint &checkpoint, const OriginFacts &facts);

} // namespace gemmac::emit
#endif
