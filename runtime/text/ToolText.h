// How Gemma 4 spells tools, calls and results: an own notation with strings between <|"|> tokens.
#ifndef RUNTIME_TEXT_TOOLTEXT_H
#define RUNTIME_TEXT_TOOLTEXT_H

#include "runtime/base/Status.h"
#include "runtime/text/Json.h"

#include <string>

namespace gemmart {

/// `declaration:NAME{...}` of a {"type": "function", "function": {...}} or of the inner object alone.
Result<std::string> toolDeclaration(const Json &tool);

/// A value; member names between <|"|> if `quoteNames`.
std::string toolValue(const Json &value, bool quoteNames);

/// `a:1,b:2` of an object's members, names sorted without regard to (ASCII) case. Nothing for Null.
std::string toolMembers(const Json &object);

} // namespace gemmart
#endif
