// The weights of a model while its steps are elaborated: made on first use, from what the description says about them.
#ifndef COMPILER_CONFIG_WEIGHTTABLE_H
#define COMPILER_CONFIG_WEIGHTTABLE_H

#include "compiler/config/Evaluator.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace gemmac::config {

class WeightTable {
public:
  /// Both must outlive the table; the weights are added to `model`.
  WeightTable(Evaluator &evaluator, Model &model) : e(evaluator), model(model) {}

  /// The weight that a step means by `name` where the evaluator stands: its index in the model's weights. Nothing
  /// after an error was reported.
  std::optional<size_t> find(const Text &name);
  /// Whether there is a weight of this name here: its 'when' holds, or, without one, the checkpoint has its tensors.
  /// Nothing after an error.
  std::optional<bool> exists(const Text &name);
  /// A tensor's name as the checkpoint has it: prefix and layer filled in.
  std::string tensorName(const std::string &name) const;
  /// Whether the names of a GGUF file count.
  bool gguf() const { return e.facts && e.facts->source == Facts::Source::Gguf; }

private:
  std::optional<size_t> make(const WeightDecl &decl, const std::string &full, const Text &user);
  bool readShape(const WeightDecl &decl, Weight &weight);
  bool readStorage(const WeightDecl &decl, Weight &weight);
  bool listExperts(const WeightDecl &decl, Weight &weight);
  const WeightDecl *declaration(const std::string &name) const;
  std::vector<std::vector<std::string>> tensorNames(const WeightDecl &decl) const;
  bool inCheckpoint(const std::vector<std::vector<std::string>> &names) const;

  Evaluator &e;
  Model &model;
  std::map<std::string, size_t> indices;
};

} // namespace gemmac::config
#endif
