// The file with its sections: read back from its definition in runtime/abi/Artifact.h, not with the writer's own code;
// and that failures leave nothing behind.
#include "compiler/emit/Artifact.h"
#include "runtime/abi/Step.h"
#include "runtime/base/Sha256.h"
#include "test/compiler/emit/TestUtils.h"

#include <csignal>
#include <cstring>
#include <filesystem>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xxhash.h>

using namespace gemmac;
using namespace gemmac::test;
using emit::ArtifactWriter;

namespace {

std::span<const uint8_t> bytesOf(std::string_view text) {
  return {reinterpret_cast<const uint8_t *>(text.data()), text.size()};
}

std::string pattern(size_t bytes, unsigned seed) {
  std::string out(bytes, '\0');
  uint32_t state = seed;
  for (char &c : out) {
    state = state * 1664525u + 1013904223u;
    c = static_cast<char>(state >> 24);
  }
  return out;
}

/// The hash as the definition says it, from the whole section at once.
uint64_t definedHash(const std::string &bytes) {
  std::vector<uint64_t> pieces;
  for (size_t at = 0; at < bytes.size(); at += GM_HASH_PIECE)
    pieces.push_back(XXH3_64bits(bytes.data() + at, std::min<size_t>(GM_HASH_PIECE, bytes.size() - at)));
  return XXH3_64bits(pieces.data(), pieces.size() * sizeof(uint64_t));
}

std::string text(std::span<const uint8_t> bytes) {
  return {bytes.begin(), bytes.end()};
}

/// The runtime's SHA-256; the writer uses OpenSSL's.
std::string sha256(std::string_view bytes) {
  gemmart::Sha256 hash;
  hash.update(bytes.data(), bytes.size());
  return text(hash.finish());
}

std::string definedSha256(const std::string &bytes) {
  std::string list(1, '\1');
  for (size_t at = 0; at < bytes.size(); at += GM_HASH_PIECE)
    list += sha256(std::string(1, '\0') + bytes.substr(at, GM_HASH_PIECE));
  return sha256(list);
}

/// Checks everything that Artifact.h promises; returns name -> bytes in the order of the table.
std::vector<std::pair<std::string, std::string>> readBack(const std::string &path) {
  std::vector<std::pair<std::string, std::string>> out;
  std::string file = readFile(path);
  GmTrailer trailer;
  EXPECT_GE(file.size(), sizeof trailer);
  memcpy(&trailer, file.data() + file.size() - sizeof trailer, sizeof trailer);
  EXPECT_EQ(memcmp(trailer.magic, "GEMMAC\0\2", 8), 0);
  EXPECT_EQ(trailer.file_bytes, file.size());
  EXPECT_EQ(trailer.abi_version, GM_ABI_VERSION);
  EXPECT_EQ(trailer.table_offset + trailer.section_count * sizeof(GmSection) + sizeof trailer, file.size());
  size_t tableBytes = trailer.section_count * sizeof(GmSection);
  EXPECT_EQ(trailer.hash, XXH3_64bits(file.data() + trailer.table_offset, tableBytes + offsetof(GmTrailer, hash)));
  std::string digested = "gemmac digest 1\n";
  digested.append(reinterpret_cast<const char *>(trailer.code_sha256), 32);
  digested.append(file, trailer.table_offset, tableBytes);
  EXPECT_EQ(text(trailer.digest), sha256(digested));
  uint64_t codeEnd = trailer.table_offset;
  for (uint32_t i = 0; i < trailer.section_count; ++i) {
    GmSection section;
    memcpy(&section, file.data() + trailer.table_offset + i * sizeof section, sizeof section);
    EXPECT_EQ(section.offset % GM_SECTION_ALIGN, 0u);
    EXPECT_LE(section.offset + section.bytes, trailer.table_offset);
    std::string bytes = file.substr(section.offset, section.bytes);
    EXPECT_EQ(section.hash, definedHash(bytes)) << section.name;
    EXPECT_EQ(text(section.sha256), definedSha256(bytes)) << section.name;
    codeEnd = std::min(codeEnd, section.offset);
    out.emplace_back(section.name, bytes);
  }
  EXPECT_EQ(trailer.code_hash, definedHash(file.substr(0, codeEnd)));
  EXPECT_EQ(text(trailer.code_sha256), definedSha256(file.substr(0, codeEnd)));
  return out;
}

/// Sections of all kinds: small, empty, of several pieces in odd chunks, with gaps, and nothing but a gap.
std::vector<std::pair<std::string, std::string>> writeAll(const std::string &path, const std::string &elf) {
  Result<ArtifactWriter> writer = beginArtifact(path, elf, 20 << 20);
  EXPECT_TRUE(bool(writer)) << writer.error().message;
  if (!writer)
    return {};
  std::string weights = pattern((9 << 20) + 77, 1);
  EXPECT_TRUE(bool(writer->addSection("manifest", bytesOf("{}"))));
  EXPECT_TRUE(bool(writer->addSection("weights", weights.size(), [&](const emit::Sink &sink) -> Status {
    for (size_t at = 0, step = 1; at < weights.size(); step = step * 3 % 700001 + 1) {
      std::string_view part = std::string_view(weights).substr(at, step);
      if (Status wrote = sink(int64_t(at), bytesOf(part)); !wrote)
        return wrote;
      at += part.size();
    }
    return Ok{};
  })));
  EXPECT_TRUE(bool(writer->addSection("empty", std::span<const uint8_t>())));
  std::string gaps((6 << 20) + 5, '\0');
  gaps.replace(100, 3, "abc");
  gaps.replace(5 << 20, 3, "def");
  EXPECT_TRUE(bool(writer->addSection("gaps", gaps.size(), [&](const emit::Sink &sink) -> Status {
    Status wrote = sink(100, bytesOf("abc"));
    return wrote ? sink(5 << 20, bytesOf("def")) : wrote;
  })));
  EXPECT_TRUE(bool(writer->addSection("a-name-of-23-characters", bytesOf("last"))));
  EXPECT_TRUE(bool(writer->addSection("zero", 5 << 20, [](const emit::Sink &) -> Status { return Ok{}; })));
  EXPECT_FALSE(std::filesystem::exists(path)) << "appears only when complete";
  Status finished = writer->finish();
  EXPECT_TRUE(bool(finished)) << finished.error().message;
  return {{"manifest", "{}"},
          {"weights", weights},
          {"empty", ""},
          {"gaps", gaps},
          {"a-name-of-23-characters", "last"},
          {"zero", std::string(5 << 20, '\0')}};
}

TEST(Artifact, SectionsRoundTrip) {
  TempFolder folder;
  std::string elf = "#!/bin/sh\nexit 3\n" + pattern(5000, 9); // the shell stops reading at exit
  auto wanted = writeAll(folder / "model", elf);
  EXPECT_TRUE(readBack(folder / "model") == wanted);
  EXPECT_EQ(readFile(folder / "model").substr(0, elf.size()), elf);
  EXPECT_EQ(folder.names(), std::vector<std::string>{"model"});
  EXPECT_EQ(runCommand(folder / "model").status, 3) << "executable";
  struct stat info;
  ASSERT_EQ(stat((folder / "model").c_str(), &info), 0);
  EXPECT_LT(info.st_blocks * 512, info.st_size + (1 << 20)) << "what was reserved beyond the end is given back";
}

TEST(Artifact, SameInputsSameBytes) {
  TempFolder folder;
  writeAll(folder / "a", "elf");
  writeAll(folder / "b", "elf");
  EXPECT_TRUE(readFile(folder / "a") == readFile(folder / "b"));
}

TEST(Artifact, WorksWithoutSections) {
  TempFolder folder;
  Result<ArtifactWriter> writer = beginArtifact(folder / "m", "elf", 0);
  ASSERT_TRUE(bool(writer));
  ASSERT_TRUE(bool(writer->finish()));
  EXPECT_TRUE(readBack(folder / "m").empty());
}

TEST(Artifact, FailureLeavesTheOldFileAndNothingElse) {
  TempFolder folder;
  writeFile(folder / "m", "old");
  {
    Result<ArtifactWriter> writer = beginArtifact(folder / "m", "elf", 100);
    ASSERT_TRUE(bool(writer));
    EXPECT_EQ(folder.names().size(), 1u) << "a file in the making has no name";
    Status failed =
        writer->addSection("weights", 10, [](const emit::Sink &) -> Status { return Error{"no such tensor"}; });
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().message, "no such tensor");
  }
  EXPECT_EQ(folder.names(), std::vector<std::string>{"m"});
  EXPECT_EQ(readFile(folder / "m"), "old");
}

TEST(Artifact, RefusesWrongSections) {
  TempFolder folder;
  std::string path = folder / "m";
  Result<ArtifactWriter> writer = beginArtifact(path, "elf", 100);
  ASSERT_TRUE(bool(writer));
  auto messageOf = [](Status status) { return status ? "no error" : status.error().message; };
  auto add = [&](std::string_view name) { return messageOf(writer->addSection(name, bytesOf("x"))); };
  EXPECT_EQ(add("one"), "no error");
  EXPECT_EQ(add("one"), path + ": section 'one' is there twice");
  EXPECT_EQ(add(""), path + ": section name '' must have 1 to 23 bytes");
  EXPECT_EQ(add("a-name-of-24-characters-"),
            path + ": section name 'a-name-of-24-characters-' must have 1 to 23 bytes");
  auto fill = [&](uint64_t bytes, std::vector<std::pair<int64_t, std::string>> parts) {
    return messageOf(writer->addSection("two", bytes, [&](const emit::Sink &sink) -> Status {
      for (auto &[offset, part] : parts)
        if (Status wrote = sink(offset, bytesOf(part)); !wrote)
          return wrote;
      return Ok{};
    }));
  };
  EXPECT_EQ(fill(10, {{4, "abc"}, {6, "d"}}), path + ": section 'two': bytes at 6 were given after those before 7");
  EXPECT_EQ(fill(10, {{-1, "abc"}}), path + ": section 'two': bytes at -1 were given after those before 0");
  EXPECT_EQ(fill(10, {{8, "abc"}}), path + ": section 'two': 3 bytes at 8 do not fit in 10");
  EXPECT_EQ(fill(10, {{INT64_MAX, "abc"}}), path + ": section 'two': 3 bytes at 9223372036854775807 do not fit in 10");
  EXPECT_EQ(fill(UINT64_MAX, {}), path + ": section 'two' of 18446744073709551615 bytes fits in no file");
  for (int i = 1; i < int(GM_MAX_SECTIONS); ++i)
    EXPECT_EQ(add("s" + std::to_string(i)), "no error");
  EXPECT_EQ(add("more"), path + ": more than 64 sections");
  ASSERT_TRUE(bool(writer->finish()));
  EXPECT_EQ(readBack(path).size(), 64u);
}

TEST(Artifact, RefusesWrongPlaces) {
  TempFolder folder;
  auto create = [&](const std::string &path, uint64_t bytes) {
    Result<ArtifactWriter> writer = ArtifactWriter::create(path, bytes);
    return writer ? "no error" : writer.error().message;
  };
  EXPECT_EQ(create(folder.path, 0), folder.path + ": is a folder; the executable needs a name of its own");
  EXPECT_EQ(create("/dev/null", 0), "/dev/null: is not an ordinary file; the executable needs a name of its own");
  EXPECT_EQ(create("", 0), "'' names no output file");
  EXPECT_EQ(create(folder / "none/m", 0), (folder / "none") + ": cannot create a file here: No such file or directory");
  std::string full = create(folder / "m", uint64_t(1) << 50);
  EXPECT_EQ(full.find((folder / "m") + ": "), 0u) << full;
  EXPECT_NE(full.find("1024.00 TiB"), std::string::npos) << full;
  EXPECT_EQ(create(folder / "m", UINT64_MAX), (folder / "m") + ": 18446744073709551615 bytes fit in no file");
  EXPECT_EQ(folder.names(), std::vector<std::string>());
}

TEST(Artifact, SignalsLeaveNothingBehind) {
  for (int signal : {SIGINT, SIGTERM}) {
    TempFolder folder;
    int status = inChild([&] {
      Result<ArtifactWriter> writer = beginArtifact(folder / "m", "elf", 100);
      if (!writer || !folder.names().empty())
        return 1;
      (void)writer->addSection("weights", 100, [&](const emit::Sink &sink) -> Status {
        Status wrote = sink(0, bytesOf("half"));
        raise(signal);
        return wrote;
      });
      return 2;
    });
    EXPECT_TRUE(WIFSIGNALED(status)) << status;
    EXPECT_EQ(WTERMSIG(status), signal);
    EXPECT_EQ(folder.names(), std::vector<std::string>());
  }
}

TEST(Artifact, WriteErrorsSayWhereAndLeaveNothingBehind) {
  TempFolder folder;
  int status = inChild([&] {
    signal(SIGXFSZ, SIG_IGN);
    std::string message;
    {
      Result<ArtifactWriter> writer = beginArtifact(folder / "m", "elf", 100);
      if (!writer)
        return 1;
      rlimit limit = {100000, 100000}; // stands for a disk that fills up although there was room when we asked
      setrlimit(RLIMIT_FSIZE, &limit);
      Status wrote = writer->addSection("weights", bytesOf(std::string(200000, 'x')));
      if (wrote)
        return 2;
      message = wrote.error().message;
    }
    bool good =
        message.starts_with((folder / "m") + ": ") && message.find(": wrote 95904 of 200000 bytes at offset 4096: "
                                                                   "File too large") != std::string::npos;
    if (!good)
      fprintf(stderr, "%s\n", message.c_str());
    return good ? 0 : 3;
  });
  EXPECT_EQ(status, 0);
  EXPECT_EQ(folder.names(), std::vector<std::string>());
}

} // namespace
