// A description of a model family, elaborated for one size: what compiler/config makes of a TOML file and a
// checkpoint's own numbers, and what compiler/import turns into IR. Every value knows the line that caused it.
#ifndef COMPILER_CONFIG_MODEL_H
#define COMPILER_CONFIG_MODEL_H

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

namespace gemmac::config {

struct Position {
  std::string file;
  int line = 0, column = 0; ///< from 1
};

/// A number read from config.json or GGUF metadata, or written in the description. Lists are per layer.
using Scalar = std::variant<std::monostate, bool, double, std::string>;
struct Value {
  Scalar scalar;
  std::vector<Scalar> list;
  bool isList = false;
  Position where;
};

/// The rows r of a tensor with offset <= r % every < offset + size; every = 0: all of them.
struct RowPart {
  int64_t offset = 0, size = 0, every = 0;
  bool operator==(const RowPart &) const = default;
};

/// One tensor of the model.
struct Weight {
  std::string name;                            ///< ours: "embed", "layers.3.q_proj"
  std::vector<int64_t> shape;                  ///< [out, in], [n] or [experts, out, in]
  std::vector<std::vector<std::string>> names; ///< tensors of the checkpoint that may hold it, best first; a candidate
                                               ///< of several names is their concatenation along `out`
  std::string floor;                           ///< lowest format a recipe may choose: "", "q8", "bf16" or "f32"
  double offset = 0;                           ///< added to every element when it is read (norms stored as w - 1)
  int64_t interleavedHeads = 0; ///< > 0: the rows of each of these heads are stored for interleaved rotation
  Position where;
  RowPart part = {};       ///< which rows of its tensor are this weight; of all candidates
  bool transposed = false; ///< the tensor is stored as [in, out]; rows are then its columns
};

using Attribute = std::variant<int64_t, double, std::string, std::vector<double>>;

/// One operation of the dataflow. Value names are unique in the model: "x0", "layers.3.q".
struct Step {
  std::string name, op;
  std::vector<std::string> inputs;  ///< names of earlier steps; "ids" is the token ids
  std::vector<std::string> weights; ///< names of Model::weights
  std::map<std::string, Attribute> attributes;
  int layer = -1; ///< -1 outside of the layers
  Position where;
};

/// A tensor of the checkpoint that is knowingly not used, and why.
struct Ignored {
  std::string pattern; ///< '*' matches anything
  std::string why;
  std::string copyOf; ///< the weight whose bytes it must hold; "" for none
};

/// What stands for a layer as a whole.
struct Layer {
  std::string output;     ///< name of the step whose value leaves it
  std::string layerClass; ///< what it has in common with its like, in words: "sliding, shared keys and values"
};

struct Model {
  std::string family, size; ///< size: the TOML's, or "checkpoint" when the numbers came from the weights alone
  int64_t vocab = 0, context = 0, layers = 0;
  std::vector<Weight> weights;
  std::vector<Step> steps;      ///< in order; the last one yields the logits
  std::vector<Layer> layerList; ///< one for each of `layers`
  std::vector<Ignored> ignored;
  std::map<std::string, Value> numbers; ///< every resolved hyperparameter, for `check --print`
  // What the runtime wants to know.
  std::string chatTemplate; ///< name of a native renderer, "" for none
  bool emptyThought = false;
  int64_t bos = -1;
  std::vector<int64_t> stopIds;
  double temperature = 0, topP = 1;
  int64_t topK = 0;
  std::map<std::string, std::map<std::string, double>> inputs; ///< "image", "audio": the numbers of [inputs.NAME]
};

} // namespace gemmac::config
#endif
