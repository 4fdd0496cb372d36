// Text in and out, see TextModel.h.
#include "runtime/cli/TextModel.h"

#include "runtime/text/Tokenizer.h"

namespace gemmart {

struct TextModel::State {
  Tokenizer tokenizer;
  const Manifest *manifest;
};

TextModel::TextModel(std::unique_ptr<State> state) : state(std::move(state)) {}
TextModel::~TextModel() = default;

Result<std::unique_ptr<TextModel>> TextModel::open(const Loaded &loaded, const char *command) {
  const Section *section = loaded.artifact.find("tokenizer");
  if (!section)
    return inputError(std::string("this model was built without a tokenizer, so it cannot do this: ") + command +
                      "; run --tokens, logits, bench and info work");
  Result<Tokenizer> tokenizer = Tokenizer::open(section->bytes);
  if (!tokenizer)
    return tokenizer.status();
  return std::unique_ptr<TextModel>(
      new TextModel(std::make_unique<State>(State{std::move(*tokenizer), &loaded.manifest})));
}

Status TextModel::encode(std::string_view text, bool parseControl, std::vector<int32_t> &ids) const {
  Result<std::vector<int32_t>> encoded = state->tokenizer.encode(text, {parseControl, false});
  if (!encoded)
    return encoded.status();
  ids.insert(ids.end(), encoded->begin(), encoded->end());
  return {};
}

Status TextModel::encodeRaw(std::string_view text, std::vector<int32_t> &ids) const {
  if (state->manifest->addBos && state->manifest->bos >= 0)
    ids.push_back(state->manifest->bos);
  return encode(text, true, ids);
}

Status TextModel::encodeChat(std::span<const Turn> turns, bool think, std::vector<int32_t> &ids) const {
  return bugError("no chat templates yet");
}

bool TextModel::hasTemplate() const { return !state->manifest->chatTemplate.empty(); }

struct TextModel::Stream::State {
  StreamDecoder decoder;
};

TextModel::Stream::Stream(const TextModel &text)
    : state(std::make_unique<State>(State{StreamDecoder(text.state->tokenizer)})) {}
TextModel::Stream::~Stream() = default;
std::string TextModel::Stream::next(int32_t id) { return state->decoder.push(id); }
std::string TextModel::Stream::finish() { return state->decoder.finish(); }

} // namespace gemmart
