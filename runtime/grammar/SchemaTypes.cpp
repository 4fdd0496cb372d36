// From the keywords of the schemas that hold together to what each JSON type may be, see SchemaShape.h.
#include "runtime/grammar/SchemaShape.h"

#include <algorithm>

namespace gemmart {

uint32_t ShapeBuilder::types(const Json &schema, bool &isInteger) {
  constexpr uint32_t kAll = 63;
  const Json *type = schema.find("type");
  if (!type)
    return kAll;
  std::vector<const Json *> names;
  if (type->isArray())
    for (const Json &each : type->items)
      names.push_back(&each);
  else
    names.push_back(type);
  uint32_t mask = 0;
  bool number = false, integer = false;
  static constexpr std::pair<std::string_view, Json::Kind> kTypes[] = {
      {"null", Json::Kind::Null},     {"boolean", Json::Kind::Bool}, {"number", Json::Kind::Number},
      {"string", Json::Kind::String}, {"array", Json::Kind::Array},  {"object", Json::Kind::Object},
      {"integer", Json::Kind::Number}};
  for (const Json *each : names) {
    bool known = false;
    for (auto [name, kind] : kTypes)
      if (each->isString() && each->text == name) {
        mask |= 1u << uint32_t(kind);
        number |= name == "number";
        integer |= name == "integer";
        known = true;
      }
    if (!known)
      fail(GrammarProblem::Invalid, schema, "type",
           "takes null, boolean, integer, number, string, array, object, or an array of them");
  }
  isInteger |= integer && !number;
  return mask;
}

uint32_t ShapeBuilder::limit(const Json &schema, std::string_view keyword, uint32_t otherwise) {
  const Json *value = schema.find(keyword);
  if (!value)
    return otherwise;
  std::optional<Decimal> number;
  if (value->kind == Json::Kind::Number)
    number = Decimal::parse(value->text);
  if (!number || number->negative || !number->isInteger()) {
    fail(GrammarProblem::Invalid, schema, keyword, "takes a whole number that is not negative");
    return otherwise;
  }
  std::string digits = number->whole();
  return digits.size() > 9 ? UINT32_MAX - 1 : uint32_t(std::stoul(digits));
}

std::optional<Decimal> ShapeBuilder::number(const Json &schema, std::string_view keyword) {
  const Json *value = schema.find(keyword);
  if (!value)
    return std::nullopt;
  std::optional<Decimal> made;
  if (value->kind == Json::Kind::Number)
    made = Decimal::parse(value->text);
  if (!made)
    fail(GrammarProblem::Invalid, schema, keyword, "takes a number that a double can hold");
  return made;
}

void ShapeBuilder::limitNumbers(const Json &schema, NumberLimits &limits) {
  if (std::optional<Decimal> bound = number(schema, "minimum"))
    limits.atLeast(*bound, false);
  if (std::optional<Decimal> bound = number(schema, "exclusiveMinimum"))
    limits.atLeast(*bound, true);
  if (std::optional<Decimal> bound = number(schema, "maximum"))
    limits.atMost(*bound, false);
  if (std::optional<Decimal> bound = number(schema, "exclusiveMaximum"))
    limits.atMost(*bound, true);
  if (std::optional<Decimal> factor = number(schema, "multipleOf")) {
    if (factor->negative || factor->isZero())
      fail(GrammarProblem::Invalid, schema, "multipleOf", "takes a number above zero");
    else
      limits.multipleOf.push_back(*factor);
  }
}

const CharAutomaton *ShapeBuilder::pattern(const Json &schema, std::string_view keyword, const std::string &text) {
  auto [found, isNew] = patterns.try_emplace(text);
  if (!isNew)
    return &found->second;
  bool isUnsupported = false;
  Result<RegexTree> tree = parseRegex(text, isUnsupported);
  if (!tree) {
    fail(isUnsupported ? GrammarProblem::Unsupported : GrammarProblem::Invalid, schema, keyword,
         tree.status().message());
    return nullptr;
  }
  std::optional<CharAutomaton> automaton = CharAutomaton::of(*tree, true);
  if (!automaton) {
    fail(GrammarProblem::TooLarge, schema, keyword, "the automaton of the regular expression has too many states");
    return nullptr;
  }
  found->second = std::move(*automaton);
  return &found->second;
}

/// The automaton of a format of strings; null if the format says nothing about strings.
const CharAutomaton *ShapeBuilder::textFormat(const Json &schema, const std::string &name) {
  static constexpr std::string_view kOther[] = {"int32", "int64", "float", "double", "byte", "binary", "password"};
  std::string_view known = formatPattern(name);
  if (known.empty()) {
    if (std::find(std::begin(kOther), std::end(kOther), name) == std::end(kOther))
      fail(GrammarProblem::Unsupported, schema, "format",
           "'" + name + "' is not enforced; these are: date-time date time duration email hostname ipv4 ipv6 uuid uri");
    return nullptr;
  }
  auto [found, isNew] = patterns.try_emplace("\1" + name);
  if (isNew) {
    bool isUnsupported = false;
    Result<RegexTree> tree = parseRegex(known, isUnsupported);
    std::optional<CharAutomaton> automaton = tree ? CharAutomaton::of(*tree, false) : std::nullopt;
    if (automaton)
      found->second = std::move(*automaton);
  }
  return &found->second;
}

void ShapeBuilder::addAlternatives(const std::vector<const Json *> &leaves, Shape &shape) {
  uint32_t mask = 63;
  bool isInteger = false, isFixed = false;
  for (const Json *leaf : leaves) {
    mask &= types(*leaf, isInteger);
    isFixed |= leaf->find("const") || leaf->find("enum");
  }
  if (isFixed)
    return addValues(leaves, shape);
  auto isExcluded = [&](const Json &value) {
    return std::any_of(leaves.begin(), leaves.end(), [&](const Json *leaf) {
      const Json *excluded = leaf->find("\1notEnum");
      return excluded && std::any_of(excluded->items.begin(), excluded->items.end(),
                                     [&](const Json &each) { return sameJson(value, each); });
    });
  };
  auto has = [&](Json::Kind kind) { return (mask >> uint32_t(kind) & 1) != 0; };
  if (has(Json::Kind::Null) && !isExcluded(Json()))
    shape.alternatives.push_back({ShapeAlternative::Null});
  if (has(Json::Kind::Bool)) {
    static const Json kTrue = *parseJson("true"), kFalse = *parseJson("false");
    ShapeAlternative words{ShapeAlternative::Values};
    for (const Json *word : {&kTrue, &kFalse})
      if (!isExcluded(*word))
        words.values.push_back(word);
    shape.alternatives.push_back(std::move(words));
  }
  if (has(Json::Kind::Number))
    addNumbers(leaves, isInteger, shape);
  if (has(Json::Kind::String))
    addStrings(leaves, shape);
  if (has(Json::Kind::Array))
    addArrays(leaves, shape);
  if (has(Json::Kind::Object))
    addObjects(leaves, shape);
}

void ShapeBuilder::addValues(const std::vector<const Json *> &leaves, Shape &shape) {
  ShapeAlternative fixed{ShapeAlternative::Values};
  for (const Json *leaf : leaves)
    if (const Json *constant = leaf->find("const")) {
      fixed.values = {constant};
      break;
    }
  for (const Json *leaf : leaves) {
    const Json *choices = leaf->find("enum");
    if (!choices || !fixed.values.empty())
      continue;
    if (!choices->isArray()) {
      fail(GrammarProblem::Invalid, *leaf, "enum", "takes an array");
      return;
    }
    if (choices->items.size() > 10000) {
      fail(GrammarProblem::TooLarge, *leaf, "enum", "more than 10,000 values");
      return;
    }
    for (const Json &each : choices->items)
      fixed.values.push_back(&each);
  }
  std::erase_if(fixed.values, [&](const Json *value) {
    return !std::all_of(leaves.begin(), leaves.end(), [&](const Json *leaf) {
      const Json *excluded = leaf->find("\1notEnum"), *other = leaf->find("\1notPattern");
      if (excluded && std::any_of(excluded->items.begin(), excluded->items.end(),
                                  [&](const Json &each) { return sameJson(*value, each); }))
        return false;
      if (other && value->isString()) {
        const CharAutomaton *automaton = pattern(*leaf, "pattern", other->text);
        if (!automaton || automaton->matches(value->text))
          return false;
      }
      return satisfiesOwn(*value, *leaf);
    });
  });
  shape.alternatives.push_back(std::move(fixed));
}

void ShapeBuilder::addNumbers(const std::vector<const Json *> &leaves, bool isInteger, Shape &shape) {
  ShapeAlternative made{ShapeAlternative::Number};
  made.numbers.isInteger = isInteger;
  for (const Json *leaf : leaves) {
    limitNumbers(*leaf, made.numbers);
    const Json *name = leaf->find("format");
    if (name && (name->text == "int32" || name->text == "int64")) {
      bool isShort = name->text == "int32";
      made.numbers.isInteger = true;
      made.numbers.atLeast(*Decimal::parse(isShort ? "-2147483648" : "-9223372036854775808"), false);
      made.numbers.atMost(*Decimal::parse(isShort ? "2147483647" : "9223372036854775807"), false);
    }
  }
  if (!made.numbers.multipleOf.empty() && !failed()) {
    NetworkBuilder scratch;
    bool isEmpty = false;
    if (!addNumber(scratch, made.numbers, isEmpty)) {
      fail(GrammarProblem::TooLarge, *leaves[0], "multipleOf", "the automaton of the multiples has too many states");
      return;
    }
  }
  shape.alternatives.push_back(std::move(made));
}

void ShapeBuilder::addStrings(const std::vector<const Json *> &leaves, Shape &shape) {
  ShapeAlternative made{ShapeAlternative::String};
  auto narrow = [&](const Json &leaf, const CharAutomaton &other, std::string_view keyword, bool matches) {
    if (!made.text)
      made.text = CharAutomaton::of(RegexTree::repeat(RegexTree::of(CharSet::any()), 0, RegexTree::endless), false);
    std::optional<CharAutomaton> both =
        CharAutomaton::combine(*made.text, other, [&](bool left, bool right) { return left && right == matches; });
    if (!both) {
      fail(GrammarProblem::TooLarge, leaf, keyword, "the automaton of the string has too many states");
      return;
    }
    made.text = std::move(*both);
  };
  for (const Json *leaf : leaves) {
    made.least = std::max(made.least, limit(*leaf, "minLength", 0));
    made.most = std::min(made.most, limit(*leaf, "maxLength", UINT32_MAX));
    for (std::string_view keyword : {"pattern", "\1notPattern"})
      if (const Json *text = leaf->find(keyword)) {
        if (!text->isString()) {
          fail(GrammarProblem::Invalid, *leaf, keyword, "takes a string");
          return;
        }
        if (const CharAutomaton *automaton = pattern(*leaf, "pattern", text->text))
          narrow(*leaf, *automaton, "pattern", keyword == "pattern");
      }
    if (const Json *name = leaf->find("format")) {
      if (!name->isString()) {
        fail(GrammarProblem::Invalid, *leaf, "format", "takes a string");
        return;
      }
      if (const CharAutomaton *automaton = textFormat(*leaf, name->text)) {
        narrow(*leaf, *automaton, "format", true);
        made.isNarrow = true;
      }
    }
    if (const Json *excluded = leaf->find("\1notEnum")) {
      std::vector<std::string> texts;
      for (const Json &each : excluded->items)
        if (each.isString())
          texts.push_back(each.text);
      if (!texts.empty())
        narrow(*leaf, CharAutomaton::ofTexts(texts), "enum", false);
    }
    if (failed())
      return;
  }
  if (made.text && (made.least > 0 || made.most != UINT32_MAX) && made.least <= made.most) {
    std::optional<CharAutomaton> length =
        made.least > 100000 || (made.most != UINT32_MAX && made.most > 100000)
            ? std::nullopt
            : CharAutomaton::ofLength(made.least, made.most == UINT32_MAX ? RegexTree::endless : made.most);
    if (!length) {
      fail(GrammarProblem::TooLarge, *leaves[0], "maxLength", "beside a pattern or format, at most 20,000 characters");
      return;
    }
    narrow(*leaves[0], *length, "maxLength", true);
  } else if (made.text && made.least > made.most) {
    made.text = CharAutomaton();
  }
  shape.alternatives.push_back(std::move(made));
}

void ShapeBuilder::addArrays(const std::vector<const Json *> &leaves, Shape &shape) {
  ShapeAlternative made{ShapeAlternative::Array};
  struct Leaf {
    const Json *first = nullptr, *rest = nullptr;
  };
  std::vector<Leaf> all_;
  size_t named = 0;
  for (const Json *leaf : leaves) {
    Leaf each;
    const Json *items = leaf->find("items");
    each.rest = items;
    if (document.draft() == Draft::Year2020) {
      each.first = leaf->find("prefixItems");
    } else if (items && items->isArray()) {
      each.first = items;
      each.rest = leaf->find("additionalItems");
    }
    if ((each.first && !each.first->isArray()) || (each.rest && each.rest->isArray())) {
      fail(GrammarProblem::Invalid, *leaf, each.first ? "prefixItems" : "items",
           "items takes a schema and prefixItems an array of schemas in this draft");
      return;
    }
    named = std::max(named, each.first ? each.first->items.size() : 0);
    made.least = std::max(made.least, limit(*leaf, "minItems", 0));
    made.most = std::min(made.most, limit(*leaf, "maxItems", UINT32_MAX));
    all_.push_back(each);
  }
  for (const Json *leaf : leaves) {
    bool isOld = document.draft() == Draft::Seven;
    if (const Json *unique = leaf->find("uniqueItems"); unique && unique->flag && made.most > 1)
      fail(GrammarProblem::Unsupported, *leaf, "uniqueItems", "cannot be enforced");
    if (leaf->find("contains") && (isOld || limit(*leaf, "minContains", 1) > 0 || leaf->find("maxContains")))
      fail(GrammarProblem::Unsupported, *leaf, "contains", "cannot be enforced");
    if (const Json *others = leaf->find("unevaluatedItems");
        others && !isOld && !(others->kind == Json::Kind::Bool && others->flag))
      fail(GrammarProblem::Unsupported, *leaf, "unevaluatedItems", "cannot be enforced");
    if (failed())
      return;
  }
  auto atomsAt = [&](size_t index) {
    std::vector<SchemaAtom> atoms;
    for (const Leaf &leaf : all_)
      if (const Json *schema = leaf.first && index < leaf.first->items.size() ? &leaf.first->items[index] : leaf.rest)
        atoms.push_back({schema, false});
    return atoms;
  };
  for (size_t i = 0; i < named; ++i)
    made.items.push_back(shapeOf(atomsAt(i)));
  made.rest = shapeOf(atomsAt(SIZE_MAX));
  shape.alternatives.push_back(std::move(made));
}

/// Adds a named property; false if it must be there and cannot.
bool ShapeBuilder::addProperty(const std::vector<const Json *> &leaves, const std::string &name, bool required,
                               ShapeAlternative &object) {
  std::vector<SchemaAtom> atoms;
  for (const Json *leaf : leaves) {
    bool isNamed = false;
    const Json *properties = leaf->find("properties"), *byPattern = leaf->find("patternProperties");
    if (const Json *inner = properties ? properties->find(name) : nullptr) {
      atoms.push_back({inner, false});
      isNamed = true;
    }
    if (byPattern)
      for (const JsonMember &each : byPattern->members) {
        const CharAutomaton *automaton = pattern(*leaf, "patternProperties", each.name);
        if (!automaton)
          return true;
        if (automaton->matches(name)) {
          atoms.push_back({&each.value, false});
          isNamed = true;
        }
      }
    if (const Json *others = leaf->find("additionalProperties"); others && !isNamed)
      atoms.push_back({others, false});
    if (const Json *names = leaf->find("propertyNames"); names && !validates(Json::string(name), *names))
      return !required;
  }
  object.properties.push_back({name, shapeOf(std::move(atoms)), required});
  return true;
}

/// The names that a schema for names allows, worked out as the strings of its shape.
std::optional<CharAutomaton> ShapeBuilder::keysOf(const Json &propertyNames) {
  Shape names;
  std::vector<Branch> open(1);
  open[0].todo = {{&propertyNames, false}};
  CharAutomaton allowed;
  while (!open.empty() && !failed()) {
    Branch branch = std::move(open.back());
    open.pop_back();
    if (!unfold(branch))
      continue;
    if (!branch.choices.empty()) {
      std::vector<std::vector<const Json *>> options = std::move(branch.choices.back());
      branch.choices.pop_back();
      for (const std::vector<const Json *> &option : options) {
        open.push_back(branch);
        for (const Json *schema : option)
          open.back().todo.push_back({schema, false});
      }
      if (open.size() > kMostAlternatives)
        return std::nullopt;
      continue;
    }
    if (branch.leaves.empty())
      names.isAny = true;
    else
      addAlternatives(branch.leaves, names);
  }
  if (names.isAny)
    return CharAutomaton::of(RegexTree::repeat(RegexTree::of(CharSet::any()), 0, RegexTree::endless), false);
  for (const ShapeAlternative &each : names.alternatives) {
    std::optional<CharAutomaton> one;
    if (each.kind == ShapeAlternative::String) {
      one = each.text ? each.text : CharAutomaton::ofLength(each.least, each.most);
      if (!one)
        return std::nullopt;
    } else if (each.kind == ShapeAlternative::Values) {
      std::vector<std::string> texts;
      for (const Json *value : each.values)
        if (value->isString())
          texts.push_back(value->text);
      one = CharAutomaton::ofTexts(texts);
    } else {
      continue;
    }
    std::optional<CharAutomaton> both =
        CharAutomaton::combine(allowed, *one, [](bool left, bool right) { return left || right; });
    if (!both)
      return std::nullopt;
    allowed = std::move(*both);
  }
  return allowed;
}

void ShapeBuilder::addFreeKeys(const std::vector<const Json *> &leaves, ShapeAlternative &object,
                               const std::vector<std::string> &named) {
  struct Class {
    std::optional<CharAutomaton> keys;
    std::vector<SchemaAtom> atoms;
    bool isNamed = false; ///< by a pattern of the schema at hand
  };
  const CharAutomaton everything =
      *CharAutomaton::of(RegexTree::repeat(RegexTree::of(CharSet::any()), 0, RegexTree::endless), false);
  std::vector<Class> classes(1);
  bool tooLarge = false;
  auto restrict = [&](const Class &from, const CharAutomaton &other, bool matches) {
    Class made = from;
    std::optional<CharAutomaton> both = CharAutomaton::combine(
        from.keys ? *from.keys : everything, other, [&](bool left, bool right) { return left && right == matches; });
    tooLarge |= !both;
    made.keys = both ? std::move(*both) : CharAutomaton();
    return made;
  };
  if (!named.empty())
    classes[0] = restrict(classes[0], CharAutomaton::ofTexts(named), false);
  for (const Json *leaf : leaves) {
    for (Class &each : classes)
      each.isNamed = false;
    if (const Json *byPattern = leaf->find("patternProperties"))
      for (const JsonMember &member : byPattern->members) {
        const CharAutomaton *automaton = pattern(*leaf, "patternProperties", member.name);
        if (!automaton)
          return;
        std::vector<Class> split;
        for (const Class &each : classes) {
          split.push_back(restrict(each, *automaton, true));
          split.back().atoms.push_back({&member.value, false});
          split.back().isNamed = true;
          split.push_back(restrict(each, *automaton, false));
        }
        std::erase_if(split, [](const Class &each) { return each.keys->empty(); });
        classes = std::move(split);
        if (classes.size() > 64 || tooLarge) {
          fail(GrammarProblem::TooLarge, *leaf, "patternProperties", "the patterns overlap in too many ways");
          return;
        }
      }
    if (const Json *others = leaf->find("additionalProperties"))
      for (Class &each : classes)
        if (!each.isNamed)
          each.atoms.push_back({others, false});
    if (const Json *names = leaf->find("propertyNames")) {
      std::optional<CharAutomaton> allowed = keysOf(*names);
      if (failed())
        return;
      for (Class &each : classes)
        if (allowed)
          each = restrict(each, *allowed, true);
      if (!allowed || tooLarge) {
        fail(GrammarProblem::TooLarge, *leaf, "propertyNames", "the automaton of the names has too many states");
        return;
      }
    }
  }
  for (Class &each : classes) {
    if (each.keys && each.keys->empty())
      continue;
    // A few keys are named; of more at most as many properties may come as there are keys.
    constexpr size_t kFew = 64, kMany = 5000;
    ShapeKeys made{std::move(each.keys), shapeOf(std::move(each.atoms)), UINT32_MAX};
    std::vector<std::string> texts;
    bool isFinite = made.keys && made.keys->listTexts(kMany, texts);
    if (isFinite && texts.size() <= kFew) {
      for (const std::string &text : texts)
        object.properties.push_back({text, made.value, false});
      continue;
    }
    if (isFinite)
      made.most = uint32_t(texts.size());
    object.keys.push_back(std::move(made));
  }
}

void ShapeBuilder::addObjects(const std::vector<const Json *> &leaves, Shape &shape) {
  ShapeAlternative made{ShapeAlternative::Object};
  std::vector<std::string> order;
  std::set<std::string> seen, required;
  for (const Json *leaf : leaves) {
    made.least = std::max(made.least, limit(*leaf, "minProperties", 0));
    made.most = std::min(made.most, limit(*leaf, "maxProperties", UINT32_MAX));
    for (std::string_view keyword : {"properties", "patternProperties"})
      if (const Json *map = leaf->find(keyword); map && !map->isObject()) {
        fail(GrammarProblem::Invalid, *leaf, keyword, "takes an object");
        return;
      }
    if (const Json *others = leaf->find("unevaluatedProperties");
        others && document.draft() != Draft::Seven && !(others->kind == Json::Kind::Bool && others->flag)) {
      fail(GrammarProblem::Unsupported, *leaf, "unevaluatedProperties", "cannot be enforced");
      return;
    }
    if (const Json *properties = leaf->find("properties"))
      for (const JsonMember &member : properties->members)
        if (seen.insert(member.name).second)
          order.push_back(member.name);
  }
  for (const Json *leaf : leaves)
    if (const Json *names = leaf->find("required")) {
      if (!names->isArray()) {
        fail(GrammarProblem::Invalid, *leaf, "required", "takes an array of names");
        return;
      }
      for (const Json &name : names->items) {
        if (!name.isString()) {
          fail(GrammarProblem::Invalid, *leaf, "required", "takes an array of names");
          return;
        }
        required.insert(name.text);
        if (seen.insert(name.text).second)
          order.push_back(name.text);
      }
    }
  for (const std::string &name : order)
    if (!addProperty(leaves, name, required.count(name) > 0, made))
      return;
  if (!failed())
    addFreeKeys(leaves, made, order);
  if (!failed())
    shape.alternatives.push_back(std::move(made));
}

} // namespace gemmart
