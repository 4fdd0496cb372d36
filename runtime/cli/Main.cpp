// main of every executable that gemmac writes: the sections lie in the program's own file.
#include "runtime/base/Process.h"
#include "runtime/cli/Program.h"

int main(int argc, char **argv) {
  gemmart::prepareProcess();
  std::string path = gemmart::ownPath(), started = argc > 0 ? argv[0] : "model";
  gemmart::Program program{gmModel, path, started.substr(started.rfind('/') + 1), gmTargetCpuFeatures()};
  return gemmart::runProgram(program, {argv + (argc > 0), size_t(argc > 0 ? argc - 1 : 0)});
}
