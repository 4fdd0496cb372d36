// Text on the way in and out: the tokenizer section and the chat template of the loaded model.
#ifndef RUNTIME_CLI_TEXTMODEL_H
#define RUNTIME_CLI_TEXTMODEL_H

#include "runtime/cli/Program.h"

#include <cstdio>
#include <memory>

namespace gemmart {

class Tokenizer;

/// Most bytes of one text that is read: a prompt, a line of a conversation, a text to tokenize. Far more than a context
/// holds; encoding takes up to 40 times as much memory.
inline constexpr size_t kLongestText = 16u << 20;

/// Writes text to people and pipes. What a terminal would obey (control characters but for line ends and tabs) becomes
/// U+FFFD where `stream` is one: the text is a model's.
void showText(std::string_view text, FILE *stream);

/// One message of a conversation.
struct Turn {
  const char *role; ///< "system", "user" or "assistant"
  std::string text;
};

/// Immutable once open.
class TextModel {
public:
  /// Fails with Code::Input and says what the command cannot do, when the file holds no tokenizer.
  static Result<std::unique_ptr<TextModel>> open(const Loaded &loaded, const char *command);
  ~TextModel();

  /// Ids of a text; control tokens spelled in it count only if `control`, here and below. No bos.
  Status encode(std::string_view text, bool control, std::vector<int32_t> &ids) const;
  /// The ids of a text to be continued: bos, where the model wants one, and the text.
  Status encodeRaw(std::string_view text, bool control, std::vector<int32_t> &ids) const;
  /// The ids of a conversation up to where the answer begins. Only where hasTemplate().
  Status encodeChat(std::span<const Turn> turns, bool think, bool control, std::vector<int32_t> &ids) const;
  bool hasTemplate() const;
  const Tokenizer &tokenizer() const;
  /// The text of ids; what is no character becomes U+FFFD. Control tokens give nothing unless `showControl`.
  std::string decode(std::span<const int32_t> ids, bool showControl) const;

  /// A piece of an answer. What the model thinks before it answers is no part of the answer.
  struct Part {
    std::string text;
    bool isThought = false;
  };

  /// Ids to text, whole characters only: what is cut in the middle is held back until it is complete.
  class Stream {
  public:
    explicit Stream(const TextModel &text);
    ~Stream();
    Part next(int32_t id);
    Part finish();

  private:
    struct State;
    std::unique_ptr<State> state;
  };

private:
  struct State;
  explicit TextModel(std::unique_ptr<State> state);
  std::unique_ptr<State> state;
};

} // namespace gemmart
#endif
