// Many sequences over the fake model: whatever is appended, forked, rewound and freed, in whatever order and beside
// whatever neighbours, each sequence answers as if it were alone, and pages are neither lost nor owned twice.
#include "runtime/model/Engine.h"
#include "runtime/model/Sampler.h"
#include "runtime/model/SequenceFile.h"
#include "runtime/model/Session.h"
#include "test/runtime/FakeModel.h"
#include "test/runtime/TestFiles.h"

#include <gtest/gtest.h>

using namespace gemmart;

namespace {

constexpr int64_t kFull = 7; // pages of a full context: 4 for all positions, 3 for a window of 10 and a step of 8

class SequencesTest : public testing::Test {
protected:
  void SetUp() override {
    Result<std::unique_ptr<Team>> created = Team::create(2);
    ASSERT_TRUE(created);
    team = std::move(*created);
  }
  std::shared_ptr<Engine> open(int64_t pages, int64_t context = fake::kContext) {
    Result<std::shared_ptr<Engine>> engine =
        Engine::open(gmModel, gmModel.levels[1], weights, *team, {context, pages * fake::kPageBytes, 1});
    EXPECT_TRUE(engine);
    return *engine;
  }
  /// Feeds tokens and expects of every row what the model says of the whole sequence.
  Status feed(Session &session, std::vector<int32_t> &held, std::span<const int32_t> tokens, int64_t last) {
    std::vector<int32_t> all = held;
    all.insert(all.end(), tokens.begin(), tokens.end());
    Status status = session.feed(tokens, last, [&](int64_t position, std::span<float> row) {
      EXPECT_EQ(mostLikely(row), fake::expectedNext(std::span(all).first(size_t(position + 1)), weights));
      return Status();
    });
    if (status)
      held = std::move(all);
    return status;
  }

  std::vector<uint8_t> weights = fake::weights();
  std::unique_ptr<Team> team;
};

std::vector<int32_t> counted(int64_t count, int32_t first) {
  std::vector<int32_t> tokens;
  for (int64_t index = 0; index < count; ++index)
    tokens.push_back(int32_t((first + index * 17) % fake::kVocab));
  return tokens;
}

TEST_F(SequencesTest, TakesPagesAsItGrowsAndGivesThemBack) {
  std::shared_ptr<Engine> engine = open(kFull);
  Session session = engine->newSession();
  EXPECT_EQ(engine->pages().used(), 0);
  std::vector<int32_t> held;
  ASSERT_TRUE(feed(session, held, counted(1, 3), 1));
  EXPECT_EQ(session.pages(), 2); // one of each class
  ASSERT_TRUE(feed(session, held, counted(16, 4), 1));
  EXPECT_EQ(session.pages(), 2 + 3); // 17 positions: the window still holds 0 to 23
  int64_t most = 0;
  while (session.position() < fake::kContext) {
    ASSERT_TRUE(feed(session, held, counted(1, 5), 1));
    most = std::max(most, engine->pages().used());
  }
  EXPECT_LE(most, kFull);
  EXPECT_EQ(session.pages(), 4 + 2);
  session.reset();
  EXPECT_EQ(engine->pages().used(), 0);
  held.clear();
  ASSERT_TRUE(feed(session, held, counted(fake::kContext, 9), 3)); // used pages serve again
}

TEST_F(SequencesTest, AForkCostsNothingUntilItWrites) {
  std::shared_ptr<Engine> engine = open(20);
  Session session = engine->newSession();
  std::vector<int32_t> held;
  ASSERT_TRUE(feed(session, held, counted(20, 3), 1));
  int64_t used = engine->pages().used();
  Session fork = session.fork();
  EXPECT_EQ(engine->pages().used(), used);
  std::vector<int32_t> other = held;
  ASSERT_TRUE(feed(fork, other, counted(1, 50), 1));
  EXPECT_EQ(engine->pages().used(), used + 2); // the page it writes to, of each class
  ASSERT_TRUE(feed(session, held, counted(30, 60), 5));
  ASSERT_TRUE(feed(fork, other, counted(30, 70), 5));
}

/// The window moves on by pages that two sequences own: neither loses what the other still reads.
TEST_F(SequencesTest, WindowsThatPassSharedPages) {
  for (int64_t shared = 1; shared < 40; ++shared) {
    std::shared_ptr<Engine> engine = open(3 * kFull);
    Session one = engine->newSession();
    std::vector<int32_t> a, b;
    ASSERT_TRUE(feed(one, a, counted(shared, 3), 1));
    Session two = one.fork();
    b = a;
    ASSERT_TRUE(feed(one, a, counted(20, 11), 2));
    ASSERT_TRUE(feed(two, b, counted(1, 12), 1));
    ASSERT_TRUE(feed(two, b, counted(17, 13), 3));
    Session three = two.fork();
    two.reset();
    ASSERT_TRUE(feed(three, b, counted(3, 14), 3));
    ASSERT_TRUE(feed(one, a, counted(2, 15), 2));
  }
}

TEST_F(SequencesTest, RewindsAsFarAsWindowsAreHeld) {
  std::shared_ptr<Engine> engine = open(kFull);
  Session session = engine->newSession();
  std::vector<int32_t> held;
  ASSERT_TRUE(feed(session, held, counted(40, 3), 1));
  EXPECT_FALSE(session.rewind(41));
  EXPECT_FALSE(session.rewind(20)); // sees 11 to 20, of which 8 to 15 were given back
  EXPECT_EQ(session.position(), 40);
  ASSERT_TRUE(session.rewind(35));
  held.resize(35);
  ASSERT_TRUE(feed(session, held, counted(20, 33), 4));
  ASSERT_TRUE(session.rewind(0));
  EXPECT_EQ(engine->pages().used(), 0);
}

TEST_F(SequencesTest, RefusesBeforeItComputes) {
  std::shared_ptr<Engine> engine = open(4);
  Session session = engine->newSession();
  std::vector<int32_t> held;
  Status status = session.feed(counted(40, 1)).status();
  EXPECT_EQ(status.message(), "40 tokens: keys and values need 6 pages of 64 B, which is 384 B; 4 of 4 pages are left. "
                              "--kv-memory 1 (MiB) would do");
  EXPECT_EQ(session.position(), 0);
  EXPECT_EQ(engine->pages().used(), 0);
  ASSERT_TRUE(feed(session, held, counted(8, 3), 1)); // 2 pages
  Session second = engine->newSession(), third = engine->newSession();
  std::vector<int32_t> other;
  ASSERT_TRUE(feed(second, other, counted(3, 4), 1)); // 2 pages
  EXPECT_FALSE(third.feed(counted(1, 1)));
  EXPECT_TRUE(second.hasRoom());
  EXPECT_FALSE(third.hasRoom());
  second.reset();
  EXPECT_TRUE(third.hasRoom());
  ASSERT_TRUE(feed(session, held, counted(1, 9), 1)); // nothing was lost
  Engine::RowSink none = [](size_t, std::span<float>) { return Status(); };
  Session *twice[] = {&session, &session};
  std::vector<int32_t> tokens = {1, 2};
  EXPECT_EQ(engine->decode(twice, tokens, none).code(), Code::Bug);
  Session *all[] = {&session, &second};
  tokens[1] = 97;
  EXPECT_EQ(engine->decode(all, tokens, none).message(),
            "token 2 of the input is 97; ids of this model go from 0 to 96");
  EXPECT_EQ(Engine::open(gmModel, gmModel.levels[1], weights, *team, {64, 10, 1}).status().message(),
            "--kv-memory of 10 B: not one page of keys and values, which takes 64 B");
}

/// A neighbour's keys that are no numbers would come through a weight of 0.
TEST_F(SequencesTest, PagesAreZeroWhenTaken) {
  std::shared_ptr<PagePool> pool = *PagePool::create(128, 2);
  int64_t page = pool->take();
  std::fill_n(pool->data() + pool->offset(page), 128, 0xff);
  int64_t copied = pool->copy(page);
  EXPECT_EQ(pool->data()[pool->offset(copied) + 100], 0xff);
  EXPECT_EQ(pool->take(), -1);
  pool->share(page);
  pool->release(page);
  EXPECT_EQ(pool->left(), 0);
  pool->release(page);
  EXPECT_EQ(pool->left(), 1);
  EXPECT_EQ(pool->take(), page);
  for (int64_t index = 0; index < 128; ++index)
    EXPECT_EQ(pool->data()[pool->offset(page) + index], 0);
}

/// Random operations against plain lists of tokens. The pool is too small for all, so some are refused.
TEST_F(SequencesTest, AnyOrderOfEverything) {
  test::TemporaryFolder folder;
  std::string file = folder.path("sequence");
  for (uint64_t seed = 0; seed < 60; ++seed) {
    Random random(seed);
    auto upTo = [&](int64_t most) { return int64_t(random.next() % uint64_t(most)); };
    std::shared_ptr<Engine> engine = open(8 + upTo(40));
    std::vector<Session> sessions;
    std::vector<std::vector<int32_t>> held;
    sessions.push_back(engine->newSession());
    held.emplace_back();
    for (int step = 0; step < 200; ++step) {
      size_t at = size_t(upTo(int64_t(sessions.size())));
      Session &session = sessions[at];
      switch (upTo(9)) {
      case 0:
        sessions.push_back(session.fork());
        held.push_back(held[at]);
        break;
      case 1:
        sessions.push_back(engine->newSession());
        held.emplace_back();
        break;
      case 2:
        if (sessions.size() > 1) {
          std::swap(sessions[at], sessions.back());
          std::swap(held[at], held.back());
          sessions.pop_back();
          held.pop_back();
        }
        break;
      case 3:
        if (int64_t to = upTo(session.position() + 1); session.rewind(to))
          held[at].resize(size_t(to));
        break;
      case 4: {                                     // through a file
        if (session.position() == 0 || upTo(4) > 0) // files are slow
          break;
        ASSERT_TRUE(saveSequence(file, session, held[at], {}));
        Result<SavedSequence> loaded = loadSequence(file, *engine, {});
        if (loaded) {
          ASSERT_EQ(loaded->tokens, held[at]);
          sessions.push_back(std::move(loaded->session));
          held.push_back(held[at]);
        }
        break;
      }
      case 5:
      case 6: {
        std::vector<int32_t> tokens = counted(1 + upTo(20), int32_t(upTo(fake::kVocab)));
        (void)feed(session, held[at], tokens, upTo(int64_t(tokens.size()) + 1));
        break;
      }
      default: { // a token for each of some
        std::vector<Session *> all;
        std::vector<size_t> which;
        for (size_t index = 0; index < sessions.size(); ++index)
          if (upTo(2) && sessions[index].position() < fake::kContext) {
            all.push_back(&sessions[index]);
            which.push_back(index);
          }
        std::vector<int32_t> tokens = counted(int64_t(all.size()), int32_t(upTo(fake::kVocab)));
        size_t rows = 0;
        Status status = engine->decode(all, tokens, [&](size_t index, std::span<float> row) {
          std::vector<int32_t> &mine = held[which[index]];
          mine.push_back(tokens[index]);
          EXPECT_EQ(mostLikely(row), fake::expectedNext(mine, weights)) << "seed " << seed << ", step " << step;
          EXPECT_EQ(index, rows++);
          return Status();
        });
        EXPECT_EQ(rows, status ? all.size() : 0) << "all or none";
      }
      }
      ASSERT_LE(engine->pages().used(), engine->pages().capacity());
      for (size_t index = 0; index < sessions.size(); ++index)
        ASSERT_EQ(sessions[index].position(), int64_t(held[index].size())) << "seed " << seed << ", step " << step;
    }
    sessions.clear();
    EXPECT_EQ(engine->pages().used(), 0) << "seed " << seed;
  }
}

} // namespace
