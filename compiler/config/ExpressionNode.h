// What an expression is once it is parsed, and its parser: between Expression.cpp and ExpressionParser.cpp only.
#ifndef COMPILER_CONFIG_EXPRESSIONNODE_H
#define COMPILER_CONFIG_EXPRESSIONNODE_H

#include "compiler/config/Expression.h"

namespace gemmac::config {

enum class Op { Constant, Name, Negate, Not, Binary, And, Or, Coalesce, Choose, Index, Call };

struct Expression::Node {
  Op op = Op::Constant;
  std::string text; ///< name, operator or function
  Value value;
  std::vector<std::shared_ptr<const Node>> args;
  size_t offset = 0; ///< in the expression's text
};

/// The root of the expression, or null with what is wrong and where in the text.
std::shared_ptr<const Expression::Node> parseExpression(const std::string &text, std::string &message, size_t &offset);

} // namespace gemmac::config
#endif
