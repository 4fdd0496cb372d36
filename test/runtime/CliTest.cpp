// The commands, as a user runs them: an executable around the fake model with its sections behind it.
#include "test/runtime/FakeModel.h"
#include "test/runtime/TestFiles.h"

#include <cmath>
#include <cstring>
#include <filesystem>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

using namespace gemmart;
using namespace gemmart::test;
using Json = nlohmann::json;

namespace {

class CliTest : public testing::Test {
protected:
  static void SetUpTestSuite() {
    folder = new TemporaryFolder;
    bytes = new std::vector<uint8_t>(fake::artifact(readBytes(RUNTIME_FAKE)));
    writeBytes(folder->path("model"), *bytes, true);
  }
  static void TearDownTestSuite() {
    delete bytes;
    delete folder;
  }
  static Outcome run(const std::vector<std::string> &arguments, const std::string &input = "") {
    return runProgramFile(folder->path("model"), arguments, input);
  }
  /// The command fails so, with the message on the first line of standard error and nothing on standard output.
  static void expectFailure(const std::vector<std::string> &arguments, int code, const std::string &message) {
    Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.code, code) << outcome.err;
    EXPECT_EQ(outcome.err.substr(0, outcome.err.find('\n')), "error: " + message);
    EXPECT_EQ(outcome.out, "");
  }
  static std::vector<int32_t> greedy(std::vector<int32_t> sequence, size_t count) {
    std::vector<uint8_t> weights = fake::weights();
    std::vector<int32_t> answer;
    while (answer.size() < count) {
      answer.push_back(fake::expectedNext(sequence, weights));
      sequence.push_back(answer.back());
    }
    return answer;
  }
  static TemporaryFolder *folder;
  static std::vector<uint8_t> *bytes;
};
TemporaryFolder *CliTest::folder;
std::vector<uint8_t> *CliTest::bytes;

TEST_F(CliTest, RunsTokens) {
  std::string expected;
  for (int32_t token : greedy({2, 5, 6}, 6))
    expected += (expected.empty() ? "" : ",") + std::to_string(token);
  for (const char *threads : {"1", "2", "5"}) {
    Outcome outcome = run({"run", "--tokens", "2,5,6", "--temp", "0", "-n", "6", "--threads", threads});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(outcome.out, expected + "\n");
    EXPECT_NE(outcome.err.find("[3 prompt tokens, "), std::string::npos);
  }
}

TEST_F(CliTest, RunsWithoutACommand) {
  Outcome outcome = run({"--tokens", "2,5,6", "--temp", "0", "-n", "2"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
}

TEST_F(CliTest, RunJsonHasTheAnswer) {
  Outcome outcome = run({"run", "--tokens", "@-", "--temp", "0", "-n", "4", "--json", "--ignore-stop"}, "2 5\n6\n");
  Json json = Json::parse(outcome.out, nullptr, false);
  ASSERT_TRUE(json.is_object()) << outcome.out << outcome.err;
  EXPECT_EQ(json["tokens"].get<std::vector<int32_t>>(), greedy({2, 5, 6}, 4));
  EXPECT_EQ(json["stop"], "length");
  EXPECT_EQ(json["prompt_tokens"], 3);
  EXPECT_FALSE(json.contains("text")); // there is no tokenizer
}

TEST_F(CliTest, SameSeedSameText) {
  auto draw = [](const char *seed) {
    return run({"run", "--tokens", "2,5,6", "--temp", "3", "-n", "40", "--seed", seed, "--ignore-stop"}).out;
  };
  EXPECT_EQ(draw("11"), draw("11"));
  EXPECT_NE(draw("11"), draw("12"));
}

TEST_F(CliTest, LogitsWritesRawRows) {
  std::string file = folder->path("out.f32"), list = folder->path("tokens.txt"), text = "2, 3\n4,5,6,7,8,9,10 11,12";
  writeBytes(list, {reinterpret_cast<const uint8_t *>(text.data()), text.size()});
  Outcome outcome = run({"logits", "--tokens", "@" + list, "-o", file});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  std::vector<uint8_t> all = readBytes(file);
  ASSERT_EQ(all.size(), size_t(11 * fake::kVocab * 4));
  ASSERT_EQ(run({"logits", "--tokens", "@" + list, "-o", file, "--last", "4"}).code, 0);
  std::vector<uint8_t> last = readBytes(file);
  EXPECT_EQ(last, std::vector<uint8_t>(all.end() - 4 * fake::kVocab * 4, all.end()));
  Outcome piped = run({"logits", "--tokens", "@" + list, "-o", "-", "--last", "99"});
  EXPECT_EQ(piped.out, std::string(all.begin(), all.end()));
}

TEST_F(CliTest, LogitsNegativeLogLikelihood) {
  std::string file = folder->path("nll.f32");
  Outcome outcome = run({"logits", "--tokens", "2,3,4,5", "--nll", "-o", file});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  std::vector<uint8_t> raw = readBytes(file);
  std::vector<float> rows(raw.size() / 4);
  ASSERT_EQ(rows.size(), size_t(4 * fake::kVocab));
  std::memcpy(rows.data(), raw.data(), raw.size());
  double sum = 0;
  for (int row = 0; row < 3; ++row) {
    double total = 0;
    for (int64_t token = 0; token < fake::kVocab; ++token)
      total += std::exp(double(rows[size_t(row * fake::kVocab + token)]));
    sum += std::log(total) - rows[size_t(row * fake::kVocab + 3 + row)];
  }
  EXPECT_NEAR(std::stod(outcome.out), sum / 3, 1e-6);
}

TEST_F(CliTest, FailedLogitsLeaveNoFile) {
  std::string file = folder->path("never.f32");
  std::string many = "1";
  for (int index = 0; index < 64; ++index)
    many += ",1";
  expectFailure({"logits", "--tokens", many, "-o", file}, 1, "the prompt has 65 tokens, the context holds 64");
  for (const auto &entry : std::filesystem::directory_iterator(std::filesystem::path(file).parent_path()))
    EXPECT_EQ(entry.path().filename().string().find("never.f32"), std::string::npos);
}

TEST_F(CliTest, InfoJsonHasThePromisedKeys) {
  Outcome outcome = run({"info", "--json", "--threads", "2"});
  Json json = Json::parse(outcome.out, nullptr, false);
  ASSERT_TRUE(json.is_object()) << outcome.err;
  EXPECT_EQ(json["memory"]["weights"], fake::kWeightBytes);
  int64_t parts = 0;
  for (const char *part : {"weights", "rest_of_file", "kv", "arena", "logits"})
    parts += json["memory"][part].get<int64_t>();
  EXPECT_EQ(json["memory"]["total"], parts);
  EXPECT_EQ(json["memory"]["rest_of_file"].get<int64_t>() + fake::kWeightBytes, json["file_bytes"].get<int64_t>());
  ASSERT_EQ(json["sections"].size(), 2u);
  EXPECT_EQ(json["sections"][0]["name"], "weights");
  EXPECT_EQ(json["sections"][0]["bytes"], fake::kWeightBytes);
  EXPECT_EQ(json["sections"][0]["hash"].get<std::string>().size(), 16u);
  EXPECT_EQ(json["targets"], Json::array({"fake"}));
  EXPECT_EQ(json["context"], fake::kContext);
  EXPECT_EQ(json["level"], "base");
  EXPECT_EQ(json["threads"], 2);
  EXPECT_NE(run({"info"}).out.find("no tokenizer inside"), std::string::npos);
}

TEST_F(CliTest, BenchJsonHasThePromisedKeys) {
  Outcome outcome = run({"bench", "--json", "-p", "16,32", "-n", "8", "-d", "0,20", "-r", "2", "--threads", "2"});
  Json json = Json::parse(outcome.out, nullptr, false);
  ASSERT_TRUE(json.is_object()) << outcome.err;
  double bandwidth = json["read_bandwidth_gb_s"];
  EXPECT_GT(bandwidth, 0);
  ASSERT_EQ(json["prefill"].size(), 2u);
  EXPECT_EQ(json["prefill"][1]["tokens"], 32);
  EXPECT_GT(json["prefill"][1]["tokens_per_s"].get<double>(), 0);
  ASSERT_EQ(json["decode"].size(), 2u);
  EXPECT_EQ(json["decode"][1]["depth"], 20);
  EXPECT_EQ(json["decode"][1]["tokens"], 8);
  // Tokens 20 to 27 lie in the first block of both caches.
  EXPECT_EQ(json["decode"][1]["bytes_per_token"], fake::kWeightBytes + 128 + 4096);
  double rate = json["decode"][0]["tokens_per_s"], fraction = json["decode"][0]["fraction_of_bandwidth"];
  // Each repetition is compared with reads right beside it, which are at most the best that is told.
  EXPECT_GT(rate, 0);
  EXPECT_GE(fraction, json["decode"][0]["slowest_tokens_per_s"].get<double>() * (fake::kWeightBytes + 4224) /
                          (bandwidth * 1e9) * 0.999);
  EXPECT_EQ(json["threads"], 2);
  EXPECT_EQ(json["target"], "fake");
  EXPECT_EQ(json["level"], "base");
  EXPECT_FALSE(json.contains("tokenizer")); // there is none
}

TEST_F(CliTest, CommandLineErrors) {
  expectFailure({"bench", "--text", "/dev/null"}, 1, "this model was built without a tokenizer; --text needs one");
  expectFailure({"runn"}, 2, "unknown command 'runn'; did you mean 'run'?");
  expectFailure({"sing"}, 2, "unknown command 'sing'");
  expectFailure({"info", "--threds", "2"}, 2, "unknown option '--threds'; did you mean '--threads'?");
  expectFailure({"info", "more"}, 2, "unexpected argument 'more'");
  expectFailure({"run", "two", "words"}, 2, "unexpected argument 'words'; quote a text that has spaces");
  expectFailure({"run", "--threads", "0"}, 2, "--threads is '0'; it must be a whole number from 1 to 1024");
  expectFailure({"run", "--max-tokens", "0"}, 2, "--max-tokens is '0'; it must be a whole number of at least 1");
  expectFailure({"run", "--max-tokens", "-5"}, 2, "--max-tokens is '-5'; it must be a whole number of at least 1");
  expectFailure({"run", "--temp", "-1"}, 2, "--temp is '-1'; it must be a number from 0 to 100");
  expectFailure({"run", "--top-k", "-1"}, 2, "--top-k is '-1'; it must be a whole number from 0 to 2147483647");
  expectFailure({"bench", "-n", "0"}, 2, "--generate is '0'; it must be a whole number of at least 1");
  expectFailure({"bench", "-p", "65"}, 2, "--prompt 65 does not fit the context of 64 tokens");
  expectFailure({"bench", "-d", "60", "-n", "5"}, 2,
                "--depth 60 and --generate 5 do not fit the context of 64 tokens together");
  expectFailure({"info", "--context", "65"}, 2, "--context is 65; this model was compiled for 64 tokens");
  expectFailure({"info", "--level", "bas"}, 2, "unknown level 'bas'; did you mean 'base'? (in this file: wide, base)");
  expectFailure({"logits"}, 2, "logits needs --tokens LIST or --tokens @FILE");
  expectFailure({"logits", "--tokens", "2"}, 2, "logits needs -o FILE, --hidden FILE, --nll or several of them");
  expectFailure({"logits", "--tokens", "2", "--last", "0", "-o", "x"}, 2,
                "--last is '0'; it must be a whole number of at least 1");
  expectFailure({"run", "--tokens", "2", "text"}, 2, "run takes a prompt or --tokens, not both");
  expectFailure({"detokenize"}, 2, "detokenize needs token ids: 2,106 or @FILE");
}

TEST_F(CliTest, InputErrors) {
  expectFailure({"info", "--level", "wide"}, 1, "this CPU lacks feature 63, needed by level wide");
  expectFailure({"info", "--target", "cuda"}, 1, "this file holds no code for cuda; it has: cpu (fake)");
  expectFailure({"run", "--tokens", "2,97"}, 1,
                "--tokens: token 2 is '97'; ids of this model are whole numbers from 0 to 96");
  expectFailure({"run", "--tokens", "2,-1"}, 1,
                "--tokens: token 2 is '-1'; ids of this model are whole numbers from 0 to 96");
  expectFailure({"run", "--tokens", ", ,"}, 1, "--tokens holds no token ids");
  expectFailure({"run", "--tokens", "@/no/such"}, 1, "/no/such: cannot open: No such file or directory");
  expectFailure({"logits", "--tokens", "2,3", "--nll", "--blocks", "1,-1"}, 1,
                "--blocks: block number 2 is '-1'; block numbers are whole numbers from 0 to 2147483647");
  expectFailure({"logits", "--tokens", "2,3", "--nll", "--blocks", "1,1"}, 1,
                "block numbers were given, but this model's mask is causal: no token sees a later one");
  expectFailure({"logits", "--tokens", "2,3", "-o", "/no/such/file"}, 1,
                "/no/such: cannot create a file here: No such file or directory");
  expectFailure({"run", "--tokens", "2,3,4", "--context", "2"}, 1, "the prompt has 3 tokens, the context holds 2");
  for (const char *command : {"tokenize", "detokenize"})
    expectFailure({command, "2"}, 1,
                  std::string("this model was built without a tokenizer, so it cannot do this: ") + command +
                      "; run --tokens, logits, bench and info work");
  expectFailure(
      {"run", "hello"}, 1,
      "this model was built without a tokenizer, so it cannot do this: run with a text; run --tokens, logits, "
      "bench and info work");
  expectFailure({"chat"}, 1,
                "this model was built without a tokenizer, so it cannot do this: chat; run --tokens, logits, bench and "
                "info work");
}

TEST_F(CliTest, DamagedFiles) {
  std::string file = folder->path("damaged");
  auto expectMessage = [&](std::span<const uint8_t> content, const std::string &part, int code = 1,
                           std::vector<std::string> arguments = {"info"}) {
    writeBytes(file, content, true);
    Outcome outcome = runProgramFile(file, arguments);
    EXPECT_EQ(outcome.code, code) << outcome.err;
    EXPECT_NE(outcome.err.find(part), std::string::npos) << outcome.err;
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), code == 0 ? 0 : 1) << outcome.err;
  };
  expectMessage(std::span(*bytes).first(bytes->size() - 1), "it was cut short, stripped or changed");
  expectMessage(std::span(*bytes).first(bytes->size() - 20000), "it was cut short, stripped or changed");
  std::vector<uint8_t> changed = *bytes;
  size_t weights = (readBytes(RUNTIME_FAKE).size() + 4095) / 4096 * 4096;
  changed[weights + 77] ^= 4;
  expectMessage(changed, "damaged: section 'weights' was changed");
  expectMessage(changed, "", 0, {"info", "--trust"});
  changed = *bytes;
  changed[weights + 12288 + 3] ^= 4;
  expectMessage(changed, "damaged: section 'manifest' was changed");
  std::vector<uint8_t> head = readBytes(RUNTIME_FAKE);
  fake::NamedSection onlyWeights[] = {{"weights", fake::weights()}};
  expectMessage(fake::artifact(head, onlyWeights), "section 'manifest' is missing");
  fake::NamedSection wrongSize[] = {{"weights", {1, 2, 3}}, {"manifest", {'{', '}'}}};
  expectMessage(fake::artifact(head, wrongSize), "section 'weights' has 3 bytes, the code was compiled for 8292");
  fake::NamedSection broken[] = {{"weights", fake::weights()}, {"manifest", {'{'}}};
  expectMessage(fake::artifact(head, broken), "section 'manifest' is no JSON object");
  std::string text = fake::manifest();
  fake::NamedSection garbage[] = {
      {"weights", fake::weights()}, {"manifest", {text.begin(), text.end()}}, {"tokenizer", {1, 2, 3}}};
  expectMessage(fake::artifact(head, garbage), "tokenizer", 1, {"tokenize", "x"});
}

TEST_F(CliTest, HelpGoesToStandardOutput) {
  for (std::vector<std::string> arguments :
       {std::vector<std::string>{"--help"}, {"help"}, {"run", "--help"}, {"bench", "-h"}, {"info", "--help"}}) {
    Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.code, 0);
    EXPECT_NE(outcome.out.find("usage: "), std::string::npos);
    EXPECT_EQ(outcome.err, "");
  }
}

} // namespace
