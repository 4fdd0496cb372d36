// What files say, as a message may show it.
#ifndef COMPILER_SUPPORT_PRINTABLE_H
#define COMPILER_SUPPORT_PRINTABLE_H

#include <cstddef>
#include <string>
#include <string_view>

namespace gemmac {

/// A text without the characters that a terminal obeys: C0 but for line end and tab, DEL, and C1 (as UTF-8). Each
/// becomes
/// '?'. Every message goes through it once, where it is printed: names and values in it come from files of anybody.
inline std::string printable(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size(); ++at) {
    auto byte = [&](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
    bool c1 = byte(at) == 0xC2 && byte(at + 1) >= 0x80 && byte(at + 1) < 0xA0;
    at += c1;
    if (c1 || byte(at) == 0x7F || (byte(at) < 0x20 && text[at] != '\n' && text[at] != '\t'))
      out += '?';
    else
      out += text[at];
  }
  return out;
}

} // namespace gemmac
#endif
