// Whole functions through the interpreter: that operations get their attributes, that phases and last rows mean what
// they say, and that what is wrong becomes a message.
#include "test/reference/Interpreter.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"

#include <gtest/gtest.h>

using namespace gemmac;
using namespace gemmac::reference;

namespace {

class InterpreterTest : public testing::Test {
protected:
  InterpreterTest() { context.loadDialect<mlir::func::FuncDialect, gemma::GemmaDialect>(); }

  mlir::func::FuncOp parse(llvm::StringRef text) {
    module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
    EXPECT_TRUE(module) << "the test's own IR does not parse";
    return *module->getOps<mlir::func::FuncOp>().begin();
  }

  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

/// Elements 0, 1, 2, ... times 0.1 for every weight.
Result<std::vector<float>> counting(gemma::WeightOp op) {
  std::vector<float> result(mlir::cast<mlir::RankedTensorType>(op.getType()).getNumElements());
  for (size_t i = 0; i < result.size(); ++i)
    result[i] = 0.1f * static_cast<float>(i);
  return result;
}

constexpr llvm::StringLiteral kModel = R"(
  func.func @model(%ids: tensor<?xi32>) -> tensor<?x4xf32, "last"> {
    %table = gemma.weight "table" index 0 : tensor<4x2xf32>
    %x = gemma.embed %ids, %table scale 10.0 : tensor<?xi32>, tensor<4x2xf32> -> tensor<?x2xf32>
    %r = gemma.rope %x head_dim 2 pairs 1 theta 100.0 denominator 2 : tensor<?x2xf32> -> tensor<?x2xf32>
    %a = gemma.attention %r, %r, %x heads 1 kv_heads 1 head_dim 2 scale 0.5 window 2
        : tensor<?x2xf32>, tensor<?x2xf32>, tensor<?x2xf32> -> tensor<?x2xf32>
    %l = gemma.last_rows %a : tensor<?x2xf32> -> tensor<?x2xf32, "last">
    %y = gemma.project %l, %table : tensor<?x2xf32, "last">, tensor<4x2xf32> -> tensor<?x4xf32, "last">
    return %y : tensor<?x4xf32, "last">
  })";

/// The same, with the last rows taken before the attention, in phases.
constexpr llvm::StringLiteral kHoisted = R"(
  func.func @model(%ids: tensor<?xi32>) -> tensor<?x4xf32, "last"> {
    %table = gemma.weight "table" index 0 : tensor<4x2xf32>
    %x, %r, %q = gemma.phase rows -> tensor<?x2xf32>, tensor<?x2xf32>, tensor<?x2xf32, "last"> {
      %x = gemma.embed %ids, %table scale 10.0 : tensor<?xi32>, tensor<4x2xf32> -> tensor<?x2xf32>
      %r = gemma.rope %x head_dim 2 pairs 1 theta 100.0 denominator 2 : tensor<?x2xf32> -> tensor<?x2xf32>
      %l = gemma.last_rows %x : tensor<?x2xf32> -> tensor<?x2xf32, "last">
      %q = gemma.rope %l head_dim 2 pairs 1 theta 100.0 denominator 2 : tensor<?x2xf32, "last"> -> tensor<?x2xf32, "last">
      gemma.yield %x, %r, %q : tensor<?x2xf32>, tensor<?x2xf32>, tensor<?x2xf32, "last">
    }
    %a = gemma.phase attention -> !gemma.packed<2 x f32, last> {
      %a = gemma.attention %q, %r, %x heads 1 kv_heads 1 head_dim 2 scale 0.5 window 2
          : tensor<?x2xf32, "last">, tensor<?x2xf32>, tensor<?x2xf32> -> tensor<?x2xf32, "last">
      %p = gemma.pack %a : tensor<?x2xf32, "last"> -> !gemma.packed<2 x f32, last>
      gemma.yield %p : !gemma.packed<2 x f32, last>
    }
    %y = gemma.project %a, %table : !gemma.packed<2 x f32, last>, tensor<4x2xf32> -> tensor<?x4xf32, "last">
    return %y : tensor<?x4xf32, "last">
  })";

TEST_F(InterpreterTest, PhasesAndHoistedLastRowsChangeNothing) {
  std::vector<int32_t> ids = {3, 1, 0, 2, 2};
  Result<Tensor> all = run(parse(kModel), ids, 5, counting);
  ASSERT_TRUE(all);
  EXPECT_EQ(all->columns, 4);
  EXPECT_EQ(all->rows(), 5);
  for (int64_t last : {1, 3, 5}) {
    for (llvm::StringRef text : {llvm::StringRef(kModel), llvm::StringRef(kHoisted)}) {
      Result<Tensor> some = run(parse(text), ids, last, counting);
      ASSERT_TRUE(some);
      EXPECT_EQ(some->data, std::vector<float>(all->data.end() - last * 4, all->data.end()));
    }
  }
}

TEST_F(InterpreterTest, LaterTokensDoNotChangeEarlierRows) {
  Result<Tensor> whole = run(parse(kModel), std::vector<int32_t>{3, 1, 0, 2}, 4, counting);
  Result<Tensor> part = run(parse(kModel), std::vector<int32_t>{3, 1}, 2, counting);
  ASSERT_TRUE(whole && part);
  EXPECT_EQ(part->data, std::vector<float>(whole->data.begin(), whole->data.begin() + 8));
}

TEST_F(InterpreterTest, PackedCodesAreRounded) {
  // 127 and 0.6: the scale is 1, the code of 0.6 is 1. The weight is (0, 0.1).
  mlir::func::FuncOp function = parse(R"(
    func.func @f(%x: tensor<?x2xf32>) -> tensor<?x1xf32> {
      %w = gemma.weight "w" index 0 : tensor<1x2xf32>
      %p = gemma.pack %x : tensor<?x2xf32> -> !gemma.packed<2 x i8, all>
      %y = gemma.project %p, %w : !gemma.packed<2 x i8, all>, tensor<1x2xf32> -> tensor<?x1xf32>
      return %y : tensor<?x1xf32>
    })");
  Result<std::vector<Tensor>> result = call(function, {{2, {127, 0.6f}, {}}}, 1, 1, counting);
  ASSERT_TRUE(result);
  EXPECT_FLOAT_EQ(result->front().data[0], 0.1f);
}

TEST_F(InterpreterTest, RouteIsProjectionAndTopK) {
  mlir::func::FuncOp function = parse(R"(
    func.func @f(%x: tensor<?x2xf32>) -> (tensor<?x2xf32>, tensor<?x2xf32>) {
      %w = gemma.weight "w" index 0 : tensor<3x2xf32>
      %s = gemma.weight "s" index 1 : tensor<3xf32>
      %gu = gemma.weight "gu" index 2 : tensor<3x2x2xf32>
      %d = gemma.weight "d" index 3 : tensor<3x2x1xf32>
      %a = gemma.route %x, %w, %s : tensor<?x2xf32>, tensor<3x2xf32>, tensor<3xf32> -> !gemma.routing<2 of 3, all>
      %y = gemma.project %x, %w : tensor<?x2xf32>, tensor<3x2xf32> -> tensor<?x3xf32>
      %b = gemma.top_k %y, %s : tensor<?x3xf32>, tensor<3xf32> -> !gemma.routing<2 of 3, all>
      %p = gemma.experts %x, %a, %gu, %d gelu_tanh
        : tensor<?x2xf32>, !gemma.routing<2 of 3, all>, tensor<3x2x2xf32>, tensor<3x2x1xf32> -> tensor<?x2xf32>
      %q = gemma.experts %x, %b, %gu, %d gelu_tanh
        : tensor<?x2xf32>, !gemma.routing<2 of 3, all>, tensor<3x2x2xf32>, tensor<3x2x1xf32> -> tensor<?x2xf32>
      return %p, %q : tensor<?x2xf32>, tensor<?x2xf32>
    })");
  Result<std::vector<Tensor>> result = call(function, {{2, {1, 2, -3, 0.5f}, {}}}, 2, 2, counting);
  ASSERT_TRUE(result);
  EXPECT_EQ((*result)[0].data, (*result)[1].data);
  EXPECT_NE((*result)[0].data[0], 0);
}

TEST_F(InterpreterTest, WrongInputIsAMessage) {
  auto message = [](const auto &result) { return result ? std::string("no error") : result.error().message; };
  std::vector<int32_t> ids = {1, 4};
  EXPECT_EQ(message(run(parse(kModel), ids, 2, counting)), "token 1 has id 4, but the table has 4 rows");
  EXPECT_EQ(message(run(parse(kModel), {}, 1, counting)), "cannot run 0 tokens for the last 1");
  EXPECT_EQ(message(run(parse(kModel), ids, 3, counting)), "cannot run 2 tokens for the last 3");
  EXPECT_EQ(message(run(parse(kModel), ids, 0, counting)), "cannot run 2 tokens for the last 0");
  auto tooFew = [](gemma::WeightOp) -> Result<std::vector<float>> { return std::vector<float>(7); };
  EXPECT_EQ(message(run(parse(kModel), ids, 2, tooFew)), "weight 'table' was given 7 elements but has 8");
  EXPECT_EQ(message(run(parse(kModel), ids, 2, weightsFromFolder("/nowhere"))),
            "/nowhere/table.f32: cannot open it for weight 'table'");
  EXPECT_EQ(message(run(parse("func.func @f(%x: tensor<?x2xf32>) -> tensor<?x2xf32> { return %x : tensor<?x2xf32> }"),
                        ids, 2, counting)),
            "function 'f' must turn ids, tensor<?xi32>, into logits, tensor<?xVxf32>");
  EXPECT_EQ(message(call(parse("func.func private @f(%x: tensor<?x2xf32>)"), {}, 1, 1, counting)),
            "function 'f' must have one block to be interpreted");
}

TEST_F(InterpreterTest, RandomWeightsDependOnSeedAndIndexAlone) {
  mlir::func::FuncOp function = parse(R"(
    func.func @f() -> (tensor<64x64xf32>, tensor<64x64xf32>, tensor<64xf32>) {
      %a = gemma.weight "a" index 0 : tensor<64x64xf32>
      %b = gemma.weight "b" index 1 : tensor<64x64xf32>
      %c = gemma.weight "c" index 2 : tensor<64xf32>
      return %a, %b, %c : tensor<64x64xf32>, tensor<64x64xf32>, tensor<64xf32>
    })");
  auto first = call(function, {}, 1, 1, randomWeights(1)), again = call(function, {}, 1, 1, randomWeights(1)),
       other = call(function, {}, 1, 1, randomWeights(2));
  ASSERT_TRUE(first && again && other);
  EXPECT_EQ((*first)[0].data, (*again)[0].data);
  EXPECT_NE((*first)[0].data, (*other)[0].data);
  EXPECT_NE((*first)[0].data, (*first)[1].data);
  for (float value : (*first)[0].data)
    ASSERT_LE(std::abs(value), 0.125f);
  for (float value : (*first)[2].data)
    ASSERT_LE(std::abs(value - 1), 0.2f);
}

} // namespace
