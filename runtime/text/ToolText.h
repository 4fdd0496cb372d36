// How Gemma 4 spells tools, calls and results: an own notation with strings between <|"|> tokens.
#ifndef RUNTIME_TEXT_TOOLTEXT_H
#define RUNTIME_TEXT_TOOLTEXT_H

#include "runtime/base/Status.h"
#include "runtime/text/Json.h"
#include "runtime/text/Prompt.h"

namespace gemmart {

/// Appends `declaration:NAME{...}` of a {"type": "function", "function": {...}} or of the inner object alone.
Status addToolDeclaration(const Json &tool, Prompt &out);

/// Appends a value; member names between <|"|> if `quoteNames`.
void addToolValue(const Json &value, bool quoteNames, Prompt &out);

/// Appends `a:1,b:2` of an object's members, names sorted without regard to (ASCII) case. Nothing for Null.
void addToolMembers(const Json &object, Prompt &out);

} // namespace gemmart
#endif
