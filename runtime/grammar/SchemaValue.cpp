// Whether a value that is there already satisfies a schema: for enum and const beside other keywords.
#include "runtime/grammar/SchemaShape.h"

#include "runtime/text/Utf8.h"

#include <algorithm>

namespace gemmart {

bool sameJson(const Json &left, const Json &right) {
  if (left.kind != right.kind)
    return false;
  switch (left.kind) {
  case Json::Kind::Null:
    return true;
  case Json::Kind::Bool:
    return left.flag == right.flag;
  case Json::Kind::String:
    return left.text == right.text;
  case Json::Kind::Number: {
    std::optional<Decimal> first = Decimal::parse(left.text), second = Decimal::parse(right.text);
    return first && second ? *first == *second : left.text == right.text;
  }
  case Json::Kind::Array:
    return std::ranges::equal(left.items, right.items, sameJson);
  case Json::Kind::Object:
    return left.members.size() == right.members.size() &&
           std::all_of(left.members.begin(), left.members.end(), [&](const JsonMember &member) {
             const Json *other = right.find(member.name);
             return other && sameJson(member.value, *other);
           });
  }
  return false;
}

static size_t charactersOf(std::string_view text) {
  return size_t(std::count_if(text.begin(), text.end(), [](char c) { return (uint8_t(c) & 0xC0) != 0x80; }));
}

bool ShapeBuilder::validates(const Json &value, const Json &schema) {
  if (schema.kind == Json::Kind::Bool)
    return schema.flag;
  if (++valueDepth > 200) {
    --valueDepth;
    return fail(GrammarProblem::TooLarge, schema, "$ref", "references go too deep for a value of enum or const");
  }
  auto each = [&](std::string_view keyword, auto use) {
    if (const Json *list = schema.find(keyword))
      for (const Json &item : list->items)
        use(validates(value, item));
  };
  bool good = true;
  if (const Json *target = stoodFor(schema))
    good = validates(value, *target);
  if (const Json *reference = schema.find("$ref")) {
    const Json *target = document.resolve(schema, *reference, *problem);
    if (!target)
      hasFailed = true;
    good = target && validates(value, *target);
  }
  if (!schema.find("$ref") || document.draft() != Draft::Seven) {
    good = good && satisfiesOwn(value, schema);
    each("allOf", [&](bool one) { good &= one; });
    bool any = false;
    int count = 0;
    each("anyOf", [&](bool one) { any |= one; });
    each("oneOf", [&](bool one) { count += one; });
    good &= (!schema.find("anyOf") || any) && (!schema.find("oneOf") || count == 1);
    if (const Json *inner = schema.find("not"))
      good &= !validates(value, *inner);
    if (const Json *condition = schema.find("if"))
      if (const Json *then = schema.find(validates(value, *condition) ? "then" : "else"))
        good &= validates(value, *then);
  }
  --valueDepth;
  return good && !failed();
}

bool ShapeBuilder::satisfiesOwn(const Json &value, const Json &schema) {
  bool isInteger = false;
  uint32_t type = types(schema, isInteger);
  if (!(type >> uint32_t(value.kind) & 1))
    return false;
  if (const Json *constant = schema.find("const"); constant && !sameJson(value, *constant))
    return false;
  if (const Json *choices = schema.find("enum"))
    if (std::none_of(choices->items.begin(), choices->items.end(),
                     [&](const Json &choice) { return sameJson(value, choice); }))
      return false;
  if (value.kind == Json::Kind::Number) {
    NumberLimits limits;
    limits.isInteger = isInteger;
    limitNumbers(schema, limits);
    std::optional<Decimal> number = Decimal::parse(value.text);
    if (!number || limits.isFree())
      return number.has_value();
    limits.atLeast(*number, false);
    limits.atMost(*number, false);
    return !limits.isEmpty();
  }
  if (value.kind == Json::Kind::String) {
    size_t characters = charactersOf(value.text);
    if (characters < limit(schema, "minLength", 0) || characters > limit(schema, "maxLength", UINT32_MAX))
      return false;
    if (const Json *text = schema.find("pattern")) {
      const CharAutomaton *automaton = pattern(schema, "pattern", text->text);
      if (!automaton || !automaton->matches(value.text))
        return false;
    }
    if (const Json *name = schema.find("format")) {
      const CharAutomaton *automaton = textFormat(schema, name->text);
      return !failed() && (!automaton || automaton->matches(value.text));
    }
    return true;
  }
  if (value.kind == Json::Kind::Array)
    return satisfiesArray(value, schema);
  return value.kind != Json::Kind::Object || satisfiesObject(value, schema);
}

bool ShapeBuilder::satisfiesArray(const Json &value, const Json &schema) {
  if (schema.find("unevaluatedItems"))
    return fail(GrammarProblem::Unsupported, schema, "unevaluatedItems", "cannot be enforced");
  size_t count = value.items.size();
  if (count < limit(schema, "minItems", 0) || count > limit(schema, "maxItems", UINT32_MAX))
    return false;
  const Json *items = schema.find("items"), *first = schema.find("prefixItems"), *rest = items;
  if (document.draft() != Draft::Year2020) {
    first = items && items->isArray() ? items : nullptr;
    rest = first ? schema.find("additionalItems") : items;
  }
  for (size_t i = 0; i < count; ++i) {
    const Json *inner = first && i < first->items.size() ? &first->items[i] : rest;
    if (inner && !validates(value.items[i], *inner))
      return false;
  }
  if (const Json *unique = schema.find("uniqueItems"); unique && unique->flag)
    for (size_t i = 0; i < count; ++i)
      for (size_t k = 0; k < i; ++k)
        if (sameJson(value.items[i], value.items[k]))
          return false;
  if (const Json *inner = schema.find("contains")) {
    size_t found = 0;
    for (const Json &item : value.items)
      found += validates(item, *inner);
    bool counts = document.draft() != Draft::Seven;
    return found >= (counts ? limit(schema, "minContains", 1) : 1) &&
           found <= (counts ? limit(schema, "maxContains", UINT32_MAX) : UINT32_MAX);
  }
  return true;
}

bool ShapeBuilder::satisfiesObject(const Json &value, const Json &schema) {
  if (schema.find("unevaluatedProperties"))
    return fail(GrammarProblem::Unsupported, schema, "unevaluatedProperties", "cannot be enforced");
  if (value.members.size() < limit(schema, "minProperties", 0) ||
      value.members.size() > limit(schema, "maxProperties", UINT32_MAX))
    return false;
  if (const Json *names = schema.find("required"))
    for (const Json &name : names->items)
      if (!value.find(name.text))
        return false;
  const Json *properties = schema.find("properties"), *byPattern = schema.find("patternProperties");
  for (const JsonMember &member : value.members) {
    bool isNamed = false;
    if (const Json *inner = properties ? properties->find(member.name) : nullptr) {
      isNamed = true;
      if (!validates(member.value, *inner))
        return false;
    }
    if (byPattern)
      for (const JsonMember &each : byPattern->members) {
        const CharAutomaton *automaton = pattern(schema, "patternProperties", each.name);
        if (!automaton)
          return false;
        if (!automaton->matches(member.name))
          continue;
        isNamed = true;
        if (!validates(member.value, each.value))
          return false;
      }
    const Json *others = schema.find("additionalProperties");
    if (!isNamed && others && !validates(member.value, *others))
      return false;
    if (const Json *names = schema.find("propertyNames"); names && !validates(Json::string(member.name), *names))
      return false;
  }
  for (std::string_view keyword : {"dependentRequired", "dependentSchemas", "dependencies"})
    if (const Json *all = schema.find(keyword))
      for (const JsonMember &each : all->members) {
        if (!value.find(each.name))
          continue;
        if (!each.value.isArray() && !validates(value, each.value))
          return false;
        for (const Json &name : each.value.items)
          if (!value.find(name.text))
            return false;
      }
  return true;
}

} // namespace gemmart
