// `gemmac certify`: runs a model's executable beside a reference and stores what was measured inside of it.
#ifndef COMPILER_CERTIFY_CERTIFY_H
#define COMPILER_CERTIFY_CERTIFY_H

#include "compiler/Driver.h"

namespace gemmac::certify {

struct Options {
  std::string model;           ///< the executable
  std::string reference;       ///< folder; empty: the model's own bf16 build is the reference
  std::string referenceLogits; ///< in place of the folder's logits.f32
  BuildOptions own;            ///< description, size and weights of the bf16 build
  std::string tokens;          ///< ids for it, "1,2" or "@FILE"; empty: `text`, or a fixed random sequence
  std::string text;            ///< file of text for it, which the model tokenizes
  std::string level;           ///< to measure; empty: the machine's best
  int threads = 0;             ///< 0: all
};

/// Measures, prints and stores. Messages go to stderr. On failure the executable is as it was.
Exit certify(const Options &options);

} // namespace gemmac::certify
#endif
