// Bodies, fields, names, durations, stop strings: what a request is read with.
#include "runtime/server/Generation.h"
#include "runtime/server/Names.h"
#include "runtime/server/Server.h"

#include <gtest/gtest.h>

using namespace gemmart::server;

namespace {

TEST(Body, KeepsOrderAndRefuses) {
  Value value;
  EXPECT_FALSE(parseBody(R"({"b":1,"a":[true,null,"x",1.5,-2]})", value));
  EXPECT_EQ(dump(value), R"({"b":1,"a":[true,null,"x",1.5,-2]})");
  const std::pair<std::string, const char *> bad[] = {{"", "missing"},
                                                      {"[]", "object"},
                                                      {"{", "byte"},
                                                      {R"({"a":1,"a":2})", "twice"},
                                                      {R"({"a":1e999})", "number"},
                                                      {R"({"a":"\ud800"})", "byte"},
                                                      {"{\"a\":\"\xff\"}", "byte"},
                                                      {"{} x", "byte"}};
  for (const auto &[text, word] : bad) {
    Problem problem = parseBody(text, value);
    EXPECT_EQ(problem.status, 400) << text;
    EXPECT_NE(problem.message.find(word), std::string::npos) << problem.message;
  }
  EXPECT_TRUE(parseBody(R"({"a":)" + std::string(300, '[') + std::string(300, ']') + "}", value));
  EXPECT_FALSE(parseBody(R"({"a":)" + std::string(250, '[') + std::string(250, ']') + "}", value));
}

TEST(Body, ManyNamesTakeLinearTime) {
  std::string text = "{";
  for (int name = 0; name < 300000; ++name)
    text += (name ? ",\"" : "\"") + std::to_string(name) + "\":0";
  Value value;
  EXPECT_FALSE(parseBody(text + "}", value));
  EXPECT_EQ(value.size(), 300000u);
}

TEST(Fields, TellsTheFirstKindOfProblemAndWhatWasIgnored) {
  Value value = Value::parse(R"({"n":"x","t":3,"f":2.0,"who":1,"nothing":null})");
  Checks checks;
  Fields fields(value, "", checks);
  EXPECT_EQ(fields.real("t", 0, 2), std::nullopt);
  EXPECT_EQ(checks.problems.problem().code, "invalid_value");
  EXPECT_EQ(fields.integer("n", 0, 5), std::nullopt);
  EXPECT_EQ(checks.problems.problem().code, "invalid_type"); // types are checked before values
  EXPECT_EQ(checks.problems.problem().param, "n");
  EXPECT_EQ(fields.integer("f", 0, 5), 2);
  fields.finish();
  EXPECT_EQ(checks.ignored, std::vector<std::string>{"who"});
}

TEST(Names, AreCanonical) {
  EXPECT_EQ(canonicalName("Gemma4"), "gemma4:latest");
  EXPECT_EQ(canonicalName("gemma4:E2B"), "gemma4:e2b");
  EXPECT_EQ(canonicalName("host.x:5000/space/m:t"), "host.x:5000/space/m:t");
  for (const char *bad : {"", ":", "a:", ":a", "a b", "-a", "a/b/c/d", "a.b/c", "../x", "a/", "a:b:c/d:"})
    EXPECT_EQ(canonicalName(bad), std::nullopt) << bad;
  EXPECT_EQ(canonicalName(std::string(81, 'a')), std::nullopt);
}

TEST(Durations, AreGos) {
  EXPECT_EQ(durationSeconds("5m"), 300);
  EXPECT_EQ(durationSeconds("1h30m"), 5400);
  EXPECT_EQ(durationSeconds("300ms"), 0.3);
  EXPECT_EQ(durationSeconds("-1"), -1);
  EXPECT_EQ(durationSeconds("42"), 42);
  for (const char *bad : {"", "m", "5x", "1h30", "nan", "1e5s"})
    EXPECT_EQ(durationSeconds(bad), std::nullopt) << bad;
}

TEST(Settings, ReadHosts) {
  auto read = [](const char *text) {
    Settings settings;
    EXPECT_TRUE(bool(readHost(text, settings))) << text;
    return settings.host + " " + std::to_string(settings.port);
  };
  EXPECT_EQ(read("0.0.0.0"), "0.0.0.0 11434");
  EXPECT_EQ(read("1.2.3.4:5"), "1.2.3.4 5");
  EXPECT_EQ(read(":77"), "127.0.0.1 77");
  EXPECT_EQ(read("[::1]:9"), "::1 9");
  EXPECT_EQ(read("[::1]"), "::1 11434");
  EXPECT_EQ(read("http://1.2.3.4"), "1.2.3.4 80");
  EXPECT_EQ(read("1.2.3.4:x"), "1.2.3.4 11434");
}

TEST(StopFinder, HoldsBackWhatMayBecomeAStop) {
  StopFinder finder({"STOP", "OP!"});
  EXPECT_EQ(finder.push("aST"), "a");
  EXPECT_EQ(finder.push("x"), "STx");
  EXPECT_EQ(finder.push("STO"), "");
  EXPECT_EQ(finder.push("P!"), "");
  ASSERT_TRUE(finder.found());
  EXPECT_EQ(*finder.found(), "STOP");
  EXPECT_EQ(finder.push("more"), "");
  StopFinder other({"ab"});
  EXPECT_EQ(other.push("xa"), "x");
  EXPECT_EQ(other.finish(), "a");
}

TEST(Engine, JudgesByTheWholeRow) {
  std::vector<float> row = {0, 1, 2, -std::numeric_limits<float>::infinity()};
  Drawn drawn = judge(row, 1, 2);
  double sum = 1 + std::exp(1.0) + std::exp(2.0);
  EXPECT_NEAR(drawn.chosen.logProbability, 1 - std::log(sum), 1e-12);
  ASSERT_EQ(drawn.best.size(), 2u);
  EXPECT_EQ(drawn.best[0].token, 2);
  EXPECT_EQ(drawn.best[1].token, 1);
}

} // namespace
