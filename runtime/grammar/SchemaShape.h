// What a schema allows, sorted by JSON type: references, allOf and the like are worked out, so that each shape can be
// written down as a rule.
#ifndef RUNTIME_GRAMMAR_SCHEMASHAPE_H
#define RUNTIME_GRAMMAR_SCHEMASHAPE_H

#include "runtime/grammar/CharAutomaton.h"
#include "runtime/grammar/NumberRule.h"
#include "runtime/grammar/SchemaDocument.h"

#include <set>

namespace gemmart {

/// A schema that has to hold; with `own` only its own assertions, without the schemas that it applies in place.
struct SchemaAtom {
  const Json *schema;
  bool own;
  auto operator<=>(const SchemaAtom &) const = default;
};

using ShapeId = uint32_t;

struct ShapeProperty {
  std::string name;
  ShapeId value;
  bool required;
};

/// Keys that are not named.
struct ShapeKeys {
  std::optional<CharAutomaton> keys; ///< none: any key
  ShapeId value;
  uint32_t most = UINT32_MAX; ///< so many such keys are there at most
};

/// One way to satisfy a schema.
struct ShapeAlternative {
  enum Kind { Values, Null, Bool, Number, String, Array, Object };
  Kind kind;
  std::vector<const Json *> values;
  NumberLimits numbers;
  uint32_t least = 0, most = UINT32_MAX; ///< characters, items, properties
  std::optional<CharAutomaton> text;     ///< of a String; the lengths are in it
  bool isNarrow = false;                 ///< the schema allows other strings, too
  std::vector<ShapeId> items;            ///< the first ones
  std::optional<ShapeId> rest;           ///< the others
  std::vector<ShapeProperty> properties; ///< in the order of the text
  std::vector<ShapeKeys> keys;
};

struct Shape {
  std::vector<SchemaAtom> atoms;
  std::vector<ShapeAlternative> alternatives;
  bool isAny = false;         ///< any JSON at all
  bool isInhabited = false;   ///< something can be written for it
  bool isSatisfiable = false; ///< false: for sure nothing satisfies it, however it is written
};

/// Works a document out into shapes. Shape 0 is the root's.
class ShapeBuilder {
public:
  explicit ShapeBuilder(SchemaDocument &document) : document(document) {}
  /// With `onlyObjects` the root's values are objects, whatever the schema says.
  bool build(bool onlyObjects, GrammarProblem &problem);
  const std::vector<Shape> &shapes() const { return all; }
  /// Whether a value satisfies a schema. A keyword that this cannot tell sets the problem.
  bool validates(const Json &value, const Json &schema);

private:
  static constexpr double kMostSeconds = 0.5;
  static constexpr size_t kMostShapes = 20000, kMostAlternatives = 512;
  struct Branch {
    std::vector<SchemaAtom> todo;
    std::set<SchemaAtom> seen;
    std::vector<const Json *> leaves;
    std::vector<std::vector<std::vector<const Json *>>>
        choices; ///< of each choice one option, all of whose schemas hold
  };
  struct Disjoint {
    const Json *owner;
    ShapeId both;
  };
  bool fail(GrammarProblem::Kind kind, const Json &schema, std::string_view keyword, const std::string &message);
  bool failed() const { return hasFailed; }
  bool buildOnce();
  ShapeId shapeOf(std::vector<SchemaAtom> atoms);
  void work(ShapeId shape);
  bool unfold(Branch &branch);
  void addChoices(const Json &schema, Branch &branch);
  void addOneOf(const Json &schema, const Json &branches, Branch &branch);
  void addDependencies(const Json &schema, Branch &branch);
  bool checkLoops(const Json &schema, int depth);
  void checkNames(const Json &schema);

  void addAlternatives(const std::vector<const Json *> &leaves, Shape &shape);
  void addValues(const std::vector<const Json *> &leaves, Shape &shape);
  void addNumbers(const std::vector<const Json *> &leaves, bool isInteger, Shape &shape);
  void addStrings(const std::vector<const Json *> &leaves, Shape &shape);
  void addArrays(const std::vector<const Json *> &leaves, Shape &shape);
  void addObjects(const std::vector<const Json *> &leaves, Shape &shape);
  bool addProperty(const std::vector<const Json *> &leaves, const std::string &name, bool required,
                   ShapeAlternative &object);
  void addFreeKeys(const std::vector<const Json *> &leaves, ShapeAlternative &object,
                   const std::vector<std::string> &named);
  std::optional<CharAutomaton> keysOf(const Json &propertyNames);
  void settle();
  bool canBe(const ShapeAlternative &alternative, bool written) const;

  // Keywords
  uint32_t types(const Json &schema, bool &isInteger);
  uint32_t limit(const Json &schema, std::string_view keyword, uint32_t otherwise);
  const CharAutomaton *pattern(const Json &schema, std::string_view keyword, const std::string &text);
  const CharAutomaton *textFormat(const Json &schema, const std::string &name);
  std::optional<Decimal> number(const Json &schema, std::string_view keyword);
  void limitNumbers(const Json &schema, NumberLimits &limits);
  const Json *negation(const Json &schema, int depth);
  Json standIn(const Json &schema);
  const Json *stoodFor(const Json &schema) const;

  // Values (SchemaValue.cpp)
  bool satisfiesOwn(const Json &value, const Json &schema);
  bool satisfiesArray(const Json &value, const Json &schema);
  bool satisfiesObject(const Json &value, const Json &schema);

  SchemaDocument &document;
  GrammarProblem *problem = nullptr;
  bool hasFailed = false;
  double end = 0;
  std::vector<Shape> all;
  std::map<std::vector<SchemaAtom>, ShapeId> known;
  std::vector<Disjoint> disjoint;
  std::set<const Json *> excluding;  ///< oneOf whose branches must exclude each other by negation
  std::map<const Json *, int> loops; ///< 1: being checked, 2: done
  std::map<const Json *, const Json *> negations;
  std::vector<const Json *> standIns;
  std::map<std::string, CharAutomaton> patterns;
  int valueDepth = 0;
  bool onlyObjects = false;
};

/// Whether two JSON values are equal: numbers by value, objects without regard to order.
bool sameJson(const Json &left, const Json &right);

/// The automaton of a string format, as a regular expression for all of it; empty if there is none of this name.
std::string_view formatPattern(std::string_view name);

} // namespace gemmart
#endif
