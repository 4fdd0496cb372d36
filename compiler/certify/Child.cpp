// See Child.h.
#include "compiler/certify/Child.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

namespace gemmac::certify {
namespace {

constexpr size_t longestAnswer = 64u << 20;

Error systemError(const std::string &what) {
  return {what + ": " + std::strerror(errno)};
}

/// A child with pipes from its descriptors `first`, `first` + 1, ... to us. Killed and waited for if it still runs.
class Child {
public:
  Child() = default;
  Child(const Child &) = delete;
  ~Child() {
    for (int end : ends)
      if (end >= 0)
        close(end);
    if (process > 0) {
      kill(process, SIGKILL);
      waitpid(process, nullptr, 0);
    }
  }

  Status start(const std::string &program, const std::vector<std::string> &arguments, int first, size_t pipes,
               const std::string &input) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    if (!input.empty())
      posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, input.c_str(), O_RDONLY, 0);
    std::vector<int> theirs;
    Status status = Ok{};
    for (size_t i = 0; i < pipes && status; ++i) {
      int pair[2];
      if (pipe2(pair, O_CLOEXEC) != 0) {
        status = systemError("a pipe");
        break;
      }
      ends.push_back(pair[0]);
      // High numbers first, so that no pipe takes the place of another one's end.
      theirs.push_back(fcntl(pair[1], F_DUPFD_CLOEXEC, 64));
      close(pair[1]);
      posix_spawn_file_actions_adddup2(&actions, theirs.back(), first + static_cast<int>(i));
    }
    std::vector<char *> words{const_cast<char *>(program.c_str())};
    for (const std::string &argument : arguments)
      words.push_back(const_cast<char *>(argument.c_str()));
    words.push_back(nullptr);
    if (status)
      if (int error = posix_spawn(&process, program.c_str(), &actions, nullptr, words.data(), environ)) {
        process = 0;
        status = Error{program + ": cannot be run: " + std::strerror(error)};
      }
    posix_spawn_file_actions_destroy(&actions);
    for (int end : theirs)
      close(end);
    return status;
  }

  /// Waits for the end. What went wrong, the child has said.
  Status finish(const std::string &shown) {
    int state;
    pid_t waited;
    while ((waited = waitpid(process, &state, 0)) < 0 && errno == EINTR)
      ;
    process = 0;
    if (waited < 0)
      return systemError(shown);
    if (WIFSIGNALED(state))
      return Error{shown + " was ended by signal " + std::to_string(WTERMSIG(state))};
    if (WEXITSTATUS(state) != 0)
      return Error{shown + " ended with code " + std::to_string(WEXITSTATUS(state)) + "; its message stands above"};
    return Ok{};
  }

  std::vector<int> ends; ///< ours, -1 once read to the end

private:
  pid_t process = 0;
};

/// Reads what is there into `at`; 0 at the end.
Result<size_t> readSome(int end, uint8_t *at, size_t room) {
  for (;;) {
    ssize_t got = read(end, at, room);
    if (got >= 0)
      return static_cast<size_t>(got);
    if (errno != EINTR)
      return systemError("a pipe");
  }
}

/// A row on its way.
struct Partial {
  std::vector<float> row;
  size_t bytes = 0;
};

/// Takes what pipe `index` has. Closes it at its end, which must not be amid a row.
Status readPipe(int &end, RowPipe &pipe, Partial &partial, const std::string &shown) {
  auto *data = reinterpret_cast<uint8_t *>(partial.row.data());
  size_t whole = partial.row.size() * sizeof(float);
  Result<size_t> got = readSome(end, data + partial.bytes, whole - partial.bytes);
  if (!got)
    return got.error();
  partial.bytes += *got;
  if (*got == 0) {
    close(std::exchange(end, -1));
    if (partial.bytes != 0)
      return Error{shown + " ended amid a row"};
  }
  if (partial.bytes < whole)
    return Ok{};
  partial.bytes = 0;
  return pipe.take(partial.row);
}

std::string shownAs(const std::string &program, const std::vector<std::string> &arguments) {
  return program + (arguments.empty() ? "" : " " + arguments.front());
}

} // namespace

Result<std::string> capture(const std::string &program, const std::vector<std::string> &arguments,
                            const std::string &input) {
  std::string shown = shownAs(program, arguments), text;
  Child child;
  if (Status started = child.start(program, arguments, STDOUT_FILENO, 1, input); !started)
    return started.error();
  uint8_t part[1 << 16];
  for (;;) {
    Result<size_t> got = readSome(child.ends[0], part, sizeof part);
    if (!got)
      return got.error();
    if (*got == 0)
      break;
    text.append(reinterpret_cast<char *>(part), *got);
    if (text.size() > longestAnswer)
      return Error{shown + " prints more than 64 MiB"};
  }
  if (Status done = child.finish(shown); !done)
    return done.error();
  return text;
}

Status streamRows(const std::string &program, std::vector<std::string> arguments,
                  const std::vector<std::string> &options, std::vector<RowPipe> pipes) {
  constexpr int first = 3;
  std::string shown = shownAs(program, arguments);
  for (size_t i = 0; i < pipes.size(); ++i) {
    arguments.push_back(options[i]);
    arguments.push_back("/dev/fd/" + std::to_string(first + i));
  }
  Child child;
  if (Status started = child.start(program, arguments, first, pipes.size(), ""); !started)
    return started;
  std::vector<Partial> partials(pipes.size());
  for (size_t i = 0; i < pipes.size(); ++i)
    partials[i].row.resize(static_cast<size_t>(pipes[i].floats));
  for (;;) {
    std::vector<pollfd> waiting;
    for (int end : child.ends)
      waiting.push_back({end, POLLIN, 0}); // a descriptor of -1 is passed over
    if (std::ranges::all_of(child.ends, [](int end) { return end < 0; }))
      break;
    if (poll(waiting.data(), waiting.size(), -1) < 0 && errno != EINTR)
      return systemError("poll");
    for (size_t i = 0; i < pipes.size(); ++i)
      if (child.ends[i] >= 0 && waiting[i].revents != 0)
        if (Status read = readPipe(child.ends[i], pipes[i], partials[i], shown); !read)
          return read;
  }
  return child.finish(shown);
}

} // namespace gemmac::certify
