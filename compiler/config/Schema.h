// A description as it stands in the file: every part typed, with its place, its expressions parsed; nothing evaluated
// yet.
#ifndef COMPILER_CONFIG_SCHEMA_H
#define COMPILER_CONFIG_SCHEMA_H

#include "compiler/config/Diagnostics.h"
#include "compiler/config/Expression.h"
#include "compiler/config/Model.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace gemmac::config {

struct Text {
  std::string text;
  Position where;
};

enum class NumberType { Integer, Real, Boolean, String };

/// Where a number stands in one kind of checkpoint and what to make of it.
struct NumberSource {
  std::vector<Text> keys;             ///< tried in order
  std::optional<Expression> fallback; ///< if none of them is there
  std::optional<Expression> as;       ///< applied to each element, called `value`
};

struct NumberDecl {
  Text name;
  NumberType type = NumberType::Integer;
  bool list = false; ///< a list (per layer) or one value for all
  NumberSource hf, gguf;
  std::optional<Expression> fallback;
  std::optional<double> min, max;
};

struct SizeDecl {
  Text name;
  std::map<std::string, Value> numbers;
};

struct CheckDecl {
  Expression that;
  Text say;
  std::string at;
  Position where;
  bool eachLayer = false;
};

struct LetDecl {
  Text name;
  Expression value;
};

struct WeightDecl {
  Text name;
  std::vector<Expression> shape;
  std::vector<std::vector<std::string>> hf, gguf; ///< candidates; each one name or the parts of a concatenation
  std::string floor;
  std::optional<Expression> when, interleavedHf, interleavedGguf;
  std::vector<Expression> partHf, partGguf; ///< offset, size, every; or nothing
  double offsetHf = 0, offsetGguf = 0;
  bool transposedHf = false;
  std::optional<Text> tied;
};

struct AttributeDecl {
  Position key;
  Expression value; ///< of numeric attributes
  Text word;        ///< of AttributeKind::Word
};

struct WeightUse : Text {
  bool optional = false; ///< written "name?": left out where the weight does not exist
};

struct StepDecl {
  Text name, op;
  std::vector<Text> in;
  std::vector<WeightUse> weights;
  std::optional<Expression> when;
  std::map<std::string, AttributeDecl> attributes;
};

struct IgnoredDecl {
  std::optional<Text> hf, gguf;
  std::string why;
  std::optional<Expression> when;
  std::optional<Text> copyOf;
};

/// A key of config.json or of GGUF metadata that no number reads, knowingly.
struct IgnoredKeyDecl {
  Text pattern; ///< '*' matches anything
  bool gguf = false;
  std::optional<Expression> when;
};

struct RuntimeDecl {
  std::string chatTemplate;
  std::optional<Expression> vocab, context, emptyThought, bos, temperature, topP, topK;
  std::vector<Expression> stopIds;
};

struct Description {
  std::string file;
  Position top;
  std::string family;
  std::vector<Text> hfModelTypes, ggufArchitectures, hfPrefixes;
  std::vector<NumberDecl> numbers;
  std::vector<SizeDecl> sizes;
  std::vector<CheckDecl> checks;
  std::vector<LetDecl> lets, layerLets;
  std::vector<WeightDecl> weights, layerWeights;
  std::vector<StepDecl> before, layerSteps, after;
  std::vector<IgnoredDecl> ignored, layerIgnored;
  std::vector<IgnoredKeyDecl> ignoredKeys;
  std::optional<Expression> layerCount;
  Text layerIn, layerOut;
  std::optional<Text> layerClass;
  RuntimeDecl runtime;

  std::vector<std::string> sizeNames() const;
  const NumberDecl *findNumber(const std::string &name) const;
};

/// Reads the file. Faults of its form (syntax, unknown keys, wrong types, names that nothing defines) go to
/// `diagnostics`; nothing is returned only if the file could not be read as TOML at all.
std::optional<Description> readDescription(const std::string &path, Diagnostics &diagnostics);

/// What can be said about names without numbers: every name in an expression, step and check is defined and in order,
/// every weight is used. Part of readDescription.
void checkNames(const Description &description, Diagnostics &diagnostics);

} // namespace gemmac::config
#endif
