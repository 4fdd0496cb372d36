// Outputs: whole or not at all, never over what is read, and gone when a signal ends the process.
#include "runtime/base/Output.h"
#include "runtime/base/Process.h"

#include "test/runtime/TestFiles.h"

#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace gemmart;
using namespace gemmart::test;

namespace {

class OutputTest : public testing::Test {
protected:
  void put(const std::string &name, const std::string &text) { std::ofstream(folder.path(name)) << text; }
  std::string get(const std::string &name) {
    std::vector<uint8_t> bytes = readBytes(folder.path(name));
    return {bytes.begin(), bytes.end()};
  }
  size_t files() {
    namespace fs = std::filesystem;
    return size_t(std::distance(fs::directory_iterator(folder.path("")), fs::directory_iterator()));
  }
  /// The wait status of a child that does this and then ends with the number.
  template <class Work> int inChild(Work work) {
    pid_t child = fork();
    if (child == 0)
      _exit(work());
    int status = -1;
    waitpid(child, &status, 0);
    return status;
  }
  std::string refusal(const std::string &path, std::vector<Input> inputs = {}) {
    Status status = checkOutput(path, inputs);
    return status ? "" : status.message();
  }
  TemporaryFolder folder;
};

TEST_F(OutputTest, ReplacesInOneStep) {
  put("out", "old");
  {
    Result<NewFile> dropped = NewFile::create(folder.path("out"), 0666);
    ASSERT_TRUE(dropped);
    ASSERT_TRUE(dropped->write(0, "half", 4));
    EXPECT_EQ(get("out"), "old");
  }
  EXPECT_EQ(get("out"), "old");
  Result<NewFile> file = NewFile::create(folder.path("out"), 0640);
  ASSERT_TRUE(file);
  ASSERT_TRUE(file->reserve(100000));
  ASSERT_TRUE(file->write(3, "new", 3));
  EXPECT_EQ(get("out"), "old");
  ASSERT_TRUE(file->keep());
  EXPECT_EQ(get("out"), std::string("\0\0\0new", 6));
  EXPECT_EQ(files(), 1u);
  struct stat facts;
  ASSERT_EQ(stat(folder.path("out").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, mode_t(0640));
  EXPECT_LE(facts.st_blocks * 512, 65536) << "what was reserved is given back";
}

TEST_F(OutputTest, CopiesBytesAndPermissions) {
  std::string text(200001, 'x');
  text[3] = 'y';
  put("from", text);
  chmod(folder.path("from").c_str(), 0750);
  int from = open(folder.path("from").c_str(), O_RDONLY);
  Result<NewFile> file = NewFile::create(folder.path("to"), 0600);
  ASSERT_TRUE(file);
  ASSERT_TRUE(file->copy(from, "from", 200000));
  ASSERT_TRUE(file->write(200000, "end", 3));
  ASSERT_TRUE(file->keep());
  EXPECT_EQ(get("to"), text.substr(0, 200000) + "end");
  struct stat facts;
  ASSERT_EQ(stat(folder.path("to").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, mode_t(0750));
  Result<NewFile> more = NewFile::create(folder.path("more"), 0600);
  ASSERT_TRUE(more);
  Status early = more->copy(from, "from", 200002);
  close(from);
  EXPECT_EQ(early.message(), "from: ends early");
}

TEST_F(OutputTest, NeverOverWhatIsRead) {
  put("in", "text");
  std::filesystem::create_symlink(folder.path("in"), folder.path("link"));
  std::filesystem::create_hard_link(folder.path("in"), folder.path("hard"));
  std::vector<Input> inputs = {{folder.path("none"), "what is not there"}, {folder.path("in"), "the weights"}};
  for (const char *name : {"in", "link", "hard", "../in"}) {
    std::string path = name[0] == '.' ? folder.path("x/") + name : folder.path(name);
    std::filesystem::create_directory(folder.path("x"));
    EXPECT_EQ(refusal(path, inputs),
              path + ": would replace the weights (" + folder.path("in") + "); choose another name");
  }
  EXPECT_EQ(refusal(folder.path("free"), inputs), "");
  EXPECT_EQ(refusal(folder.path("x")), folder.path("x") + ": is a folder; the output needs a name of its own");
  EXPECT_EQ(refusal(folder.path("x/")), "'" + folder.path("x/") + "' names no output file");
  EXPECT_EQ(refusal(""), "'' names no output file");
  EXPECT_EQ(refusal(folder.path("no/out")),
            folder.path("no") + ": cannot create a file here: No such file or directory");
  EXPECT_EQ(refusal("/dev/null"), "");
  EXPECT_NE(refusal(folder.path(std::string(300, 'n'))).find("File name too long"), std::string::npos);
}

TEST_F(OutputTest, TwoOutputsInOneFile) {
  put("there", "");
  std::filesystem::create_symlink(folder.path("there"), folder.path("link"));
  std::filesystem::create_directory(folder.path("x"));
  auto same = [&](const std::string &a, const std::string &b) {
    return sameOutput(folder.path(a), folder.path(b)) && sameOutput(folder.path(b), folder.path(a));
  };
  EXPECT_TRUE(same("there", "link"));
  EXPECT_TRUE(same("new", "x/../new"));
  EXPECT_FALSE(same("new", "other"));
  EXPECT_FALSE(same("new", "there"));
  EXPECT_FALSE(sameOutput("/dev/null", "/dev/null"));
}

TEST_F(OutputTest, SignalsRemoveTemporaryFiles) {
  for (int number : {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGABRT, SIGSEGV, SIGBUS, SIGUSR1, SIGXCPU}) {
    int status = inChild([&] {
      rlimit none = {0, 0};
      setrlimit(RLIMIT_CORE, &none);
      signal(number, SIG_DFL);
      Result<TempFile> one = TempFile::create(folder.path(""), "one", 0600);
      Result<TempFile> two = TempFile::create(folder.path(""), std::string(250, 'l'), 0600);
      if (!one || !two || files() != 2 || !one->write(0, "x", 1))
        return 1;
      raise(number);
      return 2;
    });
    EXPECT_TRUE(WIFSIGNALED(status)) << number;
    EXPECT_EQ(WTERMSIG(status), number);
    EXPECT_EQ(files(), 0u) << strsignal(number);
  }
}

TEST_F(OutputTest, NamesAreRandomAndNobodyElsesFileIsOpened) {
  Result<TempFile> one = TempFile::create(folder.path(""), "out", 0600),
                   two = TempFile::create(folder.path(""), "out", 0600);
  ASSERT_TRUE(one && two);
  EXPECT_NE(one->path(), two->path());
  EXPECT_EQ(one->path().find(std::to_string(getpid())), std::string::npos);
}

TEST_F(OutputTest, ClosedStandardDescriptorsAreFilled) {
  int status = inChild([&] {
    for (int descriptor : {0, 1, 2})
      close(descriptor);
    signal(SIGXFSZ, SIG_DFL);
    prepareProcess();
    Result<NewFile> file = NewFile::create(folder.path("out"), 0600);
    char byte;
    bool fails = read(0, &byte, 1) < 0 && write(1, "x", 1) < 0; // as closed ones do
    rlimit small = {10, 10};
    setrlimit(RLIMIT_FSIZE, &small);
    if (!file || !fails || !file->write(0, "0123456789", 10))
      return 1;
    Status tooMuch = file->write(10, "x", 1);
    return tooMuch.message().find("File too large") == std::string::npos ? 2 : 0;
  });
  EXPECT_EQ(status, 0);
}

} // namespace
