// Sessions, chunks and the generation loop over the fake model, and the choice of the level.
#include "runtime/model/Session.h"

#include "runtime/model/Generate.h"
#include "runtime/model/Level.h"
#include "runtime/model/Memory.h"
#include "runtime/model/MemoryLimit.h"
#include "test/runtime/FakeModel.h"
#include "test/runtime/TestFiles.h"

#include <filesystem>
#include <gtest/gtest.h>
#include <map>

using namespace gemmart;
using namespace gemmart::test;

namespace {

std::vector<int32_t> tokensUpTo(int64_t count) {
  std::vector<int32_t> tokens;
  for (int64_t index = 0; index < count; ++index)
    tokens.push_back(int32_t(index * 31 % fake::kVocab));
  return tokens;
}

class SessionTest : public testing::TestWithParam<int> {
protected:
  void SetUp() override {
    Result<std::unique_ptr<Team>> created = Team::create(GetParam());
    ASSERT_TRUE(created);
    team = std::move(*created);
  }
  Session open(int64_t context = fake::kContext) {
    Result<Session> session = Session::open(gmModel, gmModel.levels[1], weights, *team, context);
    EXPECT_TRUE(session);
    return std::move(*session);
  }
  std::vector<uint8_t> weights = fake::weights();
  std::unique_ptr<Team> team;
};

TEST_P(SessionTest, EveryChunkingGivesTheSameRows) {
  std::vector<int32_t> tokens = tokensUpTo(fake::kContext);
  for (int64_t count : {1, 2, 7, 8, 9, 16, 17, 40, 64})
    for (int64_t last : {int64_t(0), int64_t(1), int64_t(2), int64_t(3), int64_t(4), int64_t(8), int64_t(11), count}) {
      if (last > count)
        continue;
      Session session = open();
      int64_t next = count - last;
      Status status =
          session.feed(std::span(tokens).first(size_t(count)), last, [&](int64_t position, std::span<float> row) {
            EXPECT_EQ(position, next++);
            EXPECT_EQ(int64_t(row.size()), fake::kVocab);
            EXPECT_EQ(mostLikely(row), fake::expectedNext(std::span(tokens).first(size_t(position + 1)), weights));
            return Status();
          });
      ASSERT_TRUE(status.ok()) << status.message();
      EXPECT_EQ(next, count);
      EXPECT_EQ(session.position(), count);
    }
}

/// Every row of a block sees the block's end, wherever steps of 8 tokens and 3 rows of logits would have cut it.
TEST_P(SessionTest, NeverCutsABlock) {
  GmModel model = gmModel;
  model.block_tokens = 8;
  std::vector<int32_t> tokens = tokensUpTo(40);
  for (int64_t start = 0; start < 20; ++start)
    for (int64_t length : {1, 2, 3, 7, 8})
      for (int64_t last : {0, 1, 5, 21, 40}) {
        std::vector<int32_t> blocks(tokens.size(), 0);
        std::fill_n(blocks.begin() + start, length, 1);
        std::fill_n(blocks.begin() + start + length, 4, 2); // right behind it
        blocks[39] = 1;                                     // another block: not its neighbour
        auto end = [&](int64_t at) {
          if (at >= start && at < start + length)
            return start + length;
          return at >= start + length && at < start + length + 4 ? start + length + 4 : at + 1;
        };
        Session session = std::move(*Session::open(model, model.levels[1], weights, *team, fake::kContext));
        int64_t next = 40 - last;
        auto sink = [&](int64_t position, std::span<float> row) {
          EXPECT_EQ(position, next++);
          EXPECT_EQ(mostLikely(row), fake::expectedNext(std::span(tokens).first(size_t(end(position))), weights))
              << "block of " << length << " at " << start << ", row " << position;
          return Status();
        };
        Status status = session.feed(tokens, last, sink, blocks);
        ASSERT_TRUE(status.ok()) << status.message();
        EXPECT_EQ(next, 40);
        EXPECT_EQ(session.position(), 40);
      }
}

TEST_P(SessionTest, RefusesBlocksThatCannotBe) {
  GmModel model = gmModel;
  model.block_tokens = 8;
  std::vector<int32_t> tokens = tokensUpTo(20), blocks(20, 0);
  std::fill_n(blocks.begin() + 4, 9, 3);
  auto none = [](int64_t, std::span<float>) { return Status(); };
  Session causal = open(), session = std::move(*Session::open(model, model.levels[1], weights, *team, 64));
  EXPECT_EQ(causal.feed(tokens, 1, none, blocks).message(),
            "block numbers were given, but this model's mask is causal: no token sees a later one");
  EXPECT_EQ(session.feed(tokens, 1, none, std::span(blocks).first(19)).message(),
            "19 block numbers for 20 tokens; there must be one for each");
  EXPECT_EQ(session.feed(tokens, 1, none, blocks).message(),
            "tokens 5 to 13 are a block of 9, which one step must hold; this model was compiled for steps of 8: build "
            "it with --chunk 9");
  EXPECT_EQ(session.position(), 0);
}

TEST_P(SessionTest, ContinuesWhereItStopped) {
  std::vector<int32_t> tokens = tokensUpTo(30);
  Session session = open();
  int64_t at = 0;
  for (int64_t part : {5, 1, 1, 12, 1, 10}) {
    Result<std::span<float>> row = session.feed(std::span(tokens).subspan(size_t(at), size_t(part)));
    ASSERT_TRUE(row);
    at += part;
    EXPECT_EQ(mostLikely(*row), fake::expectedNext(std::span(tokens).first(size_t(at)), weights));
  }
  session.reset();
  Result<std::span<float>> row = session.feed(std::span(tokens).first(3));
  ASSERT_TRUE(row);
  EXPECT_EQ(mostLikely(*row), fake::expectedNext(std::span(tokens).first(3), weights));
}

TEST_P(SessionTest, RefusesWhatDoesNotFit) {
  std::vector<int32_t> tokens = tokensUpTo(fake::kContext + 1);
  Session session = open();
  EXPECT_EQ(session.feed(tokens).status().message(), "the prompt has 65 tokens, the context holds 64");
  ASSERT_TRUE(session.feed(std::span(tokens).first(60)));
  EXPECT_EQ(session.feed(std::span(tokens).first(5)).status().message(),
            "60 tokens and 5 more do not fit the context of 64");
  EXPECT_EQ(session.position(), 60);
  EXPECT_TRUE(session.feed(std::span(tokens).first(4)));
  Session small = open(10);
  EXPECT_EQ(small.feed(std::span(tokens).first(11)).status().message(),
            "the prompt has 11 tokens, the context holds 10");
}

TEST_P(SessionTest, RefusesIdsBeyondTheVocabulary) {
  Session session = open();
  for (int32_t id : {-1, int32_t(fake::kVocab), INT32_MAX, INT32_MIN}) {
    std::vector<int32_t> tokens = {3, id};
    Status status = session.feed(tokens).status();
    EXPECT_EQ(status.message(),
              "token 2 of the input is " + std::to_string(id) + "; ids of this model go from 0 to 96");
    EXPECT_EQ(status.code(), Code::Input);
  }
  EXPECT_EQ(session.position(), 0);
}

TEST_P(SessionTest, RefusesForeignWeightsAndContexts) {
  std::span<const uint8_t> shorter = std::span(weights).first(weights.size() - 1);
  EXPECT_EQ(Session::open(gmModel, gmModel.levels[1], shorter, *team, 8).status().message(),
            "section 'weights' has 8291 bytes, the code was compiled for 8292");
  EXPECT_EQ(Session::open(gmModel, gmModel.levels[1], weights, *team, 65).status().code(), Code::Usage);
  EXPECT_EQ(Session::open(gmModel, gmModel.levels[1], weights, *team, 0).status().code(), Code::Usage);
}

// The fake has a window of 40 (128 bytes a block of 32) and an attention without (4096).
TEST(CacheBytesRead, CountsBlocksThatAreSeen) {
  EXPECT_EQ(cacheBytesRead(gmModel, 0), 128 + 4096);
  EXPECT_EQ(cacheBytesRead(gmModel, 31), 128 + 4096);
  EXPECT_EQ(cacheBytesRead(gmModel, 32), 2 * 128 + 2 * 4096);
  EXPECT_EQ(cacheBytesRead(gmModel, 70), 3 * 128 + 3 * 4096); // 31 to 70: the first block holds 31
  EXPECT_EQ(cacheBytesRead(gmModel, 71), 2 * 128 + 3 * 4096);
}

TEST_P(SessionTest, GeneratesUntilSomethingStopsIt) {
  std::vector<int32_t> prompt = {2, 5, 6}, sequence = prompt;
  for (int step = 0; step < 70; ++step)
    sequence.push_back(fake::expectedNext(sequence, weights));
  std::vector<int32_t> answer(sequence.begin() + 3, sequence.end());
  auto run = [&](int64_t most, std::vector<int32_t> stops, int64_t cancelAfter) {
    Session session = open();
    Sampler sampler({.temperature = 0}, fake::kVocab);
    int64_t seen = 0;
    Result<Generation> result =
        generate(session, sampler, prompt, {most, stops}, [&](int32_t) { return ++seen != cancelAfter; });
    EXPECT_TRUE(result);
    EXPECT_EQ(int64_t(result->tokens.size()), seen);
    EXPECT_EQ(result->tokens, std::vector<int32_t>(answer.begin(), answer.begin() + seen));
    return std::move(*result);
  };
  Generation length = run(5, {}, -1);
  EXPECT_EQ(length.reason, StopReason::Length);
  EXPECT_EQ(length.tokens.size(), 5u);
  EXPECT_EQ(length.decodeSteps, 4); // the first token comes from the prompt
  Generation stopped = run(50, {answer[4]}, -1);
  EXPECT_EQ(stopped.reason, StopReason::StopToken);
  EXPECT_EQ(stopped.tokens.size(), size_t(std::find(answer.begin(), answer.end(), answer[4]) - answer.begin()));
  Generation full = run(1000, {}, -1);
  EXPECT_EQ(full.reason, StopReason::Context);
  EXPECT_EQ(full.tokens.size(), 62u); // 61 more fit behind the prompt, and one that is not fed
  Generation cancelled = run(1000, {}, 3);
  EXPECT_EQ(cancelled.reason, StopReason::Caller);
  EXPECT_EQ(cancelled.tokens.size(), 3u);
}

INSTANTIATE_TEST_SUITE_P(Threads, SessionTest, testing::Values(1, 2, 5));

TEST(Memory, StatesEveryPart) {
  MemoryStatement memory = memoryStatement(gmModel, gmModel.levels[1], fake::kContext, fake::kWeightBytes + 500);
  EXPECT_EQ(memory.weights, fake::kWeightBytes);
  EXPECT_EQ(memory.kv, (4 + 3) * fake::kPageBytes); // all positions, and what a window of 10 and a step of 8 touch
  EXPECT_EQ(memory.kvFixed, 3 * fake::kPageBytes);
  EXPECT_EQ(memory.kvToken, fake::kPageBytes / 16);
  EXPECT_EQ(memory.arena, 4096);
  EXPECT_EQ(memory.logits, 3 * 97 * 4);
  EXPECT_EQ(memory.restOfFile, 500);
  EXPECT_EQ(memory.total(), memory.weights + 500 + memory.kv + memory.arena + memory.logits);
  EXPECT_EQ(memoryStatement(gmModel, gmModel.levels[1], 10, 0).kv, (1 + 2) * fake::kPageBytes);
}

TEST(Level, TakesTheFirstThatRuns) {
  constexpr uint64_t kAll = ~uint64_t(0);
  EXPECT_STREQ(chooseLevel(gmModel, kAll, "")->level->name, "wide");
  EXPECT_STREQ(chooseLevel(gmModel, 0, "")->level->name, "base");
  EXPECT_EQ(chooseLevel(gmModel, 0, "")->reason, "the best that this CPU has; wide needs feature 63");
  EXPECT_STREQ(chooseLevel(gmModel, kAll, "base")->level->name, "base");
}

TEST(Level, SaysWhatIsMissing) {
  EXPECT_EQ(chooseLevel(gmModel, 0, "wide").status().message(), "this CPU lacks feature 63, needed by level wide");
  Status unknown = chooseLevel(gmModel, 0, "bas").status();
  EXPECT_EQ(unknown.message(), "unknown level 'bas'; did you mean 'base'? (in this file: wide, base)");
  EXPECT_EQ(unknown.code(), Code::Usage);
  GmModel onlyWide = gmModel;
  onlyWide.level_count = 1;
  EXPECT_EQ(chooseLevel(onlyWide, 0, "").status().message(), "this CPU lacks feature 63, needed by level wide");
  EXPECT_EQ(chooseLevel(onlyWide, 0, "").status().code(), Code::Input);
}

TEST(Level, ChecksTheTarget) {
  EXPECT_TRUE(checkTarget(gmModel, "").ok());
  EXPECT_TRUE(checkTarget(gmModel, "cpu").ok());
  EXPECT_TRUE(checkTarget(gmModel, "fake").ok());
  EXPECT_EQ(checkTarget(gmModel, "cuda").message(), "this file holds no code for cuda; it has: cpu (fake)");
  EXPECT_EQ(checkTarget(gmModel, "cpuu").code(), Code::Usage);
}

TEST(Level, RefusesTablesWithoutSense) {
  EXPECT_TRUE(checkModel(gmModel).ok());
  GmModel model = gmModel;
  model.abi_version = 9;
  EXPECT_EQ(checkModel(model).code(), Code::Bug);
  model = gmModel;
  model.level_count = 0;
  EXPECT_EQ(checkModel(model).code(), Code::Bug);
  model = gmModel;
  model.vocab_tokens = 0;
  EXPECT_EQ(checkModel(model).code(), Code::Bug);
}

TEST(Target, NamesTheFeaturesItReports) {
  uint64_t features = gmTargetCpuFeatures();
  for (unsigned bit = 0; bit < 64; ++bit)
    if (features >> bit & 1)
      EXPECT_TRUE(gmTargetFeatureName(bit)) << bit;
  EXPECT_FALSE(gmTargetFeatureName(63));
}

TEST(MemoryLimit, TheSmallestOfTheGroupsAbove) {
  TemporaryFolder folder;
  auto put = [&](const std::string &path, const std::string &text) {
    std::filesystem::create_directories(std::filesystem::path(folder.path(path)).parent_path());
    writeBytes(folder.path(path), {reinterpret_cast<const uint8_t *>(text.data()), text.size()});
  };
  auto limit = [&] { return memoryLimit(folder.path("")); };
  EXPECT_EQ(limit(), std::nullopt) << "no /proc";
  put("proc/self/cgroup", "0::/a/b\n");
  EXPECT_EQ(limit(), std::nullopt) << "no files";
  put("sys/fs/cgroup/a/b/memory.max", "max\n");
  EXPECT_EQ(limit(), std::nullopt);
  put("sys/fs/cgroup/a/memory.max", "5000\n");
  EXPECT_EQ(limit(), 5000);
  put("sys/fs/cgroup/a/b/memory.max", "70\n");
  EXPECT_EQ(limit(), 70);
  put("proc/self/cgroup", "9:cpu:/x\n4:memory,hugetlb:/c/d\n0::/\nwords\n");
  put("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  EXPECT_EQ(limit(), std::nullopt) << "version 1's way to say none";
  put("sys/fs/cgroup/memory/c/d/memory.limit_in_bytes", "123\n");
  EXPECT_EQ(limit(), 123);
  put("sys/fs/cgroup/memory.max", "17");
  EXPECT_EQ(limit(), 17) << "a container's own root";
}

} // namespace
