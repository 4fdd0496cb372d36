// `verify`: every byte of the file against its SHA-256 digest, which a signature can be made of (gemmac sign).
#include "runtime/cli/Commands.h"

#include "runtime/base/Sha256.h"
#include "runtime/base/Text.h"

namespace gemmart {

static constexpr OptionSpec kOptions[] = {
    {"digest", 0, OptionSpec::Flag, "", "print only the line that a signature signs"},
};

static Status run(Loaded &loaded, const Args &args) {
  if (Status status = loaded.artifact.verifyDigest(*loaded.team); !status)
    return status;
  std::string digest = hexText(loaded.artifact.digest());
  if (args.has("digest"))
    printf("%s%s\n", GM_SIGNED_TITLE, digest.c_str());
  else
    printf("sha256     %s\nverified   %s: code, %zu sections, table and trailer are as they were written\n",
           digest.c_str(), formatBytes(loaded.artifact.fileBytes()).c_str(), loaded.artifact.sections().size());
  return {};
}

const Command &verifyCommand() {
  static constexpr Command kCommand = {
      "verify", "", "check every byte of this file against its SHA-256 digest", kOptions, 0, nullptr, run};
  return kCommand;
}

} // namespace gemmart
