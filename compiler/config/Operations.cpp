// The table of operations.
#include "compiler/config/Operations.h"

namespace gemmac::config {

const std::vector<OperationInfo> &operations() {
  using enum AttributeKind;
  constexpr double kSeed = 9007199254740992.0; // 2^53: whole numbers above are not told apart
  constexpr double kWide = 1 << 24;      // widest row, longest window: far above any real one, far below an overflow
  constexpr double kLongestBlock = 4096; // tokens that one step must hold: far above any real image
  static const AttributeInfo kActivation{
      "activation", Word, true, {}, 0, 0, {"gelu", "gelu_tanh", "silu", "relu", "relu2"}};
  static const AttributeInfo kHeadDim{"head_dim", Integer, true, {}, 2, kWide};
  static const std::vector<OperationInfo> kTable = {
      {"embed", 1, 1, 1, {{"scale", Real, false, 1.0}}},
      {"rms_norm", 1, 0, 1, {{"eps", Real, true, {}, 0, 1}, {"group", Integer, false, {}, 1, kWide}}},
      {"layer_norm", 1, 0, 2, {{"eps", Real, true, {}, 0, 1}, {"group", Integer, false, {}, 1, kWide}}},
      {"project", 1, 1, 2, {}},
      {"scale", 1, 0, 0, {{"by", Real}}},
      {"scale_by", 1, 1, 1, {}},
      {"slice", 1, 0, 0, {{"offset", Integer, true, {}, 0, kWide}, {"size", Integer, true, {}, 1, kWide}}},
      {"add", 2, 0, 0, {}},
      {"mul", 2, 0, 0, {}},
      {"act", 1, 0, 0, {kActivation}},
      {"gated", 2, 0, 0, {kActivation}},
      {"rope",
       1,
       0,
       0,
       {kHeadDim,
        {"width", Integer, false, {}, 2, kWide},
        {"pairs", Integer, true, {}, 0, kWide},
        {"theta", Real, false, {}, 1e-30, 1e30},
        {"denominator", Real, false, {}, 1e-30, 1e30},
        {"frequency", List, false, {}, 0, 1e30},
        {"magnitude", Real, false, 1.0, 1e-30, 1e30}}},
      {"attention",
       3,
       0,
       0,
       {{"heads", Integer, true, {}, 1, kWide},
        {"kv_heads", Integer, true, {}, 1, kWide},
        kHeadDim,
        {"scale", Real, true, {}, 1e-30, 1e30},
        {"window", Integer, false, 0.0, 0, kWide},
        {"blocks", Integer, false, 0.0, 0, kLongestBlock},
        {"softcap", Real, false, 0.0, 0, 1e30}}},
      {"route",
       1,
       1,
       3,
       {{"top_k", Integer, true, {}, 1, 1024},
        {"normalise", Boolean, false, 1.0},
        {"noise", Integer, false, 0.0, 0, kSeed}}},
      {"experts", 2, 2, 2, {kActivation}},
      {"last_rows", 1, 0, 0, {}},
      {"softcap", 1, 0, 0, {{"cap", Real, true, {}, 1e-30, 1e30}}},
  };
  return kTable;
}

const OperationInfo *findOperation(const std::string &name) {
  for (const OperationInfo &operation : operations())
    if (operation.name == name)
      return &operation;
  return nullptr;
}

} // namespace gemmac::config
