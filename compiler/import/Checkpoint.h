// A set of weights on disk, seen as named tensors: a Hugging Face folder, a GGUF file, or reproducible random numbers.
// Files are mapped; every count and offset is checked before use; nothing is copied until rows are read.
#ifndef COMPILER_IMPORT_CHECKPOINT_H
#define COMPILER_IMPORT_CHECKPOINT_H

#include "compiler/config/Model.h"
#include "compiler/support/Result.h"

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gemmac::import {

enum class DType { F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K, Q6_K, Other };

struct Tensor {
  std::string name;
  DType type = DType::Other;
  std::string typeName;          ///< as the file says it, for messages
  std::vector<int64_t> shape;    ///< outermost first ([out, in], as in PyTorch), also for GGUF
  std::span<const uint8_t> data; ///< empty for random weights
  std::string file;
};

enum class Source { HuggingFace, Gguf, Random };

class Checkpoint {
public:
  virtual ~Checkpoint() = default;
  Source source() const { return kind; }
  const std::string &path() const { return where; }
  const std::vector<Tensor> &tensors() const { return all; }
  const Tensor *find(std::string_view name) const; ///< by binary search or hash; null if absent

  /// config.json (nested keys joined by '.', as "text_config.hidden_size") and, under "processor_config.", the file of
  /// that name; or GGUF metadata. Empty for random weights.
  /// GGUF's big token arrays are not in it.
  const std::map<std::string, config::Value> &numbers() const { return values; }

  /// Reads elements [first, first + out.size()) of the flattened tensor as f32 (dequantised). `first` and the size are
  /// multiples of the type's block (1, 32 or 256 elements). Thread safe. NaN or Inf in a scale or element is an error
  /// naming the tensor.
  virtual Status read(const Tensor &tensor, int64_t first, std::span<float> out) const = 0;

  /// Says that `data`, a part of some tensor's data, is not needed soon: its pages may leave this process. Reading it
  /// again works.
  virtual void release(std::span<const uint8_t> data) const {}

protected:
  Source kind = Source::HuggingFace;
  std::string where;
  std::vector<Tensor> all;
  std::map<std::string, config::Value> values;
};

/// `path` is a folder (config.json + *.safetensors), or a .gguf file. Every defect of the files that can be seen
/// without reading the tensors' data is reported here.
Result<std::unique_ptr<Checkpoint>> openCheckpoint(const std::string &path);

/// Random weights of the model's own shapes under the first name of each weight: same seed, same numbers.
std::unique_ptr<Checkpoint> randomCheckpoint(const config::Model &model, uint64_t seed);

/// The name of a weight's tensor among random weights; empty if the weight has none. Weights that share a tensor get
/// tensors of their own.
std::string randomName(const config::Weight &weight);

/// Which tensors hold which weight. One candidate of Weight::names each; concatenated parts in order.
struct Binding {
  std::vector<const Tensor *> parts;
  config::RowPart rows = {}; ///< of the only tensor: which of its rows are the weight
  bool transposed = false;   ///< the only tensor is [in, out]; "rows" above are then its columns
};
struct Bindings {
  std::vector<Binding> weights; ///< parallel to Model::weights
  std::vector<std::string>
      leftOut; ///< one line each: knowingly unused tensors, grouped by reason ("vision tower: 64 tensors")
};

/// Binds every weight; missing, unused, doubly bound or wrong-shaped tensors are errors that name both sides, all in
/// one run.
Result<Bindings> bindWeights(const config::Model &model, const Checkpoint &checkpoint);

} // namespace gemmac::import
#endif
