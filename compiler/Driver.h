// The driver as a library: a description and weights in, one executable (or the IR of a stage) out.
#ifndef COMPILER_DRIVER_H
#define COMPILER_DRIVER_H

#include "compiler/pipeline/Stages.h"

#include <optional>
#include <string>
#include <vector>

namespace gemmac {

struct BuildOptions {
  std::string description;             ///< models/*.toml
  std::optional<std::string> size;     ///< of the description; absent: the numbers come from the weights
  std::string weights;                 ///< folder, .gguf file, or "random:SEED"
  std::vector<std::string> targets;    ///< names of targets or levels; empty: all levels of the machine's own target
  std::string recipe = "f32";          ///< f32, bf16, q8, q4, keep
  std::string kv;                      ///< f32, bf16; empty: f32 for recipe f32, else bf16
  int64_t context = 0;                 ///< 0: the model's own
  int64_t chunk = 0;                   ///< tokens of a prefill step; 0: the default
  std::string output;                  ///< "-" for stdout (IR only)
  std::optional<pipeline::Stage> to;   ///< stop after it and print the IR
  std::optional<pipeline::Stage> from; ///< `input` holds the IR after the stage before this one
  std::string input;
  std::string dumpFolder; ///< one file per stage, if not empty
  bool remarks = false;
  std::string remarksFilter = ".*"; ///< regular expression on the pass that emits them
  bool quiet = false;               ///< no progress
  int threads = 0;                  ///< 0: all
  bool keepSymbols = false;         ///< names in the executable, for profilers
  bool sanitize = false;            ///< AddressSanitizer in the compiled code, and names in the executable
};

enum class Exit { Ok = 0, Input = 1, Usage = 2, Bug = 3 };

/// Builds what the options ask for. All messages go to stderr. On failure nothing is left at the output's path.
Exit build(const BuildOptions &options);

/// Checks a description, and weights against it if given. Prints the resolved numbers with `print`.
Exit check(const std::string &description, const std::optional<std::string> &size, const std::string &weights,
           bool print);

/// The target and levels that names ask for ("x86_64", "x86-64-v3"); null and a message if there is no such name, or if
/// they belong to several targets.
struct TargetChoice {
  const targets::Target *target = nullptr;
  std::vector<const targets::Level *> levels; ///< best first
};
std::optional<TargetChoice> chooseTargets(const std::vector<std::string> &names, std::string &message);

} // namespace gemmac
#endif
