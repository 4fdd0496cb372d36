// Files and programs for the runtime's tests.
#ifndef TEST_RUNTIME_TESTFILES_H
#define TEST_RUNTIME_TESTFILES_H

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace gemmart::test {

/// A folder that goes away with the object.
class TemporaryFolder {
public:
  TemporaryFolder();
  ~TemporaryFolder();
  std::string path(const std::string &name) const { return folder + "/" + name; }

private:
  std::string folder;
};

std::vector<uint8_t> readBytes(const std::string &path);
void writeBytes(const std::string &path, std::span<const uint8_t> bytes, bool executable = false);

/// What a program printed and returned.
struct Outcome {
  int code;
  std::string out, err;
};
/// Runs a program with arguments (by execv, no shell) and this standard input.
Outcome runProgramFile(const std::string &path, const std::vector<std::string> &arguments,
                       const std::string &input = "");

} // namespace gemmart::test
#endif
