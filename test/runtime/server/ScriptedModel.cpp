// The scripted model, see ScriptedModel.h.
#include "test/runtime/server/ScriptedModel.h"

#include "runtime/abi/Step.h"

#include <algorithm>
#include <ctime>

namespace gemmart::scripted {

constexpr int32_t kFirstByte = kControls, kLine = kFirstByte + 256, kSpace = kLine + 1, kFirstLetter = kSpace + 1;

/// Bytes as themselves, control tokens as 0x100 + id.
static std::u16string symbols(const std::vector<int32_t> &ids) {
  std::u16string text;
  for (int32_t id : ids)
    text += id < kControls ? char16_t(0x100 + id)
            : id < kLine   ? char16_t(id - kFirstByte)
            : id == kLine  ? u'\n'
            : id == kSpace ? u' '
                           : char16_t(id - kFirstLetter + '!');
  return text;
}

static int32_t idOf(char16_t symbol) {
  if (symbol >= 0x100)
    return symbol - 0x100;
  if (symbol == '\n')
    return kLine;
  if (symbol == ' ')
    return kSpace;
  return symbol >= '!' && symbol <= '~' ? kFirstLetter + symbol - '!' : kFirstByte + symbol;
}

static char16_t control(int32_t id) {
  return char16_t(0x100 + id);
}

static std::u16string expand(std::u16string script) {
  const std::pair<std::u16string, std::u16string> words[] = {
      {u"{call}", {control(6)}},    {u"{/call}", {control(7)}},
      {u"{q}", {control(10)}},      {u"{think}", control(12) + std::u16string(u"thought\n")},
      {u"{/think}", {control(13)}}, {u"{response}", {control(8)}},
      {u"{eos}", {control(1)}},     {u"{nl}", u"\n"}};
  for (const auto &[word, meaning] : words)
    for (size_t at; (at = script.find(word)) != std::u16string::npos;)
      script.replace(at, word.size(), meaning);
  return script;
}

static std::vector<std::u16string> split(const std::u16string &text, const std::u16string &by) {
  std::vector<std::u16string> parts;
  for (size_t at = 0;;) {
    size_t end = text.find(by, at);
    parts.push_back(text.substr(at, end == std::u16string::npos ? end : end - at));
    if (end == std::u16string::npos)
      return parts;
    at = end + by.size();
  }
}

/// The script of the sequence and where its answer starts; false if there is none.
static bool findScript(const std::u16string &text, std::u16string &script, size_t &start) {
  const std::u16string opener = control(14) + std::u16string(u"model\n"), go = u"|go|";
  size_t turn = text.rfind(opener), raw = text.rfind(go);
  bool isRaw = raw != std::u16string::npos && turn == std::u16string::npos;
  if (!isRaw && turn == std::u16string::npos)
    return false;
  size_t before = isRaw ? raw : turn, say = text.rfind(u"say:", before);
  if (say == std::u16string::npos)
    return false;
  size_t end = isRaw ? raw : text.find(control(15), say);
  start = isRaw ? raw + go.size() : turn + opener.size();
  size_t stage = 0;
  for (size_t at = start; at < text.size(); ++at)
    if (text[at] == control(9)) {
      ++stage;
      start = at + 1;
    }
  std::vector<std::u16string> parts = split(text.substr(say + 4, end - say - 4), u"|then|");
  script = parts[std::min(stage, parts.size() - 1)];
  return true;
}

static bool isBabble(const std::vector<int32_t> &ids) {
  std::u16string script;
  size_t start;
  return !findScript(symbols(ids), script, start);
}

static uint64_t mix(uint64_t state, int32_t token) {
  state = (state ^ uint64_t(token + 1)) * 0x9e3779b97f4a7c15u;
  return state ^ state >> 29;
}

int32_t next(const std::vector<int32_t> &ids) {
  std::u16string text = symbols(ids), script;
  size_t start;
  if (!findScript(text, script, start)) {
    uint64_t state = 1;
    for (int32_t id : ids)
      state = mix(state, id);
    return kFirstLetter + ('a' - '!') + int32_t(state % 26);
  }
  const std::u16string loop = u"|loop|";
  bool endless = script.ends_with(loop);
  if (endless)
    script.resize(script.size() - loop.size());
  script = expand(script);
  const std::u16string thought = control(12) + std::u16string(u"thought\n"); // the template may open it after a result
  if (text.compare(start, thought.size(), thought) == 0 && !script.starts_with(thought))
    start += thought.size();
  size_t done = text.size() - start;
  if (endless && !script.empty())
    return idOf(script[done % script.size()]);
  return done < script.size() ? idOf(script[done]) : 15;
}

constexpr int64_t kPageSlots = 64;
static constexpr GmPageClass kClasses[] = {{0, kPageSlots, 0}};

/// Writes the tokens into the cache; thread 0 then makes the rows.
static void entry(GmStep *step, int64_t thread) {
  auto cache = [step](int64_t position) -> int32_t & {
    int64_t offset = step->sequences->table[position / kPageSlots];
    return reinterpret_cast<int32_t *>(step->kv + offset)[position % kPageSlots];
  };
  for (int64_t index = thread; index < step->token_count; index += step->threads)
    cache(step->sequences->position + index) = step->tokens[index];
  gmBarrier(step, thread);
  for (int64_t row = 0; thread == 0 && row < step->last_rows; ++row) {
    std::vector<int32_t> ids(size_t(step->sequences->position + step->first_row + row + 1));
    for (size_t position = 0; position < ids.size(); ++position)
      ids[position] = cache(int64_t(position));
    int32_t top = next(ids);
    bool babble = isBabble(ids);
    float *logits = step->logits + row * kVocab;
    for (int32_t token = 0; token < kVocab; ++token) {
      bool letter = token >= kFirstLetter + ('a' - '!') && token <= kFirstLetter + ('z' - '!');
      logits[token] = babble && letter ? float(mix(uint64_t(top), token) % 97) * 0.02f : float(token % 7) * 0.125f - 12;
    }
    logits[top] = babble ? 2.5f : 8;
    if (symbols(ids).find(u"slow:") != std::u16string::npos) {
      timespec pause{0, 20'000'000};
      nanosleep(&pause, nullptr);
    }
  }
  gmBarrier(step, thread);
}

static void readAll(const uint8_t *data, int64_t bytes, uint64_t *sink) {
  for (int64_t index = 0; index < bytes; ++index)
    *sink += data[index];
}

static constexpr GmLevel kLevels[] = {{"base", 0, entry, entry, readAll, 4096, kChunk, kRows}};
static constexpr GmCacheRead kCacheReads[] = {{0, 4096}};

} // namespace gemmart::scripted

using namespace gemmart::scripted;

extern const GmModel gmModel = {GM_ABI_VERSION,
                                1,
                                kLevels,
                                "fake",
                                kVocab,
                                kContext,
                                kPageSlots * 4,
                                (kContext + kPageSlots - 1) / kPageSlots,
                                kClasses,
                                1,
                                kCacheReads,
                                1,
                                kWeightBytes,
                                kWeightBytes,
                                1000,
                                900,
                                0,
                                0};
