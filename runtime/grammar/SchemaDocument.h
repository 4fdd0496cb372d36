// A JSON Schema as a document: where its parts stand, and what their references mean.
#ifndef RUNTIME_GRAMMAR_SCHEMADOCUMENT_H
#define RUNTIME_GRAMMAR_SCHEMADOCUMENT_H

#include "runtime/grammar/Grammar.h"

#include <deque>
#include <map>

namespace gemmart {

enum class Draft { Seven, Year2019, Year2020 };

/// Owns the schema. Subschemas are named by their addresses.
class SchemaDocument {
public:
  static constexpr size_t mostBytes = 256 << 10, mostSubschemas = 10000;

  /// Fails with `problem` filled in: not JSON, too large, an unknown draft.
  bool read(std::string_view text, GrammarProblem &problem);
  /// Likewise for a schema that is parsed already.
  bool take(Json schema, GrammarProblem &problem);
  const Json &root() const { return *document; }
  Draft draft() const { return version; }
  /// Where a subschema stands, as a JSON pointer.
  std::string pathOf(const Json &schema) const;
  /// What `$ref` in this schema means; null, and `problem`, if it is not in the document.
  const Json *resolve(const Json &schema, const Json &reference, GrammarProblem &problem);
  /// Keeps a schema that was made from others; `like` says where it came from.
  const Json &keep(Json made, const Json &like);

private:
  struct Place {
    std::string path, base;
  };
  bool index(const Json &schema, const std::string &path, std::string base, GrammarProblem &problem);
  bool checkKeys(const Json &value, GrammarProblem &problem);
  std::unique_ptr<Json> document;
  Draft version = Draft::Year2020;
  std::map<const Json *, Place> places;
  std::map<std::string, const Json *> resources; ///< by URI without fragment
  std::map<std::string, const Json *> anchors;   ///< by URI with fragment
  std::deque<Json> made;
};

/// A reference against a base, by RFC 3986.
std::string resolveUri(const std::string &base, const std::string &reference);

} // namespace gemmart
#endif
