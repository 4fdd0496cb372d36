// See Process.h.
#include "runtime/base/Process.h"

#include "runtime/base/Output.h"

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <fcntl.h>
#include <mutex>
#include <new>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace gemmart {
namespace {

struct Mapping {
  std::atomic<const char *> begin = nullptr; ///< null: free
  std::atomic<size_t> bytes = 0;
  char path[512];
} mappings[128];
std::mutex mappingsLock;

void say(const char *text) {
  if (write(STDERR_FILENO, text, std::strlen(text)) < 0)
    return; // there is nobody left to tell
}

void onBusError(int, siginfo_t *info, void *) {
  const char *at = static_cast<const char *>(info->si_addr);
  const char *path = "a mapped file";
  for (const Mapping &mapping : mappings)
    if (const char *begin = mapping.begin.load(); begin && at >= begin && at < begin + mapping.bytes.load())
      path = mapping.path;
  endProcess(path, ": cannot be read any more; it was cut short, or its disk failed");
}

void onTerminate() {
  try {
    if (std::current_exception())
      std::rethrow_exception(std::current_exception());
  } catch (const std::bad_alloc &) {
    endProcess("out of memory");
  } catch (const std::system_error &failed) { // no more threads
    endProcess(failed.what());
  } catch (...) {
  }
  std::abort();
}

void fillStandardDescriptors() {
  for (int descriptor = 0; descriptor <= 2; ++descriptor) {
    if (fcntl(descriptor, F_GETFD) >= 0)
      continue;
    // The lowest free number is this one. The wrong direction, so that using it fails; messages may vanish.
    int flags = descriptor == 0 ? O_WRONLY : descriptor == 1 ? O_RDONLY : O_RDWR;
    if (open("/dev/null", flags) < 0)
      (void)open("/", O_RDONLY | O_DIRECTORY); // a root without /dev
  }
}

} // namespace

void prepareProcess() {
  fillStandardDescriptors();
  signal(SIGXFSZ, SIG_IGN);
  struct sigaction action = {};
  action.sa_sigaction = onBusError;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGBUS, &action, nullptr);
  std::set_new_handler([] { endProcess("out of memory"); });
  std::set_terminate(onTerminate);
}

void endProcess(const char *message, const char *about) {
  static std::atomic_flag ending;
  while (ending.test_and_set()) // another thread is about to
    pause();
  say("error: ");
  say(message);
  say(about);
  say("\n");
  removeTempFiles();
  _exit(1);
}

MappingName::MappingName(const void *begin, size_t bytes, const std::string &path) {
  std::lock_guard guard(mappingsLock);
  for (size_t index = 0; index < std::size(mappings); ++index) {
    Mapping &mapping = mappings[index];
    if (mapping.begin.load())
      continue;
    std::strncpy(mapping.path, path.c_str(), sizeof mapping.path - 1);
    mapping.bytes = bytes;
    mapping.begin = static_cast<const char *>(begin);
    slot = int(index);
    return;
  }
}

MappingName::MappingName(MappingName &&other) noexcept : slot(std::exchange(other.slot, -1)) {}

MappingName &MappingName::operator=(MappingName &&other) noexcept {
  std::swap(slot, other.slot);
  return *this;
}

MappingName::~MappingName() {
  if (slot >= 0)
    mappings[slot].begin = nullptr;
}

} // namespace gemmart
