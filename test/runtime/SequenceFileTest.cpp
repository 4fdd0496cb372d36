// Sequences in files, over the fake model: what was saved goes on as if it had stayed; what is no such file, or another
// model's, is refused with a reason, whatever byte is wrong.
#include "runtime/model/SequenceFile.h"

#include "runtime/abi/Hash.h"
#include "runtime/model/Sampler.h"
#include "test/runtime/FakeModel.h"
#include "test/runtime/TestFiles.h"

#include <gtest/gtest.h>

#include <cstring>

using namespace gemmart;

namespace {

constexpr ModelId kModel = {11, 12};

class SequenceFileTest : public testing::Test {
protected:
  void SetUp() override {
    team = std::move(*Team::create(1));
    engine = open(20);
    Session session = engine->newSession();
    for (int32_t token = 0; token < 30; ++token)
      tokens.push_back(token * 3 % int32_t(fake::kVocab));
    ASSERT_TRUE(session.feed(tokens));
    ASSERT_TRUE(saveSequence(path, session, tokens, kModel));
    saved = *readText(path, 1 << 20);
  }
  std::shared_ptr<Engine> open(int64_t pages) {
    return *Engine::open(gmModel, gmModel.levels[1], weights, *team, {fake::kContext, pages * fake::kPageBytes, 1});
  }
  /// What loading these bytes says; empty: it went well.
  std::string load(const std::string &bytes, const ModelId &model = kModel) {
    test::writeBytes(path, std::span(reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size()));
    int64_t used = engine->pages().used();
    Result<SavedSequence> loaded = loadSequence(path, *engine, model);
    if (loaded)
      return "";
    EXPECT_EQ(engine->pages().used(), used);
    std::string message = loaded.status().message();
    EXPECT_TRUE(message.starts_with(path + ": ")) << message;
    return message.substr(std::min(message.size(), path.size() + 2));
  }
  /// The same bytes under a hash that is right for them.
  static std::string hashed(std::string bytes) {
    GmSectionHasher hasher;
    hasher.update(bytes.data(), bytes.size() - 8);
    uint64_t hash = hasher.finish();
    std::memcpy(bytes.data() + bytes.size() - 8, &hash, 8);
    return bytes;
  }

  test::TemporaryFolder folder;
  std::string path = folder.path("saved");
  std::vector<uint8_t> weights = fake::weights();
  std::unique_ptr<Team> team;
  std::shared_ptr<Engine> engine;
  std::vector<int32_t> tokens;
  std::string saved;
};

TEST_F(SequenceFileTest, GoesOn) {
  Result<SavedSequence> loaded = loadSequence(path, *engine, kModel);
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->tokens, tokens);
  for (int32_t next : {5, 6, 7}) {
    Result<std::span<float>> row = loaded->session.feed({&next, 1});
    ASSERT_TRUE(row);
    tokens.push_back(next);
    EXPECT_EQ(mostLikely(*row), fake::expectedNext(tokens, weights));
  }
}

TEST_F(SequenceFileTest, BelongsToOneModel) {
  EXPECT_EQ(load(saved, {11, 13}), "saved by another model, or by another build of this one");
  EXPECT_EQ(load("short"), "not a saved sequence");
  std::string later = saved;
  later[8] = 2;
  EXPECT_EQ(load(later), "saved in version 2 of the format; this program reads version 1");
}

TEST_F(SequenceFileTest, NoRoom) {
  engine = open(2);
  Result<SavedSequence> loaded = loadSequence(path, *engine, kModel);
  ASSERT_FALSE(loaded);
  EXPECT_NE(loaded.status().message().find("pages of 64 B"), std::string::npos) << loaded.status().message();
  EXPECT_EQ(engine->pages().used(), 0);
}

TEST_F(SequenceFileTest, EveryWrongByteAndLength) {
  ASSERT_EQ(load(saved), "");
  for (size_t at = 0; at < saved.size(); ++at) {
    std::string wrong = saved;
    wrong[at] = char(wrong[at] ^ 0x41);
    EXPECT_NE(load(wrong), "") << at;
    EXPECT_NE(load(saved.substr(0, at)), "") << at;
  }
  EXPECT_NE(load(saved + "x"), "");
}

/// A right hash makes nothing of it true: numbers are checked themselves.
TEST_F(SequenceFileTest, WrongNumbersUnderARightHash) {
  constexpr size_t kNumbers = 32, kIds = 48 + 2 * 32; // page bytes and tokens; ids after two classes
  for (size_t at = kNumbers; at < kIds; at += 8)
    for (int64_t change : {int64_t(1), int64_t(-1), int64_t(1) << 40, INT64_MIN}) {
      std::string wrong = saved;
      int64_t number;
      std::memcpy(&number, wrong.data() + at, 8);
      number = int64_t(uint64_t(number) + uint64_t(change));
      std::memcpy(wrong.data() + at, &number, 8);
      EXPECT_NE(load(hashed(wrong)), "") << at << " " << change;
    }
  std::string wrong = saved;
  int32_t id = int32_t(fake::kVocab);
  std::memcpy(wrong.data() + kIds + 4, &id, 4);
  EXPECT_EQ(load(hashed(wrong)), "token 2 of the input is 97; ids of this model go from 0 to 96");
}

} // namespace
