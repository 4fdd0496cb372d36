// `tokenize` and `detokenize`: the tokenizer by itself.
#include "runtime/cli/Commands.h"
#include "runtime/cli/TextModel.h"

#include <unistd.h>

namespace gemmart {

static constexpr OptionSpec kTokenizeOptions[] = {
    {"bos", 0, OptionSpec::Flag, "", "put the token of the beginning in front, where the model wants one"},
    {"plain", 0, OptionSpec::Flag, "", "control tokens in the text are ordinary text"},
};

static Status checkTokenize(const Args &args) {
  if (args.words.empty() && isatty(STDIN_FILENO))
    return usageError("tokenize needs a text: an argument or a pipe");
  return {};
}

static Status tokenize(Loaded &loaded, const Args &args) {
  constexpr size_t kLongestText = 1u << 30;
  Result<std::unique_ptr<TextModel>> text = TextModel::open(loaded, "tokenize");
  if (!text)
    return text.status();
  Result<std::string> input = args.words.empty() || args.words[0] == "-" ? readText("-", kLongestText) : args.words[0];
  if (!input)
    return input.status();
  std::vector<int32_t> ids;
  if (args.has("bos") && loaded.manifest.addBos && loaded.manifest.bos >= 0)
    ids.push_back(loaded.manifest.bos);
  if (Status status = (*text)->encode(*input, !args.has("plain"), ids); !status)
    return status;
  std::string line;
  for (size_t index = 0; index < ids.size(); ++index)
    line += (index ? "," : "") + std::to_string(ids[index]);
  puts(line.c_str());
  return {};
}

static Status checkDetokenize(const Args &args) {
  if (args.words.empty())
    return usageError("detokenize needs token ids: 2,106 or @FILE");
  return {};
}

static Status detokenize(Loaded &loaded, const Args &args) {
  Result<std::unique_ptr<TextModel>> text = TextModel::open(loaded, "detokenize");
  if (!text)
    return text.status();
  Result<std::vector<int32_t>> ids = parseTokens(args.words[0], loaded.model.vocab_tokens);
  if (!ids)
    return ids.status();
  TextModel::Stream stream(**text);
  std::string out;
  for (int32_t id : *ids)
    out += stream.next(id).text;
  out += stream.finish().text;
  fwrite(out.data(), 1, out.size(), stdout);
  putchar('\n');
  return {};
}

const Command &tokenizeCommand() {
  static constexpr Command kCommand = {"tokenize",    "[TEXT]", "print the token ids of a text", kTokenizeOptions, 1,
                                       checkTokenize, tokenize};
  return kCommand;
}

const Command &detokenizeCommand() {
  static constexpr Command kCommand = {"detokenize",    "LIST",    "print the text of token ids", {}, 1,
                                       checkDetokenize, detokenize};
  return kCommand;
}

} // namespace gemmart
