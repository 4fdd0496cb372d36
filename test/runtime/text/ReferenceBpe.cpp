// See the header.
#include "ReferenceBpe.h"

std::vector<std::string> mergeByDefinition(const std::string &marked,
                                           double (*key)(const std::string &, const std::string &, const void *),
                                           const void *context) {
  std::vector<std::string> parts;
  for (char c : marked) {
    if ((uint8_t(c) & 0xC0) == 0x80)
      parts.back() += c;
    else
      parts.emplace_back(1, c);
  }
  while (true) {
    size_t best = parts.size();
    double bestKey = 0;
    for (size_t i = 0; i + 1 < parts.size(); ++i) {
      double here = key(parts[i], parts[i + 1], context);
      if (here >= 0 && (best == parts.size() || here < bestKey))
        best = i, bestKey = here;
    }
    if (best == parts.size())
      return parts;
    parts[best] += parts[best + 1];
    parts.erase(parts.begin() + ptrdiff_t(best) + 1);
  }
}

std::string markSpaces(const std::string &text) {
  std::string out;
  for (char c : text)
    out += c == ' ' ? std::string("\xE2\x96\x81") : std::string(1, c);
  return out;
}

std::string randomText(uint64_t &state, const std::vector<std::string> &alphabet, size_t pieces) {
  std::string out;
  for (size_t i = 0; i < pieces; ++i) {
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    out += alphabet[(state >> 33) % alphabet.size()];
  }
  return out;
}
