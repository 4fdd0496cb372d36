// From the command line to a command and its exit code.
#include "runtime/cli/Commands.h"

#include "runtime/base/Text.h"

#include <cstdio>
#include <sys/time.h>
#include <unistd.h>

namespace gemmart {

static std::vector<const Command *> allCommands() {
  return {&runCommand(),        &chatCommand(),   &serveCommand(), &benchCommand(), &tokenizeCommand(),
          &detokenizeCommand(), &logitsCommand(), &infoCommand(),  &verifyCommand()};
}

static void printOverview(const Program &program, FILE *stream) {
  fprintf(
      stream,
      "usage: %s [COMMAND] [OPTIONS]\n\nWithout a command: chat in a terminal; with a pipe, the prompt is read from "
      "standard input.\n\n",
      program.name.c_str());
  for (const Command *command : allCommands())
    fprintf(stream, "  %-12.*s %.*s\n", int(command->name.size()), command->name.data(), int(command->summary.size()),
            command->summary.data());
  fprintf(stream,
          "\n'%s COMMAND --help' lists the options of a command.\nExit codes: 0 done, 1 the input is wrong, 2 the "
          "command line is wrong, 3 our bug.\n",
          program.name.c_str());
}

static void printHelp(const Program &program, const Command &command) {
  printf("usage: %s %.*s %.*s [OPTIONS]\n\n%.*s\n\n%s\n%s", program.name.c_str(), int(command.name.size()),
         command.name.data(), int(command.arguments.size()), command.arguments.data(), int(command.summary.size()),
         command.summary.data(), optionHelp(command.options).c_str(), optionHelp(commonOptions()).c_str());
}

static int fail(const Program &program, const Status &status, std::string_view command) {
  fflush(stdout);
  fprintf(stderr, "error: %s\n", withoutControl(status.message()).c_str());
  if (status.code() == Code::Usage)
    fprintf(stderr, "see '%s%s%.*s --help'\n", program.name.c_str(), command.empty() ? "" : " ", int(command.size()),
            command.data());
  return int(status.code());
}

static Status execute(const Program &program, const Command &command, const Args &args) {
  if (int64_t(args.words.size()) > command.mostWords)
    return usageError("unexpected argument '" + args.words[size_t(command.mostWords)] + "'" +
                      (command.mostWords == 1 ? "; quote a text that has spaces" : ""));
  if (command.check)
    if (Status status = command.check(args); !status)
      return status;
  Result<Loaded> loaded = load(program, args);
  if (!loaded)
    return loaded.status();
  return command.run(*loaded, args);
}

static int runArguments(const Program &program, std::span<const char *const> arguments) {
  const Command *command = nullptr;
  std::string_view first = arguments.empty() ? "" : arguments[0];
  if (first == "--help" || first == "-h" || first == "help") {
    printOverview(program, stdout);
    return 0;
  }
  if (first.empty() || first[0] == '-') {
    command = isatty(STDIN_FILENO) ? &chatCommand() : &runCommand();
  } else {
    std::vector<std::string_view> names;
    for (const Command *known : allCommands()) {
      names.push_back(known->name);
      if (known->name == first)
        command = known;
    }
    if (!command)
      return fail(program, usageError("unknown command '" + std::string(first) + "'" + didYouMean(first, names)), "");
    arguments = arguments.subspan(1);
  }
  std::vector<OptionSpec> specs(command->options.begin(), command->options.end());
  specs.insert(specs.end(), commonOptions().begin(), commonOptions().end());
  Result<Args> args = parseArgs(arguments, specs);
  if (!args)
    return fail(program, args.status(), command->name);
  if (args->has("help")) {
    printHelp(program, *command);
    return 0;
  }
  if (Status status = execute(program, *command, *args); !status)
    return fail(program, status, command->name);
  return 0;
}

/// Seconds of its own time after which the process ends; 0: none.
static void limitOwnTime(time_t seconds) {
  itimerval limit = {{0, 0}, {seconds, 0}};
  setitimer(ITIMER_VIRTUAL, &limit, nullptr);
}

/// Looks at the file before anything is believed, the command line included: what reads it may be what was changed. A
/// changed program may also never get to its end; this takes milliseconds.
static Status checkSelf(const Program &program) {
  limitOwnTime(10);
  Result<Artifact> self = Artifact::open(program.path, program.name);
  if (self) {
    limitOwnTime(0);
    return {};
  }
  Result<Loaded> loaded = load(program, Args()); // says more
  return loaded ? self.status() : loaded.status();
}

int runProgram(const Program &program, std::span<const char *const> arguments) {
  Status self = checkSelf(program);
  bool isHelp = !arguments.empty() && std::string_view(arguments.back()) == "--help";
  if (!self && !isHelp)
    return fail(program, self, "");
  int code = runArguments(program, arguments);
  if (code == 0 && (fflush(stdout) != 0 || ferror(stdout))) // an earlier failure is forgotten by fflush
    return fail(program, inputError("cannot write to standard output"), "");
  return code;
}

} // namespace gemmart
