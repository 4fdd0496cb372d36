// Names of models, see Names.h.
#include "runtime/server/Names.h"

#include <algorithm>
#include <vector>

namespace gemmart::server {

/// A letter, digit or underscore, then those, dots and dashes. `extra` are allowed, too.
static bool isPart(std::string_view part, size_t longest, std::string_view forbidden, std::string_view extra) {
  auto allowed = [&](char c) {
    return (isalnum(uint8_t(c)) || c == '_' || c == '-' || c == '.' || extra.find(c) != std::string_view::npos) &&
           forbidden.find(c) == std::string_view::npos;
  };
  return !part.empty() && part.size() <= longest && (isalnum(uint8_t(part[0])) || part[0] == '_') &&
         std::all_of(part.begin(), part.end(), allowed);
}

std::optional<std::string> canonicalName(std::string_view name) {
  std::string_view tag = "latest", rest = name;
  // The last colon starts a tag unless it stands in the host.
  if (size_t colon = name.rfind(':');
      colon != std::string_view::npos && name.find('/', colon) == std::string_view::npos) {
    tag = name.substr(colon + 1);
    rest = name.substr(0, colon);
  }
  std::vector<std::string_view> parts;
  for (size_t at = 0; at <= rest.size();) {
    size_t slash = std::min(rest.find('/', at), rest.size());
    parts.push_back(rest.substr(at, slash - at));
    at = slash + 1;
  }
  bool right = parts.size() <= 3 && isPart(tag, 80, "", "") && isPart(parts.back(), 80, "", "");
  if (parts.size() >= 2)
    right = right && isPart(parts[parts.size() - 2], 80, ".", "");
  if (parts.size() == 3)
    right = right && isPart(parts[0], 350, "", ":");
  if (!right)
    return {};
  std::string out = std::string(rest) + ":" + std::string(tag);
  for (char &c : out)
    if (c >= 'A' && c <= 'Z')
      c = char(c - 'A' + 'a');
  return out;
}

} // namespace gemmart::server
