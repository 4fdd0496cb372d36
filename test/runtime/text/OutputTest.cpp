// Answers taken apart: thoughts, text and calls, whole and broken.
#include "runtime/text/Output.h"

#include <gtest/gtest.h>

using namespace gemmart;

namespace {

std::string jsonOf(const Json &json) {
  std::string out;
  switch (json.kind) {
  case Json::Kind::Null:
    return "null";
  case Json::Kind::Bool:
    return json.flag ? "true" : "false";
  case Json::Kind::Number:
    return json.text;
  case Json::Kind::String:
    return "'" + json.text + "'";
  case Json::Kind::Array:
    for (const Json &item : json.items)
      out += (out.empty() ? "" : ",") + jsonOf(item);
    return "[" + out + "]";
  case Json::Kind::Object:
    for (const JsonMember &member : json.members)
      out += (out.empty() ? "" : ",") + member.name + ":" + jsonOf(member.value);
    return "{" + out + "}";
  }
  return out;
}

std::string callOf(std::string_view text) {
  Result<OutputPart> call = parseCall(text, '|');
  return call ? call->text + jsonOf(call->arguments) : "error: " + call.status().message();
}

TEST(Call, ReadsTheNotation) {
  EXPECT_EQ(callOf("call:f{}"), "f{}");
  EXPECT_EQ(callOf("call:get_weather{city:|Paris|,days:2,deep:{k:[1,true,null]}}"),
            "get_weather{city:'Paris',days:2,deep:{k:[1,true,null]}}");
  EXPECT_EQ(callOf(" f { a : |x, }:| , |b|: -1.5e3 } "), "f{a:'x, }:',b:-1.5e3}"); // without "call:", with spaces
}

TEST(Call, RefusesWhatMakesNoSense) {
  for (const char *bad : {"", "call:", "call:{}", "call:f", "call:f{", "call:f{a}", "call:f{a:}", "call:f{a:|x}",
                          "call:f{a:1,}", "call:f{a:1}x", "call:f{a:nope}", "call:f{:1}", "call:f{a:[1}"})
    EXPECT_TRUE(callOf(bad).starts_with("error: byte ")) << bad << ": " << callOf(bad);
  EXPECT_TRUE(callOf("call:f{a:" + std::string(100000, '[')).starts_with("error: ")); // no deep recursion
}

} // namespace
