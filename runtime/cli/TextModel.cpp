// Text in and out, see TextModel.h.
#include "runtime/cli/TextModel.h"

#include "runtime/base/Text.h"
#include "runtime/text/Chat.h"
#include "runtime/text/Tokenizer.h"

#include <unistd.h>

namespace gemmart {

void showText(std::string_view text, FILE *stream) {
  std::string tame;
  if (isatty(fileno(stream))) {
    tame = withoutControl(text, "\xEF\xBF\xBD");
    text = tame;
  }
  fwrite(text.data(), 1, text.size(), stream);
  fflush(stream);
}

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
  tokenizer->reserve(templateTokens(loaded.manifest.chatTemplate));
  return std::unique_ptr<TextModel>(
      new TextModel(std::make_unique<State>(State{std::move(*tokenizer), &loaded.manifest})));
}

static Status append(Result<std::vector<int32_t>> encoded, std::vector<int32_t> &ids) {
  if (!encoded)
    return encoded.status();
  ids.insert(ids.end(), encoded->begin(), encoded->end());
  return {};
}

Status TextModel::encode(std::string_view text, bool control, std::vector<int32_t> &ids) const {
  return append(state->tokenizer.encode(text, {control, false}), ids);
}

Status TextModel::encodeRaw(std::string_view text, bool control, std::vector<int32_t> &ids) const {
  if (Status status = encode(text, control, ids); !status)
    return status;
  int32_t bos = state->manifest->bos;
  if (state->manifest->addBos && bos >= 0 && (ids.empty() || ids[0] != bos)) // the text may begin with its spelling
    ids.insert(ids.begin(), bos);
  return {};
}

Status TextModel::encodeChat(std::span<const Turn> turns, bool think, bool control, std::vector<int32_t> &ids) const {
  std::vector<Message> messages;
  for (const Turn &turn : turns) {
    messages.emplace_back();
    messages.back().role = turn.role;
    messages.back().text = turn.text;
  }
  ChatOptions options;
  options.thinking = think;
  options.emptyThought = state->manifest->emptyThought;
  Result<Prompt> prompt = render(state->manifest->chatTemplate, messages, options);
  if (!prompt)
    return prompt.status();
  return control ? encode(prompt->text(), true, ids) : append(state->tokenizer.encode(*prompt), ids);
}

bool TextModel::hasTemplate() const {
  return !state->manifest->chatTemplate.empty();
}

const Tokenizer &TextModel::tokenizer() const {
  return state->tokenizer;
}

std::string TextModel::decode(std::span<const int32_t> ids, bool showControl) const {
  return state->tokenizer.decode(ids, showControl);
}

struct TextModel::Stream::State {
  StreamDecoder decoder;
  int32_t thoughtOpens, thoughtEnds; ///< ids, or -1 where the model knows no thoughts
  bool inThought = false;
};

TextModel::Stream::Stream(const TextModel &text) {
  const Tokenizer &tokenizer = text.state->tokenizer;
  state = std::make_unique<State>(
      State{StreamDecoder(tokenizer), tokenizer.find("<|channel>"), tokenizer.find("<channel|>")});
}
TextModel::Stream::~Stream() = default;

TextModel::Part TextModel::Stream::next(int32_t id) {
  bool wasThought = state->inThought;
  if (id == state->thoughtOpens || id == state->thoughtEnds)
    state->inThought = id == state->thoughtOpens;
  return {state->decoder.push(id), wasThought};
}

TextModel::Part TextModel::Stream::finish() {
  return {state->decoder.finish(), state->inThought};
}

} // namespace gemmart
