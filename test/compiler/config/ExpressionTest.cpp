// The expression language: values, precedence, and what it refuses.
#include "compiler/config/Expression.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace gemmac::config;

namespace {

Value number(double x) {
  Value value;
  value.scalar = x;
  return value;
}

class ExpressionTest : public testing::Test {
protected:
  ExpressionTest() {
    values["heads"] = number(8);
    values["width"] = number(1536);
    values["none"] = Value();
    values["list"].isList = true;
    values["list"].list = {1.0, 2.0, 3.0};
    for (int64_t layer = 0; layer < 6; ++layer)
      kinds.push_back(number(layer % 3 == 2));
    facts.tensors["model.layers.2.v"] = {4, 7};
    scope.lookup = [this](const std::string &name) {
      auto found = values.find(name);
      return found == values.end() ? nullptr : &found->second;
    };
    scope.inLayer = [this](const std::string &name, int64_t layer) {
      return name == "kind" && layer >= 0 && layer < 6 ? &kinds[layer] : nullptr;
    };
    scope.facts = &facts;
    scope.prefix = "model.";
  }

  /// The value as messages show it, or "error: " and the first message.
  std::string run(const std::string &text) {
    Diagnostics diagnostics;
    Expression expression = Expression::parse(text, {"f", 1, 1}, diagnostics);
    std::optional<Value> value = expression.evaluate(scope, diagnostics);
    EXPECT_EQ(value.has_value(), diagnostics.empty()) << text;
    return value ? show(*value) : diagnostics.render();
  }

  std::map<std::string, Value> values;
  std::vector<Value> kinds;
  Facts facts;
  Scope scope;
};

TEST_F(ExpressionTest, Arithmetic) {
  EXPECT_EQ(run("1 + 2 * 3"), "7");
  EXPECT_EQ(run("(1 + 2) * 3"), "9");
  EXPECT_EQ(run("10 - 4 - 3"), "3");
  EXPECT_EQ(run("2^3^2"), "512");
  EXPECT_EQ(run("-2^2"), "-4");
  EXPECT_EQ(run("4^-0.5"), "0.5");
  EXPECT_EQ(run("7 % 4"), "3");
  EXPECT_EQ(run("width / heads"), "192");
  EXPECT_EQ(run("sqrt(width * 6) + floor(2.7) + ceil(2.2)"), "101");
  EXPECT_EQ(run(".5 + 1e3"), "1000.5");
  EXPECT_EQ(run("log(1) + log(2^10) / log(2)"), "10");
  EXPECT_EQ(run("log(0)"), "f:1:1: error: the result of 'log' is not a finite number");
}

TEST_F(ExpressionTest, Logic) {
  EXPECT_EQ(run("1 < 2 && 2 <= 2 && 3 > 2 && 3 >= 3"), "true");
  EXPECT_EQ(run("true || width"), "true"); // the right side is not looked at
  EXPECT_EQ(run("false && width"), "false");
  EXPECT_EQ(run("!false"), "true");
  EXPECT_EQ(run("heads == 8 ? 'yes' : 'no'"), "'yes'");
  EXPECT_EQ(run("false ? 1 : true ? 2 : 3"), "2");
  EXPECT_EQ(run("'a' == 'a' && 'a' != 'b' && 'a' != 1 && null == none"), "true");
  EXPECT_EQ(run("none ?? 3"), "3");
  EXPECT_EQ(run("heads ?? 3"), "8");
  EXPECT_EQ(run("none ?? none ?? 4"), "4");
}

TEST_F(ExpressionTest, Lists) {
  EXPECT_EQ(run("list"), "[1, 2, 3]");
  EXPECT_EQ(run("list[1]"), "2");
  EXPECT_EQ(run("list[4]"), "2"); // patterns repeat
  EXPECT_EQ(run("heads[17]"), "8");
  EXPECT_EQ(run("none[3] ?? 1"), "1");
  EXPECT_EQ(run("len(list) + len(heads)"), "4");
  EXPECT_EQ(run("max(list) + min(list, 0)"), "3");
  EXPECT_EQ(run("list == list"), "true");
  EXPECT_EQ(run("each(4, 2^-j)"), "[1, 0.5, 0.25, 0.125]");
  EXPECT_EQ(run("each(3, list[j] * j)[2] + max(each(2, heads))"), "14");
  EXPECT_EQ(run("each(2, 1) == each(2, j + 1)"), "false");
  EXPECT_EQ(run("j"), "f:1:1: error: unknown name 'j'");
  EXPECT_EQ(run("each(2, j) == j"), "f:1:15: error: unknown name 'j'");
  EXPECT_EQ(run("each(0, j)"), "f:1:6: error: 'each' counts a whole number from 1 to 4096, found 0");
  EXPECT_EQ(run("each(5000, j)"), "f:1:6: error: 'each' counts a whole number from 1 to 4096, found 5000");
  EXPECT_EQ(run("each(2, list)"), "f:1:9: error: expected a single value, found [1, 2, 3]");
  EXPECT_EQ(run("each(2, max(each(2, j)))"), "f:1:13: error: 'each' cannot stand inside of another 'each'");
  EXPECT_EQ(run("contains(list, 2) && !contains(list, 4) && !contains(list, 'a')"), "true");
  EXPECT_EQ(run("contains(heads, 8) && !contains(none, 8) && !contains(none, null)"), "true");
  EXPECT_EQ(run("contains(list, list)"), "f:1:16: error: expected a single value, found [1, 2, 3]");
}

TEST_F(ExpressionTest, LayersAndTensors) {
  scope.layer = 5;
  EXPECT_EQ(run("last(5, kind)"), "2");
  EXPECT_EQ(run("last(2, kind)"), "null");
  scope.layer = 4;
  EXPECT_EQ(run("last(4, kind)"), "3");
  EXPECT_EQ(run("last(4, heads)"), "f:1:9: error: 'heads' is not an earlier value of [layer.let]");
  scope.layer = 2;
  EXPECT_EQ(run("has('layers.{i}.v')"), "true");
  EXPECT_EQ(run("has('/model.layers.2.v')"), "true");
  EXPECT_EQ(run("has('/layers.{i}.v')"), "false");
  EXPECT_EQ(run("dim('layers.{i}.v', 1)"), "7");
  EXPECT_EQ(run("dim('layers.{i}.v', 2) ?? 0"), "0");
  EXPECT_EQ(run("dim('layers.{i}.w', 0) ?? 5"), "5");
}

TEST_F(ExpressionTest, Errors) {
  EXPECT_EQ(run(""), "f:1:1: error: expected a value, found end");
  EXPECT_EQ(run("1 +"), "f:1:4: error: expected a value, found end");
  EXPECT_EQ(run("1 2"), "f:1:3: error: unexpected '2' in the expression");
  EXPECT_EQ(run("'abc"), "f:1:1: error: expected a value, found string without a closing '");
  EXPECT_EQ(run("1 ? 2"), "f:1:6: error: expected ':', found end");
  EXPECT_EQ(run("a $ b"), "f:1:3: error: unexpected character '$' in the expression");
  EXPECT_EQ(run("width + hedas"), "f:1:9: error: unknown name 'hedas'");
  EXPECT_EQ(run("width + 'a'"), "f:1:9: error: expected a number, found 'a'");
  EXPECT_EQ(run("!width"), "f:1:2: error: expected true or false, found 1536");
  EXPECT_EQ(run("none + 1"), "f:1:1: error: expected a number, found null");
  EXPECT_EQ(run("1 % 0"), "f:1:3: error: division by 0");
  EXPECT_EQ(run("sqrt(0 - 1)"), "f:1:1: error: the result of 'sqrt' is not a finite number");
  EXPECT_EQ(run("10^400"), "f:1:3: error: the result of '^' is not a finite number");
  EXPECT_EQ(run("list[0 - 1]"), "f:1:5: error: an index is a whole number from 0, found -1");
  EXPECT_EQ(run("last(1, 2)"), "f:1:9: error: the second argument of 'last' is the name of a value of [layer.let]");
  EXPECT_EQ(run("hass('a')"), "f:1:1: error: unknown function 'hass'; did you mean 'has'?");
}

TEST_F(ExpressionTest, EveryExpressionIsBounded) {
  EXPECT_EQ(run(std::string(1001, '1')), "f:1:1: error: expression of 1001 characters; at most 1000 are allowed");
  EXPECT_NE(run(std::string(400, '(') + "1").find("nested too deeply"), std::string::npos);
  EXPECT_NE(run(std::string(900, '!') + "true").find("nested too deeply"), std::string::npos);
  std::string chain = "1";
  for (int i = 0; i < 100; ++i)
    chain += "+1";
  EXPECT_NE(run(chain).find("too long"), std::string::npos);
}

} // namespace
