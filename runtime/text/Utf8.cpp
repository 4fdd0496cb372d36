// UTF-8 checks; see the header.
#include "runtime/text/Utf8.h"

#include <cstring>
#include <iterator>
#include <span>

namespace gemmart {

Utf8Step utf8Step(std::string_view text) {
  uint8_t lead = uint8_t(text[0]);
  if (lead < 0x80)
    return {1, true, false};
  if (lead < 0xC2 || lead > 0xF4)
    return {1, false, false};
  size_t bytes = utf8Bytes(lead);
  // Only the second byte has other limits than 80..BF.
  uint8_t low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  uint8_t high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  for (size_t i = 1; i < bytes; ++i) {
    if (i == text.size())
      return {i, false, true};
    uint8_t next = uint8_t(text[i]);
    if (next < low || next > high)
      return {i, false, false};
    low = 0x80, high = 0xBF;
  }
  return {bytes, true, false};
}

size_t findInvalidUtf8(std::string_view text) {
  size_t at = 0;
  while (at < text.size()) {
    uint64_t word;
    while (at + 8 <= text.size() && (std::memcpy(&word, text.data() + at, 8), (word & 0x8080808080808080ull) == 0))
      at += 8;
    if (at == text.size())
      break;
    Utf8Step step = utf8Step(text.substr(at));
    if (!step.whole)
      return at;
    at += step.bytes;
  }
  return std::string_view::npos;
}

size_t whiteSpaceBytes(std::string_view text, bool atEnd, bool separators) {
  static constexpr std::string_view spaces[] = {" ",
                                                "\t",
                                                "\n",
                                                "\v",
                                                "\f",
                                                "\r",
                                                "\xC2\x85",
                                                "\xC2\xA0",
                                                "\xE1\x9A\x80",
                                                "\xE2\x80\xA8",
                                                "\xE2\x80\xA9",
                                                "\xE2\x80\xAF",
                                                "\xE2\x81\x9F",
                                                "\xE3\x80\x80",
                                                "\xE2\x80\x80",
                                                "\xE2\x80\x81",
                                                "\xE2\x80\x82",
                                                "\xE2\x80\x83",
                                                "\xE2\x80\x84",
                                                "\xE2\x80\x85",
                                                "\xE2\x80\x86",
                                                "\xE2\x80\x87",
                                                "\xE2\x80\x88",
                                                "\xE2\x80\x89",
                                                "\xE2\x80\x8A",
                                                "\x1C",
                                                "\x1D",
                                                "\x1E",
                                                "\x1F"};
  std::span<const std::string_view> known(spaces, std::size(spaces) - (separators ? 0 : 4));
  size_t bytes = 0;
  for (bool found = true; found;) {
    found = false;
    std::string_view rest = atEnd ? text.substr(0, text.size() - bytes) : text.substr(bytes);
    for (std::string_view space : known)
      if (atEnd ? rest.ends_with(space) : rest.starts_with(space)) {
        bytes += space.size();
        found = true;
        break;
      }
  }
  return bytes;
}

void drainUtf8(std::string &pending, bool last, std::string &out) {
  size_t at = 0;
  while (at < pending.size()) {
    Utf8Step step = utf8Step(std::string_view(pending).substr(at));
    if (step.cutShort && !last)
      break;
    if (step.whole)
      out.append(pending, at, step.bytes);
    else
      out += "\xEF\xBF\xBD";
    at += step.bytes;
  }
  pending.erase(0, at);
}

} // namespace gemmart
