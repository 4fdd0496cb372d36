// `gemmac sign` and `gemmac verify`: a detached Ed25519 signature of an executable's digest (runtime/abi/Artifact.h).
// The keys are PEM files as OpenSSL makes them, and what is signed is one line of text, so that OpenSSL alone can check
// it.
#ifndef COMPILER_SIGN_SIGN_H
#define COMPILER_SIGN_SIGN_H

#include "compiler/Driver.h"

namespace gemmac::sign {

struct Options {
  std::string model;     ///< the executable
  std::string key;       ///< PEM file: private for sign, public for verify; verify without one checks the file alone
  std::string signature; ///< of 64 bytes; empty: MODEL.sig
};

/// Checks every byte of the executable and writes the signature of its digest. Messages go to stderr.
Exit sign(const Options &options);

/// Checks every byte of the executable, and the signature where there is a key.
Exit verify(const Options &options);

} // namespace gemmac::sign
#endif
