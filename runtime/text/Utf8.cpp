// UTF-8 checks; see the header.
#include "runtime/text/Utf8.h"

#include <cstring>

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
