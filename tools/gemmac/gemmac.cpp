// The command line: words into options, nothing else. Exit codes: 0 done, 1 the input is wrong, 2 the command line is
// wrong, 3 our bug.
#include "compiler/CacheTable.h"
#include "compiler/certify/Certify.h"
#include "compiler/sign/Sign.h"
#include "runtime/base/Output.h"
#include "runtime/base/Process.h"
#include "tools/gemmac/Doctor.h"

#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/raw_ostream.h"

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <system_error>
#include <unistd.h>

using namespace gemmac;

namespace {

std::string stageNames() {
  std::string names;
  for (const pipeline::StageInfo &stage : pipeline::allStages())
    names += (names.empty() ? "" : ", ") + stage.name.str();
  return names;
}

std::optional<pipeline::Stage> stageOption(const std::string &text, const std::string &option) {
  if (text.empty())
    return std::nullopt;
  std::optional<pipeline::Stage> stage = pipeline::parseStage(text);
  if (!stage)
    throw CLI::ValidationError(option, "'" + text + "' is no stage; they are " + stageNames());
  return stage;
}

void printTargets() {
  for (const targets::Target *target : targets::allTargets()) {
    fmt::print("{}  ({})\n", target->name().str(), target->triple().str());
    for (const targets::Level &level : target->levels())
      fmt::print("  {:20} {}\n", level.info.name, level.doc);
  }
}

void printStages() {
  for (const pipeline::StageInfo &stage : pipeline::allStages())
    fmt::print("{:10} {}{}\n", stage.name.str(), stage.doc.str(),
               stage.contract.empty() ? "" : "; after it: " + stage.contract.str());
}

struct Words {
  BuildOptions build;
  std::string size, to, from, targets;
  std::vector<std::string> inputs;
};

/// One word for keys and values, or two with a slash between.
std::vector<std::string> cacheFormats() {
  std::vector<std::string> words = {"f32", "bf16", "q8"};
  for (const char *keys : {"f32", "bf16", "q8"})
    for (const char *values : {"f32", "bf16", "q8", "tq4"})
      words.push_back(std::string(keys) + "/" + values);
  return words;
}

void addBuild(CLI::App &app, Words &words) {
  BuildOptions &o = words.build;
  app.add_option("input", words.inputs, "the description (models/*.toml), or with --from the IR")
      ->required()
      ->expected(1, 2);
  app.add_option("--weights", o.weights, "Hugging Face folder, .gguf file, or random:SEED");
  app.add_option("--size", words.size, "size of the description; left out, the weights say it");
  app.add_option("--target", words.targets,
                 "targets or levels, separated by commas (default: all levels of this machine's target)");
  app.add_option("--quant", o.recipe, "f32, bf16, q8, q4, or keep (a GGUF file's own bits)")
      ->check(CLI::IsMember({"f32", "bf16", "q8", "q4", "keep"}));
  app.add_option("--kv", o.kv,
                 "key/value cache: f32, bf16 or q8, or KEYS/VALUES such as q8/tq4 (default: f32 with --quant f32, else "
                 "bf16)")
      ->check(CLI::IsMember(cacheFormats()));
  app.add_option("--context", o.context, "longest sequence in tokens (default: the model's)")
      ->check(CLI::Range(int64_t(1), int64_t(1) << 24));
  app.add_option("--chunk", o.chunk,
                 "tokens of one prefill step (default: 128, or the longest image block if that is longer)")
      ->check(CLI::Range(int64_t(1), int64_t(4096)));
  app.add_option("-o,--output", o.output, "the executable to write; '-' for stdout with --to")->required();
  app.add_option("--to", words.to, "stop after a stage and write its IR: " + stageNames());
  app.add_option("--from", words.from, "resume with a stage; the input is the IR after the stage before it");
  app.add_option("--dump-stages", o.dumpFolder, "folder that gets the IR after each stage");
  app.add_flag("--remarks", o.remarks, "say what was done and why, at the lines of the description");
  app.add_option("--remarks-filter", o.remarksFilter, "only remarks of passes that match this regular expression");
  app.add_option("--threads", o.threads, "threads of the compiler")->check(CLI::Range(1, 1024));
  app.add_flag("--keep-symbols", o.keepSymbols, "leave the kernels' names in the executable, for profilers");
  app.add_flag("--sanitize", o.sanitize,
               "an executable that checks its own memory accesses: slow, for tests of gemmac (AddressSanitizer)");
  app.add_flag("-q,--quiet", o.quiet, "errors only");
}

/// What the command line's parts must agree on.
void finish(Words &words) {
  BuildOptions &o = words.build;
  if (!words.size.empty())
    o.size = words.size;
  for (size_t begin = 0; begin < words.targets.size();) {
    size_t end = std::min(words.targets.find(',', begin), words.targets.size());
    o.targets.push_back(words.targets.substr(begin, end - begin));
    begin = end + 1;
  }
  o.to = stageOption(words.to, "--to");
  o.from = stageOption(words.from, "--from");
  if (o.from) {
    o.input = words.inputs.back();
    if (!o.to)
      throw CLI::ValidationError("--from", "needs --to: an executable needs the weights and the description, too");
    if (*o.from > *o.to || *o.from == pipeline::Stage::Import || *o.from > pipeline::Stage::Lower)
      throw CLI::ValidationError("--from", "must be a stage from normalize to lower, and not after --to");
    return;
  }
  if (words.inputs.size() != 1)
    throw CLI::ValidationError("input", "one description is wanted");
  o.description = words.inputs.front();
  if (o.weights.empty())
    throw CLI::ValidationError("--weights", "is needed: a Hugging Face folder, a .gguf file, or random:SEED");
  if (o.output == "-" && !o.to)
    throw CLI::ValidationError("--output", "'-' is for IR (--to STAGE); an executable needs a file name");
}

void addCertify(CLI::App &app, certify::Options &o, std::string &size) {
  app.add_option("model", o.model, "the executable")->required();
  auto *description = app.add_option("description", o.own.description, "of the model's own bf16 build");
  auto *weights = app.add_option("--weights", o.own.weights, "of it: what the model was built from");
  description->needs(weights);
  weights->needs(description);
  app.add_option("--size", size, "of it")->needs(description);
  auto *reference = app.add_option("--reference", o.reference,
                                   "folder with tokens.txt and logits.f32, and perhaps hidden.f32 and meta.json");
  reference->excludes(description);
  app.add_option("--reference-logits", o.referenceLogits, "another file in place of the folder's logits.f32")
      ->needs(reference);
  auto *tokens = app.add_option("--tokens", o.tokens, "ids for the bf16 build, 2,106 or @FILE (default: random ones)");
  app.add_option("--text", o.text, "file of text for it, which the model tokenizes")->needs(weights)->excludes(tokens);
  tokens->needs(weights);
  app.add_option("--level", o.level, "instruction-set level to measure (default: the machine's best)");
  app.add_option("--threads", o.threads, "threads of the model (default: all)")->check(CLI::Range(1, 1024));
}

void addSign(CLI::App &app, sign::Options &o, bool isVerify) {
  app.add_option("model", o.model, "the executable")->required();
  auto *key = app.add_option("--key", o.key,
                             isVerify ? "public Ed25519 key (PEM); left out, only the file is checked"
                                      : "private Ed25519 key (PEM, without a password)");
  if (!isVerify)
    key->required();
  auto *signature = app.add_option(isVerify ? "--signature" : "-o,--output", o.signature,
                                   "the signature, 64 bytes (default: MODEL.sig)");
  if (isVerify)
    signature->needs(key);
}

/// The exit code, 1 at least where what was printed did not arrive. The streams have buffers of their own, and all lose
/// errors if nobody asks.
int finishStreams(int code) {
  std::cout.flush();
  llvm::outs().flush();
  bool lost = fflush(stdout) != 0 || ferror(stdout) || !std::cout || llvm::outs().has_error();
  llvm::outs().clear_error(); // or LLVM ends the process where main has returned
  llvm::errs().clear_error();
  if (!lost || code != 0)
    return code;
  fputs("error: cannot write to standard output\n", stderr);
  return static_cast<int>(Exit::Input);
}

} // namespace

static int runCommand(int argc, char **argv) {
  CLI::App app("gemmac compiles a model description and its weights into one executable");
  app.failure_message([](const CLI::App *, const CLI::Error &error) {
    return std::string("error: ") + error.what() + "\nRun with --help for more information.\n";
  });
  app.require_subcommand(0, 1);
  Words words;
  std::string checkFile, checkSize, checkWeights;
  bool listStages = false, listTargets = false, print = false;
  app.add_flag("--list-stages", listStages, "the stages, and what holds after each");
  app.add_flag("--list-targets", listTargets, "the targets and their levels");
  CLI::App *buildCommand = app.add_subcommand("build", "compile a model");
  addBuild(*buildCommand, words);
  CLI::App *checkCommand = app.add_subcommand("check", "check a description, and weights against it");
  checkCommand->add_option("description", checkFile, "models/*.toml")->required();
  checkCommand->add_option("--size", checkSize, "one size of it");
  checkCommand->add_option("--weights", checkWeights, "folder or .gguf file");
  checkCommand->add_flag("--print", print, "print the numbers");
  certify::Options certifyOptions;
  std::string certifySize;
  CLI::App *certifyCommand =
      app.add_subcommand("certify", "measure a model against a reference run, and store the result in it");
  addCertify(*certifyCommand, certifyOptions, certifySize);
  sign::Options signOptions;
  CLI::App *signCommand = app.add_subcommand("sign", "sign a model's digest with an Ed25519 key");
  addSign(*signCommand, signOptions, /*isVerify=*/false);
  CLI::App *verifyCommand = app.add_subcommand("verify", "check every byte of a model, and its signature");
  addSign(*verifyCommand, signOptions, /*isVerify=*/true);
  std::string layoutFile, layoutSize;
  bool layoutCaches = false;
  CLI::App *layoutCommand = app.add_subcommand("layout", "print what a description's sizes will take");
  layoutCommand->add_option("description", layoutFile, "models/*.toml")->required();
  layoutCommand->add_option("--size", layoutSize, "one size of it (default: all)");
  layoutCommand->add_flag("--kv", layoutCaches, "keys and values: each format, up to 256K tokens")->required();
  CLI::App *targetsCommand = app.add_subcommand("targets", "list targets and levels");
  CLI::App *stagesCommand = app.add_subcommand("stages", "list stages");
  CLI::App *doctorCommand = app.add_subcommand("doctor", "see whether this machine has what a build needs");
  try {
    app.parse(argc, argv);
    if (*buildCommand)
      finish(words);
    if (*certifyCommand && certifyOptions.reference.empty() && certifyOptions.own.weights.empty())
      throw CLI::ValidationError("certify", "needs --reference DIR, or the description and --weights of the model's "
                                            "own bf16 build");
  } catch (const CLI::ParseError &error) {
    int code = app.exit(error);
    if (code != 0 && app.get_subcommands().empty())
      fmt::print(stderr, "commands: build, check, certify, layout, sign, verify, targets, stages, doctor\n");
    return code == 0 ? 0 : static_cast<int>(Exit::Usage);
  }
  if (*buildCommand)
    return static_cast<int>(build(words.build));
  if (*certifyCommand) {
    if (!certifySize.empty())
      certifyOptions.own.size = certifySize;
    return static_cast<int>(certify::certify(certifyOptions));
  }
  if (*checkCommand)
    return static_cast<int>(
        check(checkFile, checkSize.empty() ? std::nullopt : std::optional(checkSize), checkWeights, print));
  if (*signCommand)
    return static_cast<int>(sign::sign(signOptions));
  if (*verifyCommand)
    return static_cast<int>(sign::verify(signOptions));
  if (*layoutCommand)
    return static_cast<int>(printCacheTable(layoutFile, layoutSize.empty() ? std::nullopt : std::optional(layoutSize)));
  if (*targetsCommand || listTargets)
    return printTargets(), 0;
  if (*stagesCommand || listStages)
    return printStages(), 0;
  if (*doctorCommand)
    return doctor() ? 0 : static_cast<int>(Exit::Input);
  fmt::print("{}", app.help());
  return static_cast<int>(Exit::Usage);
}

/// LLVM ends the process by itself where it has no memory or no thread; then a message must do, without a dump.
static void prepareLlvm() {
  llvm::install_bad_alloc_error_handler([](void *, const char *, bool) { gemmart::endProcess("out of memory"); });
  llvm::install_fatal_error_handler([](void *, const char *reason, bool isBug) {
    if (!isBug || llvm::StringRef(reason).starts_with("pthread_"))
      gemmart::endProcess("LLVM: ", reason);
    fprintf(stderr, "error: a bug: %s\n", reason);
    gemmart::removeTempFiles();
    _exit(static_cast<int>(Exit::Bug));
  });
}

int main(int argc, char **argv) {
  gemmart::prepareProcess();
  prepareLlvm();
  try {
    return finishStreams(runCommand(argc, argv));
  } catch (const std::system_error &) { // fmt: a stream that cannot be written
    return std::max(finishStreams(0), static_cast<int>(Exit::Input));
  }
}
