// `tokenize` and `detokenize`: the tokenizer by itself, for one text or (--lines) for a stream of JSON Lines.
#include "runtime/cli/Commands.h"
#include "runtime/cli/TextModel.h"

#include "runtime/base/File.h"
#include "runtime/base/Text.h"
#include "runtime/text/Json.h"

#include <cstdlib>
#include <functional>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace gemmart {

/// Answers each line of standard input with one line. A line that `answer` refuses ends it, with its number in front.
static Status answerLines(const std::function<Result<std::string>(std::string_view)> &answer) {
  std::string line;
  for (long long number = 1; !ferror(stdout); ++number) {
    Result<bool> more = readLine(stdin, kLongestText, line);
    if (more && !*more)
      return {};
    Result<std::string> said = more ? answer(line) : Result<std::string>(more.status());
    if (!said) {
      std::string why = said.status().message();
      constexpr std::string_view kPlace = "JSON: line 1, "; // of the one line that was parsed
      if (why.starts_with(kPlace))
        why.erase(0, kPlace.size());
      return inputError(format("standard input, line %lld: %s", number, why.c_str()));
    }
    if (puts(said->c_str()) >= 0)
      fflush(stdout); // whoever sent the line may wait for its answer
  }
  return {};
}

/// "1,2,3"
static std::string listOf(const std::vector<int32_t> &ids) {
  std::string line;
  for (int32_t id : ids)
    line += (line.empty() ? "" : ",") + std::to_string(id);
  return line;
}

static constexpr OptionSpec kTokenizeOptions[] = {
    {"bos", 0, OptionSpec::Flag, "", "put the token of the beginning in front, where the model wants one"},
    {"control", 0, OptionSpec::Flag, "", "control tokens spelled in the text count, instead of being ordinary text"},
    {"lines", 0, OptionSpec::Flag, "", "JSON Lines: a string a line in, an array of ids a line out"},
};

static Status checkTokenize(const Args &args) {
  if (args.has("lines") && !args.words.empty())
    return usageError("--lines reads texts from standard input; it takes no argument");
  if (args.words.empty() && isatty(STDIN_FILENO))
    return usageError("tokenize needs a text: an argument or a pipe");
  return {};
}

static Status tokenize(Loaded &loaded, const Args &args) {
  Result<std::unique_ptr<TextModel>> text = TextModel::open(loaded, "tokenize");
  if (!text)
    return text.status();
  auto idsOf = [&](std::string_view input) -> Result<std::string> {
    std::vector<int32_t> ids;
    if (args.has("bos") && loaded.manifest.addBos && loaded.manifest.bos >= 0)
      ids.push_back(loaded.manifest.bos);
    if (Status status = (*text)->encode(input, args.has("control"), ids); !status)
      return status;
    return listOf(ids);
  };
  if (args.has("lines"))
    return answerLines([&](std::string_view line) -> Result<std::string> {
      Result<Json> value = parseJson(line);
      if (!value || !value->isString())
        return value ? inputError("a JSON string must stand here") : value.status();
      Result<std::string> ids = idsOf(value->text);
      return ids ? "[" + *ids + "]" : ids;
    });
  Result<std::string> input = args.words.empty() || args.words[0] == "-" ? readText("-", kLongestText) : args.words[0];
  if (!input)
    return input.status();
  Result<std::string> ids = idsOf(*input);
  if (!ids)
    return ids.status();
  puts(ids->c_str());
  return {};
}

static Result<std::vector<int32_t>> idsOfJson(std::string_view line, int64_t vocabTokens) {
  Result<Json> list = parseJson(line);
  if (!list)
    return list.status();
  if (!list->isArray())
    return inputError("a JSON array of token ids must stand here");
  std::vector<int32_t> ids;
  for (const Json &item : list->items) {
    int64_t id;
    if (item.kind != Json::Kind::Number || !parseInteger(item.text, 0, vocabTokens - 1, id))
      return inputError(format("entry %zu is no token id; ids of this model are whole numbers from 0 to %lld",
                               ids.size() + 1, (long long)vocabTokens - 1));
    ids.push_back(int32_t(id));
  }
  return ids;
}

static constexpr OptionSpec kDetokenizeOptions[] = {
    {"control", 0, OptionSpec::Flag, "", "show control tokens, which are no text otherwise"},
    {"lines", 0, OptionSpec::Flag, "", "JSON Lines: an array of ids a line in, a string a line out"},
};

static Status checkDetokenize(const Args &args) {
  if (args.has("lines") && !args.words.empty())
    return usageError("--lines reads ids from standard input; it takes no argument");
  if (!args.has("lines") && args.words.empty())
    return usageError("detokenize needs token ids: 2,106 or @FILE");
  return {};
}

static Status detokenize(Loaded &loaded, const Args &args) {
  Result<std::unique_ptr<TextModel>> text = TextModel::open(loaded, "detokenize");
  if (!text)
    return text.status();
  if (args.has("lines"))
    return answerLines([&](std::string_view line) -> Result<std::string> {
      Result<std::vector<int32_t>> ids = idsOfJson(line, loaded.model.vocab_tokens);
      if (!ids)
        return ids.status();
      return nlohmann::json((*text)->decode(*ids, args.has("control"))).dump();
    });
  Result<std::vector<int32_t>> ids = parseTokens(args.words[0], loaded.model.vocab_tokens);
  if (!ids)
    return ids.status();
  std::string out = (*text)->decode(*ids, args.has("control"));
  showText(out, stdout);
  putchar('\n');
  return {};
}

const Command &tokenizeCommand() {
  static constexpr Command kCommand = {"tokenize",    "[TEXT]", "print the token ids of a text", kTokenizeOptions, 1,
                                       checkTokenize, tokenize};
  return kCommand;
}

const Command &detokenizeCommand() {
  static constexpr Command kCommand = {"detokenize",    "[LIST]",  "print the text of token ids", kDetokenizeOptions, 1,
                                       checkDetokenize, detokenize};
  return kCommand;
}

} // namespace gemmart
