// Unfolds schemas into branches without references, see SchemaShape.h.
#include "runtime/grammar/SchemaShape.h"

#include "runtime/base/Clock.h"
#include "runtime/base/Text.h"

#include <algorithm>

namespace gemmart {

bool ShapeBuilder::fail(GrammarProblem::Kind kind, const Json &schema, std::string_view keyword,
                        const std::string &message) {
  if (!hasFailed)
    *problem = {kind, message, document.pathOf(schema), std::string(keyword)};
  hasFailed = true;
  return false;
}

bool ShapeBuilder::build(bool rootIsObject, GrammarProblem &out) {
  problem = &out;
  onlyObjects = rootIsObject;
  end = secondsNow() + kMostSeconds;
  // A oneOf whose branches turn out to overlap is tried again with each branch excluding the others.
  while (true) {
    if (!buildOnce())
      return false;
    bool again = false;
    for (const Disjoint &pair : disjoint) {
      if (!all[pair.both].isSatisfiable)
        continue;
      if (!excluding.insert(pair.owner).second)
        continue;
      again = true;
    }
    if (!again)
      break;
    for (const Json *owner : excluding)
      for (const Json &branch : owner->find("oneOf")->items)
        if (!negation(branch, 0))
          return fail(GrammarProblem::Unsupported, *owner, "oneOf",
                      "more than one branch may hold for the same value; use anyOf, or give the branches different "
                      "types or a required constant");
  }
  if (!all[0].isInhabited)
    return fail(GrammarProblem::Unsatisfiable, document.root(), "", "no value satisfies the schema");
  return true;
}

bool ShapeBuilder::buildOnce() {
  all.clear();
  known.clear();
  disjoint.clear();
  shapeOf({{&document.root(), false}});
  for (ShapeId shape = 0; shape < all.size() && !failed(); ++shape) {
    if (all.size() > kMostShapes || secondsNow() > end)
      return fail(GrammarProblem::TooLarge, document.root(), "", "the schema is too large to be compiled in 0.5 s");
    work(shape);
  }
  if (!failed())
    settle();
  return !failed();
}

ShapeId ShapeBuilder::shapeOf(std::vector<SchemaAtom> atoms) {
  std::sort(atoms.begin(), atoms.end());
  atoms.erase(std::unique(atoms.begin(), atoms.end()), atoms.end());
  std::erase_if(atoms,
                [](const SchemaAtom &atom) { return atom.schema->kind == Json::Kind::Bool && atom.schema->flag; });
  auto [found, isNew] = known.try_emplace(atoms, ShapeId(all.size()));
  if (isNew)
    all.emplace_back().atoms = atoms;
  return found->second;
}

void ShapeBuilder::work(ShapeId name) {
  Shape shape = all[name];
  std::vector<Branch> open(1);
  open[0].todo = shape.atoms;
  size_t branches = 0;
  while (!open.empty() && !failed()) {
    Branch branch = std::move(open.back());
    open.pop_back();
    if (!unfold(branch))
      continue;
    if (branch.choices.empty()) {
      if (++branches > kMostAlternatives) {
        fail(GrammarProblem::TooLarge, *shape.atoms[0].schema, "", "more than 512 combinations of alternatives");
        return;
      }
      if (branch.leaves.empty())
        shape.isAny = true;
      else
        addAlternatives(branch.leaves, shape);
      continue;
    }
    std::vector<std::vector<const Json *>> options = std::move(branch.choices.back());
    branch.choices.pop_back();
    if (open.size() + options.size() > 4 * kMostAlternatives) {
      fail(GrammarProblem::TooLarge, *shape.atoms[0].schema, "", "more than 512 combinations of alternatives");
      return;
    }
    for (size_t i = options.size(); i-- > 0;) {
      Branch next = branch;
      for (const Json *schema : options[i])
        next.todo.push_back({schema, false});
      open.push_back(std::move(next));
    }
  }
  if (shape.isAny)
    shape.alternatives.clear();
  if (onlyObjects && name == 0)
    std::erase_if(shape.alternatives, [](ShapeAlternative &each) {
      std::erase_if(each.values, [](const Json *value) { return !value->isObject(); });
      return each.kind != ShapeAlternative::Object && each.values.empty();
    });
  all[name] = std::move(shape);
}

/// Works off what applies in place. False if the branch cannot hold.
bool ShapeBuilder::unfold(Branch &branch) {
  for (size_t at = 0; at < branch.todo.size(); ++at) {
    SchemaAtom atom = branch.todo[at];
    if (!branch.seen.insert(atom).second)
      continue;
    const Json &schema = *atom.schema;
    if (schema.kind == Json::Kind::Bool) {
      if (!schema.flag)
        return false;
      continue;
    }
    if (!schema.isObject())
      return fail(GrammarProblem::Invalid, schema, "", "a schema is an object, true or false");
    if (!checkLoops(schema, 0))
      return false;
    if (const Json *target = stoodFor(schema)) {
      branch.todo.push_back({target, false});
      continue;
    }
    checkNames(schema);
    if (const Json *reference = schema.find("$ref"); reference && !atom.own) {
      const Json *target = document.resolve(schema, *reference, *problem);
      if (!target) {
        hasFailed = true;
        return false;
      }
      branch.todo.push_back({target, false});
      if (document.draft() == Draft::Seven)
        continue;
    }
    if (!schema.members.empty())
      branch.leaves.push_back(&schema);
    if (atom.own)
      continue;
    if (const Json *list = schema.find("allOf"))
      for (const Json &each : list->items)
        branch.todo.push_back({&each, false});
    addChoices(schema, branch);
    if (failed())
      return false;
  }
  branch.todo.clear();
  return true;
}

/// References, allOf and the like that come back to their own schema for the same value mean nothing.
bool ShapeBuilder::checkLoops(const Json &schema, int depth) {
  if (!schema.isObject() || loops[&schema] == 2)
    return true;
  if (loops[&schema] == 1 || depth > 500)
    return fail(GrammarProblem::Unsupported, schema, "$ref", "the schema refers to itself for the same value");
  loops[&schema] = 1;
  bool good = true;
  if (const Json *target = stoodFor(schema))
    good = checkLoops(*target, depth + 1);
  if (const Json *reference = schema.find("$ref")) {
    const Json *target = document.resolve(schema, *reference, *problem);
    hasFailed |= !target;
    good = target && checkLoops(*target, depth + 1);
  }
  if (good && (document.draft() != Draft::Seven || !schema.find("$ref")))
    for (std::string_view keyword : {"allOf", "anyOf", "oneOf"})
      if (const Json *list = schema.find(keyword)) {
        if (!list->isArray() || list->items.empty())
          return fail(GrammarProblem::Invalid, schema, keyword, "takes an array of at least one schema");
        for (const Json &each : list->items)
          good = good && checkLoops(each, depth + 1);
      }
  for (std::string_view keyword : {"not", "if", "then", "else"})
    if (const Json *inner = schema.find(keyword))
      good = good && checkLoops(*inner, depth + 1);
  loops[&schema] = 2;
  return good;
}

/// Letters to change, add or leave out to come from one word to the other.
static size_t distance(std::string_view left, std::string_view right) {
  std::vector<size_t> row(right.size() + 1);
  for (size_t k = 0; k <= right.size(); ++k)
    row[k] = k;
  for (size_t i = 1; i <= left.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t k = 1; k <= right.size(); ++k) {
      size_t changed = diagonal + (left[i - 1] != right[k - 1]);
      diagonal = row[k];
      row[k] = std::min({changed, row[k] + 1, row[k - 1] + 1});
    }
  }
  return row.back();
}

/// Unknown keywords are annotations, but one that looks like a slip of the pen is not let pass.
void ShapeBuilder::checkNames(const Json &schema) {
  static constexpr std::string_view kKnown[] = {"$schema",
                                                "$id",
                                                "$ref",
                                                "$defs",
                                                "$anchor",
                                                "$comment",
                                                "$vocabulary",
                                                "$dynamicRef",
                                                "$dynamicAnchor",
                                                "$recursiveRef",
                                                "$recursiveAnchor",
                                                "definitions",
                                                "type",
                                                "enum",
                                                "const",
                                                "properties",
                                                "required",
                                                "additionalProperties",
                                                "patternProperties",
                                                "propertyNames",
                                                "minProperties",
                                                "maxProperties",
                                                "items",
                                                "prefixItems",
                                                "additionalItems",
                                                "minItems",
                                                "maxItems",
                                                "minLength",
                                                "maxLength",
                                                "pattern",
                                                "format",
                                                "minimum",
                                                "maximum",
                                                "exclusiveMinimum",
                                                "exclusiveMaximum",
                                                "multipleOf",
                                                "anyOf",
                                                "allOf",
                                                "oneOf",
                                                "not",
                                                "if",
                                                "then",
                                                "else",
                                                "dependentRequired",
                                                "dependentSchemas",
                                                "dependencies",
                                                "contains",
                                                "minContains",
                                                "maxContains",
                                                "uniqueItems",
                                                "unevaluatedItems",
                                                "unevaluatedProperties",
                                                "title",
                                                "description",
                                                "default",
                                                "examples",
                                                "deprecated",
                                                "readOnly",
                                                "writeOnly",
                                                "contentEncoding",
                                                "contentMediaType",
                                                "contentSchema"};
  static constexpr std::string_view kRefused[] = {"$dynamicRef", "$recursiveRef", "$vocabulary"};
  for (const JsonMember &member : schema.members) {
    if (std::find(std::begin(kRefused), std::end(kRefused), member.name) != std::end(kRefused)) {
      fail(GrammarProblem::Unsupported, schema, member.name, "cannot be enforced");
      return;
    }
    if (std::find(std::begin(kKnown), std::end(kKnown), member.name) != std::end(kKnown))
      continue;
    auto lower = [](std::string_view text) {
      std::string out(text);
      for (char &c : out)
        c = c >= 'A' && c <= 'Z' ? char(c + 32) : c;
      return out;
    };
    for (std::string_view name : kKnown)
      if (lower(name) == lower(member.name) ||
          (member.name.size() >= 8 && name.size() >= 8 && distance(member.name, name) <= 2)) {
        fail(GrammarProblem::Unsupported, schema, member.name,
             "is no keyword; did you mean '" + std::string(name) + "'?");
        return;
      }
  }
}

void ShapeBuilder::addChoices(const Json &schema, Branch &branch) {
  if (const Json *list = schema.find("anyOf")) {
    branch.choices.emplace_back();
    for (const Json &each : list->items)
      branch.choices.back().push_back({&each});
  }
  if (const Json *list = schema.find("oneOf"))
    addOneOf(schema, *list, branch);
  if (const Json *inner = schema.find("not")) {
    if (const Json *negated = negation(*inner, 0))
      branch.choices.push_back({{negated}});
    else
      fail(GrammarProblem::Unsupported, schema, "not", "cannot be enforced for this schema");
  }
  if (const Json *condition = schema.find("if")) {
    const Json *then = schema.find("then"), *otherwise = schema.find("else");
    const Json *negated = then || otherwise ? negation(*condition, 0) : nullptr;
    if (!then && !otherwise)
      return;
    if (!negated) {
      fail(GrammarProblem::Unsupported, schema, "if", "cannot be enforced for this condition");
      return;
    }
    branch.choices.push_back({{condition}, {negated}});
    if (then)
      branch.choices.back()[0].push_back(then);
    if (otherwise)
      branch.choices.back()[1].push_back(otherwise);
  }
  addDependencies(schema, branch);
}

void ShapeBuilder::addOneOf(const Json &schema, const Json &list, Branch &branch) {
  branch.choices.emplace_back();
  if (excluding.count(&schema)) {
    for (size_t i = 0; i < list.items.size(); ++i) {
      branch.choices.back().emplace_back();
      for (size_t k = 0; k < list.items.size(); ++k)
        if (const Json *each = k == i ? &list.items[k] : negation(list.items[k], 0))
          branch.choices.back().back().push_back(each);
    }
    return;
  }
  if (list.items.size() > 64)
    fail(GrammarProblem::TooLarge, schema, "oneOf", "more than 64 branches");
  for (size_t i = 0; i < list.items.size(); ++i) {
    branch.choices.back().push_back({&list.items[i]});
    for (size_t k = 0; k < i; ++k) // nothing may satisfy two of them
      disjoint.push_back({&schema, shapeOf({{&schema, true}, {&list.items[i], false}, {&list.items[k], false}})});
  }
}

static Json object(std::vector<JsonMember> members) {
  Json made;
  made.kind = Json::Kind::Object;
  made.members = std::move(members);
  return made;
}

static Json boolean(bool flag) {
  Json made;
  made.kind = Json::Kind::Bool;
  made.flag = flag;
  return made;
}

static Json array(std::vector<Json> items) {
  Json made;
  made.kind = Json::Kind::Array;
  made.items = std::move(items);
  return made;
}

/// If a property is there, so must others be, or a schema hold: either the property is not there, or they do.
void ShapeBuilder::addDependencies(const Json &schema, Branch &branch) {
  for (std::string_view keyword : {"dependentRequired", "dependentSchemas", "dependencies"}) {
    const Json *found = schema.find(keyword);
    bool isOld = document.draft() == Draft::Seven;
    if (!found || (isOld != (keyword == "dependencies") && document.draft() != Draft::Year2019))
      continue;
    if (!found->isObject()) {
      fail(GrammarProblem::Invalid, schema, keyword, "takes an object");
      return;
    }
    for (const JsonMember &each : found->members) {
      Json absent = object({{"type", array({Json::string("null"), Json::string("boolean"), Json::string("number"),
                                            Json::string("string"), Json::string("array"), Json::string("object")})},
                            {"properties", object({{each.name, boolean(false)}})}});
      Json present = object({{"type", Json::string("object")}});
      Json names = array({Json::string(each.name)});
      if (each.value.isArray())
        names.items.insert(names.items.end(), each.value.items.begin(), each.value.items.end());
      present.members.push_back({"required", names});
      branch.choices.push_back({{&document.keep(absent, schema)}, {&document.keep(present, schema)}});
      if (!each.value.isArray())
        branch.choices.back()[1].push_back(&each.value);
    }
  }
}

/// A schema that stands for another, which stays where it is.
Json ShapeBuilder::standIn(const Json &schema) {
  standIns.push_back(&schema);
  return object({{"\1is", Json::string(std::to_string(standIns.size() - 1))}});
}

/// What a schema made by standIn stands for; else null.
const Json *ShapeBuilder::stoodFor(const Json &schema) const {
  const Json *name = schema.find("\1is");
  return name ? standIns[std::stoul(name->text)] : nullptr;
}

/// A schema for exactly the values that do not satisfy this one; null if there is none that could be enforced.
const Json *ShapeBuilder::negation(const Json &schema, int depth) {
  if (auto found = negations.find(&schema); found != negations.end())
    return found->second;
  if (schema.kind == Json::Kind::Bool)
    return negations[&schema] = &document.keep(boolean(!schema.flag), schema);
  if (!schema.isObject() || depth > 30)
    return nullptr;
  std::vector<Json> ways; // each makes the schema fail
  auto inner = [&](const Json &each) { return negation(each, depth + 1); };
  auto ofType = [&](const char *type, std::vector<JsonMember> members) {
    members.insert(members.begin(), {"type", Json::string(type)});
    ways.push_back(object(std::move(members)));
  };
  auto whole = [](uint64_t value) {
    Json made;
    made.kind = Json::Kind::Number;
    made.text = std::to_string(value);
    return made;
  };
  bool isReference = document.draft() == Draft::Seven && schema.find("$ref");
  for (const auto &[name, value] : schema.members) {
    if (isReference && name != "$ref")
      continue;
    static constexpr std::pair<std::string_view, const char *> kLeast[] = {
        {"minLength", "string"}, {"minItems", "array"}, {"minProperties", "object"}};
    static constexpr std::string_view kNotes[] = {
        "$schema",      "$id",         "$anchor", "$comment",       "$defs",           "definitions",
        "title",        "description", "default", "examples",       "deprecated",      "readOnly",
        "writeOnly",    "then",        "else",    "$dynamicAnchor", "contentEncoding", "contentMediaType",
        "contentSchema"};
    if (std::find(std::begin(kNotes), std::end(kNotes), name) != std::end(kNotes))
      continue;
    if (const Json *target = stoodFor(schema)) {
      const Json *negated = inner(*target);
      return negated ? negations[&schema] = negated : nullptr;
    }
    bool isDone = false;
    for (auto [keyword, type] : kLeast) {
      std::string most = "max" + std::string(keyword.substr(3));
      if (name == keyword) {
        uint32_t least = limit(schema, name, 0);
        if (least > 0)
          ofType(type, {{most, whole(least - 1)}});
        isDone = true;
      } else if (name == most) {
        ofType(type, {{std::string(keyword), whole(uint64_t(limit(schema, name, 0)) + 1)}});
        isDone = true;
      }
    }
    if (isDone)
      continue;
    if (name == "type") {
      bool isInteger = false;
      uint32_t mask = types(schema, isInteger);
      if (isInteger)
        return nullptr;
      Json others = array({});
      static constexpr std::pair<Json::Kind, const char *> kTypes[] = {
          {Json::Kind::Null, "null"},     {Json::Kind::Bool, "boolean"}, {Json::Kind::Number, "number"},
          {Json::Kind::String, "string"}, {Json::Kind::Array, "array"},  {Json::Kind::Object, "object"}};
      for (auto [kind, word] : kTypes)
        if (!(mask >> uint32_t(kind) & 1))
          others.items.push_back(Json::string(word));
      if (!others.items.empty())
        ways.push_back(object({{"type", others}}));
    } else if (name == "minimum" || name == "maximum" || name == "exclusiveMinimum" || name == "exclusiveMaximum") {
      const char *other = name == "minimum"            ? "exclusiveMaximum"
                          : name == "maximum"          ? "exclusiveMinimum"
                          : name == "exclusiveMinimum" ? "maximum"
                                                       : "minimum";
      ofType("number", {{other, value}});
    } else if (name == "required") {
      for (const Json &each : value.items)
        ofType("object", {{"properties", object({{each.text, boolean(false)}})}});
    } else if (name == "properties" && value.isObject()) {
      for (const JsonMember &each : value.members) {
        const Json *negated = inner(each.value);
        if (!negated)
          return nullptr;
        if (negated->kind == Json::Kind::Bool && !negated->flag)
          continue;
        ofType("object", {{"properties", object({{each.name, standIn(*negated)}})},
                          {"required", array({Json::string(each.name)})}});
      }
    } else if (name == "const" || name == "enum") {
      Json excluded = name == "const" ? array({value}) : value;
      for (const Json &each : excluded.items)
        if (each.kind == Json::Kind::Number || each.isArray() || each.isObject())
          return nullptr;
      ways.push_back(object({{"\1notEnum", excluded}}));
    } else if (name == "pattern") {
      ofType("string", {{"\1notPattern", value}});
    } else if (name == "allOf") {
      for (const Json &each : value.items) {
        const Json *negated = inner(each);
        if (!negated)
          return nullptr;
        ways.push_back(standIn(*negated));
      }
    } else if (name == "anyOf") {
      Json both = array({});
      for (const Json &each : value.items) {
        const Json *negated = inner(each);
        if (!negated)
          return nullptr;
        both.items.push_back(standIn(*negated));
      }
      ways.push_back(object({{"allOf", both}}));
    } else if (name == "not") {
      ways.push_back(standIn(value));
    } else if (name == "$ref") {
      const Json *target = document.resolve(schema, value, *problem);
      const Json *negated = target && target != &document.root() ? inner(*target) : nullptr;
      if (!negated)
        return nullptr;
      ways.push_back(standIn(*negated));
    } else if (name == "if" && !schema.find("then") && !schema.find("else")) {
      continue;
    } else if (name[0] == '\1' || name == "format" || name == "oneOf" || name == "if" || name == "multipleOf" ||
               name == "items" || name == "prefixItems" || name == "additionalItems" ||
               name == "additionalProperties" || name == "patternProperties" || name == "propertyNames" ||
               name == "contains" || name == "uniqueItems" || name.starts_with("unevaluated") ||
               name.starts_with("depend") || name == "$dynamicRef" || name == "$recursiveRef" ||
               name == "minContains" || name == "maxContains") {
      return nullptr;
    }
  }
  Json made = ways.empty() ? boolean(false) : object({{"anyOf", array(std::move(ways))}});
  return negations[&schema] = &document.keep(std::move(made), schema);
}

/// Least fixed points: what can be written, and what could be satisfied at all.
void ShapeBuilder::settle() {
  for (bool written : {true, false}) {
    for (bool changed = true; changed;) {
      changed = false;
      for (size_t at = all.size(); at-- > 0;) { // what a shape is made of mostly stands behind it
        Shape &shape = all[at];
        bool &is = written ? shape.isInhabited : shape.isSatisfiable;
        if (is)
          continue;
        is = shape.isAny || std::any_of(shape.alternatives.begin(), shape.alternatives.end(),
                                        [&](const ShapeAlternative &each) { return canBe(each, written); });
        changed |= is;
      }
    }
  }
}

bool ShapeBuilder::canBe(const ShapeAlternative &alternative, bool written) const {
  auto good = [&](ShapeId shape) { return written ? all[shape].isInhabited : all[shape].isSatisfiable; };
  switch (alternative.kind) {
  case ShapeAlternative::Null:
  case ShapeAlternative::Bool:
    return true;
  case ShapeAlternative::Values:
    return !alternative.values.empty();
  case ShapeAlternative::Number: {
    if (!written)
      return !alternative.numbers.isEmpty();
    NetworkBuilder scratch;
    bool isEmpty = false;
    return alternative.numbers.isFree() || (addNumber(scratch, alternative.numbers, isEmpty) && !isEmpty);
  }
  case ShapeAlternative::String:
    if (!written && alternative.isNarrow)
      return true;
    return alternative.text ? !alternative.text->empty() : alternative.least <= alternative.most;
  case ShapeAlternative::Array: {
    if (alternative.least > alternative.most)
      return false;
    for (size_t i = 0; i < alternative.least; ++i) {
      if (i < alternative.items.size() ? !good(alternative.items[i]) : !alternative.rest || !good(*alternative.rest))
        return false;
      if (i >= alternative.items.size())
        break; // the others are the same
    }
    return true;
  }
  case ShapeAlternative::Object: {
    size_t required = 0, possible = 0;
    bool hasFree = false;
    for (const ShapeProperty &property : alternative.properties) {
      required += property.required;
      possible += good(property.value);
      if (property.required && !good(property.value))
        return false;
    }
    for (const ShapeKeys &each : alternative.keys)
      hasFree |= good(each.value) && alternative.least <= each.most;
    return required <= alternative.most && alternative.least <= alternative.most &&
           (hasFree || alternative.least <= possible);
  }
  }
  return false;
}

} // namespace gemmart
