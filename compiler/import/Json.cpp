// Adapts nlohmann's SAX parser (iterative: deep nesting cannot overflow the stack) to JsonEvents.
#include "compiler/import/Json.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace gemmac::import {
namespace {

constexpr int kMaxDepth = 64;

/// Reads characters and tells where it is: the parser copies iterators, so the position lives outside.
struct Cursor {
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char *;
  using reference = const char &;
  const char *at = nullptr;
  const char **shared = nullptr;
  reference operator*() const { return *at; }
  Cursor &operator++() {
    *shared = ++at;
    return *this;
  }
  Cursor operator++(int) {
    Cursor old = *this;
    ++*this;
    return old;
  }
  bool operator==(const Cursor &other) const { return at == other.at; }
  bool operator!=(const Cursor &other) const { return at != other.at; }
};

class Adapter {
public:
  Adapter(std::string_view text, const std::string &file, JsonEvents &events)
      : text(text), file(file), events(events), at(text.data()), lineStart(text.data()), counted(text.data()) {}

  Cursor begin() { return {text.data(), &at}; }
  Cursor end() { return {text.data() + text.size(), &at}; }

  bool null() { return give({}); }
  bool boolean(bool value) { return give(value); }
  bool number_integer(int64_t value) { return give(static_cast<double>(value)); }
  bool number_unsigned(uint64_t value) { return give(value); }
  bool number_float(double value, const std::string &) { return give(value); }
  bool string(std::string &value) { return give(std::move(value)); }
  bool binary(nlohmann::json::binary_t &) { return false; }
  bool start_object(size_t) { return descend() && step(events.beginObject()); }
  bool end_object() { return --depth, step(events.endObject()); }
  bool start_array(size_t) { return descend() && step(events.beginArray()); }
  bool end_array() { return --depth, step(events.endArray()); }

  bool key(std::string &name) {
    config::Position where = position();
    where.column = std::max(1, where.column - static_cast<int>(name.size()) - 2);
    return step(events.key(std::move(name), std::move(where)));
  }

  bool parse_error(size_t, const std::string &, const nlohmann::detail::exception &problem) {
    std::string message = problem.what();
    if (size_t bracket = message.find("] "); bracket != std::string::npos)
      message = message.substr(bracket + 2);
    return fail("not valid JSON: " + message);
  }

  std::string error; ///< empty while all is well

private:
  /// Lines are counted from the last key on: each character is looked at once.
  config::Position position() {
    for (; counted < at; ++counted)
      if (*counted == '\n') {
        ++line;
        lineStart = counted + 1;
      }
    return {file, line, static_cast<int>(std::min<ptrdiff_t>(at - lineStart, 1 << 30)) + 1};
  }

  bool fail(const std::string &message) {
    if (error.empty())
      error = file + ": " + message;
    return false;
  }
  bool step(JsonEvents::Problem problem) { return problem ? fail(*problem) : true; }
  bool give(JsonScalar value) { return step(events.scalar(std::move(value))); }
  bool descend() { return ++depth <= kMaxDepth || fail("nested deeper than " + std::to_string(kMaxDepth) + " levels"); }

  std::string_view text;
  const std::string &file;
  JsonEvents &events;
  const char *at, *lineStart, *counted;
  int line = 1, depth = 0;
};

} // namespace

Status readJson(std::string_view text, const std::string &file, JsonEvents &events) {
  Adapter adapter(text, file, events);
  try {
    if (!nlohmann::json::sax_parse(adapter.begin(), adapter.end(), &adapter) && adapter.error.empty())
      adapter.error = file + ": not valid JSON";
  } catch (const std::exception &problem) { // the library's own limits; ours are all values
    return Error{file + ": " + problem.what()};
  }
  if (!adapter.error.empty())
    return Error{adapter.error};
  return Ok{};
}

} // namespace gemmac::import
