// JSON Schemas as rules.
#ifndef RUNTIME_GRAMMAR_SCHEMARULE_H
#define RUNTIME_GRAMMAR_SCHEMARULE_H

#include "runtime/grammar/JsonParts.h"
#include "runtime/grammar/SchemaShape.h"

namespace gemmart {

/// Writes the texts of a schema's values into a network; returns the start of the rule. None, and `problem`, if the
/// schema cannot be enforced.
std::optional<uint32_t> addSchema(NetworkBuilder &builder, JsonRules &json, std::string_view schema,
                                  GrammarProblem &problem);
/// Likewise for a schema that is parsed already; with `onlyObjects` for those of its values that are objects.
std::optional<uint32_t> addSchema(NetworkBuilder &builder, JsonRules &json, const Json &schema, bool onlyObjects,
                                  GrammarProblem &problem);

} // namespace gemmart
#endif
