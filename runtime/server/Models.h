// The model in the file under all of its names, and the overlays that `create` and `copy` made of it.
#ifndef RUNTIME_SERVER_MODELS_H
#define RUNTIME_SERVER_MODELS_H

#include "runtime/base/Status.h"
#include "runtime/server/Problem.h"

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace gemmart::server {

/// What is laid over the model: defaults, a system text, example turns.
struct Overlay {
  std::string system;
  Value parameters = Value::object();                        ///< as in `options`
  std::vector<std::pair<std::string, std::string>> messages; ///< role and text
  std::vector<std::string> licenses;
  std::string from, requires_, renderer, parser, modelTemplate; ///< as they were given
  std::string modified;                                         ///< RFC 3339

  bool operator==(const Overlay &) const = default;
};

Value toValue(const Overlay &overlay);
/// Nothing if the value is no overlay.
std::optional<Overlay> overlayFrom(const Value &value);

/// Any thread.
class Models {
public:
  /// `builtIn`: the names of the model itself, canonical first. Overlays are kept in `folder`; an empty name keeps them
  /// in memory only. `base` is laid over the model under its own names, too.
  Models(std::vector<std::string> builtIn, Overlay base, std::string folder, bool anyModel);

  /// Reads the overlays that are there. A file that makes no sense is passed over and named in the result.
  std::vector<std::string> load();

  struct Entry {
    std::string name; ///< with tag
    std::shared_ptr<const Overlay> overlay;
    bool builtIn = true;
  };
  /// The model of a name; a problem 400 or 404 otherwise.
  std::optional<Entry> find(const std::string &name, Problem &problem) const;
  std::vector<Entry> list() const;
  Problem put(const std::string &name, Overlay overlay);
  Problem copy(const std::string &source, const std::string &destination);
  Problem remove(const std::string &name);
  const std::string &canonical() const { return builtIn.front(); }

private:
  Problem store(const std::string &canonical, const Overlay &overlay);
  std::string fileOf(const std::string &canonical) const;
  bool isBuiltIn(const std::string &canonical) const;

  const std::vector<std::string> builtIn;
  const std::shared_ptr<const Overlay> base;
  const std::string folder;
  const bool anyModel;
  mutable std::mutex mutex;
  std::map<std::string, std::shared_ptr<const Overlay>> overlays;
};

/// Now, as RFC 3339 in UTC with nanoseconds; `seconds` are added.
std::string timeText(double seconds = 0);

} // namespace gemmart::server
#endif
