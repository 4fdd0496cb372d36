// The command-line parser.
#include "runtime/base/Args.h"
#include "runtime/base/Text.h"

#include <gtest/gtest.h>

using namespace gemmart;

namespace {

constexpr OptionSpec kSpecs[] = {
    {"threads", 't', OptionSpec::Integer, "N", "", 1, 64},
    {"temp", 0, OptionSpec::Real, "X", "", 0, 2},
    {"output", 'o', OptionSpec::Text, "FILE", ""},
    {"json", 0, OptionSpec::Flag, "", ""},
    {"depth", 'd', OptionSpec::IntegerList, "N,..", "", 0, 1e15},
    {"seed", 0, OptionSpec::Integer, "N", "", 0, 9.2e18},
};

Result<Args> parse(std::vector<const char *> words) {
  return parseArgs(words, kSpecs);
}

std::string failure(std::vector<const char *> words) {
  Result<Args> args = parse(std::move(words));
  if (args)
    return "(accepted)";
  EXPECT_EQ(args.status().code(), Code::Usage);
  return args.status().message();
}

TEST(Args, ReadsEveryForm) {
  Result<Args> args =
      parse({"first", "--threads", "3", "--temp=0.5", "-o", "-", "--json", "-d", "0,4096", "--", "--last"});
  ASSERT_TRUE(args);
  EXPECT_EQ(args->integer("threads", 0), 3);
  EXPECT_EQ(args->real("temp", 0), 0.5);
  EXPECT_EQ(args->text("output"), "-");
  EXPECT_TRUE(args->has("json"));
  EXPECT_EQ(args->integers("depth", {}), (std::vector<int64_t>{0, 4096}));
  EXPECT_EQ(args->words, (std::vector<std::string>{"first", "--last"}));
}

TEST(Args, DefaultsAndLastValueWins) {
  Result<Args> args = parse({"-t", "3", "-t", "4", "-"});
  ASSERT_TRUE(args);
  EXPECT_EQ(args->integer("threads", 9), 4);
  EXPECT_EQ(args->real("temp", 0.25), 0.25);
  EXPECT_EQ(args->integers("depth", {7}), (std::vector<int64_t>{7}));
  EXPECT_EQ(args->words, (std::vector<std::string>{"-"}));
}

TEST(Args, KeepsLargeSeeds) {
  Result<Args> args = parse({"--seed", "9007199254740993"}); // no double holds it
  ASSERT_TRUE(args);
  EXPECT_EQ(args->integer("seed", 0), 9007199254740993);
}

TEST(Args, RefusesNumbersOutsideTheirRange) {
  EXPECT_EQ(failure({"--threads", "0"}), "--threads is '0'; it must be a whole number from 1 to 64");
  EXPECT_EQ(failure({"-t", "-2"}), "--threads is '-2'; it must be a whole number from 1 to 64");
  EXPECT_EQ(failure({"-t", "65"}), "--threads is '65'; it must be a whole number from 1 to 64");
  EXPECT_EQ(failure({"-t", "2x"}), "--threads is '2x'; it must be a whole number from 1 to 64");
  EXPECT_EQ(failure({"-t", ""}), "--threads is ''; it must be a whole number from 1 to 64");
  EXPECT_EQ(failure({"-t", "99999999999999999999"}),
            "--threads is '99999999999999999999'; it must be a whole number from 1 to 64");
  EXPECT_EQ(failure({"--temp", "-0.1"}), "--temp is '-0.1'; it must be a number from 0 to 2");
  EXPECT_EQ(failure({"--temp", "nan"}), "--temp is 'nan'; it must be a number from 0 to 2");
  EXPECT_EQ(failure({"-d", "4,-1"}),
            "--depth is '4,-1'; it must be whole numbers separated by commas, each of at least 0");
  EXPECT_EQ(failure({"-d", "4,"}), "--depth is '4,'; it must be whole numbers separated by commas, each of at least 0");
}

TEST(Args, RefusesWhatItDoesNotKnow) {
  EXPECT_EQ(failure({"--thread", "1"}), "unknown option '--thread'; did you mean '--threads'?");
  EXPECT_EQ(failure({"--quantum"}), "unknown option '--quantum'");
  EXPECT_EQ(failure({"-x"}), "unknown option '-x'");
  EXPECT_EQ(failure({"--jsn=3"}), "unknown option '--jsn'; did you mean '--json'?");
  EXPECT_EQ(failure({"--json=yes"}), "--json takes no value");
  EXPECT_EQ(failure({"--output"}), "--output needs a value: FILE");
}

TEST(Text, GuessesOnlyTypingErrors) {
  std::string_view words[] = {"run", "bench", "tokenize", "detokenize"};
  EXPECT_EQ(nearest("runn", words), "run");
  EXPECT_EQ(nearest("tokenise", words), "tokenize");
  EXPECT_EQ(nearest("serve", words), "");
  EXPECT_EQ(nearest("", words), "");
  EXPECT_EQ(nearest(std::string(1 << 20, 'r'), words), "");
}

TEST(Text, WhatATerminalObeysIsTakenOut) {
  EXPECT_EQ(withoutControl("a\n\tb"), "a\n\tb");
  EXPECT_EQ(withoutControl("\x1b[2J\r\x07\x7f."), "?[2J???.");
  EXPECT_EQ(withoutControl("\xC2\x9B"
                           "31m \xC2\xA0\xC3\x9B"),
            "?31m \xC2\xA0\xC3\x9B");
  EXPECT_EQ(withoutControl("\x1b", "\xEF\xBF\xBD"), "\xEF\xBF\xBD");
}

TEST(Text, Formats) {
  EXPECT_EQ(formatBytes(12), "12 B");
  EXPECT_EQ(formatBytes(1536), "1.50 KiB");
  EXPECT_EQ(formatBytes(int64_t(3) << 30), "3.00 GiB");
  EXPECT_EQ(format("%s %d", std::string(2000, 'x').c_str(), 7), std::string(2000, 'x') + " 7");
}

} // namespace
