// JSON as a stream of events, bounded in depth, with the position of each key; no exception leaves it.
#ifndef COMPILER_IMPORT_JSON_H
#define COMPILER_IMPORT_JSON_H

#include "compiler/config/Model.h"
#include "compiler/support/Result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace gemmac::import {

/// A leaf of a JSON text. Whole numbers keep all of their bits; negative ones are doubles.
using JsonScalar = std::variant<std::monostate, bool, uint64_t, double, std::string>;

/// What a reader of one kind of file does with the events. Returning an error ends the parse with it.
class JsonEvents {
public:
  virtual ~JsonEvents() = default;
  using Problem = std::optional<std::string>; ///< empty: go on
  virtual Problem beginObject() = 0;
  virtual Problem endObject() = 0;
  virtual Problem beginArray() = 0;
  virtual Problem endArray() = 0;
  virtual Problem key(std::string name, config::Position where) = 0;
  virtual Problem scalar(JsonScalar value) = 0;
};

/// Parses `text`. Messages start with `file`. Objects and arrays may nest 64 deep.
Status readJson(std::string_view text, const std::string &file, JsonEvents &events);

} // namespace gemmac::import
#endif
