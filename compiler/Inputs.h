// What a build starts from: the elaborated model, its weights, and which is which.
#ifndef COMPILER_INPUTS_H
#define COMPILER_INPUTS_H

#include "compiler/import/Checkpoint.h"
#include "dialects/kernel/Format.h"
#include "runtime/base/Output.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gemmac {

struct Inputs {
  config::Model model;
  std::unique_ptr<import::Checkpoint> checkpoint;
  import::Bindings bindings;
  std::vector<kernel::Format> keptFormats; ///< parallel to the model's weights; empty for random weights
};

/// Opens and checks everything that can be checked without reading the tensors.
Result<Inputs> openInputs(const std::string &description, const std::optional<std::string> &size,
                          const std::string &weights);

/// The files that a build reads: description or IR, everything of a weights folder that an importer may open, the link
/// kit and this program. No output may replace one of them. What is empty or not there is passed over.
std::vector<gemmart::Input> filesRead(const std::string &description, const std::string &weights,
                                      const std::string &kit);

} // namespace gemmac
#endif
