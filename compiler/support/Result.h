// Errors of the front half of the compiler (files, descriptions, weights): a value or a message, no exceptions, no
// MLIR.
#ifndef COMPILER_SUPPORT_RESULT_H
#define COMPILER_SUPPORT_RESULT_H

#include <string>
#include <utility>
#include <variant>

namespace gemmac {

/// What went wrong, ready to print: names the file, line or tensor, what was seen and what would be right. Lower case,
/// no full stop; may hold several lines (one per error found) separated by '\n'.
struct Error {
  std::string message;
};

/// Either a T or an Error. `[[nodiscard]]`, tested with `if (!result)`.
template <class T> class [[nodiscard]] Result {
public:
  Result(T value) : state(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state(std::in_place_index<1>, std::move(error)) {}
  explicit operator bool() const { return state.index() == 0; }
  T &operator*() { return std::get<0>(state); }
  const T &operator*() const { return std::get<0>(state); }
  T *operator->() { return &std::get<0>(state); }
  const T *operator->() const { return &std::get<0>(state); }
  const Error &error() const { return std::get<1>(state); }

private:
  std::variant<T, Error> state;
};

struct Ok {};
using Status = Result<Ok>;

} // namespace gemmac
#endif
