// Names and overlays, see Models.h.
#include "runtime/server/Models.h"

#include "runtime/base/File.h"
#include "runtime/base/Text.h"
#include "runtime/server/Names.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <ctime>
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

namespace gemmart::server {

constexpr size_t kLongestOverlay = 4 << 20;

std::string timeText(double seconds) {
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  time_t whole = now.tv_sec + time_t(std::floor(seconds));
  tm parts;
  gmtime_r(&whole, &parts);
  return format("%04d-%02d-%02dT%02d:%02d:%02d.%09ldZ", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
                parts.tm_hour, parts.tm_min, parts.tm_sec, now.tv_nsec);
}

Value toValue(const Overlay &overlay) {
  Value messages = Value::array();
  for (const auto &[role, text] : overlay.messages)
    messages.push_back({{"role", role}, {"content", text}});
  return {{"from", overlay.from},         {"system", overlay.system},     {"parameters", overlay.parameters},
          {"messages", messages},         {"licenses", overlay.licenses}, {"requires", overlay.requires_},
          {"renderer", overlay.renderer}, {"parser", overlay.parser},     {"template", overlay.modelTemplate},
          {"modified", overlay.modified}};
}

std::optional<Overlay> overlayFrom(const Value &value) {
  Overlay overlay;
  bool right = value.is_object();
  auto text = [&](const char *name, std::string &out) {
    if (!right || !value.contains(name))
      return;
    if ((right = value[name].is_string()))
      out = value[name].get<std::string>();
  };
  text("from", overlay.from);
  text("system", overlay.system);
  text("requires", overlay.requires_);
  text("renderer", overlay.renderer);
  text("parser", overlay.parser);
  text("template", overlay.modelTemplate);
  text("modified", overlay.modified);
  if (right && value.contains("parameters") && (right = value["parameters"].is_object()))
    overlay.parameters = value["parameters"];
  if (right && value.contains("messages") && (right = value["messages"].is_array()))
    for (const Value &message : value["messages"]) {
      right = right && message.is_object() && message.contains("role") && message.contains("content") &&
              message["role"].is_string() && message["content"].is_string();
      if (right)
        overlay.messages.emplace_back(message["role"].get<std::string>(), message["content"].get<std::string>());
    }
  if (right && value.contains("licenses") && (right = value["licenses"].is_array()))
    for (const Value &license : value["licenses"])
      if ((right = right && license.is_string()))
        overlay.licenses.push_back(license.get<std::string>());
  return right ? std::optional(std::move(overlay)) : std::nullopt;
}

Models::Models(std::vector<std::string> builtIn, Overlay base, std::string folder, bool anyModel)
    : builtIn(std::move(builtIn)), base(std::make_shared<const Overlay>(std::move(base))), folder(std::move(folder)),
      anyModel(anyModel) {}

/// A name may hold '/' and ':', a file name keeps them as %2f and %3a.
std::string Models::fileOf(const std::string &canonical) const {
  std::string file;
  for (char c : canonical)
    if (c == '/' || c == ':')
      file += format("%%%02x", c);
    else
      file += c;
  return folder + "/" + file + ".json";
}

std::vector<std::string> Models::load() {
  std::vector<std::string> broken;
  DIR *entries = folder.empty() ? nullptr : opendir(folder.c_str());
  if (!entries)
    return broken;
  while (dirent *entry = readdir(entries)) {
    std::string file = entry->d_name;
    if (!file.ends_with(".json"))
      continue;
    std::string path = folder + "/" + file;
    Result<std::string> text = readText(path, kLongestOverlay);
    Value value = text ? Value::parse(*text, nullptr, false) : Value();
    std::optional<Overlay> overlay = overlayFrom(value);
    std::optional<std::string> name;
    if (overlay && value.contains("name") && value["name"].is_string())
      name = canonicalName(value["name"].get<std::string>());
    if (name && fileOf(*name) == path)
      overlays[*name] = std::make_shared<const Overlay>(std::move(*overlay));
    else
      broken.push_back(path);
  }
  closedir(entries);
  return broken;
}

bool Models::isBuiltIn(const std::string &canonical) const {
  return std::find(builtIn.begin(), builtIn.end(), canonical) != builtIn.end();
}

static Problem badName(const std::string &name) {
  return {400, "invalid_value", "invalid model name '" + name.substr(0, 100) + "'", "model", {}};
}

static Problem notFound(const std::string &name) {
  return {404, "model_not_found", "model '" + name.substr(0, 400) + "' not found", "model", {}};
}

std::optional<Models::Entry> Models::find(const std::string &name, Problem &problem) const {
  std::optional<std::string> canonical = canonicalName(name);
  if (!canonical) {
    problem = name.empty() ? Problem{400, "missing_field", "'model' is required", "model", {}} : badName(name);
    return {};
  }
  std::unique_lock lock(mutex);
  if (auto found = overlays.find(*canonical); found != overlays.end())
    return Entry{*canonical, found->second, false};
  if (isBuiltIn(*canonical) || anyModel)
    return Entry{*canonical, base, true};
  problem = notFound(name);
  return {};
}

std::vector<Models::Entry> Models::list() const {
  std::unique_lock lock(mutex);
  std::vector<Entry> all = {{builtIn.front(), base, true}};
  for (const auto &[name, overlay] : overlays)
    all.push_back({name, overlay, false});
  return all;
}

static Status makeFolders(const std::string &path) {
  for (size_t at = 1; at != std::string::npos;) {
    at = path.find('/', at);
    std::string part = path.substr(0, at);
    if (mkdir(part.c_str(), 0777) != 0 && errno != EEXIST)
      return inputError(part + ": cannot make the folder: " + errorText(errno));
    if (at != std::string::npos)
      ++at;
  }
  return {};
}

Problem Models::store(const std::string &canonical, const Overlay &overlay) {
  if (!folder.empty()) {
    Value value = toValue(overlay);
    value["name"] = canonical;
    std::string text = dump(value);
    Status status = makeFolders(folder);
    if (status) {
      Result<OutputFile> file = OutputFile::create(fileOf(canonical));
      status = file ? file->write(text.data(), text.size()) : file.status();
      if (status)
        status = file->finish();
    }
    if (!status)
      return {500, "internal", "the overlay cannot be kept: " + status.message(), "", {}};
  }
  overlays[canonical] = std::make_shared<const Overlay>(overlay);
  return {};
}

Problem Models::put(const std::string &name, Overlay overlay) {
  std::optional<std::string> canonical = canonicalName(name);
  if (!canonical)
    return badName(name);
  if (isBuiltIn(*canonical))
    return {400, "invalid_value", "'" + name + "' is the name of the model in the file; choose another", "model", {}};
  overlay.modified = timeText();
  std::unique_lock lock(mutex);
  return store(*canonical, overlay);
}

Problem Models::copy(const std::string &source, const std::string &destination) {
  Problem problem;
  std::optional<Entry> entry = find(source, problem);
  if (!entry)
    return problem;
  Overlay overlay = *entry->overlay;
  if (overlay.from.empty())
    overlay.from = entry->name;
  return put(destination, std::move(overlay));
}

Problem Models::remove(const std::string &name) {
  std::optional<std::string> canonical = canonicalName(name);
  if (!canonical)
    return badName(name);
  std::unique_lock lock(mutex);
  if (isBuiltIn(*canonical))
    return {400, "invalid_value", "'" + name + "' is the file itself and cannot be deleted", "model", {}};
  if (overlays.erase(*canonical) == 0)
    return notFound(name);
  if (!folder.empty())
    unlink(fileOf(*canonical).c_str());
  return {};
}

} // namespace gemmart::server
