// JSON Schemas: what they let through, and what is refused with which word. The official suite and random schemas are
// judged by schema_suite.py and random_schemas.py.
#include "runtime/grammar/NumberRule.h"
#include "test/runtime/grammar/GrammarFixture.h"

#include "gtest/gtest.h"

using namespace gemmart;

static GrammarProblem problemOf(const std::string &schema) {
  GrammarProblem problem;
  if (compileGrammar({GrammarSource::Schema, schema}, smallVocabulary(), problem))
    problem.message = "compiled";
  return problem;
}

static std::string shortProblem(const std::string &schema) {
  GrammarProblem problem = problemOf(schema);
  return std::string(problem.code()) + " " + problem.path + " " + problem.keyword;
}

TEST(Schema, KeysComeInOrderAndOnce) {
  auto grammar = mustCompile(GrammarSource::Schema, R"({"type": "object", "required": ["z", "b"],
    "properties": {"b": {"type": "integer"}, "a": {"enum": ["x", null, 1.0]}}, "additionalProperties": {"type": "boolean"}})");
  for (const char *text : {R"({"b":1,"z":true})", R"({"b": 1, "a": null, "z": false, "q": true})",
                           R"({"b":1,"a":1,"z":true})", "{\n  \"b\": -7,\n  \"a\": \"x\",\n  \"z\": true\n}"})
    EXPECT_EQ(judge(grammar, text), "") << text;
  for (const char *text :
       {R"({"z":true,"b":1})", R"({"b":1})", R"({"b":1,"z":true,"q":true,"q":false})", R"({"b":1.5,"z":true})",
        R"({"b":1,"z":true,"\u0061":true})", R"({"b":1,"z":true,"a":null})", R"({"b":1,"z":1})"})
    EXPECT_NE(judge(grammar, text), "") << text;
}

TEST(Schema, LargeBoundsAreCounted) {
  auto text = mustCompile(GrammarSource::Schema, R"({"type": "string", "minLength": 3, "maxLength": 1000000000})");
  EXPECT_LT(text->network().nodes.size(), 100u);
  EXPECT_EQ(judge(text, "\"é\\u00e9\\ud83d\\ude00\""), "");
  EXPECT_NE(judge(text, "\"\\ud83d\\ude00é\""), "");
  auto list =
      mustCompile(GrammarSource::Schema, R"({"type": "array", "items": {"const": 1}, "minItems": 3, "maxItems": 4})");
  EXPECT_EQ(judge(list, "[1,1,1]"), "");
  EXPECT_NE(judge(list, "[1,1]"), "");
  EXPECT_NE(judge(list, "[1,1,1,1,1]"), "");
}

TEST(Schema, NumbersBetweenBounds) {
  // Every number of three digits with a fraction of two, against arithmetic.
  for (const char *limits : {R"("minimum": -1.5, "maximum": 12.05)", R"("exclusiveMinimum": 9.99)",
                             R"("multipleOf": 0.25)", R"("minimum": 3, "multipleOf": 7)", R"("exclusiveMaximum": -0.1)",
                             R"("maximum": 100)", R"("exclusiveMinimum": 1, "exclusiveMaximum": 2)"}) {
    auto grammar = mustCompile(GrammarSource::Schema, std::string(R"({"type": "number", )") + limits + "}");
    Result<Json> schema = parseJson(std::string("{") + limits + "}");
    auto bound = [&](const char *name, double otherwise) {
      const Json *value = schema->find(name);
      return value ? std::stod(value->text) : otherwise;
    };
    for (int hundredths = -12000; hundredths <= 12000; hundredths += 5) {
      double value = hundredths / 100.0, factor = bound("multipleOf", 0);
      bool good = value >= bound("minimum", -1e9) && value <= bound("maximum", 1e9) &&
                  value > bound("exclusiveMinimum", -1e9) && value < bound("exclusiveMaximum", 1e9) &&
                  (factor == 0 || std::fmod(hundredths, factor * 100) == 0);
      std::string text = Decimal::parse(std::to_string(hundredths) + "e-2")->text();
      EXPECT_EQ(judge(grammar, text).empty(), good) << text << " " << limits;
    }
  }
}

TEST(Schema, OneOfExcludes) {
  EXPECT_EQ(problemOf(R"({"oneOf": [{"type": "string"}, {"type": "integer"}]})").message, "compiled");
  auto grammar =
      mustCompile(GrammarSource::Schema, R"({"oneOf": [{"type": "string", "minLength": 2}, {"maxLength": 3}]})");
  EXPECT_EQ(judge(grammar, "\"a\""), "");
  EXPECT_NE(judge(grammar, "\"ab\""), "");
  EXPECT_EQ(judge(grammar, "\"abcd\""), "");
  EXPECT_EQ(shortProblem(R"({"oneOf": [{"format": "email"}, {"format": "date"}]})"), "unsupported_schema  oneOf");
}

TEST(Schema, ReferencesGoRound) {
  auto grammar = mustCompile(GrammarSource::Schema, R"({"$defs": {"node": {"type": "object", "properties":
    {"next": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/node"}]}}, "required": ["next"], "additionalProperties": false}},
    "$ref": "#/$defs/node"})");
  EXPECT_EQ(judge(grammar, R"({"next":{"next":{"next":null}}})"), "");
  EXPECT_NE(judge(grammar, R"({"next":{"next":{}}})"), "");
  EXPECT_EQ(shortProblem(R"({"$ref": "#"})"), "unsupported_schema  $ref");
  EXPECT_EQ(shortProblem(R"({"items": {"$ref": "http://example.com/x"}})"), "unsupported_schema /items $ref");
}

TEST(Schema, RefusesByName) {
  EXPECT_EQ(shortProblem(R"({"properties": {"a/b": {"type": "array", "uniqueItems": true}}})"),
            "unsupported_schema /properties/a~1b uniqueItems");
  EXPECT_EQ(shortProblem(R"({"type": "array", "contains": {"const": 1}})"), "unsupported_schema  contains");
  EXPECT_EQ(shortProblem(R"({"type": "string", "contains": {"const": 1}})").substr(0, 13), "invalid_value");
  EXPECT_EQ(shortProblem(R"({"type": "object", "unevaluatedProperties": false})"),
            "unsupported_schema  unevaluatedProperties");
  EXPECT_EQ(shortProblem(R"({"format": "idn-email"})"), "unsupported_schema  format");
  EXPECT_EQ(shortProblem(R"({"additionalproperties": false})"), "unsupported_schema  additionalproperties");
  EXPECT_EQ(shortProblem(R"({"propertise": {}})"), "unsupported_schema  propertise");
  EXPECT_EQ(shortProblem(R"({"type": "integer", "minimum": 3, "maximum": 2})"), "unsatisfiable_schema  ");
  EXPECT_EQ(shortProblem("false"), "unsatisfiable_schema  ");
  EXPECT_EQ(shortProblem(R"({"minLength": "3"})"), "invalid_value  minLength");
  EXPECT_EQ(shortProblem(R"({"type": "text"})"), "invalid_value  type");
  EXPECT_EQ(shortProblem(R"({"a": 1, "a": 2})"), "invalid_value  a");
  EXPECT_EQ(shortProblem(R"x({"pattern": "(?=a)"})x"), "unsupported_schema  pattern");
  EXPECT_EQ(shortProblem(R"({"$schema": "http://json-schema.org/draft-03/schema"})"), "unsupported_schema  $schema");
  EXPECT_EQ(problemOf(R"({"title": "x", "whatever": 1, "uniqueItems": false, "if": {}})").message, "compiled");
}

TEST(Schema, IsBounded) {
  std::string choices = "1", deep = "{\"type\": \"string\"}", all = "true";
  for (int i = 0; i < 10001; ++i)
    choices += "," + std::to_string(i);
  EXPECT_EQ(shortProblem("{\"enum\": [" + choices + "]}"), "schema_too_large  enum");
  EXPECT_EQ(problemOf(std::string(300000, ' ')).code(), std::string("schema_too_large"));
  for (int i = 0; i < 12; ++i)
    all += R"(,{"anyOf": [{"minimum": )" + std::to_string(i) + R"(}, {"maxLength": )" + std::to_string(i) + "}]}";
  EXPECT_EQ(problemOf("{\"allOf\": [" + all + "]}").code(), std::string("schema_too_large"));
  EXPECT_EQ(shortProblem(R"({"multipleOf": 0.1234567})"), "schema_too_large  multipleOf");
  EXPECT_NE(problemOf(std::string(100000, '[')).message, "compiled");
}

TEST(Schema, ToolCalls) {
  const char *tools =
      R"([{"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "required": ["city"],
      "properties": {"unit": {"enum": ["c", "f"]}, "city": {"type": "string"}, "days": {"type": "integer", "maximum": 9}},
      "additionalProperties": false}}}, {"type": "function", "function": {"name": "weather_now"}}])";
  auto grammar = mustCompile(GrammarSource::ToolCall, tools);
  const Vocabulary &vocabulary = grammar->vocabulary();
  // A text with ' for the token around strings, byte by byte.
  auto calls = [&](const std::string &text) {
    Constraint constraint(grammar);
    for (char c : text)
      if (!constraint.accept(c == '\''  ? vocabulary.control("<|\"|>")
                             : c == '$' ? vocabulary.control("<tool_call|>")
                                        : uint8_t(c)))
        return false;
    return constraint.isFinished();
  };
  EXPECT_TRUE(calls("call:weather{city:'Pa\"ris\n'}$"));
  EXPECT_TRUE(calls("call:weather{city:'',days:-3,unit:'f'}$"));
  EXPECT_TRUE(calls("call:weather_now{a:[1,{b:'x'}],c:null}$"));
  for (const char *text :
       {"call:weather{}$", "call:weather{city:Paris}$", "call:weather{city:'x',unit:'k'}$", "call:other{}$",
        "call:weather{city:'x',days:10}$", "call:weather{city: 'x'}$", "call:weather{city:'x'}"})
    EXPECT_FALSE(calls(text)) << text;
  GrammarProblem problem;
  EXPECT_FALSE(compileGrammar({GrammarSource::ToolCall, R"([{"name": "f", "parameters": {"type": "array"}}])"},
                              smallVocabulary(), problem));
}
