// Small text helpers: printf into a string, numbers with units, edit distance for "did you mean".
#ifndef RUNTIME_BASE_TEXT_H
#define RUNTIME_BASE_TEXT_H

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace gemmart {

/// printf into a string.
std::string format(const char *pattern, ...) __attribute__((format(printf, 1, 2)));

/// "1.50 GiB", "12 B".
std::string formatBytes(int64_t bytes);

/// A text without the characters that a terminal obeys: C0 but for line end and tab, DEL, and C1 (as UTF-8); each
/// becomes `instead`.
std::string withoutControl(std::string_view text, std::string_view instead = "?");

/// The candidate closest to `word` if it is near enough to be a typing error, else an empty view.
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

/// "; did you mean 'x'?" for the nearest candidate, or nothing.
std::string didYouMean(std::string_view word, std::span<const std::string_view> candidates);

} // namespace gemmart
#endif
