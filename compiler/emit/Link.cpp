// The command line is what a compiler driver gives: options for every executable from here, the rest from the kit.
#include "compiler/emit/Link.h"

#include "compiler/emit/TempFile.h"

#include "lld/Common/Driver.h"
#include "llvm/Support/CrashRecoveryContext.h"
#include "llvm/Support/MemoryBuffer.h"

#include <climits>
#include <fstream>
#include <iterator>
#include <mutex>
#include <sstream>
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

/// Replaces the temporary names of the objects by those the caller gave.
void nameInputs(std::string &message, const std::vector<LinkInput> &objects, const std::vector<TempFile> &files) {
  for (size_t i = 0; i < files.size(); ++i)
    for (size_t at = 0; (at = message.find(files[i].path(), at)) != std::string::npos; at += objects[i].name.size())
      message.replace(at, files[i].path().size(), objects[i].name);
}

std::vector<std::string> commandLine(const std::vector<TempFile> &files, const std::string &kit,
                                     const std::string &output, bool keepSymbols) {
  std::istringstream options("ld.lld -z text -z relro -z now -z noexecstack --gc-sections --eh-frame-hdr "
                             "--build-id=none --color-diagnostics=never --error-limit=20");
  std::vector<std::string> line(std::istream_iterator<std::string>(options), {});
  line.insert(line.end(), {"-o", output});
  if (!keepSymbols)
    line.push_back("-s");
  for (const std::string &word : recipeOf(kit))
    if (word == "@")
      for (const TempFile &file : files)
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

Result<std::string> linkExecutable(const std::vector<LinkInput> &objects, const std::string &kit,
                                   const std::string &workFolder, bool keepSymbols) {
  if (Result<std::string> complete = checkKit(kit); !complete)
    return complete.error();
  std::vector<TempFile> files;
  for (const LinkInput &object : objects) {
    Result<TempFile> file = TempFile::create(workFolder, "gemmac-object", 0600);
    if (!file)
      return file.error();
    std::span<const char> bytes(object.bytes);
    if (Status wrote = file->write(0, {reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size()}); !wrote)
      return wrote.error();
    files.push_back(std::move(*file));
  }
  Result<TempFile> output = TempFile::create(workFolder, "gemmac-linked", 0600);
  if (!output)
    return output.error();
  std::string message = runLinker(commandLine(files, kit, output->path(), keepSymbols));
  if (!message.empty()) {
    nameInputs(message, objects, files);
    return Error{std::move(message)};
  }
  auto linked = llvm::MemoryBuffer::getFile(output->path(), /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!linked)
    return Error{output->path() + ": cannot read what was linked: " + linked.getError().message()};
  return std::string((*linked)->getBuffer());
}

} // namespace gemmac::emit
