// See Origin.h.
#include "compiler/emit/Origin.h"

#include "compiler/emit/Digest.h"
#include "compiler/emit/Manifest.h"
#include "compiler/emit/Output.h"
#include "compiler/import/MappedFile.h"
#include "runtime/base/Sha256.h"

#include <algorithm>
#include <boost/version.hpp>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <gnu/libc-version.h>
#include <nlohmann/json.hpp>
#include <set>
#include <unistd.h>
#include <xxhash.h>

namespace gemmac::emit {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr size_t largestText = 1 << 20; // of a licence

/// Name, size and SHA-256 of a whole file: what sha256sum says.
Result<Json> digestOf(const std::string &path, const std::string &name) {
  int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0)
    return Error{path + ": " + errorText(errno)};
  Sha256 hash;
  std::vector<char> part(1 << 20);
  uint64_t bytes = 0;
  ssize_t got;
  while ((got = read(file, part.data(), part.size())) != 0) {
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      break;
    hash.update(part.data(), static_cast<size_t>(got));
    bytes += static_cast<uint64_t>(got);
  }
  int number = errno;
  close(file);
  if (got < 0)
    return Error{path + ": " + errorText(number)};
  uint8_t digest[32];
  std::ranges::copy(hash.finish(), digest);
  return Json{{"name", name}, {"bytes", bytes}, {"sha256", gemmart::hexText(digest)}};
}

Result<Json> digestsOf(const std::set<std::string> &paths) {
  Json list = Json::array();
  for (const std::string &path : paths) {
    Result<Json> one = digestOf(path, fileOf(path));
    if (!one)
      return one;
    list.push_back(std::move(*one));
  }
  return list;
}

/// Everything of a checkpoint that an importer opens.
std::set<std::string> filesOf(const import::Checkpoint &checkpoint) {
  std::set<std::string> files;
  for (const import::Tensor &tensor : checkpoint.tensors())
    if (!tensor.file.empty())
      files.insert(tensor.file);
  if (checkpoint.source() != import::Source::HuggingFace)
    return files;
  std::error_code error;
  for (fs::directory_iterator at(checkpoint.path(), error), end; !error && at != end; at.increment(error)) {
    std::string name = at->path().filename().string();
    bool read = name == "config.json" || name == "generation_config.json" || name == "tokenizer.json" ||
                name == "tokenizer_config.json" || name.starts_with("chat_template.") ||
                name.ends_with(".safetensors.index.json");
    if (read && at->is_regular_file(error))
      files.insert(at->path().string());
  }
  return files;
}

Result<std::string> textOf(const std::string &path) {
  Result<std::unique_ptr<import::MappedFile>> file = import::MappedFile::open(path);
  if (!file)
    return file.error();
  std::span<const uint8_t> bytes = (*file)->bytes();
  if (bytes.size() > largestText)
    return Error{path + ": a licence of more than 1 MiB"};
  return std::string(bytes.begin(), bytes.end());
}

/// What the weights' own files say of their licence; empty where they say nothing.
std::string weightsLicence(const import::Checkpoint &checkpoint) {
  auto named = checkpoint.numbers().find("general.license");
  if (named != checkpoint.numbers().end() && !named->second.isList)
    if (auto *text = std::get_if<std::string>(&named->second.scalar))
      return *text + "\n";
  if (checkpoint.source() != import::Source::HuggingFace)
    return {};
  for (const char *name : {"LICENSE", "LICENSE.txt", "LICENSE.md"})
    if (Result<std::string> text = textOf(checkpoint.path() + "/" + name))
      return *text;
  return {};
}

/// A library that is linked into every executable.
struct Part {
  const char *name;
  std::string version;
  const char *licence; ///< SPDX
};

std::vector<Part> partsOf() {
  auto dotted = [](auto... numbers) {
    std::string text;
    ((text += (text.empty() ? "" : ".") + std::to_string(numbers)), ...);
    return text;
  };
  return {{"gemmac runtime", compilerVersion, "Apache-2.0"},
          {"glibc", gnu_get_libc_version(), "LGPL-2.1-or-later"},
          {"libstdc++ and libgcc", dotted(_GLIBCXX_RELEASE), "GPL-3.0-or-later WITH GCC-exception-3.1"},
          {"Boost (Asio, Beast)", dotted(BOOST_VERSION / 100000, BOOST_VERSION / 100 % 1000, BOOST_VERSION % 100),
           "BSL-1.0"},
          {"xxHash", dotted(XXH_VERSION_MAJOR, XXH_VERSION_MINOR, XXH_VERSION_RELEASE), "BSD-2-Clause"},
          {"JSON for Modern C++",
           dotted(NLOHMANN_JSON_VERSION_MAJOR, NLOHMANN_JSON_VERSION_MINOR, NLOHMANN_JSON_VERSION_PATCH), "MIT"}};
}

std::string makeSbom(const OriginFacts &facts, const Json &kit) {
  Json components = Json::array();
  for (const Part &part : partsOf()) {
    bool compound = std::string_view(part.licence).find(' ') != std::string_view::npos;
    Json licence = compound ? Json{{"expression", part.licence}} : Json{{"license", {{"id", part.licence}}}};
    components.push_back(
        {{"type", "library"}, {"name", part.name}, {"version", part.version}, {"licenses", Json::array({licence})}});
  }
  for (const Json &file : kit)
    components.push_back({{"type", "file"},
                          {"name", file.at("name")},
                          {"hashes", Json::array({{{"alg", "SHA-256"}, {"content", file.at("sha256")}}})}});
  Json sbom;
  sbom["bomFormat"] = "CycloneDX";
  sbom["specVersion"] = "1.5";
  sbom["version"] = 1;
  sbom["metadata"] = {{"component", {{"type", "machine-learning-model"}, {"name", facts.model}}}};
  sbom["components"] = std::move(components);
  return sbom.dump(1);
}

std::string makeLicence(const std::string &own, const std::string &weights) {
  std::string text = "This file holds a model's weights, code that gemmac made for them, and these libraries:\n\n";
  for (const Part &part : partsOf())
    text += std::string("  ") + part.name + " " + part.version + ": " + part.licence + "\n";
  text += "\n--- The weights ---\n\n" +
          (weights.empty() ? "Their files state no licence; ask where they come from.\n" : weights);
  return text + "\n--- gemmac and its runtime ---\n\n" + own;
}

} // namespace

Result<Origin> describeOrigin(const import::Checkpoint &checkpoint, const OriginFacts &facts) {
  Json provenance;
  provenance["format"] = "gemmac provenance 1";
  Result<Json> compiler = digestOf("/proc/self/exe", "gemmac");
  if (!compiler)
    return compiler.error();
  (*compiler)["version"] = compilerVersion;
  provenance["compiler"] = std::move(*compiler);
  std::set<std::string> kitFiles;
  std::error_code error;
  for (fs::directory_iterator at(facts.kit, error), end; !error && at != end; at.increment(error))
    if (at->is_regular_file(error))
      kitFiles.insert(at->path().string());
  Result<Json> kit = digestsOf(kitFiles);
  if (!kit)
    return kit.error();
  provenance["kit"] = *kit;
  Result<Json> description = digestOf(facts.description, fileOf(facts.description));
  if (!description)
    return description.error();
  provenance["description"] = std::move(*description);
  if (checkpoint.source() == import::Source::Random) {
    provenance["weights"] = checkpoint.path();
  } else {
    Result<Json> weights = digestsOf(filesOf(checkpoint));
    if (!weights)
      return weights.error();
    provenance["weights"] = std::move(*weights);
  }
  provenance["options"] = facts.options;
  Result<std::string> own = textOf(folderOf(facts.kit) + "/LICENSE");
  if (!own)
    return own.error();
  return Origin{provenance.dump(1), makeSbom(facts, *kit), makeLicence(*own, weightsLicence(checkpoint))};
}

} // namespace gemmac::emit
