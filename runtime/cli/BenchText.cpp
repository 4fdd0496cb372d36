// The tokenizer's part of `bench`; see the header.
#include "runtime/cli/BenchText.h"

#include "runtime/base/Clock.h"
#include "runtime/model/Sampler.h"

#include <cmath>

namespace gemmart {

static bool isWord(std::string_view spelling) {
  if (!spelling.starts_with(spaceMark) || spelling.size() < spaceMark.size() + 2)
    return false;
  for (char c : spelling.substr(spaceMark.size()))
    if ((c < 'a' || c > 'z') && (c < 'A' || c > 'Z'))
      return false;
  return true;
}

std::string wordsOfVocabulary(const Tokenizer &tokenizer, size_t bytes) {
  constexpr size_t kFewest = 100; // distinct words that still look like a language
  std::vector<int32_t> words, tokens;
  for (int32_t id = 0; id < tokenizer.tokenCount(); ++id)
    if (!tokenizer.isControl(id) && !tokenizer.spelling(id).empty()) {
      tokens.push_back(id);
      if (isWord(tokenizer.spelling(id)))
        words.push_back(id);
    }
  const std::vector<int32_t> &drawn = words.size() < kFewest ? tokens : words;
  Random random(1);
  std::string text;
  while (!drawn.empty() && text.size() < bytes) {
    size_t rank = size_t(std::exp(random.uniform() * std::log(double(drawn.size()) + 1))) - 1;
    text += tokenizer.decode(std::span(&drawn[std::min(rank, drawn.size() - 1)], 1));
    uint64_t mark = random.next() % 64;
    text += mark < 4 ? "," : mark < 7 ? "." : mark < 8 ? ".\n" : "";
  }
  return text;
}

Result<EncodeTimes> measureEncode(const Tokenizer &tokenizer, std::string_view text, int64_t repetitions) {
  EncodeTimes times;
  times.bytes = text.size();
  for (int64_t repetition = -1; repetition < repetitions; ++repetition) {
    double start = secondsNow();
    Result<std::vector<int32_t>> ids = tokenizer.encode(text);
    double seconds = secondsNow() - start;
    if (!ids)
      return ids.status();
    if (repetition >= 0) // the first one, untimed, touched the tables' pages
      times.seconds.push_back(seconds);
    times.tokens = ids->size();
  }
  return times;
}

} // namespace gemmart
