// Errors of the runtime: a value or a code with a message. No exceptions, no exit on input.
#ifndef RUNTIME_BASE_STATUS_H
#define RUNTIME_BASE_STATUS_H

#include <string>
#include <utility>
#include <variant>

namespace gemmart {

/// What kind of failure; the number is the exit code of the program.
enum class Code { Ok = 0, Input = 1, Usage = 2, Bug = 3 };

/// Success, or a code and a message: lower case, no full stop, names what was seen and what would be right.
class [[nodiscard]] Status {
public:
  Status() = default;
  Status(Code code, std::string message) : failure(code), text(std::move(message)) {}
  bool ok() const { return failure == Code::Ok; }
  explicit operator bool() const { return ok(); }
  Code code() const { return failure; }
  const std::string &message() const { return text; }

private:
  Code failure = Code::Ok;
  std::string text;
};

inline Status inputError(std::string message) {
  return {Code::Input, std::move(message)};
}
inline Status usageError(std::string message) {
  return {Code::Usage, std::move(message)};
}
inline Status bugError(std::string message) {
  return {Code::Bug, std::move(message)};
}

/// Either a T or a failed Status; tested with `if (!result)`.
template <class T> class [[nodiscard]] Result {
public:
  Result(T value) : state(std::in_place_index<0>, std::move(value)) {}
  Result(Status failed) : state(std::in_place_index<1>, std::move(failed)) {}
  explicit operator bool() const { return state.index() == 0; }
  T &operator*() { return *std::get_if<0>(&state); }
  const T &operator*() const { return *std::get_if<0>(&state); }
  T *operator->() { return std::get_if<0>(&state); }
  const T *operator->() const { return std::get_if<0>(&state); }
  const Status &status() const { return *std::get_if<1>(&state); }

private:
  std::variant<T, Status> state;
};

} // namespace gemmart
#endif
