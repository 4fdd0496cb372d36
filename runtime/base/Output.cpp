// See Output.h.
#include "runtime/base/Output.h"

#include "runtime/base/Text.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <mutex>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace gemmart {

std::string errorText(int number) {
  const char *text = strerrordesc_np(number);
  return text ? text : format("error %d", number);
}

std::string folderOf(const std::string &path) {
  size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

std::string fileOf(const std::string &path) {
  return path.substr(path.rfind('/') + 1);
}

std::optional<FileId> fileId(const std::string &path) {
  struct stat facts;
  if (stat(path.c_str(), &facts) != 0)
    return std::nullopt;
  return FileId{facts.st_dev, facts.st_ino};
}

Status checkOutput(const std::string &path, std::span<const Input> inputs) {
  if (fileOf(path).empty() || fileOf(path) == "." || fileOf(path) == "..")
    return inputError("'" + path + "' names no output file");
  struct stat facts;
  bool there = stat(path.c_str(), &facts) == 0;
  if (there && S_ISDIR(facts.st_mode))
    return inputError(path + ": is a folder; the output needs a name of its own");
  for (const Input &input : inputs)
    if (there && fileId(input.path) == FileId{facts.st_dev, facts.st_ino})
      return inputError(path + ": would replace " + input.what + " (" + input.path + "); choose another name");
  if (there && !S_ISREG(facts.st_mode))
    return access(path.c_str(), W_OK) == 0 ? Status() : inputError(path + ": cannot write: " + errorText(errno));
  std::string folder = folderOf(path);
  if (access((folder + "/.").c_str(), W_OK | X_OK) != 0) // with the dot, a file is none
    return inputError(folder + ": cannot create a file here: " + errorText(errno));
  if (fileOf(path).size() > NAME_MAX)
    return inputError(path + ": cannot create a file of this name: " + errorText(ENAMETOOLONG));
  return {};
}

bool sameOutput(const std::string &a, const std::string &b) {
  struct stat facts;
  if (stat(a.c_str(), &facts) == 0)
    return !S_ISCHR(facts.st_mode) && fileId(b) == FileId{facts.st_dev, facts.st_ino};
  std::optional<FileId> folder = fileId(folderOf(a));
  return folder && folder == fileId(folderOf(b)) && fileOf(a) == fileOf(b);
}

Status writeAt(int descriptor, const std::string &shown, uint64_t offset, const void *data, size_t bytes) {
  for (size_t done = 0; done < bytes;) {
    ssize_t wrote = pwrite(descriptor, static_cast<const char *>(data) + done, bytes - done, off_t(offset + done));
    if (wrote < 0 && errno == EINTR)
      continue;
    if (wrote <= 0)
      return inputError(shown +
                        format(": wrote %zu of %zu bytes at offset %llu: ", done, bytes, (unsigned long long)offset) +
                        errorText(wrote < 0 ? errno : ENOSPC));
    done += size_t(wrote);
  }
  return {};
}

namespace {

/// The files that a signal must remove. Slots are taken under a lock and read without one.
constexpr int kSlots = 16;
struct Slot {
  std::atomic<bool> used = false;
  char path[4096];
} slots[kSlots];
std::mutex slotsLock;

constexpr int kSignals[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGILL,  SIGTRAP, SIGABRT,   SIGBUS,  SIGFPE, SIGUSR1, SIGSEGV,
                            SIGUSR2, SIGPIPE, SIGALRM, SIGTERM, SIGXCPU, SIGVTALRM, SIGPROF, SIGIO,  SIGSYS};

void removeAndEnd(int number) {
  removeTempFiles();
  signal(number, SIG_DFL);
  raise(number); // held back until the handler returns
}

/// Removal on signals that nobody else handles.
void catchSignals() {
  for (int number : kSignals) {
    struct sigaction now;
    if (sigaction(number, nullptr, &now) != 0 || (now.sa_flags & SA_SIGINFO) || now.sa_handler != SIG_DFL)
      continue;
    now = {};
    now.sa_handler = removeAndEnd;
    sigaction(number, &now, nullptr);
  }
}

/// -1 where there are too many, or the path is too long: then only the owner removes the file.
int takeSlot(const std::string &path) {
  std::lock_guard guard(slotsLock);
  catchSignals();
  for (int index = 0; index < kSlots; ++index) {
    if (slots[index].used.load(std::memory_order_relaxed) || path.size() >= sizeof slots[index].path)
      continue;
    std::memcpy(slots[index].path, path.c_str(), path.size() + 1);
    slots[index].used.store(true, std::memory_order_release);
    return index;
  }
  return -1;
}

void leaveSlot(int index) {
  if (index >= 0)
    slots[index].used.store(false, std::memory_order_release);
}

/// ".NAME.RANDOM", of which nobody knows the end beforehand. A long name is cut, so that it fits.
std::string randomName(const std::string &name) {
  uint64_t number = 0;
  if (getrandom(&number, sizeof number, GRND_NONBLOCK) != sizeof number)
    number =
        uint64_t(getpid()) << 32 ^ uint64_t(reinterpret_cast<uintptr_t>(&number)); // only before the kernel's is ready
  return "." + name.substr(0, 200) + format(".%016llx", (unsigned long long)number);
}

/// No signal ends the process meanwhile; those that came are delivered afterwards.
class SignalsWait {
public:
  SignalsWait() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
  }
  ~SignalsWait() { pthread_sigmask(SIG_SETMASK, &before, nullptr); }

private:
  sigset_t before;
};

} // namespace

void removeTempFiles() {
  for (Slot &slot : slots)
    if (slot.used.load(std::memory_order_acquire))
      unlink(slot.path);
}

Result<TempFile> TempFile::create(const std::string &folder, const std::string &name, mode_t mode) {
  for (int attempt = 0; attempt < 100; ++attempt) {
    std::string path = folder + "/" + randomName(name);
    SignalsWait wait; // between the file and its entry in the list
    int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (descriptor >= 0) {
      int slot = takeSlot(path);
      return TempFile(std::move(path), descriptor, slot);
    }
    if (errno != EEXIST)
      return inputError(folder + ": cannot create a file here: " + errorText(errno));
  }
  return inputError(folder + ": cannot find a free name for a temporary file of '" + name + "'");
}

TempFile::TempFile(TempFile &&other) noexcept
    : path_(std::exchange(other.path_, {})), descriptor_(std::exchange(other.descriptor_, -1)),
      slot(std::exchange(other.slot, -1)) {}

TempFile &TempFile::operator=(TempFile &&other) noexcept {
  if (this != &other) {
    drop();
    path_ = std::exchange(other.path_, {});
    descriptor_ = std::exchange(other.descriptor_, -1);
    slot = std::exchange(other.slot, -1);
  }
  return *this;
}

TempFile::~TempFile() {
  drop();
}

void TempFile::drop() {
  if (!path_.empty())
    unlink(path_.c_str());
  forget();
}

void TempFile::forget() {
  if (descriptor_ >= 0)
    close(std::exchange(descriptor_, -1));
  leaveSlot(std::exchange(slot, -1));
  path_.clear();
}

Status TempFile::write(uint64_t offset, const void *data, size_t bytes) const {
  return writeAt(descriptor_, path_, offset, data, bytes);
}

static std::string ownDescriptor(int descriptor) {
  return "/proc/self/fd/" + std::to_string(descriptor);
}

Result<NewFile> NewFile::create(const std::string &path, mode_t mode) {
  NewFile file;
  file.path_ = path;
  std::string folder = folderOf(path);
  file.folder = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file.folder < 0)
    return inputError(folder + ": cannot create a file here: " + errorText(errno));
  file.descriptor = openat(file.folder, ".", O_RDWR | O_TMPFILE | O_CLOEXEC, mode);
  // It gets its name through /proc; without that, or where it cannot be, it has one from the beginning.
  if (file.descriptor >= 0 && access(ownDescriptor(file.descriptor).c_str(), F_OK) == 0)
    return file;
  if (file.descriptor >= 0)
    close(std::exchange(file.descriptor, -1));
  Result<TempFile> named = TempFile::create(folder, fileOf(path), mode);
  if (!named)
    return named.status();
  file.named.emplace(std::move(*named));
  file.descriptor = dup(file.named->descriptor());
  if (file.descriptor < 0)
    return inputError(path + ": cannot write: " + errorText(errno));
  return file;
}

NewFile::NewFile(NewFile &&other) noexcept
    : path_(std::move(other.path_)), descriptor(std::exchange(other.descriptor, -1)),
      folder(std::exchange(other.folder, -1)), end(other.end), named(std::exchange(other.named, std::nullopt)) {}

NewFile::~NewFile() {
  if (descriptor >= 0)
    close(descriptor);
  if (folder >= 0)
    close(folder);
}

Status NewFile::reserve(uint64_t bytes) {
  rlimit most;
  bool limited = getrlimit(RLIMIT_FSIZE, &most) == 0 && most.rlim_cur != RLIM_INFINITY && most.rlim_cur < bytes;
  if (!limited && fallocate(descriptor, FALLOC_FL_KEEP_SIZE, 0, off_t(bytes)) == 0)
    return {};
  if (limited)
    errno = EFBIG;
  if (errno != EOPNOTSUPP && errno != ENOSYS && errno != EINTR)
    return inputError(path_ + ": cannot reserve " + formatBytes(int64_t(bytes)) + ": " + errorText(errno));
  struct statvfs facts;
  if (fstatvfs(folder, &facts) != 0)
    return {};
  uint64_t blocks = geteuid() == 0 ? facts.f_bfree : facts.f_bavail; // a part may be kept for root
  unsigned __int128 free = static_cast<unsigned __int128>(blocks) * facts.f_frsize;
  if (free < bytes)
    return inputError(path_ + ": the disk has " + formatBytes(int64_t(free)) + " free, the file needs " +
                      formatBytes(int64_t(bytes)));
  return {};
}

Status NewFile::write(uint64_t offset, const void *data, size_t bytes) {
  end = std::max(end, offset + bytes);
  return writeAt(descriptor, path_, offset, data, bytes);
}

Status NewFile::copy(int from, const std::string &shown, uint64_t bytes) {
  std::vector<char> part; // empty as long as the kernel can copy between these two by itself
  for (uint64_t done = 0; done < bytes;) {
    off_t in = off_t(done), out = off_t(done);
    ssize_t got;
    if (part.empty()) {
      got = copy_file_range(from, &in, descriptor, &out, size_t(std::min<uint64_t>(bytes - done, 64u << 20)), 0);
      if (got < 0 && (errno == ENOSPC || errno == EDQUOT || errno == EFBIG))
        return inputError(path_ + ": cannot copy " + shown + " here: " + errorText(errno));
      if (got <= 0)
        part.resize(1 << 20);
    }
    if (!part.empty()) {
      got = pread(from, part.data(), size_t(std::min<uint64_t>(bytes - done, part.size())), off_t(done));
      if (got < 0 && errno == EINTR)
        continue;
      if (got <= 0)
        return inputError(shown + ": " + (got < 0 ? errorText(errno) : "ends early"));
      if (Status wrote = write(done, part.data(), size_t(got)); !wrote)
        return wrote;
    }
    done += uint64_t(got);
    end = std::max(end, done);
  }
  struct stat facts;
  if (fstat(from, &facts) != 0 || fchmod(descriptor, facts.st_mode & 0777) != 0)
    return inputError(path_ + ": cannot take the permissions of " + shown + ": " + errorText(errno));
  if (fchown(descriptor, facts.st_uid, facts.st_gid) != 0)
    return {}; // not ours to give away: it belongs to who wrote it
  return {};
}

/// The moment in which the file gets its name.
Status NewFile::name() {
  SignalsWait wait;
  std::string last = fileOf(path_), own = ownDescriptor(descriptor);
  if (named) {
    if (rename(named->path().c_str(), path_.c_str()) != 0)
      return inputError(path_ + ": cannot be created: " + errorText(errno));
    named->forget();
    return {};
  }
  if (linkat(AT_FDCWD, own.c_str(), folder, last.c_str(), AT_SYMLINK_FOLLOW) == 0)
    return {};
  std::string between = randomName(last);
  if (errno != EEXIST || linkat(AT_FDCWD, own.c_str(), folder, between.c_str(), AT_SYMLINK_FOLLOW) != 0)
    return inputError(path_ + ": cannot be created: " + errorText(errno));
  if (renameat(folder, between.c_str(), folder, last.c_str()) == 0)
    return {};
  int number = errno;
  unlinkat(folder, between.c_str(), 0);
  return inputError(path_ + ": cannot be created: " + errorText(number));
}

Status NewFile::keep() {
  if (ftruncate(descriptor, off_t(end)) != 0) // gives back what was reserved and not used
    return inputError(path_ + ": cannot be cut to its length: " + errorText(errno));
  if (fsync(descriptor) != 0 && errno != EINVAL && errno != ENOTSUP)
    return inputError(path_ + ": cannot be written to the disk: " + errorText(errno));
  if (Status given = name(); !given)
    return given;
  close(std::exchange(descriptor, -1)); // a program that is open for writing cannot be started
  // The file is whole and in its place; a power cut could still bring back the old one.
  if (fsync(folder) != 0 && errno != EINVAL && errno != ENOTSUP)
    return inputError(path_ + ": is written, but its folder cannot be written to the disk: " + errorText(errno));
  return {};
}

} // namespace gemmart
