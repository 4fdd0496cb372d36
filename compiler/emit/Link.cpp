// The command line is what a compiler driver gives: options for every executable from here, the rest from the kit. The
// objects are files in memory, and the output is a pipe: LLD would map an output file, and a disk that fills up would
// then end the process by SIGBUS.
#include "compiler/emit/Link.h"

#include "compiler/emit/Output.h"

#include "lld/Common/Driver.h"
#include "llvm/Support/CrashRecoveryContext.h"

#include <cctype>
#include <cerrno>
#include <climits>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <memory>
#include <mutex>
#include <sstream>
#include <sys/mman.h>
#include <system_error>
#include <thread>
#include <unistd.h>

// Declares lld::elf::link; linking with lldELF defines it.
LLD_HAS_DRIVER(elf)

namespace gemmac::emit {
namespace {

const char kRecipe[] = "link.txt";

/// The words of a kit's recipe; none where there is no such file.
std::vector<std::string> recipeOf(const std::string &kit) {
  std::ifstream file(kit + "/" + kRecipe);
  return {std::istream_iterator<std::string>(file), {}};
}

/// Options begin with '-', `@` stands for the objects, all other words are files of the kit.
bool isFile(const std::string &word) {
  return word[0] != '-' && word != "@";
}

/// Removes "ld.lld: " and "error: " from the linker's lines, and its advice about its own options.
std::string tidy(const std::string &talk) {
  std::string out;
  for (size_t at = 0; at < talk.size();) {
    size_t end = talk.find('\n', at);
    std::string line = talk.substr(at, end == std::string::npos ? end : end - at);
    at = end == std::string::npos ? talk.size() : end + 1;
    for (const char *prefix : {"ld.lld: ", "error: "})
      if (line.starts_with(prefix))
        line.erase(0, std::string(prefix).size());
    if (line.empty())
      continue;
    out += (out.empty() ? "" : "\n") + line;
  }
  return out;
}

/// A descriptor that is closed with its owner, and the name under which LLD can open it.
class Descriptor {
public:
  explicit Descriptor(int number) : number(number) {}
  Descriptor(Descriptor &&other) noexcept : number(std::exchange(other.number, -1)) {}
  ~Descriptor() { end(); }
  void end() {
    if (number >= 0)
      close(std::exchange(number, -1));
  }
  std::string path() const { return "/proc/self/fd/" + std::to_string(number); }
  int number;
};

Result<Descriptor> fileInMemory(const LinkInput &object) {
  Descriptor file(memfd_create("gemmac-object", MFD_CLOEXEC));
  if (file.number < 0)
    return Error{"cannot create a file in memory: " + errorText(errno)};
  gemmart::Status wrote = gemmart::writeAt(file.number, object.name, 0, object.bytes.data(), object.bytes.size());
  if (!wrote)
    return errorOf(wrote);
  return file;
}

/// Everything that comes out of a pipe, read by a thread of its own.
class PipeReader {
public:
  static Result<std::unique_ptr<PipeReader>> start() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
      return Error{"cannot create a pipe: " + errorText(errno)};
    std::unique_ptr<PipeReader> pipe(new PipeReader(ends));
    try {
      pipe->thread = std::thread([reader = pipe.get()] { reader->readAll(); });
    } catch (const std::system_error &failed) {
      return Error{"cannot start a thread: " + errorText(failed.code().value())};
    }
    return pipe;
  }
  ~PipeReader() { (void)finish(); }

  std::string path() const { return in.path(); }
  Result<std::string> finish() {
    in.end();
    if (thread.joinable())
      thread.join();
    if (failure != 0)
      return Error{"cannot read what was linked: " + errorText(failure)};
    return std::move(bytes);
  }

private:
  explicit PipeReader(const int (&ends)[2]) : out(ends[0]), in(ends[1]) {}
  void readAll() {
    std::vector<char> part(1 << 16);
    for (ssize_t got; (got = read(out.number, part.data(), part.size())) != 0;) {
      if (got > 0)
        bytes.append(part.data(), static_cast<size_t>(got));
      else if (errno != EINTR) {
        failure = errno;
        out.end(); // so that LLD does not wait for a reader
        return;
      }
    }
  }
  Descriptor out, in;
  std::thread thread;
  std::string bytes;
  int failure = 0;
};

/// Replaces the names of the files in memory by those the caller gave.
void nameInputs(std::string &message, const std::vector<LinkInput> &objects, const std::vector<Descriptor> &files) {
  for (size_t i = 0; i < files.size(); ++i) {
    std::string path = files[i].path();
    for (size_t at = 0; (at = message.find(path, at)) != std::string::npos;) {
      size_t end = at + path.size();
      bool longer = end < message.size() && isdigit(static_cast<unsigned char>(message[end])); // another's
      if (!longer)
        message.replace(at, path.size(), objects[i].name);
      at += longer ? path.size() : objects[i].name.size();
    }
  }
}

std::vector<std::string> commandLine(const std::vector<Descriptor> &files, const std::string &kit,
                                     const std::string &output, bool keepSymbols) {
  std::istringstream options("ld.lld -z text -z relro -z now -z noexecstack --gc-sections --eh-frame-hdr "
                             "--build-id=none --color-diagnostics=never --error-limit=20");
  std::vector<std::string> line(std::istream_iterator<std::string>(options), {});
  line.insert(line.end(), {"-o", output});
  if (!keepSymbols)
    line.push_back("-s");
  for (const std::string &word : recipeOf(kit))
    if (word == "@")
      for (const Descriptor &file : files)
        line.push_back(file.path());
    else
      line.push_back(isFile(word) ? kit + "/" + word : word);
  return line;
}

/// Runs the linker; empty on success, else what it said.
std::string runLinker(const std::vector<std::string> &line) {
  static std::mutex oneAtATime; // LLD keeps its state in globals
  static bool unusable = false; // a fatal error leaves that state broken
  std::lock_guard guard(oneAtATime);
  if (unusable)
    return "the linker failed fatally before in this process and cannot run again";
  llvm::CrashRecoveryContext::Enable(); // without it LLD's fatal errors end the process
  std::vector<const char *> arguments;
  for (const std::string &argument : line)
    arguments.push_back(argument.c_str());
  std::string talk;
  llvm::raw_string_ostream os(talk);
  lld::Result result = lld::lldMain(arguments, os, os, {{lld::Gnu, &lld::elf::link}});
  llvm::CrashRecoveryContext::Disable(); // its handlers would raise signals anew, without the address of a fault
  unusable = !result.canRunAgain;
  if (result.retCode == 0)
    return {};
  std::string message = tidy(talk);
  return message.empty() ? "the linker failed with code " + std::to_string(result.retCode) : message;
}

} // namespace

Result<std::string> checkKit(const std::string &kit) {
  std::vector<std::string> needed = recipeOf(kit);
  if (needed.empty())
    needed = {kRecipe};
  std::string missing;
  for (const std::string &name : needed)
    if (isFile(name) && access((kit + "/" + name).c_str(), R_OK) != 0)
      missing += (missing.empty() ? "" : ", ") + name;
  if (!missing.empty())
    return Error{kit + ": the link kit lacks " + missing +
                 "; build the runtime for this target, or install gemmac whole"};
  return kit;
}

Result<std::string> findKit(const std::string &name) {
  char self[PATH_MAX];
  ssize_t length = readlink("/proc/self/exe", self, sizeof self);
  if (length <= 0 || length == sizeof self)
    return Error{"cannot find gemmac's own folder: /proc/self/exe is not readable"};
  std::string program(self, static_cast<size_t>(length));
  return checkKit(folderOf(folderOf(program)) + "/lib/gemmac/" + name);
}

Result<std::string> linkExecutable(const std::vector<LinkInput> &objects, const std::string &kit, bool keepSymbols) {
  if (Result<std::string> complete = checkKit(kit); !complete)
    return complete.error();
  std::vector<Descriptor> files;
  for (const LinkInput &object : objects) {
    Result<Descriptor> file = fileInMemory(object);
    if (!file)
      return file.error();
    files.push_back(std::move(*file));
  }
  Result<std::unique_ptr<PipeReader>> output = PipeReader::start();
  if (!output)
    return output.error();
  std::string message = runLinker(commandLine(files, kit, (*output)->path(), keepSymbols));
  Result<std::string> linked = (*output)->finish();
  if (message.empty())
    return linked;
  nameInputs(message, objects, files);
  return Error{std::move(message)};
}

} // namespace gemmac::emit
