// Mirrors the macros of the published template. Where Jinja would print a Python value, so does this (numbers as Python
// writes them); what is missing prints as nothing.
#include "runtime/text/ToolText.h"

#include "runtime/base/Text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>

namespace gemmart {

static const std::string quoteToken = "<|\"|>";

static std::string quoted(std::string_view text) {
  return quoteToken + std::string(text) + quoteToken;
}

static std::string upper(std::string text) {
  for (char &c : text)
    if (c >= 'a' && c <= 'z')
      c = char(c - 'a' + 'A');
  return text;
}

static std::string lower(std::string text) {
  for (char &c : text)
    if (c >= 'A' && c <= 'Z')
      c = char(c - 'A' + 'a');
  return text;
}

/// A number as Python prints it: whole numbers as they are, others with the fewest digits that name the same double.
static std::string numberText(const std::string &written) {
  if (written.find_first_of(".eE") == std::string::npos)
    return written == "-0" ? "0" : written;
  double value = std::strtod(written.c_str(), nullptr);
  if (std::isinf(value))
    return value < 0 ? "-inf" : "inf";
  char buffer[64];
  char *end = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific).ptr; // d.ddde+XX
  std::string_view text(buffer, size_t(end - buffer));
  size_t mark = text.find('e');
  int exponent = std::atoi(std::string(text.substr(mark + 1)).c_str());
  std::string sign = text[0] == '-' ? "-" : "", digits;
  for (char c : text.substr(0, mark))
    if (c >= '0' && c <= '9')
      digits += c;
  if (exponent < -4 || exponent >= 16) {
    std::string tail = digits.size() > 1 ? "." + digits.substr(1) : "";
    return sign + digits[0] + tail + format("e%c%02d", exponent < 0 ? '-' : '+', std::abs(exponent));
  }
  if (exponent < 0)
    return sign + "0." + std::string(size_t(-exponent - 1), '0') + digits;
  if (digits.size() <= size_t(exponent) + 1)
    return sign + digits + std::string(size_t(exponent) + 1 - digits.size(), '0') + ".0";
  return sign + digits.substr(0, size_t(exponent) + 1) + "." + digits.substr(size_t(exponent) + 1);
}

/// Members by name without regard to case; equal names keep their order, of the same name the last stays.
static std::vector<const JsonMember *> sorted(const Json &object) {
  std::vector<const JsonMember *> members;
  for (const JsonMember &member : object.members)
    if (object.find(member.name) == &member.value)
      members.push_back(&member);
  std::vector<std::pair<std::string, const JsonMember *>> keys;
  for (const JsonMember *member : members)
    keys.emplace_back(lower(member->name), member);
  // Insertion sort is stable and needs no buffer; objects are small.
  for (size_t i = 1; i < keys.size(); ++i)
    for (size_t k = i; k > 0 && keys[k].first < keys[k - 1].first; --k)
      std::swap(keys[k], keys[k - 1]);
  for (size_t i = 0; i < keys.size(); ++i)
    members[i] = keys[i].second;
  return members;
}

std::string toolValue(const Json &value, bool quoteNames) {
  std::string out;
  switch (value.kind) {
  case Json::Kind::Null:
    return "null";
  case Json::Kind::Bool:
    return value.flag ? "true" : "false";
  case Json::Kind::Number:
    return numberText(value.text);
  case Json::Kind::String:
    return quoted(value.text);
  case Json::Kind::Array:
    for (const Json &item : value.items)
      out += (out.empty() ? "" : ",") + toolValue(item, quoteNames);
    return "[" + out + "]";
  case Json::Kind::Object:
    for (const JsonMember *member : sorted(value)) {
      out += out.empty() ? "" : ",";
      out += (quoteNames ? quoted(member->name) : member->name) + ":" + toolValue(member->value, quoteNames);
    }
    return "{" + out + "}";
  }
  return out;
}

std::string toolMembers(const Json &object) {
  std::string out;
  if (object.isObject())
    for (const JsonMember *member : sorted(object))
      out += (out.empty() ? "" : ",") + member->name + ":" + toolValue(member->value, false);
  return out;
}

/// What Jinja takes as true.
static bool isTrue(const Json *value) {
  if (!value || value->isNull())
    return false;
  switch (value->kind) {
  case Json::Kind::Bool:
    return value->flag;
  case Json::Kind::Number:
    return std::strtod(value->text.c_str(), nullptr) != 0;
  case Json::Kind::String:
    return !value->text.empty();
  case Json::Kind::Array:
    return !value->items.empty();
  default:
    return !value->members.empty();
  }
}

/// A scalar or a list of words as Python's str() has it; nothing for what is missing.
static std::string plainText(const Json *value) {
  if (!value)
    return "";
  switch (value->kind) {
  case Json::Kind::Null:
    return "None";
  case Json::Kind::Bool:
    return value->flag ? "True" : "False";
  case Json::Kind::Number:
    return numberText(value->text);
  case Json::Kind::Array: {
    std::string out;
    for (const Json &item : value->items) {
      out += out.empty() ? "" : ", ";
      out += item.isString() ? "'" + item.text + "'" : plainText(&item);
    }
    return "[" + out + "]";
  }
  default:
    return value->text;
  }
}

static std::string typeOf(const Json &schema) {
  return upper(plainText(schema.find("type")));
}

/// `["a","b"]` in the template's notation: names that must be given.
static std::string requiredList(const Json &names) {
  std::string out;
  for (const Json &name : names.items)
    out += (out.empty() ? "" : ",") + quoted(plainText(&name));
  return "required:[" + out + "]";
}

static std::string properties(const Json &schemas, bool skipStandard);

/// What an array holds.
static std::string itemsBody(const Json &items) {
  std::string out;
  for (const JsonMember *member : sorted(items)) {
    const auto &[name, value] = *member;
    if (value.isNull())
      continue;
    out += out.empty() ? "" : ",";
    if (name == "properties") {
      out += "properties:{" + (value.isObject() ? properties(value, false) : "") + "}";
    } else if (name == "required") {
      out += requiredList(value);
    } else if (name == "type") {
      Json type = value;
      type.text = upper(type.text);
      for (Json &each : type.items)
        each.text = upper(each.text);
      out += "type:" + toolValue(type, true);
    } else {
      out += name + ":" + toolValue(value, true);
    }
  }
  return out;
}

/// One property: description, what its type adds, nullable, type.
static std::string property(const Json &schema) {
  std::vector<std::string> fields;
  if (const Json *description = schema.find("description"); isTrue(description))
    fields.push_back("description:" + quoted(plainText(description)));
  std::string type = typeOf(schema);
  if (const Json *choices = schema.find("enum"); type == "STRING" && isTrue(choices))
    fields.push_back("enum:" + toolValue(*choices, true));
  if (const Json *items = schema.find("items"); type == "ARRAY" && items && items->isObject() && isTrue(items))
    fields.push_back("items:{" + itemsBody(*items) + "}");
  if (isTrue(schema.find("nullable")))
    fields.push_back("nullable:true");
  if (type == "OBJECT") {
    const Json *inner = schema.find("properties");
    bool named = inner && inner->isObject();
    fields.push_back("properties:{" + (named ? properties(*inner, false) : properties(schema, true)) + "}");
    if (const Json *required = schema.find("required"); isTrue(required))
      fields.push_back(requiredList(*required));
  }
  fields.push_back("type:" + quoted(type));
  std::string out;
  for (const std::string &field : fields)
    out += (out.empty() ? "" : ",") + field;
  return out;
}

/// All properties; with `skipStandard` the object is a schema whose own keys are not properties.
static std::string properties(const Json &schemas, bool skipStandard) {
  static constexpr std::string_view standard[] = {"description", "type", "properties", "required", "nullable"};
  std::string out;
  for (const JsonMember *member : sorted(schemas)) {
    if (skipStandard && std::find(std::begin(standard), std::end(standard), member->name) != std::end(standard))
      continue;
    out += (out.empty() ? "" : ",") + member->name + ":{" + property(member->value) + "}";
  }
  return out;
}

Result<std::string> toolDeclaration(const Json &tool) {
  const Json *inner = tool.find("function");
  const Json &function = inner ? *inner : tool;
  const Json *name = function.find("name");
  if (!name || !name->isString() || name->text.empty())
    return inputError("a tool needs a function with a name (a string)");
  std::string out = "declaration:" + name->text + "{description:" + quoted(plainText(function.find("description")));
  if (const Json *parameters = function.find("parameters"); isTrue(parameters)) {
    out += ",parameters:{";
    if (const Json *inside = parameters->find("properties"); isTrue(inside))
      out += "properties:{" + properties(*inside, false) + "},";
    if (const Json *required = parameters->find("required"); isTrue(required))
      out += requiredList(*required) + ",";
    if (isTrue(parameters->find("type")))
      out += "type:" + quoted(typeOf(*parameters)) + "}";
  }
  if (const Json *response = function.find("response")) {
    out += ",response:{";
    if (const Json *description = response->find("description"); isTrue(description))
      out += "description:" + quoted(plainText(description)) + ",";
    if (typeOf(*response) == "OBJECT")
      out += "type:" + quoted("OBJECT") + "}";
  }
  return out + "}";
}

} // namespace gemmart
