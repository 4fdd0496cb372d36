// Files and programs for the runtime's tests, see TestFiles.h.
#include "test/runtime/TestFiles.h"

#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace gemmart::test {

TemporaryFolder::TemporaryFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "runtime_test.XXXXXX").string();
  folder = mkdtemp(pattern.data());
}

TemporaryFolder::~TemporaryFolder() {
  std::filesystem::remove_all(folder);
}

std::vector<uint8_t> readBytes(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void writeBytes(const std::string &path, std::span<const uint8_t> bytes, bool executable) {
  std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char *>(bytes.data()), long(bytes.size()));
  if (executable)
    chmod(path.c_str(), 0755);
}

Outcome runProgramFile(const std::string &path, const std::vector<std::string> &arguments, const std::string &input) {
  TemporaryFolder folder;
  std::string in = folder.path("in"), out = folder.path("out"), err = folder.path("err");
  writeBytes(in, {reinterpret_cast<const uint8_t *>(input.data()), input.size()});
  std::vector<char *> words = {const_cast<char *>(path.c_str())};
  for (const std::string &argument : arguments)
    words.push_back(const_cast<char *>(argument.c_str()));
  words.push_back(nullptr);
  pid_t child = fork();
  if (child == 0) {
    dup2(open(in.c_str(), O_RDONLY), STDIN_FILENO);
    dup2(open(out.c_str(), O_CREAT | O_WRONLY, 0600), STDOUT_FILENO);
    dup2(open(err.c_str(), O_CREAT | O_WRONLY, 0600), STDERR_FILENO);
    execv(path.c_str(), words.data());
    _exit(127);
  }
  int status = 0;
  waitpid(child, &status, 0);
  std::vector<uint8_t> outBytes = readBytes(out), errBytes = readBytes(err);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
          {outBytes.begin(), outBytes.end()},
          {errBytes.begin(), errBytes.end()}};
}

} // namespace gemmart::test
