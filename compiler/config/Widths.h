// How wide the rows of each value are: the part of a description's consistency that joins steps to weights.
#ifndef COMPILER_CONFIG_WIDTHS_H
#define COMPILER_CONFIG_WIDTHS_H

#include "compiler/config/Model.h"

#include <optional>
#include <string>
#include <vector>

namespace gemmac::config {

/// What a step yields.
struct Shape {
  enum class Kind { Ids, Rows, Routing } kind = Kind::Rows;
  int64_t width = 0;     ///< of Rows: columns; of Routing: experts
  bool lastRows = false; ///< only the rows whose logits are wanted
};

/// The shape that `step` yields from `inputs` and `weights`, or a message in `fault`. Attributes are complete and
/// within bounds.
std::optional<Shape> inferShape(const Step &step, const std::vector<Shape> &inputs,
                                const std::vector<const Weight *> &weights, std::string &fault);

/// "[256, 1536]".
std::string showShape(const std::vector<int64_t> &shape);

} // namespace gemmac::config
#endif
