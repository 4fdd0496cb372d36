// What a model says, taken apart while it says it: thoughts, the answer, and calls of tools. Works on ids, so that no
// control token, and no half of one, is ever part of a text.
#ifndef RUNTIME_TEXT_OUTPUT_H
#define RUNTIME_TEXT_OUTPUT_H

#include "runtime/text/Json.h"
#include "runtime/text/Tokenizer.h"

#include <string>
#include <vector>

namespace gemmart {

/// A piece of an answer.
struct OutputPart {
  enum class Kind { Content, Thought, Call };
  Kind kind = Kind::Content;
  std::string text; ///< whole characters; of a Call its name
  Json arguments;   ///< of a Call: an Object
};

struct OutputOptions {
  bool calls = false;           ///< take calls apart; without, they are content
  bool startsInThought = false; ///< the prompt ended inside a thought
};

/// One per answer. Where the vocabulary has no such tokens, everything is content.
class OutputParser {
public:
  OutputParser(const Tokenizer &tokenizer, const OutputOptions &options);

  /// What is certain after this id. A call comes when its end token does; one that makes no sense comes as content.
  void push(int32_t id, std::vector<OutputPart> &parts);
  /// What is left at the end.
  void finish(std::vector<OutputPart> &parts);

  bool inThought() const { return state == State::Thought || state == State::Header; }
  /// Calls that made no sense so far.
  int64_t brokenCalls() const { return broken; }

private:
  enum class State { Content, Header, Thought, Call };
  void text(std::string piece, std::vector<OutputPart> &parts);
  void content(const std::string &piece, std::vector<OutputPart> &parts);
  void thought(const std::string &piece, std::vector<OutputPart> &parts);
  void leave(std::vector<OutputPart> &parts);
  void endCall(std::vector<OutputPart> &parts);
  void flush(std::vector<OutputPart> &parts);

  StreamDecoder decoder;
  const OutputOptions options;
  const int32_t channelOpens, channelCloses, callOpens, callCloses, quote;
  State state = State::Content;
  bool mayCall = true; ///< nothing but white space was said since the start or the last thought
  std::string held;    ///< said, but not yet known to be what
  int64_t broken = 0;
};

/// Reads `call:NAME{key:value,...}` or the same without `call:`, in Gemma 4's notation; `mark` stands for the token
/// that opens and closes strings. Fails with what is wrong and where.
Result<OutputPart> parseCall(std::string_view text, char mark);

} // namespace gemmart
#endif
