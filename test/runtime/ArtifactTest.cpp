// The section table and its hashes: every truncation, every changed byte, and tables that lie.
#include "runtime/model/Artifact.h"

#include "runtime/abi/Hash.h"
#include "runtime/abi/Step.h"
#include "runtime/host/Team.h"
#include "test/runtime/FakeModel.h"
#include "test/runtime/TestFiles.h"

#include <cstring>
#include <fcntl.h>
#include <functional>
#include <gtest/gtest.h>
#include <unistd.h>

using namespace gemmart;
using namespace gemmart::test;

namespace {

class ArtifactTest : public testing::Test {
protected:
  /// Opens and verifies these bytes.
  Status check(std::span<const uint8_t> bytes) {
    writeBytes(file, bytes);
    return reopen();
  }
  Status reopen() {
    Result<Artifact> artifact = Artifact::open(file, "model");
    return artifact ? artifact->verify(*team) : artifact.status();
  }
  void SetUp() override {
    Result<std::unique_ptr<Team>> created = Team::create(2);
    ASSERT_TRUE(created);
    team = std::move(*created);
    good = fake::artifact(std::vector<uint8_t>(100, 0x7f));
  }
  /// The good file with a changed table and the right hash of it: what only the checks behind the hash can refuse.
  std::vector<uint8_t> withTable(const std::function<void(std::vector<GmSection> &)> &change) {
    GmTrailer trailer;
    std::memcpy(&trailer, good.data() + good.size() - sizeof trailer, sizeof trailer);
    std::vector<GmSection> table(trailer.section_count);
    std::memcpy(table.data(), good.data() + trailer.table_offset, table.size() * sizeof(GmSection));
    change(table);
    trailer.section_count = uint32_t(table.size());
    trailer.file_bytes = trailer.table_offset + table.size() * sizeof(GmSection) + sizeof trailer;
    return fake::withEnd({good.begin(), good.begin() + long(trailer.table_offset)}, table, trailer);
  }
  std::string tableFailure(const std::function<void(std::vector<GmSection> &)> &change) {
    Status status = check(withTable(change));
    EXPECT_EQ(status.code(), Code::Input);
    return status.message();
  }
  std::vector<uint8_t> withTrailer(const std::function<void(GmTrailer &)> &change) {
    std::vector<uint8_t> bytes = good;
    GmTrailer trailer;
    std::memcpy(&trailer, bytes.data() + bytes.size() - sizeof trailer, sizeof trailer);
    change(trailer);
    std::memcpy(bytes.data() + bytes.size() - sizeof trailer, &trailer, sizeof trailer);
    return bytes;
  }

  TemporaryFolder folder;
  std::string file = folder.path("model");
  std::unique_ptr<Team> team;
  std::vector<uint8_t> good;
};

TEST_F(ArtifactTest, OpensWhatWasWritten) {
  writeBytes(file, good);
  Result<Artifact> artifact = Artifact::open(file, "model");
  ASSERT_TRUE(artifact) << artifact.status().message();
  EXPECT_TRUE(artifact->verify(*team).ok());
  const Section *weights = artifact->find("weights");
  ASSERT_TRUE(weights);
  std::vector<uint8_t> expected = fake::weights();
  EXPECT_TRUE(std::equal(expected.begin(), expected.end(), weights->bytes.begin(), weights->bytes.end()));
  EXPECT_EQ(uintptr_t(weights->bytes.data()) % GM_SECTION_ALIGN, 0u);
  EXPECT_TRUE(artifact->find("manifest"));
  EXPECT_FALSE(artifact->find("weight"));
}

TEST_F(ArtifactTest, OpensManyPiecesAndEmptySections) {
  std::vector<uint8_t> large(2 * GM_HASH_PIECE + 5, 3), exact(GM_HASH_PIECE, 4);
  fake::NamedSection sections[] = {{"large", large}, {"none", {}}, {"exact", exact}};
  std::vector<uint8_t> bytes = fake::artifact({}, sections);
  EXPECT_TRUE(check(bytes).ok());
  bytes[2 * GM_HASH_PIECE + 4] ^= 1; // the last byte of the last piece
  EXPECT_TRUE(check(bytes).message().starts_with("model: section 'large' was changed: its hash is "));
}

TEST_F(ArtifactTest, RefusesEveryTruncation) {
  std::vector<uint8_t> longer = good;
  longer.push_back(0);
  EXPECT_EQ(check(longer).code(), Code::Input);
  for (size_t length = good.size(); length-- > 0;) { // shrinks in place: thousands of new files would take long
    ASSERT_EQ(truncate(file.c_str(), long(length)), 0);
    Status status = reopen();
    ASSERT_EQ(status.code(), Code::Input) << length << " bytes were accepted";
    ASSERT_FALSE(status.message().empty());
  }
}

TEST_F(ArtifactTest, RefusesEveryChangedByte) {
  writeBytes(file, good);
  std::vector<std::pair<size_t, std::string>> guarded; // position, what the message must name
  {
    Result<Artifact> artifact = Artifact::open(file, "model");
    ASSERT_TRUE(artifact);
    EXPECT_TRUE(artifact->verifyDigest(*team).ok());
    for (const Section &section : artifact->sections())
      for (size_t index = 0; index < section.bytes.size(); ++index)
        guarded.push_back({section.offset + index, "section '" + section.name + "' was changed"});
    for (size_t index = 0; index < artifact->code().size(); ++index)
      guarded.push_back({index, "the code was changed"});
    const std::vector<Section> &sections = artifact->sections();
    for (size_t index = sections[0].offset + sections[0].bytes.size(); index < sections[1].offset; ++index)
      guarded.push_back({index, "lies between sections"});
  }
  // The digest is not compared at every start; the hash of table and trailer covers it.
  for (size_t index = good.size() - sizeof(GmTrailer) - 2 * sizeof(GmSection); index < good.size(); ++index)
    guarded.push_back({index, ""});
  ASSERT_EQ(guarded.size(), good.size()) << "every byte of the file";
  int descriptor = open(file.c_str(), O_WRONLY);
  ASSERT_GE(descriptor, 0);
  for (const auto &[position, name] : guarded) {
    uint8_t changed = good[position] ^ uint8_t(1 << position % 8);
    ASSERT_EQ(pwrite(descriptor, &changed, 1, long(position)), 1);
    Status status = reopen();
    ASSERT_EQ(status.code(), Code::Input) << "a changed byte at " << position << " was accepted";
    ASSERT_NE(status.message().find(name), std::string::npos) << status.message();
    ASSERT_EQ(pwrite(descriptor, &good[position], 1, long(position)), 1);
  }
  close(descriptor);
  EXPECT_TRUE(reopen().ok());
}

TEST_F(ArtifactTest, RefusesTrailersThatLie) {
  auto failure = [&](const std::function<void(GmTrailer &)> &change) { return check(withTrailer(change)).message(); };
  EXPECT_EQ(failure([](GmTrailer &trailer) { trailer.abi_version = 7; }),
            "model: sections of format 7, this code reads 4; build it again");
  EXPECT_NE(failure([](GmTrailer &trailer) { trailer.section_count = GM_MAX_SECTIONS + 1; }).find("does not fit"),
            std::string::npos);
  for (uint32_t count : {0u, 1u, 3u, 64u, 1u << 31, ~0u})
    EXPECT_NE(failure([&](GmTrailer &trailer) { trailer.section_count = count; }).find("does not fit"),
              std::string::npos);
  for (uint64_t offset : {uint64_t(0), uint64_t(1) << 31, uint64_t(1) << 32, uint64_t(1) << 63, ~uint64_t(0)})
    EXPECT_NE(failure([&](GmTrailer &trailer) { trailer.table_offset = offset; }).find("does not fit"),
              std::string::npos);
  for (uint64_t bytes : {uint64_t(0), uint64_t(good.size() + 1), uint64_t(1) << 63, ~uint64_t(0)})
    EXPECT_NE(failure([&](GmTrailer &trailer) { trailer.file_bytes = bytes; }).find("was written with"),
              std::string::npos);
}

TEST_F(ArtifactTest, RefusesTablesThatLie) {
  EXPECT_EQ(tableFailure([](std::vector<GmSection> &table) { table[0].offset += 8; }),
            "model: section 'weights' starts at byte 4104, which is no multiple of 4096");
  for (uint64_t offset : {uint64_t(1) << 31, uint64_t(1) << 32, uint64_t(1) << 63, ~uint64_t(4095)})
    EXPECT_NE(tableFailure([&](std::vector<GmSection> &table) { table[1].offset = offset; }).find("reaches beyond"),
              std::string::npos);
  for (uint64_t bytes : {uint64_t(1) << 31, uint64_t(1) << 32, uint64_t(1) << 63, ~uint64_t(0)})
    EXPECT_NE(tableFailure([&](std::vector<GmSection> &table) { table[0].bytes = bytes; }).find("reaches beyond"),
              std::string::npos);
  EXPECT_EQ(tableFailure([](std::vector<GmSection> &table) { table[1].offset = table[0].offset + 4096; }),
            "model: section 'manifest' overlaps section 'weights'");
  EXPECT_EQ(tableFailure([](std::vector<GmSection> &table) { std::strcpy(table[1].name, "weights"); }),
            "model: section 'weights' is there twice");
  EXPECT_EQ(tableFailure([](std::vector<GmSection> &table) { table[1].name[0] = 0; }),
            "model: section 1 has no proper name");
  EXPECT_EQ(tableFailure([](std::vector<GmSection> &table) { std::memset(table[1].name, 'x', sizeof table[1].name); }),
            "model: section 1 has no proper name");
  EXPECT_NE(tableFailure([](std::vector<GmSection> &table) {
              table.resize(GM_MAX_SECTIONS + 1, table[0]);
            }).find("does not fit"),
            std::string::npos);
}

TEST_F(ArtifactTest, RefusesWhatIsNoFile) {
  EXPECT_EQ(Artifact::open(folder.path("nothing"), "model").status().message(),
            "model: cannot open: No such file or directory");
  EXPECT_EQ(Artifact::open("/tmp", "model").status().message(), "model: not a regular file");
}

/// What only SHA-256 finds: bytes that were changed by somebody who mended the fast hashes.
TEST_F(ArtifactTest, TheDigestIsOfEveryByte) {
  auto failure = [&](const std::vector<uint8_t> &bytes) {
    writeBytes(file, bytes);
    Result<Artifact> artifact = Artifact::open(file, "model");
    if (!artifact)
      return artifact.status().message();
    EXPECT_TRUE(artifact->verify(*team).ok());
    return artifact->verifyDigest(*team).message();
  };
  EXPECT_EQ(failure(good), "");
  auto mended = [&](const std::function<void(std::vector<uint8_t> &, std::vector<GmSection> &, GmTrailer &)> &change) {
    std::vector<uint8_t> bytes = good;
    GmTrailer trailer;
    std::memcpy(&trailer, bytes.data() + bytes.size() - sizeof trailer, sizeof trailer);
    std::vector<GmSection> table(trailer.section_count);
    std::memcpy(table.data(), bytes.data() + trailer.table_offset, table.size() * sizeof(GmSection));
    bytes.resize(trailer.table_offset);
    change(bytes, table, trailer);
    auto hashOf = [&](size_t offset, size_t size) {
      GmSectionHasher hasher;
      hasher.update(bytes.data() + offset, size);
      return hasher.finish();
    };
    trailer.code_hash = hashOf(0, table[0].offset);
    for (GmSection &section : table)
      section.hash = hashOf(section.offset, section.bytes);
    return failure(fake::withEnd(std::move(bytes), table, trailer));
  };
  auto none = [](auto &, auto &, auto &) {};
  EXPECT_EQ(mended(none), "");
  EXPECT_EQ(mended([](auto &bytes, auto &, auto &) { bytes[7] ^= 1; }),
            "model: the code was changed: its SHA-256 is not what the table says; copy or build it again");
  EXPECT_EQ(mended([](auto &bytes, auto &table, auto &) { bytes[table[0].offset] ^= 1; }),
            "model: section 'weights' was changed: its SHA-256 is not what the table says; copy or build it again");
  EXPECT_EQ(mended([](auto &, auto &table, auto &) { table[1].name[0] = 'M'; }),
            "model: the digest at the end is not that of the table; copy or build it again");
  EXPECT_EQ(mended([](auto &, auto &, auto &trailer) { trailer.digest[5] ^= 1; }),
            "model: the digest at the end is not that of the table; copy or build it again");
}

TEST(Hash, StreamAndPiecesAgree) {
  std::vector<uint8_t> data(GM_HASH_PIECE + 12345);
  for (size_t index = 0; index < data.size(); ++index)
    data[index] = uint8_t(index * 131 >> 3);
  GmSectionHasher parts, whole;
  whole.update(data.data(), data.size());
  for (size_t at = 0, step = 1; at < data.size(); at += step, step = step * 3 + 1)
    parts.update(data.data() + at, std::min(step, data.size() - at));
  uint64_t pieces[] = {gmHashBytes(data.data(), GM_HASH_PIECE), gmHashBytes(data.data() + GM_HASH_PIECE, 12345)};
  uint64_t expected = gmHashBytes(pieces, sizeof pieces);
  EXPECT_EQ(whole.finish(), expected);
  EXPECT_EQ(parts.finish(), expected);
}

} // namespace
