// Programs that are linked in this process and run: with a small kit made by CMake (its `main` is kit/main.c), for this
// machine and, under qemu, for another.
#include "compiler/emit/Link.h"
#include "compiler/emit/Artifact.h"
#include "compiler/emit/ModelTable.h"
#include "runtime/abi/Step.h"
#include "test/compiler/emit/TestUtils.h"

#include "llvm/ADT/StringRef.h"
#include "llvm/BinaryFormat/ELF.h"

#include <cstring>
#include <filesystem>

using namespace gemmac;
using namespace gemmac::test;
using emit::LinkInput;

namespace {

const std::string kits = EMIT_TEST_KITS;

/// Objects of a whole small program: two levels and the table.
std::vector<LinkInput> programFor(const codegen::Machine &machine, const std::string &target) {
  std::vector<LinkInput> objects;
  emit::ModelTable table;
  table.target = target;
  for (const char *prefix : {"gm_high", "gm_low"}) {
    codegen::Options options;
    options.machine = machine;
    std::string error, name = prefix;
    mlir::FailureOr<codegen::Code> code = compileText(levelModule(name), options, error);
    EXPECT_TRUE(mlir::succeeded(code)) << error;
    if (mlir::failed(code))
      return {};
    objects.push_back({name, code->object});
    emit::LevelEntry level = {name.substr(3), 0xf000000000000001u, name + "_decode", name + "_prefill", name + "_read"};
    level.arenaBytes = 1000 + int64_t(objects.size());
    level.maxChunkTokens = int64_t(1) << 40;
    level.maxLastRows = -5;
    table.levels.push_back(level);
  }
  table.vocabTokens = 11;
  table.contextTokens = 12;
  table.pageBytes = 13;
  table.tableEntries = 14;
  table.pageClasses = {{0, 64, 0}, {int64_t(1) << 41, 32, 15}};
  table.cacheReads = {{0, 21}, {int64_t(1) << 42, 22}};
  table.weightBytes = int64_t(1) << 41;
  table.decodeBytes = 17;
  table.decodeOps = 18;
  table.prefillOps = 19;
  table.blockTokens = 20;
  table.hiddenFloats = 21;
  Result<std::string> object = emit::buildModelTable(table, machine.triple);
  EXPECT_TRUE(bool(object)) << object.error().message;
  objects.push_back({"model table", object ? *object : ""});
  return objects;
}

std::string expectedTalk(const std::string &target) {
  return "abi " + std::to_string(GM_ABI_VERSION) + " target " + target + R"( vocab 11 context 12
pages of 13, table of 14, weights 2199023255552 ops 17 18 19 blocks 20
classes 0:64:0 2199023255552:32:15
reads 0:21 4398046511104:22
level high features f000000000000001 arena 1001 chunk 1099511627776 rows -5
decode 20 prefill 4 barriers 1 read 4096
level low features f000000000000001 arena 1002 chunk 1099511627776 rows -5
decode 21 prefill 4 barriers 1 read 4096
)";
}

void linkAndRun(const codegen::Machine &machine, const std::string &target, const std::string &runner) {
  std::string kit = kits + "/" + target;
  if (!std::filesystem::exists(kit))
    GTEST_SKIP() << "no C library for " << target << " on this machine";
  TempFolder folder;
  Result<std::string> linked = emit::linkExecutable(programFor(machine, target), kit);
  ASSERT_TRUE(bool(linked)) << linked.error().message;
  EXPECT_EQ(folder.names(), std::vector<std::string>());

  llvm::ELF::Elf64_Ehdr header;
  ASSERT_GT(linked->size(), sizeof header);
  memcpy(&header, linked->data(), sizeof header);
  EXPECT_EQ(header.e_type, llvm::ELF::ET_DYN) << "position independent";
  EXPECT_EQ(linked->find("gm_high_decode"), std::string::npos) << "stripped";
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    llvm::ELF::Elf64_Phdr segment;
    memcpy(&segment, linked->data() + header.e_phoff + i * sizeof segment, sizeof segment);
    EXPECT_NE(segment.p_type, unsigned(llvm::ELF::PT_INTERP)) << "static";
  }

  // With a section behind it, as every executable of gemmac is.
  Result<emit::ArtifactWriter> writer = beginArtifact(folder / "program", *linked, 4);
  ASSERT_TRUE(bool(writer)) << writer.error().message;
  const uint8_t manifest[] = {'{', '}'};
  ASSERT_TRUE(bool(writer->addSection("manifest", manifest)));
  ASSERT_TRUE(bool(writer->finish()));
  Ran ran = runCommand(runner + (folder / "program"));
  EXPECT_EQ(ran.status, 7);
  EXPECT_EQ(ran.out, expectedTalk(target));
}

/// A machine any host of the tests has; the kit's names follow the hosts' processor names.
const codegen::Machine x86Base = {"x86_64-unknown-linux-gnu", "x86-64", "", 0};

TEST(Link, ProgramRuns) {
  linkAndRun(x86Base, "x86_64", "");
}

TEST(Link, ForeignProgramRuns) {
  if (runCommand("command -v qemu-aarch64-static").status != 0)
    GTEST_SKIP() << "no qemu-aarch64-static on this machine";
  linkAndRun(arm, "aarch64", "qemu-aarch64-static ");
}

TEST(Link, SameInputsSameBytes) {
  TempFolder a, b;
  std::vector<LinkInput> program = programFor(x86Base, "x86_64");
  Result<std::string> first = emit::linkExecutable(program, kits + "/x86_64");
  Result<std::string> second = emit::linkExecutable(program, kits + "/x86_64");
  ASSERT_TRUE(first && second);
  EXPECT_TRUE(*first == *second);
}

TEST(Link, KeepsSymbolsOnRequest) {
  TempFolder folder;
  Result<std::string> linked =
      emit::linkExecutable(programFor(x86Base, "x86_64"), kits + "/x86_64", /*keepSymbols=*/true);
  ASSERT_TRUE(bool(linked)) << linked.error().message;
  EXPECT_NE(linked->find("gm_high_decode"), std::string::npos);
}

/// The kits that gemmac itself uses: nothing that the runtime needs is missing in them.
TEST(Link, TheRuntimesOwnKitsAreWhole) {
  const std::pair<codegen::Machine, std::string> targets[] = {{x86Base, "x86_64"}, {arm, "aarch64"}};
  int linkedKits = 0;
  for (const auto &[machine, target] : targets) {
    Result<std::string> kit = emit::findKit(target);
    if (!kit)
      continue;
    TempFolder folder;
    Result<std::string> linked = emit::linkExecutable(programFor(machine, target), *kit);
    EXPECT_TRUE(bool(linked)) << linked.error().message;
    linkedKits += 1;
  }
  if (linkedKits == 0)
    GTEST_SKIP() << emit::findKit("x86_64").error().message;
}

TEST(Link, ErrorsComeBackAndTheNextLinkWorks) {
  TempFolder folder;
  std::vector<LinkInput> program = programFor(x86Base, "x86_64");
  std::vector<LinkInput> part(program.begin() + 1, program.end());
  Result<std::string> missing = emit::linkExecutable(part, kits + "/x86_64");
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().message.find(
                "undefined symbol: gm_high_decode\n>>> referenced by gmModel\n>>>               model table:("),
            std::string::npos)
      << missing.error().message;

  std::vector<LinkInput> broken = program;
  broken[0].bytes = "this is no object";
  Result<std::string> garbage = emit::linkExecutable(broken, kits + "/x86_64");
  ASSERT_FALSE(garbage);
  EXPECT_EQ(garbage.error().message.find("gm_high"), 0u) << garbage.error().message;

  std::vector<LinkInput> twice = program;
  twice.push_back(program[0]);
  Result<std::string> duplicate = emit::linkExecutable(twice, kits + "/x86_64");
  ASSERT_FALSE(duplicate);
  EXPECT_NE(duplicate.error().message.find("duplicate symbol: gm_high_decode"), std::string::npos);

  EXPECT_TRUE(bool(emit::linkExecutable(program, kits + "/x86_64")));
  EXPECT_EQ(folder.names(), std::vector<std::string>());
}

/// LLD gives up on such a file in the middle of its work: the process must live on, and be told that it cannot link any
/// more.
TEST(Link, FatalErrorsOfTheLinkerComeBackToo) {
  TempFolder folder;
  std::vector<LinkInput> program = programFor(x86Base, "x86_64"), broken = program;
  broken[0].bytes.resize(300);
  int status = inChild([&] {
    Result<std::string> cut = emit::linkExecutable(broken, kits + "/x86_64");
    if (cut || !cut.error().message.starts_with("gm_high")) {
      fprintf(stderr, "%s\n", cut ? "it linked" : cut.error().message.c_str());
      return 1;
    }
    Result<std::string> next = emit::linkExecutable(program, kits + "/x86_64");
    return next || next.error().message == "the linker failed fatally before in this process and cannot run again" ? 0
                                                                                                                   : 2;
  });
  EXPECT_EQ(status, 0);
  EXPECT_EQ(folder.names(), std::vector<std::string>());
}

TEST(Link, FoldersThatAreNotThere) {
  TempFolder folder;
  std::vector<LinkInput> program = programFor(x86Base, "x86_64");
  Result<std::string> noKit = emit::linkExecutable(program, folder.path);
  ASSERT_FALSE(noKit);
  const std::string advice = "; build the runtime for this target, or install gemmac whole";
  EXPECT_EQ(noKit.error().message, folder.path + ": the link kit lacks link.txt" + advice);
  writeFile(folder / "link.txt", "-pie start.o @ --start-group libgemmart.a here.a --end-group\n");
  writeFile(folder / "here.a", "");
  Result<std::string> poor = emit::linkExecutable(program, folder.path);
  ASSERT_FALSE(poor);
  EXPECT_EQ(poor.error().message, folder.path + ": the link kit lacks start.o, libgemmart.a" + advice);
  Result<std::string> unknown = emit::findKit("no-such-target");
  ASSERT_FALSE(unknown);
  EXPECT_NE(unknown.error().message.find("/lib/gemmac/no-such-target: the link kit lacks "), std::string::npos);
}

TEST(ModelTable, RefusesWhatCannotBeRight) {
  emit::ModelTable table;
  Result<std::string> empty = emit::buildModelTable(table, x86Base.triple);
  ASSERT_FALSE(empty);
  EXPECT_EQ(empty.error().message, "an executable needs at least one compiled level");
  table.levels.push_back({"base", 0, "a", "", "c"});
  Result<std::string> noEntry = emit::buildModelTable(table, x86Base.triple);
  ASSERT_FALSE(noEntry);
  EXPECT_EQ(noEntry.error().message, "level 'base' lacks an entry point: decode, prefill and read are all needed");
  table.levels[0].prefill = "b";
  Result<std::string> small = emit::buildModelTable(table, "i386-unknown-linux-gnu");
  ASSERT_FALSE(small);
  EXPECT_EQ(small.error().message, "triple 'i386-unknown-linux-gnu' is not a 64-bit little-endian machine");
  Result<std::string> unknown = emit::buildModelTable(table, "z80-unknown-none");
  ASSERT_FALSE(unknown);
}

} // namespace
