// Mirrors the macros of the published template. Where Jinja would print a Python value, so does this (numbers as Python
// writes them); what is missing prints as nothing.
#include "runtime/text/ToolText.h"

#include "runtime/base/Text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <set>

namespace gemmart {

static void addQuoted(std::string_view text, Prompt &out) {
  constexpr std::string_view quoteToken = "<|\"|>";
  out.addTemplate(quoteToken);
  out.addPlain(text);
  out.addTemplate(quoteToken);
}

namespace {

/// Appends commas between the entries of a list.
class List {
public:
  explicit List(Prompt &out) : out(out) {}
  /// Call it before each entry; `label` begins the entry.
  void next(std::string_view label = {}) {
    out.addTemplate(first ? "" : ",");
    out.addTemplate(label);
    first = false;
  }

private:
  Prompt &out;
  bool first = true;
};

} // namespace

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
  std::set<std::string_view> seen;
  std::vector<std::pair<std::string, const JsonMember *>> keys;
  for (size_t i = object.members.size(); i-- > 0;)
    if (seen.insert(object.members[i].name).second)
      keys.emplace_back(lower(object.members[i].name), &object.members[i]);
  std::sort(keys.begin(), keys.end()); // of equal names the one that stands first: all are of one array
  std::vector<const JsonMember *> members;
  for (const auto &[key, member] : keys)
    members.push_back(member);
  return members;
}

void addToolValue(const Json &value, bool quoteNames, Prompt &out) {
  List list(out);
  switch (value.kind) {
  case Json::Kind::Null:
    return out.addTemplate("null");
  case Json::Kind::Bool:
    return out.addTemplate(value.flag ? "true" : "false");
  case Json::Kind::Number:
    return out.addPlain(numberText(value.text));
  case Json::Kind::String:
    return addQuoted(value.text, out);
  case Json::Kind::Array:
    out.addTemplate("[");
    for (const Json &item : value.items) {
      list.next();
      addToolValue(item, quoteNames, out);
    }
    return out.addTemplate("]");
  case Json::Kind::Object:
    out.addTemplate("{");
    for (const JsonMember *member : sorted(value)) {
      list.next();
      if (quoteNames)
        addQuoted(member->name, out);
      else
        out.addPlain(member->name);
      out.addTemplate(":");
      addToolValue(member->value, quoteNames, out);
    }
    return out.addTemplate("}");
  }
}

void addToolMembers(const Json &object, Prompt &out) {
  List list(out);
  if (object.isObject())
    for (const JsonMember *member : sorted(object)) {
      list.next();
      out.addPlain(member->name);
      out.addTemplate(":");
      addToolValue(member->value, false, out);
    }
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
static void addRequired(const Json &names, Prompt &out) {
  out.addTemplate("required:[");
  List list(out);
  for (const Json &name : names.items) {
    list.next();
    addQuoted(plainText(&name), out);
  }
  out.addTemplate("]");
}

static void addProperties(const Json &schemas, bool skipStandard, Prompt &out);

/// What an array holds.
static void addItems(const Json &items, Prompt &out) {
  List list(out);
  for (const JsonMember *member : sorted(items)) {
    const auto &[name, value] = *member;
    if (value.isNull())
      continue;
    list.next();
    if (name == "properties") {
      out.addTemplate("properties:{");
      if (value.isObject())
        addProperties(value, false, out);
      out.addTemplate("}");
    } else if (name == "required") {
      addRequired(value, out);
    } else if (name == "type") {
      Json type = value;
      type.text = upper(type.text);
      for (Json &each : type.items)
        each.text = upper(each.text);
      out.addTemplate("type:");
      addToolValue(type, true, out);
    } else {
      out.addPlain(name);
      out.addTemplate(":");
      addToolValue(value, true, out);
    }
  }
}

/// One property: description, what its type adds, nullable, type.
static void addProperty(const Json &schema, Prompt &out) {
  List list(out);
  if (const Json *description = schema.find("description"); isTrue(description)) {
    list.next("description:");
    addQuoted(plainText(description), out);
  }
  std::string type = typeOf(schema);
  if (const Json *choices = schema.find("enum"); type == "STRING" && isTrue(choices)) {
    list.next("enum:");
    addToolValue(*choices, true, out);
  }
  if (const Json *items = schema.find("items"); type == "ARRAY" && items && items->isObject() && isTrue(items)) {
    list.next("items:{");
    addItems(*items, out);
    out.addTemplate("}");
  }
  if (isTrue(schema.find("nullable")))
    list.next("nullable:true");
  if (type == "OBJECT") {
    list.next("properties:{");
    const Json *inner = schema.find("properties");
    bool named = inner && inner->isObject();
    addProperties(named ? *inner : schema, !named, out);
    out.addTemplate("}");
    if (const Json *required = schema.find("required"); isTrue(required)) {
      list.next();
      addRequired(*required, out);
    }
  }
  list.next("type:");
  addQuoted(type, out);
}

/// All properties; with `skipStandard` the object is a schema whose own keys are not properties.
static void addProperties(const Json &schemas, bool skipStandard, Prompt &out) {
  static constexpr std::string_view standard[] = {"description", "type", "properties", "required", "nullable"};
  List list(out);
  for (const JsonMember *member : sorted(schemas)) {
    if (skipStandard && std::find(std::begin(standard), std::end(standard), member->name) != std::end(standard))
      continue;
    list.next();
    out.addPlain(member->name);
    out.addTemplate(":{");
    addProperty(member->value, out);
    out.addTemplate("}");
  }
}

static void addParameters(const Json &parameters, Prompt &out) {
  out.addTemplate(",parameters:{");
  if (const Json *inside = parameters.find("properties"); isTrue(inside)) {
    out.addTemplate("properties:{");
    addProperties(*inside, false, out);
    out.addTemplate("},");
  }
  if (const Json *required = parameters.find("required"); isTrue(required)) {
    addRequired(*required, out);
    out.addTemplate(",");
  }
  if (isTrue(parameters.find("type"))) {
    out.addTemplate("type:");
    addQuoted(typeOf(parameters), out);
    out.addTemplate("}");
  }
}

Status addToolDeclaration(const Json &tool, Prompt &out) {
  const Json *inner = tool.find("function");
  const Json &function = inner ? *inner : tool;
  const Json *name = function.find("name");
  if (!name || !name->isString() || name->text.empty())
    return inputError("a tool needs a function with a name (a string)");
  out.addTemplate("declaration:");
  out.addPlain(name->text);
  out.addTemplate("{description:");
  addQuoted(plainText(function.find("description")), out);
  if (const Json *parameters = function.find("parameters"); isTrue(parameters))
    addParameters(*parameters, out);
  if (const Json *response = function.find("response")) {
    out.addTemplate(",response:{");
    if (const Json *description = response->find("description"); isTrue(description)) {
      out.addTemplate("description:");
      addQuoted(plainText(description), out);
      out.addTemplate(",");
    }
    if (typeOf(*response) == "OBJECT") {
      out.addTemplate("type:");
      addQuoted("OBJECT", out);
      out.addTemplate("}");
    }
  }
  out.addTemplate("}");
  return {};
}

} // namespace gemmart
