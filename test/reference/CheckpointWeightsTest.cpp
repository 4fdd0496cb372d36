// How tensors make a weight: parts one after another, parts inside the members of a stack, tangled heads, an added
// constant. The reference and compiler/pack have each their own code for it; here both must say the same, and what is
// right.
#include "test/reference/CheckpointWeights.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"

#include <gtest/gtest.h>

#include <numeric>

using namespace gemmac;
using namespace gemmac::reference;

namespace {

/// Tensors in memory: the i-th one's elements are 100 i, 100 i + 1, ...
class FakeCheckpoint : public import::Checkpoint {
public:
  explicit FakeCheckpoint(const std::vector<std::vector<int64_t>> &shapes) {
    for (const std::vector<int64_t> &shape : shapes) {
      import::Tensor tensor;
      tensor.name = "t" + std::to_string(all.size());
      tensor.type = import::DType::F32;
      tensor.shape = shape;
      all.push_back(tensor);
    }
  }
  Status read(const import::Tensor &tensor, int64_t first, std::span<float> out) const override {
    std::iota(out.begin(), out.end(), static_cast<float>(100 * std::stoi(tensor.name.substr(1)) + first));
    return Ok{};
  }
};

/// One weight of this shape, "w", made of tensors of these shapes.
Inputs inputsOf(std::vector<int64_t> shape, const std::vector<std::vector<int64_t>> &shapes, double offset = 0,
                int64_t interleavedHeads = 0) {
  Inputs inputs;
  inputs.checkpoint = std::make_unique<FakeCheckpoint>(shapes);
  import::Binding binding;
  for (const import::Tensor &tensor : inputs.checkpoint->tensors())
    binding.parts.push_back(&tensor);
  inputs.bindings.weights.push_back(binding);
  config::Weight weight;
  weight.name = "w";
  weight.shape = std::move(shape);
  weight.offset = offset;
  weight.interleavedHeads = interleavedHeads;
  inputs.model.weights.push_back(std::move(weight));
  return inputs;
}

class CheckpointWeightsTest : public testing::Test {
protected:
  CheckpointWeightsTest() { context.loadDialect<mlir::func::FuncDialect, gemma::GemmaDialect>(); }

  gemma::WeightOp weight(const std::string &text) {
    module = mlir::parseSourceString<mlir::ModuleOp>("%0 = gemma.weight " + text, &context);
    EXPECT_TRUE(module) << text;
    return *module->getOps<gemma::WeightOp>().begin();
  }

  /// What both sources say; a failure if they differ.
  std::vector<float> read(const Inputs &inputs, const std::string &text) {
    Result<std::vector<float>> straight = checkpointWeights(inputs)(weight(text));
    Result<std::vector<float>> packed = packedWeights(inputs)(weight(text));
    EXPECT_TRUE(straight) << straight.error().message;
    EXPECT_TRUE(packed) << packed.error().message;
    if (!straight || !packed)
      return {};
    EXPECT_EQ(*straight, *packed);
    return *straight;
  }

  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

TEST_F(CheckpointWeightsTest, PartsFollowOneAnother) {
  Inputs inputs = inputsOf({3, 2}, {{1, 2}, {2, 2}});
  EXPECT_EQ(read(inputs, R"("w" index 0 : tensor<3x2xf32>)"), (std::vector<float>{0, 1, 100, 101, 102, 103}));
}

TEST_F(CheckpointWeightsTest, PartsOfAStackLieInsideItsMembers) {
  Inputs inputs = inputsOf({2, 3, 1}, {{2, 1, 1}, {2, 2, 1}});
  EXPECT_EQ(read(inputs, R"("w" index 0 : tensor<2x3x1xf32>)"), (std::vector<float>{0, 100, 101, 1, 102, 103}));
}

TEST_F(CheckpointWeightsTest, MatricesMakeAStack) {
  Inputs inputs = inputsOf({2, 2, 1}, {{2, 1}, {2, 1}});
  EXPECT_EQ(read(inputs, R"("w" index 0 : tensor<2x2x1xf32>)"), (std::vector<float>{0, 1, 100, 101}));
}

TEST_F(CheckpointWeightsTest, HeadsAreUntangled) { // two heads of four rows: stored 0 2 1 3 is wanted 0 1 2 3
  Inputs inputs = inputsOf({8, 1}, {{8, 1}}, 0, 2);
  EXPECT_EQ(read(inputs, R"("w" index 0 : tensor<8x1xf32>)"), (std::vector<float>{0, 2, 1, 3, 4, 6, 5, 7}));
}

TEST_F(CheckpointWeightsTest, RowsOfATensor) { // rows 1 and 2 of every 4
  Inputs inputs = inputsOf({4, 2}, {{8, 2}});
  inputs.bindings.weights[0].rows = {1, 2, 4};
  EXPECT_EQ(read(inputs, R"("w" index 0 : tensor<4x2xf32>)"), (std::vector<float>{2, 3, 4, 5, 10, 11, 12, 13}));
  inputs = inputsOf({4}, {{8}}, 1);
  inputs.bindings.weights[0].rows = {1, 2, 4};
  EXPECT_EQ(read(inputs, R"("w" index 0 : tensor<4xf32>)"), (std::vector<float>{2, 3, 6, 7}));
}

TEST_F(CheckpointWeightsTest, TransposedTensors) { // stored as [3 in, 4 out]; of the outputs, 2 and 3 of every 4
  Inputs inputs = inputsOf({4, 3}, {{3, 4}}, 1);
  inputs.bindings.weights[0].transposed = true;
  EXPECT_EQ(read(inputs, R"("w" index 0 : tensor<4x3xf32>)"),
            (std::vector<float>{1, 5, 9, 2, 6, 10, 3, 7, 11, 4, 8, 12}));
  inputs = inputsOf({2, 3}, {{3, 4}});
  inputs.bindings.weights[0].transposed = true;
  inputs.bindings.weights[0].rows = {2, 2, 4};
  EXPECT_EQ(read(inputs, R"("w" index 0 : tensor<2x3xf32>)"), (std::vector<float>{2, 6, 10, 3, 7, 11}));
}

TEST_F(CheckpointWeightsTest, OffsetIsAdded) {
  Inputs inputs = inputsOf({3}, {{3}}, 1);
  EXPECT_EQ(read(inputs, R"("w" index 0 : tensor<3xf32>)"), (std::vector<float>{1, 2, 3}));
}

TEST_F(CheckpointWeightsTest,
       PackedRoundsToTheFormat) { // 257 has nine significant bits, bf16 eight: the tie goes to even
  Inputs inputs = inputsOf({1, 259}, {{1, 259}});
  Result<std::vector<float>> packed = packedWeights(inputs)(weight(R"("w" index 0 format bf16 : tensor<1x259xf32>)"));
  ASSERT_TRUE(packed) << packed.error().message;
  EXPECT_EQ((*packed)[255], 255);
  EXPECT_EQ((*packed)[257], 256);
  EXPECT_EQ((*packed)[258], 258);
}

TEST_F(CheckpointWeightsTest, OtherWeightsAreRefused) {
  Inputs inputs = inputsOf({3}, {{3}});
  auto message = [&](const std::string &text) {
    Result<std::vector<float>> result = checkpointWeights(inputs)(weight(text));
    return result ? std::string("no error") : result.error().message;
  };
  EXPECT_EQ(message(R"("w" index 1 : tensor<3xf32>)"), "weight 'w' has index 1, but the model has 1 weights");
  EXPECT_EQ(message(R"("v" index 0 : tensor<3xf32>)"),
            "weight 'v' of index 0 is 'w' in the model, or has another shape there");
  EXPECT_EQ(message(R"("w" index 0 : tensor<4xf32>)"),
            "weight 'w' of index 0 is 'w' in the model, or has another shape there");
  EXPECT_EQ(message(R"("w" index -1 : tensor<3xf32>)"),
            "weight 'w' has index 18446744073709551615, but the model has 1 weights");
}

} // namespace
