// Where the interpreter's weights may come from: a seed, or a folder of raw files.
#include "test/reference/Interpreter.h"

#include <cmath>
#include <cstring>
#include <fstream>

using namespace gemmac;
using namespace gemmac::reference;

/// SplitMix64: a well mixed 64-bit number for each counter.
static uint64_t mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

WeightSource reference::randomWeights(uint64_t seed) {
  return [seed](gemma::WeightOp op) -> Result<std::vector<float>> {
    auto type = mlir::cast<mlir::RankedTensorType>(op.getType());
    bool vector = type.getRank() == 1; // a norm's weight or a scalar: near 1, so that values neither vanish nor explode
    double width = vector ? 0.2 : 1 / std::sqrt(static_cast<double>(type.getShape().back()));
    uint64_t stream = mix(seed ^ mix(op.getIndex()));
    std::vector<float> result(type.getNumElements());
    for (size_t i = 0; i < result.size(); ++i) {
      double uniform = static_cast<double>(mix(stream + i) >> 11) * 0x1p-52 - 1; // [-1, 1)
      result[i] = static_cast<float>((vector ? 1 : 0) + uniform * width);
    }
    return result;
  };
}

WeightSource reference::weightsFromFolder(std::string folder) {
  return [folder = std::move(folder)](gemma::WeightOp op) -> Result<std::vector<float>> {
    std::string path = folder + "/" + op.getName().str() + ".f32";
    std::ifstream file(path, std::ios::binary | std::ios::ate);
    if (!file)
      return Error{path + ": cannot open it for weight '" + op.getName().str() + "'"};
    auto elements = mlir::cast<mlir::RankedTensorType>(op.getType()).getNumElements();
    auto bytes = static_cast<int64_t>(file.tellg()), wanted = elements * static_cast<int64_t>(sizeof(float));
    if (bytes != wanted)
      return Error{path + ": has " + std::to_string(bytes) + " bytes but weight '" + op.getName().str() + "' needs " +
                   std::to_string(wanted)};
    std::vector<float> result(elements);
    file.seekg(0);
    if (!file.read(reinterpret_cast<char *>(result.data()), wanted))
      return Error{path + ": cannot be read"};
    return result;
  };
}
