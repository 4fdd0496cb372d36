// See Doctor.h.
#include "tools/gemmac/Doctor.h"

#include "compiler/emit/Link.h"
#include "targets/Target.h"
#include "targets/llvm/CodeGen.h"

#include <fmt/core.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <thread>

static void line(bool good, const std::string &what) {
  fmt::print("{} {}\n", good ? "ok  " : "MISS", what);
}

bool gemmac::doctor() {
  bool all = true;
  for (const targets::Target *target : targets::allTargets()) {
    auto kit = emit::findKit(target->name().str());
    line(static_cast<bool>(kit),
         fmt::format("link kit for {}: {}", target->name().str(), kit ? *kit : kit.error().message));
    all &= static_cast<bool>(kit);
    for (const targets::Level &level : target->levels()) {
      llvm::Error error = codegen::checkMachine(
          {target->triple().str(), level.cpu, level.features, static_cast<int>(level.info.vectorBits)});
      bool known = !error;
      line(known,
           fmt::format("code for {}: {}", level.info.name, known ? level.doc : llvm::toString(std::move(error))));
      all &= known;
    }
  }
  struct statvfs disk{};
  if (statvfs(".", &disk) == 0)
    line(true, fmt::format("disk here: {:.1f} GB free",
                           static_cast<double>(disk.f_bavail) * static_cast<double>(disk.f_frsize) / 1e9));
  double memory = static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGE_SIZE));
  line(true, fmt::format("memory: {:.1f} GB, {} threads", memory / 1e9, std::thread::hardware_concurrency()));
  return all;
}
