// JSON values and their parser, for tool declarations, tool calls and requests. Members keep their order.
#ifndef RUNTIME_TEXT_JSON_H
#define RUNTIME_TEXT_JSON_H

#include "runtime/base/Status.h"

#include <string>
#include <string_view>
#include <vector>

namespace gemmart {

struct JsonMember;

struct Json {
  enum class Kind { Null, Bool, Number, String, Array, Object };
  Kind kind = Kind::Null;
  bool flag = false;
  std::string text; ///< the characters of a String (UTF-8), the digits of a Number as they were written
  std::vector<Json> items;
  std::vector<JsonMember> members;

  static Json string(std::string value);
  bool isNull() const { return kind == Kind::Null; }
  bool isString() const { return kind == Kind::String; }
  bool isArray() const { return kind == Kind::Array; }
  bool isObject() const { return kind == Kind::Object; }
  /// The member with this name, or null; of equal names the last.
  const Json *find(std::string_view name) const;
};

struct JsonMember {
  std::string name;
  Json value;
};

/// Parses a whole text: RFC 8259, at most 64 levels deep, valid UTF-8, no lone surrogates. Errors name the line and
/// column.
Result<Json> parseJson(std::string_view text);

} // namespace gemmart
#endif
