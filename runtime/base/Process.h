// What a process of ours does before anything else, so that what goes wrong with it as a whole (no memory, no threads,
// a file that shrinks while it is mapped, a closed standard stream) ends in a message and exit code 1.
#ifndef RUNTIME_BASE_PROCESS_H
#define RUNTIME_BASE_PROCESS_H

#include <cstddef>
#include <string>

namespace gemmart {

/// Call first in main(). A descriptor of 0 to 2 that was closed is opened, so that no file gets its number and then our
/// messages; reading or writing it fails as before. A file-size limit becomes an error of write() instead of a signal.
void prepareProcess();

/// Says so and ends the process with code 1, its temporary files removed. Allocates nothing: may be called where there
/// is no memory, and by a signal handler.
[[noreturn]] void endProcess(const char *message, const char *about = "");

/// Names a mapped file for as long as the object lives: where a page of it cannot be read any more, the message says
/// so.
class MappingName {
public:
  MappingName(const void *begin, size_t bytes, const std::string &path);
  MappingName(MappingName &&other) noexcept;
  MappingName &operator=(MappingName &&other) noexcept;
  ~MappingName();

private:
  int slot = -1; ///< -1: there were too many; the message then names no file
};

} // namespace gemmart
#endif
