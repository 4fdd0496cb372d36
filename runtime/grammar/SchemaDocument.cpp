// See SchemaDocument.h.
#include "runtime/grammar/SchemaDocument.h"

#include <algorithm>
#include <set>

namespace gemmart {

namespace {

struct UriParts {
  std::string scheme, authority, path, query, fragment;
  bool hasAuthority = false, hasQuery = false, hasFragment = false;
};

} // namespace

static UriParts splitUri(std::string_view uri) {
  UriParts parts;
  if (size_t mark = uri.find('#'); mark != std::string_view::npos) {
    parts.fragment = uri.substr(mark + 1);
    parts.hasFragment = true;
    uri = uri.substr(0, mark);
  }
  if (size_t mark = uri.find('?'); mark != std::string_view::npos) {
    parts.query = uri.substr(mark + 1);
    parts.hasQuery = true;
    uri = uri.substr(0, mark);
  }
  size_t colon = uri.find_first_of(":/");
  if (colon != std::string_view::npos && uri[colon] == ':' && colon > 0) {
    parts.scheme = uri.substr(0, colon);
    uri.remove_prefix(colon + 1);
  }
  if (uri.starts_with("//")) {
    size_t end = std::min(uri.find('/', 2), uri.size());
    parts.authority = uri.substr(2, end - 2);
    parts.hasAuthority = true;
    uri.remove_prefix(end);
  }
  parts.path = uri;
  return parts;
}

static std::string withoutDots(std::string_view path) {
  std::vector<std::string_view> kept;
  bool rooted = path.starts_with("/"), open = false;
  size_t at = 0;
  while (at <= path.size()) {
    size_t end = std::min(path.find('/', at), path.size());
    std::string_view segment = path.substr(at, end - at);
    open = false;
    if (segment == "..") {
      if (kept.size() > size_t(rooted))
        kept.pop_back();
      open = true;
    } else if (segment == ".") {
      open = true;
    } else {
      kept.push_back(segment);
    }
    at = end + 1;
  }
  std::string result;
  for (size_t i = 0; i < kept.size(); ++i)
    (result += i ? "/" : "") += kept[i];
  return open && !result.ends_with("/") ? result + "/" : result;
}

std::string resolveUri(const std::string &base, const std::string &reference) {
  UriParts to = splitUri(reference), from = splitUri(base);
  if (to.scheme.empty()) {
    to.scheme = from.scheme;
    if (!to.hasAuthority) {
      to.authority = from.authority;
      to.hasAuthority = from.hasAuthority;
      if (to.path.empty()) {
        to.path = from.path;
        if (!to.hasQuery) {
          to.query = from.query;
          to.hasQuery = from.hasQuery;
        }
      } else if (!to.path.starts_with("/")) {
        size_t slash = from.path.rfind('/');
        std::string folder =
            slash == std::string::npos ? (from.hasAuthority ? "/" : "") : from.path.substr(0, slash + 1);
        to.path = withoutDots(folder + to.path);
      } else {
        to.path = withoutDots(to.path);
      }
    }
  }
  return (to.scheme.empty() ? "" : to.scheme + ":") + (to.hasAuthority ? "//" + to.authority : "") + to.path +
         (to.hasQuery ? "?" + to.query : "") + (to.hasFragment ? "#" + to.fragment : "");
}

static std::string pointerWord(std::string_view word) {
  std::string out;
  for (char c : word)
    out += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  return out;
}

bool SchemaDocument::checkKeys(const Json &value, GrammarProblem &problem) {
  std::set<std::string_view> names;
  for (const JsonMember &member : value.members) {
    if (!names.insert(member.name).second) {
      problem = {GrammarProblem::Invalid, "the key stands twice in one object", "", member.name};
      return false;
    }
    if (!checkKeys(member.value, problem))
      return false;
  }
  return std::all_of(value.items.begin(), value.items.end(),
                     [&](const Json &item) { return checkKeys(item, problem); });
}

bool SchemaDocument::read(std::string_view text, GrammarProblem &problem) {
  if (text.size() > mostBytes) {
    problem = {GrammarProblem::TooLarge, "the schema is longer than 256 KiB", "", ""};
    return false;
  }
  Result<Json> parsed = parseJson(text);
  if (!parsed) {
    problem = {GrammarProblem::Invalid, "the schema is not JSON: " + parsed.status().message(), "", ""};
    return false;
  }
  return take(std::move(*parsed), problem);
}

bool SchemaDocument::take(Json schema, GrammarProblem &problem) {
  document = std::make_unique<Json>(std::move(schema));
  if (!checkKeys(*document, problem))
    return false;
  if (const Json *named = document->find("$schema"); document->isObject() && named) {
    std::string name = named->text;
    if (name.ends_with("#"))
      name.pop_back();
    for (std::string_view start : {"http://", "https://"})
      if (name.starts_with(start))
        name.erase(0, start.size());
    if (name == "json-schema.org/draft-07/schema") {
      version = Draft::Seven;
    } else if (name == "json-schema.org/draft/2019-09/schema") {
      version = Draft::Year2019;
    } else if (name != "json-schema.org/draft/2020-12/schema") {
      problem = {GrammarProblem::Unsupported,
                 "'" + named->text + "' is none of the drafts known: draft-07, 2019-09, 2020-12", "", "$schema"};
      return false;
    }
  }
  resources[""] = document.get();
  return index(*document, "", "", problem);
}

/// Notes where a subschema and those in it stand, and what they are called.
bool SchemaDocument::index(const Json &schema, const std::string &path, std::string base, GrammarProblem &problem) {
  if (places.count(&schema))
    return true;
  if (places.size() >= mostSubschemas) {
    problem = {GrammarProblem::TooLarge, "more than 10,000 subschemas", path, ""};
    return false;
  }
  if (!schema.isObject()) {
    places[&schema] = {path, base};
    return true;
  }
  const Json *id = schema.find("$id"), *anchor = schema.find("$anchor");
  bool isReference = version == Draft::Seven && schema.find("$ref");
  if (id && id->isString() && !isReference) {
    std::string uri = resolveUri(base, id->text);
    size_t mark = uri.find('#');
    if (mark != std::string::npos && mark + 1 < uri.size())
      anchors.try_emplace(uri, &schema);
    if (mark == std::string::npos || id->text.find('#') != 0) {
      base = uri.substr(0, mark);
      resources.try_emplace(base, &schema);
    }
  }
  if (anchor && anchor->isString() && version != Draft::Seven)
    anchors.try_emplace(base + "#" + anchor->text, &schema);
  if (const Json *dynamic = schema.find("$dynamicAnchor"); dynamic && version == Draft::Year2020)
    anchors.try_emplace(base + "#" + dynamic->text, &schema);
  places[&schema] = {path, base};
  static constexpr std::string_view kSchemas[] = {"additionalProperties",
                                                  "additionalItems",
                                                  "items",
                                                  "contains",
                                                  "propertyNames",
                                                  "not",
                                                  "if",
                                                  "then",
                                                  "else",
                                                  "unevaluatedItems",
                                                  "unevaluatedProperties",
                                                  "contentSchema"};
  static constexpr std::string_view kLists[] = {"allOf", "anyOf", "oneOf", "prefixItems", "items"};
  static constexpr std::string_view kMaps[] = {"properties",  "patternProperties", "$defs",
                                               "definitions", "dependentSchemas",  "dependencies"};
  auto isIn = [](std::string_view name, std::span<const std::string_view> names) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  for (const JsonMember &member : schema.members) {
    std::string below = path + "/" + pointerWord(member.name);
    if (isIn(member.name, kLists) && member.value.isArray()) {
      for (size_t i = 0; i < member.value.items.size(); ++i)
        if (!index(member.value.items[i], below + "/" + std::to_string(i), base, problem))
          return false;
    } else if (isIn(member.name, kSchemas)) {
      if (!index(member.value, below, base, problem))
        return false;
    } else if (isIn(member.name, kMaps) && member.value.isObject()) {
      for (const JsonMember &each : member.value.members)
        if (!index(each.value, below + "/" + pointerWord(each.name), base, problem))
          return false;
    }
  }
  return true;
}

std::string SchemaDocument::pathOf(const Json &schema) const {
  auto found = places.find(&schema);
  return found == places.end() ? "" : found->second.path;
}

const Json &SchemaDocument::keep(Json schema, const Json &like) {
  made.push_back(std::move(schema));
  auto found = places.find(&like);
  places[&made.back()] = found == places.end() ? Place() : found->second;
  return made.back();
}

static std::string percentDecoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    if (text[i] == '%' && i + 2 < text.size() &&
        sscanf(std::string(text.substr(i + 1, 2)).c_str(), "%2x", &value) == 1) {
      out += char(value);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

const Json *SchemaDocument::resolve(const Json &schema, const Json &reference, GrammarProblem &problem) {
  const Place place = places.count(&schema) ? places[&schema] : Place();
  auto fail = [&](const std::string &why) -> const Json * {
    problem = {GrammarProblem::Unsupported, "'" + reference.text + "' " + why, place.path, "$ref"};
    return nullptr;
  };
  if (!reference.isString()) {
    problem = {GrammarProblem::Invalid, "a reference is a string", place.path, "$ref"};
    return nullptr;
  }
  std::string uri = resolveUri(place.base, reference.text);
  size_t mark = uri.find('#');
  std::string resource = uri.substr(0, mark), fragment = mark == std::string::npos ? "" : uri.substr(mark + 1);
  auto found = resources.find(resource);
  if (found == resources.end())
    return fail("is not in the schema, and nothing is fetched");
  const Json *target = found->second;
  if (fragment.empty())
    return target;
  if (fragment[0] != '/') {
    auto anchor = anchors.find(resource + "#" + fragment);
    return anchor == anchors.end() ? fail("names no anchor of the schema") : anchor->second;
  }
  std::string pointer = percentDecoded(fragment), path = places.count(target) ? places[target].path : "",
              base = resource;
  for (size_t at = 1; at <= pointer.size();) {
    size_t end = std::min(pointer.find('/', at), pointer.size());
    std::string word;
    for (size_t i = at; i < end; ++i) {
      if (pointer[i] == '~' && i + 1 < end)
        word += pointer[++i] == '1' ? '/' : '~';
      else
        word += pointer[i];
    }
    path += "/" + pointerWord(word);
    if (target->isArray()) {
      size_t index = word.empty() || word.size() > 6 || word.find_first_not_of("0123456789") != std::string::npos
                         ? SIZE_MAX
                         : std::stoul(word);
      target = index < target->items.size() ? &target->items[index] : nullptr;
    } else {
      target = target->find(word);
    }
    if (!target)
      return fail("points to nothing in the schema");
    if (places.count(target))
      base = places[target].base;
    at = end + 1;
  }
  if (!target->isObject() && target->kind != Json::Kind::Bool)
    return fail("points to something that is no schema");
  return index(*target, path, base, problem) ? target : nullptr;
}

} // namespace gemmart
