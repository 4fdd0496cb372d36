// What can be wrong with a request, and how each family of APIs says it.
#ifndef RUNTIME_SERVER_PROBLEM_H
#define RUNTIME_SERVER_PROBLEM_H

#include <nlohmann/json.hpp>
#include <string>

namespace gemmart::server {

/// Requests and answers: members keep their order.
using Value = nlohmann::ordered_json;

/// The API that a path belongs to decides how errors look.
enum class Family { Ollama, OpenAi, Anthropic };

/// One thing that is wrong. `status` 0: nothing is.
struct Problem {
  int status = 0;
  std::string code;    ///< "invalid_type", "model_not_found", ...
  std::string message; ///< for people
  std::string param;   ///< dotted path of the field, or empty
  Value more;          ///< further members, or null
  explicit operator bool() const { return status != 0; }
};

/// The checks in the order in which they are made: of several problems the first kind is told.
enum class Check { Json, Types, Model, Values, Capabilities, Media, Schema, Context };

/// Keeps the problem that would have been found first.
class Problems {
public:
  void add(Check check, Problem problem) {
    if (first && check >= kind)
      return;
    kind = check;
    first = std::move(problem);
  }
  explicit operator bool() const { return bool(first); }
  const Problem &problem() const { return first; }

private:
  Check kind = Check::Context;
  Problem first;
};

Problem badType(const std::string &param, const std::string &wanted);
Problem badValue(const std::string &param, const std::string &why);
Problem unsupported(const std::string &param, const std::string &why);

/// The body of an error; `requestId` stands in Anthropic's.
std::string errorBody(Family family, const Problem &problem, const std::string &requestId);
/// The same as a value, for events in a stream.
Value errorValue(Family family, const Problem &problem, const std::string &requestId);
/// The HTTP status: Anthropic has one of its own for a server that is too busy.
int errorStatus(Family family, const Problem &problem);

/// Parses a body: one JSON object, nested at most 256 deep, without repeated names. The message names the byte.
Problem parseBody(std::string_view text, Value &value);

/// Text of a value; what is no UTF-8 becomes U+FFFD.
std::string dump(const Value &value);

} // namespace gemmart::server
#endif
