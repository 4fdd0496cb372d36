// The parser of answers, see Output.h.
#include "runtime/text/Output.h"

#include "runtime/base/Text.h"

#include <algorithm>

namespace gemmart {

constexpr char kMark = '\xFF'; // no byte of UTF-8: stands for the quote token inside held text

namespace {

/// Recursive descent over the notation of calls.
class CallReader {
public:
  CallReader(std::string_view text, char mark) : text(text), mark(mark) {}

  Result<OutputPart> run() {
    OutputPart call;
    call.kind = OutputPart::Kind::Call;
    skipSpace();
    if (text.substr(at, 5) == "call:")
      at += 5;
    size_t brace = std::min(text.find('{', at), text.size());
    call.text = trim(text.substr(at, brace - at));
    at = brace;
    if (call.text.empty())
      return wrong("a name must stand here");
    if (!object(call.arguments, 0))
      return wrong(problem);
    skipSpace();
    return at == text.size() ? Result<OutputPart>(std::move(call)) : wrong("something follows the call");
  }

private:
  static constexpr int kMaxDepth = 64;
  static std::string trim(std::string_view word) {
    size_t first = word.find_first_not_of(" \t\r\n"), last = word.find_last_not_of(" \t\r\n");
    return first == std::string_view::npos ? std::string() : std::string(word.substr(first, last - first + 1));
  }
  Status wrong(const char *what) const { return inputError(format("byte %zu of the call: %s", at, what)); }
  bool fail(const char *what) {
    problem = what;
    return false;
  }
  void skipSpace() { at = std::min(text.find_first_not_of(" \t\r\n", at), text.size()); }
  bool take(char c) {
    skipSpace();
    if (at >= text.size() || text[at] != c)
      return false;
    ++at;
    return true;
  }
  bool string(std::string &out) {
    size_t end = text.find(mark, at);
    if (end == std::string_view::npos)
      return fail("the string does not end");
    out = text.substr(at, end - at);
    at = end + 1;
    return true;
  }
  bool key(std::string &out) {
    if (take(mark))
      return string(out);
    size_t end = text.find_first_of(":}", at);
    if (end == std::string_view::npos || text[end] != ':')
      return fail("a name and ':' must stand here");
    out = trim(text.substr(at, end - at));
    at = end;
    return !out.empty() || fail("a name must stand here");
  }
  bool object(Json &out, int depth) {
    out.kind = Json::Kind::Object;
    if (!take('{'))
      return fail("'{' must stand here");
    if (take('}'))
      return true;
    while (true) {
      JsonMember &member = out.members.emplace_back();
      if (!key(member.name))
        return false;
      if (!take(':'))
        return fail("':' must stand here");
      if (!value(member.value, depth + 1))
        return false;
      if (take('}'))
        return true;
      if (!take(','))
        return fail("',' or '}' must stand here");
    }
  }
  bool array(Json &out, int depth) {
    out.kind = Json::Kind::Array;
    if (take(']'))
      return true;
    while (true) {
      if (!value(out.items.emplace_back(), depth + 1))
        return false;
      if (take(']'))
        return true;
      if (!take(','))
        return fail("',' or ']' must stand here");
    }
  }
  bool value(Json &out, int depth) {
    if (depth > kMaxDepth)
      return fail("nested too deep");
    skipSpace();
    if (take(mark)) {
      out.kind = Json::Kind::String;
      return string(out.text);
    }
    if (at < text.size() && text[at] == '{')
      return object(out, depth);
    if (take('['))
      return array(out, depth);
    // null, true, false and numbers are those of JSON.
    size_t end = std::min(text.find_first_of(",]} \t\r\n", at), text.size());
    Result<Json> parsed = parseJson(text.substr(at, end - at));
    if (!parsed)
      return fail("not a value");
    out = std::move(*parsed);
    at = end;
    return true;
  }

  std::string_view text;
  const char mark;
  size_t at = 0;
  const char *problem = "";
};

} // namespace

Result<OutputPart> parseCall(std::string_view text, char mark) {
  return CallReader(text, mark).run();
}

OutputParser::OutputParser(const Tokenizer &tokenizer, const OutputOptions &options)
    : decoder(tokenizer), options(options), channelOpens(tokenizer.find("<|channel>")),
      channelCloses(tokenizer.find("<channel|>")), callOpens(tokenizer.find("<|tool_call>")),
      callCloses(tokenizer.find("<tool_call|>")), quote(tokenizer.find("<|\"|>")),
      state(options.startsInThought ? State::Thought : State::Content) {}

static void add(OutputPart::Kind kind, std::string text, std::vector<OutputPart> &parts) {
  if (text.empty())
    return;
  if (!parts.empty() && parts.back().kind == kind && kind != OutputPart::Kind::Call)
    parts.back().text += text;
  else
    parts.push_back({kind, std::move(text), {}});
}

/// Whether a text may still become "call:NAME{", the opener of which the model forgot.
static bool maySpellCall(std::string_view text) {
  constexpr std::string_view opener = "call:";
  if (text.size() <= opener.size())
    return opener.substr(0, text.size()) == text;
  if (text.substr(0, opener.size()) != opener)
    return false;
  text.remove_prefix(opener.size());
  for (char c : text.substr(0, text.find('{')))
    if (!isalnum(uint8_t(c)) && c != '_' && c != '-' && c != '.')
      return false;
  return true;
}

void OutputParser::content(const std::string &piece, std::vector<OutputPart> &parts) {
  if (!options.calls || !mayCall) {
    add(OutputPart::Kind::Content, piece, parts);
    return;
  }
  held += piece;
  if (maySpellCall(held))
    return;
  mayCall = held.find_first_not_of(" \t\r\n") == std::string::npos;
  flush(parts);
}

/// The line end before a thought's end belongs to the notation.
void OutputParser::thought(const std::string &piece, std::vector<OutputPart> &parts) {
  held += piece;
  bool ends = !held.empty() && held.back() == '\n';
  add(OutputPart::Kind::Thought, held.substr(0, held.size() - ends), parts);
  held = ends ? "\n" : "";
}

void OutputParser::text(std::string piece, std::vector<OutputPart> &parts) {
  constexpr std::string_view name = "thought";
  switch (state) {
  case State::Content:
    content(piece, parts);
    break;
  case State::Thought:
    thought(piece, parts);
    break;
  case State::Call:
    held += piece;
    break;
  case State::Header:
    held += piece;
    if (size_t end = held.find('\n'); end != std::string::npos && held.substr(0, end) == name)
      piece = held.substr(end + 1);
    else if (name.substr(0, held.size()) == held)
      return; // not yet all of it
    else
      piece = held; // a channel without a name is a thought, too
    held.clear();
    state = State::Thought;
    thought(piece, parts);
    break;
  }
}

/// Gives out what is held as what it turned out to be.
void OutputParser::flush(std::vector<OutputPart> &parts) {
  std::string said = std::move(held);
  held.clear();
  std::replace(said.begin(), said.end(), kMark, '"');
  if (state == State::Content || state == State::Call)
    add(OutputPart::Kind::Content, std::move(said), parts);
}

void OutputParser::leave(std::vector<OutputPart> &parts) {
  text(decoder.finish(), parts);
  if (state == State::Call)
    ++broken;
  flush(parts);
}

void OutputParser::endCall(std::vector<OutputPart> &parts) {
  text(decoder.finish(), parts);
  Result<OutputPart> call = parseCall(held, kMark);
  if (call && options.calls) {
    held.clear();
    parts.push_back(std::move(*call));
  } else {
    ++broken;
    flush(parts);
  }
  state = State::Content;
  mayCall = false;
}

void OutputParser::push(int32_t id, std::vector<OutputPart> &parts) {
  if (id == channelOpens && id >= 0) {
    leave(parts);
    state = State::Header;
  } else if (id == channelCloses && id >= 0) {
    leave(parts);
    state = State::Content;
    mayCall = true;
  } else if (id == callOpens && id >= 0) {
    leave(parts);
    state = State::Call;
  } else if (id == callCloses && id >= 0) {
    if (state == State::Call || (state == State::Content && held.starts_with("call:")))
      endCall(parts); // any other is one too many
  } else if (id == quote && id >= 0) {
    text(decoder.finish(), parts);
    if (state == State::Call || (state == State::Content && held.starts_with("call:")))
      held += kMark;
  } else {
    text(decoder.push(id), parts);
  }
}

void OutputParser::finish(std::vector<OutputPart> &parts) {
  leave(parts);
  state = State::Content;
}

} // namespace gemmart
