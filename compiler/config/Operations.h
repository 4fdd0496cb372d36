// The operations that a description may name: how many values and weights each takes, its attributes, and how wide its
// rows are. docs/description.md has the same table in prose; dialects/gemma has their meaning.
#ifndef COMPILER_CONFIG_OPERATIONS_H
#define COMPILER_CONFIG_OPERATIONS_H

#include <optional>
#include <string>
#include <vector>

namespace gemmac::config {

enum class AttributeKind { Integer, Real, Boolean, List, Word };

struct AttributeInfo {
  std::string name;
  AttributeKind kind = AttributeKind::Real;
  bool required = true;
  std::optional<double> fallback = {}; ///< filled in if the step leaves it out; without one it stays absent
  double min = -1e300, max = 1e300;    ///< both inclusive
  std::vector<std::string> words = {}; ///< of AttributeKind::Word
};

struct OperationInfo {
  std::string name;
  size_t inputs = 1;
  size_t leastWeights = 0, mostWeights = 0;
  std::vector<AttributeInfo> attributes;
};

const std::vector<OperationInfo> &operations();
const OperationInfo *findOperation(const std::string &name);

} // namespace gemmac::config
#endif
