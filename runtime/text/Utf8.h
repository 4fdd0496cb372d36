// UTF-8 by the Unicode standard's table 3-7: no surrogates, no overlong forms, nothing above U+10FFFF.
#ifndef RUNTIME_TEXT_UTF8_H
#define RUNTIME_TEXT_UTF8_H

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace gemmart {

struct Utf8Step {
  size_t bytes;  ///< of the character, or of the longest start of one; 1 if no character starts so
  bool whole;    ///< a complete character
  bool cutShort; ///< not whole only because the text ends
};

/// The character at the start of a text that is not empty.
Utf8Step utf8Step(std::string_view text);

/// Position of the first byte that begins no character; npos if all is well.
size_t findInvalidUtf8(std::string_view text);

/// Bytes of the character that starts with this byte, in valid text.
inline size_t utf8Bytes(uint8_t lead) {
  return lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
}

/// Bytes of white space at the end or the start of a text: Unicode's White_Space, with U+001C to U+001F if `separators`
/// (as Python's strip has it).
size_t whiteSpaceBytes(std::string_view text, bool atEnd, bool separators);

/// Moves the characters of `pending` that are complete to `out`; what can never become one turns into U+FFFD, one for
/// each longest start of a character. At the end (`last`) nothing stays.
void drainUtf8(std::string &pending, bool last, std::string &out);

} // namespace gemmart
#endif
